"""Where the pictures of a phase come from: stored features, or augmented batches."""

from collections.abc import Sequence
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from facecam.training.callbacks import Report
from facecam.training.data import CropBatches, LabelledCrops, mask_missing, model_view
from facecam.training.network import Network
from facecam.training.recipe import Phase, Recipe

Logits = dict[str, NDArray[np.float32]]
PREDICT_BATCH = 256


class Stage(Protocol):
    """What a phase trains, on which batches, and how it is validated.

    Attributes:
        model: What is fitted.
        steps: Batches an epoch.
    """

    model: keras.Model
    steps: int

    def batches(self, epoch: int) -> keras.utils.PyDataset:
        """Return the batches of an epoch, the same whenever they are asked for."""

    def logits(self, item: int) -> Logits:
        """Return the logits of the validation data set number `item`."""


class EpochBatches(CropBatches):
    """The batches of one epoch.

    Keras calls `on_epoch_end` before the first epoch already (when it has built the model), so that
    a count of the calls is not the number of the epoch.
    """

    def on_epoch_end(self) -> None:
        """Stay with the epoch."""


class FeatureBatches(keras.utils.PyDataset):
    """Shuffled batches of stored features.

    Args:
        x: (N, C) features.
        labels: By head, NaN where missing.
        batch_size: Rows a batch.
        seed: Fixes the order.
    """

    def __init__(
        self,
        x: NDArray[np.float32],
        labels: dict[str, NDArray[np.float32]],
        batch_size: int,
        seed: Sequence[int],
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._x, self._labels, self._batch_size = x, labels, batch_size
        self._order = np.random.default_rng(list(seed)).permutation(len(x))

    def __len__(self) -> int:
        return -(-len(self._x) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], Logits, Logits]:
        """Return features (B, C), labels and weights (0 where missing) by head."""
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        masked = {name: mask_missing(values[rows]) for name, values in self._labels.items()}
        labels = {name: pair[0] for name, pair in masked.items()}
        return self._x[rows], labels, {name: pair[1] for name, pair in masked.items()}


class StoredFeatures:
    """Fits the heads on features that are computed once; see `Stage`."""

    def __init__(
        self,
        recipe: Recipe,
        phase: Phase,
        network: Network,
        train_sets: list[LabelledCrops],
        val_sets: list[LabelledCrops],
        seed: int,
        report: Report,
    ) -> None:
        self.model = network.top
        self._seed = seed
        self._batch_size = phase.batch_size or recipe.training.batch_size
        stored = []
        for item in (*train_sets, *val_sets):
            report(f"features of {item.manifest.name}")
            stored.append(features(network, item, recipe.input_wh))
        self._x = np.concatenate(stored[: len(train_sets)])
        self._val = stored[len(train_sets) :]
        self._labels = {
            head.name: np.concatenate([item.labels[head.name] for item in train_sets])
            for head in recipe.heads
        }
        self.steps = -(-len(self._x) // self._batch_size)

    def batches(self, epoch: int) -> keras.utils.PyDataset:
        """Return the batches of an epoch."""
        return FeatureBatches(self._x, self._labels, self._batch_size, (self._seed, epoch))

    def logits(self, item: int) -> Logits:
        """Return the logits of a validation set."""
        return in_batches(self.model, self._val[item])


class AugmentedPictures:
    """Fits the whole network on augmented pictures; see `Stage`."""

    def __init__(
        self,
        recipe: Recipe,
        phase: Phase,
        network: Network,
        train_sets: list[LabelledCrops],
        val_sets: list[LabelledCrops],
        seed: int,
    ) -> None:
        self.model = network.model
        settings = recipe.augmentation.weakened(phase.augmentation)
        self._recipe = recipe.model_copy(update={"augmentation": settings})
        self._seed = seed
        self._train_sets, self._val_sets = train_sets, val_sets
        self._batch_size = phase.batch_size or recipe.training.batch_size
        pictures = sum(len(item.manifest) for item in train_sets)
        self.steps = recipe.training.steps_per_epoch or -(-pictures // self._batch_size)

    def batches(self, epoch: int) -> keras.utils.PyDataset:
        """Return the batches of an epoch."""
        made = EpochBatches(
            self._train_sets, self._recipe, self._batch_size, self.steps, self._seed
        )
        made.epoch = epoch
        return made

    def logits(self, item: int) -> Logits:
        """Return the logits of a validation set."""
        return predict_logits(self.model, self._val_sets[item], self._recipe.input_wh)


def features(
    network: Network, item: LabelledCrops, size: tuple[int, int] | int
) -> NDArray[np.float32]:
    """Return what the heads see of each picture, (N, C)."""
    parts = []
    for start in range(0, len(item.manifest), PREDICT_BATCH):
        index = np.arange(start, min(start + PREDICT_BATCH, len(item.manifest)))
        made = network.pooled.predict_on_batch(model_view(item.cache, index, size))
        parts.append(np.asarray(made)[: len(index)])
    return np.concatenate(parts)


def predict_logits(
    model: keras.Model,
    item: LabelledCrops,
    size: tuple[int, int] | int,
    batch: int = PREDICT_BATCH,
) -> Logits:
    """Return the logits (N, K) of every head on the model's own view of each crop."""
    parts: dict[str, list[NDArray[np.float32]]] = {}
    for start in range(0, len(item.manifest), batch):
        index = np.arange(start, min(start + batch, len(item.manifest)))
        for name, values in model.predict_on_batch(model_view(item.cache, index, size)).items():
            # Several devices each answer for the whole batch, one behind the other.
            parts.setdefault(name, []).append(np.asarray(values)[: len(index)])
    return {name: np.concatenate(values) for name, values in parts.items()}


def in_batches(model: keras.Model, x: NDArray[Any], batch: int = 4096) -> Logits:
    """Return the logits (N, K) by head for features (N, C)."""
    parts: dict[str, list[NDArray[np.float32]]] = {}
    for start in range(0, len(x), batch):
        rows = x[start : start + batch]
        for name, values in model.predict_on_batch(rows).items():
            parts.setdefault(name, []).append(np.asarray(values)[: len(rows)])
    return {name: np.concatenate(values) for name, values in parts.items()}
