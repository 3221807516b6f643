"""Calibration, thresholds and intervals: fitted on labelled predictions, and cross-fitted.

What is fitted here goes into a model package; `facecam.inference.decode` applies it, live and
here alike. To say how good it is, it is fitted on one half of the subjects and applied to the
other half, and the other way round (`cross_fit`): no picture is scored by what it helped to fit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logsumexp

from facecam.errors import TrainingError
from facecam.inference.decode import DEFAULT_INTERVAL, expectation, probabilities
from facecam.training.predictions import (
    HeadLike,
    OneClass,
    Predictions,
    check_arrays,
    cluster_ids,
    split_halves,
)
from facecam.training.weighted import Floats, Ints, RankedScores

COVERAGE = 0.8
YOUDEN: tuple[str, float] = ("youden", 0.0)
_MIN_SCALE = 1e-3  # a calibration may flatten scores but never turn their order round
_TEMPERATURES = (0.05, 20.0)


def fit_calibration(
    head: HeadLike,
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    threshold_rule: tuple[str, float] = YOUDEN,
) -> dict[str, Any]:
    """Fit what a package stores for one head.

    softmax: `temperature` by negative log-likelihood (Guo et al. 2017). expectation: the same,
    unless 1.0 gives the smaller mean absolute error, and `interval`: split-conformal quantiles
    (Lei et al. 2018) of the signed residual over the distribution's standard deviation, equal
    tails. sigmoid: `scale` and `shift` per class (Platt 1999, with his softened targets) and
    `thresholds` on the calibrated probability.

    Args:
        head: Name, kind and classes.
        logits: (N, K).
        labels: As in `check_arrays`.
        threshold_rule: As in `RankedScores.threshold`.

    Raises:
        TrainingError: No label, a yes/no class with one answer only, or broken logits.
    """
    z, y = check_arrays(head, logits, labels)
    if not np.isfinite(y).any():
        raise TrainingError(
            f"Head '{head.name}' has no label among {len(z)} pictures, so it cannot be "
            "calibrated: add labels, or leave the head out."
        )
    if head.kind == "sigmoid":
        return _fit_sigmoid(head, z, y, threshold_rule)
    keep = np.isfinite(y)
    z, y = z[keep], y[keep]
    if head.kind == "softmax":
        return {"temperature": _fit_temperature(z, y.astype(np.int64), len(y))}
    numbers = np.asarray(head.classes, np.float64)
    nearest = np.abs(numbers[None, :] - y[:, None]).argmin(axis=1)
    best, error = 1.0, np.inf
    for temperature in (1.0, _fit_temperature(z, nearest, None)):
        probs = probabilities(head, z, {"temperature": temperature})
        mae = float(np.abs(probs @ numbers - y).mean())
        if mae < error:
            best, error = temperature, mae
    value, sd = expectation(probabilities(head, z, {"temperature": best}), head.classes)
    tail = (1 - COVERAGE) / 2
    return {
        "temperature": best,
        "interval": {
            "coverage": COVERAGE,
            "q_low": max(0.0, _conformal_quantile((value - y) / sd, 1 - tail)),
            "q_high": max(0.0, _conformal_quantile((y - value) / sd, 1 - tail)),
        },
    }


def fit_or_leave(
    head: HeadLike, logits: ArrayLike, labels: ArrayLike
) -> tuple[dict[str, Any], list[str]]:
    """Fit what a package stores for one head, or leave out what its labels do not allow.

    A class that cannot be fitted keeps its probabilities as they are and a threshold of 0.5.

    Args:
        head: Name, kind and classes; its `threshold_rule` where it has one.
        logits: (N, K).
        labels: As in `check_arrays`.

    Returns:
        As of `fit_calibration`, and a sentence for each class that was left.
    """
    rule = getattr(head, "threshold_rule", YOUDEN)
    if head.kind != "sigmoid":
        try:
            return fit_calibration(head, logits, labels), []
        except TrainingError as error:
            return {}, [str(error)]
    z, y = check_arrays(head, logits, labels)
    parts, complaints = [], []
    for i in range(len(head.classes)):
        try:
            one = OneClass(head, i)
            parts.append(fit_calibration(one, z[:, i, None], y[:, i], threshold_rule=rule))
        except TrainingError as error:
            parts.append({"scale": [1.0], "shift": [0.0], "thresholds": [0.5]})
            complaints.append(f"{error} Its threshold stays at 0.5.")
    keys = ("scale", "shift", "thresholds")
    return {key: [float(part[key][0]) for part in parts] for key in keys}, complaints


def interval(head: HeadLike, probs: Floats, calibration: Mapping[str, Any]) -> tuple[Floats, ...]:
    """Return value, low and high (N,) of an expectation head, as `decode.reading` gives them."""
    numbers = np.asarray(head.classes, np.float64)
    value, sd = expectation(probs, head.classes)
    fitted = calibration.get("interval", DEFAULT_INTERVAL)
    low = np.clip(value - fitted["q_low"] * sd, numbers.min(), numbers.max())
    high = np.clip(value + fitted["q_high"] * sd, numbers.min(), numbers.max())
    return value, low, high


def cross_fit(
    head: HeadLike,
    logits: ArrayLike,
    labels: ArrayLike,
    subjects: ArrayLike | None = None,
    *,
    seed: int = 0,
    threshold_rule: tuple[str, float] = YOUDEN,
) -> Predictions:
    """Predict each half of the subjects with what was fitted on the other half.

    A head (for sigmoid: a class) of which either half cannot be fitted keeps NaN predictions.

    Args:
        head: Name, kind and classes.
        logits: (N, K).
        labels: As in `check_arrays`.
        subjects: (N,) subject of each picture; without it each picture is its own.
        seed: Seed of the halves.
        threshold_rule: As in `RankedScores.threshold`.
    """
    z, y = check_arrays(head, logits, labels)
    clusters = cluster_ids(subjects, len(z))
    if head.kind == "sigmoid":
        parts = [
            _cross_fit_one(
                OneClass(head, i), z[:, i : i + 1], y[:, i], clusters, seed, threshold_rule
            )
            for i in range(z.shape[1])
        ]
        return Predictions(
            labels=y,
            scores=z,
            probs=np.column_stack([part.probs for part in parts]),
            half=np.column_stack([part.half for part in parts]),
            thresholds=np.column_stack([np.asarray(part.thresholds) for part in parts]),
        )
    return _cross_fit_one(head, z, y, clusters, seed, threshold_rule)


def apply_calibration(
    head: HeadLike,
    logits: ArrayLike,
    labels: ArrayLike,
    calibration: Mapping[str, Any],
    thresholds: Sequence[float] | None = None,
) -> Predictions:
    """Predict with a calibration that was fitted on other pictures than these.

    Args:
        head: Name, kind and classes.
        logits: (N, K).
        labels: As in `check_arrays`.
        calibration: What `fit_calibration` gave, or the package's for this head.
        thresholds: Of a sigmoid head; default those in `calibration`, else 0.5.
    """
    z, y = check_arrays(head, logits, labels)
    probs = np.asarray(probabilities(head, z, calibration), np.float64)
    half = np.where(np.isfinite(y), 0, -1).reshape(len(z), -1)
    if head.kind == "expectation":
        value, low, high = interval(head, probs, calibration)
        return Predictions(y, probs, probs, half, value=value, low=low, high=high)
    if head.kind == "softmax":
        return Predictions(y, probs, probs, half)
    given = calibration.get("thresholds", [0.5] * z.shape[1]) if thresholds is None else thresholds
    return Predictions(y, z, probs, half, thresholds=np.tile(np.asarray(given, float), (len(z), 1)))


def _cross_fit_one(
    head: HeadLike, z: Floats, y: Floats, clusters: Ints, seed: int, rule: tuple[str, float]
) -> Predictions:
    n, k = z.shape
    known = np.isfinite(y)
    half = np.full(n, -1, np.int64)
    half[known] = split_halves(clusters[known], y[known], seed)
    probs = np.full((n, k), np.nan)
    thresholds = np.full((n, 1), np.nan)
    bounds = np.full((3, n), np.nan)
    try:
        fitted = [
            fit_calibration(
                head, z[half != h], np.where(known, y, np.nan)[half != h], threshold_rule=rule
            )
            for h in (0, 1)
        ]
    except TrainingError:
        fitted = []
    for h, calibration in enumerate(fitted):
        rows = half == h
        probs[rows] = probabilities(head, z[rows], calibration)
        if head.kind == "sigmoid":
            thresholds[rows] = calibration["thresholds"][0]
        elif head.kind == "expectation":
            bounds[:, rows] = interval(head, probs[rows], calibration)
    if head.kind == "sigmoid":
        return Predictions(y, z, probs, half[:, None], thresholds=thresholds)
    plain = np.asarray(probabilities(head, z, {"temperature": 1.0}), np.float64)
    if head.kind == "softmax":
        return Predictions(y, plain, probs, half[:, None])
    value, low, high = bounds
    return Predictions(y, plain, probs, half[:, None], value=value, low=low, high=high)


def _fit_temperature(z: Floats, index: NDArray[np.int64], soften: int | None) -> float:
    """Minimise the negative log-likelihood of the true class over the temperature.

    With `soften` = n, a share 1 / (n + 2) of each target goes to the other classes, as in Platt's
    scaling: a split without a single mistake would otherwise call for infinite confidence.
    """
    n, k = z.shape
    share = 1 / (soften + 2) if soften and k > 1 else 0.0
    true = z[np.arange(n), index]
    others = (z.sum(axis=1) - true) / max(k - 1, 1)
    target = (1 - share) * true + share * others

    def loss(log_t: float) -> float:
        inverse = float(np.exp(-log_t))
        return float((logsumexp(z * inverse, axis=1) - inverse * target).mean())

    low, high = np.log(_TEMPERATURES)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x))


def _fit_sigmoid(head: HeadLike, z: Floats, y: Floats, rule: tuple[str, float]) -> dict[str, Any]:
    scales, shifts, thresholds = [], [], []
    for i, name in enumerate(head.classes):
        known = np.isfinite(y[:, i])
        score, yes = z[known, i], y[known, i] == 1
        if yes.all() or not yes.any():
            raise TrainingError(
                f"Class '{name}' of head '{head.name}' has {int(yes.sum())} yes and "
                f"{int((~yes).sum())} no among {len(yes)} labels: both are needed to calibrate it."
            )
        scale, shift = _fit_platt(score, yes)
        levels = expit(scale * score + shift)
        at = RankedScores(levels, yes).threshold(np.ones((1, len(yes))), rule)
        scales.append(scale)
        shifts.append(shift)
        thresholds.append(float(at[0]))
    return {"scale": scales, "shift": shifts, "thresholds": thresholds}


def _fit_platt(score: Floats, yes: NDArray[np.bool_]) -> tuple[float, float]:
    """Return scale and shift of a logistic fit with Platt's softened targets."""
    n_yes, n_no = int(yes.sum()), int((~yes).sum())
    target = np.where(yes, (n_yes + 1) / (n_yes + 2), 1 / (n_no + 2))
    centre, width = float(score.mean()), float(score.std())
    if width < 1e-9 * max(1.0, abs(centre)):  # constant scores say nothing: p is the base rate
        return 1.0, float(np.log((n_yes + 1) / (n_no + 1))) - centre
    unit = (score - centre) / width

    def loss(x: Floats) -> tuple[float, Floats]:
        line = x[0] * unit + x[1]
        wrong = expit(line) - target
        value = np.logaddexp(0.0, line) - target * line
        return float(value.mean()), np.array([(wrong * unit).mean(), wrong.mean()])

    start = np.array([1.0, np.log(n_yes / n_no)])
    bounds = [(_MIN_SCALE * width, 1e3), (-1e3, 1e3)]
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B")
    slope, offset = (float(v) for v in found.x)
    return slope / width, offset - slope / width * centre


def _conformal_quantile(values: Floats, share: float) -> float:
    """Return the ceil((n + 1) share)-th smallest value, or the largest when n is too small."""
    ranked = np.sort(values)
    rank = int(np.ceil((len(ranked) + 1) * share - 1e-9))
    return float(ranked[min(rank, len(ranked)) - 1])
