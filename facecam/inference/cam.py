"""Class activation maps from a model's feature maps and its head's weights, in NumPy.

Written for heads on globally averaged features, which is all that cam.npz holds. With features F
(h, w, C) and pooled p, the mean of F over (h, w), the map of a quantity y that the head makes of p:

    M = F @ dy/dp                        (h, w), signed

- The head is one layer and y a logit: dy/dp is that class's column of the kernel, and M the classic
  map (Zhou et al. 2016, "Learning deep features for discriminative localization"), exactly: the
  mean of M is the logit less its bias.
- Hidden ReLU layers: dy/dp is the head's analytic gradient, different for each face; M is h * w
  times Grad-CAM (Selvaraju et al. 2017) before its final ReLU, which takes the mean of dy/dF over
  the map where F here sees its sum.
- An expectation: y is the expected value of softmax(logits / T), so M is in its units (years):
  dy/dlogit_k = p_k (v_k - y) / T.

So all maps are in units of what they explain, and their means say what the picture adds to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.errors import ModelPackageError
from facecam.inference.decode import expectation, probabilities
from facecam.inference.package import HeadSpec, ModelPackage
from facecam.types import (
    CamChoice,
    ExpectationReading,
    Float32Array,
    MultiSigmoidReading,
    Reading,
    SoftmaxReading,
)

# Full colour where a model gives no scale of its own: 9 faces in 10 of 218 (LFW, FFHQ) have their
# largest value below 20 to 46 by head for logits, and below 26 of 100 years for age.
_FULL_LOGIT = 25.0
_FULL_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class LinearCam:
    """The classic map of one class of a head that is linear on pooled features.

    Attributes:
        head, class_name: What it explains.
        weights: (C,) float32, the class's column of the head's kernel.
        column: Index of the class.
    """

    head: str
    class_name: str
    weights: Float32Array
    column: int

    @property
    def channels(self) -> int:
        """Number of feature maps it is made for."""
        return len(self.weights)

    def maps(self, features: Float32Array) -> Float32Array:
        """Return (N, h, w) float32 signed maps of (N, h, w, C) feature maps."""
        return np.asarray(_summed("nhwc,c->nhw", features, self.weights), np.float32)

    def scores(self, logits: NDArray[Any]) -> NDArray[np.float64]:
        """Return (N,) of what the map explains, from the head's (N, K) logits."""
        return np.asarray(logits[:, self.column], np.float64)


@dataclass(frozen=True, slots=True)
class GradientCam:
    """The map of a class or of the expected value, through the head's analytic gradient.

    Attributes:
        head, class_name: What it explains; the class is "" for an expected value.
        layers: Kernel (in, out) and bias (out,) of each layer; a ReLU between each two.
        column: Index of the class; None explains the expected value.
        spec: The head.
        temperature: Divides the logits before the softmax of an expectation.
    """

    head: str
    class_name: str
    layers: tuple[tuple[Float32Array, Float32Array], ...]
    column: int | None
    spec: HeadSpec
    temperature: float = 1.0

    @property
    def channels(self) -> int:
        """Number of feature maps it is made for."""
        return len(self.layers[0][0])

    def maps(self, features: Float32Array) -> Float32Array:
        """Return (N, h, w) float32 signed maps of (N, h, w, C) feature maps."""
        gradient = self.gradient(features.mean(axis=(1, 2), dtype=np.float32))
        return np.asarray(_summed("nhwc,nc->nhw", features, gradient), np.float32)

    def gradient(self, pooled: Float32Array) -> Float32Array:
        """Return (N, C) float32: how what is explained grows with each pooled feature (N, C)."""
        active: list[NDArray[np.bool_]] = []
        x = pooled
        for kernel, bias in self.layers[:-1]:
            x = _summed("nc,ck->nk", x, kernel) + bias
            active.append(x > 0.0)
            x = np.maximum(x, 0.0)
        kernel, bias = self.layers[-1]
        if self.column is not None:
            slope = np.broadcast_to(kernel[:, self.column], x.shape)
        else:
            logits = _summed("nc,ck->nk", x, kernel) + bias
            slope = _summed("nk,ck->nc", self._expectation_slope(logits), kernel)
        for (kernel, _), mask in zip(self.layers[-2::-1], active[::-1], strict=True):
            slope = _summed("nk,ck->nc", slope * mask, kernel)
        return np.asarray(slope, np.float32)

    def scores(self, logits: NDArray[Any]) -> NDArray[np.float64]:
        """Return (N,) of what the map explains, from the head's (N, K) logits."""
        if self.column is not None:
            return np.asarray(logits[:, self.column], np.float64)
        return expectation(self._probabilities(logits), self.spec.classes)[0]

    def _probabilities(self, logits: NDArray[Any]) -> NDArray[np.float64]:
        return probabilities(self.spec, logits, {"temperature": self.temperature})

    def _expectation_slope(self, logits: Float32Array) -> Float32Array:
        """Return (N, K): how the expected value grows with each logit."""
        p = self._probabilities(logits)
        away = np.asarray(self.spec.classes, np.float64) - (p @ self.spec.classes)[:, None]
        return np.asarray(p * away / self.temperature, np.float32)


HeadCam = LinearCam | GradientCam


def cam_head(package: ModelPackage, head: str, class_name: str | None = None) -> HeadCam:
    """Return what makes the maps of one class of a head.

    Args:
        package: With its CAM arrays.
        head: Name of the head.
        class_name: Name of the class. None explains the expected value of an expectation and the
            only class of a head that has one.

    Raises:
        ModelPackageError: There is no such head or class, or the package holds no weights for it.
    """
    spec = package.head(head)
    names = class_names(spec)
    column: int | None = None
    if class_name is not None and class_name not in names:
        raise _no_class(package, spec, class_name)
    if class_name is not None:
        column = names.index(class_name)
    elif spec.kind != "expectation":
        if len(names) > 1:
            raise _no_class(package, spec, "")
        column = 0
    layers = _layers(package, head)
    name = "" if column is None else names[column]
    if column is not None and len(layers) == 1:
        return LinearCam(head, name, np.ascontiguousarray(layers[0][0][:, column]), column)
    temperature = package.calibration.get(head, {}).get("temperature") or 1.0
    return GradientCam(head, name, layers, column, spec, float(temperature))


def class_names(head: HeadSpec) -> list[str]:
    """Return the classes of a head as they are written on a command line."""
    return [str(name) for name in head.classes]


def has_cam(package: ModelPackage, head: str) -> bool:
    """Return whether a package holds what the maps of this head need."""
    try:
        package.head(head)
        _layers(package, head)
    except ModelPackageError:
        return False
    return "features" in package.outputs


def parse_cam(text: str, package: ModelPackage) -> CamChoice:
    """Return what `HEAD[:CLASS]` asks for.

    Raises:
        ModelPackageError: The model has no such head or class; the sentence names the choices.
    """
    head, _, class_name = text.partition(":")
    spec = package.head(head)
    if class_name or spec.kind == "expectation" or len(spec.classes) == 1:
        cam_head(package, head, class_name or None)
    else:
        _layers(package, head)
    if "features" not in package.outputs:
        raise _no_weights(package, head)
    return CamChoice(head, class_name or None)


def class_of_reading(head: HeadSpec, reading: Reading | None) -> str | None:
    """Return the class that a face's own reading speaks of; None for an expected value.

    For a head of several independent classes it is the most probable one.
    """
    if isinstance(reading, ExpectationReading) or head.kind == "expectation":
        return None
    if isinstance(reading, SoftmaxReading):
        return reading.label
    if isinstance(reading, MultiSigmoidReading):
        return max(reading.probs, key=reading.probs.__getitem__)
    return str(head.classes[0])


def full_scale(package: ModelPackage, cam: HeadCam) -> float:
    """Return the value that counts as full colour on the fixed scale.

    "cam" of model.json may hold it ("scale": {head: {class, or "" for the expected value: number}},
    see `typical_scale`); else it is one that suits most models.
    """
    scales = package.cam.get("scale")
    known = scales.get(cam.head, {}) if isinstance(scales, dict) else {}
    value = known.get(cam.class_name) if isinstance(known, dict) else None
    if isinstance(value, int | float) and np.isfinite(value) and value > 0:
        return float(value)
    if isinstance(cam, GradientCam) and cam.column is None:
        classes = cam.spec.classes
        return _FULL_SHARE * (float(classes[-1]) - float(classes[0]))
    return _FULL_LOGIT


def typical_scale(maps: Float32Array) -> float:
    """Return the fixed scale that suits many faces' (N, h, w) maps of one class.

    The 90th percentile of the faces' largest absolute values: few faces go beyond full colour.
    """
    return float(np.percentile(np.abs(maps).max(axis=(1, 2)), 90))


def _summed(indices: str, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return a sum of products without BLAS.

    BLAS's own threads wait for a core behind the model's: products of four faces that take 0.05 ms
    alone then took 9 ms in one of twenty frames. This takes 0.03 ms a face, always.
    """
    return np.asarray(np.einsum(indices, a, b))


def _layers(package: ModelPackage, head: str) -> tuple[tuple[Float32Array, Float32Array], ...]:
    """Return kernel and bias of each layer of a head."""
    from facecam.inference.package_file import cam_keys  # loads pydantic

    keys: Sequence[tuple[str, str]] = cam_keys(package.cam, head)
    if not keys:
        raise _no_weights(package, head)
    arrays = package.cam_arrays
    layers = tuple(
        (np.asarray(arrays[kernel], np.float32), np.asarray(arrays[bias], np.float32))
        for kernel, bias in keys
    )
    for (before, _), (after, _) in pairwise(layers):
        if before.shape[1:] != after.shape[:1]:
            raise _no_weights(package, head)
    return layers


def _no_weights(package: ModelPackage, head: str) -> ModelPackageError:
    return ModelPackageError(
        f"The model {package.name} holds no weights for a class activation map of its head {head}: "
        "export it again, or choose another head."
    )


def _no_class(package: ModelPackage, head: HeadSpec, class_name: str) -> ModelPackageError:
    names = class_names(head)
    known = ", ".join(names) if len(names) <= 12 else f"{names[0]} to {names[-1]}"
    what = f"no class {class_name}" if class_name else "several classes"
    return ModelPackageError(
        f"The head {head.name} of the model {package.name} has {what}: choose one of {known}."
    )
