"""A recipe trains on another backend of Keras, in a process of its own."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from facecam.training.run import Run
from tests.toy_training import log_rows, toy_data, toy_recipe

ROOT = Path(__file__).resolve().parents[3]
INSTALLED = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]
CODE = """
import sys
from pathlib import Path
from toy_training import toy_run
import keras
recipe, data, out = map(Path, sys.argv[1:])
run = toy_run(recipe, data, out)
toy_run(recipe, data, out)
assert keras.backend.backend() == {name!r}
"""


@pytest.mark.skipif(not INSTALLED, reason="neither jax nor torch is installed beside TensorFlow")
def test_a_recipe_trains_on_another_backend(tmp_path: Path) -> None:
    name = INSTALLED[0]
    data = toy_data(tmp_path / "data")
    phases = [
        {"freeze": "all", "epochs": 2, "learning_rate": 0.01, "schedule": "plateau"},
        {"freeze": "conv2", "epochs": 2, "learning_rate": 0.003, "schedule": "cosine"},
    ]
    recipe = toy_recipe(tmp_path / "toy.yaml", training={"ema": 0.9, "phases": phases})
    paths = [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(name=name), str(recipe), str(data), str(tmp_path / "r")],
        env={**os.environ, "KERAS_BACKEND": name, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    rows = log_rows(Run(tmp_path / "r"))
    assert len(rows) == 4
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert json.loads((tmp_path / "r" / "recipe.json").read_text("utf-8"))["name"] == "toy"
