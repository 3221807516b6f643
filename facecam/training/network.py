"""The multi-output network of a recipe, its losses, and its parts."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from facecam.errors import TrainingError
from facecam.training.backbones import build_backbone
from facecam.training.recipe import Head, Recipe
from facecam.training.run import Run

POOLED = "pooled"


@keras.saving.register_keras_serializable("facecam")
class ExpectationLoss(keras.losses.Loss):
    """Cross-entropy to a Gaussian around the label, plus the absolute error of the expectation.

    Label distribution learning with expectation regression, after Gao et al., "Age Estimation
    Using Expectation of Label Distribution Learning" (IJCAI 2018).

    Args:
        values: Numbers that the classes stand for.
        label_sd: Width of the target distribution in units of the values; 0 means the class nearest
            to the label alone (sparse categorical cross-entropy).
        l1: Weight of the absolute error.
    """

    def __init__(self, values: list[int], label_sd: float, l1: float, **options: Any) -> None:
        super().__init__(**options)
        self.values, self.label_sd, self.l1 = list(values), label_sd, l1

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return (B,) losses of labels (B,) or (B, 1) and logits (B, K)."""
        values = ops.convert_to_tensor(self.values, dtype=y_pred.dtype)
        label = ops.reshape(ops.cast(y_true, y_pred.dtype), (-1, 1))
        distance = ops.square(values - label)
        if self.label_sd > 0:
            target = ops.softmax(-distance / (2.0 * self.label_sd**2), axis=-1)
        else:
            nearest = ops.argmin(distance, axis=-1)
            target = ops.one_hot(nearest, len(self.values), dtype=y_pred.dtype)
        loss = -ops.sum(target * ops.log_softmax(y_pred, axis=-1), axis=-1)
        expected = ops.sum(ops.softmax(y_pred, axis=-1) * values, axis=-1)
        return loss + self.l1 * ops.abs(expected - label[:, 0])

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes."""
        own = {"values": self.values, "label_sd": self.label_sd, "l1": self.l1}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("facecam")
class SmoothedSoftmaxLoss(keras.losses.Loss):
    """Cross-entropy of class indices and logits, with label smoothing and weights of classes.

    Args:
        label_smoothing: Share of the target that all classes get alike.
        class_weights: (K,) factor of the loss of pictures of each class; None for no weights.
    """

    def __init__(
        self,
        label_smoothing: float = 0.0,
        class_weights: list[float] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.label_smoothing, self.class_weights = label_smoothing, class_weights

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return (B,) losses of labels (B,) or (B, 1) and logits (B, K)."""
        count = y_pred.shape[-1]
        label = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        one_hot = ops.one_hot(label, count, dtype=y_pred.dtype)
        target = one_hot * (1.0 - self.label_smoothing) + self.label_smoothing / count
        loss = -ops.sum(target * ops.log_softmax(y_pred, axis=-1), axis=-1)
        if self.class_weights is None:
            return loss
        weights = ops.convert_to_tensor(self.class_weights, dtype=y_pred.dtype)
        return loss * ops.sum(one_hot * weights, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes."""
        own = {"label_smoothing": self.label_smoothing, "class_weights": self.class_weights}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("facecam")
class SigmoidLoss(keras.losses.Loss):
    """Binary cross-entropy of 0/1 labels and logits, the mean over the classes that are known.

    A label below 0 is not known.

    Args:
        label_smoothing: Labels move by half of it towards 0.5.
        weights: (K, 2) factors of the loss of no and of yes for each class; None for no weights.
    """

    def __init__(
        self,
        label_smoothing: float = 0.0,
        weights: list[list[float]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.label_smoothing, self.weights = label_smoothing, weights

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return (B,) losses of labels and logits (B, K)."""
        given = ops.cast(ops.reshape(y_true, ops.shape(y_pred)), y_pred.dtype)
        known = ops.cast(given >= 0, y_pred.dtype)
        label = given * known
        target = label * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing
        # log(1 + exp(z)) - target * z, in a form that does not overflow
        loss = ops.relu(y_pred) - y_pred * target + ops.log1p(ops.exp(-ops.abs(y_pred)))
        if self.weights is not None:
            weights = ops.convert_to_tensor(self.weights, dtype=y_pred.dtype)
            loss = loss * (weights[:, 0] * (1.0 - label) + weights[:, 1] * label)
        return ops.sum(loss * known, axis=-1) / ops.maximum(ops.sum(known, axis=-1), 1.0)

    def get_config(self) -> dict[str, Any]:
        """Return what the constructor takes."""
        own = {"label_smoothing": self.label_smoothing, "weights": self.weights}
        return {**super().get_config(), **own}


@dataclass(frozen=True)
class Network:
    """A recipe's network and its parts, which share weights.

    Attributes:
        model: uint8 RGB (N, H, W, 3) to a dict of logits by head.
        backbone: uint8 RGB to feature maps (N, h, w, C).
        pooled: uint8 RGB to what the heads see: (N, C) averages, or (N, h * w * C) of all maps.
        top: Pooled features to the same dict of logits as `model`.
    """

    model: keras.Model
    backbone: keras.Model
    pooled: keras.Model
    top: keras.Model


def build_network(recipe: Recipe) -> Network:
    """Build the network of a recipe, with fresh heads on its backbone's weights."""
    keras.utils.set_random_seed(recipe.training.seed)
    backbone = build_backbone(recipe.backbone, recipe.input_wh)
    if recipe.backbone.pooling == "average":
        pool = keras.layers.GlobalAveragePooling2D(name=POOLED)(backbone.output)
    else:
        pool = keras.layers.Flatten(name=POOLED)(backbone.output)
    features = keras.Input((pool.shape[-1],), name="pooled_features")
    x = keras.layers.Dropout(recipe.training.dropout, name="dropout")(features)
    for name, units in zip(trunk_layers(recipe), recipe.trunk, strict=True):
        x = keras.layers.Dense(units, activation="relu", name=name)(x)
    top = keras.Model(features, {head.name: _head(head, x) for head in recipe.heads}, name="top")
    # The top's layers are called again on the real features, so that the whole stays one flat
    # graph whose layers can be reached by name.
    x = top.get_layer("dropout")(pool)
    for name in trunk_layers(recipe):
        x = top.get_layer(name)(x)
    outputs = {head.name: _again(top, head, x) for head in recipe.heads}
    model = keras.Model(backbone.inputs, outputs, name=recipe.name.replace("-", "_"))
    return Network(model, backbone, keras.Model(backbone.inputs, pool, name="features"), top)


def trained_network(run: Run) -> Network:
    """Return the network of a run with the weights of its best epoch.

    Raises:
        TrainingError: The run has no finished epoch.
    """
    recipe = run.recipe()
    if not run.best.exists():
        raise TrainingError(f"{run.folder} has no finished epoch yet: train it first.")
    plain = recipe.backbone.model_copy(update={"weights": "none"})  # all come from the run
    network = build_network(recipe.model_copy(update={"backbone": plain}))
    network.model.load_weights(run.best)
    return network


def trunk_layers(recipe: Recipe) -> list[str]:
    """Return the names of the dense layers that all heads share, in order."""
    return [f"trunk{i}" for i in range(len(recipe.trunk))]


def head_layers(head: Head) -> list[str]:
    """Return the names of a head's own dense layers, in order; the last one gives the logits."""
    return [f"{head.name}_hidden{i}" for i in range(len(head.hidden))] + [f"{head.name}_logits"]


def _head(head: Head, x: keras.KerasTensor) -> keras.KerasTensor:
    *hidden, last = head_layers(head)
    for name, units in zip(hidden, head.hidden, strict=True):
        x = keras.layers.Dense(units, activation="relu", name=name)(x)
    return keras.layers.Dense(len(head.classes), name=last)(x)


def _again(top: keras.Model, head: Head, x: keras.KerasTensor) -> keras.KerasTensor:
    for name in head_layers(head):
        x = top.get_layer(name)(x)
    return x


def head_loss(head: Head, labels: NDArray[np.float32] | None = None) -> keras.losses.Loss:
    """Return the loss of a head on its logits.

    Args:
        head: A recipe's head.
        labels: Training labels as `data.head_labels` gives them, for balanced class weights.
    """
    if head.kind == "expectation":
        return ExpectationLoss([int(c) for c in head.classes], head.label_sd, head.l1)
    weights = class_weights(head, labels)
    listed = None if weights is None else weights.tolist()
    if head.kind == "softmax":
        return SmoothedSoftmaxLoss(head.label_smoothing, listed)
    return SigmoidLoss(head.label_smoothing, listed)


def class_weights(
    head: Head, labels: NDArray[np.float32] | None = None
) -> NDArray[np.float64] | None:
    """Return the factors of the classes' losses, or None where the recipe asks for none.

    `balanced` is n / (classes * n_class), after King and Zeng, "Logistic Regression in Rare Events
    Data" (Political Analysis 2001), as scikit-learn has it; a class without a picture weighs 1.

    Args:
        head: A softmax or sigmoid head.
        labels: (N,) class indices or (N, K) zeros and ones of the training pictures, NaN where
            missing.

    Returns:
        (K,) by class for softmax, (K, 2) of no and yes by class for sigmoid.
    """
    if head.class_weights is None:
        return None
    yes_no = head.kind == "sigmoid"
    if isinstance(head.class_weights, dict):
        given = np.array([head.class_weights.get(str(c), 1.0) for c in head.classes])
        return np.stack([np.ones(len(given)), given], axis=1) if yes_no else given
    if labels is None:
        raise ValueError("balanced class weights need the training labels")
    if yes_no:
        columns = [column[~np.isnan(column)] for column in labels.T]
        return np.stack([_balanced(np.bincount(c.astype(int), minlength=2)) for c in columns])
    known = labels[~np.isnan(labels)].astype(int)
    return _balanced(np.bincount(known, minlength=len(head.classes)))


def _balanced(counts: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.where(counts > 0, counts.sum() / (len(counts) * np.maximum(counts, 1)), 1.0)
