"""How large, sharp and turned a face is, on shipped portraits that are made worse step by step."""

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from facecam.types import NOSE_TIP, Float32Array, ImageU8, Unsure
from facecam.vision.crops import EyeTemplate, crop_matrix, cut
from facecam.vision.quality import FaceQuality, face_quality, sharpness_of, unsure_reason

SIZE = (160, 160)
TEMPLATE = EyeTemplate()
PORTRAITS = Path(__file__).resolve().parents[3] / "resources" / "portraits"
NAMES = ("collins", "hopper")


def portrait(name: str) -> tuple[ImageU8, Float32Array]:
    """Return (H, W, 3) uint8 RGB and (6, 2) keypoints of a shipped portrait."""
    facts = json.loads((PORTRAITS / "portraits.json").read_text())["portraits"]
    (fact,) = (item for item in facts if item["name"] == name)
    image = cv2.imread(str(PORTRAITS / fact["file"]), cv2.IMREAD_COLOR)
    assert image is not None
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.array(fact["keypoints"], np.float32)


@pytest.fixture(params=NAMES)
def crop(request: pytest.FixtureRequest) -> ImageU8:
    image, points = portrait(request.param)
    return cut(image, crop_matrix(points, SIZE, TEMPLATE), SIZE)


def smeared(crop: ImageU8, length: int, down: int) -> ImageU8:
    """Return the crop moved by `length` pixels while exposed: along (0), down (1) or both (2)."""
    kernel = np.zeros((length, length), np.float32)
    if down == 0:
        kernel[length // 2] = 1 / length
    elif down == 1:
        kernel[:, length // 2] = 1 / length
    else:
        np.fill_diagonal(kernel, 1 / length)
    return cv2.filter2D(crop, -1, kernel)


def enlarged(crop: ImageU8, eye_span_px: float) -> ImageU8:
    """Return the crop as it would be cut from a face with eyes so far apart."""
    small = round(eye_span_px / TEMPLATE.eye_span)
    reduced = cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA)
    return cv2.resize(reduced, SIZE, interpolation=cv2.INTER_LINEAR)


Degrade = Callable[[ImageU8, float], ImageU8]
WAYS: dict[str, tuple[Degrade, tuple[float, ...]]] = {
    "blur": (lambda crop, s: cv2.GaussianBlur(crop, (0, 0), s), (1.0, 1.6, 2.5, 4.0, 6.0)),
    "smear along": (lambda crop, n: smeared(crop, int(n), 0), (3, 5, 9, 15)),
    "smear down": (lambda crop, n: smeared(crop, int(n), 1), (3, 5, 9, 15)),
    "smear across": (lambda crop, n: smeared(crop, int(n), 2), (3, 5, 9, 15)),
    "enlarge": (enlarged, (24.0, 16.0, 11.0, 7.0)),
}


@pytest.mark.parametrize("way", WAYS)
def test_sharpness_falls_with_every_step_of(way: str, crop: ImageU8) -> None:
    degrade, steps = WAYS[way]
    values = [
        sharpness_of(crop, TEMPLATE),
        *(sharpness_of(degrade(crop, step), TEMPLATE) for step in steps),
    ]
    assert all(worse < better for better, worse in pairwise(values)), values
    assert values[-1] < 0.5 * values[0]


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0.0), (0.5, 110.0), (0.3, 60.0)])
def test_light_and_contrast_hardly_count(crop: ImageU8, gain: float, offset: float) -> None:
    other = np.clip(np.round(crop * gain + offset), 0, 255).astype(np.uint8)
    assert sharpness_of(other, TEMPLATE) == pytest.approx(sharpness_of(crop, TEMPLATE), rel=0.15)


def test_noise_does_not_make_a_blurred_face_sharp(crop: ImageU8) -> None:
    soft = cv2.GaussianBlur(crop, (0, 0), 4.0)
    noise = np.random.default_rng(3).normal(0.0, 8.0, crop.shape)
    grainy = np.clip(np.round(soft + noise), 0, 255).astype(np.uint8)
    less_soft = cv2.GaussianBlur(crop, (0, 0), 2.5)
    assert sharpness_of(grainy, TEMPLATE) < sharpness_of(less_soft, TEMPLATE)


def test_the_size_of_the_crop_hardly_counts(crop: ImageU8) -> None:
    smaller = cv2.resize(crop, (128, 128), interpolation=cv2.INTER_AREA)
    assert sharpness_of(smaller, TEMPLATE) == pytest.approx(sharpness_of(crop, TEMPLATE), rel=0.2)


@pytest.mark.parametrize("side", [16, 96, 224])
def test_crops_of_any_size_are_measured(crop: ImageU8, side: int) -> None:
    other = np.asarray(cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    assert 0.0 < sharpness_of(other, TEMPLATE) < 5.0


def test_noise_does_not_make_a_sharp_face_sharper(crop: ImageU8) -> None:
    noise = np.random.default_rng(7).normal(0.0, 15.0, crop.shape)
    grainy = np.clip(np.round(crop + noise), 0, 255).astype(np.uint8)
    assert sharpness_of(grainy, TEMPLATE) < 1.2 * sharpness_of(crop, TEMPLATE)


@pytest.mark.parametrize("level", [0, 97, 255])
def test_an_even_surface_is_not_sharp(level: int) -> None:
    assert sharpness_of(np.full((160, 160, 3), level, np.uint8), TEMPLATE) == pytest.approx(0.0)


def test_measuring_leaves_the_crop_alone(crop: ImageU8) -> None:
    before = crop.copy()
    sharpness_of(crop, TEMPLATE)
    assert np.array_equal(crop, before)


@pytest.mark.parametrize("name", NAMES)
def test_a_frontal_portrait_is_measured_in_pixels_of_the_picture(name: str) -> None:
    image, points = portrait(name)
    matrix = crop_matrix(points, SIZE, TEMPLATE)
    crop = cut(image, matrix, SIZE)
    quality = face_quality(crop, matrix, points, TEMPLATE)
    eyes = float(np.hypot(*(points[1] - points[0])))
    assert quality.eye_span_px == pytest.approx(eyes, rel=1e-4)
    assert quality.sharpness > 0.5
    assert abs(quality.turn) < 0.15


def points_of(yaw_deg: float, roll_deg: float = 0.0) -> Float32Array:
    """Return (6, 2) keypoints of a head with eyes 60 px apart, turned and then rolled."""
    head = np.array(  # right, down, towards the camera
        [(-30, 0, 0), (30, 0, 0), (0, 38, 42), (0, 70, 22), (-70, 12, -80), (70, 12, -80)], float
    )
    yaw, roll = np.radians([yaw_deg, roll_deg])
    x = head[:, 0] * np.cos(yaw) + head[:, 2] * np.sin(yaw)
    y = head[:, 1]
    across = x * np.cos(roll) - y * np.sin(roll)
    down = x * np.sin(roll) + y * np.cos(roll)
    return np.column_stack([across + 300, down + 200]).astype(np.float32)


def measured(points: Float32Array) -> FaceQuality:
    even = np.zeros((160, 160, 3), np.uint8)
    return face_quality(even, crop_matrix(points, SIZE, TEMPLATE), points, TEMPLATE)


def test_turn_grows_with_yaw_and_has_its_sign() -> None:
    turns = [measured(points_of(yaw)).turn for yaw in (0, 15, 30, 45, 60)]
    assert turns[0] == pytest.approx(0.0, abs=1e-6)
    assert all(b > a + 0.1 for a, b in pairwise(turns)), turns
    assert measured(points_of(-30)).turn == pytest.approx(-turns[2])
    assert 0.6 < measured(points_of(85)).turn < 1.4


@pytest.mark.parametrize("roll_deg", [-40.0, 25.0, 90.0])
def test_roll_changes_neither_turn_nor_size(roll_deg: float) -> None:
    upright, rolled = measured(points_of(20.0)), measured(points_of(20.0, roll_deg))
    assert rolled.turn == pytest.approx(upright.turn, abs=1e-4)
    assert rolled.eye_span_px == pytest.approx(upright.eye_span_px, rel=1e-4)


def test_a_turned_face_counts_by_its_height() -> None:
    points = points_of(70.0)
    eyes = float(np.hypot(*(points[1] - points[0])))
    assert eyes < 0.5 * measured(points).eye_span_px


def test_points_that_fall_together_give_numbers() -> None:
    quality = measured(np.full((6, 2), 50.0, np.float32))
    assert np.isfinite([quality.eye_span_px, quality.sharpness, quality.turn]).all()


def test_a_nose_beside_the_eyes_is_turned_that_way() -> None:
    points = points_of(0.0)
    points[NOSE_TIP, 0] -= 30
    assert measured(points).turn < -0.5


LIMITS = {"eye_span_px": 20.0, "sharpness": 0.4, "turn": 0.6}


@pytest.mark.parametrize(
    ("quality", "reason"),
    [
        (FaceQuality(20.0, 0.4, 0.6), None),
        (FaceQuality(19.9, 0.4, 0.6), "small"),
        (FaceQuality(20.0, 0.39, 0.6), "blurred"),
        (FaceQuality(20.0, 0.4, 0.61), "turned"),
        (FaceQuality(20.0, 0.4, -0.61), "turned"),
        (FaceQuality(5.0, 0.1, 0.9), "small"),
        (FaceQuality(90.0, 0.1, 0.9), "blurred"),
    ],
)
def test_the_first_limit_that_is_missed_gives_the_reason(
    quality: FaceQuality, reason: str | None
) -> None:
    assert unsure_reason(quality, LIMITS) == reason


def test_a_limit_that_is_not_given_is_no_limit() -> None:
    assert unsure_reason(FaceQuality(0.1, 0.0, 5.0), {}) is None
    assert unsure_reason(FaceQuality(0.1, 0.0, 5.0), {"turn": 0.5}) == "turned"


@pytest.mark.parametrize(
    ("at", "past", "reason"),
    [
        (FaceQuality(21.0, 1.0, 0.0), FaceQuality(22.1, 1.0, 0.0), "small"),
        (FaceQuality(40.0, 0.43, 0.0), FaceQuality(40.0, 0.45, 0.0), "blurred"),
        (FaceQuality(40.0, 1.0, -0.58), FaceQuality(40.0, 1.0, -0.54), "turned"),
    ],
)
def test_a_reason_lasts_until_the_quality_is_past_the_limit(
    at: FaceQuality, past: FaceQuality, reason: Unsure
) -> None:
    assert unsure_reason(at, LIMITS) is None
    assert unsure_reason(at, LIMITS, before=reason) == reason
    assert unsure_reason(past, LIMITS, before=reason) is None
