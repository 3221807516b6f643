"""One head on its own says what it said in company, number by number."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from facecam.commands.cli import run
from facecam.errors import ModelPackageError, TrainingError
from facecam.inference.package import ModelPackage, load_package
from facecam.inference.runtime import LiteRtEstimator
from facecam.training.conversion import convert, save_keras
from facecam.training.graph_outputs import keep_outputs
from facecam.training.head_arrays import write_cam_arrays
from facecam.training.network import build_network
from facecam.training.package_spec import package_spec, write_spec
from facecam.training.recipe import Recipe
from facecam.training.split import split_head, split_spec
from tests.tiny_package import tiny_package_dir

RECIPE = {
    "name": "pair",
    "title": {"en": "Pair"},
    "target": "frame",
    "input_size": [28, 24],
    "backbone": {"name": "SmallCNN"},
    "trunk": [8],
    "heads": [
        {"name": "gender", "kind": "softmax", "classes": ["female", "male"], "hidden": [6]},
        {"name": "smile", "kind": "sigmoid", "classes": ["smile"], "title": {"en": "Smile"}},
    ],
    "training": {"seed": 1, "phases": [{"epochs": 1, "learning_rate": 1e-3}]},
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """Build a package of two heads with its Keras model, untrained."""
    recipe = Recipe.model_validate(RECIPE)
    network = build_network(recipe)
    folder = tmp_path_factory.mktemp("split") / "pair"
    folder.mkdir()
    (folder / "model.tflite").write_bytes(convert(network, "float32", np.empty(0, np.uint8)))
    write_cam_arrays(recipe, network, folder / "cam.npz")
    save_keras(network, folder / "model.keras")
    (folder / "CARD.md").write_text("# Pair 1.0.0\n\nNot for decisions.\n", "utf-8")
    (folder / "report" / "faces").mkdir(parents=True)
    (folder / "report" / "faces" / "metrics.json").write_text("{}", "utf-8")
    spec = package_spec(recipe, network, "float32", "pair")
    spec["calibration"] = {
        "gender": {"temperature": 1.5},
        "smile": {"scale": [2.0], "shift": [0.1]},
    }
    spec["metrics"] = {
        "heads": {"gender": {"n": 3}, "smile": {"n": 4}},
        "sets": {"faces": {"images": 4, "heads": {"gender": {"n": 3}, "smile": {"n": 4}}}},
    }
    spec["formats"] = {"float32": {"bytes": 9, "figures": {"faces.gender.auc": 1.0}}}
    spec["heads"][1]["thresholds"] = [0.4]
    write_spec(folder, spec)
    return load_package(folder)


def answers(package: ModelPackage, pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Return every output of a package's graph."""
    estimator = LiteRtEstimator(package)
    try:
        return {name: np.array(value) for name, value in estimator.run(pictures).items()}
    finally:
        estimator.close()


@pytest.mark.parametrize("head", ["gender", "smile"])
def test_a_head_on_its_own_says_the_same(pair: ModelPackage, tmp_path: Path, head: str) -> None:
    other = "smile" if head == "gender" else "gender"
    folder = split_head(pair.dir, head, tmp_path / f"only-{head}", report=lambda line: None)
    alone = load_package(folder)
    pictures = np.random.default_rng(1).integers(0, 256, (5, 24, 28, 3), np.uint8)
    whole, part = answers(pair, pictures), answers(alone, pictures)
    assert set(part) == {head, "features"}
    np.testing.assert_array_equal(part[head], whole[head])
    np.testing.assert_array_equal(part["features"], whole["features"])

    logits = [
        np.asarray(keras.saving.load_model(p.dir / "model.keras").predict_on_batch(pictures)[head])
        for p in (pair, alone)
    ]
    np.testing.assert_array_equal(logits[0], logits[1])

    assert [known.name for known in alone.heads] == [head]
    assert alone.heads[0] == pair.head(head)
    assert dict(alone.calibration) == {head: pair.calibration[head]}
    assert alone.name == f"only-{head}"
    assert alone.size_wh == (28, 24)
    layers = {key.split("/")[0] for key in alone.cam_arrays}
    own = {"gender": {"gender_hidden0", "gender_logits"}, "smile": {"smile_logits"}}
    assert layers == {"trunk0"} | own[head]
    assert f"`{head}` of Pair 1.0.0" in (folder / "CARD.md").read_text("utf-8")
    assert "Not for decisions." in (folder / "CARD.md").read_text("utf-8")
    assert (folder / "report" / "faces" / "metrics.json").exists()
    spec = json.loads((folder / "model.json").read_text("utf-8"))
    assert other not in json.dumps({k: v for k, v in spec.items() if k != "split_from"})
    assert spec["split_from"]["sha256"] == pair.spec["files"]["model.tflite"]["sha256"]


def test_figures_of_other_heads_go(pair: ModelPackage) -> None:
    spec = split_spec(pair.spec, "smile", "no name at all")
    assert spec["name"] == "pair-smile"
    assert spec["metrics"]["heads"] == {"smile": {"n": 4}}
    assert spec["metrics"]["sets"]["faces"] == {"images": 4, "heads": {"smile": {"n": 4}}}
    assert spec["formats"]["float32"] == {"bytes": 9, "figures": {}}
    assert split_spec(pair.spec, "gender", "g")["formats"]["float32"]["figures"]


def test_data_sets_may_be_named_as_heads_are(pair: ModelPackage) -> None:
    heads = {"gender": {"n": 3}, "smile": {"n": 4}}
    sets = {"gender": {"images": 3, "heads": heads}, "smile": {"images": 4, "heads": heads}}
    kept = {
        "gender": {"images": 3, "heads": {"smile": {"n": 4}}},
        "smile": {"images": 4, "heads": {"smile": {"n": 4}}},
    }
    spec = {**pair.spec, "metrics": {"heads": heads, "sets": sets}}
    assert split_spec(spec, "smile", "s")["metrics"] == {"heads": {"smile": {"n": 4}}, "sets": kept}
    before = {**pair.spec, "metrics": sets}  # as packages were written once
    assert split_spec(before, "smile", "s")["metrics"] == kept


@pytest.mark.parametrize("hashed", [True, False])
def test_a_damaged_keras_model_is_refused(pair: ModelPackage, tmp_path: Path, hashed: bool) -> None:
    folder = tmp_path / "pair"
    shutil.copytree(pair.dir, folder)
    (folder / "model.keras").write_bytes(bytes((folder / "model.keras").stat().st_size))
    if hashed:  # damaged before the package was written
        write_spec(folder, {key: value for key, value in pair.spec.items() if key != "files"})
    with pytest.raises(ModelPackageError, match=r"model\.keras"):
        split_head(folder, "smile", tmp_path / "smile", report=lambda line: None)
    assert not (tmp_path / "smile").exists()


def test_the_command_splits_a_package_without_a_keras_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(tiny_package_dir())
    to = tmp_path / "glasses"
    assert run(["split", source, "--head", "glasses", "--to", str(to)]) == 0
    alone = load_package(to)
    assert alone.heads[0].thresholds == (0.4,)
    assert not (to / "model.keras").exists()
    assert run(["split", source, "--head", "glasses", "--to", str(to)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert run(["split", source, "--head", "hat", "--to", str(tmp_path / "hat")]) == 1
    assert "no head 'hat': it has age, gender, smile, glasses" in capsys.readouterr().err
    assert not (tmp_path / "hat").exists()


def test_a_graph_without_the_output_is_refused(pair: ModelPackage) -> None:
    with pytest.raises(TrainingError, match="no output 'age'"):
        keep_outputs(pair.read("model.tflite"), ["age"])


def test_a_run_without_the_head_is_refused(tmp_path: Path) -> None:
    recipe = Recipe.model_validate(RECIPE)
    (tmp_path / "recipe.json").write_text(recipe.model_dump_json(), "utf-8")
    with pytest.raises(TrainingError, match="no head 'age': it has gender, smile"):
        split_head(tmp_path, "age", tmp_path / "out")
