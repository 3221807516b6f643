"""Nothing leaves the machine, and nothing is written that was not asked for.

The app runs in a child process in which every socket but those inside the machine is refused, with
a home, a temporary folder and a working folder that are looked through afterwards.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Python's sockets are refused; those of native libraries are looked for while it runs.
GUARD = """
import atexit, json, os, socket, threading
tried = []
refuse = socket.socket.__init__
def guarded(self, family=-1, type=-1, proto=-1, fileno=None):
    if family not in (-1, socket.AF_UNIX) or (family == -1 and fileno is None):
        tried.append(str(family))
        raise PermissionError("no network in this test")
    refuse(self, family, type, proto, fileno)
socket.socket.__init__ = guarded
def resolve(*arguments, **named):
    tried.append(repr(arguments))
    raise PermissionError("no names in this test")
socket.getaddrinfo = socket.gethostbyname = resolve
import psutil
over = threading.Event()
def watch():
    me = psutil.Process()
    while not over.wait(0.05):
        tried.extend(str(item.raddr or item.laddr) for item in me.net_connections(kind="inet"))
watcher = threading.Thread(target=watch, name="watch", daemon=True)
watcher.start()
def report():
    over.set()
    watcher.join()
    print("TRIED " + json.dumps(tried), flush=True)
"""

WITHOUT_WINDOW = """
import threading
from facecam.capture.opening import make_source
from facecam.commands.pipeline_parts import build_analyzer, load_estimator
from facecam.pipeline.session import Session
session = Session(lambda: make_source("resources/demo.mp4"), build_analyzer,
                  lambda: load_estimator(None))
session.start()
wait = threading.Event()
for _ in range(4000):
    status = session.status()
    if status.counts.analysed > 15 and status.first_stats_s is not None:
        break
    wait.wait(0.05)
print("ANALYSED", session.status().counts.analysed, flush=True)
assert session.stop(10.0) == ()
report()
"""

RECORD = """
import sys
sys.argv = ["app.py", "--no-window", "--source", {clip!r}, "--record", {video!r}]
import app
assert app.main() == 0
report()
"""

WINDOW = """
import os, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from facecam.gui import qt_environment
qt_environment.forget_foreign_qt()
from PySide6.QtWidgets import QApplication
qt = QApplication(sys.argv[:1])
from facecam.gui.application import WindowOptions, run_window
ticks = 0
timer = QTimer()
def look():
    global ticks
    ticks += 1
    ledger = Path({ledger!r})
    lines = ledger.read_text().count("analyzed\\":true") if ledger.exists() else 0
    if lines > 5 or ticks > 2000:
        print("ANALYSED", lines, flush=True)
        timer.stop()
        qt.closeAllWindows()
timer.timeout.connect(look)
timer.start(100)
import facecam.gui.application as application
application._leave_at_once_if_stuck = lambda code: None
run_window(WindowOptions(demo=True, record=Path({video!r})))
report()
"""


class Child:
    """Runs code in a process without a network, in folders of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places = {name: folder / name for name in ("home", "tmp", "work")}
        for place in self.places.values():
            place.mkdir()

    def run(self, code: str) -> str:
        home = str(self.places["home"])
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("XDG_", "DISPLAY", "WAYLAND"))
        }
        environment.update(
            HOME=home,
            USERPROFILE=home,
            TMPDIR=str(self.places["tmp"]),
            PYTHONPATH=str(ROOT),
            PYTHONDONTWRITEBYTECODE="1",
            QT_QPA_PLATFORM="offscreen",
        )
        done = subprocess.run(
            [sys.executable, "-c", GUARD + code.replace("resources/", f"{ROOT}/resources/")],
            cwd=self.places["work"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def written(self) -> list[str]:
        """Return every file that lies in the child's folders.

        Caches of fonts and shaders that Matplotlib (which MediaPipe imports), Fontconfig and Mesa
        keep for themselves are left out; nothing of a picture or a reading is in them.
        """
        return sorted(
            str(path.relative_to(self.folder))
            for place in self.places.values()
            for path in place.rglob("*")
            if path.is_file() and ".cache" not in path.relative_to(place).parts
        )


@pytest.fixture
def child(tmp_path: Path) -> Child:
    return Child(tmp_path)


def tried_by(output: str) -> list[str]:
    line = next(line for line in output.splitlines() if line.startswith("TRIED "))
    tried: list[str] = json.loads(line.removeprefix("TRIED "))
    return tried


def test_guard_sees_a_program_that_uses_the_network(child: Child) -> None:
    code = """
try:
    socket.create_connection(("192.0.2.1", 9))
except OSError:
    pass
try:
    socket.socket()
except OSError:
    pass
report()
"""
    assert len(tried_by(child.run(code))) == 2


def test_watching_uses_no_network_and_writes_nothing(child: Child) -> None:
    output = child.run(WITHOUT_WINDOW)
    assert int(output.split("ANALYSED ")[1].split()[0]) > 15
    assert tried_by(output) == []
    assert child.written() == []


def test_recording_uses_no_network_and_writes_only_what_was_asked_for(
    child: Child, short_clip: Path
) -> None:
    video = child.folder / "videos" / "me.mp4"
    output = child.run(RECORD.format(clip=str(short_clip), video=str(video)))
    assert tried_by(output) == []
    assert child.written() == []
    wanted = ["me.mp4", "me.session", "ledger.jsonl", "session.json", "stats.jsonl"]
    assert sorted(path.name for path in video.parent.rglob("*")) == sorted(wanted)


def test_window_uses_no_network_and_writes_only_its_settings(child: Child) -> None:
    video = child.folder / "videos" / "me.mp4"
    ledger = video.parent / "me.session" / "ledger.jsonl"
    output = child.run(WINDOW.format(video=str(video), ledger=str(ledger)))
    assert int(output.split("ANALYSED ")[1].split()[0]) > 5
    assert tried_by(output) == []
    ours = child.written()
    assert all(name.startswith("home/") and "facecam" in name for name in ours), ours
    assert len(ours) <= 2


@pytest.fixture
def short_clip(tmp_path: Path) -> Path:
    """The first 20 frames of the demo clip."""
    import av

    path = tmp_path / "short.mp4"
    with av.open(str(ROOT / "resources" / "demo.mp4")) as old, av.open(str(path), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for number, packet in enumerate(old.demux(old.streams.video[0])):
            if number == 20 or packet.dts is None:
                break
            packet.stream = stream
            new.mux(packet)
    return path
