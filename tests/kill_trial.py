"""Kill a program that records and see what is left; the proof behind "at most a second is lost"."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facecam.recording.encoders import Purpose
from facecam.recording.video_writer import VideoWriter

ROOT = Path(__file__).resolve().parents[1]
SIZE_WH = (320, 240)
_CHILD = "from tests.kill_trial import record; record({path!r}, {purpose!r}, {hz!r})"


@dataclass(frozen=True, slots=True)
class KillTrial:
    """What one kill left.

    Attributes:
        playable: Whether the file opens and every picture in it decodes.
        written_s: Time of the last picture that the program had handed over, in seconds.
        found_s: Time of the last picture in the file; -1.0 when there is none.
        frames: Pictures in the file.
        problem: What went wrong, or "".
    """

    playable: bool
    written_s: float
    found_s: float
    frames: int
    problem: str = ""

    @property
    def lost_s(self) -> float:
        """Seconds of video that were lost."""
        return max(self.written_s - self.found_s, 0.0)


def record(path: str, purpose: Purpose = "live", hz: float = 30.0) -> None:
    """Record moving noise for ever and say the time of each picture on stdout once it is taken."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (SIZE_WH[1], SIZE_WH[0] * 2, 3), dtype=np.uint8)
    writer = VideoWriter(path, SIZE_WH, hz, purpose=purpose)
    frame = 0
    while True:
        shift = frame * 3 % SIZE_WH[0]
        t_s = writer.write(noise[:, shift : shift + SIZE_WH[0]] // 4, frame / hz)
        print(f"{t_s:.6f}", flush=True)
        frame += 1


def kill_while_recording(
    path: Path, after_frames: int, *, purpose: Purpose = "live", hz: float = 30.0
) -> KillTrial:
    """Record in a child process, end it with SIGKILL, and look at the file.

    Args:
        path: The video to make; must not exist.
        after_frames: Kill when so many pictures were handed over; where in its work the child is
            at that moment is left to chance.
        purpose: "live" or "lossless".
        hz: Rate that the times of the pictures say; they are written as fast as it goes.
    """
    code = _CHILD.format(path=str(path), purpose=purpose, hz=hz)
    written_s = -1.0
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, bufsize=1, cwd=ROOT
    ) as child:
        assert child.stdout is not None
        for number, line in enumerate(child.stdout, 1):
            written_s = float(line)
            if number == after_frames:
                child.kill()
        # What it still said between the signal and its end was handed over as well.
    return look_at(path, written_s)


def look_at(path: Path, written_s: float) -> KillTrial:
    """Return what a file holds of a recording that had got as far as `written_s`."""
    import av

    found_s, frames = -1.0, 0
    try:
        with av.open(str(path)) as container:
            for picture in container.decode(video=0):
                found_s, frames = float(picture.time or 0.0), frames + 1
    except (av.FFmpegError, OSError, IndexError) as error:
        return KillTrial(False, written_s, found_s, frames, str(error))
    return KillTrial(frames > 0, written_s, found_s, frames, "" if frames else "no picture")
