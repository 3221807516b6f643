"""End a program that records with SIGKILL, at random moments, and look at what is left."""

import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from facecam.errors import RecordingError
from facecam.recording.session_files import read_session

LOST_AT_MOST_S = 1.0
_SOONEST_S, _LATEST_S = 1.0, 5.0
_START_S = 120.0


@dataclass(slots=True)
class KillReport:
    """What was left of the recordings.

    Attributes:
        trials: How many were killed.
        playable: Of how many every picture in the video decodes.
        readable: Of how many the session folder can be read.
        lost_s: Seconds of captured video that each lost.
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
            captured_s = _record_and_kill(path, after_s, number)
            report.trials += 1
            _look_at(report, path, captured_s, f"killed after {after_s:.2f} s")
            for item in Path(name).rglob("*"):
                if item.is_file():
                    item.unlink()
            progress(number + 1, trials)
    return report


def _record_and_kill(path: Path, after_s: float, seed: int) -> float:
    """Return the source time of the last frame that was captured before the end."""
    command = [sys.executable, "-m", "facecam.torture.recording_child", str(path)]
    with subprocess.Popen(
        [*command, "--seed", str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        stdout = _pipe(child.stdout)
        last_s = -1.0
        for line in stdout:
            last_s = _time_in(line, last_s)
            if last_s >= after_s:
                child.kill()
                break
        # What it still said before the signal reached it was captured as well.
        for line in stdout:
            last_s = _time_in(line, last_s)
    return last_s


def _time_in(line: str, before_s: float) -> float:
    word, _, number = line.strip().partition(" ")
    try:
        return float(number) if word == "frame" else before_s
    except ValueError:  # torn by the kill
        return before_s


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


def _look_at(report: KillReport, path: Path, captured_s: float, what: str) -> None:
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
    lost_s = captured_s - first_s - (times_s[-1] if times_s else 0.0)
    report.lost_s.append(lost_s)
    if lost_s > LOST_AT_MOST_S:
        report.failures.append(f"{what}: {lost_s:.2f} s were lost")


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
