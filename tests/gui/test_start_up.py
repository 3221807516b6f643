"""Starting the window for real, each in a process of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from facecam.gui.qt_environment import forget_foreign_qt, has_display

ROOT = Path(__file__).resolve().parents[2]

_HEAVY = ("mediapipe", "tensorflow", "keras", "scipy", "ai_edge_litert", "pandas", "matplotlib")

_SHOW_BARE_WINDOW = """
import sys
from PySide6.QtWidgets import QApplication
from facecam.gui.application import Starter, WindowOptions
from facecam.settings import SettingsStore
app = QApplication(["facecam"])
starter = Starter(app, WindowOptions(), SettingsStore())
starter.window.show()
assert starter.window.isVisible()
print(sorted({name.partition(".")[0] for name in sys.modules} & set(sys.argv[1].split(","))))
starter.window.close()
"""

_RUN_WINDOW = """
{imports}
from facecam.gui import application
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

show = application.Starter.__init__
def watched(starter, *arguments):
    show(starter, *arguments)
    def look():
        video = starter.window.stage.video
        if video.has_picture and video.grab().width() > 100:
            print(QApplication.platformName(), flush=True)
            starter.window.close()
    starter.timer = QTimer()
    starter.timer.timeout.connect(look)
    starter.timer.start(50)
application.Starter.__init__ = watched
raise SystemExit(application.run_window(application.WindowOptions(demo=True)))
"""


def run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("QT_", "DISPLAY", "WAYLAND"))}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_nothing_heavy_is_imported_before_the_window_shows(tmp_path: Path) -> None:
    done = run(
        _SHOW_BARE_WINDOW,
        ",".join((*_HEAVY, "cv2", "av", "sklearn")),
        QT_QPA_PLATFORM="offscreen",
        XDG_CONFIG_HOME=str(tmp_path),
        HOME=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.fixture
def x_server() -> Iterator[str]:
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb, a real X server without a screen, is not installed")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(60)


@pytest.mark.parametrize(
    "imports",
    ["import cv2\nimport PySide6.QtWidgets", "import PySide6.QtWidgets\nimport cv2", ""],
    ids=["cv2-first", "qt-first", "as-the-app"],
)
def test_the_window_shows_video_on_a_real_x_server(
    x_server: str, tmp_path: Path, imports: str
) -> None:
    done = run(
        _RUN_WINDOW.format(imports=imports),
        DISPLAY=x_server,
        XDG_CONFIG_HOME=str(tmp_path),
        HOME=str(tmp_path),
    )
    if "misses a system library" in done.stderr:
        pytest.skip(f"this machine cannot run Qt on X11: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().endswith("xcb")
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    assert (tmp_path / "facecam" / "settings.json").exists()


def test_only_the_paths_into_cv2_are_forgotten() -> None:
    environment = {
        "QT_QPA_PLATFORM_PLUGIN_PATH": "/venv/lib/python3.11/site-packages/cv2/qt/plugins",
        "QT_QPA_FONTDIR": "/usr/share/fonts",
    }
    assert forget_foreign_qt(environment) == ("QT_QPA_PLATFORM_PLUGIN_PATH",)
    assert environment == {"QT_QPA_FONTDIR": "/usr/share/fonts"}


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="these always have a display")
def test_a_display_is_a_server_or_a_forced_platform() -> None:
    assert not has_display({})
    assert not has_display({"DISPLAY": ""})
    assert has_display({"DISPLAY": ":0"})
    assert has_display({"WAYLAND_DISPLAY": "wayland-0"})
    assert has_display({"QT_QPA_PLATFORM": "offscreen"})


def test_pyside_leaves_modules_that_are_imported_alone() -> None:
    code = """
import sys
from PySide6 import QtCore
from facecam.gui.qt_environment import stop_import_inspection
stop_import_inspection()
sys.path.insert(0, sys.argv[1])
import touchy
"""
    folder = Path(__file__).parent / "touchy"
    done = run(code, str(folder))
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def test_a_void_call_leaves_none_alone() -> None:
    """PySide 6.12.0 drops a reference of None in each on Python 3.11, which then aborts."""
    from PySide6.QtGui import QFont

    font = QFont()
    before = sys.getrefcount(None)
    for _ in range(500):
        font.setPixelSize(12)
    assert sys.getrefcount(None) > before - 250
