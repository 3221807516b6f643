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
from facecam.training.label_cells import NOT_KNOWN, head_labels
from facecam.training.manifest import Manifest
from facecam.training.recipe import Augmentation, Recipe
from facecam.types import ImageU8

__all__ = [
    "CropBatches",
    "LabelledCrops",
    "coverage",
    "head_labels",
    "mask_missing",
    "model_view",
    "restrict",
]

FULL_COVERAGE = 0.97
TIGHT_COVERAGE = 0.8
MAX_WEIGHT_RATIO = 10.0


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
        self._labels = {
            head.name: np.concatenate([s.labels[head.name] for s in sets]) for head in recipe.heads
        }
        self._plain = self._settings == Augmentation()
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
        for i, item in enumerate(picked.tolist()):
            pictures[i] = self._view(item) if self._plain else self._picture(item, rng)
        labels: dict[str, NDArray[np.float32]] = {}
        weights: dict[str, NDArray[np.float32]] = {}
        for head in self._recipe.heads:
            rows = self._labels[head.name][picked]
            labels[head.name], weights[head.name] = mask_missing(rows)
        return pictures, labels, weights

    def _view(self, item: int) -> ImageU8:
        """Return what the model sees live, unchanged."""
        k, j = self._where[item]
        left, top, width, height = _middle(self._sets[k].cache, self._recipe.input_size)
        return self._sets[k].cache.crops[j][top : top + height, left : left + width]

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
    """Return labels without NaN, and weights (N,) that are 0 where nothing is known.

    Numbers and classes (N,) are 0 where they are missing, yes/no labels (N, K) are -1: of a row
    that is known in part the loss takes what is known.
    """
    known = ~np.isnan(labels)
    if labels.ndim == 1:
        return np.nan_to_num(labels), known.astype(np.float32)
    return np.where(known, labels, np.float32(-1.0)), known.any(axis=1).astype(np.float32)


def model_view(cache: CropCache, index: NDArray[np.intp], size: Size) -> ImageU8:
    """Return what the model sees live: the middle of the stored crops, (N, H, W, 3)."""
    left, top, width, height = _middle(cache, size)
    return np.ascontiguousarray(cache.crops[index][:, top : top + height, left : left + width])


def _middle(cache: CropCache, size: Size) -> tuple[int, int, int, int]:
    """Return (left, top, width, height) of the model's view in the stored crops."""
    width, height = as_wh(size)
    wide, high = cache.crops.size_wh
    return (wide - width) // 2, (high - height) // 2, width, height


def coverage(item: LabelledCrops, size: Size) -> NDArray[np.float64]:
    """Return the share of each model view that its picture covers."""
    cache = item.cache
    pairs = zip(cache.matrices, cache.picture_wh, strict=True)
    return np.array([coverage_mask(m, wh, size).mean() / 255.0 for m, wh in pairs])


def check_shares(recipe: Recipe, names: Sequence[str]) -> None:
    """Raise `ManifestError` where one of several training sets has no share beside others."""
    shares = recipe.data.shares
    unknown = [name for name in names if name not in shares]
    if shares and unknown and len(names) > 1:
        raise ManifestError(
            f"The recipe's data.shares name {', '.join(shares)}, but not {', '.join(unknown)}: "
            "call the folder of the data so, or change data.shares."
        )


def _sampling(sets: Sequence[LabelledCrops], recipe: Recipe) -> NDArray[np.float64]:
    """Return the probability of each picture: shares of the data sets, evened within them."""
    shares = recipe.data.shares
    check_shares(recipe, [item.manifest.name for item in sets])
    parts = []
    for item in sets:
        weight = np.ones(len(item.manifest))
        for column, power in recipe.data.balance.items():
            cells = item.manifest.columns.get(column)
            if cells is not None:
                weight *= _evened(cells, power)
        weight = np.where(item.cache.readable, weight, 0.0)
        weight = np.minimum(weight, MAX_WEIGHT_RATIO * np.median(weight[weight > 0]))
        share = shares.get(item.manifest.name, len(item.manifest))
        parts.append(share * weight / weight.sum())
    joined = np.concatenate(parts)
    if not joined.sum() > 0:
        raise ManifestError("Nothing would be drawn: all data sets have the share 0 in the recipe.")
    return joined / joined.sum()


def _evened(cells: NDArray[np.str_], power: float) -> NDArray[np.float64]:
    """Return count(value) ** -power, numbers counted in a window of 5, missing cells as average."""
    known = np.array([cell.lower() not in NOT_KNOWN for cell in cells.tolist()], bool)
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
