"""Look into a model package without TensorFlow: its feature maps and its heads' weights."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from facecam.errors import ModelPackageError, TrainingError
from facecam.inference.package import ModelPackage
from facecam.inference.package_file import cam_keys
from facecam.inference.runtime import FEATURES, LiteRtEstimator
from facecam.training.explain.explained import Activations, check_layer, facts_of_package
from facecam.training.explain.targets import CamTarget
from facecam.types import Float32Array, ImageU8


class PackageModel:
    """A package as an `ExplainedModel`, at the one layer whose output it gives.

    Every head is a chain of dense layers with relu between them on the average of the feature
    maps, so the gradient at the maps follows by hand, and it is the same at every place.

    Args:
        package: Model package.
        estimator: Runs it; made here when None, and then closed here.

    Raises:
        ModelPackageError: The package gives no feature maps.
    """

    def __init__(self, package: ModelPackage, estimator: LiteRtEstimator | None = None) -> None:
        if FEATURES not in package.outputs:
            raise ModelPackageError(
                f"The model {package.name} gives no feature maps, so it has no class activation "
                "maps: export it again."
            )
        self.package = package
        self.facts = facts_of_package(package)
        self.layers: tuple[str, ...] = (str(package.cam.get("layer", FEATURES)),)
        self._own = estimator is None
        self._estimator = estimator or LiteRtEstimator(package)

    def layer(self, name: str) -> str:
        """Return the last layer's name when `name` means it."""
        try:
            return check_layer(name, self.layers)
        except TrainingError as error:
            raise TrainingError(
                f"The package {self.package.name} has no model.keras, so only its last layer can "
                f"be explained, not '{name}': choose {self.layers[0]}, or export with --keras."
            ) from error

    def logits(self, crops_rgb: ImageU8) -> Mapping[str, Float32Array]:
        """Return head name to (N, K) float32 logits."""
        out = self._run(crops_rgb)
        return {head.name: out[head.name] for head in self.package.heads}

    def features(self, crops_rgb: ImageU8, layer: str) -> Float32Array:
        """Return the (N, h, w, C) float32 feature maps."""
        self.layer(layer)
        return self._run(crops_rgb)[FEATURES]

    def activations(self, crops_rgb: ImageU8, layer: str, target: CamTarget) -> Activations:
        """Return feature maps and the gradient of the explained number by them."""
        self.layer(layer)
        features = self._run(crops_rgb)[FEATURES]
        return Activations(features, self.last_gradients(features, target))

    def both(self, crops_rgb: ImageU8) -> tuple[Float32Array, Mapping[str, Float32Array]]:
        """Return the feature maps and the logits by head, from one run."""
        out = self._run(crops_rgb)
        return out[FEATURES], {head.name: out[head.name] for head in self.package.heads}

    def last_gradients(self, features: Float32Array, target: CamTarget) -> Float32Array:
        """Return the gradient of the explained number by feature maps (N, h, w, C)."""
        chain = self._chain(target.head.name)
        slopes = head_gradient(features.mean(axis=(1, 2), dtype=np.float64), chain, target)
        places = features.shape[1] * features.shape[2]
        spread = np.broadcast_to((slopes / places)[:, None, None, :], features.shape)
        return spread.astype(np.float32)

    def close(self) -> None:
        """Release the model."""
        if self._own:
            self._estimator.close()

    def _run(self, crops_rgb: ImageU8) -> dict[str, Float32Array]:
        return self._estimator.run(crops_rgb)

    def _chain(self, head_name: str) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        arrays = self.package.cam_arrays
        chain = [
            (np.asarray(arrays[kernel], np.float64), np.asarray(arrays[bias], np.float64))
            for kernel, bias in cam_keys(self.package.cam, head_name)
        ]
        if not chain:
            raise ModelPackageError(
                f"The model {self.package.name} has no weights of the head '{head_name}' in its "
                "cam.npz: take the method scorecam, or export with --keras and name a layer."
            )
        return chain


def head_gradient(
    pooled: NDArray[np.float64],
    chain: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
    target: CamTarget,
) -> NDArray[np.float64]:
    """Return the derivative of the explained number by the pooled features, (N, C).

    Args:
        pooled: (N, C).
        chain: (in, out) kernel and (out,) bias of each dense layer; relu between them.
        target: What is explained.
    """
    inputs, x = [], pooled
    for kernel, bias in chain:
        inputs.append(x)
        z = x @ kernel + bias
        x = np.maximum(z, 0.0)
    slope = target.gradient(z)
    for (kernel, _), given in zip(reversed(chain), reversed(inputs), strict=True):
        slope = slope @ kernel.T
        if given is not pooled:
            slope = slope * (given > 0.0)
    return slope
