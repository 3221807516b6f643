"""A map that points at what a model looks at scores better than random ones; others do not."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from facecam.inference.faithfulness import (
    BATCH,
    FLAT,
    NO_BETTER,
    Faithfulness,
    enlarged,
    measure_faithfulness,
    random_like,
)
from facecam.types import Float32Array, ImageU8

SIDE = 40


def crop() -> ImageU8:
    return np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 3), np.uint8)


def corner_model(crops_rgb: ImageU8) -> NDArray[Any]:
    """Look at the detail of the upper left corner alone."""
    corner = crops_rgb[:, :16, :16].astype(np.float64)
    return np.asarray(corner.std(axis=(1, 2, 3)))


def corner_map() -> Float32Array:
    values = np.zeros((5, 5), np.float32)
    values[:2, :2] = 3.0
    values[2, :2] = values[:2, 2] = 1.0
    return values + np.random.default_rng(2).normal(size=(5, 5)).astype(np.float32) * 0.05


def test_the_right_map_is_trusted() -> None:
    measured = measure_faithfulness(corner_model, crop(), corner_map())
    assert measured is not None
    assert measured.insertion > measured.deletion
    assert measured.p_value <= 0.05
    assert measured.trusted
    assert measured.reason == ""


def test_a_shuffled_map_is_not() -> None:
    values = corner_map()
    shuffled = np.random.default_rng(3).permutation(values.ravel()).reshape(values.shape)
    measured = measure_faithfulness(corner_model, crop(), shuffled)
    assert measured is not None
    assert not measured.trusted
    assert measured.reason == NO_BETTER


def test_a_map_that_points_away_is_worst_of_all() -> None:
    measured = measure_faithfulness(corner_model, crop(), -corner_map())
    assert measured is not None
    assert measured.score < 0
    assert measured.p_value > 0.9


def test_a_flat_map_is_never_trusted() -> None:
    measured = measure_faithfulness(corner_model, crop(), np.full((5, 5), 2.0, np.float32))
    assert measured is not None
    assert not measured.trusted
    assert measured.reason == FLAT


def test_chance_alone_is_seldom_trusted() -> None:
    rng = np.random.default_rng(8)

    def blind(crops_rgb: ImageU8) -> NDArray[Any]:
        return np.asarray(rng.normal(size=len(crops_rgb)))

    small = crop()[:10, :10]
    passed = 0
    for seed in range(60):
        values = np.random.default_rng(seed).normal(size=(4, 4)).astype(np.float32)
        measured = measure_faithfulness(blind, small, values, fractions=(0.3,), seed=seed + 1)
        assert measured is not None
        passed += measured.trusted
    assert passed <= 8, "about one in twenty"


def test_random_maps_are_as_smooth() -> None:
    values = corner_map()
    power = np.abs(np.fft.fft2(values))
    maps = random_like(values, 6)
    assert len(maps) == 6
    for other in maps:
        np.testing.assert_allclose(np.abs(np.fft.fft2(other)), power, atol=1e-4)
        assert other.dtype == np.float32
    assert not np.allclose(maps[0], maps[1])
    assert np.array_equal(random_like(values, 1)[0], maps[0]), "the same seed, the same maps"


def test_batches_are_small_and_it_can_be_stopped_between_them() -> None:
    sizes: list[int] = []

    def model(crops_rgb: ImageU8) -> NDArray[Any]:
        sizes.append(len(crops_rgb))
        return np.zeros(len(crops_rgb))

    stopped = measure_faithfulness(model, crop(), corner_map(), stopped=lambda: len(sizes) == 3)
    assert stopped is None
    assert len(sizes) == 3
    assert max(sizes) <= BATCH


def test_the_crop_is_left_alone() -> None:
    picture = crop()
    picture.flags.writeable = False
    assert measure_faithfulness(corner_model, picture, corner_map(), random_maps=2) is not None


def test_a_large_map_has_its_cells_in_the_right_places() -> None:
    values = np.zeros((4, 4), np.float32)
    values[1, 2] = 1.0
    large = enlarged(values, (80, 40))
    assert large.shape == (40, 80)
    row, column = np.unravel_index(large.argmax(), large.shape)
    assert (row, column) == (pytest.approx(14.5, abs=1), pytest.approx(49.5, abs=1))


def test_as_good_as_random_is_not_better() -> None:
    assert not Faithfulness(0.0, 1.0, p_value=3 / 41).trusted
    assert Faithfulness(0.0, 1.0, p_value=2 / 41).trusted


def test_a_bad_map_is_given_up_early() -> None:
    batches = 0

    def model(crops_rgb: ImageU8) -> NDArray[Any]:
        nonlocal batches
        batches += 1
        return corner_model(crops_rgb)

    bad = measure_faithfulness(model, crop(), -corner_map(), give_up=4)
    assert bad is not None
    assert not bad.trusted
    assert bad.p_value > 0.5
    assert batches < 20
    good = measure_faithfulness(model, crop(), corner_map(), give_up=4)
    assert good == measure_faithfulness(model, crop(), corner_map())
