"""From folders of pictures to a trained model, without any CSV."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from facecam.errors import ManifestError
from tests.toy_training import RECIPE, toy_recipe, toy_run

HEADS = [{"name": "thing", "kind": "softmax", "classes": "auto"}]


def folders(folder: Path, counts: dict[str, int]) -> Path:
    """Write pictures of one hue a class."""
    rng = np.random.default_rng(0)
    for k, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            picture = rng.integers(0, 60, (30, 36, 3)).astype(np.uint8)
            picture[..., k] += np.uint8(150)
            cv2.imwrite(str(folder / name / f"{i}.png"), picture)
    return folder


def test_folders_of_pictures_train_a_model(tmp_path: Path) -> None:
    data = folders(tmp_path / "things", {"cup": 20, "pen": 20, "key": 20})
    (data / "cup" / "broken.png").write_bytes(b"no picture")
    (data / "cup" / "notes.txt").touch()
    lines: list[str] = []
    recipe = toy_recipe(tmp_path / "toy.yaml", heads=HEADS)
    run = toy_run(recipe, data, tmp_path / "run", report=lines.append)
    assert run.recipe().heads[0].classes == ["cup", "key", "pen"]
    assert run.best.exists()
    said = "\n".join(lines)
    assert "1 unreadable picture in things left out: cup/broken.png." in said
    assert "1 file not named like a picture left out: notes.txt." in said
    assert "no validation folder" in said


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"cup": 6}, "two classes are the least"),
        ({"Train/cup": 5, "Train/pen": 5, "Val/cup": 0, "Val/pen": 0}, None),
        ({"Test/cup": 5, "Test/pen": 5}, "nothing: two classes|split 'train'"),
    ],
)
def test_folders_that_cannot_train_a_model_say_why(
    tmp_path: Path, counts: dict[str, int], words: str | None
) -> None:
    data = folders(tmp_path / "things", counts)
    training = {**RECIPE["training"], "phases": [{"epochs": 1, "learning_rate": 0.003}]}
    recipe = toy_recipe(tmp_path / "toy.yaml", heads=HEADS, training=training)
    if words is None:  # an empty validation folder counts as none
        assert toy_run(recipe, data, tmp_path / "run").best.exists()
        return
    with pytest.raises(ManifestError, match=words):
        toy_run(recipe, data, tmp_path / "run")
