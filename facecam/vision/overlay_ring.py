"""Stats as a ring of arcs around a face, each with its name and percentage."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facecam.titles import label_of, title_of
from facecam.types import FaceAnalysis, ImageU8, MultiSigmoidReading, SigmoidReading
from facecam.vision.overlay_card import OverlaySizes
from facecam.vision.overlay_layout import Rect, overlap
from facecam.vision.overlay_rows import HeadLook, percent
from facecam.vision.overlay_text import BOLD, REGULAR, put_text, text_width
from facecam.vision.palette import CARD, HATCH, MUTED, TEXT, TRACK, bgr, hue

_RADIUS = 0.80  # of the box's longer side: outside of chin and most hair
_GAP_DEG = 10.0
_START_DEG = -90.0  # the first arc is centred at the top
_LEAST_RADIUS_PX = 34  # smaller rings have no room for words
_STEP_DEG = 2.0
_SLIDES = (0.0, 0.2, -0.2, 0.4, -0.4)  # along the arc, in its lengths
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


@dataclass(frozen=True, slots=True)
class Ring:
    """Where the arcs of one face lie.

    Attributes:
        arcs: Clockwise from the top.
        centre: In pixels.
        radius: Of the middle of the arcs, in pixels.
        band: Width of the arcs, in pixels.
    """

    arcs: tuple[Arc, ...]
    centre: tuple[float, float]
    radius: float
    band: int

    @property
    def rect(self) -> Rect:
        """What the arcs take up."""
        reach = self.radius + self.band
        left, top = round(self.centre[0] - reach), round(self.centre[1] - reach)
        return left, top, round(2 * reach), round(2 * reach)

    @property
    def each_deg(self) -> float:
        """How much of the circle an arc has."""
        return 360.0 / len(self.arcs)

    def crosses(self, rect: Rect) -> bool:
        """Whether the circle runs through a rectangle."""
        x, y, width, height = rect
        near_x = min(max(self.centre[0], x), x + width) - self.centre[0]
        near_y = min(max(self.centre[1], y), y + height) - self.centre[1]
        far_x = max(abs(x - self.centre[0]), abs(x + width - self.centre[0]))
        far_y = max(abs(y - self.centre[1]), abs(y + height - self.centre[1]))
        half = self.band / 2 + 2  # with the dark rim
        near, far = math.hypot(near_x, near_y), math.hypot(far_x, far_y)
        return near < self.radius + half and far > self.radius - half

    def towards(self, x: float, y: float) -> tuple[int, int]:
        """Return the point of its outside that is nearest to another point."""
        away = math.hypot(x - self.centre[0], y - self.centre[1]) or 1.0
        part = (self.radius + self.band) / away
        return (
            round(self.centre[0] + part * (x - self.centre[0])),
            round(self.centre[1] + part * (y - self.centre[1])),
        )


def lay_ring(arcs: tuple[Arc, ...], box: Rect, sizes: OverlaySizes) -> Ring | None:
    """Return the ring around a face's box; None without arcs, or without room for words."""
    x, y, width, height = box
    radius = _RADIUS * max(width, height)
    if not arcs or radius < _LEAST_RADIUS_PX:
        return None
    band = min(max(round(0.055 * radius), sizes.bar), 3 * sizes.bar)
    return Ring(arcs, (x + width / 2.0, y + height / 2.0 - 0.06 * height), radius, band)


def draw_rings(
    out: ImageU8, rings: Sequence[Ring | None], boxes: Sequence[Rect], sizes: OverlaySizes
) -> list[Rect]:
    """Draw the rings of all faces in place; return where their words are.

    Rings may touch. Words lie over all arcs, off each other and, as far as there is room, off all
    faces and the other rings: they slide along their own arc for that.

    Args:
        out: (H, W, 3) uint8 BGR.
        rings: Of the faces that have one.
        boxes: Of all faces, in pixels of `out`.
        sizes: Lengths that suit the picture.
    """
    laid = [ring for ring in rings if ring is not None]
    for ring in laid:
        _draw_strokes(out, ring)
    words: list[Rect] = []
    for ring in laid:
        for number, arc in enumerate(ring.arcs):
            rect = _place_words(out, ring, number, laid, boxes, words, sizes)
            _draw_words(out, arc, rect, sizes)
            words.append(rect)
    return words


def _draw_strokes(out: ImageU8, ring: Ring) -> None:
    each = ring.each_deg
    half = (each - _GAP_DEG) / 2.0
    for number, arc in enumerate(ring.arcs):
        middle = _START_DEG + number * each
        begin, end = middle - half, middle + half
        # Values run from left to right as one reads, so below the middle they run the other way.
        if math.sin(math.radians(middle)) > 0.3:
            begin, end = end, begin
        place, band = (ring.centre, ring.radius), ring.band
        _stroke(out, *place, begin, end, band + 4, bgr(CARD))
        _stroke(out, *place, begin, end, band, bgr(TRACK if arc.fraction else HATCH))
        if arc.fraction:
            reached = begin + arc.fraction * (end - begin)
            _stroke(out, *place, begin, reached, band, bgr(hue(arc.hue)))


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


def _place_words(
    out: ImageU8,
    ring: Ring,
    number: int,
    rings: Sequence[Ring],
    boxes: Sequence[Rect],
    words: Sequence[Rect],
    sizes: OverlaySizes,
) -> Rect:
    """Return the best place for an arc's words, outside of it and inside the picture."""
    arc = ring.arcs[number]
    whole_w = max(text_width(arc.name, sizes.text, REGULAR), text_width(arc.value, sizes.big, BOLD))
    whole_h = sizes.text + sizes.big + sizes.pad // 2
    best, least = (0, 0, whole_w, whole_h), math.inf
    for slide in _SLIDES:
        angle = math.radians(_START_DEG + (number + slide) * ring.each_deg)
        cos, sin = math.cos(angle), math.sin(angle)
        # The words' box touches the ring from outside.
        away = ring.radius + ring.band + sizes.gap
        x = ring.centre[0] + away * cos + (cos - 1.0) / 2.0 * whole_w
        y = ring.centre[1] + away * sin + (sin - 1.0) / 2.0 * whole_h
        rect = (
            _inside(x, whole_w, out.shape[1], sizes.gap),
            _inside(y, whole_h, out.shape[0], sizes.gap),
            whole_w,
            whole_h,
        )
        # In square pixels that are hard to read; weights chosen by eye.
        cost = 8.0 * sum(overlap(rect, other) for other in words)
        cost += 4.0 * sum(overlap(rect, box) for box in boxes)
        crossed = sum(1.0 if other is not ring else 0.5 for other in rings if other.crosses(rect))
        cost += (crossed + 0.5 * abs(slide)) * whole_w * whole_h
        if cost < least:
            best, least = rect, cost
    return best


def _inside(at: float, length: int, whole: int, gap: int) -> int:
    return round(min(max(at, gap), max(whole - length - gap, gap)))


def _draw_words(out: ImageU8, arc: Arc, rect: Rect, sizes: OverlaySizes) -> None:
    """Draw number and name, centred."""
    x, y, whole_w, _ = rect
    value_x = x + (whole_w - text_width(arc.value, sizes.big, BOLD)) // 2
    name_x = x + (whole_w - text_width(arc.name, sizes.text, REGULAR)) // 2
    name_y = y + sizes.big + sizes.pad // 2 + sizes.text // 2
    value_colour = bgr(TEXT if arc.on else MUTED)
    _put_rimmed(out, arc.value, (value_x, y + sizes.big // 2), sizes.big, value_colour, BOLD)
    _put_rimmed(out, arc.name, (name_x, name_y), sizes.text, bgr(TEXT), REGULAR)


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
