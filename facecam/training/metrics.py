"""What `evaluate` says about a head: figures, their trivial baselines and 95% intervals.

Conventions, all of which hold for every figure here:

- A picture without a label for the head counts nowhere, not in `n` either.
- What is fitted (calibration, threshold, interval) is cross-fitted over two halves of the
  subjects, so accuracy, precision, recall, ece and coverage are out-of-half figures; AUC and
  average precision rank the raw scores and need no fit. The `threshold` that is reported is the
  one that all the pictures together give, as a package stores it.
- "ci" holds 95% percentile bootstrap intervals over resampled subjects, given the fits.
- Baselines are the best constant answer on these very pictures (majority class, median), which is
  the strongest constant there is.
- A figure that does not exist (one class only, no label, too few subjects) is None.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facecam.errors import TrainingError
from facecam.training.calibration import YOUDEN, apply_calibration, cross_fit, fit_calibration
from facecam.training.figures import Resampling, Threshold, head_figures
from facecam.training.predictions import (
    HeadLike,
    OneClass,
    Predictions,
    check_arrays,
    cluster_ids,
)
from facecam.training.weighted import Floats

AGE_BAND_STARTS = (0, 3, 10, 20, 30, 40, 50, 60, 70)
__all__ = [
    "Predictions",
    "age_bands",
    "apply_calibration",
    "cross_fit",
    "evaluate_head",
    "fit_calibration",
    "subgroup_table",
    "worst_mistakes",
]


def evaluate_head(
    head: HeadLike,
    logits: ArrayLike,
    labels: ArrayLike,
    subjects: ArrayLike | None = None,
    *,
    seed: int = 0,
    n_boot: int = 1000,
    threshold_rule: tuple[str, float] = YOUDEN,
) -> dict[str, Any]:
    """Return the figures of one head as `evaluate --json` prints them.

    Args:
        head: Name, kind and classes.
        logits: (N, K).
        labels: As in `predictions.check_arrays`; NaN is missing.
        subjects: (N,) who is shown, the unit of the halves and of the bootstrap.
        seed: Seed of the halves and of the bootstrap.
        n_boot: Resamples for the intervals; 0 for none.
        threshold_rule: As in `weighted.RankedScores.threshold`.

    Raises:
        TrainingError: Labels do not fit the head, or logits are NaN.
    """
    z, y = check_arrays(head, logits, labels)
    made = cross_fit(head, z, y, subjects, seed=seed, threshold_rule=threshold_rule)
    resampling = Resampling(cluster_ids(subjects, len(z)), n_boot, seed)
    if head.kind != "sigmoid":
        return head_figures(head, made, np.isfinite(made.labels), resampling)
    classes: dict[str, dict[str, Any]] = {}
    for i, name in enumerate(head.classes):
        known = np.isfinite(made.labels[:, i])
        limit = _threshold(head, z, y, i, threshold_rule)
        classes[str(name)] = head_figures(head, made, known, resampling, column=i, threshold=limit)
    if len(classes) == 1:
        return next(iter(classes.values()))
    return {"n": int(np.isfinite(made.labels).any(axis=1).sum()), "classes": classes}


def subgroup_table(
    head: HeadLike,
    predictions: Predictions,
    labels: ArrayLike,
    groups: Mapping[str, ArrayLike],
    subjects: ArrayLike | None = None,
    *,
    seed: int = 0,
    n_boot: int = 1000,
    min_n: int = 1,
) -> list[dict[str, Any]]:
    """Return the figures of each value of each grouping column.

    Args:
        head: Name, kind and classes.
        predictions: Of `cross_fit` or `apply_calibration`.
        labels: The labels they were made with; only their number is checked.
        groups: Column name to (N,) group of each picture; "", None and NaN are left out.
        subjects: (N,) as in `evaluate_head`.
        seed: Seed of the bootstrap.
        n_boot: Resamples for the intervals.
        min_n: Groups with fewer labelled pictures are left out.

    Returns:
        Rows {"by", "group", "class" (sigmoid only), "n", figures..., "ci"}, the groups of a column
        in sorted order.
    """
    n = len(predictions.labels)
    if len(np.asarray(labels)) != n:
        raise TrainingError(
            f"Head '{head.name}' has {n} predictions for {len(np.asarray(labels))} labels: "
            "a table needs both for the same pictures."
        )
    resampling = Resampling(cluster_ids(subjects, n), n_boot, seed)
    rows: list[dict[str, Any]] = []
    for by, column in groups.items():
        cells = np.asarray(column, dtype=object).reshape(-1)
        if len(cells) != n:
            raise TrainingError(
                f"The group column '{by}' has {len(cells)} values for {n} pictures: "
                "it needs one for each."
            )
        missing = np.array([c is None or c == "" or c != c for c in cells], bool)
        texts = np.array([str(c) for c in cells], dtype=object)
        for group in sorted({str(t) for t in texts[~missing]}, key=_natural):
            inside = (texts == group) & ~missing
            for i in range(predictions.labels.shape[1] if head.kind == "sigmoid" else 1):
                y = predictions.labels[:, i] if head.kind == "sigmoid" else predictions.labels
                known = np.isfinite(y) & inside
                if int(known.sum()) < max(1, min_n):
                    continue
                label = {"class": str(head.classes[i])} if head.kind == "sigmoid" else {}
                figures = head_figures(head, predictions, known, resampling, column=i)
                rows.append({"by": by, "group": group, **label, **figures})
    return rows


def worst_mistakes(
    head: HeadLike, predictions: Predictions, count: int = 24, class_index: int = 0
) -> NDArray[np.intp]:
    """Return the rows of the worst mistakes, worst first.

    expectation: the largest absolute errors. softmax: wrong answers by how little was given to
    the true class. sigmoid: pictures on the wrong side of the threshold by how far p is off.
    """
    y = predictions.labels[:, class_index] if head.kind == "sigmoid" else predictions.labels
    badness = np.full(len(y), -np.inf)
    known = np.isfinite(y) & np.isfinite(predictions.probs).all(axis=1)
    if head.kind == "sigmoid":
        known = np.isfinite(y) & np.isfinite(predictions.probs[:, class_index])
    rows = np.flatnonzero(known)
    if head.kind == "expectation" and predictions.value is not None:
        badness[rows] = np.abs(predictions.value - y)[rows]
    elif head.kind == "softmax":
        truth = y[rows].astype(np.int64)
        wrong = predictions.probs[rows].argmax(axis=1) != truth
        badness[rows] = np.where(wrong, 1 - predictions.probs[rows, truth], -np.inf)
    elif predictions.thresholds is not None:
        p = predictions.probs[rows, class_index]
        wrong = (p >= predictions.thresholds[rows, class_index]) != (y[rows] == 1)
        badness[rows] = np.where(wrong, np.abs(p - y[rows]), -np.inf)
    order = np.argsort(-badness, kind="stable")
    return order[: min(count, int(np.isfinite(badness).sum()))]


def age_bands(ages: ArrayLike, starts: Sequence[int] = AGE_BAND_STARTS) -> NDArray[np.object_]:
    """Return the age band (N,) such as "20-29" or "70+" of each age; "" for NaN."""
    values = np.asarray(ages, np.float64)
    names = [f"{a}-{b - 1}" for a, b in pairwise(starts)] + [f"{starts[-1]}+"]
    at = np.clip(np.searchsorted(starts, values, side="right") - 1, 0, len(names) - 1)
    return np.where(np.isfinite(values), np.array(names, dtype=object)[at], "")


def _natural(text: str) -> tuple[float, str]:
    digits = ""
    for char in text:
        if not char.isdigit():
            break
        digits += char
    return (float(digits) if digits else -1.0, text)


def _threshold(
    head: HeadLike,
    z: Floats,
    y: Floats,
    column: int,
    rule: tuple[str, float],
) -> Threshold:
    """Return the threshold that all the pictures give, which is the one to report."""
    one = OneClass(head, column)
    try:
        fitted = fit_calibration(one, z[:, column, None], y[:, column], threshold_rule=rule)
    except TrainingError:
        return Threshold(np.nan)
    probs = apply_calibration(one, z[:, column, None], y[:, column], fitted).probs[:, 0]
    return Threshold(float(fitted["thresholds"][0]), probs, rule)
