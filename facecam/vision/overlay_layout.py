"""Where cards go: beside their face, on no face, on no other card, and steady in time."""

from collections.abc import Sequence
from dataclasses import dataclass

Rect = tuple[int, int, int, int]
"""x, y, width, height in pixels."""

_ON_OWN_FACE = 0.35  # of the face's box at most, and only where there is no room beside it
_BESIDE = 6  # so many of the places lie beside the face and are as good as each other
# A detector's box goes from brow to chin; hair and most of a hat need so much more of its size.
_HAIR, _CHIN, _EAR = 0.35, 0.1, 0.06


@dataclass(frozen=True, slots=True)
class Spot:
    """A place for a card.

    Attributes:
        rect: Where it is.
        size: Which of the sizes that were offered.
        room: How much of the heads it may cover: 0 nothing, 1 what is outside of the boxes, 2 part
            of its own face as well.
        place: Which of the places around the face.
    """

    rect: Rect
    size: int
    room: int
    place: int

    @property
    def rank(self) -> tuple[bool, int, int, int]:
        """The lower, the better."""
        return self.room == 2, self.size, self.room, self.place


def place_card(
    faces: Sequence[Rect],
    index: int,
    sizes_wh: Sequence[tuple[int, int]],
    cards: Sequence[Rect],
    picture_wh: tuple[int, int],
    gap: int,
    before: Spot | None = None,
    *,
    ringed: frozenset[int] = frozenset(),
) -> Spot | None:
    """Return the best free place, or None when there is none.

    Beside the face comes first, level with its top, then its middle or bottom, then below and
    above it, then the corners of the picture. A larger card goes before one that keeps off the hair
    too, and that before a better place; where no card finds room at all, the smaller ones may cover
    a third of their own face. Nothing ever covers another face's box or another card.

    A card that is beside its face stays on its side as long as it can; elsewhere it moves to a
    better place only when there is room to spare, so that it does not hop to and fro.

    Args:
        faces: Boxes of all faces.
        index: Which of them the card belongs to.
        sizes_wh: Sizes of the card, best first.
        cards: Cards that have their place already.
        picture_wh: What must not be left.
        gap: Distance to the face.
        before: Where this face's card was on the last picture.
        ringed: Faces whose rectangle is that of the ring around them: it holds the hair already,
            and not even their own card may lie on it.
    """
    others = [face for number, face in enumerate(faces) if number != index]
    heads = [
        face if number in ringed else _head(face)
        for number, face in enumerate(faces)
        if number != index
    ]
    around = _Around(
        box=faces[index],
        faces=tuple(others),
        boxes=(*others, *cards),
        heads=(*heads, *cards),
        picture_wh=picture_wh,
        gap=gap,
        ringed=index in ringed,
    )
    kept = None
    if before is not None and before.size < len(sizes_wh):
        kept = around.spot(sizes_wh[before.size], before.size, before.room, before.place)
    if kept is not None and kept.size == kept.room == 0 and kept.place < _BESIDE:
        return kept
    found = around.best(sizes_wh, spare=gap if kept else 0)
    if kept is not None and (found is None or kept.rank <= found.rank):
        return kept
    return found


@dataclass(frozen=True, slots=True)
class _Around:
    """One face and what there is around it."""

    box: Rect
    faces: tuple[Rect, ...]
    boxes: tuple[Rect, ...]
    heads: tuple[Rect, ...]
    picture_wh: tuple[int, int]
    gap: int
    ringed: bool = False

    def best(self, sizes_wh: Sequence[tuple[int, int]], spare: int) -> Spot | None:
        """Return the free spot of the lowest rank, with `spare` pixels free around it."""
        tries = [(size, room) for size in range(len(sizes_wh)) for room in (0, 1)]
        tries += [(size, 2) for size in range(len(sizes_wh)) if size or len(sizes_wh) == 1]
        for size, room in tries:
            for place in range(PLACES):
                spot = self.spot(sizes_wh[size], size, room, place, spare)
                if spot is not None:
                    return spot
        return None

    def spot(
        self, size_wh: tuple[int, int], size: int, room: int, place: int, spare: int = 0
    ) -> Spot | None:
        """Return this very spot if it is free."""
        own = _head(self.box) if room == 0 and not self.ringed else self.box
        rect = (*_places(own, self.box, size_wh, self.picture_wh, self.gap)[place], *size_wh)
        most = _ON_OWN_FACE * own[2] * own[3] if room == 2 and not self.ringed else 0.0
        if not _inside(rect, self.picture_wh) or overlap(rect, own) > most:
            return None
        wide = (rect[0] - spare, rect[1] - spare, rect[2] + 2 * spare, rect[3] + 2 * spare)
        taken = self.heads if room == 0 else self.boxes
        if any(overlap(wide, other) for other in taken):
            return None
        if place >= _CORNERS and any(_apart(rect, f) < _apart(rect, self.box) for f in self.faces):
            return None  # it would seem to be another face's
        return Spot(rect, size, room, place)


def _head(box: Rect) -> Rect:
    """Return the box of the whole head that a face's box belongs to."""
    x, y, width, height = box
    side, hair, chin = round(_EAR * width), round(_HAIR * height), round(_CHIN * height)
    return x - side, y - hair, width + 2 * side, height + hair + chin


def _places(
    keep_off: Rect, box: Rect, size_wh: tuple[int, int], picture_wh: tuple[int, int], gap: int
) -> tuple[tuple[int, int], ...]:
    """Return the upper left corners of a card at each place around `keep_off`, level with `box`."""
    x, y, width, height = keep_off
    card_w, card_h = size_wh
    all_w, all_h = picture_wh
    right, left = x + width + gap, x - gap - card_w
    below, above = y + height + gap, y - gap - card_h
    middle_x = _within(x + (width - card_w) // 2, gap, all_w - card_w - gap)
    # A card beside a face that reaches over the edge is moved up or down into the picture.
    top, centre, bottom = (
        _within(box[1] + down, gap, all_h - card_h - gap)
        for down in (0, (box[3] - card_h) // 2, box[3] - card_h)
    )
    return (
        (right, top),
        (left, top),
        (right, centre),
        (left, centre),
        (right, bottom),
        (left, bottom),
        (middle_x, below),
        (middle_x, above),
        (right, below),
        (left, below),
        (right, above),
        (left, above),
        # On the chin, inside the box: taken only where a card may lie on its own face.
        (middle_x, _within(box[1] + box[3] - card_h - gap, gap, all_h - card_h - gap)),
        (gap, all_h - card_h - gap),
        (all_w - card_w - gap, all_h - card_h - gap),
        (gap, gap),
        (all_w - card_w - gap, gap),
    )


PLACES = 17
_CORNERS = 13  # the places from here on are the picture's corners


def overlap(a: Rect, b: Rect) -> int:
    """Return the area that two rectangles share, in square pixels."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return width * height if width > 0 and height > 0 else 0


def _apart(a: Rect, b: Rect) -> int:
    """Return how far apart two rectangles are along the axis where they are farther."""
    across = max(a[0], b[0]) - min(a[0] + a[2], b[0] + b[2])
    down = max(a[1], b[1]) - min(a[1] + a[3], b[1] + b[3])
    return max(across, down, 0)


def _inside(rect: Rect, picture_wh: tuple[int, int]) -> bool:
    x, y, width, height = rect
    return x >= 0 and y >= 0 and x + width <= picture_wh[0] and y + height <= picture_wh[1]


def _within(value: int, low: int, high: int) -> int:
    return max(min(value, high), min(low, max(high, 0)))
