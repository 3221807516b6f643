"""Stats as a ring of arcs around a face, each with its name and percentage."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facecam.types import FaceAnalysis, ImageU8, MultiSigmoidReading, SigmoidReading
from facecam.vision.overlay_card import OverlaySizes
from facecam.vision.overlay_layout import Rect
from facecam.vision.overlay_rows import HeadLook, label_of, percent, title_of
from facecam.vision.overlay_text import BOLD, REGULAR, put_text, text_width
from facecam.vision.palette import CARD, HATCH, MUTED, TEXT, TRACK, bgr, hue

_RADIUS = 0.80  # of the box's longer side: outside of chin and most hair
_GAP_DEG = 10.0
_START_DEG = -90.0  # the first arc is centred at the top
_LEAST_RADIUS_PX = 34  # smaller rings have no room for words
_STEP_DEG = 2.0
_SHIFT = 4  # fractional bits of coordinates for OpenCV


@dataclass(frozen=True, slots=True)
class Arc:
    """One stat of a ring.

    Attributes:
        name: Words.
        value: Number in words; "" when it can't be told.
        fraction: How much of the arc is filled, 0 to 1; None when it can't be told.
        hue: Index of the colour.
        on: Whether the value stands out.
    """

    name: str
    value: str
    fraction: float | None
    hue: int
    on: bool


def ring_arcs(
    face: FaceAnalysis, heads: Sequence[HeadLook], ring: frozenset[str], lang: str
) -> tuple[Arc, ...]:
    """Return the arcs of one face: one for each class of the `sigmoid` heads in `ring`."""
    arcs: list[Arc] = []
    for index, head in enumerate(heads):
        reading = face.readings.get(head.name)
        if head.name not in ring or reading is None:
            continue
        if isinstance(reading, SigmoidReading):
            stats = [(title_of(head, lang), reading.p, reading.on, index)]
        elif isinstance(reading, MultiSigmoidReading):
            stats = [
                (label_of(head, name, lang), p, name in reading.on, index + number)
                for number, (name, p) in enumerate(reading.probs.items())
            ]
        else:
            continue
        sure = reading.unsure is None
        arcs += [
            Arc(name, percent(p) if sure else "?", p if sure else None, colour, on and sure)
            for name, p, on, colour in stats
        ]
    return tuple(arcs)


def draw_ring(out: ImageU8, arcs: Sequence[Arc], box: Rect, sizes: OverlaySizes) -> Rect:
    """Draw the arcs around a face's box in place, words outside of them; return what they take.

    Where there are no arcs, or no room for words, that is the box itself.

    Args:
        out: (H, W, 3) uint8 BGR.
        arcs: Clockwise from the top.
        box: Of the face, in pixels of `out`.
        sizes: Lengths that suit the picture.
    """
    if not arcs:
        return box
    x, y, width, height = box
    centre = (x + width / 2.0, y + height / 2.0 - 0.06 * height)
    radius = _RADIUS * max(width, height)
    if radius < _LEAST_RADIUS_PX:
        return box
    band = min(max(round(0.055 * radius), sizes.bar), 3 * sizes.bar)
    each = 360.0 / len(arcs)
    half = (each - _GAP_DEG) / 2.0
    _draw_strokes(out, arcs, centre, radius, band, each, half)
    left, top = centre[0] - radius - band, centre[1] - radius - band
    right, bottom = centre[0] + radius + band, centre[1] + radius + band
    for number, arc in enumerate(arcs):
        angle_deg = _START_DEG + number * each
        x, y, width, height = _draw_words(out, arc, centre, radius + band, angle_deg, sizes)
        left, top = min(left, x), min(top, y)
        right, bottom = max(right, x + width), max(bottom, y + height)
    return round(left), round(top), round(right - left), round(bottom - top)


def _draw_strokes(
    out: ImageU8,
    arcs: Sequence[Arc],
    centre: tuple[float, float],
    radius: float,
    band: int,
    each: float,
    half: float,
) -> None:
    for number, arc in enumerate(arcs):
        middle = _START_DEG + number * each
        begin, end = middle - half, middle + half
        # Values run from left to right as one reads, so below the middle they run the other way.
        if math.sin(math.radians(middle)) > 0.3:
            begin, end = end, begin
        _stroke(out, centre, radius, begin, end, band + 4, bgr(CARD))
        _stroke(out, centre, radius, begin, end, band, bgr(TRACK if arc.fraction else HATCH))
        if arc.fraction:
            colour = bgr(hue(arc.hue))
            reached = begin + arc.fraction * (end - begin)
            _stroke(out, centre, radius, begin, reached, band, colour)


def _stroke(
    out: ImageU8,
    centre: tuple[float, float],
    radius: float,
    begin_deg: float,
    end_deg: float,
    width: int,
    colour: tuple[int, int, int],
) -> None:
    """Draw an arc with round ends."""
    count = max(int(abs(end_deg - begin_deg) / _STEP_DEG), 1) + 1
    angles = np.radians(np.linspace(begin_deg, end_deg, count))
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius + centre
    fixed = np.round(points * (1 << _SHIFT)).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(out, [fixed], False, colour, width, cv2.LINE_AA, _SHIFT)


def _draw_words(
    out: ImageU8,
    arc: Arc,
    centre: tuple[float, float],
    radius: float,
    angle_deg: float,
    sizes: OverlaySizes,
) -> Rect:
    """Draw name and number outside of an arc, moved into the picture; return where they are."""
    height, width = out.shape[:2]
    name_w = text_width(arc.name, sizes.text, REGULAR)
    value_w = text_width(arc.value, sizes.big, BOLD)
    whole_w, whole_h = max(name_w, value_w), sizes.text + sizes.big + sizes.pad // 2
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    # The words' box touches the ring from outside.
    away = radius + sizes.gap
    x = centre[0] + away * cos + (cos - 1.0) / 2.0 * whole_w
    y = centre[1] + away * sin + (sin - 1.0) / 2.0 * whole_h
    x = round(min(max(x, sizes.gap), max(width - whole_w - sizes.gap, sizes.gap)))
    y = round(min(max(y, sizes.gap), max(height - whole_h - sizes.gap, sizes.gap)))
    value_at = (x + (whole_w - value_w) // 2, y + sizes.big // 2)
    name_at = (x + (whole_w - name_w) // 2, y + sizes.big + sizes.pad // 2 + sizes.text // 2)
    value_colour = bgr(TEXT if arc.on else MUTED)
    _put_rimmed(out, arc.value, value_at, sizes.big, value_colour, BOLD)
    _put_rimmed(out, arc.name, name_at, sizes.text, bgr(TEXT), REGULAR)
    return x, y, whole_w, whole_h


def _put_rimmed(
    out: ImageU8,
    text: str,
    at: tuple[int, int],
    size: int,
    colour: tuple[int, int, int],
    weight: int,
) -> None:
    """Draw words with a dark rim, readable on any picture."""
    x, middle = at
    for across, down in ((-1, -1), (1, -1), (-1, 1), (1, 1), (0, 2)):
        put_text(out, text, x + across, middle + down, size, bgr(CARD), weight)
    put_text(out, text, x, middle, size, colour, weight)
