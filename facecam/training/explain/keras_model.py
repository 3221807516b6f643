"""Look into a Keras model with TensorFlow's gradients, at any layer."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from facecam.errors import ModelPackageError, TrainingError
from facecam.inference.package import ModelPackage
from facecam.training.explain.explained import (
    LAST,
    Activations,
    ModelFacts,
    check_layer,
    facts_of_package,
)
from facecam.training.explain.targets import CamTarget
from facecam.types import Float32Array, ImageU8

if TYPE_CHECKING:
    from facecam.training.network import Network
    from facecam.training.recipe import Recipe

BATCH = 8
KERAS_FILE = "model.keras"
_CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)


class KerasModel:
    """A Keras model as an `ExplainedModel`.

    Args:
        model: Pictures (N, H, W, 3) to a dict of logits by head; other outputs are ignored.
        facts: What is known of it.

    Raises:
        ModelPackageError: It has no layer with maps, or lacks a head.
    """

    def __init__(self, model: keras.Model, facts: ModelFacts) -> None:
        self.facts = facts
        outputs = model.output if isinstance(model.output, dict) else {}
        missing = [head.name for head in facts.heads if head.name not in outputs]
        if missing:
            raise ModelPackageError(
                f"The Keras model of {facts.name} has no output named '{missing[0]}': export it "
                "again."
            )
        self._outputs = {head.name: outputs[head.name] for head in facts.heads}
        # Made anew with one input that is no list, as the pictures are given, and no other outputs.
        self.model = model = keras.Model(model.inputs[0], self._outputs)
        convolutions = [la.name for la in model.layers if isinstance(la, _CONVOLUTIONS)]
        if not convolutions:
            raise ModelPackageError(
                f"The Keras model of {facts.name} has no convolution layer, so there is nothing "
                "to map."
            )
        names = [layer.name for layer in model.layers if _gives_maps(layer)]
        # Only what comes after a kernel can be differentiated, and only that is of interest.
        self.layers = tuple(names[names.index(convolutions[0]) :])
        self.convolutions = tuple(convolutions)
        last = model.get_layer(self.layers[-1]).output
        self._probes: dict[str, keras.Model] = {}
        self._answer = _compiled(model)
        self._seen = _compiled(keras.Model(model.inputs[0], {**self._outputs, LAST: last}))
        self._top = keras.Model(last, self._outputs)  # nothing goes around the last maps

    def layer(self, name: str) -> str:
        """Return the full name of a layer, or name the convolution layers there are."""
        return check_layer(name, self.layers, (*self.convolutions, self.layers[-1]))

    def logits(self, crops_rgb: ImageU8) -> Mapping[str, Float32Array]:
        """Return head name to (N, K) float32 logits."""
        parts = [self._answer(batch) for batch in _batches(crops_rgb)]
        names = [head.name for head in self.facts.heads]
        return {name: np.concatenate([np.asarray(part[name]) for part in parts]) for name in names}

    def features(self, crops_rgb: ImageU8, layer: str) -> Float32Array:
        """Return the (N, h, w, C) float32 output of a layer."""
        if self.layer(layer) == self.layers[-1]:
            parts = [self._seen(batch)[LAST] for batch in _batches(crops_rgb)]
            return np.concatenate([np.asarray(part, np.float32) for part in parts])
        probe = self._probe(layer)
        parts = [self._call(probe, batch)["explained"] for batch in _batches(crops_rgb)]
        return np.concatenate([np.asarray(part, np.float32) for part in parts])

    def activations(self, crops_rgb: ImageU8, layer: str, target: CamTarget) -> Activations:
        """Return the output of a layer and the gradient of the explained number by it."""
        if self.layer(layer) == self.layers[-1]:
            seen = self.features(crops_rgb, layer)
            return Activations(seen, self.last_gradients(seen, target))
        parts = [self._differentiate(batch, layer, target) for batch in _batches(crops_rgb)]
        features, gradients = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return Activations(features, gradients)

    def last_gradients(self, features: Float32Array, target: CamTarget) -> Float32Array:
        """Return the gradient of the explained number by the last layer's maps (N, h, w, C)."""
        import tensorflow as tf

        given = tf.constant(features)
        with tf.GradientTape() as tape:
            tape.watch(given)
            logits = self._top(given, training=False)[target.head.name]
        slopes = tf.cast(tf.constant(target.gradient(logits.numpy())), logits.dtype)
        return np.asarray(tape.gradient(logits, given, output_gradients=slopes), np.float32)

    def close(self) -> None:
        """Let go of the graphs that were made."""
        self._probes.clear()

    def _differentiate(
        self, crops_rgb: ImageU8, layer: str, target: CamTarget
    ) -> tuple[Float32Array, Float32Array]:
        import tensorflow as tf

        probe = self._probe(layer)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            # The picture is uint8, which has no gradient, and layers may be frozen: watching every
            # weight makes the tape follow all that is computed from them.
            for variable in probe.variables:
                if "float" in str(variable.dtype):
                    tape.watch(variable.value)
            out = self._call(probe, crops_rgb)
            logits, features = out[target.head.name], out["explained"]
        slopes = tf.cast(tf.constant(target.gradient(logits.numpy())), logits.dtype)
        gradients = tape.gradient(logits, features, output_gradients=slopes)
        if gradients is None:
            raise TrainingError(
                f"The head '{target.head.name}' does not depend on the layer '{layer}': choose "
                "another layer."
            )
        return np.asarray(features, np.float32), np.asarray(gradients, np.float32)

    def _probe(self, layer: str) -> keras.Model:
        name = self.layer(layer)
        if name not in self._probes:
            explained = self.model.get_layer(name).output
            outputs = {**self._outputs, "explained": explained}
            self._probes[name] = keras.Model(self.model.inputs[0], outputs)
        return self._probes[name]

    @staticmethod
    def _call(model: keras.Model, crops_rgb: Any) -> Any:
        return model(crops_rgb, training=False)


def _compiled(model: keras.Model) -> Any:
    """Return the model as one graph for any number of pictures: many times faster than eagerly."""
    import tensorflow as tf

    (given,) = model.inputs
    return tf.function(
        lambda crops: model(crops, training=False),
        input_signature=[tf.TensorSpec((None, *given.shape[1:]), given.dtype)],
    )


def _gives_maps(layer: keras.layers.Layer) -> bool:
    if isinstance(layer, keras.layers.InputLayer):
        return False
    output = getattr(layer, "output", None)
    return not isinstance(output, list | tuple | dict) and len(getattr(output, "shape", ())) == 4


def _batches(crops_rgb: ImageU8) -> list[ImageU8]:
    return [crops_rgb[start : start + BATCH] for start in range(0, len(crops_rgb), BATCH)]


def load_keras_file(package: ModelPackage) -> keras.Model:
    """Return the model.keras of a package, after comparing it with its hash.

    Raises:
        ModelPackageError: There is none, or it cannot be loaded.
    """
    import facecam.training.network  # noqa: F401  its losses are part of saved models

    if KERAS_FILE not in package.spec["files"]:
        raise ModelPackageError(
            f"The package {package.name} has no {KERAS_FILE}: export it with --keras."
        )
    package.read(KERAS_FILE)
    try:
        return keras.saving.load_model(package.dir / KERAS_FILE, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelPackageError(
            f"The {KERAS_FILE} of the package {package.name} cannot be loaded ({reason}): export "
            "it again."
        ) from error


def keras_model_of_package(package: ModelPackage) -> KerasModel:
    """Return the model.keras of a package, to look into.

    Raises:
        ModelPackageError: There is none, or it cannot be loaded.
    """
    return KerasModel(load_keras_file(package), facts_of_package(package))


def keras_model_of_run(folder: Path) -> KerasModel:
    """Return the best model of a training run.

    Raises:
        TrainingError: The folder is no run, or has no finished epoch.
    """
    from facecam.training.network import trained_network
    from facecam.training.run import Run

    run = Run(folder)
    return keras_model_of_network(run.recipe(), trained_network(run))


def keras_model_of_network(recipe: "Recipe", network: "Network") -> KerasModel:
    """Return the network of a recipe with the weights that it has now."""
    from facecam.training.cutting import as_wh
    from facecam.training.fit import template_of

    facts = ModelFacts(
        recipe.name, tuple(recipe.heads), as_wh(recipe.input_size), template_of(recipe)
    )
    return KerasModel(network.model, facts)
