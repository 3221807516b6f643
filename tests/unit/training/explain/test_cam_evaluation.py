"""Maps against masks: a model that looks at the right thing, and one that looks elsewhere."""

import csv
from pathlib import Path

import numpy as np
import pytest

from facecam.commands.cam_option import spread
from facecam.errors import ManifestError, TrainingError
from facecam.training.cam_evaluation import read_mask, shifted_right
from facecam.training.evaluate import evaluate_command
from facecam.training.explain.localization import (
    THRESHOLDS,
    gaussian_map,
    hit,
    hits,
    localization_figures,
    matched_mass,
)
from tests.unit.training.explain.blobs import brightness_model, write_blobs
from tests.unit.training.explain.small_models import write_package

MEASURES = ("pointing", "mass_in_mask", "iou", "iou_fixed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blobs")
    write_package(brightness_model(), folder / "bright")
    write_package(brightness_model(inverted=True), folder / "dark")
    write_blobs(folder / "data")
    return folder


def test_a_model_that_looks_at_the_object_scores_above_its_baselines(folder: Path) -> None:
    metrics = evaluate_command(str(folder / "bright"), folder / "data", cam=[], max_images=4)
    for head in ("shape", "bright"):
        methods = metrics["heads"][head]["cam"]
        assert set(methods) == {"cam", "gradcam", "gradcam++", "hirescam", "layercam"}
        found = methods["cam"]
        assert found["n"] == 12
        assert found["pointing"] == 1.0
        assert found["mass_in_mask"] > 0.9
        assert found["iou"] > 0.8
        for name in MEASURES:
            assert found[name] > found[f"{name}_baseline"] > 0
            low, high = found["ci"][f"{name}_gain"]
            assert 0 < low < high
        assert found["mass_in_mask"] > found["mass_in_mask_matched"]
        # Not quite all the way: squares near the edge leave the picture and are mirrored there.
        assert 0.6 < found["follows"] < 1.1
        assert found["subsets"]["shifted"]["pointing"] == 1.0
        assert found["subsets"]["off_centre"]["n"] < 12


def test_a_model_that_looks_elsewhere_is_found_out(folder: Path) -> None:
    metrics = evaluate_command(str(folder / "dark"), folder / "data", cam=["hirescam"])
    found = metrics["heads"]["shape"]["cam"]["hirescam"]
    assert found["pointing"] == 0.0
    assert found["mass_in_mask"] < found["mass_in_mask_uniform"] / 2
    assert found["mass_in_mask_gain"] < 0


def test_score_cam_takes_a_part_of_the_pictures(folder: Path) -> None:
    metrics = evaluate_command(
        str(folder / "bright"), folder / "data", cam=["Score-CAM", "cam"], max_images=3
    )
    methods = metrics["heads"]["shape"]["cam"]
    assert methods["scorecam"]["n"] == 3
    assert methods["cam"]["n"] == 12
    assert methods["scorecam"]["pointing"] == 1.0


def test_without_cam_nothing_is_compared(folder: Path) -> None:
    metrics = evaluate_command(str(folder / "bright"), folder / "data")
    assert "cam" not in metrics["heads"]["shape"]


def test_masks_are_looked_for_where_the_manifest_lies(folder: Path, tmp_path: Path) -> None:
    pictures, data = write_blobs(tmp_path / "pictures", 4), tmp_path / "data"
    data.mkdir()
    for mask in pictures.glob("*-mask.png"):
        mask.rename(data / mask.name)
    with (pictures / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["path"] = str(pictures / row["path"])
    with (data / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    metrics = evaluate_command(str(folder / "bright"), data, cam=["cam"])
    assert metrics["heads"]["shape"]["cam"]["cam"]["n"] == 4


def test_masks_that_are_missing_are_named(folder: Path, tmp_path: Path) -> None:
    bare = write_blobs(tmp_path / "bare", 4, with_masks=False)
    with pytest.raises(ManifestError, match="has no masks.*column 'mask'"):
        evaluate_command(str(folder / "bright"), bare, cam=[])
    gone = write_blobs(tmp_path / "gone", 4)
    (gone / "0-mask.png").unlink()
    with pytest.raises(ManifestError, match=r"0-mask\.png.*does not exist"):
        evaluate_command(str(folder / "bright"), gone, cam=[])
    broken = write_blobs(tmp_path / "broken", 4)
    (broken / "2-mask.png").write_bytes(b"no picture")
    with pytest.raises(ManifestError, match=r"mask.*unusable.*2-mask\.png"):
        evaluate_command(str(folder / "bright"), broken, cam=[])
    with pytest.raises(TrainingError, match="no method 'magic'"):
        evaluate_command(str(folder / "bright"), folder / "data", cam=["magic"])


def test_the_option_takes_any_number_of_methods() -> None:
    assert spread(["m", "d", "--cam"]) == ["m", "d", "--cam", ""]
    assert spread(["--cam", "cam", "Score-CAM", "m", "d"]) == [
        *("--cam", "cam", "--cam", "Score-CAM", "m", "d")
    ]
    assert spread(["m", "--cam", "--json"]) == ["m", "--cam", "", "--json"]
    assert spread(["m", "--", "--cam"]) == ["m", "--", "--cam"]
    assert spread(["m", "--cam=magic"]) == ["m", "--cam=magic"]


def test_a_hit_is_counted_by_hand() -> None:
    values = np.array([[4.0, 2.0], [-3.0, 2.0]], np.float32)
    mask = np.array([[True, False], [True, False]])
    pointing, mass, ious, centre, _ = hit(values, mask)
    assert (pointing, mass) == (1.0, 0.5)
    np.testing.assert_allclose(centre, [0.5, 0.375])
    at = dict(zip(THRESHOLDS.tolist(), ious.tolist(), strict=True))
    assert at[0.5] == pytest.approx(1 / 4), "three cells chosen, one of two in the mask"
    assert at[0.55] == pytest.approx(1 / 2)


def test_a_map_without_anything_positive_counts_as_a_miss() -> None:
    mask = np.ones((3, 3), bool)
    pointing, mass, ious, centre, _ = hit(np.full((3, 3), -1.0, np.float32), mask)
    assert (pointing, mass, ious.max()) == (1.0, 0.0, 0.0)
    assert np.isnan(centre).all()


def test_a_centred_gaussian_gains_nothing_over_itself() -> None:
    masks = [np.zeros((20, 20), bool) for _ in range(6)]
    for i, mask in enumerate(masks):
        mask[4 + i : 14, 5:15] = True
    centred = gaussian_map((20, 20))
    found = hits([centred] * 6, masks)
    figures = localization_figures(found, masks, np.arange(6), n_boot=50)
    for name in MEASURES:
        assert figures[f"{name}_gain"] == pytest.approx(0.0, abs=1e-9)
    # The crop cuts the Gaussian's tails off, so that the matched one is a little narrower.
    assert matched_mass(found, masks).mean() > found.mass.mean()


def test_a_mask_is_cut_as_the_picture_is(tmp_path: Path) -> None:
    import cv2

    mask = np.zeros((40, 60), np.uint8)
    mask[:, 30:] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    matrix = np.array([[1.0, 0.0, -10.0], [0.0, 1.0, 0.0]])
    cut = read_mask(tmp_path / "mask.png", matrix, (40, 40))
    assert cut.shape == (40, 40)
    assert not cut[:, :20].any()
    assert cut[:, 20:].all()


def test_a_shifted_picture_keeps_its_size_and_mirrors_its_edge() -> None:
    picture = np.arange(8, dtype=np.uint8)[None].repeat(2, axis=0)
    assert shifted_right(picture, 0.25)[0].tolist() == [2, 1, 0, 1, 2, 3, 4, 5]
    assert shifted_right(picture, -0.25)[0].tolist() == [2, 3, 4, 5, 6, 7, 6, 5]
