"""Batches: the same for the same seed, masked, sampled as wished."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from facecam.errors import ManifestError
from facecam.training.bench_data import bench_data
from facecam.training.cutting import cut_manifest
from facecam.training.data import (
    CropBatches,
    LabelledCrops,
    _evened,
    head_labels,
    mask_missing,
    model_view,
    restrict,
)
from facecam.training.manifest import read_manifest
from facecam.training.recipe import Phase, Recipe
from facecam.training.stages import AugmentedPictures
from tests.unit.training.labelled_pictures import write_pictures

SIZE = 24


def recipe(**changes: Any) -> Recipe:
    raw: dict[str, Any] = {
        "name": "made",
        "target": "frame",
        "input_size": SIZE,
        "backbone": {"name": "MobileNet"},
        "heads": [
            {"name": "cat", "kind": "softmax", "classes": ["Leo", "Ming"]},
            {"name": "hat", "kind": "sigmoid", "classes": ["hat"]},
        ],
        "training": {"phases": [{"epochs": 1, "learning_rate": 0.001}]},
    }
    return Recipe.model_validate({**raw, **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data set: 12 pictures, 9 of them Leo, some labels missing, one file broken."""
    folder = tmp_path_factory.mktemp("cats")
    write_pictures(folder, [f"{i}.png" for i in range(12)])
    (folder / "11.png").write_bytes(b"")
    rows = [
        f"{i}.png,train,{'Leo' if i < 9 else 'Ming'},{'' if i % 3 == 0 else i % 2}"
        for i in range(12)
    ]
    (folder / "manifest.csv").write_text("path,split,cat,hat\n" + "\n".join(rows))
    return folder


def crops_of(folder: Path, made: Recipe) -> LabelledCrops:
    manifest = read_manifest(folder)
    cache = cut_manifest(manifest, made.input_size, None, folder / "cache")
    labels = {head.name: head_labels(manifest, head) for head in made.heads}
    return restrict(LabelledCrops(manifest, cache, labels), "train")


def test_a_phase_takes_its_share_of_the_augmentation(folder: Path) -> None:
    made = recipe(augmentation={"flip": 0.5, "context": 0.6, "brightness": 0.8, "rotation_deg": 10})
    weaker = made.augmentation.weakened(0.25)
    assert (weaker.flip, weaker.context) == (0.5, 0.6)
    assert (weaker.brightness, weaker.rotation_deg) == pytest.approx((0.2, 2.5))
    only_light = recipe(augmentation={"brightness": 0.8})
    item = crops_of(folder, only_light)
    network: Any = SimpleNamespace(model=None)  # batches are made without it
    phases = [
        Phase(epochs=1, learning_rate=0.001, augmentation=share, batch_size=8)
        for share in (1.0, 0.0)
    ]
    lit, plain = (
        AugmentedPictures(only_light, phase, network, [item], [item], seed=3).batches(0)[0][0]
        for phase in phases
    )
    views = model_view(item.cache, np.arange(11), SIZE)
    alike = [any((view == picture).all() for view in views) for picture in plain]
    assert all(alike)
    assert not any((view == picture).all() for view in views for picture in lit)


def test_unreadable_pictures_are_never_drawn(folder: Path) -> None:
    item = crops_of(folder, recipe())
    assert len(item.manifest) == 11
    pictures, _, _ = CropBatches([item], recipe(), 64, 1, seed=0)[0]
    assert pictures.any(axis=(1, 2, 3)).all()


def test_without_augmentation_a_batch_is_what_the_model_sees_live(folder: Path) -> None:
    made = recipe()
    item = crops_of(folder, made)
    pictures, labels, weights = CropBatches([item], made, 32, 1, seed=5)[0]
    views = model_view(item.cache, np.arange(11), SIZE)
    for picture, cat, hat, known in zip(
        pictures, labels["cat"], labels["hat"], weights["hat"], strict=True
    ):
        (row,) = np.flatnonzero((views == picture).all(axis=(1, 2, 3)))
        assert cat == (row >= 9)
        assert known == (row % 3 != 0)
        assert hat[0] == (row % 2 if known else -1)
    assert weights["cat"].all()


def test_the_same_seed_and_epoch_give_the_same_batch(folder: Path) -> None:
    made = recipe(augmentation={"flip": 0.5, "rotation_deg": 10, "noise": 0.5, "light": 0.5})
    item = crops_of(folder, made)

    def batch(seed: int, epoch: int) -> np.ndarray:
        batches = CropBatches([item], made, 16, 4, seed)
        batches.epoch = epoch
        batches[0]  # another batch in between changes nothing
        return batches[2][0]

    np.testing.assert_array_equal(batch(1, 3), batch(1, 3))
    assert (batch(1, 3) != batch(1, 4)).any()
    assert (batch(1, 3) != batch(2, 3)).any()


def test_rows_that_are_known_in_part_count_for_what_is_known() -> None:
    labels, weights = mask_missing(np.array([[1, np.nan], [np.nan, np.nan], [0, 1]], np.float32))
    np.testing.assert_array_equal(labels, [[1, -1], [-1, -1], [0, 1]])
    np.testing.assert_array_equal(weights, [1, 0, 1])


@pytest.mark.parametrize("missing", ["", "nan", "NA"])
def test_numbers_that_are_not_known_are_drawn_like_the_average(missing: str) -> None:
    ages = [str(age) for age in range(20, 60)] * 5 + ["90"] * 3
    weight = _evened(np.array([*ages, missing, missing]), 0.5)
    known = weight[:-2]
    assert np.isfinite(weight).all()
    assert known[-1] > 2 * known[0], "rare numbers more often"
    np.testing.assert_allclose(weight[-2:], known.mean())


def test_balance_evens_the_classes(folder: Path) -> None:
    made = recipe(data={"balance": {"cat": 1.0}})
    item = crops_of(folder, made)
    _, labels, _ = CropBatches([item], made, 2000, 1, seed=0)[0]
    assert labels["cat"].mean() == pytest.approx(0.5, abs=0.04)


def test_data_sets_that_are_never_drawn_are_refused(folder: Path) -> None:
    made = recipe(data={"shares": {folder.name: 0.0}})
    with pytest.raises(ManifestError, match="all data sets have the share 0"):
        CropBatches([crops_of(folder, made)], made, 4, 1, seed=0)


def test_data_sets_without_a_share_beside_others_are_refused(folder: Path) -> None:
    made = recipe(data={"shares": {"other": 0.5}})
    item = crops_of(folder, made)
    CropBatches([item], made, 4, 1, seed=0)  # alone it is all there is
    with pytest.raises(ManifestError, match=rf"name other, but not {folder.name}, {folder.name}"):
        CropBatches([item, item], made, 4, 1, seed=0)


def test_the_bench_counts_and_compares(folder: Path) -> None:
    record = bench_data(folder, size=32, sample=8, seconds=0.05)
    assert record["pictures"] == 12
    assert record["measured"] + record["unreadable"] == 8
    assert record["median_size"] == [40, 32]
    speeds = record["images_per_s"]
    assert set(speeds) == {"cold", "building", "cached", "cached_augmented"}
    assert record["ratio"] == pytest.approx(speeds["cached"] / speeds["cold"], rel=0.02)


def test_the_bench_refuses_pictures_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "manifest.csv").write_text("path,split\na.png,train\n")
    with pytest.raises(ManifestError, match="None of 1 pictures"):
        bench_data(tmp_path, seconds=0.05)
