"""Ctrl+C in the terminal closes the window."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from facecam.gui import application
from facecam.gui.interrupts import INTERRUPTED, WindowInterrupts, end_at_once
from tests.gui.fake_recording import write_session

ROOT = Path(__file__).resolve().parents[2]

_INTERRUPTED_REPLAY = """
import os, signal, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
app = QApplication(["facecam"])
timer = QTimer()
def look():
    if any(window.isVisible() for window in app.topLevelWidgets()):
        timer.stop()
        os.kill(os.getpid(), signal.SIGINT)
timer.timeout.connect(look)
timer.start(20)
from facecam.commands.cli import run
sys.exit(run(["replay", sys.argv[1]]))
"""


@pytest.fixture
def handlers_kept() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    app = QApplication.instance()
    if app is not None:
        app.setProperty(INTERRUPTED, None)


@pytest.mark.usefixtures("handlers_kept")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_the_window(qtbot: QtBot, number: signal.Signals) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    interrupts = WindowInterrupts()
    assert interrupts.exit_code(3) == 3
    interrupts.install()
    signal.raise_signal(number)
    assert not widget.isVisible()
    assert interrupts.exit_code(0) == 128 + number
    assert signal.getsignal(number) == signal.SIG_DFL, "the second one ends the process at once"


@pytest.mark.usefixtures("handlers_kept")
def test_a_signal_before_there_is_a_window_ends_the_process() -> None:
    end_at_once()
    assert signal.getsignal(signal.SIGINT) == signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.usefixtures("handlers_kept")
def test_the_exit_code_tells_of_the_signal_even_with_a_thread_that_is_stuck(
    app: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, release, codes = QWidget(), threading.Event(), []
    stuck = threading.Thread(target=release.wait, name="facecam-stuck", daemon=True)
    stuck.start()
    monkeypatch.setattr(os, "_exit", codes.append)
    QTimer.singleShot(0, window, lambda: signal.raise_signal(signal.SIGTERM))
    application.run_until_closed(app, window)
    release.set()
    stuck.join()
    assert codes == [128 + signal.SIGTERM]
    window.deleteLater()


def test_ctrl_c_closes_a_replay(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED_REPLAY, str(write_session(tmp_path))],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 128 + signal.SIGINT
