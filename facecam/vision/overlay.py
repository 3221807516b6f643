"""Draw boxes and cards of bars on pictures, in the window and in recordings alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from facecam.types import Analysis, FaceAnalysis, ImageU8
from facecam.vision.cam_legend import (
    draw_legend,
    legend_of,
    legend_wh,
    nothing_shows,
    place_legend,
)
from facecam.vision.cam_overlay import CamPainter, CamStyle
from facecam.vision.overlay_card import OverlaySizes, card_wh, draw_card, overlay_sizes
from facecam.vision.overlay_layout import Rect, Spot, place_card
from facecam.vision.overlay_ring import Ring, draw_rings, lay_ring, ring_arcs
from facecam.vision.overlay_rows import HeadLook, Row, rows_of
from facecam.vision.overlay_text import BOLD, put_text, text_width
from facecam.vision.palette import BOX, CARD, SELECTED, TEXT, bgr
from facecam.vision.privacy import FaceBlur, blur_whole

MAX_ROWS = 8
_FEW_ROWS = 3  # of the smaller card, where the whole one finds no room
_PREDICTED_AFTER_S = 0.3  # chosen by eye
_FORGET_AFTER_S = 2.5  # without a face before its card's place is forgotten, as the tracker does


@dataclass(frozen=True, slots=True)
class OverlayOptions:
    """How to draw.

    Attributes:
        heads: Names of the heads to show; None shows all.
        show_boxes: Draw the boxes and their small numbers.
        show_bars: Draw the cards.
        lang: Language of the words.
        mirror: Mirror the picture; words stay readable.
        scale: Times the size that suits the picture.
        selected: Track whose box stands out, or None.
        cam: How class activation maps are drawn; None draws none.
        ring: Names of `sigmoid` heads that stand as arcs around the face instead of on its card.
        blur: Make every face unrecognisable before anything is drawn.
    """

    heads: frozenset[str] | None = None
    show_boxes: bool = True
    show_bars: bool = True
    lang: str = "en"
    mirror: bool = False
    scale: float = 1.0
    selected: int | None = None
    cam: CamStyle | None = None
    ring: frozenset[str] = frozenset()
    blur: bool = False


def draw_overlay(
    image_bgr: ImageU8,
    analysis: Analysis,
    heads: Sequence[HeadLook],
    *,
    options: OverlayOptions | None = None,
    out: ImageU8 | None = None,
) -> ImageU8:
    """Return a picture with the overlay; see `OverlayPainter.draw`.

    For one picture. In a video a painter that is kept holds the cards steadier.
    """
    return OverlayPainter().draw(image_bgr, analysis, heads, options=options, out=out)


class OverlayPainter:
    """Draws the overlay on one picture after another. Owned by one thread.

    Each face has a thin box (dashed while it is predicted) with its number, and beside it a card
    with one line a head. A face is called predicted only after a while of it: the detector runs on
    some frames only, so that boxes would change their look many times a second. Cards lie on no
    face and no other card, stay inside the picture, and keep their place from picture to picture
    while they can.
    """

    def __init__(self) -> None:
        self._spots: dict[int, Spot] = {}
        self._seen_s: dict[int, float] = {}  # when a face with a card was there last
        self._found_s: dict[int, float] = {}
        self._cams = CamPainter()
        self._corner: int | None = None
        self._faint = False
        self._blur = FaceBlur()

    def draw(
        self,
        image_bgr: ImageU8,
        analysis: Analysis,
        heads: Sequence[HeadLook],
        *,
        options: OverlayOptions | None = None,
        out: ImageU8 | None = None,
    ) -> ImageU8:
        """Return the picture with maps, boxes and cards.

        Args:
            image_bgr: (H, W, 3) uint8 BGR; never written to unless it is `out` as well.
            analysis: Of this picture; boxes are scaled when the picture has another size.
            heads: All heads of the model; their order gives the colours.
            options: How to draw.
            out: (H, W, 3) uint8 to draw in and return; `image_bgr` itself draws in place.
        """
        options = options or OverlayOptions()
        if out is None:
            out = np.empty_like(image_bgr, order="C")
        analysis = self._without_blinking(analysis)
        if options.blur:
            image_bgr = self._hide_faces(image_bgr, analysis, None if options.mirror else out)
        if options.mirror:
            out[...] = cv2.flip(image_bgr, 1)
        elif out is not image_bgr:
            np.copyto(out, image_bgr)
        height, width = out.shape[:2]
        if options.cam is None:
            self._cams.forget()
        if not analysis.faces or min(width, height) < 16:
            self._forget_missing(set(), analysis.source_s)
            return out
        sizes = overlay_sizes(width, height, round(options.scale, 3))
        boxes = [
            _box(face, analysis.size_wh, (width, height), options.mirror) for face in analysis.faces
        ]
        taken: list[Rect] = []
        if options.cam is not None:
            explained = self._cams.draw(out, analysis, options.cam, mirror=options.mirror)
            taken = self._draw_legend(out, explained, boxes, heads, sizes, options)
        rings: list[Ring | None] = [None] * len(boxes)
        if options.ring:
            rings = [
                lay_ring(ring_arcs(face, heads, options.ring, options.lang), box, sizes)
                for face, box in zip(analysis.faces, boxes, strict=True)
            ]
            taken += draw_rings(out, rings, boxes, sizes)
        if options.show_boxes:
            for face, box, ring in zip(analysis.faces, boxes, rings, strict=True):
                selected = face.track == options.selected
                # A ring says well enough where the face is.
                if face.score is not None and (selected or ring is None):
                    _draw_box(out, face, box, sizes, selected=selected)
        if options.show_bars:
            self._draw_cards(out, analysis.faces, boxes, heads, sizes, options, taken, rings)
        self._forget_missing({face.track for face in analysis.faces}, analysis.source_s)
        return out

    def _without_blinking(self, analysis: Analysis) -> Analysis:
        """Return the analysis with faces called predicted only after a while of it."""
        now_s = analysis.source_s
        found_s, faces = {}, []
        for face in analysis.faces:
            since_s = self._found_s.get(face.track, float("-inf")) if face.predicted else now_s
            found_s[face.track] = since_s
            late = face.predicted and not 0.0 <= now_s - since_s < _PREDICTED_AFTER_S
            faces.append(face if late == face.predicted else replace(face, predicted=late))
        self._found_s = found_s
        return replace(analysis, faces=tuple(faces))

    def _hide_faces(self, image_bgr: ImageU8, analysis: Analysis, out: ImageU8 | None) -> ImageU8:
        """Return the picture with every face blurred; all of it where nobody looked for faces."""
        hidden = self._blur.apply(
            image_bgr,
            analysis.faces,
            analysis.source_s,
            also=analysis.found_xywh,
            from_wh=analysis.size_wh,
            out=out,
        )
        if any(face.score is None for face in analysis.faces):
            blur_whole(hidden)
        return hidden

    def _draw_legend(
        self,
        out: ImageU8,
        faces: Sequence[FaceAnalysis],
        boxes: Sequence[Rect],
        heads: Sequence[HeadLook],
        sizes: OverlaySizes,
        options: OverlayOptions,
    ) -> list[Rect]:
        """Draw the legend of the maps; return its place, which no card may take."""
        style = options.cam
        if style is None or not style.legend:
            return []
        self._faint = nothing_shows(faces, style, self._faint)
        legend = legend_of(faces, heads, style, options.lang, faint=self._faint)
        if legend is None:
            return []
        picture_wh = (out.shape[1], out.shape[0])
        of_faces = [box for face, box in zip(faces, boxes, strict=True) if face.score is not None]
        size_wh = legend_wh(legend, sizes)
        found = place_legend(size_wh, picture_wh, of_faces, sizes.gap, self._corner)
        if found is None:
            return []
        rect, self._corner = found
        draw_legend(out, legend, rect, style, sizes)
        return [rect]

    def _draw_cards(
        self,
        out: ImageU8,
        faces: Sequence[FaceAnalysis],
        boxes: Sequence[Rect],
        heads: Sequence[HeadLook],
        sizes: OverlaySizes,
        options: OverlayOptions,
        taken: Sequence[Rect],
        rings: Sequence[Ring | None],
    ) -> None:
        height, width = out.shape[:2]
        ringed = frozenset(index for index, ring in enumerate(rings) if ring is not None)
        boxes = [
            ring.rect if ring is not None else box for ring, box in zip(rings, boxes, strict=True)
        ]
        cards: list[Rect] = list(taken)
        places: list[Rect] = []
        contents: list[Sequence[Row]] = []
        for index, face in enumerate(faces):
            rows = rows_of(face, heads, _on_cards(heads, options), options.lang)[:MAX_ROWS]
            if not rows:
                continue
            variants = [
                rows[:count]
                for count in dict.fromkeys((len(rows), _FEW_ROWS, 1))
                if count <= len(rows)
            ]
            cards_wh = [card_wh(variant, sizes) for variant in variants]
            if face.score is None:  # a whole picture has its card in the corner
                spot = _corner(cards_wh, (width, height), sizes.gap)
            else:
                before = self._spots.get(face.track)
                picture_wh = (width, height)
                spot = place_card(
                    boxes, index, cards_wh, cards, picture_wh, sizes.gap, before, ringed=ringed
                )
            if spot is None:
                self._spots.pop(face.track, None)
                continue
            self._spots[face.track] = spot
            cards.append(spot.rect)
            places.append(spot.rect)
            contents.append(variants[spot.size])
            if face.score is not None and len(faces) > 1:
                _draw_tie(out, boxes[index], spot.rect, sizes, rings[index])
        for content, card in zip(contents, places, strict=True):  # over all ties
            draw_card(out, content, card, sizes)

    def _forget_missing(self, present: set[int], now_s: float) -> None:
        for track in list(self._spots):
            if track in present:
                self._seen_s[track] = now_s
            elif abs(now_s - self._seen_s.get(track, now_s)) > _FORGET_AFTER_S:
                del self._spots[track]
                self._seen_s.pop(track, None)


def _on_cards(heads: Sequence[HeadLook], options: OverlayOptions) -> frozenset[str] | None:
    """Return the heads that stand on cards: those that are shown and not in the ring."""
    if not options.ring:
        return options.heads
    shown = frozenset(head.name for head in heads) if options.heads is None else options.heads
    return shown - options.ring


def _box(
    face: FaceAnalysis, from_wh: tuple[int, int], to_wh: tuple[int, int], mirror: bool
) -> Rect:
    """Return a face's box in pixels of the picture that is drawn on."""
    across, down = to_wh[0] / max(from_wh[0], 1), to_wh[1] / max(from_wh[1], 1)
    x, y, width, height = face.box_xywh
    x, y, width, height = x * across, y * down, width * across, height * down
    if mirror:
        x = to_wh[0] - x - width
    x0, y0 = round(x), round(y)
    return x0, y0, max(round(x + width) - x0, 1), max(round(y + height) - y0, 1)


def _draw_box(
    out: ImageU8, face: FaceAnalysis, box: Rect, sizes: OverlaySizes, *, selected: bool
) -> None:
    x, y, width, height = box
    colour, line = bgr(SELECTED if selected else BOX), sizes.line + selected
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    edges = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    if face.predicted:
        pieces = [piece for start, end in edges for piece in _dashes(start, end, 6 * sizes.line)]
    else:
        pieces = edges
    for start, end in pieces:  # a dark rim keeps it visible on bright pictures
        cv2.line(out, start, end, bgr(CARD), line + 2)
    for start, end in pieces:
        cv2.line(out, start, end, colour, line)
    if face.track > 0:
        _draw_tag(out, str(face.track), box, sizes, selected=selected)


def _dashes(
    start: tuple[int, int], end: tuple[int, int], length: int
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Cut a straight line into dashes of `length` pixels with gaps as long between them."""
    whole = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    count = min(max(whole // (2 * length), 1), 64)
    at = [
        (
            start[0] + (end[0] - start[0]) * i // (2 * count),
            start[1] + (end[1] - start[1]) * i // (2 * count),
        )
        for i in range(2 * count + 1)
    ]
    return [(at[2 * i], at[2 * i + 1]) for i in range(count)]


def _draw_tag(out: ImageU8, text: str, box: Rect, sizes: OverlaySizes, *, selected: bool) -> None:
    """Draw a face's number in the upper left corner of its box; above it where it is small."""
    size = max(round(0.85 * sizes.text), 9)
    width, height = text_width(text, size, BOLD) + sizes.pad, size + sizes.pad // 2
    small = box[2] < 5 * width or box[3] < 5 * height
    top = box[1] - height - sizes.line - 1 if small else box[1]
    if width >= out.shape[1] or height >= out.shape[0] or (small and top < 0):
        return
    x = min(max(box[0], 0), out.shape[1] - width)
    y = min(max(top, 0), out.shape[0] - height)
    colour, words = (SELECTED, CARD) if selected else (CARD, TEXT)
    cv2.rectangle(out, (x, y), (x + width, y + height), bgr(colour), cv2.FILLED)
    put_text(out, text, x + sizes.pad // 2, y + height // 2, size, bgr(words), BOLD)


def _draw_tie(
    out: ImageU8, box: Rect, card: Rect, sizes: OverlaySizes, ring: Ring | None = None
) -> None:
    """Draw a short line from a card to the face that it belongs to, or to the ring around it."""
    ends = []
    for at, size, other_at, other_size in zip(box[:2], box[2:], card[:2], card[2:], strict=True):
        low, high = max(at, other_at), min(at + size, other_at + other_size)
        if low <= high:  # they overlap along this axis: a straight line across the gap
            ends.append((min(low + 2 * sizes.pad, (low + high) // 2),) * 2)
        else:
            ends.append((at + size, other_at) if at < other_at else (at, other_at + other_size))
    (x0, x1), (y0, y1) = ends
    if ring is not None:
        x0, y0 = ring.towards(x1, y1)
    cv2.line(out, (x0, y0), (x1, y1), bgr(CARD), sizes.line + 2, cv2.LINE_AA)
    cv2.line(out, (x0, y0), (x1, y1), bgr(BOX), sizes.line, cv2.LINE_AA)


def _corner(
    cards_wh: Sequence[tuple[int, int]], picture_wh: tuple[int, int], gap: int
) -> Spot | None:
    for number, (width, height) in enumerate(cards_wh):
        if width + 2 * gap <= picture_wh[0] and height + 2 * gap <= picture_wh[1]:
            return Spot((gap, gap, width, height), number, 0, 0)
    return None
