"""The model card: what a package was made of, what it measured, what it must not be taken for.

The same skeleton for every package: warnings first, what it does, what the numbers do not mean,
figures beside their trivial baselines, groups, where it looks, when it cannot tell, the package
itself, data and terms, and the command behind every figure.
"""

from collections.abc import Mapping
from typing import Any

from facecam.titles import words_in
from facecam.training.card_tables import (
    cam_tables,
    figure_tables,
    head_rows,
    number,
    randomization_table,
    subgroup_tables,
    table,
)
from facecam.training.explain.face_maps import card_lines
from facecam.training.package_metrics import VALIDATION
from facecam.training.recipe import Recipe

KINDS = {
    "softmax": "one of {classes}",
    "sigmoid": "yes or no",
    "expectation": "a number from {first} to {last}{unit}, with an interval",
}


def write_card(
    recipe: Recipe,
    spec: Mapping[str, Any],
    evaluations: Mapping[str, Mapping[str, Any]],
    subgroups: Mapping[str, Mapping[str, list[Mapping[str, Any]]]],
    figures: Mapping[str, str] | None = None,
) -> str:
    """Return the card as Markdown.

    Args:
        recipe: How it was made.
        spec: The package's model.json.
        evaluations: Data set to the object that `evaluate --json` prints, with "protocol".
        subgroups: Data set to head to rows of `metrics.subgroup_table`.
        figures: Caption to path (relative to the card) of pictures for "Where it looks".
    """
    title = recipe.title.get("en", recipe.name)
    lines = [f"# {title} {recipe.version}", ""]
    lines += _warnings(recipe, evaluations)
    lines += [recipe.card.summary, ""] if recipe.card.summary else []
    lines += _does(spec)
    if recipe.card.limits:
        lines += ["## What the numbers do not mean", ""]
        lines += [f"- {limit}" for limit in recipe.card.limits] + [""]
    lines += _figures(recipe, spec["name"], evaluations)
    tables = [subgroup_tables(rows, name) for name, rows in subgroups.items()]
    if any(tables):
        lines += ["## Figures by group", ""] + [line for part in tables for line in part]
    lines += _where_it_looks(spec, evaluations, figures or {})
    lines += _limits(spec) + _facts(spec)
    lines += ["## Data and terms", ""]
    lines += [f"- {item}" for item in recipe.card.data]
    lines += ["", recipe.card.licence, ""]
    return "\n".join(lines)


def _warnings(recipe: Recipe, evaluations: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what has to be read first: the recipe's own words, and heads that know nothing."""
    words = [words_in(item, "en") for item in recipe.card.warnings]
    for name, metrics in evaluations.items():
        poor = [head for head, f in head_rows(metrics["heads"]) if f.get("no_better_than_chance")]
        if poor:
            heads = ", ".join(poor)
            words.append(f"On {name}, no better than chance on unseen pictures: {heads}.")
    lines: list[str] = []
    for word in words:
        lines += [f"> **{word}**", ">"]
    return [*lines[:-1], ""] if lines else []


def _does(spec: Mapping[str, Any]) -> list[str]:
    what = "one face" if spec["target"] == "face" else "the whole picture"
    lines = ["## What it does", "", f"Looks at {what} and says:", ""]
    for head in spec["heads"]:
        classes = head["classes"]
        several = head["kind"] == "sigmoid" and len(classes) > 1
        words = "each on its own: {classes}" if several else KINDS[head["kind"]]
        listed = ", ".join(map(str, classes[:12])) + (", ..." if len(classes) > 12 else "")
        unit = f" {head['unit']}" if head.get("unit") else ""
        text = words.format(classes=listed, first=classes[0], last=classes[-1], unit=unit)
        title = (head.get("title") or {}).get("en", head["name"])
        lines.append(f"- {title} (`{head['name']}`): {text}")
    return [*lines, ""]


def _figures(
    recipe: Recipe, package: str, evaluations: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    if not evaluations:
        return []
    lines = [
        "## Figures",
        "",
        "Measured through the graph that runs live, on pictures that were not trained on. In "
        "brackets the 95% bootstrap interval over subjects. The trivial answer is the best "
        "constant one on the same pictures: a figure whose interval reaches it says nothing. "
        "Thresholds, "
        "calibration and intervals are fitted on one half of the subjects and measured on the "
        "other. ECE is the calibration error, 0 is perfect. Plots lie in `report/`.",
        "",
    ]
    for name, metrics in evaluations.items():
        protocol = metrics.get("protocol", VALIDATION)
        counted = f"{metrics['images']} pictures"
        if recipe.target == "face":
            counted += f", face found in {metrics['faces_found']}"
        lines += [f"### {name}: {protocol} ({counted})", ""]
        lines += [f"{note}\n" for note in metrics.get("notes", ())]
        lines += figure_tables(metrics["heads"])
        lines += _command(recipe.name, package, name, protocol)
    return lines


def _command(recipe: str, package: str, data: str, protocol: str) -> list[str]:
    """Return the command that gives the figures of one data set again."""
    if protocol == VALIDATION:
        command = f"python -m facecam evaluate {package} {data} --split val"
        return [f"Again: `{command}`", ""]
    command = f"python -m facecam export runs/{recipe} --to models/{package}"
    return [
        "The model that ships was fitted on all of them; the folds are fitted again by: "
        f"`{command}`",
        "",
    ]


def _where_it_looks(
    spec: Mapping[str, Any],
    evaluations: Mapping[str, Mapping[str, Any]],
    figures: Mapping[str, str],
) -> list[str]:
    lines: list[str] = []
    for name, metrics in evaluations.items():
        found = cam_tables(metrics["heads"])
        lines += [f"### {name}", "", *found] if found else []
    for caption, path in figures.items():
        lines += [f"![{caption}]({path})", "", caption, ""]
    if spec["cam"].get("faces"):
        lines += card_lines(spec["cam"]["faces"])
    lines += randomization_table(spec["cam"].get("randomization") or {})
    return ["## Where it looks", "", *lines] if lines else []


def _limits(spec: Mapping[str, Any]) -> list[str]:
    rows = [(head, c.get("limits") or {}) for head, c in spec["calibration"].items()]
    if not any(limits for _, limits in rows):
        return []
    lines = [
        "## When it says that it cannot tell",
        "",
        "Faces were made smaller and more blurred step by step, and ordered by how far "
        "they are turned; a reading is withheld where the error (absolute for numbers, squared "
        "for probabilities) has risen by a fifth (and a squared error by at least 0.005). Without "
        "such a rise for turned faces the limit is the "
        "99th percentile of the faces measured.",
        "",
    ]
    return lines + table(
        ("head", "eyes closer than (px)", "sharpness below", "turn above"),
        (
            (
                head, number(limits.get("eye_span_px"), 1), number(limits.get("sharpness"), 4),
                number(limits.get("turn"), 2),
            )
            for head, limits in rows
        ),
    )  # fmt: skip


def _facts(spec: Mapping[str, Any]) -> list[str]:
    size = spec["files"]["model.tflite"]["bytes"] / 1e6
    lines = [
        "## The package",
        "",
        f"- Input {spec['input']['width']}x{spec['input']['height']} uint8 RGB, {spec['format']} "
        f"weights, {size:.1f} MB.",
    ]
    for name, part in (spec.get("formats") or {}).items():
        figures = ", ".join(f"{key} {value:.3f}" for key, value in part["figures"].items())
        lines.append(
            f"- As {name}: {part['bytes'] / 1e6:.1f} MB, {part['one_face_ms']:.1f} ms a picture on "
            f"two threads of the machine that exported it; {figures}."
        )
    shift = spec.get("tight_crop_shift") or {}
    for head, moved in shift.get("heads", {}).items():
        lines.append(
            f"- Masking {shift['pictures']} whole crops to the extent of tight ones moves the mean "
            f"{head} by {moved['mean']:+.2f} (mean absolute {moved['mean_absolute']:.2f})."
        )
    lines += [f"- {note}" for note in spec.get("notes", ())]
    return [*lines, "", *_parity(spec)]


def _parity(spec: Mapping[str, Any]) -> list[str]:
    parity = spec.get("parity")
    if not parity:
        return []
    lines = [
        f"Largest difference to the Keras model on {parity['pictures']} real pictures"
        + (
            " (int8 rounds weights and activations; what it does to the figures stands below):"
            if spec["format"] == "int8"
            else " (at most 0.001 in a probability is allowed):"
        ),
        "",
    ]
    lines += table(
        ("head", "in a logit", "in a probability"),
        (
            (head, f"{part['logits']:.2g}", f"{part['probabilities']:.2g}")
            for head, part in parity["heads"].items()
        ),
    )
    for name, heads in (parity.get("changes") or {}).items():
        lines += [f"From float32 to {spec['format']} on {name}:", ""]
        lines += table(
            ("head", "figure", "float32", spec["format"], "change"),
            (
                (head, figure, f"{old:.4f}", f"{new:.4f}", f"{new - old:+.4f}")
                for head, figures in heads.items()
                for figure, (old, new) in figures.items()
            ),
        )
    return lines
