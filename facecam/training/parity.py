"""Does the graph that ships say what Keras says? Measured on real pictures, head by head.

A float model must agree: at most `FLOAT_TOLERANCE` in any probability. An int8 model cannot; what
counts there is what becomes of its figures, so each of them is measured beside the float32 graph's
on the whole validation split, and a model that has clearly lost is refused.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.errors import TrainingError
from facecam.inference.decode import probabilities
from facecam.training.conversion import Format
from facecam.training.metrics import evaluate_head
from facecam.training.network import Network
from facecam.training.recipe import Head, Recipe
from facecam.types import ImageU8

FLOAT_TOLERANCE = 1e-3
MAIN: dict[str, str] = {"softmax": "accuracy", "sigmoid": "auc", "expectation": "mae"}
MOST_LOST = {"accuracy": 0.02, "auc": 0.02, "mae": 0.05}
"""What int8 may lose: of accuracy and AUC this much, of the error this share of it. By choice."""
FEW_PICTURES = 3
"""So many pictures may change sides in any case: in small splits they are more than `MOST_LOST`."""
_COMPARED = (
    "accuracy", "balanced_accuracy", "auc", "average_precision", "ece", "mae", "cs5",
    "interval_coverage",
)  # fmt: skip
_BATCH = 32
Logits = Mapping[str, NDArray[np.float32]]


def keras_logits(network: Network, crops: ImageU8) -> dict[str, NDArray[np.float32]]:
    """Return the logits (N, K) by head that Keras gives for crops (N, H, W, 3) uint8 RGB."""
    parts: dict[str, list[NDArray[np.float32]]] = {}
    for start in range(0, len(crops), _BATCH):
        out = network.model.predict_on_batch(crops[start : start + _BATCH])
        for name, values in out.items():
            parts.setdefault(name, []).append(np.asarray(values))
    return {name: np.concatenate(values) for name, values in parts.items()}


def measure_parity(recipe: Recipe, expected: Logits, got: Logits, format: Format) -> dict[str, Any]:
    """Return {"pictures", "heads": {head: {"logits", "probabilities"}}}, largest differences.

    Args:
        recipe: Its heads are compared.
        expected: (N, K) by head, of Keras.
        got: (N, K) by head, of the graph that ships, for the same pictures.
        format: Of that graph.

    Raises:
        TrainingError: A number is not finite, or a float model differs by more than
            `FLOAT_TOLERANCE` in a probability.
    """
    heads: dict[str, Any] = {}
    count = 0
    for head in recipe.heads:
        z, shipped = expected[head.name], got[head.name]
        count = len(z)
        if not (np.isfinite(z).all() and np.isfinite(shipped).all()):
            raise TrainingError(
                f"The head '{head.name}' gives numbers that are not finite: train it again with a "
                "smaller learning rate."
            )
        in_p = float(
            np.abs(probabilities(head, z, {}) - probabilities(head, shipped, {})).max(initial=0.0)
        )
        in_z = float(np.abs(z - shipped).max(initial=0.0))
        heads[head.name] = {"logits": in_z, "probabilities": in_p}
        if format != "int8" and not in_p <= FLOAT_TOLERANCE:
            advice = "export it as float32" if format == "float16" else "train or export it again"
            raise TrainingError(
                f"The converted model's '{head.name}' differs from Keras by {in_p:.2g} in a "
                f"probability, at most {FLOAT_TOLERANCE:g} is allowed: {advice}."
            )
    return {"pictures": count, "heads": heads}


def metric_changes(
    heads: Sequence[Head],
    before: Logits,
    after: Logits,
    labels: Mapping[str, NDArray[np.float32]],
    subjects: NDArray[Any],
) -> dict[str, dict[str, list[float]]]:
    """Return by head (or "head.class") and figure [before, after].

    Args:
        heads: With labels or without; those without are left out.
        before: (N, K) by head.
        after: (N, K) by head, for the same pictures.
        labels: As `data.head_labels` gives them.
        subjects: (N,) who is shown.

    Raises:
        TrainingError: `after` has clearly lost: its main figure is worse than `MOST_LOST` allows
            and outside the 95% interval of the figure before.
    """
    changes: dict[str, dict[str, list[float]]] = {}
    for head in heads:
        if not np.isfinite(labels[head.name]).any():
            continue
        pair = [
            _figures(head, z[head.name], labels[head.name], subjects, n_boot)
            for z, n_boot in ((before, 300), (after, 0))
        ]
        for key, old in pair[0].items():
            new = pair[1][key]
            known = [k for k in _COMPARED if old.get(k) is not None and new.get(k) is not None]
            changes[key] = {k: [old[k], new[k]] for k in known}
            if MAIN[head.kind] in known:
                _refuse_loss(key, MAIN[head.kind], old, new[MAIN[head.kind]])
    return changes


def _figures(
    head: Head,
    z: NDArray[np.float32],
    labels: NDArray[np.float32],
    subjects: NDArray[Any],
    n_boot: int,
) -> dict[str, Mapping[str, Any]]:
    found = evaluate_head(
        head, z, labels, subjects, n_boot=n_boot, threshold_rule=head.threshold_rule
    )
    if "classes" not in found:
        return {head.name: found}
    return {f"{head.name}.{name}": part for name, part in found["classes"].items()}


def _refuse_loss(key: str, name: str, old: Mapping[str, Any], new: float) -> None:
    value, limits = old[name], (old.get("ci") or {}).get(name)
    lost = (new - value) / max(value, 1e-9) if name == "mae" else value - new
    outside = limits is None or (new > limits[1] if name == "mae" else new < limits[0])
    allowed = MOST_LOST[name] if name == "mae" else max(MOST_LOST[name], FEW_PICTURES / old["n"])
    if lost > allowed and outside:
        raise TrainingError(
            f"As int8 the {name} of '{key}' goes from {value:.3f} to {new:.3f}, which is more than "
            "it may lose: export as float16 or float32."
        )
