"""Record onto a disk that is too small, fills up, or is full from one moment to the next."""

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facecam.errors import RecordingError
from facecam.recording.disk_watch import DiskLimits
from facecam.recording.session_files import read_session
from facecam.torture.kills import video_times_s

_RECORD_S = 20.0
_CHILD_TIMEOUT_S = 180.0
_ROOM_BYTES = 60_000_000  # above the limit at which the app stops by itself
_BLOCK = bytes(4 << 20)
CASES = ("too small", "filling up", "full at once")


@dataclass(slots=True)
class FullDiskReport:
    """What became of the recordings.

    Attributes:
        disk: What stood in for a full disk.
        trials: How many recordings.
        said: How many ended with a sentence for the user.
        playable: How many left a video of which every picture decodes.
        expected_playable: How many should have (a disk that is full before the start leaves none).
        failures: One sentence for every trial that did not go as it should.
    """

    disk: str = ""
    trials: int = 0
    said: int = 0
    playable: int = 0
    expected_playable: int = 0
    failures: list[str] = field(default_factory=list)


def run_full_disks(
    trials: int,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> FullDiskReport:
    """Record so many times, each time onto a disk that does not suffice."""
    rng = random.Random(seed)
    size = DiskLimits().min_free_bytes + _ROOM_BYTES
    report = FullDiskReport()
    with tempfile.TemporaryDirectory(prefix="facecam-torture-") as name:
        for number in range(trials):
            with small_disk(Path(name), size) as disk:
                report.disk = f"tmpfs of {size / 1e6:.0f} MB" if disk else "a limit on file sizes"
                if disk is None:
                    _with_size_limit(report, Path(name) / f"trial{number}.mp4", rng)
                else:
                    _on_small_disk(report, disk, CASES[number % len(CASES)], rng)
            progress(number + 1, trials)
    return report


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path | None]:
    """Mount a file system of a size in memory; None where that is not allowed."""
    place = folder / "disk"
    place.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        done = None
    if done is None or done.returncode != 0:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)


def _on_small_disk(report: FullDiskReport, disk: Path, case: str, rng: random.Random) -> None:
    filler = _Filler(disk / "filler")
    free = shutil.disk_usage(disk).free
    if case == "too small":
        filler.fill(free - rng.randrange(0, 4_000_000))
    after_s = rng.uniform(1.0, 4.0)

    def on_recording() -> None:
        if case == "filling up":
            filler.start(rate=30_000_000, after_s=after_s)
        elif case == "full at once":
            filler.start(rate=None, after_s=after_s)

    try:
        ended = _record(disk / "trial.mp4", on_recording)
    finally:
        filler.stop()
    _judge(report, disk / "trial.mp4", ended, case, leaves_video=case != "too small")


def _with_size_limit(report: FullDiskReport, path: Path, rng: random.Random) -> None:
    limit = rng.randrange(200_000, 800_000)
    ended = _record(path, lambda: None, "--file-limit", str(limit))
    _judge(report, path, ended, f"limit of {limit} bytes", leaves_video=True)


def _record(path: Path, on_recording: Callable[[], None], *options: str) -> dict[str, Any] | None:
    """Record in a child and return its last words; None when it had none."""
    command = [sys.executable, "-m", "facecam.torture.recording_child", str(path)]
    with subprocess.Popen(
        [*command, "--seconds", str(_RECORD_S), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        watchdog = threading.Timer(_CHILD_TIMEOUT_S, child.kill)
        watchdog.start()
        said = False
        try:
            assert child.stdout is not None
            for line in child.stdout:
                if not said and line.strip().endswith("recording"):
                    said = True
                    on_recording()
                if line.startswith("end "):
                    ended: dict[str, Any] = json.loads(line[4:])
                    return ended
        finally:
            watchdog.cancel()
    return None


def _judge(
    report: FullDiskReport,
    path: Path,
    ended: dict[str, Any] | None,
    case: str,
    *,
    leaves_video: bool,
) -> None:
    report.trials += 1
    if ended is None:
        report.failures.append(f"{case}: the program crashed or hung")
        return
    if ended["stuck"] or ended["error"].startswith("An internal error"):
        report.failures.append(f"{case}: {ended['stuck']} {ended['error']}")
    if ended["message"] and ended["ended_early"]:
        report.said += 1
    else:
        report.failures.append(f"{case}: it said nothing ({ended['state']}, {ended['message']})")
    if not leaves_video:
        return
    report.expected_playable += 1
    try:
        times_s = video_times_s(path)
        read_session(path.with_name(f"{path.stem}.session"))
    except RecordingError as error:
        report.failures.append(f"{case}: {error}")
        return
    if times_s:
        report.playable += 1
    else:
        report.failures.append(f"{case}: the video is empty")


class _Filler:
    """Another program that fills the disk.

    Args:
        path: The file that it writes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def fill(self, size: int) -> None:
        """Write so many bytes now, or as many as there is room for."""
        with contextlib.suppress(OSError), self._path.open("ab", buffering=0) as file:
            while size > 0:
                size -= file.write(_BLOCK[:size])

    def start(self, rate: float | None, after_s: float) -> None:
        """Fill the disk from a moment on: at a rate in bytes a second, or at once with None."""

        def run() -> None:
            if self._stop.wait(after_s):
                return
            if rate is None:
                self.fill(1 << 40)
                return
            while not self._stop.wait(len(_BLOCK) / rate):
                self.fill(len(_BLOCK))

        self._thread = threading.Thread(target=run, name="disk-filler")
        self._thread.start()

    def stop(self) -> None:
        """Stop filling and give the space back."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        with contextlib.suppress(OSError):
            os.unlink(self._path)
