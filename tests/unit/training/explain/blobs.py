"""A model that looks at brightness, pictures of one bright square, and masks of the squares."""

import csv
from pathlib import Path

import cv2
import keras
import numpy as np

from facecam.training.explain.explained import ModelFacts
from facecam.training.explain.keras_model import KerasModel
from facecam.training.recipe import Head
from facecam.types import ImageU8

SIDE = 24
SHAPE = Head(name="shape", kind="softmax", classes=["none", "square"])
BRIGHT = Head(name="bright", kind="sigmoid", classes=["bright"])


def brightness_model(*, inverted: bool = False) -> KerasModel:
    """Return a model whose maps lie on what is bright, or on what is dark."""
    image = keras.Input((SIDE, SIDE, 3), dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 255.0, name="pixels")(image)
    third = keras.layers.Conv2D(2, 1, activation="relu", name="third")
    x = third(x)
    pooled = keras.layers.GlobalAveragePooling2D()(x)
    shape = keras.layers.Dense(2, name="shape_logits")
    bright = keras.layers.Dense(1, name="bright_logits")
    model = keras.Model(image, {"shape": shape(pooled), "bright": bright(pooled)})
    kernel = np.full((1, 1, 3, 2), 1 / 3, np.float32) * np.array([1.0, -1.0], np.float32)
    third.set_weights([kernel, np.array([-0.3, 0.7], np.float32)])  # bright, dark
    column = [0.0, 1.0] if inverted else [1.0, 0.0]
    shape.set_weights([np.array([[0.0, column[0]], [0.0, column[1]]]) * 20, np.zeros(2)])
    bright.set_weights([np.array([[column[0]], [column[1]]]) * 20, np.zeros(1)])
    return KerasModel(model, ModelFacts("blobs", (SHAPE, BRIGHT), (SIDE, SIDE), None))


def blob(x: int, y: int, side: int) -> ImageU8:
    """Return a dark picture with a bright square."""
    picture = np.full((48, 48, 3), 30, np.uint8)
    picture[y : y + side, x : x + side] = 230
    return picture


def write_blobs(folder: Path, count: int = 12, *, with_masks: bool = True) -> Path:
    """Write pictures with labels and masks; return the folder of the manifest."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    rows = []
    for i in range(count):
        side = int(rng.integers(8, 16))
        x, y = (int(v) for v in rng.integers(2, 46 - side, 2))
        picture = blob(x, y, side)
        cv2.imwrite(str(folder / f"{i}.png"), picture)
        cv2.imwrite(str(folder / f"{i}-mask.png"), (picture[..., 0] > 100).astype(np.uint8) * 255)
        rows.append([f"{i}.png", "val", "square", 1, f"{i}-mask.png"])
    header = ["path", "split", "shape", "bright", "mask"]
    if not with_masks:
        header, rows = header[:-1], [row[:-1] for row in rows]
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return folder
