"""Refined keypoints, against MediaPipe's own reading of the same region and against themselves."""

from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from facecam.capture.pictures import read_picture
from facecam.errors import DetectorError
from facecam.types import LEFT_EYE, RIGHT_EYE, Detection, ImageU8
from facecam.vision.crops import cut
from facecam.vision.keypoint_refiner import KeypointRefiner, _region
from facecam.vision.mediapipe_detector import MediaPipeDetector
from facecam.vision.refined_detector import RefinedDetector

PORTRAITS = sorted((Path(__file__).parents[3] / "resources" / "portraits").glob("*.webp"))


@pytest.fixture(scope="module")
def refiner() -> KeypointRefiner:
    return KeypointRefiner()


@pytest.fixture(scope="module", params=PORTRAITS, ids=lambda path: path.stem)
def portrait(request: pytest.FixtureRequest) -> tuple[ImageU8, Detection]:
    picture = read_picture(request.param)
    framed = cv2.copyMakeBorder(picture, 200, 200, 200, 200, cv2.BORDER_CONSTANT)
    with closing(MediaPipeDetector()) as detector:
        return framed, detector.detect(framed, 0.0)[0]


def _span(face: Detection) -> float:
    return float(np.hypot(*(face.keypoints[LEFT_EYE] - face.keypoints[RIGHT_EYE])))


def test_keypoints_are_those_that_mediapipe_finds_in_the_same_region(
    refiner: KeypointRefiner, portrait: tuple[ImageU8, Detection]
) -> None:
    picture, rough = portrait
    matrix = _region(rough)
    region = cut(picture, matrix, (128, 128))
    with closing(MediaPipeDetector("short")) as oracle:
        seen = oracle.detect(region, 0.0)[0].keypoints
    back = cv2.invertAffineTransform(matrix)
    refined = refiner.refine(picture, rough)
    shift = np.abs(refined.keypoints - (seen @ back[:, :2].T + back[:, 2])).max()
    assert shift < 0.03 * _span(refined)


def test_rough_faces_of_the_same_person_refine_to_the_same_eyes(
    refiner: KeypointRefiner, portrait: tuple[ImageU8, Detection]
) -> None:
    picture, rough = portrait
    rng = np.random.default_rng(5)
    spans, rough_spans = [], []
    x, y, w, h = rough.box_xywh
    for _ in range(12):
        grown, (dx, dy) = np.exp(rng.normal(0, 0.1)), rng.normal(0, 0.05 * w, 2)
        box = (x + dx - w * (grown - 1) / 2, y + dy - h * (grown - 1) / 2, w * grown, h * grown)
        noise = rng.normal(0, 0.08 * _span(rough), (6, 2)).astype(np.float32)
        disturbed = Detection(box, rough.score, rough.keypoints + noise)
        rough_spans.append(np.log(_span(disturbed)))
        spans.append(np.log(_span(refiner.refine(picture, disturbed))))
    assert np.std(spans) < 0.5 * np.std(rough_spans)


def test_box_and_score_stay_those_of_the_detector(
    refiner: KeypointRefiner, portrait: tuple[ImageU8, Detection]
) -> None:
    picture, rough = portrait
    refined = refiner.refine(picture, rough)
    assert (refined.box_xywh, refined.score) == (rough.box_xywh, rough.score)


@pytest.mark.parametrize("shade", [0, 127, 255])
def test_a_face_that_is_not_seen_again_keeps_its_keypoints(
    refiner: KeypointRefiner, shade: int
) -> None:
    points = np.array([[40, 40], [60, 40], [50, 50], [50, 60], [30, 45], [70, 45]], np.float32)
    face = Detection((30.0, 30.0, 40.0, 40.0), 0.7, points)
    assert refiner.refine(np.full((100, 100, 3), shade, np.uint8), face) is face


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (-500, -500, 10, 10), (5, 5, 1e6, 1e6)])
def test_boxes_of_nothing_or_outside_do_no_harm(
    refiner: KeypointRefiner, box: tuple[float, float, float, float]
) -> None:
    face = Detection(box, 0.9, np.zeros((6, 2), np.float32))
    assert refiner.refine(np.zeros((48, 64, 3), np.uint8), face) is face


def test_another_face_nearby_does_not_take_over(
    refiner: KeypointRefiner, portrait: tuple[ImageU8, Detection]
) -> None:
    picture, rough = portrait
    x, y, w, h = rough.box_xywh
    beside = Detection(
        (x + 1.1 * w, y, w, h), 0.6, rough.keypoints + np.array([1.1 * w, 0], np.float32)
    )
    refined = refiner.refine(picture, beside)
    assert np.abs(refined.keypoints - beside.keypoints).max() < w


def test_refined_detector_refines_every_face_and_closes_its_detector(
    refiner: KeypointRefiner, portrait: tuple[ImageU8, Detection]
) -> None:
    picture, rough = portrait

    class Finder:
        closed = False

        def detect(self, image_bgr: ImageU8, t_s: float) -> tuple[Detection, ...]:
            return rough, rough

        def close(self) -> None:
            self.closed = True

    finder = Finder()
    detector = RefinedDetector(finder, refiner)
    expected = refiner.refine(picture, rough).keypoints
    for face in detector.detect(picture, 0.0):
        np.testing.assert_array_equal(face.keypoints, expected)
    detector.close()
    assert finder.closed


def test_a_missing_detector_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match="face_detection_short_range"):
        KeypointRefiner(tmp_path)
