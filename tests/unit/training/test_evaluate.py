"""Evaluate the tiny package: its age rises with brightness, red crops are "female"."""

import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facecam.errors import ManifestError, TrainingError
from facecam.training.evaluate import evaluate_command
from tests.tiny_package import copy_package, spec, write_spec

COUNT = 24


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the tiny package as one that looks at whole pictures: no detector is needed."""
    folder = copy_package(tmp_path_factory.mktemp("models") / "tiny")
    whole = {**spec(), "target": "frame", "crop": {"method": "whole"}, "group_by": ["place"]}
    write_spec(folder, whole)
    return folder


def write_data(folder: Path, columns: dict[str, list[Any]], split: str = "val") -> Path:
    """Write COUNT grey pictures, brighter from one to the next, with label columns."""
    folder.mkdir(parents=True)
    for i in range(COUNT):
        picture = np.full((40, 40, 3), 40 + 7 * i, np.uint8)
        cv2.imwrite(str(folder / f"{i:02d}.png"), picture)
    rows = [[f"{i:02d}.png", split, *(c[i] for c in columns.values())] for i in range(COUNT)]
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "split", *columns], *rows])
    return folder


def test_age_is_measured_against_apparent_and_real_columns(package: Path, tmp_path: Path) -> None:
    looks = [round((40 + 7 * i) / 255 * 100) for i in range(COUNT)]
    data = write_data(
        tmp_path / "faces",
        {"apparent_age": looks, "real_age": [age + 10 for age in looks]},
    )
    lines: list[str] = []
    found = evaluate_command(str(package), data, report=tmp_path / "report", progress=lines.append)
    age = found["heads"]["age"]
    apparent, real = (age["against"][name] for name in ("apparent_age", "real_age"))
    assert apparent["mae"] < 2 < 8 < real["mae"] < 12
    assert age["mae"] == apparent["mae"]  # without a column "age", looks take its place
    assert apparent["ci"]["mae"][0] <= apparent["mae"] <= apparent["ci"]["mae"][1]
    assert apparent["median_baseline_mae"] > 10
    assert any("want of labels: gender, smile, glasses" in line for line in lines)
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert "Age against apparent age" in page
    assert "Age against real age" in page


def test_its_own_column_goes_before_the_others(package: Path, tmp_path: Path) -> None:
    ages = list(range(20, 20 + COUNT))
    data = write_data(tmp_path / "faces", {"age": ages, "real_age": [a + 30 for a in ages]})
    age = evaluate_command(str(package), data)["heads"]["age"]
    assert list(age["against"]) == ["real_age"]
    assert age["mae"] != age["against"]["real_age"]["mae"]


def test_groups_and_age_bands_are_tabled(package: Path, tmp_path: Path) -> None:
    labels = [int(i > 11) for i in range(COUNT)]
    places = ["in", "out"] * (COUNT // 2)
    data = write_data(
        tmp_path / "faces", {"smile": labels, "place": places, "age": ["old"] * COUNT}
    )
    with pytest.raises(ManifestError, match=r"'age' holds 'old' \(00.png\) and 23 more"):
        evaluate_command(str(package), data)
    data = write_data(tmp_path / "more", {"smile": labels, "place": ["in"] * COUNT})
    rows = evaluate_command(str(package), data)["subgroups"]["smile"]
    assert [(row["by"], row["group"], row["n"]) for row in rows] == [("place", "in", COUNT)]


def test_missing_pictures_are_counted_and_the_rest_is_measured(
    package: Path, tmp_path: Path
) -> None:
    data = write_data(tmp_path / "faces", {"age": [30] * COUNT})
    (data / "00.png").unlink()
    (data / "07.png").write_bytes(b"nonsense")
    lines: list[str] = []
    found = evaluate_command(str(package), data, progress=lines.append)
    assert found["images"] == COUNT - 2
    words = [
        "1 missing picture in faces left out: 00.png.",
        "1 unreadable picture in faces left out: 07.png.",
    ]
    assert found["notes"][:2] == words
    assert set(words) <= set(lines)
    for path in data.glob("*.png"):
        path.unlink()
    with pytest.raises(ManifestError, match="no readable picture"):
        evaluate_command(str(package), data)


def test_an_unknown_class_is_named_with_its_picture(package: Path, tmp_path: Path) -> None:
    data = write_data(tmp_path / "faces", {"gender": ["female"] * 20 + ["robot"] * 4})
    with pytest.raises(ManifestError, match=r"'gender' holds 'robot' \(20.png\) and 3 more"):
        evaluate_command(str(package), data)


def test_an_empty_split_is_one_sentence_that_names_the_others(
    package: Path, tmp_path: Path
) -> None:
    data = write_data(tmp_path / "faces", {"age": [30] * COUNT}, split="train")
    with pytest.raises(ManifestError, match=r"no picture in the split 'val': it has train \(24\)"):
        evaluate_command(str(package), data)


def test_no_label_for_any_head_is_one_sentence(package: Path, tmp_path: Path) -> None:
    data = write_data(tmp_path / "faces", {"height": [30] * COUNT})
    with pytest.raises(ManifestError, match="no label for any of: age, gender, smile, glasses"):
        evaluate_command(str(package), data)


def test_a_report_folder_in_the_way_is_found_before_the_work(package: Path, tmp_path: Path) -> None:
    data = write_data(tmp_path / "faces", {"age": [30] * COUNT})
    (tmp_path / "file").write_text("in the way")
    lines: list[str] = []
    with pytest.raises(TrainingError, match="report cannot be written to"):
        evaluate_command(str(package), data, report=tmp_path / "file", progress=lines.append)
    assert lines == []


def test_thresholds_follow_the_rule_of_the_package(package: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = [int(i + rng.normal(0, 14) > 12) for i in range(COUNT)]
    data = write_data(tmp_path / "faces", {"smile": labels})
    youden = evaluate_command(str(package), data)["heads"]["smile"]
    strict = copy_package(tmp_path / "strict")
    changed = {**spec(), "target": "frame", "crop": {"method": "whole"}}
    changed["heads"][2]["threshold_rule"] = {"sensitivity": 1.0}
    write_spec(strict, changed)
    careful = evaluate_command(str(strict), data)["heads"]["smile"]
    assert careful["auc"] == youden["auc"]
    assert careful["threshold"] < youden["threshold"]
    assert careful["recall"] >= youden["recall"]
