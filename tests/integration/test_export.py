"""Every kind of network becomes a package, or none at all."""

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest

from facecam.errors import TrainingError
from facecam.inference.cam import has_cam
from facecam.inference.package import load_package
from facecam.inference.runtime import LiteRtEstimator
from facecam.training import export as export_module
from facecam.training.conversion import convert
from facecam.training.export import export_run
from facecam.training.network import Network, build_network
from facecam.training.recipe import Recipe
from facecam.training.run import Run

pytestmark = pytest.mark.long  # four conversions; test_train_to_package exports in every run

WIDTH, HEIGHT, COUNT = 40, 32, 60
HEADS: list[dict[str, Any]] = [
    {"name": "pet", "kind": "softmax", "classes": ["cat", "dog"]},
    {"name": "mark", "kind": "softmax", "classes": [f"m{i}" for i in range(101)]},
    {"name": "age", "kind": "expectation", "classes": list(range(11)), "hidden": [6]},
    {"name": "happy", "kind": "sigmoid", "classes": ["happy"], "threshold": {"sensitivity": 0.9}},
    {"name": "stats", "kind": "sigmoid", "classes": ["tall", "wide"]},
]


def recipe(pooling: str = "average", **changes: Any) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "made",
            "target": "frame",
            "input_size": [WIDTH, HEIGHT],
            "crop": {"method": "whole"},
            "backbone": {"name": "SmallCNNPooled", "pooling": pooling},
            "trunk": [8],
            "heads": HEADS,
            "training": {"phases": [{"epochs": 1, "learning_rate": 0.1}]},
            "card": {"warnings": ["Not a medical device."], "summary": "Made up."},
            **changes,
        }
    )


def make_run(folder: Path, made: Recipe) -> tuple[Run, Network]:
    """Write a run as training leaves it, with labels that the network itself gives."""
    keras.utils.set_random_seed(5)
    network = build_network(made)
    for weight in network.model.trainable_weights:  # far from the near-constant start
        if "logits/kernel" in weight.path:
            weight.assign(weight * 8.0)
    rng = np.random.default_rng(0)
    data = folder / "data"
    data.mkdir(parents=True)
    pictures = rng.integers(0, 256, (COUNT, 4, 5, 3)).astype(np.uint8)
    pictures = np.stack(
        [cv2.resize(p, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR) for p in pictures]
    )
    out = {k: np.asarray(v) for k, v in network.model.predict_on_batch(pictures).items()}
    rows = []
    for i, picture in enumerate(pictures):
        cv2.imwrite(str(data / f"{i}.png"), picture[..., ::-1])
        stats = out["stats"][i] > np.median(out["stats"], axis=0)
        rows.append(
            [
                f"{i}.png",
                "val" if i % 3 else "train",
                ("cat", "dog")[int(out["pet"][i].argmax())],
                f"m{int(out['mark'][i].argmax())}",
                int(out["age"][i].argmax()),
                int(out["happy"][i, 0] > np.median(out["happy"])),
                *stats.astype(int),
            ]
        )
    head = ["path", "split", "pet", "mark", "age", "happy", "tall", "wide"]
    with (data / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    run = Run(folder / "run")
    run.folder.mkdir()
    (run.folder / "recipe.json").write_text(made.model_dump_json(), "utf-8")
    (run.folder / "data.json").write_text(json.dumps([str(data)]), "utf-8")
    network.model.save_weights(run.best)
    return run, network


def export(run: Run, to: Path, **options: Any) -> tuple[Path, list[str]]:
    lines: list[str] = []
    cache = run.folder.parent / "cache"
    return export_run(run.folder, to, cache_dir=cache, report=lines.append, **options), lines


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Network]:
    return make_run(tmp_path_factory.mktemp("made"), recipe())


@pytest.fixture(scope="module")
def package(made: tuple[Run, Network], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the int8 package with its Keras file."""
    to = tmp_path_factory.mktemp("models") / "made"
    return export(made[0], to, format="int8", keras_file=True)[0]


def test_all_kinds_of_heads_trunk_and_oblong_pictures_are_exported(
    made: tuple[Run, Network], package: Path
) -> None:
    loaded = load_package(package)
    assert loaded.size_wh == (WIDTH, HEIGHT)
    estimator = LiteRtEstimator(loaded)
    crops = np.random.default_rng(0).integers(0, 256, (2, HEIGHT, WIDTH, 3)).astype(np.uint8)
    out = estimator.run(crops)
    estimator.close()
    assert [out[h["name"]].shape[1] for h in HEADS] == [2, 101, 11, 1, 2]
    layers = loaded.cam["layers"]
    assert layers["age"] == ["trunk0", "age_hidden0", "age_logits"]
    assert layers["pet"] == ["trunk0", "pet_logits"]
    assert loaded.cam_arrays["trunk0/kernel"].shape == (64, 8)
    assert set(loaded.cam["pool"].values()) == {"average"}
    # The dense layers beside the graph are those inside it.
    x = out["features"].mean(axis=(1, 2))
    for name in layers["age"][:-1]:
        kernel, bias = loaded.cam_arrays[f"{name}/kernel"], loaded.cam_arrays[f"{name}/bias"]
        x = np.maximum(x @ kernel + bias, 0)
    logits = x @ loaded.cam_arrays["age_logits/kernel"] + loaded.cam_arrays["age_logits/bias"]
    assert np.abs(logits - out["age"]).max() < 0.1 * np.abs(out["age"]).max()  # int8 in the graph


def test_int8_says_what_became_of_each_figure(package: Path) -> None:
    spec = json.loads((package / "model.json").read_text("utf-8"))
    changes = spec["parity"]["changes"]["data"]
    assert set(changes) == {"pet", "mark", "age", "happy", "stats.tall", "stats.wide"}
    before, after = changes["pet"]["accuracy"]
    assert before == 1.0  # the labels are the network's own answers
    assert after > 0.9
    assert set(spec["parity"]["heads"]) == {head["name"] for head in HEADS}
    assert list(spec["formats"]) == ["float32", "int8"]
    assert spec["formats"]["int8"]["bytes"] < spec["formats"]["float32"]["bytes"]


def test_metrics_are_where_the_window_looks_for_them(package: Path) -> None:
    spec = json.loads((package / "model.json").read_text("utf-8"))
    entry = spec["metrics"]["heads"]["happy"]
    assert entry["data"] == "data"
    assert entry["ci"]["auc"][0] <= entry["auc"] <= entry["ci"]["auc"][1]
    assert set(spec["metrics"]["heads"]["stats"]["classes"]) == {"tall", "wide"}
    assert spec["metrics"]["sets"]["data"]["images"] == 40
    happy = next(head for head in spec["heads"] if head["name"] == "happy")
    assert happy["threshold_rule"] == {"sensitivity": 0.9}


def test_the_keras_file_gives_the_same_logits_and_is_in_the_hashes(
    made: tuple[Run, Network], package: Path
) -> None:
    spec = json.loads((package / "model.json").read_text("utf-8"))
    assert set(spec["files"]) == {"model.tflite", "cam.npz", "model.keras"}
    load_package(package).read("model.keras")
    model = keras.saving.load_model(package / "model.keras", compile=False, safe_mode=True)
    crops = np.random.default_rng(1).integers(0, 256, (3, HEIGHT, WIDTH, 3)).astype(np.uint8)
    again, first = (m.predict_on_batch(crops) for m in (model, made[1].model))
    for head in HEADS:
        assert np.abs(np.asarray(again[head["name"]]) - first[head["name"]]).max() < 1e-5


def test_a_float_package_equals_keras_and_a_sabotaged_one_is_refused(
    made: tuple[Run, Network], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to, _ = export(made[0], tmp_path / "good", format="float16")
    spec = json.loads((to / "model.json").read_text("utf-8"))
    assert all(part["probabilities"] <= 1e-3 for part in spec["parity"]["heads"].values())
    assert not (to / "model.keras").exists()
    kept = (to / "model.json").read_bytes()

    def sabotaged(network: Network, *rest: Any) -> bytes:
        layer = network.model.get_layer("happy_logits")
        weights = layer.get_weights()
        layer.set_weights([weights[0] + 0.05, weights[1]])
        try:
            return convert(network, *rest)
        finally:
            layer.set_weights(weights)

    monkeypatch.setattr(export_module, "convert", sabotaged)
    with pytest.raises(TrainingError, match="'happy' differs from Keras by"):
        export(made[0], to)
    assert (to / "model.json").read_bytes() == kept
    with pytest.raises(TrainingError, match="'happy' differs from Keras by"):
        export(made[0], tmp_path / "bad")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good"]


def test_heads_on_flattened_maps_say_so_and_have_no_map(tmp_path: Path) -> None:
    flat = recipe("flatten", trunk=[], heads=HEADS[:1], input_size=48)
    keras.utils.set_random_seed(2)
    run = Run(tmp_path / "run")
    whole, _ = make_flat_run(tmp_path, flat, run)
    to, lines = export(whole, tmp_path / "flat")
    package = load_package(to)
    assert package.cam["pool"] == {"pet": "flatten"}
    assert not has_cam(package, "pet")
    assert package.cam_arrays == {}
    assert any("wrote" in line for line in lines)


def make_flat_run(folder: Path, made: Recipe, run: Run) -> tuple[Run, Network]:
    network = build_network(made)
    data = folder / "data"
    data.mkdir()
    rng = np.random.default_rng(0)
    rows = []
    for i in range(12):
        cv2.imwrite(str(data / f"{i}.png"), rng.integers(0, 256, (48, 48, 3)).astype(np.uint8))
        rows.append([f"{i}.png", "val" if i % 2 else "train", ("cat", "dog")[i // 2 % 2]])
    with (data / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", "split", "pet"], *rows])
    run.folder.mkdir()
    (run.folder / "recipe.json").write_text(made.model_dump_json(), "utf-8")
    (run.folder / "data.json").write_text(json.dumps([str(data)]), "utf-8")
    network.model.save_weights(run.best)
    return run, network
