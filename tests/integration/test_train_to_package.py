"""From labelled pictures to a package that runs, whole and interrupted."""

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from facecam.errors import ManifestError, TrainingError
from facecam.inference.package import load_package
from facecam.inference.runtime import LiteRtEstimator
from facecam.training.evaluate import evaluate_command
from facecam.training.export import export_run
from facecam.training.fit import train
from facecam.training.run import Run

RECIPE = """
name: squares
title: {en: Squares, ko: 네모}
target: frame
input_size: 32
crop: {method: whole}
backbone: {name: MobileNet, freeze_batchnorm: false}
heads:
  - {name: colour, kind: softmax, classes: [red, blue]}
  - {name: bright, kind: sigmoid, classes: [bright]}
  - {name: level, kind: expectation, classes: {from: 0, to: 10}, label_sd: 1.0, l1: 0.2}
augmentation: {flip: 0.5, light: 0.1}
training:
  optimizer: adam
  batch_size: 16
  seed: 3
  phases:
    - {freeze: none, epochs: 3, learning_rate: 0.0005, schedule: cosine}
card: {summary: Red and blue squares., licence: Made up.}
"""


def make_data(folder: Path, count: int = 160) -> Path:
    """Write noisy red and blue pictures with labels, a few of them missing or unreadable."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    rows = []
    for i in range(count):
        blue, level = int(rng.integers(2)), int(rng.integers(11))
        picture = rng.integers(0, 40, (40, 40, 3)).astype(np.uint8)
        picture[..., 0 if blue else 2] += np.uint8(60 + 14 * level)
        cv2.imwrite(str(folder / f"{i}.png"), picture)
        split = "val" if i % 4 == 0 else "train"
        cells = ["" if i % 9 == 1 else ("red", "blue")[blue], int(level > 5), level]
        rows.append([f"{i}.png", split, *cells])
    (folder / "1.png").write_bytes(b"")
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "split", "colour", "bright", "level"], *rows])
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path, list[str]]:
    """Train the little recipe once; return its run, its data and what was reported."""
    folder = tmp_path_factory.mktemp("squares")
    (folder / "squares.yaml").write_text(RECIPE, "utf-8")
    data = make_data(folder / "data")
    lines: list[str] = []
    run = train(
        folder / "squares.yaml",
        [data],
        folder / "run",
        cache_dir=folder / "cache",
        report=lines.append,
    )
    return run, data, lines


def test_training_reports_its_figures_and_bad_pictures(
    trained: tuple[Run, Path, list[str]],
) -> None:
    run, _, lines = trained
    assert any("1 unreadable picture" in line and "1.png" in line for line in lines)
    with (run.folder / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])


def test_the_package_says_what_keras_says(
    trained: tuple[Run, Path, list[str]], tmp_path: Path
) -> None:
    run, data, _ = trained
    folder = export_run(
        run.folder, tmp_path / "pets", cache_dir=data.parent / "cache", report=lambda line: None
    )
    package = load_package(folder)
    assert package.name == "pets"  # as it is asked for, whatever the recipe is called
    assert "evaluate pets data --split val" in (folder / "CARD.md").read_text("utf-8")
    spec = json.loads((folder / "model.json").read_text("utf-8"))
    assert max(h["probabilities"] for h in spec["parity"]["heads"].values()) <= 1e-3
    assert "not" not in (folder / "CARD.md").read_text("utf-8").split("\n")[0]
    assert (folder / "report" / "data" / "metrics.json").exists()
    estimator = LiteRtEstimator(package)
    crops = np.zeros((3, 32, 32, 3), np.uint8)
    crops[0, ..., 0], crops[1, ..., 2] = 150, 150
    out = estimator.run(crops)
    assert out["colour"].shape == (3, 2)
    assert out["features"].shape[0] == 3
    estimator.close()
    metrics = evaluate_command(str(folder), data)
    assert metrics["images"] == 40
    with (run.folder / "log.csv").open(newline="") as file:
        watched = max(csv.DictReader(file), key=lambda row: float(row["score"]))
    # Neither a temperature nor Platt's scaling changes what is likelier than what.
    for head, key in (("colour", "accuracy"), ("bright", "auc")):
        expected = float(watched[f"data.{head}.{key}"])
        assert metrics["heads"][head][key] == pytest.approx(expected, abs=1e-6)


@pytest.mark.long  # with batch normalisation; every run resumes a network without in test_fitting
def test_an_interrupted_run_ends_like_a_whole_one(
    trained: tuple[Run, Path, list[str]], tmp_path: Path
) -> None:
    run, data, _ = trained
    recipe = data.parent / "squares.yaml"

    class Interrupted(Exception):
        pass

    def stop_in_third_epoch(line: str) -> None:
        if line.startswith("phase 1 epoch 2"):
            raise Interrupted

    def go(report: object) -> Run:
        return train(
            recipe, [data], tmp_path / "run", cache_dir=data.parent / "cache", report=report
        )

    with pytest.raises(Interrupted):
        go(stop_in_third_epoch)
    resumed = go(lambda line: None)
    with (resumed.folder / "log.csv").open(newline="") as file:
        again = list(csv.DictReader(file))[-1]
    with (run.folder / "log.csv").open(newline="") as file:
        whole = list(csv.DictReader(file))[-1]
    assert again["epoch"] == whole["epoch"] == "3"
    assert float(again["loss"]) == pytest.approx(float(whole["loss"]), rel=1e-4)


def test_another_recipe_in_the_same_folder_is_refused(
    trained: tuple[Run, Path, list[str]],
) -> None:
    run, data, _ = trained
    with pytest.raises(TrainingError, match="run of another recipe"):
        train(data.parent / "squares.yaml", [data], run.folder, ["training.seed=9"])


def test_a_folder_that_is_no_package_is_never_replaced(
    trained: tuple[Run, Path, list[str]], tmp_path: Path
) -> None:
    run, _, _ = trained
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "only copy.jpg").write_bytes(b"a picture")
    for to in (photos, photos / "only copy.jpg"):
        with pytest.raises(TrainingError, match="is no model package"):
            export_run(run.folder, to, report=lambda line: None)
    assert (photos / "only copy.jpg").read_bytes() == b"a picture"


def test_a_folder_in_which_nothing_was_trained_yet_is_taken(
    trained: tuple[Run, Path, list[str]], tmp_path: Path
) -> None:
    _, data, _ = trained
    recipe, cache = data.parent / "squares.yaml", data.parent / "cache"

    def go(changes: list[str]) -> Run:
        return train(
            recipe, [data], tmp_path / "run", changes, cache_dir=cache, report=lambda line: None
        )

    # As without internet: README then says to give a file.
    with pytest.raises(TrainingError, match="weights"):
        go([f"backbone.weights={tmp_path / 'nowhere.h5'}"])
    run = go(["training.phases.0.epochs=1"])
    assert run.best.exists()


def test_a_run_does_not_go_on_with_other_pictures(
    trained: tuple[Run, Path, list[str]], tmp_path: Path
) -> None:
    whole, data, _ = trained
    recipe, cache = data.parent / "squares.yaml", data.parent / "cache"
    more = tmp_path / data.name
    shutil.copytree(data, more)
    run = Run(shutil.copytree(whole.folder, tmp_path / "run"))
    before = run.best.read_bytes()

    def go() -> None:
        train(recipe, [more], run.folder, cache_dir=cache, report=lambda line: None)

    go()  # the same pictures elsewhere: the run is over, nothing is done
    manifest = more / "manifest.csv"
    lines = manifest.read_text("utf-8").splitlines()
    manifest.write_text("\n".join(lines[:-1]), "utf-8")
    with pytest.raises(TrainingError, match=r"other pictures or labels \((\d+) pictures then, "):
        go()
    assert run.best.read_bytes() == before


def test_a_head_without_labels_is_refused(
    trained: tuple[Run, Path, list[str]], tmp_path: Path
) -> None:
    _, data, _ = trained
    with pytest.raises(ManifestError, match="no training picture|No training picture"):
        train(
            data.parent / "squares.yaml",
            [data],
            tmp_path / "run",
            ["heads.1.column=nowhere"],
            cache_dir=data.parent / "cache",
            report=lambda line: None,
        )
