"""Where a model stops being trustworthy: degrade labelled faces until its error has risen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.inference.decode import probabilities
from facecam.training.data import LabelledCrops, model_view
from facecam.training.recipe import Head
from facecam.types import ImageU8
from facecam.vision.crops import EyeTemplate
from facecam.vision.quality import face_quality, sharpness_of

RISE = 1.2
"""An error that has risen by a fifth is where a reading stops being shown."""
EYE_SPANS_PX = (30.0, 24.0, 20.0, 17.0, 14.0, 12.0, 10.0, 8.0, 6.5, 5.0)
BLUR_SIGMAS_PX = (0.7, 1.0, 1.4, 1.9, 2.5, 3.2, 4.0, 5.0, 6.5)
MIN_RISE = 0.005
"""Least rise of a squared error that counts: a fifth of next to nothing is a matter of chance."""
BINS, MIN_BIN = 40, 60
TURN_WINDOW = 240
MIN_LABELS = 150

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Predict = Callable[[ImageU8, Rows], dict[str, NDArray[np.float32]]]
"""Crops (N, H, W, 3) uint8 RGB and their rows, counted through all data sets, to logits by head."""


def reduced(crops: ImageU8, eye_span_px: float, template: EyeTemplate) -> ImageU8:
    """Return crops as they would be cut from a face whose eyes are `eye_span_px` apart."""
    height, width = crops.shape[1:3]
    scale = eye_span_px / template.eye_span / width
    small = max(round(width * scale), 4), max(round(height * scale), 4)
    return np.stack(
        [
            cv2.resize(
                cv2.resize(crop, small, interpolation=cv2.INTER_AREA),
                (width, height),
                interpolation=cv2.INTER_LINEAR,
            )
            for crop in crops
        ]
    )


def blurred(crops: ImageU8, sigma_px: float) -> ImageU8:
    """Return crops blurred by a Gaussian of `sigma_px` pixels of the crop."""
    return np.stack([cv2.GaussianBlur(crop, (0, 0), sigma_px) for crop in crops])


def errors(
    head: Head,
    logits: NDArray[np.float32],
    labels: NDArray[np.float32],
    calibration: dict[str, Any],
) -> NDArray[np.float64]:
    """Return one error a picture: absolute (expectation) or squared error of the probability.

    Squared error (Brier's score) rather than wrong answers, because at a few percent of wrong
    answers a rise by a fifth would be a handful of pictures. NaN where the label is missing.
    """
    probs = probabilities(head, logits, calibration)
    if head.kind == "expectation":
        return np.abs(probs @ np.array(head.classes, float) - labels)
    if head.kind == "softmax":
        known = ~np.isnan(labels)
        target = np.full(probs.shape, np.nan)
        target[known] = np.eye(probs.shape[1])[labels[known].astype(int)]
        return ((probs - target) ** 2).sum(axis=1) / 2
    return ((probs - labels) ** 2).mean(axis=1)


def risen(error: float, base: float, kind: str) -> bool:
    """Return whether an error has risen by a fifth, and for probabilities by `MIN_RISE` too."""
    least = 0.0 if kind == "expectation" else MIN_RISE
    return error > base + max((RISE - 1.0) * base, least)


def crossing(measures: Floats, errors: Floats, bases: Floats, kind: str) -> float | None:
    """Return the measure below which errors have risen, or None if they never do.

    Pictures are put into equal bins by their measure; each bin's mean error is compared with what
    the very same pictures give undegraded, from the best bin to the worst. The limit lies half way
    between the last good bin and the first bad one.

    Args:
        measures: (M,) quality of each degraded picture, higher is better.
        errors: (M,) its error.
        bases: (M,) error of the same picture without degradation.
        kind: Of the head.
    """
    order = np.argsort(-measures, kind="stable")
    bins = [b for b in np.array_split(order, min(BINS, max(len(order) // MIN_BIN, 1))) if len(b)]
    previous: float | None = None
    for members in bins:
        middle = float(np.median(measures[members]))
        if risen(float(errors[members].mean()), float(bases[members].mean()), kind):
            return middle if previous is None else (previous + middle) / 2
        previous = middle
    return None


def fit_limits(
    heads: list[Head],
    sets: list[LabelledCrops],
    predict: Predict,
    calibration: dict[str, dict[str, Any]],
    template: EyeTemplate,
    size: tuple[int, int] | int,
    most: int = 700,
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """Return `limits` by head: eye_span_px, sharpness and turn beyond which it is unsure.

    Every measure is the one taken live (`vision.quality`). Heads with fewer than `MIN_LABELS`
    labelled pictures get no limits of their own. Turned faces cannot be made from frontal ones, so
    the pictures are ordered by how far they are turned, and the error is followed along that.

    Args:
        heads: Heads of the recipe.
        sets: Labelled pictures, of the validation split.
        predict: What gives the logits of degraded crops.
        calibration: Calibration by head.
        template: Eye template of the crops.
        size: Of the model's view, or the side of a square.
        most: Pictures taken from each data set.
        seed: Chooses them.
    """
    rng = np.random.default_rng(seed)
    crops_list, quality_rows, labels = [], [], {head.name: [] for head in heads}
    picked, before = [], 0
    for item in sets:
        known = np.flatnonzero(item.cache.found)
        index = np.sort(rng.permutation(known)[:most])
        picked.append(index + before)
        before += len(item.manifest)
        crops_list.append(model_view(item.cache, index, size))
        for i, crop in zip(index, crops_list[-1], strict=True):
            quality_rows.append(
                face_quality(crop, item.cache.matrices[i], item.cache.keypoints[i], template)
            )
        for head in heads:
            labels[head.name].append(item.labels[head.name][index])
    crops, rows = np.concatenate(crops_list), np.concatenate(picked)
    if len(crops) < MIN_LABELS:
        return {head.name: {} for head in heads}
    truth = {name: np.concatenate(parts) for name, parts in labels.items()}
    spans = np.array([q.eye_span_px for q in quality_rows])
    turns = np.array([abs(q.turn) for q in quality_rows])

    def error_of(pictures: ImageU8) -> dict[str, NDArray[np.float64]]:
        logits = predict(pictures, rows)
        return {
            h.name: errors(h, logits[h.name], truth[h.name], calibration[h.name]) for h in heads
        }

    plain = error_of(crops)
    # A face that was small already says nothing about a larger size.
    steps = [
        (np.full(len(crops), span), error_of(reduced(crops, span, template)), spans >= span)
        for span in EYE_SPANS_PX
    ]
    small = _Steps.of(steps)
    soft_steps = []
    everywhere = np.ones(len(crops), bool)
    for sigma in (0.0, *BLUR_SIGMAS_PX):
        pictures = blurred(crops, sigma) if sigma else crops
        sharpness = np.array([sharpness_of(picture, template) for picture in pictures])
        soft_steps.append((sharpness, error_of(pictures) if sigma else plain, everywhere))
    soft = _Steps.of(soft_steps)
    limits: dict[str, dict[str, float]] = {}
    for head in heads:
        found: dict[str, float] = {}
        limits[head.name] = found
        known = ~np.isnan(plain[head.name])
        if known.sum() < MIN_LABELS:
            continue
        for key, degraded in (("eye_span_px", small), ("sharpness", soft)):
            value = degraded.limit(head, plain[head.name], known)
            if value is not None:
                found[key] = round(value, 3)
        found["turn"] = round(_turn_limit(turns[known], plain[head.name][known], head.kind), 3)
    return limits


@dataclass(frozen=True)
class _Steps:
    """Degraded pictures, all steps in one row: measure, errors by head, which picture, counted."""

    measures: Floats
    errors: dict[str, Floats]
    picture: NDArray[np.intp]
    counted: NDArray[np.bool_]

    @classmethod
    def of(cls, steps: list[tuple[Floats, dict[str, Floats], NDArray[np.bool_]]]) -> "_Steps":
        names = steps[0][1]
        return cls(
            np.concatenate([measure for measure, _, _ in steps]),
            {name: np.concatenate([errors[name] for _, errors, _ in steps]) for name in names},
            np.concatenate([np.arange(len(measure)) for measure, _, _ in steps]),
            np.concatenate([counted for _, _, counted in steps]),
        )

    def limit(self, head: Head, plain: Floats, known: NDArray[np.bool_]) -> float | None:
        use = self.counted & known[self.picture]
        bases = plain[self.picture[use]]
        return crossing(self.measures[use], self.errors[head.name][use], bases, head.kind)


def _turn_limit(turns: Floats, error: Floats, kind: str) -> float:
    """Return the turn at which a moving average of the error has clearly risen by a fifth.

    The reference is the less turned half; clearly means by more than two standard errors of the
    window. Without such a rise it is the 99th percentile of what was measured: beyond that nothing
    is known.
    """
    order = np.argsort(turns)
    turns, error = turns[order], error[order]
    base = float(error[: len(error) // 2].mean())
    window = min(TURN_WINDOW, len(error) // 4)
    for start in range(len(error) // 2, len(error) - window + 1, max(window // 12, 1)):
        inside = error[start : start + window]
        rest = float(error[start:].mean())
        doubt = 2.0 * float(inside.std()) / np.sqrt(window)
        if risen(float(inside.mean()) - doubt, base, kind) and risen(rest, base, kind):
            return float(turns[start])
    return float(np.quantile(turns, 0.99))
