"""Training leaves nothing in the home of a person who did not ask for it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLOT = """
import facecam.training.fit, keras
from pathlib import Path
from facecam.training.run_log import draw_curves
draw_curves([{"phase": "0", "epoch": "1", "loss": "0.5"}], Path("curves.png"))
print(keras.config.image_data_format())
"""


def test_training_and_plots_write_nothing_into_the_home(tmp_path: Path) -> None:
    places = {name: tmp_path / name for name in ("home", "tmp", "work")}
    for place in places.values():
        place.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "KERAS", "MPL"))}
    home = str(places["home"])
    changed = {"HOME": home, "USERPROFILE": home, "TMPDIR": str(places["tmp"])}
    done = subprocess.run(
        [sys.executable, "-c", PLOT],
        cwd=places["work"],
        env={**kept, **changed, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "channels_last"
    assert [path.name for path in places["work"].iterdir()] == ["curves.png"]
    assert list(places["home"].rglob("*")) == []
    assert list(places["tmp"].iterdir()) == []
