"""What is needed of a model whose answers are to be explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from facecam.errors import TrainingError
from facecam.inference.package import ModelPackage
from facecam.inference.runtime import FEATURES
from facecam.training.explain.targets import CamTarget
from facecam.training.predictions import HeadLike
from facecam.types import Float32Array, ImageU8
from facecam.vision.crops import EyeTemplate

LAST = "last"


@dataclass(frozen=True)
class ModelFacts:
    """What is known of a model without running it.

    Attributes:
        name: For people.
        heads: Its heads.
        size_wh: Width and height of its input in pixels.
        template: Where the eyes go in a crop; None for a model that looks at whole pictures.
        temperatures: Head name to the temperature of its calibration, where it has one.
    """

    name: str
    heads: tuple[HeadLike, ...]
    size_wh: tuple[int, int]
    template: EyeTemplate | None
    temperatures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Activations:
    """Feature maps of one layer and what they do to the explained number.

    Attributes:
        features: (N, h, w, C) float32.
        gradients: (N, h, w, C) float32, derivative of the explained number by the features.
    """

    features: Float32Array
    gradients: Float32Array


class ExplainedModel(Protocol):
    """A model that can be looked into. Owned by one thread."""

    @property
    def facts(self) -> ModelFacts:
        """What is known without running it."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers that can be explained, from the picture to the heads."""

    def layer(self, name: str) -> str:
        """Return the full name of a layer; `last` and `features` are the last one.

        Raises:
            TrainingError: There is none of that name; the sentence names those there are.
        """

    def logits(self, crops_rgb: ImageU8) -> Mapping[str, Float32Array]:
        """Return head name to (N, K) float32 logits of crops (N, H, W, 3) uint8 RGB."""

    def features(self, crops_rgb: ImageU8, layer: str) -> Float32Array:
        """Return the (N, h, w, C) float32 output of a layer (see `layer`)."""

    def activations(self, crops_rgb: ImageU8, layer: str, target: CamTarget) -> Activations:
        """Return feature maps and gradients of a layer."""

    def close(self) -> None:
        """Release the model; further calls of `close` do nothing."""


def facts_of_package(package: ModelPackage) -> ModelFacts:
    """Return what a package says of its model."""
    temperatures = {
        name: float(part["temperature"])
        for name, part in package.calibration.items()
        if part.get("temperature")
    }
    return ModelFacts(package.name, package.heads, package.size_wh, package.crop, temperatures)


def check_layer(name: str, layers: Sequence[str], shown: Sequence[str] | None = None) -> str:
    """Return the layer of that name; `last` and `features` are the last one.

    Raises:
        TrainingError: There is none; the sentence names those there are.
    """
    if name in (LAST, FEATURES):
        return layers[-1]
    if name not in layers:
        choices = ", ".join(shown or layers)
        raise TrainingError(f"There is no layer '{name}' to explain: choose one of {choices}.")
    return name
