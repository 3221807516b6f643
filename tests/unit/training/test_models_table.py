import json
from pathlib import Path

import pytest

from facecam.errors import ManifestError
from facecam.training.models_table import END, START, models_table, replace_table
from facecam.training.package_metrics import package_metrics
from tests.tiny_package import copy_package, spec, write_spec

AGE = {
    "n": 50, "mae": 4.2, "median_baseline_mae": 15.0, "ci": {"mae": [4.0, 4.4]},
    "baselines": {"mae": 15.0, "constant": 31.0},
}  # fmt: skip
LUCK = {
    "n": 40, "n_positive": 9, "auc": 0.52, "accuracy": 0.7, "ece": 0.04, "ci": {"auc": [0.4, 0.6]},
    "majority_baseline": 0.775, "baselines": {"auc": 0.5, "accuracy": 0.775, "constant": "no"},
}  # fmt: skip

PET = {
    "n": 60, "accuracy": 0.8, "balanced_accuracy": 0.35, "auc": 0.9, "majority_baseline": 0.78,
    "ci": {"accuracy": [0.75, 0.85], "balanced_accuracy": [0.3, 0.4], "auc": [0.85, 0.95]},
    "baselines": {"accuracy": 0.78, "balanced_accuracy": 0.2, "auc": 0.5, "constant": "cat"},
}  # fmt: skip


def test_every_package_set_and_head_has_a_row_with_its_trivial_answer(tmp_path: Path) -> None:
    folder = copy_package(tmp_path / "tiny")
    sets = {"faces": {"images": 50, "protocol": "folds", "heads": {"age": AGE, "smile": LUCK}}}
    write_spec(folder, {**spec(), "metrics": package_metrics(sets, {"faces"})})
    lines = models_table(tmp_path)
    age, smile = lines[2:4]
    assert "| tiny | age | faces, folds | 50 | mean absolute error | 4.20 (4.00 to 4.40) |" in age
    assert "always answering 31: 15.00" in age
    assert age.endswith("better than the trivial answer |")
    assert "| AUC | 0.520 (0.400 to 0.600) | chance: 0.500 |" in smile
    assert smile.endswith("**no better than chance** |")


def test_one_of_many_classes_shows_more_than_its_accuracy(tmp_path: Path) -> None:
    folder = copy_package(tmp_path / "tiny")
    sets = {"faces": {"images": 60, "heads": {"pet": PET}}}
    write_spec(folder, {**spec(), "metrics": package_metrics(sets, {"faces"})})
    rows = models_table(tmp_path)[2:5]
    assert "| accuracy | 0.800 (0.750 to 0.850) | always answering cat: 0.780 |" in rows[0]
    assert "| balanced accuracy | 0.350 (0.300 to 0.400) | any constant answer: 0.200 |" in rows[1]
    assert "| AUC | 0.900 (0.850 to 0.950) | chance: 0.500 |" in rows[2]


def test_packages_of_before_are_tabled_too(tmp_path: Path) -> None:
    folder = copy_package(tmp_path / "tiny")
    write_spec(folder, {**spec(), "metrics": {"faces": {"images": 50, "heads": {"age": AGE}}}})
    assert "faces, validation split" in models_table(tmp_path)[2]


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    page = f"before\n{START}\nold\n{END}\nafter\n"
    made = replace_table(page, ["| a |", "|---|", "| 1 |", ""])
    assert made == f"before\n{START}\n\n| a |\n|---|\n| 1 |\n\n{END}\nafter\n"
    assert replace_table(made, ["| a |", "|---|", "| 1 |", ""]) == made
    with pytest.raises(ManifestError, match="no lines"):
        replace_table("nothing", [])


def test_the_shipped_page_holds_every_shipped_model() -> None:
    root = Path(__file__).resolve().parents[3]
    page = (root / "docs" / "models.md").read_text("utf-8")
    for found in sorted((root / "models").glob("*/model.json")):
        name = json.loads(found.read_text("utf-8"))["name"]
        assert f"| {name} |" in page, f"run scripts/models_table.py: {name} is missing"
