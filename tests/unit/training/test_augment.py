"""Augmentation: deterministic, and context only where the picture ends."""

import numpy as np

from facecam.training.augment import blend_context, coverage_mask, degrade, jitter_matrix
from facecam.training.recipe import Augmentation


def test_coverage_is_where_the_picture_lies() -> None:
    matrix = np.array([[1.0, 0.0, 10.0], [0.0, 1.0, 20.0]])
    mask = coverage_mask(matrix, np.array([30, 40], np.int32), 100)
    assert mask[20:60, 10:40].all()
    assert mask.astype(bool).sum() == 30 * 40


def test_context_fills_the_outside_and_leaves_the_inside() -> None:
    mask = np.zeros((60, 60), np.uint8)
    mask[15:45, 15:45] = 255
    crop = np.full((60, 60, 3), 200, np.uint8)
    blended = blend_context(crop, mask, np.full((60, 60, 3), 50, np.uint8))
    assert (blended[:12] == 50).all()
    assert (blended[29:31, 29:31] == 200).all()


def test_no_augmentation_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (32, 32, 3), np.uint8)
    np.testing.assert_array_equal(degrade(crop, rng, Augmentation()), crop)
    matrix = jitter_matrix(rng, (40, 40), (32, 32), Augmentation())
    np.testing.assert_allclose(matrix, [[1, 0, -4], [0, 1, -4]], atol=1e-9)


def test_the_same_seed_gives_the_same_picture() -> None:
    every = dict.fromkeys(
        ("light", "colour", "grey", "blur", "lowres", "jpeg", "noise", "occlusion"), 0.7
    )
    settings = Augmentation(**every)
    crop = np.random.default_rng(1).integers(0, 256, (48, 48, 3), np.uint8)
    before = crop.copy()
    pictures = [degrade(crop, np.random.default_rng(seed), settings) for seed in (5, 5, 6)]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert (pictures[0] != pictures[2]).any()
    np.testing.assert_array_equal(crop, before)


def test_a_flip_mirrors_about_the_middle() -> None:
    matrix = jitter_matrix(np.random.default_rng(0), (40, 40), (32, 32), Augmentation(flip=1.0))
    left, right = matrix @ [4, 4, 1], matrix @ [35, 4, 1]
    np.testing.assert_allclose([left[0], right[0]], [31, 0], atol=1e-9)
