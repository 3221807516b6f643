"""Does a map lie where it should? Maps against masks, and against maps that know nothing.

- pointing: whether the largest value lies in the mask (Zhang et al. 2018, "Top-down neural
  attention by excitation backprop", without their tolerance);
- mass in mask: share of what is positive that lies in the mask;
- IoU: of the mask and of where the map is at least a share of its largest value.

Baselines: a Gaussian in the middle of the crop, and a map that is the same everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.training.predictions import split_halves
from facecam.training.weighted import Figures, Floats, Ints, estimate, mean
from facecam.types import Float32Array

THRESHOLDS = np.round(np.arange(0.05, 0.951, 0.05), 2)
FIXED_THRESHOLD = 0.5
"""Share of a map's largest value; fixed beforehand, halfway."""
GAUSSIAN_SD = 0.25
"""Standard deviation of the centred Gaussian as a share of the crop's side; fixed beforehand."""


HitRow = tuple[float, float, Floats, Floats, float]
"""One map's row of `Hits`, in its order."""


@dataclass(frozen=True)
class Hits:
    """How N maps lie against N masks.

    Attributes:
        pointing: (N,) 0 or 1, or a probability for a map without a maximum.
        mass: (N,) share of the positive mass in the mask; 0 for a map without any.
        ious: (N, T) at each of `THRESHOLDS`.
        centre_xy: (N, 2) centre of the positive mass as shares of the crop; NaN without any.
        spread: (N,) mean distance of the positive mass from there, as a share of the crop.
    """

    pointing: Floats
    mass: Floats
    ious: Floats
    centre_xy: Floats
    spread: Floats

    def select(self, keep: NDArray[Any]) -> "Hits":
        """Return some of the maps."""
        return Hits(
            self.pointing[keep],
            self.mass[keep],
            self.ious[keep],
            self.centre_xy[keep],
            self.spread[keep],
        )


def hit(
    values: Float32Array, mask: NDArray[np.bool_]
) -> tuple[float, float, Floats, Floats, float]:
    """Return one map's row of `Hits`.

    Args:
        values: (H, W) signed map on the pixels of the mask.
        mask: (H, W).
    """
    top = float(values.max())
    area = int(mask.sum())
    pointing = float(mask.reshape(-1)[int(np.argmax(values))])
    positive = np.maximum(values.astype(np.float64), 0.0)
    total = positive.sum()
    nowhere = np.full(2, np.nan)
    if top <= 0 or total <= 0:
        return pointing, 0.0, np.zeros(len(THRESHOLDS)), nowhere, float("nan")
    levels = np.searchsorted(THRESHOLDS, positive / top, side="right")  # thresholds reached
    inside = np.bincount(levels[mask], minlength=len(THRESHOLDS) + 1)
    anywhere = np.bincount(levels.reshape(-1), minlength=len(THRESHOLDS) + 1)
    both = inside[::-1].cumsum()[::-1][1:]
    chosen = anywhere[::-1].cumsum()[::-1][1:]
    share = positive / total
    height, width = values.shape
    xs, ys = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    centre = np.array([share.sum(axis=0) @ xs, share.sum(axis=1) @ ys])
    far = np.hypot(xs[None] - centre[0], ys[:, None] - centre[1])
    ious = both / np.maximum(area + chosen - both, 1)
    return pointing, float(share[mask].sum()), ious, centre, float((share * far).sum())


def hits(maps: Sequence[Float32Array], masks: Sequence[NDArray[np.bool_]]) -> Hits:
    """Return how maps lie against masks of the same size, pair by pair."""
    rows = [hit(values, mask) for values, mask in zip(maps, masks, strict=True)]
    return gather(rows)


def gather(rows: Sequence[HitRow]) -> Hits:
    """Return rows of `hit` as one record."""
    pointing, mass, ious, centres, spread = zip(*rows, strict=True)
    return Hits(
        np.array(pointing),
        np.array(mass),
        np.array(ious),
        np.array(centres),
        np.array(spread),
    )


def gaussian_map(size_wh: tuple[int, int], sd: float = GAUSSIAN_SD) -> Float32Array:
    """Return a (H, W) Gaussian in the middle; `sd` is a share of the shorter side."""
    width, height = size_wh
    side = min(width, height)
    xs = (np.arange(width) - (width - 1) / 2) / (sd * side)
    ys = (np.arange(height) - (height - 1) / 2) / (sd * side)
    return np.exp(-0.5 * (xs[None] ** 2 + ys[:, None] ** 2)).astype(np.float32)


def uniform_hits(masks: Sequence[NDArray[np.bool_]]) -> Hits:
    """Return what a map that is the same everywhere scores: everything is the mask's area."""
    area = np.array([mask.mean() for mask in masks])
    n = len(area)
    ious = np.repeat(area[:, None], len(THRESHOLDS), axis=1)
    return Hits(area, area, ious, np.full((n, 2), 0.5), np.full(n, np.nan))


def matched_mass(found: Hits, masks: Sequence[NDArray[np.bool_]]) -> Floats:
    """Return the mass in mask of centred Gaussians that are as wide as each map itself.

    It tells a map that is right from one that is merely narrow.
    """
    out = np.zeros(len(masks))
    for i, mask in enumerate(masks):
        if np.isfinite(found.spread[i]) and found.spread[i] > 0:
            # The mean distance from the centre of a round Gaussian is sd * sqrt(pi / 2).
            sd = max(float(found.spread[i]) / np.sqrt(np.pi / 2.0), 1e-3)
            centred = gaussian_map((mask.shape[1], mask.shape[0]), sd)
            out[i] = float(centred[mask].sum() / centred.sum())
    return out


def best_ious(found: Hits, clusters: Ints) -> tuple[Floats, float]:
    """Return each map's IoU at the threshold that is best on the other half of the subjects.

    Returns:
        (N,) IoU, and the threshold that is best on all.
    """
    best = float(THRESHOLDS[int(np.argmax(found.ious.mean(axis=0)))])
    half = split_halves(clusters, np.zeros(len(clusters)))
    out = np.empty(len(clusters))
    for side in (0, 1):
        others = found.ious[half != side]
        column = int(np.argmax(others.mean(axis=0))) if len(others) else 0
        out[half == side] = found.ious[half == side, column]
    return out, best


def localization_figures(
    found: Hits,
    masks: Sequence[NDArray[np.bool_]],
    clusters: Ints,
    *,
    n_boot: int = 1000,
) -> dict[str, Any]:
    """Return the figures of one method, each beside its baselines, with 95% intervals.

    `pointing`, `mass_in_mask`, `iou` (threshold fitted on the other half of the subjects) and
    `iou_fixed`; with `_baseline` those of the centred Gaussian, with `_uniform` those of a map that
    is the same everywhere, with `_gain` how far the map exceeds the Gaussian on the same pictures;
    `mass_in_mask_matched` is the mass of centred Gaussians as wide as each map.
    """
    size_wh = (masks[0].shape[1], masks[0].shape[0])
    centred = gaussian_map(size_wh)
    gaussian = hits([centred] * len(masks), masks)
    uniform = uniform_hits(masks)
    fixed = int(np.flatnonzero(THRESHOLDS == FIXED_THRESHOLD)[0])
    iou, threshold = best_ious(found, clusters)
    columns: dict[str, Floats] = {}
    pairs = {
        "pointing": (found.pointing, gaussian.pointing, uniform.pointing),
        "mass_in_mask": (found.mass, gaussian.mass, uniform.mass),
        "iou": (iou, best_ious(gaussian, clusters)[0], uniform.ious[:, fixed]),
        "iou_fixed": (found.ious[:, fixed], gaussian.ious[:, fixed], uniform.ious[:, fixed]),
    }
    for name, (own, middle, flat) in pairs.items():
        columns[name] = own
        columns[f"{name}_baseline"] = middle
        columns[f"{name}_uniform"] = flat
        columns[f"{name}_gain"] = own - middle
    columns["mass_in_mask_matched"] = matched_mass(found, masks)

    def statistic(weights: Floats) -> Figures:
        return {name: mean(weights, values) for name, values in columns.items()}

    points, limits = estimate(statistic, clusters, n_boot=n_boot)
    return {
        "n": len(masks),
        **points,
        "iou_threshold": threshold,
        "fixed_threshold": FIXED_THRESHOLD,
        "empty": float((found.mass == 0.0).mean()),
        "ci": {
            name: [float(low), float(high)] if np.isfinite(low) and np.isfinite(high) else None
            for name, (low, high) in limits.items()
        },
    }
