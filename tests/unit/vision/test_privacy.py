"""Blurred faces: what is written can no longer be told apart, and missing a face shows nothing."""

from dataclasses import replace

import numpy as np
import pytest

from facecam.types import FaceAnalysis
from facecam.vision.privacy import BLOCKS, FaceBlur, blur_boxes, blur_whole
from tests.fakes import picture, smiling

FACE = replace(smiling(1), box_xywh=(100.0, 60.0, 80.0, 80.0))


def detail(image: np.ndarray, box: tuple[float, ...]) -> float:
    x, y, w, h = (round(value) for value in box)
    return float(np.abs(np.diff(image[y : y + h, x : x + w].astype(int), axis=1)).mean())


def test_face_and_its_margin_lose_all_detail_and_the_rest_keeps_it() -> None:
    image = picture()
    before = image.copy()
    out = FaceBlur().apply(image, [FACE], 0.0)
    assert np.array_equal(image, before), "the given picture is not changed"
    assert detail(out, FACE.box_xywh) < 0.05 * detail(image, FACE.box_xywh)
    assert detail(out, (80.0, 40.0, 15.0, 15.0)) < 0.05 * detail(image, (80, 40, 15, 15))
    assert np.array_equal(out[:20], image[:20])
    assert np.array_equal(out[:, 250:], image[:, 250:])


def test_no_more_than_a_few_numbers_of_a_face_are_left() -> None:
    """Pictures whose blocks agree give the same result: nothing else of them is in it."""
    one = np.full((80, 80, 3), 100, np.uint8)
    other = one.copy()
    other[::2, ::2] = 140
    other[1::2, 1::2] = 60  # the same mean, another picture
    blur_whole(one)
    blur_whole(other)
    assert np.abs(one.astype(int) - other).max() <= 1
    ramp = np.tile(np.arange(80, dtype=np.uint8)[None, :, None] * 3, (80, 1, 3))
    blur_whole(ramp)
    assert len(np.unique(np.diff(ramp[0, 10:20, 0].astype(int)))) <= 3, "one block is one ramp"
    assert BLOCKS <= 8


def test_predicted_face_is_blurred_too() -> None:
    image = picture()
    out = FaceBlur().apply(image, [replace(FACE, predicted=True)], 0.0)
    assert detail(out, FACE.box_xywh) < 0.05 * detail(image, FACE.box_xywh)


def test_box_that_may_be_a_face_is_blurred_at_once_and_for_that_picture_only() -> None:
    image, blur = picture(), FaceBlur()
    small = tuple(value / 2 for value in FACE.box_xywh)
    out = blur.apply(image, [], 0.0, also=[small], from_wh=(160, 120))  # type: ignore[list-item]
    assert detail(out, FACE.box_xywh) < 0.05 * detail(image, FACE.box_xywh)
    assert np.array_equal(blur.apply(image, [], 0.1), image)


def test_place_stays_blurred_for_a_second_after_the_face_was_last_seen() -> None:
    image, blur = picture(), FaceBlur()
    blur.apply(image, [FACE], 10.0)
    assert detail(blur.apply(image, [], 10.9), FACE.box_xywh) < 5
    assert np.array_equal(blur.apply(image, [], 11.2), image)


def test_time_that_goes_back_forgets() -> None:
    image, blur = picture(), FaceBlur()
    blur.apply(image, [FACE], 10.0)
    assert np.array_equal(blur.apply(image, [], 3.0), image)


def test_boxes_of_another_size_are_scaled() -> None:
    image = picture((640, 480))
    out = FaceBlur().apply(image, [FACE], 0.0, from_wh=(320, 240))
    assert detail(out, (200.0, 120.0, 160.0, 160.0)) < 3


@pytest.mark.parametrize(
    "box",
    [
        (-50.0, -50.0, 80.0, 80.0),
        (300.0, 220.0, 90.0, 90.0),
        (10.0, 10.0, 0.0, 0.0),
        (-500.0, 0.0, 10.0, 10.0),
        (5.0, 5.0, 1e9, 1e9),
    ],
)
def test_boxes_outside_are_no_trouble(box: tuple[float, float, float, float]) -> None:
    blur_boxes(picture(), [box])


def test_box_that_is_no_number_blurs_everything() -> None:
    image = picture()
    blur_boxes(image, [(float("nan"), 0.0, 1.0, 1.0)])
    assert detail(image, (0.0, 0.0, 320.0, 240.0)) < 3


def test_picture_can_be_blurred_in_place() -> None:
    image = picture()
    assert FaceBlur().apply(image, [FACE], 0.0, out=image) is image
    assert detail(image, FACE.box_xywh) < 5


def test_whole_picture_of_a_model_is_no_face() -> None:
    image = picture()
    whole: FaceAnalysis = replace(FACE, score=None)
    assert np.array_equal(FaceBlur().apply(image, [whole], 0.0), image)
