"""The figures of one head on one set of pictures, with baselines and bootstrap intervals."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.training.calibration import COVERAGE, YOUDEN
from facecam.training.predictions import HeadLike, Predictions
from facecam.training.verdicts import CHANCE, no_better_than_chance, verdicts
from facecam.training.weighted import (
    Figures,
    Floats,
    Ints,
    RankedScores,
    calibration_errors,
    estimate,
    mean,
    ratio,
)

WITHIN = 5.0  # CS@5: share of pictures that are at most five units off
_CENTRED = frozenset({"ece", "mean_square"})
_DIGITS = 6


@dataclass(frozen=True)
class Resampling:
    """How the intervals are made: clusters (N,) drawn together, number of resamples, seed."""

    clusters: Ints
    n_boot: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Threshold:
    """The threshold that all the pictures give.

    Attributes:
        value: On the calibrated probability; NaN if there is none.
        probs: (N,) the probabilities it was fitted on, or None when it was fitted elsewhere.
        rule: As in `weighted.RankedScores.threshold`.
    """

    value: float
    probs: Floats | None = None
    rule: tuple[str, float] = YOUDEN


def head_figures(
    head: HeadLike,
    made: Predictions,
    rows: NDArray[np.bool_],
    resampling: Resampling,
    *,
    column: int = 0,
    threshold: Threshold | None = None,
) -> dict[str, Any]:
    """Return the figures over `rows` (N,), all of which must be labelled, with "ci".

    "verdicts" holds a sentence for each main figure that is no better than its baseline, and
    "no_better_than_chance" is true where the interval of the AUC includes 0.5.

    Args:
        head: Name, kind and classes.
        made: Predictions for all pictures.
        rows: Which of them count.
        resampling: Clusters of all pictures.
        column: Class of a sigmoid head.
        threshold: Reported, with its interval, for a sigmoid head.
    """
    if head.kind == "sigmoid":
        out = _sigmoid(made, rows, resampling, column, threshold)
    elif head.kind == "softmax":
        out = _softmax(head, made, rows, resampling)
    else:
        out = _expectation(made, rows, resampling)
    if no_better_than_chance(out):
        out["no_better_than_chance"] = True
    words = verdicts(out)
    return {**out, "verdicts": words} if words else out


def _softmax(
    head: HeadLike, made: Predictions, rows: NDArray[np.bool_], resampling: Resampling
) -> dict[str, Any]:
    k = len(head.classes)
    truth = made.labels[rows].astype(np.int64)
    scores, probs = made.scores[rows], made.probs[rows]
    chosen = scores.argmax(axis=1)  # a temperature never changes which class is first
    right = chosen == truth
    counts = np.bincount(truth, minlength=k)
    present = np.flatnonzero(counts)
    majority = int(counts.argmax())
    member = (truth[:, None] == present).astype(float)
    ranked = [RankedScores(scores[:, c], truth == c) for c in present if counts[c] < len(truth)]
    fitted = bool(len(truth)) and bool(np.isfinite(probs).all())

    def statistic(weights: Floats) -> Figures:
        recalls = ratio(weights @ (member * right[:, None]), weights @ member)
        figures = {
            "accuracy": mean(weights, right),
            "balanced_accuracy": _mean_of(list(recalls.T), len(weights)),
            "majority_baseline": mean(weights, truth == majority),
            "auc": _mean_of([r.auc(weights) for r in ranked], len(weights)),
        }
        return figures | _calibration(weights, fitted, probs.max(axis=1, initial=0.0), right)

    out = _estimate(statistic, rows, resampling)
    confusion = np.zeros((k, k), np.int64)
    np.add.at(confusion, (truth, chosen), 1)
    out["baselines"] = {
        "accuracy": out["majority_baseline"],
        "balanced_accuracy": round(1 / len(present), _DIGITS) if len(present) else None,
        "auc": CHANCE,
        "constant": str(head.classes[majority]) if len(present) else None,
    }
    out["confusion"] = confusion.tolist()
    return out


def _sigmoid(
    made: Predictions,
    rows: NDArray[np.bool_],
    resampling: Resampling,
    column: int,
    threshold: Threshold | None,
) -> dict[str, Any]:
    assert made.thresholds is not None
    yes = made.labels[rows, column] == 1
    p = made.probs[rows, column]
    ranked = RankedScores(made.scores[rows, column], yes)
    limits = made.thresholds[rows, column]
    fitted = bool(len(yes)) and bool(np.isfinite(p).all() and np.isfinite(limits).all())
    said = p >= limits if fitted else np.zeros(len(yes), bool)
    majority = bool(yes.sum() * 2 > len(yes))
    on_fit = None
    if threshold is not None and threshold.probs is not None:
        on_fit = RankedScores(threshold.probs[rows], yes)

    def statistic(weights: Floats) -> Figures:
        hits = weights @ (said & yes).astype(float)
        passed = weights @ (~said & ~yes).astype(float)
        n_yes, n_said = weights @ yes.astype(float), weights @ said.astype(float)
        n = weights.sum(axis=1)
        nothing = np.full(len(weights), np.nan)
        recall, specificity = ratio(hits, n_yes), ratio(passed, n - n_yes)
        decided = {
            "precision": ratio(hits, n_said),
            "recall": recall,
            "specificity": specificity,
            "accuracy": ratio(hits + passed, n),
            "balanced_accuracy": (recall + specificity) / 2,
        }
        figures = {
            "auc": ranked.auc(weights),
            "average_precision": ranked.average_precision(weights),
            **{name: value if fitted else nothing for name, value in decided.items()},
            "majority_baseline": mean(weights, yes == majority),
        }
        if threshold is not None:
            figures["threshold"] = (
                nothing if on_fit is None else on_fit.threshold(weights, threshold.rule)
            )
        return figures | _calibration(weights, fitted, p, yes)

    out = _estimate(statistic, rows, resampling)
    if threshold is not None:  # as it is stored, to the last digit
        out["threshold"] = _number(threshold.value)
    share = _number(float(yes.mean())) if len(yes) else None
    out["baselines"] = {
        "accuracy": out["majority_baseline"],
        "balanced_accuracy": 0.5,
        "auc": CHANCE,
        "average_precision": share,
        "precision": share,
        "constant": ("yes" if majority else "no") if len(yes) else None,
    }
    if fitted:
        table = [[~said & ~yes, said & ~yes], [~said & yes, said & yes]]
        out["confusion"] = [[int(cell.sum()) for cell in line] for line in table]
    else:
        out["confusion"] = None
    return {"n": out.pop("n"), "n_positive": int(yes.sum()), **out}


def _expectation(
    made: Predictions, rows: NDArray[np.bool_], resampling: Resampling
) -> dict[str, Any]:
    assert made.value is not None
    assert made.low is not None
    assert made.high is not None
    y, value = made.labels[rows], made.value[rows]
    fitted = bool(len(y)) and bool(np.isfinite(value).all())
    off = np.abs(value - y)
    inside = (made.low[rows] <= y) & (y <= made.high[rows])
    median = float(np.median(y)) if len(y) else np.nan
    width = made.high[rows] - made.low[rows]

    def statistic(weights: Floats) -> Figures:
        predicted = {
            "mae": off,
            "bias": value - y,
            "cs5": off <= WITHIN,
            "interval_coverage": inside,
            "interval_width": width,
        }
        nothing = np.full(len(weights), np.nan)
        return {
            **{k: mean(weights, v) if fitted else nothing for k, v in predicted.items()},
            "median_baseline_mae": mean(weights, np.abs(y - median)),
        }

    out = _estimate(statistic, rows, resampling)
    tails = (50 - 50 * COVERAGE, 50 + 50 * COVERAGE)
    out["baselines"] = {
        "mae": out["median_baseline_mae"],
        "cs5": _number(float((np.abs(y - median) <= WITHIN).mean())) if len(y) else None,
        "interval_width": _number(float(np.ptp(np.percentile(y, tails)))) if len(y) else None,
        "interval_coverage": COVERAGE,
        "constant": _number(median),
    }
    return out


def _calibration(
    weights: Floats, fitted: bool, probs: Floats, outcomes: NDArray[np.bool_]
) -> Figures:
    if fitted:
        return calibration_errors(weights, probs, outcomes)
    nothing = np.full(len(weights), np.nan)
    return {"ece": nothing, "mean_square": nothing}


def _mean_of(parts: list[Floats], rows: int) -> Floats:
    """Mean over the classes that a resample holds; NaN where it holds none."""
    if not parts:
        return np.full(rows, np.nan)
    table = np.column_stack(parts)
    known = np.isfinite(table)
    return ratio(np.where(known, table, 0.0).sum(axis=1), known.sum(axis=1))


def _estimate(statistic: Any, rows: NDArray[np.bool_], resampling: Resampling) -> dict[str, Any]:
    """Run the bootstrap over `rows` and give plain numbers: {"n", figures..., "ci"}."""
    clusters = np.unique(resampling.clusters[rows], return_inverse=True)[1].reshape(-1)
    points, limits = estimate(
        statistic,
        clusters.astype(np.int64),
        n_boot=resampling.n_boot,
        seed=resampling.seed,
        centred=_CENTRED,
    )
    for found in (points, limits):
        for name in _CENTRED & set(found):
            found[name] = np.maximum(found[name], 0.0)  # type: ignore[assignment]
    if "mean_square" in points:
        points["ece_rms"] = float(np.sqrt(points.pop("mean_square")))
        low, high = np.sqrt(limits.pop("mean_square"))
        limits["ece_rms"] = (float(low), float(high))
    ci = {
        name: None if not np.isfinite(pair).all() else [_number(pair[0]), _number(pair[1])]
        for name, pair in limits.items()
    }
    return {"n": int(rows.sum()), **{k: _number(v) for k, v in points.items()}, "ci": ci}


def _number(value: float) -> float | None:
    return round(float(value), _DIGITS) if np.isfinite(value) else None
