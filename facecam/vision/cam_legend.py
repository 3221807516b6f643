"""What the colours of class activation maps mean, on a small card in a corner of the picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from facecam.inference.faithfulness import FLAT, NO_BETTER, NOT_LEARNED
from facecam.titles import label_of, title_of
from facecam.types import FaceAnalysis, FaceMap, ImageU8
from facecam.vision.cam_colours import CamColours, cam_colours
from facecam.vision.cam_overlay import CamStyle, scale_of, strongest, why_untrusted
from facecam.vision.overlay_card import OverlaySizes, draw_ground
from facecam.vision.overlay_layout import Rect, overlap
from facecam.vision.overlay_rows import HeadLook
from facecam.vision.overlay_text import BOLD, REGULAR, fitted, put_text, text_width
from facecam.vision.palette import CARD, MUTED, TEXT, bgr

_WORDS = {
    "en": {
        "against": "against",
        "for": "for",
        "weak": "weak",
        "strong": "strong",
        "lower": "lower",
        "higher": "higher",
        "faint": "Hardly anything here speaks for it",
        "faint higher": "Hardly anything here makes it higher",
        "distrust": "Not to be trusted: ",
        NO_BETTER: "no better than a random map",
        FLAT: "the same everywhere",
        NOT_LEARNED: "not what the model learned",
        "small": "the face is too small",
        "blurred": "the face is too blurred",
        "turned": "the face is turned away",
    },
    "ko": {
        "against": "반대",
        "for": "찬성",
        "weak": "약함",
        "strong": "강함",
        "lower": "낮춤",
        "higher": "높임",
        "faint": "여기에는 근거가 거의 없음",
        "faint higher": "여기에는 높이는 곳이 거의 없음",
        "distrust": "믿을 수 없음: ",
        NO_BETTER: "무작위 지도보다 낫지 않음",
        FLAT: "어디나 같음",
        NOT_LEARNED: "모델이 배운 것이 아님",
        "small": "얼굴이 너무 작음",
        "blurred": "얼굴이 너무 흐림",
        "turned": "얼굴이 옆을 봄",
    },
}
_BAR_WIDTH = 2.4  # of the bars in cards
_CORNERS = 4
_FAINT, _SEEN = 0.10, 0.16  # of full colour: what is weaker is hardly seen (chosen by eye)


@dataclass(frozen=True, slots=True)
class Legend:
    """The words of a legend.

    Attributes:
        title: Head, and the class when all faces have the same.
        low, high: At the ends of the colours.
        note: Why maps should not be trusted, or that there is little to see, or "".
    """

    title: str
    low: str
    high: str
    note: str = ""


def legend_of(
    faces: Sequence[FaceAnalysis],
    heads: Sequence[HeadLook],
    style: CamStyle,
    lang: str,
    *,
    faint: bool = False,
) -> Legend | None:
    """Return what the legend says of the maps of these faces; None where there is no map.

    Args:
        faces: With the maps that are drawn.
        heads: All heads of the model.
        style: How they are drawn.
        lang: Language of the words.
        faint: Whether there is little to see (see `nothing_shows`).
    """
    cams = [(face, face.cam) for face in faces if face.cam is not None]
    if not cams:
        return None
    name = cams[0][1].head
    head = next((head for head in heads if head.name == name), None)
    title = title_of(head, lang) if head is not None else name
    classes = {cam.class_name for _, cam in cams}
    class_name = classes.pop() if len(classes) == 1 else ""
    if head is not None and class_name and len(head.classes) > 1:
        title = f"{title}: {label_of(head, class_name, lang)}"
    expected = head is not None and head.kind == "expectation" and not class_name
    if style.signed:
        low, high = ("lower", "higher") if expected else ("against", "for")
    else:
        low, high = "weak", "higher" if expected else "strong"
        low = "" if expected else low
    note = _distrust(cams, lang) if style.hatch_untrusted else ""
    if not note and faint:
        note = _words(lang, "faint higher" if expected else "faint")
    return Legend(title, _words(lang, low), _words(lang, high), note)


def _distrust(cams: Sequence[tuple[FaceAnalysis, FaceMap]], lang: str) -> str:
    """Return the first reason not to believe a map, and of which faces where not of all."""
    reasons = [(face.track, why_untrusted(face, cam)) for face, cam in cams]
    first = next((reason for _, reason in reasons if reason), "")
    if not first:
        return ""
    tracks = [track for track, reason in reasons if reason == first]
    which = f"{', '.join(map(str, tracks))}: " if len(tracks) < len(cams) else ""
    return which + _words(lang, "distrust") + _words(lang, first)


def nothing_shows(faces: Sequence[FaceAnalysis], style: CamStyle, before: bool) -> bool:
    """Return whether all maps of these faces are too weak to be seen.

    Args:
        faces: With the maps that are drawn.
        style: How they are drawn.
        before: What was returned for the picture before, so that words do not come and go.
    """
    limit = _SEEN if before else _FAINT
    cams = [face.cam for face in faces if face.cam is not None]
    return all(strongest(cam, style) < limit * scale_of(cam, style) for cam in cams)


def legend_wh(legend: Legend, sizes: OverlaySizes) -> tuple[int, int]:
    """Return width and height of the legend."""
    ends = text_width(legend.low, sizes.text) + text_width(legend.high, sizes.text)
    bar = round(_BAR_WIDTH * sizes.bar_width)
    width = max(
        ends + bar + 2 * sizes.pad,
        text_width(legend.title, sizes.text, BOLD),
        text_width(legend.note, sizes.text),
    )
    rows = 3 if legend.note else 2
    return width + 2 * sizes.pad, rows * sizes.row + sizes.pad


def place_legend(
    size_wh: tuple[int, int],
    picture_wh: tuple[int, int],
    faces: Sequence[Rect],
    gap: int,
    before: int | None = None,
) -> tuple[Rect, int] | None:
    """Return the legend's place and which corner it is; None where it finds no room.

    Corners go from the lower left on; the one it had is kept while no face comes there.

    Args:
        size_wh: Size of the legend.
        picture_wh: Size of the picture.
        faces: Boxes of faces.
        gap: Distance to the edges.
        before: The corner it had.
    """
    (width, height), (all_w, all_h) = size_wh, picture_wh
    if width + 2 * gap > all_w or height + 2 * gap > all_h // 2:
        return None
    right, bottom = all_w - gap - width, all_h - gap - height
    places = ((gap, bottom), (right, bottom), (gap, gap), (right, gap))
    order = [before] if before is not None else []
    order += [corner for corner in range(_CORNERS) if corner != before]
    for corner in order:
        rect = (*places[corner], width, height)
        if not any(overlap(rect, face) for face in faces):
            return rect, corner
    return None


def draw_legend(
    out: ImageU8, legend: Legend, rect: Rect, style: CamStyle, sizes: OverlaySizes
) -> None:
    """Draw the legend in place."""
    x, y, width, _ = rect
    draw_ground(out, rect, sizes.pad)
    middle = y + sizes.pad // 2 + sizes.row // 2
    left, inner = x + sizes.pad, width - 2 * sizes.pad
    title = fitted(legend.title, inner, sizes.text, BOLD)
    put_text(out, title, left, middle, sizes.text, bgr(TEXT), BOLD)
    middle += sizes.row
    put_text(out, legend.low, left, middle, sizes.text, bgr(MUTED), REGULAR)
    low = text_width(legend.low, sizes.text)
    high = text_width(legend.high, sizes.text)
    x0 = left + low + (sizes.pad if low else 0)
    x1 = left + inner - high - (sizes.pad if high else 0)
    bar = _bar(x1 - x0, sizes.bar + 4, style.colours, style.signed)
    top = middle - bar.shape[0] // 2
    out[top : top + bar.shape[0], x0:x1] = bar
    put_text(out, legend.high, x1 + sizes.pad, middle, sizes.text, bgr(MUTED), REGULAR)
    if legend.note:
        middle += sizes.row
        put_text(out, legend.note, left, middle, sizes.text, bgr(TEXT), REGULAR)


@lru_cache(maxsize=16)
def _bar(width: int, height: int, colours: CamColours, signed: bool) -> ImageU8:
    """Return (height, width, 3) uint8 of the colours on the card's ground."""
    table, shares = cam_colours(colours, signed)
    steps = np.linspace(0, 255, max(width, 1)).round().astype(int)
    share = shares[steps]
    row = table[steps, 0] * share + np.array(bgr(CARD), np.float32) * (1.0 - share)
    return np.repeat(row[None].astype(np.uint8), height, axis=0)


def _words(lang: str, key: str) -> str:
    return _WORDS.get(lang, _WORDS["en"]).get(key, key) if key else ""
