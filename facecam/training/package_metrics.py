"""What a package says of itself: "metrics" of model.json.

    {"heads": {HEAD: {...}}, "sets": {DATA SET: what `evaluate --json` prints, "protocol": ...}}

"heads" is for those who want one set of figures a head (the window's tool tips, the table of all
packages): that of the data set that was trained on and has most labels. One entry:

    {"data": "lfw", "protocol": "out of fold, five folds grouped by person", "n": 812,
     "auc": 0.61, "ci": {"auc": [0.55, 0.67], ...}, "baselines": {"auc": 0.5, ...}, ...,
     "no_better_than_chance": true}                       # only there when it is true

with the figures of `evaluate` of its kind of head: softmax accuracy, balanced_accuracy, auc, ece;
sigmoid n_positive, auc, average_precision, accuracy, ece; expectation mae, cs5,
interval_coverage. A sigmoid head of several classes has {"data", "protocol", "n", "classes":
{CLASS: figures}} with "no_better_than_chance" in the entry of each class.

Packages of before have the data sets themselves directly under "metrics".
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from facecam.training.verdicts import no_better_than_chance

VALIDATION = "validation split"
_KEPT = (
    "n", "n_positive", "auc", "average_precision", "accuracy", "balanced_accuracy",
    "majority_baseline", "ece", "mae", "median_baseline_mae", "bias", "cs5", "interval_coverage",
)  # fmt: skip


def package_metrics(
    sets: Mapping[str, Mapping[str, Any]], trained_on: frozenset[str] | set[str]
) -> dict[str, Any]:
    """Return "metrics" of model.json.

    Args:
        sets: Data set to the object that `evaluate --json` prints, with "protocol".
        trained_on: Data sets with a training split.
    """
    heads: dict[str, Any] = {}
    for wanted in (True, False):  # data sets that were trained on first
        for name, evaluation in sets.items():
            if (name in trained_on) != wanted:
                continue
            for head, figures in evaluation["heads"].items():
                known = heads.get(head)
                if known and (known["trained_on"] != wanted or known["n"] >= figures["n"]):
                    continue
                protocol = evaluation.get("protocol", VALIDATION)
                heads[head] = {
                    "data": name, "protocol": protocol, "trained_on": wanted, **_entry(figures),
                }  # fmt: skip
    for entry in heads.values():
        del entry["trained_on"]
    return {"heads": heads, "sets": dict(sets)}


def set_metrics(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return data set to evaluation, of packages of before too."""
    metrics = spec.get("metrics") or {}
    sets = metrics.get("sets", metrics)
    return {name: item for name, item in sets.items() if "heads" in item}


def plain_numbers(value: Any) -> Any:
    """Return nested records as JSON can hold them: NaN and infinity are None, arrays are lists."""
    if isinstance(value, Mapping):
        return {str(key): plain_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_numbers(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain_numbers(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _entry(figures: Mapping[str, Any]) -> dict[str, Any]:
    if "classes" in figures:
        return {"n": figures["n"], "classes": {k: _entry(v) for k, v in figures["classes"].items()}}
    entry = {key: figures[key] for key in _KEPT if key in figures}
    entry["ci"] = {k: v for k, v in (figures.get("ci") or {}).items() if k in entry}
    entry["baselines"] = dict(figures.get("baselines") or {})
    if no_better_than_chance(figures):
        entry["no_better_than_chance"] = True
    return entry
