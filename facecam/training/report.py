"""The evaluation report: one HTML file that needs nothing else, its plots, and metrics.json."""

import base64
import html
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from facecam.errors import FacecamError, TrainingError, reason
from facecam.training import plots
from facecam.training.metrics import age_bands, cross_fit, subgroup_table, worst_mistakes
from facecam.training.package_metrics import plain_numbers
from facecam.training.predictions import HeadLike, Predictions
from facecam.training.report_maps import map_tables
from facecam.training.report_page import (
    COLUMNS,
    WORDS,
    Document,
    number_text,
    span_text,
    value_cells,
)
from facecam.training.verdicts import verdicts
from facecam.types import ImageU8

LoadImage = Callable[[int], ImageU8]
_THUMB_PX = 128


@dataclass(frozen=True)
class _Result:
    """One head with its predictions and what the tables say of it."""

    head: HeadLike
    predictions: Predictions
    figures: Mapping[str, Any]
    subgroups: Sequence[Mapping[str, Any]]
    subjects: ArrayLike | None


def write_report(
    folder: Path,
    *,
    title: str,
    metrics: Mapping[str, Any],
    heads: Sequence[HeadLike],
    logits: Mapping[str, ArrayLike],
    labels: Mapping[str, ArrayLike],
    subjects: ArrayLike | None = None,
    predictions: Mapping[str, Predictions] | None = None,
    load_image: LoadImage | None = None,
    notes: Sequence[str] = (),
    gallery: int = 12,
    seed: int = 0,
    n_boot: int = 1000,
) -> Path:
    """Write report.html, metrics.json and plots/*.png into `folder` and return the HTML's path.

    The HTML holds its pictures inside, in a version for light and one for dark surroundings; the
    files under plots/ are the light ones, for a model card.

    Args:
        folder: Made if it is missing; files of the same names are replaced, each in one step.
        title: Heading.
        metrics: {"images", "faces_found", "heads": {name: figures of `evaluate_head`}} and
            optionally "subgroups": {name: rows of `subgroup_table`}; written as it is, NaN as null.
        heads: In the order wanted; those without figures in `metrics` are left out. A `title`
            with "en" and a `unit` are used where a head has them.
        logits: (N, K) by head.
        labels: By head, as `predictions.check_arrays` takes them.
        subjects: (N,) as given to `evaluate_head`.
        predictions: By head, where a stored calibration was used; default cross-fitted.
        load_image: Row to (H, W, 3) uint8 RGB picture, for the gallery of worst mistakes. Leave
            it out where the pictures may not be passed on: they end up inside the HTML.
        notes: Sentences under the heading (data, split, how the figures were made).
        gallery: Mistakes shown for a head (for each class of a sigmoid head).
        seed: As given to `evaluate_head`, so that plots and figures are of the same halves.
        n_boot: Resamples for the intervals of the bands.

    Raises:
        TrainingError: The folder cannot be written to, or arrays do not fit their head.
    """
    results = [
        _Result(
            head=head,
            predictions=(predictions or {}).get(head.name)
            or cross_fit(head, logits[head.name], labels[head.name], subjects, seed=seed),
            figures=metrics["heads"][head.name],
            subgroups=metrics.get("subgroups", {}).get(head.name, ()),
            subjects=subjects,
        )
        for head in heads
        if head.name in metrics["heads"]
    ]
    document = Document(title, notes)
    document.add(_summary(metrics, results))
    files: dict[str, bytes] = {}
    for result in results:
        bands = _bands(result, n_boot)
        parts = [_head_figures(result.head, result.figures)]
        for plot in plots.head_plots(result.head, result.predictions, bands):
            light, dark = plots.render_pair(plot)
            files[f"{plot.name}.png"] = light
            parts.append(_picture(plot, light, dark))
        if not any(str(row["by"]).replace("_", " ") == "age band" for row in result.subgroups):
            parts.append(_subgroups(result.head, bands))
        parts.append(_subgroups(result.head, result.subgroups))
        parts.append(map_tables(result.figures.get("cam") or {}))
        if load_image is not None:
            parts.append(_gallery(result, load_image, gallery))
        document.add(_section(result.head, "".join(parts)))
    folder = Path(folder)
    try:
        (folder / "plots").mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            _replace(folder / "plots" / name, data)
        text = json.dumps(plain_numbers(metrics), indent=1, ensure_ascii=False, allow_nan=False)
        _replace(folder / "metrics.json", text.encode() + b"\n")
        _replace(folder / "report.html", document.text().encode())
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder / "report.html"


def check_writable(folder: Path) -> None:
    """Make a report's folder and write into it, before minutes go into what is to be written.

    Raises:
        TrainingError: It cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> TrainingError:
    return TrainingError(
        f"The report cannot be written to {folder} ({reason(error)}): "
        "choose another folder or free some space."
    )


def _replace(path: Path, data: bytes) -> None:
    """Write under another name first, so that a half-written file is never taken for whole."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


# Parts of the page


def _title(head: HeadLike) -> str:
    given = getattr(head, "title", None)
    text = given.get("en") if isinstance(given, Mapping) else None
    return str(text or head.name.replace("_", " ").capitalize())


def _entries(head: HeadLike, figures: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return label and figures of the head, or of each of its classes or references."""
    if "against" in figures:
        parts = figures["against"].items()
        return [(f"{_title(head)} against {c.replace('_', ' ')}", item) for c, item in parts]
    if "classes" not in figures:
        return [(_title(head), figures)]
    return [(f"{_title(head)}: {name}", item) for name, item in figures["classes"].items()]


def _summary(metrics: Mapping[str, Any], results: Sequence[_Result]) -> str:
    lines = []
    for result in results:
        main = {"expectation": "mae", "softmax": "accuracy", "sigmoid": "auc"}[result.head.kind]
        for label, figures in _entries(result.head, result.figures):
            lines.append(
                f'<tr><th scope="row"><a href="#{html.escape(result.head.name)}">'
                f"{html.escape(label)}</a></th><td>{figures.get('n', 0)}</td>"
                f"<td>{WORDS[main][0]}</td>{value_cells(main, figures)}</tr>"
            )
    words = {"images": "pictures", "faces_found": "faces found"}
    counts = [f"{metrics[k]} {word}" for k, word in words.items() if metrics.get(k) is not None]
    return (
        f"<section><h2>In short</h2><p>{html.escape(', '.join(counts))}</p>"
        '<div class="scroll"><table><thead><tr><th>Head</th><th>Labelled</th><th>Figure</th>'
        "<th>Value</th><th>95% interval</th><th>Trivial baseline</th></tr></thead><tbody>"
        + "".join(lines)
        + f"</tbody></table></div>{_plain_verdicts(results)}</section>"
    )


def _plain_verdicts(results: Sequence[_Result]) -> str:
    """Say first of all which heads are no better than a trivial answer."""
    lines = [
        f"<li>{html.escape(label)}: {html.escape(words)}</li>"
        for result in results
        for label, figures in _entries(result.head, result.figures)
        for words in _verdicts(figures)
    ]
    if not lines:
        return ""
    return f'<h3>No better than a trivial answer</h3><ul class="poor">{"".join(lines)}</ul>'


def _section(head: HeadLike, body: str) -> str:
    return (
        f'<section id="{html.escape(head.name)}"><h2>{html.escape(_title(head))}</h2>'
        f"{body}</section>"
    )


def _head_figures(head: HeadLike, figures: Mapping[str, Any]) -> str:
    parts = []
    several = "classes" in figures or "against" in figures
    for label, item in _entries(head, figures):
        counts = f"{item.get('n', 0)} labelled pictures"
        if "n_positive" in item:
            counts += f", {item['n_positive']} of them yes"
        lines = "".join(
            f'<tr><th scope="row">{WORDS[name][0]}<small>{WORDS[name][1]}</small></th>'
            f"{value_cells(name, item)}</tr>"
            for name in WORDS
            if name in item
        )
        heading = f"<h3>{html.escape(label)}</h3>" if several else ""
        judged = "".join(f'<p class="poor">{html.escape(words)}</p>' for words in _verdicts(item))
        parts.append(
            f"{heading}<p>{counts}.</p>{judged}"
            '<div class="scroll"><table><thead><tr><th>Figure</th>'
            "<th>Value</th><th>95% interval</th><th>Trivial baseline</th></tr></thead>"
            f"<tbody>{lines}</tbody></table></div>"
        )
    return "".join(parts)


def _verdicts(figures: Mapping[str, Any]) -> list[str]:
    """Return its verdicts, made here for metrics of before."""
    return list(figures.get("verdicts") or verdicts(figures))


def _bands(result: _Result, n_boot: int) -> list[dict[str, Any]]:
    """Return the figures by band of the true number; none for the other kinds."""
    made = result.predictions
    if result.head.kind != "expectation" or made.value is None:
        return []
    truth = np.where(np.isfinite(made.value), made.labels, np.nan)
    known = np.isfinite(truth)
    if not known.any():
        return []
    if getattr(result.head, "unit", None) in (None, "years"):
        names = age_bands(truth)
    else:
        edges = np.unique(np.linspace(truth[known].min(), truth[known].max(), 9)[1:-1])
        at = np.searchsorted(edges, truth, side="right")
        ends = [truth[known].min(), *edges, truth[known].max()]
        texts = np.array([f"{a:g} to {b:g}" for a, b in pairwise(ends)], object)
        names = np.where(known, texts[np.minimum(at, len(texts) - 1)], "")
    by = f"true {result.head.name}"
    return subgroup_table(
        result.head, made, made.labels, {by: names}, result.subjects, n_boot=n_boot
    )


def _subgroups(head: HeadLike, rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    wanted = [name for name in COLUMNS[head.kind] if any(name in row for row in rows)]
    classes = head.kind == "sigmoid" and len(head.classes) > 1
    heads = "".join(f"<th>{WORDS[name][0]}</th>" for name in wanted)
    parts = []
    for by in dict.fromkeys(row["by"] for row in rows):
        lines = []
        for row in rows:
            if row["by"] != by:
                continue
            cells = "".join(
                f"<td>{number_text(row.get(name))}<small>{span_text(row, name)}</small></td>"
                for name in wanted
            )
            label = html.escape(str(row["group"]))
            if classes:
                label += f"</th><td>{html.escape(str(row.get('class', '')))}</td>"
            else:
                label += "</th>"
            lines.append(f'<tr><th scope="row">{label}<td>{row["n"]}</td>{cells}</tr>')
        extra = "<th>Class</th>" if classes else ""
        parts.append(
            f"<h3>By {html.escape(str(by).replace('_', ' '))}</h3>"
            f'<div class="scroll"><table><thead><tr><th>Group</th>{extra}<th>Labelled</th>{heads}'
            f"</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
        )
    return "".join(parts)


def _picture(plot: plots.Plot, light: bytes, dark: bytes) -> str:
    width = round(plots.PANEL_IN * plot.panels * 96)
    return (
        '<figure><picture><source media="(prefers-color-scheme: dark)" '
        f'srcset="{_inline(dark, "png")}"><img width="{width}" alt="{html.escape(plot.alt)}" '
        f'src="{_inline(light, "png")}"></picture></figure>'
    )


def _inline(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


# Gallery


def _gallery(result: _Result, load_image: LoadImage, count: int) -> str:
    head, made = result.head, result.predictions
    parts = []
    for column in range(len(head.classes) if head.kind == "sigmoid" else 1):
        rows = worst_mistakes(head, made, count, column)
        if not len(rows):
            continue
        name = f": {html.escape(str(head.classes[column]))}" if len(head.classes) > 1 else ""
        cards = "".join(
            f"<figure>{_thumbnail(load_image, int(row))}"
            f"<figcaption>{html.escape(_caption(head, made, int(row), column))}</figcaption>"
            "</figure>"
            for row in rows
        )
        heading = f"Worst mistakes{name if head.kind == 'sigmoid' else ''}"
        parts.append(f'<h3>{heading}</h3><div class="gallery">{cards}</div>')
    return "".join(parts)


def _caption(head: HeadLike, made: Predictions, row: int, column: int) -> str:
    if head.kind == "expectation":
        assert made.value is not None
        return f"true {made.labels[row]:g}, answered {made.value[row]:.0f}"
    if head.kind == "softmax":
        said = int(made.probs[row].argmax())
        true = head.classes[int(made.labels[row])]
        return f"true {true}, answered {head.classes[said]} ({made.probs[row, said]:.0%})"
    yes = "yes" if made.labels[row, column] == 1 else "no"
    return f"true {yes}, p {made.probs[row, column]:.0%}"


def _thumbnail(load_image: LoadImage, row: int) -> str:
    import cv2

    try:
        picture = load_image(row)
    except FacecamError:
        return '<div class="gone">picture cannot be read</div>'
    height, width = picture.shape[:2]
    scale = _THUMB_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    small = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
    return f'<img loading="lazy" alt="Picture {row}" src="{_inline(data, "jpeg")}">'
