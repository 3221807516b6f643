"""Stats as arcs around a face."""

from dataclasses import replace

import numpy as np
import pytest

from facecam.types import FaceAnalysis, ImageU8, MultiSigmoidReading, SigmoidReading, SoftmaxReading
from facecam.vision.overlay import OverlayOptions, OverlayPainter
from facecam.vision.overlay_card import overlay_sizes
from facecam.vision.overlay_layout import Rect, overlap, place_card
from facecam.vision.overlay_ring import Arc, draw_rings, lay_ring, ring_arcs
from facecam.vision.palette import bgr, hue
from tests.fakes import FakeHead, analysis_at

STATS = ("athlete", "celebrity", "ceo", "crime", "professor")
HEADS = (
    FakeHead("stats", "sigmoid", STATS, labels={"en": {"ceo": "CEO"}}),
    FakeHead("gender", "softmax", ("female", "male")),
    FakeHead("smile", "sigmoid", ("smile",), title={"en": "Smile"}),
)
SIZES = overlay_sizes(640, 480, 1.0)


def draw(out: ImageU8, arcs: tuple[Arc, ...], box: Rect) -> list[Rect]:
    return draw_rings(out, [lay_ring(arcs, box, SIZES)], [box], SIZES)


def face(p: float = 0.8) -> FaceAnalysis:
    readings = {
        "stats": MultiSigmoidReading(dict.fromkeys(STATS, p), ("ceo",)),
        "gender": SoftmaxReading("male", 0.9, {"male": 0.9, "female": 0.1}),
        "smile": SigmoidReading(0.4, False),
    }
    return FaceAnalysis(1, (270.0, 190.0, 100.0, 100.0), 0.9, readings)


def test_every_class_of_a_sigmoid_head_has_its_arc() -> None:
    arcs = ring_arcs(face(), HEADS, frozenset({"stats"}), "en")
    assert [arc.name for arc in arcs] == ["athlete", "celebrity", "CEO", "crime", "professor"]
    assert [arc.on for arc in arcs] == [False, False, True, False, False]
    assert {arc.value for arc in arcs} == {"80%"}
    assert len({arc.hue for arc in arcs}) == 5


def test_heads_of_one_class_have_their_title_and_other_kinds_none() -> None:
    arcs = ring_arcs(face(), HEADS, frozenset({"smile", "gender"}), "en")
    assert [(arc.name, arc.value) for arc in arcs] == [("Smile", "40%")]


def test_what_cannot_be_told_is_not_filled() -> None:
    unsure = replace(face(), readings={"smile": SigmoidReading(0.9, True, "blurred")})
    (arc,) = ring_arcs(unsure, HEADS, frozenset({"smile"}), "en")
    assert (arc.value, arc.fraction, arc.on) == ("?", None, False)


def coloured(p: float) -> int:
    """Return how many pixels have the first arc's colour."""
    out = np.full((480, 640, 3), 90, np.uint8)
    arcs = ring_arcs(face(p), HEADS, frozenset({"stats"}), "en")
    draw(out, arcs, (270, 190, 100, 100))
    return int((np.abs(out.astype(int) - bgr(hue(0))).max(axis=2) < 12).sum())


def test_arcs_are_filled_as_far_as_their_number() -> None:
    assert coloured(0.9) == pytest.approx(3 * coloured(0.3), rel=0.3)
    assert coloured(0.3) > 20


def test_the_face_itself_is_left_free() -> None:
    out = np.full((480, 640, 3), 90, np.uint8)
    arcs = ring_arcs(face(), HEADS, frozenset({"stats"}), "en")
    draw(out, arcs, (270, 190, 100, 100))
    assert (out[195:285, 275:365] == 90).all()
    assert (out != 90).any()


@pytest.mark.parametrize("box", [(0, 0, 100, 100), (600, 440, 100, 100), (-80, 200, 300, 300)])
def test_faces_at_the_edge_and_tiny_ones_are_no_trouble(box: tuple[int, int, int, int]) -> None:
    out = np.full((480, 640, 3), 90, np.uint8)
    arcs = ring_arcs(face(), HEADS, frozenset({"stats"}), "en")
    draw(out, arcs, box)
    small = np.full((480, 640, 3), 90, np.uint8)
    draw(small, arcs, (300, 200, 20, 20))
    assert (small == 90).all()
    draw(small, (), (300, 200, 100, 100))
    assert (small == 90).all()


def test_heads_in_the_ring_are_not_on_the_card() -> None:
    image = np.full((480, 640, 3), 90, np.uint8)
    analysis = replace(analysis_at(0, face()), size_wh=(640, 480))

    def dark(options: OverlayOptions) -> int:
        out = OverlayPainter().draw(image, analysis, HEADS, options=options)
        return int((out.max(axis=2) < 45).sum())

    all_heads = frozenset(head.name for head in HEADS)
    with_card = dark(OverlayOptions())
    ring_alone = dark(OverlayOptions(ring=all_heads))
    assert ring_alone < with_card
    assert dark(OverlayOptions(ring=frozenset({"stats"}))) > ring_alone, "a card for the others"


def test_words_of_neighbouring_rings_lie_beside_each_other() -> None:
    out = np.full((480, 640, 3), 90, np.uint8)
    arcs = ring_arcs(face(), HEADS, frozenset({"stats"}), "en")
    boxes = [(140, 190, 100, 100), (320, 180, 100, 100)]
    words = draw_rings(out, [lay_ring(arcs, box, SIZES) for box in boxes], boxes, SIZES)
    assert len(words) == 10
    for number, one in enumerate(words):
        assert not any(overlap(one, other) for other in words[number + 1 :])
        assert all(overlap(one, box) < 0.05 * one[2] * one[3] for box in boxes)


@pytest.mark.parametrize("y", [60, 190, 300])
def test_cards_lie_on_no_ring(y: int) -> None:
    arcs = ring_arcs(face(), HEADS, frozenset({"stats"}), "en")
    ring = lay_ring(arcs, (270, y, 100, 100), SIZES)
    assert ring is not None
    spot = place_card([ring.rect], 0, [(150, 40)], [], (640, 480), 8, ringed=frozenset({0}))
    assert spot is not None
    assert not overlap(spot.rect, ring.rect)
    assert not ring.crosses(spot.rect)


def test_no_card_is_drawn_where_the_ring_leaves_no_room() -> None:
    whole = (5, 5, 630, 470)
    sizes_wh = [(150, 40)]
    assert place_card([whole], 0, sizes_wh, [], (640, 480), 8) is not None, "on its own face"
    assert place_card([whole], 0, sizes_wh, [], (640, 480), 8, ringed=frozenset({0})) is None


def test_a_tie_ends_on_the_ring() -> None:
    arcs = ring_arcs(face(), HEADS, frozenset({"stats"}), "en")
    ring = lay_ring(arcs, (270, 190, 100, 100), SIZES)
    assert ring is not None
    x, y = ring.towards(600.0, ring.centre[1])
    assert (x, y) == (round(ring.centre[0] + ring.radius + ring.band), round(ring.centre[1]))
