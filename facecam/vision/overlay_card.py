"""Draw the card beside a face: rows of a title, a bar and a value on a dark ground."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from facecam.types import ImageU8
from facecam.vision.blending import lay_over
from facecam.vision.overlay_layout import Rect
from facecam.vision.overlay_rows import Row
from facecam.vision.overlay_text import BOLD, REGULAR, fitted, put_text, text_width
from facecam.vision.palette import CARD, HATCH, MUTED, TEXT, TRACK, bgr, hue

_OPACITY = 0.74


@dataclass(frozen=True, slots=True)
class OverlaySizes:
    """Lengths in pixels for one size of picture."""

    text: int
    big: int
    row: int
    bar: int
    bar_width: int
    pad: int
    gap: int
    line: int
    title_most: int


@lru_cache(maxsize=16)
def overlay_sizes(width: int, height: int, scale: float) -> OverlaySizes:
    """Return the lengths that suit a picture of `width` x `height` pixels.

    The geometric mean of the two counts, so that a tall picture gets the same words as a wide one;
    words get no smaller than can be read.
    """
    unit = max(math.sqrt(width * height / (1280 * 720)), 0.76) * scale
    return OverlaySizes(
        text=max(round(13 * unit), 9),
        big=max(round(17 * unit), 11),
        row=max(round(19 * unit), 12),
        bar=max(round(4 * unit), 3),
        bar_width=max(round(56 * unit), 30),
        pad=max(round(8 * unit), 5),
        gap=max(round(8 * unit), 4),
        line=max(round(1.4 * unit), 1),
        title_most=round(124 * unit),
    )


def _value_width(row: Row, sizes: OverlaySizes) -> int:
    """Return the width of value and note."""
    size, weight = (sizes.big, BOLD) if row.big else (sizes.text, REGULAR)
    width = text_width(row.value, size, weight)
    if row.note:
        width += text_width(row.note, sizes.text) + sizes.pad // 2
    return width


def card_wh(rows: Sequence[Row], sizes: OverlaySizes) -> tuple[int, int]:
    """Return width and height of a card."""
    height = len(rows) * sizes.row + sizes.pad
    if not rows[0].title:
        return text_width(rows[0].value, sizes.text) + 2 * sizes.pad, height
    titles, values = _columns(rows, sizes)
    return titles + values + sizes.bar_width + 4 * sizes.pad, height


def _columns(rows: Sequence[Row], sizes: OverlaySizes) -> tuple[int, int]:
    """Return the widths of titles and values, in steps so that cards don't change all the time."""
    step = 2 * sizes.pad
    titles = min(max(text_width(row.title, sizes.text) for row in rows), sizes.title_most)
    least = text_width("100%", sizes.text)
    values = max(least, *(_value_width(row, sizes) for row in rows))
    return titles, -(-values // step) * step


def draw_card(out: ImageU8, rows: Sequence[Row], rect: Rect, sizes: OverlaySizes) -> None:
    """Draw a card in place, where `card_wh` and the layout have put it."""
    x, y, width, _ = rect
    draw_ground(out, rect, sizes.pad)
    middle = y + sizes.pad // 2 + sizes.row // 2
    if not rows[0].title:
        put_text(out, rows[0].value, x + sizes.pad, middle, sizes.text, bgr(MUTED))
        return
    titles, _ = _columns(rows, sizes)
    bar_x, right = x + 2 * sizes.pad + titles, x + width - sizes.pad
    for row in rows:
        title = fitted(row.title, titles, sizes.text)
        put_text(out, title, x + sizes.pad, middle, sizes.text, bgr(TEXT if row.on else MUTED))
        if row.fraction is None:
            _draw_hatch(out, bar_x, middle, sizes)
        else:
            _draw_bar(out, row, row.fraction, bar_x, middle, sizes)
        size, weight = (sizes.big, BOLD) if row.big else (sizes.text, REGULAR)
        at = right - _value_width(row, sizes)
        put_text(out, row.value, at, middle, size, bgr(TEXT if row.on else MUTED), weight)
        if row.note:
            at = right - text_width(row.note, sizes.text)
            put_text(out, row.note, at, middle, sizes.text, bgr(MUTED))
        middle += sizes.row


def draw_ground(out: ImageU8, rect: Rect, radius: int) -> None:
    """Draw the dark, translucent ground of a card in place."""
    x, y, width, height = rect
    view = out[y : y + height, x : x + width]
    lay_over(view, *_ground(width, height, radius))


def _draw_bar(out: ImageU8, row: Row, fraction: float, x: int, y: int, sizes: OverlaySizes) -> None:
    """Draw a bar; one with an interval gets paler within it, with a mark at the value."""
    colour, track = bgr(hue(row.hue)), bgr(TRACK)
    width, height = sizes.bar_width, sizes.bar
    top = y - height // 2
    _fill(out, x, x + width, top, height, track)
    if row.band is None:
        _fill(out, x, x + fraction * width, top, height, colour)
        return
    low, high = (x + end * width for end in row.band)
    _fill(out, x, high, top, height, _mixed(colour, track, 0.6))
    _fill(out, x, low, top, height, colour)
    mark = max(round(height / 2), 2)
    at = round(min(max(x + fraction * width - mark / 2, x), x + width - mark))
    _fill(out, at, at + mark, top - height // 2, height + 2 * (height // 2), bgr(TEXT))


def _fill(
    out: ImageU8, x0: int, x1: float, y: int, height: int, colour: tuple[int, int, int]
) -> None:
    """Fill from x0 to x1, the last pixel in part, so that bars grow smoothly."""
    whole = int(x1)
    if whole > x0:
        out[y : y + height, x0:whole] = colour
    rest = x1 - whole
    if rest > 0.02 and whole >= x0:
        under = tuple(int(value) for value in out[y, whole])
        out[y : y + height, whole] = _mixed(colour, (under[0], under[1], under[2]), rest)


def _mixed(
    colour: tuple[int, int, int], other: tuple[int, int, int], share: float
) -> tuple[int, int, int]:
    blue, green, red = (
        round(share * a + (1 - share) * b) for a, b in zip(colour, other, strict=True)
    )
    return blue, green, red


def _draw_hatch(out: ImageU8, x: int, y: int, sizes: OverlaySizes) -> None:
    """Draw the hatched bar of a head that can't tell."""
    height = sizes.bar + 2
    top = y - height // 2
    out[top : top + height, x : x + sizes.bar_width] = _hatch(sizes.bar_width, height)


@lru_cache(maxsize=16)
def _hatch(width: int, height: int) -> ImageU8:
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = bgr(TRACK)
    step = max(height, 5)
    for start in range(-height, width, step):
        cv2.line(
            picture,
            (start, height),
            (start + height, 0),
            bgr(HATCH),
            max(height // 5, 1),
            cv2.LINE_AA,
        )
    picture.flags.writeable = False
    return picture


@lru_cache(maxsize=64)
def _ground(width: int, height: int, radius: int) -> tuple[ImageU8, ImageU8]:
    """Return what is added to the picture and how much of it stays, as `lay_over` takes them."""
    big = np.zeros((height * 4, width * 4), np.uint8)
    r = min(radius * 4, height * 2, width * 2)
    cv2.rectangle(big, (r, 0), (width * 4 - r - 1, height * 4), 255, cv2.FILLED)
    cv2.rectangle(big, (0, r), (width * 4, height * 4 - r - 1), 255, cv2.FILLED)
    for x in (r, width * 4 - r - 1):
        for y in (r, height * 4 - r - 1):
            cv2.circle(big, (x, y), r, 255, cv2.FILLED)
    mask = cv2.resize(big, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    share = mask[..., None] * (_OPACITY / 255.0)
    over = np.rint(share * np.array(bgr(CARD), np.float32)).astype(np.uint8)
    under = np.repeat(np.rint(255.0 * (1.0 - share)).astype(np.uint8), 3, axis=2)
    return over, under
