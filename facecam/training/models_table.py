"""One table of all shipped packages, from what their model.json says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facecam.errors import ManifestError
from facecam.inference.package import MODELS_DIR, list_packages, parse_json
from facecam.training.card_tables import head_rows, number, table, with_ci
from facecam.training.package_metrics import VALIDATION, set_metrics
from facecam.training.verdicts import CHANCE, constant_words, is_better, no_better_than_chance

START, END = "<!-- table: scripts/models_table.py -->", "<!-- end of table -->"
FIGURES = {
    "mae": "mean absolute error",
    "auc": "AUC",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
}


def models_table(models_dir: Path = MODELS_DIR) -> list[str]:
    """Return the table as Markdown lines: rows for each package, data set and head or class.

    One of many classes has three: accuracy alone says little where one class is common.

    Raises:
        ModelPackageError: A package cannot be read.
    """
    rows = []
    for entry in list_packages(models_dir):
        spec = parse_json(entry.dir)
        for name, metrics in set_metrics(spec).items():
            protocol = metrics.get("protocol", VALIDATION)
            for head, figures in head_rows(metrics["heads"]):
                for key in _shown(figures):
                    rows.append(
                        (
                            spec["name"], head, f"{name}, {protocol}", str(figures["n"]),
                            FIGURES[key], with_ci(figures, key, 2 if key == "mae" else 3),
                            _trivial(figures, key), number(figures.get("ece")),
                            _words(figures, key),
                        )
                    )  # fmt: skip
    headings = ("model", "head", "measured on", "n", "figure", "value (95% interval)",
                "trivial answer", "ECE", "in words")  # fmt: skip
    return table(headings, rows)


def replace_table(page: str, lines: list[str]) -> str:
    """Return a page with the table between its two marks replaced.

    Raises:
        ManifestError: The page has no place for it.
    """
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ManifestError(f"The page has no lines '{START}' and '{END}' for the table.")
    return f"{before}{START}\n\n" + "\n".join(lines).rstrip() + f"\n\n{END}{after}"


def _shown(figures: Mapping[str, Any]) -> tuple[str, ...]:
    if "mae" in figures:
        return ("mae",)
    if "n_positive" in figures:
        return ("auc",)
    base = (figures.get("baselines") or {}).get("balanced_accuracy")
    many = base is not None and base < CHANCE  # it is one over the number of classes
    return ("accuracy", "balanced_accuracy", "auc") if many else ("accuracy",)


def _trivial(figures: Mapping[str, Any], key: str) -> str:
    if key == "auc":
        return f"chance: {CHANCE:.3f}"
    if key == "balanced_accuracy":
        return f"any constant answer: {number(figures['baselines'][key], 3)}"
    base = "median_baseline_mae" if key == "mae" else "majority_baseline"
    return f"{constant_words(figures)}: {number(figures.get(base), 2 if key == 'mae' else 3)}"


def _words(figures: Mapping[str, Any], key: str) -> str:
    if figures.get(key) is None:
        return "not measurable: one answer only"
    if no_better_than_chance(figures):
        return "**no better than chance**"
    if is_better(key, figures) is False:
        return f"**no better than {constant_words(figures)}**"
    return "better than the trivial answer"
