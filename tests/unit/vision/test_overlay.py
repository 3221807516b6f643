"""Boxes and cards: what is drawn, where it may not go, and that it stays where it is."""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from facecam.inference.package import HeadSpec
from facecam.types import (
    Analysis,
    BoxXywh,
    ExpectationReading,
    FaceAnalysis,
    ImageU8,
    MultiSigmoidReading,
    Reading,
    SigmoidReading,
    SoftmaxReading,
    Unsure,
)
from facecam.vision import overlay as overlay_module
from facecam.vision.overlay import OverlayOptions, OverlayPainter, draw_overlay
from facecam.vision.overlay_layout import Rect, overlap, place_card
from facecam.vision.overlay_rows import rows_of
from facecam.vision.overlay_text import fitted, text_width
from facecam.vision.palette import BOX, HUES, SELECTED, bgr

HEADS = (
    HeadSpec("smile", "sigmoid", ("smile",), {"en": "Smile", "ko": "미소"}),
    HeadSpec(
        "gender",
        "softmax",
        ("female", "male"),
        {"en": "Perceived gender", "ko": "보이는 성별"},
        labels={"en": {"female": "woman"}, "ko": {"female": "여성"}},
    ),
    HeadSpec("age", "expectation", tuple(range(101)), {"en": "Age", "ko": "나이"}, "years"),
    HeadSpec("things", "sigmoid", ("hat", "long_scarf"), {"en": "Things"}),
)


def readings(unsure: Unsure | None = None) -> dict[str, Reading]:
    return {
        "smile": SigmoidReading(0.876, True, unsure),
        "gender": SoftmaxReading("female", 0.93, {"female": 0.93, "male": 0.07}, unsure),
        "age": ExpectationReading(34.4, 29.1, 39.8, unsure),
    }


def face(
    track: int,
    box: BoxXywh,
    unsure: Unsure | None = None,
    *,
    score: float | None = 0.9,
    predicted: bool = False,
) -> FaceAnalysis:
    return FaceAnalysis(track, box, score, readings(unsure), predicted)


def analysis(*faces: FaceAnalysis, size_wh: tuple[int, int] = (640, 360)) -> Analysis:
    return Analysis(0, 0.0, 0.0, 0.0, faces, size_wh)


def plain(size_wh: tuple[int, int] = (640, 360), level: int = 120) -> ImageU8:
    return np.full((size_wh[1], size_wh[0], 3), level, np.uint8)


def changed(before: ImageU8, after: ImageU8) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    return np.asarray((before != after).any(axis=2))


def has_colour(image: ImageU8, colour: str) -> bool:
    return bool((image == np.array(bgr(colour), np.uint8)).all(axis=2).any())


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> list[Rect]:
    """Collect where cards were drawn."""
    found: list[Rect] = []
    real = overlay_module.draw_card

    def noted(out: ImageU8, rows: object, rect: Rect, sizes: object) -> None:
        found.append(rect)
        real(out, rows, rect, sizes)  # type: ignore[arg-type]

    monkeypatch.setattr(overlay_module, "draw_card", noted)
    return found


def test_without_a_face_nothing_is_drawn() -> None:
    image = plain()
    drawn = draw_overlay(image, analysis(), HEADS)
    assert (drawn == image).all()
    assert drawn is not image


def test_the_picture_given_is_never_written_to() -> None:
    image = plain()
    image.flags.writeable = False
    drawn = draw_overlay(image, analysis(face(1, (100, 100, 90, 100))), HEADS)
    assert changed(image, drawn).any()


def test_out_is_drawn_in_and_returned() -> None:
    image, out = plain(), np.zeros((360, 640, 3), np.uint8)
    found = analysis(face(1, (100, 100, 90, 100)))
    assert draw_overlay(image, found, HEADS, out=out) is out
    assert (out == draw_overlay(image, found, HEADS)).all()
    assert draw_overlay(image, found, HEADS, out=image) is image
    assert (out == image).all()


def test_a_box_frames_the_face_and_leaves_it_free() -> None:
    image = plain()
    drawn = draw_overlay(
        image,
        analysis(face(1, (100, 100, 90, 100))),
        HEADS,
        options=OverlayOptions(show_bars=False),
    )
    assert tuple(drawn[150, 100]) == bgr(BOX)
    assert tuple(drawn[150, 190]) == bgr(BOX)
    assert tuple(drawn[200, 150]) == bgr(BOX)
    # Below the face's number all of its inside is free.
    assert not changed(image, drawn)[125:198, 103:188].any()


def test_the_number_of_a_small_face_stands_above_it() -> None:
    image = plain()
    options = OverlayOptions(show_bars=False)
    drawn = draw_overlay(image, analysis(face(1, (100, 100, 30, 34))), HEADS, options=options)
    marks = changed(image, drawn)
    assert not marks[103:132, 103:128].any()
    assert marks[80:98, 100:110].any()
    at_top = draw_overlay(image, analysis(face(1, (100, 2, 30, 34))), HEADS, options=options)
    assert not changed(image, at_top)[5:34, 103:128].any()


def test_a_predicted_box_is_dashed_and_a_chosen_one_stands_out() -> None:
    found = face(1, (100, 100, 90, 100))
    options = OverlayOptions(show_bars=False, selected=1)
    whole = draw_overlay(plain(), analysis(found), HEADS, options=options)
    assert has_colour(whole, SELECTED)
    dashed = draw_overlay(plain(), analysis(replace(found, predicted=True)), HEADS, options=options)
    side_whole = (whole[120:190, 100] == bgr(SELECTED)).all(axis=1)
    side_dashed = (dashed[120:190, 100] == bgr(SELECTED)).all(axis=1)
    assert side_whole.all()
    assert 0.2 < side_dashed.mean() < 0.8


def test_options_leave_out_boxes_cards_and_heads(cards: list[Rect]) -> None:
    image, found = plain(), analysis(face(1, (100, 100, 90, 100)))
    nothing = OverlayOptions(show_boxes=False, show_bars=False)
    assert not changed(image, draw_overlay(image, found, HEADS, options=nothing)).any()
    draw_overlay(image, found, HEADS)
    draw_overlay(image, found, HEADS, options=OverlayOptions(heads=frozenset({"smile"})))
    assert cards[1][3] < cards[0][3]
    draw_overlay(image, found, HEADS, options=OverlayOptions(heads=frozenset()))
    assert len(cards) == 2


def test_a_face_without_readings_has_a_box_only(cards: list[Rect]) -> None:
    drawn = draw_overlay(plain(), analysis(FaceAnalysis(1, (100, 100, 90, 100), 0.9)), HEADS)
    assert has_colour(drawn, BOX)
    assert cards == []


def test_a_head_keeps_its_colour_when_others_are_hidden() -> None:
    found = analysis(face(1, (100, 100, 90, 100)))
    drawn = draw_overlay(plain(), found, HEADS, options=OverlayOptions(heads=frozenset({"gender"})))
    assert has_colour(drawn, HUES[1])
    assert not has_colour(drawn, HUES[0])


def test_mirroring_mirrors_picture_and_boxes_but_not_words() -> None:
    image = plain()
    image[:, :50] = 200
    options = OverlayOptions(mirror=True)
    drawn = draw_overlay(image, analysis(face(1, (500, 100, 90, 100))), HEADS, options=options)
    assert (drawn[350, -40:] == 200).all()
    mirrored = np.ascontiguousarray(image[:, ::-1])
    plainly = draw_overlay(mirrored, analysis(face(1, (50, 100, 90, 100))), HEADS)
    assert (drawn == plainly).all()


def test_boxes_follow_the_size_of_the_picture(cards: list[Rect]) -> None:
    found = analysis(face(1, (100, 100, 90, 100)))
    draw_overlay(plain((1280, 720)), found, HEADS)
    draw_overlay(plain((640, 360)), found, HEADS)
    big, small = cards
    assert big[0] > 380 > small[0]


@pytest.mark.parametrize("size_wh", [(640, 360), (1280, 720), (720, 1280), (3840, 2160)])
def test_words_grow_with_the_picture(size_wh: tuple[int, int], cards: list[Rect]) -> None:
    width, height = size_wh
    box = (0.1 * width, 0.3 * height, 0.15 * width, 0.2 * height)
    draw_overlay(plain(size_wh), analysis(face(1, box), size_wh=size_wh), HEADS)
    assert len(cards) == 1
    row = cards[0][3] / 3.4
    assert 12 <= row <= max(0.04 * height, 20)


@pytest.mark.parametrize("seed", range(40))
def test_cards_cover_no_other_face_and_no_card_and_stay_inside(seed: int) -> None:
    rng = np.random.default_rng(seed)
    width, height = ((640, 360), (1280, 720), (360, 640), (250, 250))[seed % 4]
    boxes: list[Rect] = []
    for _ in range(int(rng.integers(1, 9))):
        side = int(rng.uniform(0.05, 0.5) * height)
        x, y = int(rng.uniform(-side, width)), int(rng.uniform(-side, height))
        boxes.append((x, y, side, side))
    sizes = [(int(0.3 * width), int(0.3 * height)), (int(0.2 * width), int(0.06 * height))]
    cards: list[Rect] = []
    for index, box in enumerate(boxes):
        spot = place_card(boxes, index, sizes, cards, (width, height), 5)
        if spot is None:
            continue
        x, y, card_w, card_h = spot.rect
        assert x >= 0
        assert y >= 0
        assert x + card_w <= width
        assert y + card_h <= height
        others = [other for number, other in enumerate(boxes) if number != index]
        assert all(overlap(spot.rect, other) == 0 for other in [*others, *cards])
        assert overlap(spot.rect, box) <= 0.35 * box[2] * box[3]
        cards.append(spot.rect)


def test_a_lone_face_in_the_middle_always_has_a_card() -> None:
    for side in range(20, 200, 10):
        box = (320 - side // 2, 180 - side // 2, side, side)
        spot = place_card([box], 0, [(205, 105), (140, 22)], (), (640, 360), 5)
        assert spot is not None
        assert spot.size == 0
        assert overlap(spot.rect, box) == 0


def test_a_card_flips_to_the_other_side_at_the_edge(cards: list[Rect]) -> None:
    draw_overlay(plain(), analysis(face(1, (30, 130, 90, 100))), HEADS)
    draw_overlay(plain(), analysis(face(1, (520, 130, 90, 100))), HEADS)
    assert cards[0][0] > 120
    assert cards[1][0] + cards[1][2] < 520


def test_a_card_stays_on_its_side_while_it_can(cards: list[Rect]) -> None:
    painter, image = OverlayPainter(), plain((1280, 720))

    def side(x: float) -> str:
        found = analysis(face(1, (x, 300, 150, 160)), size_wh=(1280, 720))
        painter.draw(image, found, HEADS)
        return "right" if cards[-1][0] > x else "left"

    there = [side(x) for x in range(700, 1130, 10)]
    back = [side(x) for x in range(1120, 700, -10)]
    assert there[0] == "right"
    assert there[-1] == "left"
    assert sum(a != b for a, b in pairwise(there)) == 1
    assert set(back) == {"left"}


@pytest.mark.parametrize(("away_s", "side"), [(2.0, "left"), (3.0, "right")])
def test_the_side_of_a_card_is_kept_as_long_as_the_tracker_keeps_a_face(
    away_s: float, side: str, cards: list[Rect]
) -> None:
    painter, image = OverlayPainter(), plain((1280, 720))

    def draw(t_s: float, *boxes: BoxXywh) -> None:
        found = analysis(*(face(1, box) for box in boxes), size_wh=(1280, 720))
        painter.draw(image, replace(found, source_s=t_s), HEADS)

    draw(0.0, (1120, 300, 150, 160))  # at the right edge: the card is on the left
    for number in range(1, round(away_s * 60)):
        draw(number / 60)
    draw(away_s, (700, 300, 150, 160))
    assert ("right" if cards[-1][0] > 700 else "left") == side


def test_a_card_does_not_hop_when_a_box_trembles(cards: list[Rect]) -> None:
    rng = np.random.default_rng(0)
    painter, image = OverlayPainter(), plain((640, 360))
    for _ in range(60):
        dx, dy = rng.normal(0, 1.5, 2)
        boxes = ((170 + dx, 110 + dy, 130, 140), (360 - dx, 90 - dy, 130, 150))
        found = analysis(*(face(i + 1, box) for i, box in enumerate(boxes)))
        painter.draw(image, found, HEADS)
    for one in (cards[0::2], cards[1::2]):
        steps = np.abs(np.diff(np.array(one)[:, :2], axis=0)).max(axis=1)
        # Values of the same width give cards of the same size, so only real moves count.
        assert int((steps > 12).sum()) <= 1


def test_a_face_without_room_around_it_has_no_card() -> None:
    boxes = [(x, y, 100, 100) for x in range(-100, 700, 102) for y in range(-100, 460, 102)]
    inner = boxes.index((104, 104, 100, 100))
    assert place_card(boxes, inner, [(180, 100), (90, 20)], (), (640, 360), 4) is not None
    assert place_card(boxes, inner, [(180, 100), (90, 80)], (), (640, 360), 4) is None


def test_a_whole_picture_has_its_card_in_the_corner_and_no_box(cards: list[Rect]) -> None:
    whole = FaceAnalysis(0, (0, 0, 640, 360), None, readings())
    drawn = draw_overlay(plain(), analysis(whole), HEADS)
    assert cards[0][0] < 20
    assert cards[0][1] < 20
    assert (drawn[359] == 120).all()


@pytest.mark.parametrize("size_wh", [(1, 1), (15, 400), (40, 30), (120, 90)])
def test_tiny_pictures_break_nothing(size_wh: tuple[int, int]) -> None:
    found = analysis(face(1, (0, 0, *map(float, size_wh))), size_wh=size_wh)
    assert draw_overlay(plain(size_wh), found, HEADS).shape == (size_wh[1], size_wh[0], 3)


@pytest.mark.parametrize("box", [(-500, -500, 90, 90), (0, 0, 0, 0), (-200, -200, 2000, 2000)])
def test_boxes_outside_and_empty_break_nothing(box: BoxXywh) -> None:
    draw_overlay(plain(), analysis(face(1, box), face(2, (300, 100, 80, 80))), HEADS)


def test_rows_say_number_first_with_words_and_percent() -> None:
    rows = rows_of(face(1, (0, 0, 1, 1)), HEADS, None, "en")
    assert [(row.title, row.value, row.hue) for row in rows] == [
        ("Age", "34", 2),
        ("Smile", "88%", 0),
        ("Perceived gender", "woman 93%", 1),
    ]
    assert rows[0].note == "29–40"
    assert rows[0].band == pytest.approx((0.291, 0.398))


def test_rows_speak_korean_and_fall_back_to_english() -> None:
    korean = rows_of(face(1, (0, 0, 1, 1)), HEADS, None, "ko")
    assert [row.title for row in korean] == ["나이", "미소", "보이는 성별"]
    assert korean[2].value == "여성 93%"
    assert rows_of(face(1, (0, 0, 1, 1)), HEADS, None, "fr")[1].title == "Smile"


def test_several_answers_have_a_row_each() -> None:
    several = MultiSigmoidReading({"hat": 0.9, "long_scarf": 0.1}, ("hat",))
    rows = rows_of(FaceAnalysis(1, (0, 0, 1, 1), 0.9, {"things": several}), HEADS, None, "en")
    assert [(row.title, row.value, row.on) for row in rows] == [
        ("hat", "90%", True),
        ("long scarf", "10%", False),
    ]


def test_one_head_that_cannot_tell_is_hatched() -> None:
    mixed = readings() | {"smile": SigmoidReading(0.9, True, "turned")}
    rows = rows_of(FaceAnalysis(1, (0, 0, 1, 1), 0.9, mixed), HEADS, None, "en")
    assert [(row.value, row.fraction) for row in rows if row.title == "Smile"] == [
        ("can't tell", None)
    ]
    drawn = draw_overlay(plain(), analysis(FaceAnalysis(1, (100, 100, 90, 100), 0.9, mixed)), HEADS)
    assert not has_colour(drawn, HUES[0])


@pytest.mark.parametrize(
    ("unsure", "words"),
    [
        ("small", "can't tell: too small"),
        ("blurred", "can't tell: too blurred"),
        ("turned", "can't tell: turned away"),
    ],
)
def test_a_face_of_which_nothing_can_be_told_says_why_once(
    unsure: Unsure, words: str, cards: list[Rect]
) -> None:
    found = face(1, (100, 100, 20, 20), unsure)
    assert [row.value for row in rows_of(found, HEADS, None, "en")] == [words]
    drawn = draw_overlay(plain(), analysis(found), HEADS)
    assert len(cards) == 1
    assert not any(has_colour(drawn, colour) for colour in HUES)


def test_hangul_is_drawn_and_not_replaced() -> None:
    def ink(text: str) -> ImageU8:
        from facecam.vision.overlay_text import put_text

        image = np.zeros((40, 200, 3), np.uint8)
        put_text(image, text, 5, 20, 20, (255, 255, 255))
        return image

    smile, hat, unknown = ink("미소"), ink("모자"), ink("??")
    assert smile.any()
    assert (smile != hat).any()
    assert (smile != unknown).any()


def test_long_titles_are_cut_with_an_ellipsis() -> None:
    short = fitted("A title that nobody would ever write", 100, 13)
    assert short.endswith("…")
    assert text_width(short, 13) <= 100
    assert fitted("Age", 100, 13) == "Age"


def test_bars_grow_with_their_value() -> None:
    def coloured(p: float) -> int:
        found = FaceAnalysis(1, (100, 100, 90, 100), 0.9, {"smile": SigmoidReading(p, True)})
        drawn = draw_overlay(plain(), analysis(found), HEADS)
        near = cv2.absdiff(drawn, np.full_like(drawn, bgr(HUES[0]))).max(axis=2) < 40
        return int(near.sum())

    amounts = [coloured(p) for p in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert amounts[0] == 0
    assert amounts == sorted(set(amounts))
