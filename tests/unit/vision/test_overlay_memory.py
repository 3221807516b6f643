"""What the overlay remembers from picture to picture: prediction, blur."""

from dataclasses import replace

import numpy as np
import pytest

from facecam.types import Analysis, FaceAnalysis, ImageU8
from facecam.vision.overlay import OverlayOptions, OverlayPainter, draw_overlay

BOX = (100.0, 60.0, 80.0, 80.0)
BARE = OverlayOptions(show_bars=False)


def analysis(t_s: float, *, predicted: bool = False, here: bool = True) -> Analysis:
    face = FaceAnalysis(0, BOX, 0.9, predicted=predicted)
    return Analysis(0, 50.0, t_s, 50.0, (face,) if here else (), (320, 240))


def dashed(image: ImageU8) -> bool:
    """Return whether the box's upper edge has gaps."""
    edge = image[60, 105:175].astype(int).sum(axis=1)
    return bool((edge < 600).any())


def test_a_box_is_dashed_only_after_a_while_of_prediction() -> None:
    painter, image = OverlayPainter(), np.full((240, 320, 3), 90, np.uint8)
    seen = [
        dashed(painter.draw(image, analysis(t_s, predicted=predicted), (), options=BARE))
        for t_s, predicted in ((1.0, False), (1.1, True), (1.28, True), (1.4, True), (1.5, False))
    ]
    assert seen == [False, False, False, True, False]


def test_a_single_picture_shows_prediction_at_once() -> None:
    image = np.full((240, 320, 3), 90, np.uint8)
    assert dashed(draw_overlay(image, analysis(0.0, predicted=True), (), options=BARE))


def detail(image: ImageU8) -> float:
    """Return how much detail there is where the face is."""
    return float(np.abs(np.diff(image[70:130, 110:170].astype(int), axis=1)).mean())


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("in_place", [False, True])
def test_faces_are_blurred_before_anything_is_drawn(mirror: bool, in_place: bool) -> None:
    image = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    given = image.copy()
    options = replace(BARE, blur=True, show_boxes=False, mirror=mirror)
    out = image if in_place else None
    drawn = OverlayPainter().draw(image, analysis(0.0), (), options=options, out=out)
    upright = drawn[:, ::-1] if mirror else drawn
    assert detail(upright) < 0.1 * detail(given)
    assert (upright[200:] == given[200:]).all(), "the rest stays sharp"
    if not in_place:
        assert (image == given).all(), "the frame is never written to"


def test_where_nobody_looks_for_faces_everything_is_blurred() -> None:
    image = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    whole = FaceAnalysis(0, (0.0, 0.0, 320.0, 240.0), None)
    seen = replace(analysis(0.0), faces=(whole,))
    drawn = OverlayPainter().draw(image, seen, (), options=replace(BARE, blur=True))
    assert detail(drawn) < 0.1 * detail(image)
    assert detail(drawn[100:]) < 0.1 * detail(image[100:])


def test_a_face_stays_blurred_for_a_second_after_it_was_seen() -> None:
    image = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    painter, options = OverlayPainter(), replace(BARE, blur=True, show_boxes=False)
    sharp = detail(image)
    painter.draw(image, analysis(1.0), (), options=options)
    for t_s, hidden in ((1.5, True), (1.95, True), (2.2, False)):
        out = painter.draw(image, analysis(t_s, here=False), (), options=options)
        assert (detail(out) < 0.1 * sharp) is hidden
