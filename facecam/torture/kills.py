"""End a program that records with SIGKILL, at random moments, and look at what is left."""

import math
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO

from facecam.errors import RecordingError
from facecam.recording.session_files import read_session
from facecam.torture.recording_child import FPS

LOST_AT_MOST_S = 1.0
# Counted from the moment at which the app says that it is recording.
_SOONEST_S, _LATEST_S = 0.0, 4.0
_SAME_S = 0.005  # times are written with four digits
_HUNG_S = 120.0  # a program that was not killed by then, from its start on, never will be
_CHILD = (sys.executable, "-m", "facecam.torture.recording_child")


@dataclass(slots=True)
class KillReport:
    """What was left of the recordings.

    Attributes:
        trials: How many were killed.
        playable: Of how many every picture in the video decodes.
        readable: Of how many the session folder can be read.
        lost_s: Seconds of video that each lost: from the first picture that was taken in for the
            video and is not in the file to the last. (Frames that were captured while the encoder
            was busy are no part of it; those are dropped and counted, killed or not.)
        failures: One sentence for every trial that did not go as it should.
    """

    trials: int = 0
    playable: int = 0
    readable: int = 0
    lost_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def worst_lost_s(self) -> float:
        """Return the largest loss."""
        return max(self.lost_s, default=0.0)


def run_kills(
    trials: int,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> KillReport:
    """Kill so many recordings."""
    rng = random.Random(seed)
    report = KillReport()
    with tempfile.TemporaryDirectory(prefix="facecam-torture-") as name:
        for number in range(trials):
            path = Path(name) / f"trial{number}.mp4"
            after_s = rng.uniform(_SOONEST_S, _LATEST_S)
            what = f"killed after {after_s:.2f} s"
            report.trials += 1
            try:
                taken_s = _record_and_kill(path, after_s, number)
            except RecordingError as error:
                report.failures.append(f"to be {what}: {error}")
            else:
                _look_at(report, path, taken_s, what)
            for item in Path(name).rglob("*"):
                if item.is_file():
                    item.unlink()
            progress(number + 1, trials)
    return report


def _record_and_kill(path: Path, after_s: float, seed: int) -> list[float]:
    """Return the source times of the frames that were taken in for the video before the end.

    Raises:
        RecordingError: The program ended by itself, or hung, before it was to be killed.
    """
    told: list[tuple[float, int]] = []
    due_s = math.inf
    killed = False
    with subprocess.Popen(
        [*_CHILD, str(path), "--seed", str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        watchdog = threading.Timer(_HUNG_S, child.kill)
        watchdog.start()
        try:
            # What it still says before the signal reaches it was captured as well.
            for line in _pipe(child.stdout):
                words = line.split()
                if len(words) == 4 and words[0] == "frame" and line.endswith("\n"):
                    told.append((float(words[1]), int(words[2])))
                    if words[3] == "recording":
                        due_s = min(due_s, told[-1][0] + after_s)
                    if told[-1][0] >= due_s:
                        child.kill()
                        killed = True
        finally:
            watchdog.cancel()
            watchdog.join()
    if not killed:
        raise RecordingError(
            f"The recording program ended by itself, or hung for {_HUNG_S:g} s: run "
            "python -m facecam.torture.recording_child VIDEO to see why."
        )
    return taken_times_s(told)


def taken_times_s(told: list[tuple[float, int]]) -> list[float]:
    """Return the times of the frames that were not dropped for want of an encoder.

    Args:
        told: Time of each captured frame and how many were dropped before it.
    """
    taken = [t_s for (t_s, before), (_, then) in pairwise(told) if then == before]
    return taken + [t_s for t_s, _ in told[-1:]]


def video_times_s(path: Path) -> list[float]:
    """Return the times of all pictures of a video, decoding each.

    Raises:
        RecordingError: It cannot be opened or decoded.
    """
    import av

    try:
        with av.open(str(path)) as container:
            return [float(picture.time or 0.0) for picture in container.decode(video=0)]
    except (av.FFmpegError, OSError, IndexError) as error:
        raise RecordingError(f"The video {path} cannot be played: {error}.") from error


def _look_at(report: KillReport, path: Path, taken_s: list[float], what: str) -> None:
    try:
        times_s = video_times_s(path)
    except RecordingError as error:
        report.failures.append(f"{what}: {error}")
        times_s = []
    if times_s:
        report.playable += 1
    first_s = 0.0
    try:
        session = read_session(path.with_name(f"{path.stem}.session"))
    except RecordingError as error:
        report.failures.append(f"{what}: {error}")
    else:
        report.readable += 1
        if session.recorded:
            first_s = session.recorded[0].t_s
    found_s = first_s + times_s[-1] if times_s else -1.0
    lost = [t_s for t_s in taken_s if t_s > found_s + _SAME_S]
    lost_s = lost[-1] - lost[0] + 1 / FPS if lost else 0.0
    report.lost_s.append(lost_s)
    if lost_s > LOST_AT_MOST_S:
        report.failures.append(f"{what}: {lost_s:.2f} s were lost")


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
