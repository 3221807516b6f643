"""The few figures that are watched while training; `evaluate` gives the full picture."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from facecam.training.recipe import Recipe


def quick_metrics(
    recipe: Recipe, logits: dict[str, NDArray[np.float32]], labels: dict[str, NDArray[np.float32]]
) -> dict[str, float]:
    """Return MAE, accuracy or mean AUC by head, for the heads that have labels of two kinds.

    A head with class weights is measured by its balanced accuracy, which is what they are for.
    """
    figures: dict[str, float] = {}
    for head in recipe.heads:
        z, y = logits[head.name].astype(np.float64), labels[head.name]
        known = ~np.isnan(y) if y.ndim == 1 else ~np.isnan(y).any(axis=1)
        z, y = z[known], y[known]
        if len(y) == 0:
            continue
        if head.kind == "expectation":
            p = np.exp(z - z.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            values = np.array(head.classes, np.float64)
            figures[f"{head.name}.mae"] = float(np.abs(p @ values - y).mean())
        elif head.kind == "softmax":
            right = z.argmax(axis=1) == y
            if head.class_weights:  # what such weights are for
                shares = [right[y == k].mean() for k in np.unique(y)]
                figures[f"{head.name}.balanced_accuracy"] = float(np.mean(shares))
            else:
                figures[f"{head.name}.accuracy"] = float(right.mean())
        else:
            aucs = [
                roc_auc_score(y[:, k], z[:, k])
                for k in range(y.shape[1])
                if 0 < y[:, k].sum() < len(y)
            ]
            if aucs:
                figures[f"{head.name}.auc"] = float(np.mean(aucs))
    return figures


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
