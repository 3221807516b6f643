"""What a figure says beside its trivial baseline, in plain words.

A figure is "no better" than its baseline when its 95% interval reaches it: an accuracy of 0.80
that equals always answering no must be seen as such. These sentences stand in the report, in the
card and under "verdicts" in metrics.json.
"""

from collections.abc import Mapping, Sequence
from typing import Any

LESS_IS_BETTER = frozenset({"mae", "interval_width"})
CHANCE = 0.5
_WORDS = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "auc": "AUC",
    "average_precision": "Average precision",
    "mae": "Mean absolute error",
    "cs5": "Share within 5",
}
_JUDGED = ("accuracy", "auc", "mae")


def is_better(name: str, figures: Mapping[str, Any]) -> bool | None:
    """Return whether a figure's interval lies clear of its baseline; None where either is missing.

    Without an interval (one subject, no resamples) the figure itself is compared.

    Args:
        name: Of the figure.
        figures: Of one head or class, as `metrics.evaluate_head` gives them.
    """
    value = figures.get(name)
    base = (figures.get("baselines") or {}).get(name)
    if value is None or base is None:
        return None
    limits = (figures.get("ci") or {}).get(name)
    if name in LESS_IS_BETTER:
        return bool((limits[1] if limits else value) < base)
    return bool((limits[0] if limits else value) > base)


def no_better_than_chance(figures: Mapping[str, Any]) -> bool:
    """Return whether the interval of the AUC includes 0.5 or lies below it."""
    return is_better("auc", figures) is False


def constant_words(figures: Mapping[str, Any]) -> str:
    """Return what the best constant answer is: "always answering no", "always answering 29"."""
    constant = (figures.get("baselines") or {}).get("constant")
    if constant is None:
        return "the best constant answer"
    shown = f"{constant:g}" if isinstance(constant, float | int) else str(constant)
    return f"always answering {shown}"


def verdicts(figures: Mapping[str, Any], names: Sequence[str] = _JUDGED) -> list[str]:
    """Return a sentence for each figure that is no better than its trivial baseline.

    Args:
        figures: Of one head or class.
        names: Figures to judge.
    """
    out = []
    for name in names:
        if is_better(name, figures) is not False:
            continue
        what = "chance" if name == "auc" else constant_words(figures)
        base = figures["baselines"][name]
        how = "worse" if name != "auc" and _is_worse(name, figures) else "no better"
        out.append(
            f"{_WORDS[name]} {figure_text(name, figures)}: {how} than {what} "
            f"({_short(base, name)})."
        )
    return out


def _is_worse(name: str, figures: Mapping[str, Any]) -> bool:
    """Return whether the whole interval lies on the wrong side of the baseline."""
    limits = (figures.get("ci") or {}).get(name)
    base = figures["baselines"][name]
    if not limits:
        return False
    return bool(limits[0] > base if name in LESS_IS_BETTER else limits[1] < base)


def figure_text(name: str, figures: Mapping[str, Any]) -> str:
    """Return a figure with its interval, as in "0.81 (0.78 to 0.84)"."""
    limits = (figures.get("ci") or {}).get(name)
    text = _short(figures.get(name), name)
    return f"{text} ({_short(limits[0], name)} to {_short(limits[1], name)})" if limits else text


def _short(value: Any, name: str) -> str:
    if value is None:
        return "not known"
    return f"{value:.2f}" if name == "mae" else f"{value:.3f}"
