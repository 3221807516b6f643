"""The legend says what the colours mean, where no face is."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from facecam.types import CamTrust, FaceAnalysis, FaceMap, SoftmaxReading
from facecam.vision.cam_legend import (
    draw_legend,
    legend_of,
    legend_wh,
    nothing_shows,
    place_legend,
)
from facecam.vision.cam_overlay import CamStyle
from facecam.vision.overlay import OverlayOptions, OverlayPainter
from facecam.vision.overlay_card import overlay_sizes
from tests.fakes import FakeHead, analysis_at

HEADS = (
    FakeHead("age", "expectation", tuple(range(101)), title={"en": "Age", "ko": "나이"}),
    FakeHead(
        "gender", "softmax", ("female", "male"),
        title={"en": "Perceived gender"}, labels={"en": {"male": "man"}},
    ),
)  # fmt: skip
SIZES = overlay_sizes(1280, 720, 1.0)


def face(track: int, head: str, class_name: str, trust: CamTrust | None = None) -> FaceAnalysis:
    cam = FaceMap(head, class_name, np.zeros((5, 5), np.float32), (64, 64), 10.0, trust)
    return FaceAnalysis(track, (100.0 * track, 50.0, 60.0, 60.0), 0.9, cam=cam)


def said(*faces: FaceAnalysis, lang: str = "en", **style: Any) -> str:
    legend = legend_of(faces, HEADS, CamStyle(**style), lang)
    assert legend is not None
    return " | ".join((legend.title, legend.low, legend.high, legend.note))


def test_head_class_and_ends_are_named() -> None:
    assert said(face(1, "gender", "male")) == "Perceived gender: man | weak | strong | "
    signed = said(face(1, "gender", "male"), signed=True)
    assert signed.startswith("Perceived gender: man | against | for")
    assert said(face(1, "age", "")) == "Age |  | higher | "
    assert said(face(1, "age", ""), signed=True) == "Age | lower | higher | "
    assert said(face(1, "age", ""), lang="ko").startswith("나이")


def test_faces_of_different_classes_have_the_head_alone() -> None:
    assert said(face(1, "gender", "male"), face(2, "gender", "female")).startswith(
        "Perceived gender | "
    )


def test_no_map_no_legend() -> None:
    assert legend_of([replace(face(1, "age", ""), cam=None)], HEADS, CamStyle(), "en") is None


def test_distrust_is_said_with_its_reason_and_of_whom() -> None:
    bad = CamTrust(0.0, 0.5, False, "It is made up.", 0.0)
    assert said(face(1, "age", "", bad)).endswith("Not to be trusted: It is made up.")
    assert said(face(1, "age", ""), face(2, "age", "", bad)).endswith(
        "2: Not to be trusted: It is made up."
    )
    both = said(face(1, "age", "", bad), face(2, "age", "", bad))
    assert both.endswith("| Not to be trusted: It is made up."), "no number where it holds of all"
    some = said(face(1, "age", "", bad), face(2, "age", ""), face(3, "age", "", bad))
    assert some.endswith("1, 3: Not to be trusted: It is made up.")
    assert said(face(1, "age", "", bad), hatch_untrusted=False).endswith("| ")
    small = replace(
        face(1, "gender", "male"), readings={"gender": SoftmaxReading("male", 0.9, {}, "small")}
    )
    assert said(small).endswith("the face is too small")


def test_it_says_when_there_is_little_to_see_and_does_not_blink() -> None:
    def shows(top: float, before: bool, signed: bool = False) -> bool:
        one = face(1, "gender", "male")
        assert one.cam is not None
        values = np.full((5, 5), -9.0, np.float32)
        values[2, 2] = top
        return nothing_shows(
            [replace(one, cam=replace(one.cam, values=values))], CamStyle(signed=signed), before
        )

    assert shows(0.5, before=False)
    assert not shows(1.3, before=False)
    assert shows(1.3, before=True)
    assert not shows(2.0, before=True)
    assert not shows(0.5, before=False, signed=True), "what speaks against is seen as well"
    legend = legend_of([face(1, "age", "")], HEADS, CamStyle(), "en", faint=True)
    assert legend is not None
    assert legend.note == "Hardly anything here makes it higher"
    bad = CamTrust(0.0, 0.5, False, "It is made up.", 0.0)
    legend = legend_of([face(1, "gender", "male", bad)], HEADS, CamStyle(), "ko", faint=True)
    assert legend is not None
    assert legend.note.endswith("It is made up."), "a warning comes first"


def test_the_reason_stays_while_a_hatched_map_fades() -> None:
    bad = CamTrust(0.0, 0.5, False, "It is made up.", 0.0)
    matrix = np.array([[1.0, 0.0, -60.0], [0.0, 1.0, -60.0]])
    seen = replace(
        face(1, "gender", "male", bad), box_xywh=(300.0, 60.0, 60.0, 60.0), crop_matrix=matrix
    )
    hidden = replace(seen, cam=None, crop_matrix=None)
    painter, options = OverlayPainter(), OverlayOptions(cam=CamStyle(), show_bars=False)
    image = np.full((240, 480, 3), 90, np.uint8)
    first = painter.draw(image, analysis_at(0, seen), HEADS, options=options)
    second = painter.draw(image, analysis_at(1, hidden), HEADS, options=options)
    corner = first[160:, :200]
    assert (corner != 90).any()
    assert (corner == second[160:, :200]).all()


def test_it_keeps_off_faces_and_stays_while_it_can() -> None:
    size_wh, picture = (200, 60), (640, 360)
    rect, corner = place_legend(size_wh, picture, [], 8) or ((0,) * 4, -1)
    assert (rect, corner) == ((8, 292, 200, 60), 0)
    at_left = [(0, 250, 100, 100)]
    rect, corner = place_legend(size_wh, picture, at_left, 8, corner) or ((0,) * 4, -1)
    assert (rect, corner) == ((432, 292, 200, 60), 1)
    assert place_legend(size_wh, picture, [], 8, corner) == (rect, 1), "it does not hop back"


def test_where_faces_are_in_every_corner_there_is_none() -> None:
    assert place_legend((200, 60), (640, 360), [(0, 0, 640, 360)], 8) is None
    assert place_legend((700, 60), (640, 360), [], 8) is None


@pytest.mark.parametrize("signed", [False, True])
def test_the_bar_goes_from_low_to_high(signed: bool) -> None:
    style = CamStyle(signed=signed)
    legend = legend_of([face(1, "gender", "male")], HEADS, style, "en")
    assert legend is not None
    width, height = legend_wh(legend, SIZES)
    out = np.full((height + 16, width + 16, 3), 60, np.uint8)
    draw_legend(out, legend, (8, 8, width, height), style, SIZES)
    assert (out[:8] == 60).all()
    assert (out[:, -8:] == 60).all()
    saturation = np.ptp(out.astype(int), axis=2)
    assert saturation.max() > 100, "the bar's strongest colour"


def test_cards_do_not_cover_the_legend() -> None:
    low = replace(
        face(1, "gender", "male"),
        box_xywh=(60.0, 60.0, 60.0, 60.0),
        readings={"gender": SoftmaxReading("male", 0.9, {"male": 0.9, "female": 0.1})},
        crop_matrix=np.array([[1.0, 0.0, -60.0], [0.0, 1.0, -60.0]]),
    )
    image = np.full((240, 320, 3), 90, np.uint8)
    analysis = analysis_at(0, low)
    with_legend = OverlayPainter().draw(
        image, analysis, HEADS, options=OverlayOptions(cam=CamStyle(), show_bars=False)
    )
    whole = OverlayPainter().draw(image, analysis, HEADS, options=OverlayOptions(cam=CamStyle()))
    changed = (with_legend != 90).any(axis=2)
    changed[:200] = False
    assert changed.any()
    assert (with_legend[changed] == whole[changed]).all()
