"""`cam`: what it writes, prints and refuses."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from facecam.commands.cli import app
from tests.tiny_package import tiny_package_dir
from tests.unit.training.explain.blobs import blob, brightness_model
from tests.unit.training.explain.small_models import write_package


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a model for whole pictures and two pictures of one bright square."""
    folder = tmp_path_factory.mktemp("cam")
    write_package(brightness_model(), folder / "model", with_keras=True)
    (folder / "pictures").mkdir()
    cv2.imwrite(str(folder / "pictures" / "left.png"), blob(4, 18, 12))
    cv2.imwrite(str(folder / "pictures" / "right.png"), blob(32, 18, 12))
    (folder / "pictures" / "notes.txt").write_text("no picture", "utf-8")
    return folder


def cam(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["cam", *map(str, arguments)])


def explain(folder: Path, *arguments: str | Path) -> Result:
    return cam(folder / "pictures" / "left.png", "--model", folder / "model", *arguments)


def test_one_panel_of_several_classes_and_methods(folder: Path, tmp_path: Path) -> None:
    done = explain(
        *(folder, "--head", "shape:*", "--head", "bright", "--method", "cam"),
        *("--method", "Score-CAM", "--out", tmp_path / "why.png", "--json"),
    )
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout)
    assert record["out"] == [str(tmp_path / "why.png")]
    (image,) = record["images"]
    (face,) = image["faces"]
    assert face["score"] is None
    maps = face["maps"]
    assert [(m["head"], m["class"], m["method"]) for m in maps] == [
        ("shape", "none", "cam"),
        ("shape", "none", "scorecam"),
        ("shape", "square", "cam"),
        ("shape", "square", "scorecam"),
        ("bright", "bright", "cam"),
        ("bright", "bright", "scorecam"),
    ]
    square = maps[2]
    assert square["explains"] == "logit"
    x, y = square["max_picture_xy"]
    assert 4 <= x < 16
    assert 18 <= y < 30
    left = square["quadrants"]["top_left"] + square["quadrants"]["bottom_left"]
    assert left == pytest.approx(1.0, abs=1e-6)
    assert square["faithfulness"]["insertion"] > square["faithfulness"]["deletion"]
    picture = cv2.imread(str(tmp_path / "why.png"))
    assert picture is not None
    assert picture.shape[0] > picture.shape[1] / 2, "a row for each class"


def test_a_folder_gives_every_picture_heat_map_and_overlay(folder: Path, tmp_path: Path) -> None:
    done = cam(
        *(folder / "pictures", "--model", folder / "model", "--head", "shape:square"),
        *("--out", tmp_path / "maps", "--colours", "jet"),
    )
    assert done.exit_code == 0, done.output
    names = sorted(path.name for path in (tmp_path / "maps").iterdir())
    assert names == [
        "left-1-shape-square-cam-third-heat.png",
        "left-1-shape-square-cam-third-overlay.png",
        "left-panel.png",
        "right-1-shape-square-cam-third-heat.png",
        "right-1-shape-square-cam-third-overlay.png",
        "right-panel.png",
    ]
    heat = cv2.imread(str(tmp_path / "maps" / "right-1-shape-square-cam-third-heat.png"))
    assert heat is not None
    middle = heat.shape[0] // 2
    hot, cold = heat[middle, round(heat.shape[1] * 0.8)], heat[middle, heat.shape[1] // 5]
    assert int(hot[2]) > int(hot[0]), "red where the square is"
    assert int(cold[0]) > int(cold[2]), "blue elsewhere"
    over = cv2.imread(str(tmp_path / "maps" / "right-1-shape-square-cam-third-overlay.png"))
    assert over is not None
    assert over.shape == (48, 48, 3), "the picture keeps its size"


def test_probabilities_are_scaled_by_how_undecided_the_model_is(
    folder: Path, tmp_path: Path
) -> None:
    def largest(on: str) -> tuple[str, float, float]:
        done = explain(
            *(folder, "--head", "bright", "--on", on, "--out", tmp_path / "a.png"),
            *("--json", "--no-faithfulness"),
        )
        (item,) = json.loads(done.stdout)["images"][0]["faces"][0]["maps"]
        assert "faithfulness" not in item
        return item["explains"], item["max"], item["value"]

    logit, probability = largest("logits"), largest("probabilities")
    assert (logit[0], probability[0]) == ("logit", "probability")
    p = probability[2]
    assert probability[1] == pytest.approx(logit[1] * p * (1 - p), rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--head", "mood"), "no head 'mood': choose one of shape, bright"),
        (("--head", "shape:oval"), "no class 'oval': choose one of none, square"),
        (("--head", "shape", "--method", "magic"), "no method 'magic'"),
        (("--head", "shape", "--layer", "tenth"), "no layer 'tenth' to explain: choose one of"),
        (("--head", "shape", "--model", "nowhere"), "nowhere"),
    ],
)
def test_what_does_not_exist_is_one_sentence(
    folder: Path, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = explain(folder, *arguments, "--out", tmp_path / "a.png", "--json")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_cannot_be_written_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    for out, words in (
        (tmp_path / "file" / "a.png", "cannot be written"),
        (tmp_path / "none" / "a.png", "cannot be written"),
        (tmp_path / "a.jpg", "cannot be written as .jpg"),
    ):
        done = explain(folder, "--head", "shape", "--out", out)
        assert done.exit_code == 1
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
    done = cam(
        *(folder / "pictures", "--model", folder / "model", "--head", "shape"),
        *("--out", tmp_path / "all.png"),
    )
    assert done.exit_code == 1
    assert "give --out a folder" in done.stderr


def test_pictures_without_faces_or_at_all_are_one_sentence(tmp_path: Path) -> None:
    grey = tmp_path / "grey.png"
    cv2.imwrite(str(grey), np.full((80, 80, 3), 120, np.uint8))
    model = ("--model", tiny_package_dir(), "--head", "smile", "--out", tmp_path / "a.png")
    done = cam(grey, *model)
    assert done.exit_code == 1
    assert "No face was found" in done.stderr
    assert not (tmp_path / "a.png").exists()
    (tmp_path / "empty").mkdir()
    done = cam(tmp_path / "empty", *model[:4], "--out", tmp_path / "maps")
    assert done.exit_code == 1
    assert "holds no pictures" in done.stderr
    done = cam(tmp_path / "gone.png", *model)
    assert done.exit_code == 1
    assert "gone.png" in done.stderr
