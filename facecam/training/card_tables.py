"""The tables of a model card, as Markdown lines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from facecam.training.verdicts import constant_words, figure_text, verdicts

Figures = Mapping[str, Any]


def number(value: Any, digits: int = 3) -> str:
    """Return a figure as the card shows it."""
    return "-" if value is None else f"{value:.{digits}f}"


def with_ci(figures: Figures, key: str, digits: int = 3) -> str:
    """Return a figure with its interval in brackets."""
    text = number(figures.get(key), digits)
    ci = (figures.get("ci") or {}).get(key)
    return f"{text} ({number(ci[0], digits)} to {number(ci[1], digits)})" if ci else text


def head_rows(heads: Mapping[str, Figures]) -> list[tuple[str, Figures]]:
    """Return a name and figures for each head, each of its classes, each of its references."""
    rows: list[tuple[str, Figures]] = []
    for head, figures in heads.items():
        if "classes" in figures:
            rows += [(f"{head}: {name}", part) for name, part in figures["classes"].items()]
        elif "against" in figures:
            rows += [(f"{head} against {c}", part) for c, part in figures["against"].items()]
        else:
            rows.append((head, figures))
    return rows


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table and an empty line."""
    lines = [_row(headings), "|" + "---|" * len(headings)]
    return [*lines, *(_row(row) for row in rows), ""]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def figure_tables(heads: Mapping[str, Figures]) -> list[str]:
    """Return the tables of numbers, choices and yes/no answers, and what they say in words."""
    rows = head_rows(heads)
    lines: list[str] = []
    numbers = [(head, f) for head, f in rows if "mae" in f]
    if numbers:
        lines += table(
            ("head", "n", "mean absolute error", "always the median", "within 5",
             "80% interval covers"),
            (
                (
                    head, str(f["n"]), with_ci(f, "mae", 2), number(f["median_baseline_mae"], 2),
                    with_ci(f, "cs5"), with_ci(f, "interval_coverage"),
                )
                for head, f in numbers
            ),
        )  # fmt: skip
    choices = [(head, f) for head, f in rows if "mae" not in f and "n_positive" not in f]
    if choices:
        lines += table(
            ("head", "n", "accuracy", "trivial answer", "balanced accuracy", "AUC", "ECE"),
            (
                (
                    head, str(f["n"]), with_ci(f, "accuracy"), _trivial(f),
                    with_ci(f, "balanced_accuracy"), with_ci(f, "auc"), number(f["ece"]),
                )
                for head, f in choices
            ),
        )  # fmt: skip
    answers = [(head, f) for head, f in rows if "n_positive" in f]
    if answers:
        lines += table(
            ("head", "n", "yes", "AUC (chance 0.500)", "precision", "recall", "accuracy",
             "trivial answer", "ECE"),
            (
                (
                    head, str(f["n"]), str(f["n_positive"]), with_ci(f, "auc"),
                    number(f["precision"]), number(f["recall"]), with_ci(f, "accuracy"),
                    _trivial(f), number(f["ece"]),
                )
                for head, f in answers
            ),
        )  # fmt: skip
    return lines + verdict_lines(rows)


def verdict_lines(rows: Iterable[tuple[str, Figures]]) -> list[str]:
    """Return a sentence for each figure that is no better than a trivial answer."""
    lines = []
    for head, figures in rows:
        if figures.get("no_better_than_chance"):
            lines.append(
                f"- **{head} is no better than chance** on unseen pictures: AUC "
                f"{figure_text('auc', figures)}."
            )
        words = figures.get("verdicts") or verdicts(figures)
        lines += [f"- {head}: {line}" for line in words if not line.startswith("AUC")]
    return [*lines, ""] if lines else []


def _trivial(figures: Figures) -> str:
    return f"{constant_words(figures)}: {number(figures.get('majority_baseline'))}"


def subgroup_tables(tables: Mapping[str, Sequence[Figures]], name: str) -> list[str]:
    """Return one table a head."""
    lines: list[str] = []
    for head, rows in tables.items():
        if not rows:
            continue
        key, digits = ("mae", 2) if "mae" in rows[0] else ("accuracy", 3)
        base = "median_baseline_mae" if key == "mae" else "majority_baseline"
        second = "bias" if key == "mae" else "auc"
        lines += [f"### {head} by group, {name}", ""]
        lines += table(
            ("by", "group", "n", key, "trivial answer", second),
            (
                (
                    str(row["by"]), _group(row, head), str(row["n"]), with_ci(row, key, digits),
                    number(row.get(base), digits), with_ci(row, second, digits),
                )
                for row in rows
            ),
        )  # fmt: skip
    return lines


def _group(row: Figures, head: str) -> str:
    same = row.get("class", head) == head
    return str(row["group"]) if same else f"{row['group']} ({row['class']})"


def cam_tables(heads: Mapping[str, Figures]) -> list[str]:
    """Return where class activation maps lie against masks, one table a head."""
    lines: list[str] = []
    for head, figures in heads.items():
        methods = figures.get("cam")
        if not methods:
            continue
        lines += [f"Maps of {head} against masks; in brackets a centred Gaussian:", ""]
        keys = ("pointing", "mass_in_mask", "iou", "iou_fixed")
        lines += table(
            ("method", "n", "pointing", "mass in mask", "IoU, best threshold", "IoU, fixed"),
            (
                (
                    method, str(f.get("n", "-")),
                    *(f"{with_ci(f, k)} [{number(f.get(f'{k}_baseline'))}]" for k in keys),
                )
                for method, f in methods.items()
            ),
        )  # fmt: skip
        lines += cam_subset_table(head, methods)
    return lines


SUBSETS = {
    "small": "small (below a tenth of the picture)",
    "off_centre": "off centre (by more than 0.12 of the side)",
    "shifted": "all, shifted by a quarter of the width",
}


def cam_subset_table(head: str, methods: Mapping[str, Figures]) -> list[str]:
    """Return the same figures where the middle of the picture is a bad guess.

    Without the methods that rank places as CAM or LayerCAM do.
    """
    rows = [
        (SUBSETS.get(name, name), method, part)
        for method, f in methods.items()
        if method not in ("gradcam", "gradcam++", "hirescam") or "cam" not in methods
        for name, part in (f.get("subsets") or {}).items()
    ]
    if not rows:
        return []
    keys = ("pointing", "mass_in_mask", "iou", "iou_fixed")
    lines = [f"{head}, where the mask is small or not in the middle:", ""]
    lines += table(
        ("pictures", "method", "n", "pointing", "mass in mask", "IoU, best threshold",
         "IoU, fixed"),
        (
            (
                which, method, str(f.get("n", "-")),
                *(f"{with_ci(f, k)} [{number(f.get(f'{k}_baseline'))}]" for k in keys),
            )
            for which, method, f in rows
        ),
    )  # fmt: skip
    ways = [
        f"{method} {number(f['follows'], 2)}"
        for method, f in methods.items()
        if f.get("follows") is not None
    ]
    return [
        *lines,
        "How far the maps move with the shift (1: all the way): " + ", ".join(ways) + ".",
        "",
    ]


def randomization_table(found: Mapping[str, Figures]) -> list[str]:
    """Return whether the maps of each head depend on what was learned."""
    if not found:
        return []
    lines = [
        "Maps were made again with the weights of every layer shuffled (Adebayo et al. 2018). A "
        "map that stays similar shows the picture, not the model; 0 is unrelated, 1 the same.",
        "",
    ]
    return lines + table(
        ("head", "similarity with shuffled weights", "depends on the weights"),
        (
            (head, number(f.get("similarity"), 2), "yes" if f.get("passed") else "**no**")
            for head, f in found.items()
        ),
    )
