"""Augmentation of whole pictures: turns, flips, shear, brightness, and no black corners."""

import numpy as np
import pytest

from facecam.training.augment import degrade, jitter_matrix, warp_reflected
from facecam.training.cutting import widened
from facecam.training.recipe import Augmentation
from facecam.vision.crops import centre_matrix, cut

WIDE, SIZE = (48, 36), (40, 30)


def moved(settings: Augmentation, seed: int = 0) -> np.ndarray:
    """Return a random matrix from the wide crop to the view."""
    return jitter_matrix(np.random.default_rng(seed), WIDE, SIZE, settings)


def at(matrix: np.ndarray, x: float, y: float) -> list[float]:
    return [round(float(v), 6) + 0.0 for v in matrix @ [x, y, 1]]


def test_a_vertical_flip_mirrors_about_the_middle() -> None:
    matrix = moved(Augmentation(flip_vertical=1.0))
    assert at(matrix, 4, 3) == [0, 29]
    assert at(matrix, 43, 32) == [39, 0]


def test_quarter_turns_take_corners_to_corners_about_the_middle() -> None:
    square = [
        jitter_matrix(np.random.default_rng(s), (36, 36), (30, 30), Augmentation(quarter_turns=1.0))
        for s in range(20)
    ]
    places = {tuple(at(matrix, 3, 3)) for matrix in square}
    assert places == {(29, 0), (29, 29), (0, 29)}
    for matrix in square:
        assert at(matrix, 17.5, 17.5) == [14.5, 14.5]
        np.testing.assert_allclose(np.linalg.det(matrix[:, :2]), 1.0)


def test_shear_leans_and_leaves_the_middle() -> None:
    slopes = []
    for seed in range(40):
        matrix = moved(Augmentation(shear_deg=20), seed)
        assert at(matrix, 23.5, 17.5) == [19.5, 14.5]
        assert matrix[0, 0] == matrix[1, 1] == 1.0
        assert matrix[1, 0] == 0.0
        slopes.append(matrix[0, 1])
    assert np.abs(slopes).max() <= np.tan(np.deg2rad(20))
    assert min(slopes) < -0.1 < 0.1 < max(slopes)


def test_turns_of_any_angle_are_allowed() -> None:
    angles = [
        np.rad2deg(np.arctan2(m[0, 1], m[0, 0]))
        for m in (moved(Augmentation(rotation_deg=180), seed) for seed in range(60))
    ]
    assert min(angles) < -150
    assert max(angles) > 150


def test_brightness_scales_all_colours_alike() -> None:
    crop = np.full((30, 40, 3), (40, 80, 120), np.uint8)
    factors = []
    for seed in range(30):
        made = degrade(crop, np.random.default_rng(seed), Augmentation(brightness=0.4))
        np.testing.assert_allclose(made[0, 0] / made[0, 0, 0], [1, 2, 3], rtol=0.05)
        factors.append(made[0, 0, 0] / 40)
    assert 0.6 <= min(factors) < 0.8
    assert 1.2 < max(factors) <= 1.4


def test_a_turned_picture_has_no_black_corner() -> None:
    # A picture of 40x30 whose wide crop of 48x36 is black around it.
    crop = np.zeros((36, 48, 3), np.uint8)
    crop[3:33, 4:44] = np.random.default_rng(0).integers(100, 200, (30, 40, 3), np.uint8)
    cut = np.array([[1.0, 0, 4], [0, 1.0, 3]])
    settings = Augmentation(rotation_deg=180, scale=0.2, shift=0.1, shear_deg=15, border="reflect")
    for seed in range(30):
        view = warp_reflected(crop, moved(settings, seed), SIZE, cut, np.array([40, 30], np.int32))
        assert view.shape == (30, 40, 3)
        assert view.min() >= 99


def test_without_movement_the_view_is_the_picture() -> None:
    crop = np.random.default_rng(0).integers(0, 256, (36, 48, 3), np.uint8)
    cut = np.array([[0.5, 0, 4], [0, 0.5, 3]])
    view = warp_reflected(crop, moved(Augmentation()), SIZE, cut, np.array([80, 60], np.int32))
    np.testing.assert_array_equal(view, crop[3:33, 4:44])


def test_a_recipe_of_before_draws_what_it_drew() -> None:
    old = Augmentation(flip=0.5, rotation_deg=10, scale=0.1, shift=0.04)
    rng = np.random.default_rng(11)
    angle, scale = rng.uniform(-10, 10), 1 + rng.uniform(-0.1, 0.1)
    rng.uniform(-0.04, 0.04, 2)
    mirrored = rng.random() < 0.5
    matrix = moved(old, 11)
    assert (np.linalg.det(matrix[:, :2]) < 0) == mirrored
    np.testing.assert_allclose(abs(np.linalg.det(matrix[:, :2])), scale**2)
    np.testing.assert_allclose(abs(matrix[0, 1]), abs(scale * np.sin(np.deg2rad(angle))))


@pytest.mark.parametrize("picture_wh", [(1, 1), (1, 50), (50, 1), (3, 1)])
def test_a_picture_one_pixel_wide_is_a_picture(picture_wh: tuple[int, int]) -> None:
    wide, wide_wh = widened(centre_matrix(picture_wh, (64, 64)), 64, 1.25)
    crop = cut(np.full((picture_wh[1], picture_wh[0], 3), 200, np.uint8), wide, wide_wh)
    shown = np.column_stack([np.eye(2), [-8.0, -8.0]])
    view = warp_reflected(crop, shown, (64, 64), wide, np.array(picture_wh, np.int32))
    assert view.shape == (64, 64, 3)
    assert view.mean() > 150
