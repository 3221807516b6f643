"""The few figures that are watched while training; `evaluate` gives the full picture."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from facecam.errors import TrainingError
from facecam.training.recipe import Recipe


def quick_metrics(
    recipe: Recipe, logits: dict[str, NDArray[np.float32]], labels: dict[str, NDArray[np.float32]]
) -> dict[str, float]:
    """Return MAE, accuracy or mean AUC by head, for the heads that have labels of two kinds.

    A head with class weights is measured by its balanced accuracy, which is what they are for.

    Raises:
        TrainingError: A head gives numbers that are not finite.
    """
    figures: dict[str, float] = {}
    for head in recipe.heads:
        z, y = logits[head.name].astype(np.float64), labels[head.name]
        if not np.isfinite(z).all():
            raise TrainingError(
                f"The head '{head.name}' gives numbers that are not finite: lower the learning "
                "rate."
            )
        if head.kind == "sigmoid":
            aucs = [_auc(z[:, k], y[:, k]) for k in range(y.shape[1])]
            known_aucs = [auc for auc in aucs if auc is not None]
            if known_aucs:
                figures[f"{head.name}.auc"] = float(np.mean(known_aucs))
            continue
        known = ~np.isnan(y)
        z, y = z[known], y[known]
        if len(y) == 0:
            continue
        if head.kind == "expectation":
            p = np.exp(z - z.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            values = np.array(head.classes, np.float64)
            figures[f"{head.name}.mae"] = float(np.abs(p @ values - y).mean())
            continue
        right = z.argmax(axis=1) == y
        if head.class_weights:  # what such weights are for
            shares = [right[y == k].mean() for k in np.unique(y)]
            figures[f"{head.name}.balanced_accuracy"] = float(np.mean(shares))
        else:
            figures[f"{head.name}.accuracy"] = float(right.mean())
    return figures


def _auc(scores: NDArray[np.float64], labels: NDArray[np.float32]) -> float | None:
    """Return the AUC of one class (N,) over the rows that know it; None unless both kinds occur."""
    known = ~np.isnan(labels)
    yes = labels[known]
    if not 0 < yes.sum() < len(yes):
        return None
    return float(roc_auc_score(yes, scores[known]))


def score(recipe: Recipe, figures: dict[str, float]) -> float:
    """Return one number to choose a checkpoint by: mean accuracy and AUC, minus relative MAE."""
    ranges = {
        head.name: float(max(head.classes)) - float(min(head.classes))  # type: ignore[type-var]
        for head in recipe.heads
        if head.kind == "expectation"
    }
    values = []
    for key, value in figures.items():
        head = key.split(".")[-2]
        values.append(1.0 - 5.0 * value / ranges[head] if key.endswith(".mae") else value)
    return float(np.mean(values)) if values else -np.inf
