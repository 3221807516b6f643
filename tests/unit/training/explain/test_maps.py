"""Where maps lie in numbers, Score-CAM's runs, and mean maps of faces."""

import cv2
import numpy as np
import pytest

from facecam.inference.package import load_package
from facecam.training.explain.face_maps import card_lines, face_map_figures, region_mask
from facecam.training.explain.score_cam import score_ground, score_map
from facecam.training.explain.statistics import map_statistics
from facecam.types import LEFT_EYE, MOUTH, RIGHT_EYE
from facecam.vision.crops import EyeTemplate, crop_matrix
from tests.fakes import keypoints_of
from tests.tiny_package import SIDE, tiny_package_dir


def test_statistics_of_one_cell() -> None:
    values = np.full((4, 4), -1.0, np.float32)
    values[0, 3] = 5.0
    twice = np.array([[2.0, 0.0, 10.0], [0.0, 2.0, 20.0]])  # picture to crop
    facts = map_statistics(values, (80, 80), twice)
    assert facts["max_cell"] == [0, 3]
    assert facts["max_crop_xy"] == [69.5, 9.5]
    assert facts["max_picture_xy"] == [29.75, -5.25]
    assert facts["quadrants"] == {
        "top_left": 0.0,
        "top_right": 1.0,
        "bottom_left": 0.0,
        "bottom_right": 0.0,
    }
    assert facts["positive_share"] == pytest.approx(0.25)
    assert facts["entropy"] == 0.0
    assert facts["spread"] == pytest.approx(0.0)


def test_statistics_of_an_even_map_and_of_an_empty_one() -> None:
    even = map_statistics(np.ones((5, 5), np.float32), (50, 50), np.eye(2, 3))
    assert even["entropy"] == pytest.approx(1.0)
    assert even["quadrants"]["top_left"] == pytest.approx(0.25)
    assert even["centre_crop_xy"] == [24.5, 24.5]
    none = map_statistics(np.zeros((5, 5), np.float32), (50, 50), np.eye(2, 3))
    assert none["positive_share"] is None
    assert none["entropy"] is None


def test_score_cam_asks_in_batches_and_tells_how_far_it_is() -> None:
    rng = np.random.default_rng(0)
    features = rng.random((3, 3, 10)).astype(np.float32)
    features[..., 4] = 0.0  # a dead channel is not asked about
    seen: list[int] = []
    told: list[tuple[int, int]] = []

    def score(crops: np.ndarray) -> np.ndarray:
        seen.append(len(crops))
        assert crops.dtype == np.uint8
        return crops.mean(axis=(1, 2, 3))

    crop = rng.integers(0, 256, (12, 12, 3), np.uint8)
    whole = score_map(
        features, crop, score, batch=4, progress=lambda done, total: told.append((done, total))
    )
    assert seen == [4, 4, 1, 1], "nine channels, then the black picture"
    assert told == [(4, 9), (8, 9), (9, 9)]
    seen.clear()
    part = score_map(features, crop, score, batch=4, max_channels=3)
    assert seen == [3, 1]
    assert whole.shape == part.shape == (3, 3)
    assert (part < whole).all()


def test_a_class_of_dark_spots_is_found_on_a_blur_and_not_on_black() -> None:
    """To a model that takes darkness for the class, black ground says more than any spot."""
    crop = np.full((48, 48, 3), 200, np.uint8)
    crop[8:16, 8:16] = 20
    features = np.zeros((6, 6, 36), np.float32)
    for channel in range(36):
        features[channel // 6, channel % 6, channel] = 1.0

    def score(crops: np.ndarray) -> np.ndarray:
        return 255.0 - crops.min(axis=(1, 2, 3)).astype(float)

    assert score_ground("scorecam", crop) is None
    black = score_map(features, crop, score)
    ground = score_ground("scorecam-blurred", crop)
    on_blur = score_map(features, crop, score, ground=ground)
    assert black.max() <= 0.0
    assert np.unravel_index(int(np.argmax(on_blur)), (6, 6)) == (1, 1)
    assert on_blur[1, 1] > 1.2 * np.delete(on_blur.ravel(), 7).max()
    same = score_map(features, crop, score, ground=crop)
    assert np.abs(same).max() == 0.0, "nothing exceeds a ground that is the picture itself"


def test_regions_lie_where_the_crop_puts_them() -> None:
    template = EyeTemplate()
    points = keypoints_of((40.0, 30.0, 100.0, 100.0))
    matrix = crop_matrix(points, (200, 200), template)
    at = {
        name: matrix @ np.array([*points[index], 1.0])
        for name, index in (("right", RIGHT_EYE), ("left", LEFT_EYE), ("mouth", MOUTH))
    }

    def holds(head: str, place: str) -> bool:
        mask = region_mask(head, 200, template)
        assert mask is not None
        x, y = np.rint(at[place]).astype(int)
        return bool(mask[y, x])

    assert holds("glasses", "right")
    assert holds("glasses", "left")
    assert holds("smile", "mouth")
    assert holds("beard", "mouth")
    assert not holds("glasses", "mouth")
    assert not holds("smile", "left")
    assert not holds("headwear", "left")
    assert region_mask("age", 200, template) is None


def test_mean_maps_of_faces_stand_in_figure_numbers_and_card() -> None:
    package = load_package(tiny_package_dir())
    rng = np.random.default_rng(0)
    crops = rng.integers(100, 256, (12, SIDE, SIDE, 3), np.uint8)
    labels = {
        "smile": np.array([[1.0]] * 9 + [[0.0]] * 3),
        "glasses": np.array([[1.0]] * 2 + [[np.nan]] * 10),
    }
    found = face_map_figures(package, crops, labels, tested=2)
    assert found is not None
    heads = found.numbers["heads"]
    assert heads["age"] == {"n": 12, "region": False}
    assert heads["smile"]["n"] == 9
    assert "glasses" not in heads, "two faces are too few for a mean"
    assert 0 <= heads["smile"]["mass_in_region"] <= 1
    assert heads["smile"]["uniform"] == pytest.approx(0.5 * 0.278, abs=0.01)
    methods = found.numbers["methods"]["smile"]
    assert set(methods) == {"cam", "layercam", "scorecam", "random"}
    for row in methods.values():
        assert row["score"] == pytest.approx(row["insertion"] - row["deletion"])
    picture = cv2.imdecode(np.frombuffer(found.figure_png, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    text = "\n".join(card_lines(found.numbers))
    assert "| smile | 9 |" in text
    assert "| smile | LayerCAM |" in text
    assert face_map_figures(package, crops[:4], labels) is None, "too few faces"
