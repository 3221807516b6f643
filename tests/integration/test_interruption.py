"""The command `train`, stopped from outside: by Ctrl+C, and by a signal that nothing survives."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from facecam.training.checkpoint import load_checkpoint
from facecam.training.run import Run
from tests.toy_training import log_rows, toy_data, toy_recipe

pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name != "posix", reason="POSIX signals")]
ROOT = Path(__file__).resolve().parents[2]
PHASES = [{"freeze": "none", "epochs": 12, "learning_rate": 0.003, "schedule": "cosine"}]


def start(recipe: Path, data: Path, out: Path) -> subprocess.Popen:
    """Start the command, its lines readable as they come."""
    command = [sys.executable, "-m", "facecam", "train", str(recipe)]
    command += ["--data", str(data), "--out", str(out)]
    return subprocess.Popen(
        command,
        cwd=recipe.parent,  # where it makes its cache
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stop_behind(process: subprocess.Popen, line: str, how: signal.Signals) -> str:
    """Send a signal as soon as a line is printed; return what stands on stderr then."""
    for said in process.stdout:
        if said.startswith(line):
            process.send_signal(how)
            break
    return process.communicate(timeout=280)[1]


def test_a_stopped_or_killed_command_goes_on_to_the_same_end(tmp_path: Path) -> None:
    data = toy_data(tmp_path / "data")
    training = {"dropout": 0.1, "ema": 0.9, "phases": PHASES}
    recipe = toy_recipe(tmp_path / "toy.yaml", training=training)
    whole = start(recipe, data, tmp_path / "whole")
    assert stop_behind(whole, "no such line", signal.SIGINT) is not None
    assert whole.returncode == 0

    stopped = start(recipe, data, tmp_path / "run")
    errors = stop_behind(stopped, "phase 1 epoch 3", signal.SIGINT)
    assert stopped.returncode == 130
    assert errors.strip().splitlines()[-1] == (
        "Stopped; the same command goes on behind the last epoch that was reported."
    )
    killed = start(recipe, data, tmp_path / "run")
    stop_behind(killed, "phase 1 epoch 7", signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    assert start(recipe, data, tmp_path / "run").communicate(timeout=280)[1] is not None

    ours, theirs = (Run(tmp_path / name) for name in ("run", "whole"))
    assert len(log_rows(ours)) == 12
    for mine, yours in zip(log_rows(ours), log_rows(theirs), strict=True):
        assert float(mine["loss"]) == pytest.approx(float(yours["loss"]), rel=1e-4)
    states = [load_checkpoint(run.checkpoint) for run in (ours, theirs)]
    for mine, yours in zip(states[0].weights, states[1].weights, strict=True):
        np.testing.assert_allclose(mine, yours, atol=1e-4)
    assert (ours.folder / "curves.png").exists()
