"""Faces are found in pictures of any size and shape, where they are."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from facecam.capture.pictures import read_picture
from facecam.types import Detection, ImageU8
from facecam.vision.detector import LONGEST_SIDE, find_faces, reduced
from facecam.vision.mediapipe_detector import MediaPipeDetector

PORTRAIT = Path(__file__).parents[3] / "resources" / "portraits" / "hopper.webp"


@pytest.fixture(scope="module")
def detector() -> Iterator[MediaPipeDetector]:
    with closing(MediaPipeDetector()) as made:
        yield made


class SideNoting:
    """Finds nothing and notes the longest side of every picture that it was given."""

    def __init__(self) -> None:
        self.sides: list[int] = []

    def detect(self, image_bgr: ImageU8, t_s: float) -> tuple[Detection, ...]:
        self.sides.append(max(image_bgr.shape[:2]))
        return ()

    def close(self) -> None:
        pass


@pytest.mark.parametrize("shape", [(8, 60_000), (60_000, 8), (1, 1), (1, 3000), (7, 7)])
def test_a_picture_of_any_shape_is_searched(
    detector: MediaPipeDetector, shape: tuple[int, int]
) -> None:
    assert find_faces(detector, np.zeros((*shape, 3), np.uint8), 0.0) == ()


def test_the_border_of_a_large_picture_does_not_fill_the_memory() -> None:
    noting = SideNoting()
    assert find_faces(noting, np.zeros((1, 20_000, 3), np.uint8), 0.0) == ()
    whole, framed = noting.sides
    assert whole == 20_000
    assert framed <= 2 * LONGEST_SIDE


@pytest.mark.parametrize("border", [False, True], ids=["whole", "filling"])
def test_a_face_in_a_large_picture_is_where_it_is_in_the_small_one(
    detector: MediaPipeDetector, border: bool
) -> None:
    picture = read_picture(PORTRAIT)
    (face,) = find_faces(detector, picture, 1.0)
    if border:  # so tight that only the second try, with a border, finds it
        x, y, w, h = (round(value) for value in face.box_xywh)
        picture = np.ascontiguousarray(picture[y : y + h, x : x + w])
        (face,) = find_faces(detector, picture, 2.0)
    large = cv2.resize(picture, None, fx=12, fy=12, interpolation=cv2.INTER_LINEAR)
    assert max(large.shape) > LONGEST_SIDE
    (found,) = find_faces(detector, large.astype(np.uint8), 3.0)
    size = face.box_xywh[2]
    np.testing.assert_allclose(np.array(found.box_xywh) / 12, face.box_xywh, atol=0.06 * size)
    np.testing.assert_allclose(found.keypoints / 12, face.keypoints, atol=0.06 * size)


def test_pictures_are_reduced_by_whole_squares_only_where_they_are_large() -> None:
    small = np.zeros((1080, 1920, 3), np.uint8)
    assert reduced(small)[0] is small
    rng = np.random.default_rng(0)
    large = rng.integers(0, 256, (31, 3 * LONGEST_SIDE - 1, 3), np.uint8)
    made, factor = reduced(large)
    assert factor == 3
    assert made.shape == (10, LONGEST_SIDE - 1, 3)
    assert np.abs(made[4, 7] - large[12:15, 21:24].mean(axis=(0, 1))).max() <= 1
