"""The plots of an evaluation report, each in a light and a dark version, as PNG bytes.

Matplotlib is imported inside the functions (it takes half a second) and used through its object
interface with the Agg canvas: no display, no global state.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facecam.training.panels import (
    DARK,
    LIGHT,
    Theme,
    draw_bars,
    draw_confusion,
    draw_dots,
    draw_precision_recall,
    draw_reliability,
    draw_roc,
    draw_scatter,
)
from facecam.training.predictions import HeadLike, Predictions
from facecam.training.weighted import Floats

__all__ = ["DARK", "LIGHT", "PANEL_IN", "Plot", "head_plots", "render", "render_pair"]

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

PANEL_IN = 3.6  # width and height of one panel
_DPI = 110
_COLOURS = 96  # palette of the PNG: a third of the size at no visible loss
_MAX_CLASS_LINES = 8


@dataclass(frozen=True)
class Plot:
    """One picture of the report.

    Attributes:
        name: File name without its ending.
        alt: What it shows, in words, for those who cannot see it.
        panels: Number of square panels side by side.
        draw: Draws into one `Axes` a panel.
    """

    name: str
    alt: str
    panels: int
    draw: Callable[[Sequence["Axes"], Theme], None]


def render(plot: Plot, theme: Theme) -> bytes:
    """Return the plot as a PNG."""
    return _render(plot, theme, None)[0]


def render_pair(plot: Plot) -> tuple[bytes, bytes]:
    """Return the plot as PNG in its light and its dark version.

    Fonts and sizes are the same in both, so the second takes the places that the layout of the
    first found: most of the time of a plot goes into its layout.
    """
    light, places = _render(plot, LIGHT, None)
    return light, _render(plot, DARK, places)[0]


def _render(
    plot: Plot, theme: Theme, places: "Sequence[Bbox] | None"
) -> "tuple[bytes, list[Bbox]]":
    """Return the PNG and where its axes lie; with `places` nothing is laid out."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from PIL import Image

    with matplotlib.rc_context(_settings(theme)):
        size = (PANEL_IN * plot.panels, PANEL_IN)
        layout = ConstrainedLayoutEngine(w_pad=0.09) if places is None else None
        figure = Figure(figsize=size, dpi=_DPI, layout=layout)
        canvas = FigureCanvasAgg(figure)
        axes = figure.subplots(1, plot.panels, squeeze=False)[0]
        plot.draw(list(axes), theme)
        for panel, place in zip(figure.axes, places or (), strict=places is not None):
            panel.set_position(place)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        found = [panel.get_position() for panel in figure.axes]
    out = io.BytesIO()
    picture.quantize(_COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue(), found


def head_plots(
    head: HeadLike, made: Predictions, bands: Sequence[dict[str, Any]] = ()
) -> list[Plot]:
    """Return the plots of one head; none where it has no labelled predictions.

    Args:
        head: Name, kind and classes.
        made: Its predictions.
        bands: Rows of `subgroup_table` over bands of the true number, for an expectation.
    """
    if head.kind == "expectation":
        return _number_plots(head, made, bands)
    if head.kind == "softmax":
        return _class_plots(head, made)
    return [
        plot
        for column, name in enumerate(head.classes)
        for plot in _yes_no_plots(head, made, column, str(name))
    ]


def _slug(text: str) -> str:
    """Return the text as part of a file name."""
    return re.sub(r"[^\w]+", "-", text).strip("-") or "class"


# What the kinds show


def _number_plots(head: HeadLike, made: Predictions, bands: Sequence[dict[str, Any]]) -> list[Plot]:
    assert made.value is not None
    known = np.isfinite(made.labels) & np.isfinite(made.value)
    if not known.any():
        return []
    truth, value = made.labels[known], made.value[known]

    def draw(axes: Sequence["Axes"], theme: Theme) -> None:
        draw_scatter(axes[0], theme, truth, value, head.name)
        if bands:
            names = [str(row["group"]) for row in bands]
            sizes = [int(row["n"]) for row in bands]
            draw_bars(axes[1], theme, names, sizes, *_column(bands, "mae"), "Mean absolute error")
            draw_dots(
                axes[2], theme, names, *_column(bands, "interval_coverage"), "Interval coverage"
            )

    return [
        Plot(
            f"{head.name}-errors",
            f"Predicted against true {head.name}"
            + (", mean absolute error and interval coverage by band." if bands else "."),
            3 if bands else 1,
            draw,
        )
    ]


def _class_plots(head: HeadLike, made: Predictions) -> list[Plot]:
    known = np.isfinite(made.labels)
    if not known.any():
        return []
    truth = made.labels[known].astype(np.int64)
    scores, probs = made.scores[known], made.probs[known]
    names = [str(name) for name in head.classes]
    lines = [(names[c], truth == c, scores[:, c]) for c in range(len(names)) if (truth == c).any()]
    if len(names) == 2:
        lines = [line for line in lines if line[0] == names[1]]
    lines = lines[:_MAX_CLASS_LINES]
    confusion = np.zeros((len(names), len(names)), np.int64)
    np.add.at(confusion, (truth, scores.argmax(axis=1)), 1)
    right = scores.argmax(axis=1) == truth
    return [
        _curves_plot(head.name, lines, None),
        _decision_plot(head.name, names, confusion, probs.max(axis=1), right, "chosen class"),
    ]


def _yes_no_plots(head: HeadLike, made: Predictions, column: int, label: str) -> list[Plot]:
    assert made.thresholds is not None
    known = np.isfinite(made.labels[:, column])
    if not known.any():
        return []
    yes = made.labels[known, column] == 1
    probs, limits = made.probs[known, column], made.thresholds[known, column]
    name = head.name if len(head.classes) == 1 else f"{head.name}-{column + 1}-{_slug(label)}"
    said = probs >= limits
    fitted = bool(np.isfinite(probs).all())
    point = (said, yes) if fitted and yes.any() and not yes.all() else None
    table = [[~said & ~yes, said & ~yes], [~said & yes, said & yes]]
    confusion = np.array([[cell.sum() for cell in line] for line in table])
    plots = [_curves_plot(name, [(label, yes, made.scores[known, column])], point)]
    if fitted:
        plots.append(_decision_plot(name, ["no", "yes"], confusion, probs, yes, f"“{label}”"))
    return plots


def _curves_plot(
    name: str,
    lines: Sequence[tuple[str, NDArray[np.bool_], Floats]],
    point: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None,
) -> Plot:
    def draw(axes: Sequence["Axes"], theme: Theme) -> None:
        draw_roc(axes[0], theme, lines, point)
        draw_precision_recall(axes[1], theme, lines, point)

    return Plot(f"{name}-curves", f"ROC and precision-recall curves of {name}.", 2, draw)


def _decision_plot(
    name: str,
    classes: Sequence[str],
    confusion: NDArray[np.int64],
    probs: Floats,
    outcomes: NDArray[np.bool_],
    what: str,
) -> Plot:
    fitted = bool(np.isfinite(probs).all())

    def draw(axes: Sequence["Axes"], theme: Theme) -> None:
        if fitted:
            draw_reliability(axes[0], theme, probs, outcomes, what)
        draw_confusion(axes[-1], theme, classes, confusion)

    words = f"Reliability and confusion matrix of {name}."
    return Plot(f"{name}-decisions", words, 2 if fitted else 1, draw)


def _column(rows: Sequence[dict[str, Any]], name: str) -> tuple[Floats, Floats]:
    """Return values (R,) and the distances (2, R) to the ends of their intervals."""
    values = np.array([np.nan if row[name] is None else row[name] for row in rows], np.float64)
    ends = [row["ci"].get(name) or (v, v) for row, v in zip(rows, values, strict=True)]
    low, high = np.array(ends, np.float64).T
    return values, np.maximum(np.stack([values - low, high - values]), 0.0)


def _settings(theme: Theme) -> dict[str, Any]:
    return {
        "font.family": ["DejaVu Sans"],
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.titlecolor": theme.text,
        "axes.labelcolor": theme.text,
        "axes.edgecolor": theme.grid,
        "axes.facecolor": theme.panel,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.facecolor": theme.panel,
        "grid.color": theme.grid,
        "grid.linewidth": 0.6,
        "legend.fontsize": 7.5,
        "legend.title_fontsize": 7.5,
        "legend.facecolor": theme.panel,
        "legend.edgecolor": theme.grid,
        "legend.labelcolor": theme.text,
        "text.color": theme.text,
        "xtick.color": theme.muted,
        "ytick.color": theme.muted,
    }
