"""The look and the words of the evaluation report."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from facecam.training.verdicts import is_better

WORDS = {
    "accuracy": ("Accuracy", "share of right answers"),
    "balanced_accuracy": ("Balanced accuracy", "mean over the classes of the share found"),
    "auc": ("AUC", "chance that a yes is ranked above a no"),
    "average_precision": ("Average precision", "area under precision and recall"),
    "precision": ("Precision", "share of yes answers that are right"),
    "recall": ("Recall", "share of the true yes that is found"),
    "specificity": ("Specificity", "share of the true no that is passed"),
    "threshold": ("Threshold", "calibrated probability from which the answer is yes"),
    "ece": ("Calibration error (ECE)", "10 bins of equal mass, debiased; 0 is perfect"),
    "ece_rms": ("Calibration error, root mean square", "the same bins, squared, unbiased"),
    "mae": ("Mean absolute error", "how far off on average"),
    "bias": ("Bias", "mean of predicted minus true"),
    "cs5": ("Within 5 (CS@5)", "share at most five off"),
    "interval_coverage": ("Interval coverage", "share of truths inside the 80% interval"),
    "interval_width": ("Interval width", "mean width of the 80% interval"),
}
_BASELINE_WORDS = {
    "accuracy": "always the commonest answer",
    "balanced_accuracy": "any constant answer",
    "auc": "chance",
    "average_precision": "always yes",
    "precision": "always yes",
    "mae": "always the median",
    "cs5": "always the median",
    "interval_width": "same interval for all",
    "interval_coverage": "wanted",
}
COLUMNS = {
    "expectation": ("mae", "bias", "cs5", "interval_coverage"),
    "softmax": ("accuracy", "balanced_accuracy", "auc", "ece"),
    "sigmoid": ("auc", "precision", "recall", "accuracy", "ece"),
}


class Document:
    """One HTML page, put together part by part."""

    def __init__(self, title: str, notes: Sequence[str]) -> None:
        self._title = html.escape(title)
        paragraphs = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
        self._parts = [f"<header><h1>{self._title}</h1>{paragraphs}</header>"]

    def add(self, part: str) -> None:
        """Append a piece of HTML."""
        self._parts.append(part)

    def text(self) -> str:
        """Return the whole page."""
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{self._title}</title><style>{_STYLE}</style></head>\n<body><main>\n"
            + "\n".join(self._parts)
            + f"\n<footer>{_FOOTER}</footer></main></body></html>\n"
        )


def value_cells(name: str, figures: Mapping[str, Any]) -> str:
    """Return the cells value, interval and baseline; a value no better than it is marked."""
    value = figures.get(name)
    limits = figures.get("ci", {}).get(name)
    base = figures.get("baselines", {}).get(name)
    mark, words = "", ""
    if base is not None:
        words = f"{number_text(base)}<small>{_BASELINE_WORDS.get(name, '')}</small>"
        if value is not None and name != "interval_coverage" and is_better(name, figures) is False:
            mark = ' class="poor"'
            words += "<small>no clear gain</small>"
    between = "" if limits is None else f"{number_text(limits[0])} to {number_text(limits[1])}"
    return f"<td{mark}>{number_text(value)}</td><td>{between}</td><td{mark}>{words}</td>"


def number_text(value: Any) -> str:
    """Return a figure as it is shown."""
    if value is None:
        return "not known"
    return f"{value:.2f}" if abs(value) >= 2 else f"{value:.3f}"


def span_text(row: Mapping[str, Any], name: str) -> str:
    """Return the interval of a figure as it is shown; empty if it has none."""
    limits = row.get("ci", {}).get(name)
    return "" if limits is None else f"{number_text(limits[0])} to {number_text(limits[1])}"


_FOOTER = (
    "Intervals: 95% percentile bootstrap over subjects. Calibration, thresholds and intervals are "
    "fitted on one half of the subjects and scored on the other, and the other way round, unless "
    "a note above says that they were fitted on other pictures; the threshold shown is the one "
    "that all pictures give. Calibration error: 10 bins of equal mass; L1 with the "
    "normal-approximation debiasing of Kumar, Liang and Ma (2019), top answer of a choice among "
    "classes; root mean square with the correction of Bröcker (2012). A figure is marked when its "
    "interval does not lie clear of the trivial baseline."
)

_STYLE = """
:root { color-scheme: light dark; --page: #f6f7f9; --panel: #ffffff; --text: #14181d;
  --muted: #5b6773; --line: #d9dee4; --accent: #0072b2; --poor: #a34700; }
@media (prefers-color-scheme: dark) { :root { --page: #0f1216; --panel: #171b21; --text: #e8ecf1;
  --muted: #93a0ad; --line: #2c333c; --accent: #56b4e9; --poor: #e69f00; } }
body { margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans KR", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 24px 16px; }
h1 { font-size: 28px; margin: 8px 0; } h2 { font-size: 20px; margin: 0 0 8px; }
h3 { font-size: 15px; margin: 24px 0 8px; }
p { margin: 8px 0; max-width: 75ch; } header p, footer { color: var(--muted); }
footer { font-size: 13px; margin: 24px 8px; max-width: 90ch; }
section { background: var(--panel); border-radius: 8px; padding: 16px 24px 24px;
  margin: 16px 0; border: 1px solid var(--line); }
a { color: var(--accent); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 6px 24px 6px 0; border-bottom: 1px solid var(--line);
  vertical-align: top; font-weight: normal; }
thead th { color: var(--muted); font-size: 13px; }
small { display: block; color: var(--muted); font-size: 12px; }
.poor { color: var(--poor); } .poor small { color: inherit; }
figure { margin: 16px 0 0; } figure img { max-width: 100%; height: auto; display: block; }
.gallery { display: flex; flex-wrap: wrap; gap: 12px; }
.gallery figure { width: 128px; margin: 0; } .gallery img { border-radius: 8px; }
.gone { height: 96px; padding: 8px; color: var(--muted); border: 1px dashed var(--line); }
figcaption { font-size: 12px; color: var(--muted); overflow-wrap: anywhere; }
"""
