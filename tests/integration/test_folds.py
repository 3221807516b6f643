"""Out-of-fold evaluation, from a recipe to a package."""

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facecam.errors import ManifestError, RecipeError
from facecam.training.evaluate import evaluate_command
from facecam.training.export import export_run
from facecam.training.fit import load_sets, train
from facecam.training.folds import all_people, deal_folds
from facecam.training.recipe import load_recipe

RECIPE = """
name: people
target: frame
input_size: 24
crop: {method: whole}
backbone: {name: SmallCNNPooled}
heads:
  - {name: red, kind: sigmoid, classes: [red]}
  - {name: luck, kind: sigmoid, classes: [luck]}
evaluation: {folds: 4}
training:
  optimizer: adam
  batch_size: 32
  phases: [{freeze: all, epochs: 6, learning_rate: 0.05}]
card: {summary: Red people., warnings: [A party game.]}
"""
PEOPLE, EACH = 40, 3


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 40 people, three pictures each: half of them red; luck cannot be seen."""
    folder = tmp_path_factory.mktemp("folds")
    (folder / "people.yaml").write_text(RECIPE, "utf-8")
    data = folder / "people"
    data.mkdir()
    rng = np.random.default_rng(0)
    luck = rng.permutation(np.arange(PEOPLE) % 2)
    rows = []
    for i in range(PEOPLE * EACH):
        who = i // EACH
        picture = rng.integers(0, 120, (28, 28, 3)).astype(np.uint8)
        picture[..., 2] += np.uint8(60 * (who % 2))
        cv2.imwrite(str(data / f"{i}.png"), picture)
        split = "val" if who % 5 == 0 else "train"
        rows.append([f"{i}.png", split, who % 2, luck[who], f"person {who}"])
    cv2.imwrite(str(data / "unknown.png"), picture)
    rows.append(["unknown.png", "train", "", "", "nobody"])
    with (data / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "split", "red", "luck", "subject"], *rows])
    return folder


def sets_of(work: Path) -> tuple[Any, Any]:
    recipe = load_recipe(work / "people.yaml")
    return recipe, load_sets(recipe, [work / "people"], work / "cache", lambda line: None)


def test_nobody_is_in_two_folds_and_every_fold_has_both_answers(work: Path) -> None:
    recipe, sets = sets_of(work)
    people = all_people(recipe, sets)
    assert [len(item.manifest) for item in people] == [PEOPLE * EACH]  # nobody has no label
    (fold,) = deal_folds(recipe, people, 4)
    for who in np.unique(people[0].manifest.subject):
        assert len(set(fold[people[0].manifest.subject == who])) == 1
    for number in range(4):
        assert set(people[0].labels["red"][fold == number].ravel()) == {0, 1}
    assert np.bincount(fold).min() >= PEOPLE * EACH // 4 - 2 * EACH
    with pytest.raises(ManifestError, match="41 folds need at least as many people.* have 40"):
        deal_folds(recipe, people, 41)


def test_the_package_carries_out_of_fold_figures(work: Path) -> None:
    lines: list[str] = []
    options: dict[str, Any] = {"cache_dir": work / "cache", "report": lines.append}
    run = train(work / "people.yaml", [work / "people"], work / "run", **options)
    to = export_run(run.folder, work / "models" / "people", **options)
    spec = json.loads((to / "model.json").read_text("utf-8"))
    red, luck = (spec["metrics"]["heads"][name] for name in ("red", "luck"))
    assert red["protocol"] == "out of fold, four folds grouped by person"
    assert red["n"] == PEOPLE * EACH
    assert red["auc"] > 0.9
    assert "no_better_than_chance" not in red
    # A model that had seen these people could tell their luck by heart; out of fold none can.
    assert luck["no_better_than_chance"] is True
    assert luck["ci"]["auc"][0] <= 0.5
    assert spec["fitted_on_all"] == ["people"]
    assert sum("fitted on 90, predicting 30" in line for line in lines) >= 1
    card = (to / "CARD.md").read_text("utf-8")
    assert "out of fold, four folds grouped by person" in card
    assert "no better than chance" in card
    assert card.index("A party game.") < card.index("Red people.")
    found = evaluate_command(str(to), work / "people")
    assert "was fitted on all people of people" in found["notes"][0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("training.phases.0.freeze=none", "needs `freeze: all`"),
        ("training.phases.0.patience=3", "fixed number of epochs"),
    ],
)
def test_a_training_that_cannot_be_repeated_is_refused(
    work: Path, tmp_path: Path, change: str, words: str
) -> None:
    with pytest.raises(RecipeError, match=rf"training\.phases\.0'.*{words}"):
        train(work / "people.yaml", [work / "people"], tmp_path / "run", [change])
    assert not (tmp_path / "run").exists()
