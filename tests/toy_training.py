"""A training that takes a second: coloured pictures, and a recipe for a small network."""

import csv
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from facecam.training.fit import train
from facecam.training.run import Run

RECIPE: dict[str, Any] = {
    "name": "toy",
    "target": "frame",
    "input_size": [24, 26],
    "backbone": {"name": "SmallCNN"},
    "heads": [
        {"name": "colour", "kind": "softmax", "classes": "auto"},
        {"name": "level", "kind": "expectation", "classes": {"from": 0, "to": 4}},
    ],
    "augmentation": {"flip": 0.5, "shift": 0.05, "border": "reflect"},
    "training": {
        "optimizer": "adam",
        "batch_size": 16,
        "dropout": 0.2,
        "seed": 3,
        "phases": [{"freeze": "none", "epochs": 2, "learning_rate": 0.003}],
    },
}


def toy_data(folder: Path, count: int = 64) -> Path:
    """Write noisy red and blue pictures of five levels of brightness, a fourth of them val."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    rows = []
    for i in range(count):
        blue, level = int(rng.integers(2)), i % 5
        picture = rng.integers(0, 40, (30, 36, 3)).astype(np.uint8)
        picture[..., 0 if blue else 2] += np.uint8(60 + 30 * level)
        cv2.imwrite(str(folder / f"{i}.png"), picture)
        rows.append([f"{i}.png", "val" if i % 4 == 3 else "train", ("red", "blue")[blue], level])
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "split", "colour", "level"], *rows])
    return folder


def toy_recipe(path: Path, **changes: Any) -> Path:
    """Write the recipe with some of its keys replaced; `training` is merged."""
    training = {**RECIPE["training"], **changes.pop("training", {})}
    path.write_text(yaml.safe_dump({**RECIPE, "training": training, **changes}), "utf-8")
    return path


def toy_run(recipe: Path, data: Path, out: Path, **options: Any) -> Run:
    """Train, quietly."""
    options = {"report": lambda line: None, **options}
    return train(recipe, [data], out, cache_dir=data.parent / "cache", **options)


def log_rows(run: Run) -> list[dict[str, str]]:
    """Return what log.csv holds."""
    with (run.folder / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))
