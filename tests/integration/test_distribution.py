"""Two workers on this machine, and two devices of one process, do what one process does alone."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from facecam.errors import TrainingError
from facecam.training.checkpoint import load_checkpoint
from facecam.training.distribute import Alone, EvenBatches, folder_of, make_distribution
from facecam.training.run import Run
from facecam.training.stages import FeatureBatches
from tests.toy_training import log_rows, toy_data, toy_recipe

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import sys
from pathlib import Path
kind, recipe, data, out = sys.argv[1], *map(Path, sys.argv[2:])
if kind == "mirrored":  # two devices where there is no GPU
    import tensorflow as tf
    import facecam.training.distribute as distribute
    cpu = tf.config.list_physical_devices("CPU")[0]
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, halves)
    plain = distribute.Mirrored
    distribute.Mirrored = lambda: plain(["CPU:0", "CPU:1"])
from toy_training import toy_run
toy_run(recipe, data, out, distribute=None if kind == "alone" else kind)
"""
# Without dropout, whose masks are drawn by each for itself.
TRAINING = {
    "dropout": 0.0,
    "batch_size": 15,  # which does not divide evenly
    "phases": [
        {"freeze": "all", "epochs": 2, "learning_rate": 0.01},
        {"freeze": "none", "epochs": 2, "learning_rate": 0.003},
    ],
}


def start(
    kind: str, recipe: Path, data: Path, out: Path, config: dict | None = None
) -> subprocess.Popen:
    """Start a training in a process of its own."""
    paths = [str(ROOT), str(ROOT / "tests")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "CUDA_VISIBLE_DEVICES": "-1"}
    env.pop("TF_CONFIG", None)
    if config is not None:
        env["TF_CONFIG"] = json.dumps(config)
    command = [sys.executable, "-c", CODE, kind, str(recipe), str(data), str(out)]
    return subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen) -> None:
    _, errors = process.communicate(timeout=280)
    assert process.returncode == 0, errors[-3000:]


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback interface that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def assert_same(run: Run, other: Run, tolerance: float = 1e-4, loss: float = 1e-4) -> None:
    """Compare the log and the weights of two runs, the logged loss with a tolerance of its own."""
    ours, theirs = log_rows(run), log_rows(other)
    assert len(ours) == len(theirs) == 4
    for mine, yours in zip(ours, theirs, strict=True):
        for key, most in (("score", tolerance), ("data.level.mae", tolerance), ("loss", loss)):
            assert float(mine[key]) == pytest.approx(float(yours[key]), rel=most), key
    pairs = zip(
        load_checkpoint(run.checkpoint).weights,
        load_checkpoint(other.checkpoint).weights,
        strict=True,
    )
    for mine, yours in pairs:
        np.testing.assert_allclose(mine, yours, atol=tolerance)


@pytest.mark.long
def test_two_workers_and_two_devices_do_what_one_does(tmp_path: Path) -> None:
    data = toy_data(tmp_path / "data")
    recipe = toy_recipe(tmp_path / "toy.yaml", training=TRAINING)
    finish(start("alone", recipe, data, tmp_path / "alone"))

    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
    started = [
        start(
            "multiworker",
            recipe,
            data,
            tmp_path / "workers",
            {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}},
        )
        for index in (1, 0)
    ]
    for process in started:
        finish(process)
    finish(start("mirrored", recipe, data, tmp_path / "mirrored"))

    alone = Run(tmp_path / "alone")
    assert_same(Run(tmp_path / "workers"), alone)
    # Keras counts the rows that batches were filled up with when it averages over an epoch.
    assert_same(Run(tmp_path / "mirrored"), alone, loss=1e-2)
    # Both workers hold the same state, so that both can go on.
    assert_same(Run(tmp_path / "workers.worker1"), Run(tmp_path / "workers"), 0.0, 0.0)


@pytest.mark.parametrize("config", [None, "{", '{"cluster": {"worker": []}, "task": {}}'])
def test_a_cluster_that_nobody_described_is_one_sentence(
    config: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config is not None:
        monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(TrainingError, match="needs the environment variable TF_CONFIG"):
        make_distribution("multiworker")


def test_batches_are_filled_up_without_weight() -> None:
    labels = {"a": np.array([1.0, 2.0, np.nan], np.float32)}
    batches = FeatureBatches(np.arange(3.0).reshape(3, 1), labels, 3, (0, 0))
    x, y, weights = EvenBatches(batches, 2)[0]
    plain_x, plain_y, plain_weights = batches[0]
    assert len(x) == len(y["a"]) == 4
    np.testing.assert_array_equal(x[:3], plain_x)
    np.testing.assert_array_equal(y["a"][:3], plain_y["a"])
    np.testing.assert_allclose(weights["a"][:3] / 4, plain_weights["a"] / 3)
    assert weights["a"][3] == 0.0
    assert EvenBatches(batches, 3)[0][0] is not None
    assert len(EvenBatches(batches, 3)[0][0]) == 3


def test_each_worker_has_a_folder_of_its_own() -> None:
    second = Alone()
    second.rank = 1
    assert folder_of(Path("runs/toy"), Alone()) == Path("runs/toy")
    assert folder_of(Path("runs/toy"), second) == Path("runs/toy.worker1")
    assert isinstance(make_distribution(None), Alone)
