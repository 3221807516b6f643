"""Fitting: interrupted at any moment it ends the same; full disks and broken losses end well."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from facecam.errors import ManifestError, RecipeError, TrainingError
from facecam.training.callbacks import Watch
from facecam.training.checkpoint import (
    Checkpoint,
    load_checkpoint,
    save_checkpoint,
    save_weights,
)
from facecam.training.fit import fitting_sets, load_sets, predict_logits, train
from facecam.training.network import trained_network
from facecam.training.quick_metrics import quick_metrics, score
from facecam.training.recipe import SEEDS, Phase
from facecam.training.run import Run
from facecam.training.schedules import Plateau, learning_rate
from tests.toy_training import log_rows, toy_data, toy_recipe, toy_run

# Two phases: heads on stored features with a falling rate, then everything with a running average.
TRAINING = {
    "ema": 0.9,
    "phases": [
        {
            "freeze": "all",
            "epochs": 3,
            "learning_rate": 0.01,
            "schedule": "plateau",
            "plateau_patience": 1,
            "average": True,
        },
        {
            "freeze": "none",
            "epochs": 3,
            "learning_rate": 0.003,
            "schedule": "cosine",
            "average": True,
        },
    ],
}
TOLERANCE = 1e-4  # threads of the backend add up in another order


class Killed(BaseException):
    """Ends a training from within, as a signal would."""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Run]:
    """Train once without interruption; return recipe, data and run."""
    folder = tmp_path_factory.mktemp("toy")
    data = toy_data(folder / "data")
    recipe = toy_recipe(folder / "toy.yaml", training=TRAINING)
    return recipe, data, toy_run(recipe, data, folder / "whole")


def kill_at(label: str, step: int) -> Callable[[str, int, int], None]:
    """Return a progress that ends the training at a step."""

    def progress(what: str, done: int, total: int) -> None:
        if what.startswith(label) and done == step:
            raise Killed

    return progress


def kill_in_checkpoint(patch: pytest.MonkeyPatch, number: int) -> None:
    """Let the training end half way through writing a checkpoint."""
    plain, count = np.savez, [0]

    def savez(file: Any, **arrays: Any) -> None:
        count[0] += 1
        if count[0] == number:
            file.write(b"half a file")
            raise Killed
        plain(file, **arrays)

    patch.setattr(np, "savez", savez)


@pytest.mark.parametrize(
    "moment",
    [pytest.param("features", marks=pytest.mark.long), "middle of an epoch", "checkpoint"],
)
def test_a_run_killed_at_any_moment_ends_like_a_whole_one(
    toy: tuple[Path, Path, Run], tmp_path: Path, moment: str
) -> None:
    recipe, data, whole = toy
    out = tmp_path / "run"
    progress = None
    with pytest.MonkeyPatch.context() as patch:
        if moment == "features":
            progress = kill_at("phase 1 epoch 2", 1)
        elif moment == "middle of an epoch":
            progress = kill_at("phase 2 epoch 3", 2)
        else:
            kill_in_checkpoint(patch, 5)
        with pytest.raises(Killed):
            toy_run(recipe, data, out, progress=progress)
    resumed = toy_run(recipe, data, out)
    expected, got = log_rows(whole), log_rows(resumed)
    assert [(row["phase"], row["epoch"]) for row in got] == [
        (row["phase"], row["epoch"]) for row in expected
    ]
    for ours, theirs in zip(got, expected, strict=True):
        for key, value in theirs.items():
            if value:
                assert float(ours[key]) == pytest.approx(float(value), rel=TOLERANCE), key
    states = [load_checkpoint(run.checkpoint) for run in (resumed, whole)]
    for ours, theirs in zip(states[0].weights, states[1].weights, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)
    assert states[0].best == pytest.approx(states[1].best, rel=TOLERANCE)


def event_scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return step and value of every scalar that TensorBoard would show."""
    import tensorflow as tf

    found: dict[str, list[tuple[int, float]]] = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                assert value.metadata.plugin_data.plugin_name in ("scalars", "")
                number = float(tf.make_ndarray(value.tensor))
                found.setdefault(value.tag, []).append((event.step, number))
    return found


def test_a_finished_run_is_left_as_it_is(toy: tuple[Path, Path, Run]) -> None:
    recipe, data, run = toy
    before = run.checkpoint.read_bytes(), log_rows(run)
    toy_run(recipe, data, run.folder)
    assert (run.checkpoint.read_bytes(), log_rows(run)) == before


def test_a_run_leaves_logs_curves_and_settled_classes(toy: tuple[Path, Path, Run]) -> None:
    run = toy[2]
    assert run.recipe().heads[0].classes == ["blue", "red"]
    assert (run.folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    events = event_scalars(run.folder / "tensorboard")
    assert [step for step, _ in events["loss"]] == [1, 2, 3, 4, 5, 6]
    assert events["loss"][0][1] == pytest.approx(float(log_rows(run)[0]["loss"]), rel=1e-5)
    assert {"data/colour/accuracy", "score", "learning_rate"} <= set(events)
    assert not list(run.folder.rglob("part*"))
    fitted = [row for row in log_rows(run) if row["loss"]]
    assert float(fitted[-1]["loss"]) < float(fitted[0]["loss"])


def test_the_best_weights_of_phases_are_averaged_and_measured(toy: tuple[Path, Path, Run]) -> None:
    run = toy[2]
    row = log_rows(run)[-1]
    assert (row["phase"], row["epoch"]) == ("2", "1")
    network = trained_network(run).model
    bests = [load_checkpoint(run.best_of_phase(number)).weights for number in range(2)]
    network.set_weights([np.mean(parts, axis=0) for parts in zip(*bests, strict=True)])
    sets = load_sets(run.recipe(), run.data(), toy[1].parent / "cache", lambda line: None)
    (val,) = fitting_sets(sets)
    logits = predict_logits(network, val, run.recipe().input_wh)
    figures = quick_metrics(run.recipe(), logits, val.labels)
    value = score(run.recipe(), {f"x.{name}": figure for name, figure in figures.items()})
    assert value == pytest.approx(float(row["score"]), rel=1e-4)
    best = max(float(row["score"]) for row in log_rows(run))
    assert load_checkpoint(run.checkpoint).best == pytest.approx(best)


def test_a_checkpoint_of_an_earlier_version_is_read(
    toy: tuple[Path, Path, Run], tmp_path: Path
) -> None:
    state = load_checkpoint(toy[2].checkpoint)
    weights = {f"weight{i}": value for i, value in enumerate(state.weights)}
    old = tmp_path / "checkpoint.npz"
    np.savez(old, progress=np.array([1, 3, 0.5]), **weights)
    read = load_checkpoint(old)
    assert (read.phase, read.epoch, read.best, read.watch) == (1, 3, 0.5, None)
    assert len(read.weights) == len(weights)
    for broken in (b"nothing of the kind", old.read_bytes()[:-100], b""):
        old.write_bytes(broken)
        with pytest.raises(TrainingError, match="cannot be read"):
            load_checkpoint(old)


def full_disk(patch: pytest.MonkeyPatch) -> None:
    """Let there be room for some bytes only."""

    def savez(file: Any, **arrays: Any) -> None:
        file.write(b"as much as there was room for")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    patch.setattr(np, "savez", savez)


def test_a_full_disk_ends_with_one_sentence_and_the_earlier_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state" / "checkpoint.npz"
    save_checkpoint(path, Checkpoint(0, 1, 0.5, weights=[np.arange(4.0)]))
    full_disk(monkeypatch)
    with pytest.raises(TrainingError, match=r"checkpoint .* \(No space left on device\)"):
        save_checkpoint(path, Checkpoint(0, 2, 0.6, weights=[np.arange(4.0)]))
    assert load_checkpoint(path).epoch == 1
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount")
def test_a_disk_that_is_really_full_ends_with_one_sentence(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs here: {mounted.stderr.decode().strip()}")
    try:
        path = disk / "state" / "checkpoint.npz"
        save_checkpoint(path, Checkpoint(0, 1, 0.5, weights=[np.zeros(100)]))
        with pytest.raises(TrainingError, match="No space left on device"):
            save_checkpoint(path, Checkpoint(0, 2, 0.6, weights=[np.zeros(100_000)]))
        assert load_checkpoint(path).epoch == 1
        model = keras.Sequential([keras.Input((300,)), keras.layers.Dense(300)])
        best = disk / "best.weights.h5"
        best.write_bytes(b"whole")
        with pytest.raises(TrainingError, match=r"weights file .* cannot be written"):
            save_weights(model, best)
        assert best.read_bytes() == b"whole"
        assert not (disk / "part.weights.h5").exists()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_loss_that_is_not_a_number_ends_with_one_sentence() -> None:
    watch = Watch("phase 1 epoch 2", 10, report=lambda line: None)
    watch.on_train_batch_end(0, {"loss": 0.5})
    with pytest.raises(TrainingError, match="not a number in phase 1 epoch 2, step 8"):
        watch.on_train_batch_end(7, {"loss": float("nan")})


def test_a_phase_ends_early_and_stays_ended(toy: tuple[Path, Path, Run], tmp_path: Path) -> None:
    data = toy[1]
    training = {
        "phases": [{"freeze": "all", "epochs": 40, "learning_rate": 1e-12, "patience": 2}],
    }
    recipe = toy_recipe(tmp_path / "toy.yaml", training=training)
    lines: list[str] = []
    run = toy_run(recipe, data, tmp_path / "run", report=lines.append)
    assert len(log_rows(run)) == 3
    assert any("no better score for 2 epochs, phase ends" in line for line in lines)
    toy_run(recipe, data, run.folder)
    assert len(log_rows(run)) == 3


def test_a_frozen_backbone_can_see_augmented_pictures(
    toy: tuple[Path, Path, Run], tmp_path: Path
) -> None:
    data = toy[1]
    phase = {"freeze": "all", "stored_features": False, "epochs": 1, "learning_rate": 0.01}
    training = {"optimizer": "adadelta", "phases": [phase]}
    recipe = toy_recipe(tmp_path / "toy.yaml", training=training)
    lines: list[str] = []
    run = toy_run(recipe, data, tmp_path / "run", report=lines.append)
    assert not any(line.startswith("features of") for line in lines)
    assert len(log_rows(run)) == 1


def test_classes_that_are_none_are_named(toy: tuple[Path, Path, Run], tmp_path: Path) -> None:
    data = toy[1]
    head = {"name": "nothing", "kind": "softmax", "classes": "auto"}
    recipe = toy_recipe(tmp_path / "toy.yaml", heads=[head])
    with pytest.raises(ManifestError, match="'nothing', where the training pictures have nothing"):
        toy_run(recipe, data, tmp_path / "run")


def test_shares_that_miss_a_training_set_are_refused_before_pictures_are_cut(
    toy: tuple[Path, Path, Run], tmp_path: Path
) -> None:
    recipe = toy_recipe(tmp_path / "toy.yaml", data={"shares": {"data": 0.5}})
    other = toy_data(tmp_path / "other", count=8)
    lines: list[str] = []
    with pytest.raises(ManifestError, match=r"data\.shares name data, but not other"):
        train(recipe, [toy[1], other], tmp_path / "run", cache_dir=tmp_path, report=lines.append)
    assert not [line for line in lines if "pictures" in line]


def test_a_network_that_cannot_be_built_is_named_before_pictures_are_cut(
    toy: tuple[Path, Path, Run], tmp_path: Path
) -> None:
    missing = {"name": "SmallCNN", "weights": str(tmp_path / "missing.weights.h5")}
    recipe = toy_recipe(tmp_path / "toy.yaml", backbone=missing)
    lines: list[str] = []
    with pytest.raises(TrainingError, match=r"missing\.weights\.h5 do not exist"):
        toy_run(recipe, toy[1], tmp_path / "run", report=lines.append)
    assert not [line for line in lines if "pictures" in line]


def test_a_layer_that_is_not_there_is_named_before_any_phase(
    toy: tuple[Path, Path, Run], tmp_path: Path
) -> None:
    phases = [
        {"freeze": "all", "epochs": 1, "learning_rate": 0.01},
        {"freeze": "nosuchlayer", "epochs": 1, "learning_rate": 0.01},
    ]
    recipe = toy_recipe(tmp_path / "toy.yaml", training={"phases": phases})
    lines: list[str] = []
    with pytest.raises(RecipeError, match="no layer 'nosuchlayer'"):
        toy_run(recipe, toy[1], tmp_path / "run", report=lines.append)
    assert not [line for line in lines if "pictures" in line or "epoch" in line]


def test_the_largest_seed_trains(toy: tuple[Path, Path, Run], tmp_path: Path) -> None:
    phase = {"freeze": "none", "epochs": 1, "learning_rate": 0.003}
    training = {"seed": SEEDS - 1, "steps_per_epoch": 1, "phases": [phase]}
    recipe = toy_recipe(tmp_path / "toy.yaml", training=training)
    run = toy_run(recipe, toy[1], tmp_path / "run")
    assert len(log_rows(run)) == 1


def test_the_newest_weights_are_kept_while_validation_measures_nothing(tmp_path: Path) -> None:
    data = toy_data(tmp_path / "data")
    lines = (data / "manifest.csv").read_text("utf-8").splitlines()
    rows = [f"{line},{1 if ',val,' in line else i % 2}" for i, line in enumerate(lines[1:])]
    (data / "manifest.csv").write_text("\n".join([f"{lines[0]},lamp", *rows]), "utf-8")
    phase = {"freeze": "none", "epochs": 2, "learning_rate": 0.003}
    recipe = toy_recipe(
        tmp_path / "toy.yaml",
        heads=[{"name": "lamp", "kind": "sigmoid", "classes": ["lamp"]}],
        training={"phases": [phase]},
    )
    run = toy_run(recipe, data, tmp_path / "run")
    assert [row["score"] for row in log_rows(run)] == ["-inf", "-inf"]
    kept = trained_network(run).model.get_weights()
    for ours, newest in zip(kept, load_checkpoint(run.checkpoint).weights, strict=True):
        np.testing.assert_array_equal(ours, newest)


def rates(phase: Phase, steps: int) -> list[float]:
    """Return the learning rate at each step of a phase."""
    rate = learning_rate(phase, steps)
    return [float(np.asarray(rate(step))) for step in range(steps * phase.epochs)]


def test_the_step_schedule_falls_at_the_quarters() -> None:
    phase = Phase(epochs=4, learning_rate=1.0, schedule="step")
    got = rates(phase, 10)
    # Keras' schedule keeps a value up to and with its boundary.
    assert got[5] == 1.0
    assert got[15] == pytest.approx(0.2)
    assert got[25] == pytest.approx(0.04)
    assert got[35] == pytest.approx(0.008)
    assert sorted(set(np.round(got, 6))) == [0.008, 0.04, 0.2, 1.0]


def test_the_cosine_schedule_warms_up_and_falls() -> None:
    got = rates(Phase(epochs=10, learning_rate=1.0, schedule="cosine", warmup_share=0.1), 10)
    assert got[0] == pytest.approx(0.02)
    assert max(got) == pytest.approx(got[10]) == pytest.approx(1.0)
    assert got[-1] < 0.02
    assert learning_rate(Phase(epochs=1, learning_rate=0.5), 10) == 0.5


def test_the_rate_falls_on_a_plateau_and_the_memory_survives() -> None:
    phase = Phase(epochs=9, learning_rate=1.0, schedule="plateau", plateau_patience=2, patience=3)
    watch = Plateau(phase)
    assert [watch.note(score) for score in (0.5, 0.6, 0.6)] == [False, False, False]
    again = Plateau(phase, watch.memory)
    assert again.note(0.55) is True
    assert not again.over
    assert again.note(0.6) is False
    assert again.over
