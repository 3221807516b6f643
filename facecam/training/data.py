"""Labelled crops in batches: labels with masks, sampling, augmentation."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from facecam.errors import ManifestError
from facecam.training.augment import (
    blend_context,
    coverage_mask,
    degrade,
    jitter_matrix,
    warp_reflected,
)
from facecam.training.cutting import CropCache, Size, as_wh, widened
from facecam.training.manifest import Manifest
from facecam.training.recipe import Augmentation, Head, Recipe
from facecam.types import ImageU8

FULL_COVERAGE = 0.97
TIGHT_COVERAGE = 0.8
MAX_WEIGHT_RATIO = 10.0


def head_labels(manifest: Manifest, head: Head) -> NDArray[np.float32]:
    """Return the labels of one head, NaN where they are missing.

    Returns:
        expectation: (N,) numbers, clipped to the classes; softmax: (N,) class indices;
        sigmoid: (N, K) zeros and ones.

    Raises:
        ManifestError: A cell holds something that is not a class of the head.
    """
    total = len(manifest)
    if head.kind == "sigmoid":
        columns = [head.column or head.name] if len(head.classes) == 1 else list(head.classes)
        out = np.full((total, len(columns)), np.nan, np.float32)
        for k, column in enumerate(columns):
            cells = manifest.columns.get(str(column))
            if cells is not None:
                out[:, k] = _parse(manifest, str(column), cells, {"0": 0.0, "1": 1.0})
        return out
    column = head.column or head.name
    cells = manifest.columns.get(column)
    if cells is None:
        return np.full(total, np.nan, np.float32)
    if head.kind == "softmax":
        return _parse(
            manifest, column, cells, {str(c): float(i) for i, c in enumerate(head.classes)}
        )
    numbers = _parse(manifest, column, cells, None)
    lowest, highest = float(min(head.classes)), float(max(head.classes))  # type: ignore[type-var]
    return np.clip(numbers, lowest, highest)


def _parse(
    manifest: Manifest, column: str, cells: NDArray[np.str_], allowed: dict[str, float] | None
) -> NDArray[np.float32]:
    out = np.full(len(cells), np.nan, np.float32)
    for i, cell in enumerate(cells.tolist()):
        if cell == "":
            continue
        try:
            out[i] = allowed[cell] if allowed is not None else float(cell)
        except (KeyError, ValueError):
            expected = ", ".join(allowed) if allowed else "a number"
            raise ManifestError(
                f"In the manifest of {manifest.name} the column '{column}' holds '{cell}' "
                f"(row {i + 2}); allowed: {expected}, or nothing where it is not known."
            ) from None
    return out


@dataclass
class LabelledCrops:
    """Crops of one data set with the labels of every head."""

    manifest: Manifest
    cache: CropCache
    labels: dict[str, NDArray[np.float32]]


class CropBatches(keras.utils.PyDataset):
    """Augmented training batches, the same for the same seed whatever the number of workers.

    Args:
        sets: Data sets, already restricted to the training split.
        recipe: What to sample and how to augment.
        batch_size: Pictures a batch.
        steps: Batches an epoch.
        seed: With the epoch and the batch number it fixes every random choice.
        workers: Threads that prepare batches.
    """

    def __init__(
        self,
        sets: Sequence[LabelledCrops],
        recipe: Recipe,
        batch_size: int,
        steps: int,
        seed: int,
        workers: int = 2,
    ) -> None:
        super().__init__(workers=workers, use_multiprocessing=False, max_queue_size=8)
        self._sets = sets
        self._recipe = recipe
        self._settings: Augmentation = recipe.augmentation
        self._batch_size, self._steps, self._seed = batch_size, steps, seed
        self.epoch = 0
        self._where = np.concatenate(
            [
                np.stack([np.full(len(s.manifest), k), np.arange(len(s.manifest))], 1)
                for k, s in enumerate(sets)
            ]
        )
        self._probability = _sampling(sets, recipe)
        covered = np.concatenate([coverage(s, recipe.input_size) for s in sets])
        self._covered = covered >= FULL_COVERAGE
        self._full = np.flatnonzero(self._covered)
        self._tight = np.flatnonzero(covered < TIGHT_COVERAGE)
        cv2.setNumThreads(1)  # its own threads only get in the way of the workers and the backend

    def __len__(self) -> int:
        return self._steps

    def on_epoch_end(self) -> None:
        """Draw other pictures in the next epoch."""
        self.epoch += 1

    def __getitem__(
        self, index: int
    ) -> tuple[ImageU8, dict[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
        """Return pictures (B, H, W, 3) uint8 RGB, labels and weights (0 where missing) by head."""
        rng = np.random.default_rng([self._seed, self.epoch, index])
        picked = rng.choice(len(self._where), self._batch_size, p=self._probability)
        width, height = self._recipe.input_wh
        pictures = np.empty((self._batch_size, height, width, 3), np.uint8)
        for i, item in enumerate(picked):
            pictures[i] = self._picture(int(item), rng)
        labels: dict[str, NDArray[np.float32]] = {}
        weights: dict[str, NDArray[np.float32]] = {}
        for head in self._recipe.heads:
            rows = [self._sets[k].labels[head.name][j] for k, j in self._where[picked]]
            labels[head.name], weights[head.name] = mask_missing(np.array(rows, np.float32))
        return pictures, labels, weights

    def _picture(self, item: int, rng: np.random.Generator) -> ImageU8:
        k, j = self._where[item]
        cache = self._sets[k].cache
        crop = cache.crops[j]
        if not self._covered[item] and len(self._full) and rng.random() < self._settings.context:
            donor_k, donor_j = self._where[rng.choice(self._full)]
            donor = self._sets[donor_k].cache.crops[donor_j]
            donor = donor[:, ::-1] if rng.random() < 0.5 else donor
            crop = blend_context(crop, self._mask(item), donor)
        elif self._covered[item] and len(self._tight) and rng.random() < self._settings.tight:
            mask = self._mask(int(rng.choice(self._tight)))
            crop = cv2.bitwise_and(
                np.ascontiguousarray(crop), np.ascontiguousarray(crop), mask=mask
            )
        size_wh = self._recipe.input_wh
        matrix = jitter_matrix(rng, cache.crops.size_wh, size_wh, self._settings)
        if self._settings.border == "reflect":
            wide, _ = widened(cache.matrices[j], size_wh, cache.margin)
            view = warp_reflected(crop, matrix, size_wh, wide, cache.picture_wh[j])
        else:
            view = cv2.warpAffine(np.ascontiguousarray(crop), matrix, size_wh)
        return degrade(view, rng, self._settings)

    def _mask(self, item: int) -> ImageU8:
        k, j = self._where[item]
        cache = self._sets[k].cache
        wide, size_wh = widened(cache.matrices[j], self._recipe.input_size, cache.margin)
        return coverage_mask(wide, cache.picture_wh[j], size_wh)


def restrict(item: LabelledCrops, split: str) -> LabelledCrops:
    """Return the readable pictures of one split."""
    keep = np.flatnonzero((item.manifest.split == split) & item.cache.readable)
    labels = {name: values[keep] for name, values in item.labels.items()}
    return LabelledCrops(item.manifest.select(keep), item.cache.select(keep), labels)


def mask_missing(
    labels: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return labels with 0 for NaN, and weights that are 0 there.

    A row of several classes with any label missing counts as missing.
    """
    known = ~np.isnan(labels) if labels.ndim == 1 else ~np.isnan(labels).any(axis=1)
    return np.nan_to_num(labels), known.astype(np.float32)


def model_view(cache: CropCache, index: NDArray[np.intp], size: Size) -> ImageU8:
    """Return what the model sees live: the middle of the stored crops, (N, H, W, 3)."""
    width, height = as_wh(size)
    left, top = (cache.crops.size_wh[0] - width) // 2, (cache.crops.size_wh[1] - height) // 2
    return np.ascontiguousarray(cache.crops[index][:, top : top + height, left : left + width])


def coverage(item: LabelledCrops, size: Size) -> NDArray[np.float64]:
    """Return the share of each model view that its picture covers."""
    cache = item.cache
    pairs = zip(cache.matrices, cache.picture_wh, strict=True)
    return np.array([coverage_mask(m, wh, size).mean() / 255.0 for m, wh in pairs])


def _sampling(sets: Sequence[LabelledCrops], recipe: Recipe) -> NDArray[np.float64]:
    """Return the probability of each picture: shares of the data sets, evened within them."""
    parts = []
    for item in sets:
        weight = np.ones(len(item.manifest))
        for column, power in recipe.data.balance.items():
            cells = item.manifest.columns.get(column)
            if cells is not None:
                weight *= _evened(cells, power)
        weight = np.where(item.cache.readable, weight, 0.0)
        weight = np.minimum(weight, MAX_WEIGHT_RATIO * np.median(weight))
        share = recipe.data.shares.get(item.manifest.name, len(item.manifest))
        parts.append(share * weight / weight.sum())
    joined = np.concatenate(parts)
    return joined / joined.sum()


def _evened(cells: NDArray[np.str_], power: float) -> NDArray[np.float64]:
    """Return count(value) ** -power, numbers counted in a window of 5, missing cells as average."""
    known = cells != ""
    weight = np.ones(len(cells))
    if not known.any():
        return weight
    values = cells[known]
    try:
        numbers = values.astype(float)
    except ValueError:
        numbers = None
    if numbers is not None and len(np.unique(numbers)) > 12:
        counts = np.array([(np.abs(numbers - v) <= 2.5).sum() for v in np.unique(numbers)])
        count = counts[np.searchsorted(np.unique(numbers), numbers)]
    else:
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        count = counts[inverse]
    weight[known] = (count / count.mean()) ** -power
    weight[~known] = weight[known].mean()
    return weight
