"""Small Keras models with fixed random weights, of one and of several heads."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from facecam.training.explain.explained import ModelFacts
from facecam.training.explain.keras_model import KerasModel
from facecam.training.export import write_spec
from facecam.training.recipe import Head
from facecam.types import ImageU8

SIDE = 24
KIND = Head(name="kind", kind="softmax", classes=["cat", "dog", "owl"])
COLOUR = Head(name="colour", kind="softmax", classes=["red", "blue"], hidden=[7])
HAT = Head(name="hat", kind="sigmoid", classes=["hat"])
AGE = Head(name="age", kind="expectation", classes=list(range(0, 30, 3)), unit="years", hidden=[6])


def small_model(*heads: Head, dtype: str = "uint8", seed: int = 0, side: int = SIDE) -> KerasModel:
    """Return pictures (N, side, side, 3) to the heads, through three convolutions."""
    keras.utils.set_random_seed(seed)
    image = keras.Input((side, side, 3), dtype=dtype, name="image")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="pixels")(image)
    for name, filters, stride in (("first", 6, 2), ("second", 8, 2), ("third", 10, 1)):
        x = keras.layers.Conv2D(
            filters, 3, strides=stride, padding="same", activation="relu", name=name
        )(x)
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(x)
    outputs: dict[str, Any] = {}
    for head in heads:
        y = keras.layers.Dropout(0.1, name=f"{head.name}_dropout")(pooled)
        for i, units in enumerate(head.hidden):
            y = keras.layers.Dense(units, activation="relu", name=f"{head.name}_hidden{i}")(y)
        outputs[head.name] = keras.layers.Dense(len(head.classes), name=f"{head.name}_logits")(y)
    model = keras.Model(image, outputs)
    rng = np.random.default_rng(seed)
    model.set_weights([w + rng.normal(0, 0.1, w.shape) for w in model.get_weights()])
    return KerasModel(model, ModelFacts("small", tuple(heads), (side, side), None))


def pictures(count: int = 2, seed: int = 1) -> ImageU8:
    """Return (N, 24, 24, 3) uint8 of coarse noise."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 6, 6, 3), np.uint8)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


def write_package(
    model: KerasModel, folder: Path, *, with_keras: bool = False, target: str = "frame"
) -> Path:
    """Write a small model as a float32 package, its third convolution as the feature maps."""
    import tensorflow as tf

    folder.mkdir(parents=True)
    features = model.model.get_layer("third").output
    whole = keras.Model(model.model.input, {**model.model.output, "features": features})
    (folder / "model.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(whole).convert())
    if with_keras:
        whole.save(folder / "model.keras")
    arrays, layers = {}, {}
    for head in model.facts.heads:
        hidden = [f"{head.name}_hidden{i}" for i in range(len(head.hidden))]
        layers[head.name] = [*hidden, f"{head.name}_logits"]
        for name in layers[head.name]:
            kernel, bias = model.model.get_layer(name).get_weights()
            arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = kernel, bias
    np.savez(folder / "cam.npz", **arrays)
    heads = [
        {"name": h.name, "kind": h.kind, "classes": list(h.classes), "unit": h.unit}
        for h in model.facts.heads
    ]
    eyes = {"method": "eyes", "eye_span": 0.278, "eye_y": 0.44, "mouth_ratio": 1.45}
    size = {"width": model.facts.size_wh[0], "height": model.facts.size_wh[1]}
    names = {h.name: h.name for h in model.facts.heads}
    content = {
        "schema": 1,
        "name": "small",
        "version": "1.0.0",
        "target": target,
        "input": size,
        "crop": eyes if target == "face" else {"method": "whole"},
        "heads": heads,
        "outputs": {**names, "features": "features"},
        "cam": {"layer": "third", "layers": layers},
        "calibration": {},
    }
    write_spec(folder, content)
    return folder
