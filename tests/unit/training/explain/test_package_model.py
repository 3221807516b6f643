"""Maps from a package alone, compared with TensorFlow's and with the live ones."""

import json
from pathlib import Path

import numpy as np
import pytest

from facecam.capture.pictures import read_picture
from facecam.errors import ModelPackageError, TrainingError
from facecam.inference.cam import cam_head
from facecam.inference.package import load_package
from facecam.training.explain.keras_model import KerasModel, keras_model_of_package
from facecam.training.explain.loading import open_model
from facecam.training.explain.methods import GRADIENT_METHODS, METHODS, Method
from facecam.training.explain.package_model import PackageModel
from facecam.training.explain.pictures import class_map
from facecam.training.explain.targets import CamTarget
from facecam.types import ImageU8
from facecam.vision.crops import EyeTemplate, crop_matrix, cut
from tests.unit.training.explain.small_models import (
    AGE,
    COLOUR,
    HAT,
    KIND,
    small_model,
    write_package,
)

SIDE = 64
PORTRAITS = Path(__file__).resolve().parents[4] / "resources" / "portraits"
TARGETS = [
    CamTarget(HAT, 0),
    CamTarget(KIND, 2),
    CamTarget(COLOUR, 0),
    CamTarget(AGE, None),
    CamTarget(AGE, 4),
    CamTarget(COLOUR, 1, on_probability=True),
    CamTarget(HAT, 0, on_probability=True),
]


def real_faces() -> ImageU8:
    """Return the shipped portraits as (2, 64, 64, 3) uint8 RGB crops."""
    crops = []
    for entry in json.loads((PORTRAITS / "portraits.json").read_text("utf-8"))["portraits"]:
        keypoints = np.array(entry["keypoints"], np.float32)
        image = read_picture(PORTRAITS / entry["file"])
        crop = cut(image, crop_matrix(keypoints, (SIDE, SIDE), EyeTemplate()), (SIDE, SIDE))
        crops.append(crop[..., ::-1])
    return np.ascontiguousarray(np.stack(crops))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[KerasModel, Path]:
    model = small_model(HAT, KIND, COLOUR, AGE, side=SIDE)
    folder = tmp_path_factory.mktemp("cam") / "small"
    return model, write_package(model, folder, with_keras=True)


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: f"{t.label} {t.explains}")
def test_a_package_alone_gives_the_maps_of_tensorflow(
    both: tuple[KerasModel, Path], target: CamTarget
) -> None:
    keras_model, folder = both
    package_model = PackageModel(load_package(folder))
    try:
        for crop in real_faces():
            for method in GRADIENT_METHODS:
                expected = class_map(crop, keras_model, target, method)
                ours = class_map(crop, package_model, target, method)
                assert np.abs(expected).max() > 1e-4
                np.testing.assert_allclose(ours, expected, atol=1e-4, err_msg=method)
    finally:
        package_model.close()


def test_score_cam_of_a_package_is_that_of_tensorflow(both: tuple[KerasModel, Path]) -> None:
    keras_model, folder = both
    package_model = PackageModel(load_package(folder))
    crop = real_faces()[1]
    expected = class_map(crop, keras_model, CamTarget(KIND, 2), "scorecam")
    ours = class_map(crop, package_model, CamTarget(KIND, 2), "scorecam")
    package_model.close()
    np.testing.assert_allclose(ours, expected, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize("target", TARGETS[:5], ids=lambda t: t.label)
def test_the_live_map_is_that_of_tensorflow(
    both: tuple[KerasModel, Path], target: CamTarget
) -> None:
    keras_model, folder = both
    package = load_package(folder)
    live = cam_head(package, target.head.name, target.class_name or None)
    package_model = PackageModel(package)
    crops = real_faces()
    maps = live.maps(package_model.features(crops, "last"))
    values = live.scores(package_model.logits(crops)[target.head.name])
    package_model.close()
    for crop, ours, value in zip(crops, maps, values, strict=True):
        expected = class_map(crop, keras_model, target, "cam")
        np.testing.assert_allclose(ours, expected, atol=1e-4)
        logits = keras_model.logits(crop[None])[target.head.name]
        assert value == pytest.approx(float(target.value(logits)[0]), abs=1e-4)


def test_the_saved_keras_model_is_used_for_other_layers(both: tuple[KerasModel, Path]) -> None:
    keras_model, folder = both
    crop = real_faces()[0]
    assert isinstance(open_model(str(folder), ["last", keras_model.layers[-1]]), PackageModel)
    opened = open_model(str(folder), ["second", "last"])
    assert isinstance(opened, KerasModel)
    method: Method = METHODS[4]
    np.testing.assert_allclose(
        class_map(crop, opened, TARGETS[0], method, "second"),
        class_map(crop, keras_model, TARGETS[0], method, "second"),
        atol=1e-6,
    )


def test_a_layer_that_is_missing_is_answered_with_those_there_are(
    both: tuple[KerasModel, Path], tmp_path: Path
) -> None:
    model, folder = both
    with pytest.raises(TrainingError, match="'fifth'.*first, second, third"):
        keras_model_of_package(load_package(folder)).layer("fifth")
    alone = write_package(model, tmp_path / "alone")
    with pytest.raises(
        TrainingError, match=rf"no model\.keras.*'second'.*choose {model.layers[-1]}"
    ):
        open_model(str(alone), ["second"]).layer("second")
    with pytest.raises(ModelPackageError, match=r"no model\.keras"):
        keras_model_of_package(load_package(alone))


def test_the_classic_map_is_refused_where_the_heads_average_nothing(
    both: tuple[KerasModel, Path],
) -> None:
    model, _ = both
    with pytest.raises(TrainingError, match="only at the layer that the heads average"):
        class_map(real_faces()[0], model, TARGETS[0], "cam", "first")


def test_a_keras_model_that_was_tampered_with_is_refused(
    both: tuple[KerasModel, Path], tmp_path: Path
) -> None:
    folder = write_package(both[0], tmp_path / "changed", with_keras=True)
    content = bytearray((folder / "model.keras").read_bytes())
    content[100] ^= 1
    (folder / "model.keras").write_bytes(content)
    with pytest.raises(ModelPackageError, match="sha256 differs"):
        open_model(str(folder), ["second"])
