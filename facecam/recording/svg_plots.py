"""Small plots as SVG text, for a page that needs no other file."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeVar

T = TypeVar("T")
Point = tuple[float, float]
WIDTH, HEIGHT = 640, 102
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 6, 24
COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a")
"""Told apart with every kind of colour sight (Okabe and Ito, 2008)."""
MAX_POINTS = 600  # more than the plot has pixels says nothing more


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a plot.

    Attributes:
        name: What it is.
        points: (x, y); y None interrupts the line.
        band: (x, low, high), drawn behind it.
        colour: Of the line.
    """

    name: str
    points: Sequence[tuple[float, float | None]]
    colour: str
    band: Sequence[tuple[float, float, float]] = ()


def plot(
    series: Sequence[Series],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    *,
    title: str,
    shaded: Sequence[tuple[float, float]] = (),
    percent: bool = False,
) -> str:
    """Return a plot of lines over time as an <svg> element.

    Args:
        series: The lines.
        x_range: Seconds that the horizontal axis shows.
        y_range: Values that the vertical axis shows.
        title: Read out by screen readers.
        shaded: Spans of x that are marked, as where a recording was paused.
        percent: Label the axis in per cent of 1.
    """
    x_of, y_of = _scale(x_range, _LEFT, WIDTH - _RIGHT), _scale(y_range, HEIGHT - _BOTTOM, _TOP)
    parts = [_frame(x_range, y_range, x_of, y_of, percent=percent)]
    for low, high in shaded:
        left, right = x_of(max(low, x_range[0])), x_of(min(high, x_range[1]))
        if right > left:
            parts.append(
                f'<rect class="gap" x="{left:.1f}" y="{_TOP}" width="{right - left:.1f}" '
                f'height="{HEIGHT - _TOP - _BOTTOM}"/>'
            )
    for item in series:
        if item.band:
            band = thinned(item.band)
            upper = [f"{x_of(x):.1f},{y_of(high):.1f}" for x, _, high in band]
            lower = [f"{x_of(x):.1f},{y_of(low):.1f}" for x, low, _ in reversed(band)]
            parts.append(
                f'<polygon points="{" ".join(upper + lower)}" fill="{item.colour}" opacity=".18"/>'
            )
        for piece in _pieces(thinned(item.points)):
            line = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in piece)
            if len(piece) == 1:
                x, y = piece[0]
                parts.append(
                    f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="1.5" fill="{item.colour}"/>'
                )
            else:
                parts.append(
                    f'<polyline points="{line}" fill="none" stroke="{item.colour}" '
                    'stroke-width="1.5"/>'
                )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )


def spans(
    rows: Sequence[tuple[str, float, float]],
    x_range: tuple[float, float],
    *,
    shaded: Sequence[tuple[float, float]] = (),
) -> str:
    """Return a chart of named spans of time, one below the other, as an <svg> element."""
    step, left = 18, 64
    height = step * max(len(rows), 1) + 22
    x_of = _scale(x_range, left, WIDTH - _RIGHT)
    parts = []
    for low, high in shaded:
        parts.append(
            f'<rect class="gap" x="{x_of(low):.1f}" y="0" '
            f'width="{max(x_of(high) - x_of(low), 1):.1f}" height="{height - 20}"/>'
        )
    for number, (name, low, high) in enumerate(rows):
        y = number * step
        colour = COLOURS[number % len(COLOURS)]
        parts.append(f'<text x="{left - 8}" y="{y + 12}" text-anchor="end">{escape(name)}</text>')
        parts.append(
            f'<rect x="{x_of(low):.1f}" y="{y + 3}" width="{max(x_of(high) - x_of(low), 2):.1f}" '
            f'height="{step - 7}" rx="2" fill="{colour}"/>'
        )
    for x in _ticks(x_range):
        parts.append(
            f'<text x="{x_of(x):.1f}" y="{height - 4}" text-anchor="middle">{_clock(x)}</text>'
        )
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="When each face was seen">'
        f"{''.join(parts)}</svg>"
    )


def thinned(items: Sequence[T]) -> Sequence[T]:
    """Return at most `MAX_POINTS` of the items, evenly chosen, the last one included."""
    if len(items) <= MAX_POINTS:
        return items
    step = len(items) / MAX_POINTS
    return [*(items[int(number * step)] for number in range(MAX_POINTS - 1)), items[-1]]


def _pieces(points: Sequence[tuple[float, float | None]]) -> list[list[Point]]:
    """Return the unbroken runs of a line."""
    pieces: list[list[Point]] = [[]]
    for x, y in points:
        if y is not None and math.isfinite(y):
            pieces[-1].append((x, y))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _scale(value_range: tuple[float, float], first: float, last: float) -> Callable[[float], float]:
    low, high = value_range
    span = high - low if high > low else 1.0
    return lambda value: first + (last - first) * min(max((value - low) / span, 0.0), 1.0)


def _frame(
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    x_of: Callable[[float], float],
    y_of: Callable[[float], float],
    *,
    percent: bool,
) -> str:
    parts = []
    for y in (y_range[0], sum(y_range) / 2, y_range[1]):
        label = f"{100 * y:.0f}%" if percent else f"{y:.0f}"
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y_of(y):.1f}" '
            f'y2="{y_of(y):.1f}"/><text x="{_LEFT - 5}" y="{y_of(y) + 4:.1f}" '
            f'text-anchor="end">{label}</text>'
        )
    for x in _ticks(x_range):
        parts.append(
            f'<text x="{x_of(x):.1f}" y="{HEIGHT - 4}" text-anchor="middle">{_clock(x)}</text>'
        )
    return "".join(parts)


def _ticks(x_range: tuple[float, float]) -> list[float]:
    """Return a few round times in a range of seconds."""
    low, high = x_range
    steps = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400)
    step = next((step for step in steps if (high - low) / step <= 8), max((high - low) / 8, 1.0))
    first = math.ceil(low / step) * step
    return [first + number * step for number in range(9) if first + number * step <= high]


def _clock(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
