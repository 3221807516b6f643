"""A model package made of arrays, whose graph is written in NumPy, for tests of maps.

"age" is an expectation over 0 to 4 with one hidden layer and temperature 2, "mood" a softmax of
three with two hidden layers, "smile" a linear sigmoid, "marks" two independent linear sigmoids.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.inference.package import HeadSpec, ModelPackage
from facecam.types import Float32Array, ImageU8
from facecam.vision.crops import EyeTemplate

CHANNELS = 8
SIDE = 32
HEADS = (
    HeadSpec("age", "expectation", (0, 1, 2, 3, 4)),
    HeadSpec("mood", "softmax", ("calm", "glad", "sad")),
    HeadSpec("smile", "sigmoid", ("smile",)),
    HeadSpec("marks", "sigmoid", ("dot", "line")),
)
WIDTHS = {"age": (6,), "mood": (7, 5), "smile": (), "marks": ()}
TEMPERATURE = 2.0


def made_package(**cam: Any) -> ModelPackage:
    """Return the package; `cam` is added to what model.json says under "cam"."""
    rng = np.random.default_rng(5)
    arrays: dict[str, NDArray[np.generic]] = {}
    layers: dict[str, list[str]] = {}
    for head in HEADS:
        before = CHANNELS
        widths = [*WIDTHS[head.name], len(head.classes)]
        layers[head.name] = [f"{head.name}_{number}" for number in range(len(widths))]
        for name, width in zip(layers[head.name], widths, strict=True):
            arrays[f"{name}/kernel"] = rng.normal(size=(before, width)).astype(np.float32)
            arrays[f"{name}/bias"] = rng.normal(size=width).astype(np.float32)
            before = width
    return ModelPackage(
        name="made",
        title={"en": "Made"},
        version="1",
        target="face",
        size_wh=(SIDE, SIDE),
        crop=EyeTemplate(),
        heads=HEADS,
        outputs={**{head.name: head.name for head in HEADS}, "features": "features"},
        calibration={"age": {"temperature": TEMPERATURE}},
        cam={"layers": layers, **cam},
        cam_arrays=arrays,
        dir=Path("made"),
        spec={},
    )


def logits_of(
    package: ModelPackage, head: str, pooled: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return (N, K) logits of (N, C) pooled features, in float64."""
    x = np.asarray(pooled, np.float64)
    names = package.cam["layers"][head]
    for name in names:
        x = x @ package.cam_arrays[f"{name}/kernel"] + package.cam_arrays[f"{name}/bias"]
        if name != names[-1]:
            x = np.maximum(x, 0.0)
    return x


class MadeEstimator:
    """Runs the made package: features are averages of colours over 8 x 8 pixels."""

    def __init__(self, package: ModelPackage | None = None) -> None:
        self.package: Any = package or made_package()
        self.calls = 0
        self.closed = 0

    def run(self, crops_rgb: ImageU8) -> dict[str, NDArray[Any]]:
        self.calls += 1
        features = made_features(crops_rgb)
        pooled = features.mean(axis=(1, 2))
        outputs: dict[str, NDArray[Any]] = {
            head.name: logits_of(self.package, head.name, pooled).astype(np.float32)
            for head in self.package.heads
        }
        outputs["features"] = features
        return outputs

    def close(self) -> None:
        self.closed += 1


def made_features(crops_rgb: ImageU8) -> Float32Array:
    """Return (N, 4, 4, CHANNELS) float32 features of (N, SIDE, SIDE, 3) crops."""
    cells = crops_rgb.reshape(len(crops_rgb), 4, 8, 4, 8, 3).mean(axis=(2, 4)) / 255.0
    mixing = np.random.default_rng(9).normal(size=(3, CHANNELS))
    return np.maximum(cells @ mixing, 0.0).astype(np.float32)
