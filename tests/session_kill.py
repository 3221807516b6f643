"""Kill a program in the middle of a session that records, and see what is left of all of it."""

import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from facecam.errors import RecordingError
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.pipeline.session import Session
from facecam.recording.request import RecordingRequest
from facecam.recording.session_files import read_session
from facecam.types import Detection, ImageU8
from facecam.vision.tracker import FaceTracker
from tests.kill_trial import ROOT, KillTrial, look_at

_CHILD = "from tests.session_kill import record; record({path!r})"
_LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class SessionKill:
    """What one kill left.

    Attributes:
        overlay, clean: The two videos.
        rows, analyses: Lines of the ledger and of the statistics that were read back.
        rows_lost_s: Seconds of the ledger that were lost, against the overlay video.
        problem: What could not be read, or "".
    """

    overlay: KillTrial
    clean: KillTrial
    rows: int
    analyses: int
    rows_lost_s: float
    problem: str = ""

    @property
    def good(self) -> bool:
        """Whether everything is readable and at most a second of anything was lost."""
        videos = all(item.playable and item.lost_s <= 1.0 for item in (self.overlay, self.clean))
        return videos and not self.problem and self.rows > 0 and self.rows_lost_s <= 1.0


class _MiddleDetector:
    """Finds one face in the middle of every picture."""

    def detect(self, image_bgr: ImageU8, t_s: float) -> tuple[Detection, ...]:
        import numpy as np

        height, width = image_bgr.shape[:2]
        side = min(height, width) / 3
        x, y = (width - side) / 2, (height - side) / 2
        shares = [(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.5, 0.8), (0.05, 0.45), (0.95, 0.45)]
        points = np.array([(x + side * a, y + side * b) for a, b in shares], np.float32)
        return (Detection((x, y, side, side), 0.9, points),)

    def close(self) -> None:
        pass


def record(path: str) -> None:
    """Record the synthetic source for ever and say on stdout how far the video has come."""
    from facecam.capture.opening import make_source

    session = Session(
        lambda: make_source("synthetic"),
        lambda: FrameAnalyzer(_MiddleDetector(), FaceTracker()),
    )
    session.start()
    session.start_recording(RecordingRequest(Path(path), clean="lossless"))
    wait = threading.Event()
    said = 0
    while True:
        recording = session.status().recording
        if recording is not None and recording.message:
            raise SystemExit(recording.message)
        if recording is not None and recording.frames_written > said:
            said = recording.frames_written
            print(f"{recording.elapsed_s:.6f}", flush=True)
        wait.wait(_LOOK_S)


def kill_session(path: Path, after_s: float) -> SessionKill:
    """Record a session in a child process and end it with SIGKILL once the video is so long.

    Args:
        path: The video to make; must not exist.
        after_s: Length of the video in seconds.
    """
    written_s = -1.0
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD.format(path=str(path))],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            written_s = float(line)
            if written_s >= after_s:
                child.kill()
    overlay = look_at(path, written_s)
    folder = path.with_name(f"{path.stem}.session")
    try:
        session = read_session(folder)
        clean = look_at(session.header.clean_path or folder / "none", written_s)
        problem = "; ".join(session.disagreements())
    except RecordingError as error:
        return SessionKill(overlay, look_at(folder, written_s), 0, 0, written_s, str(error))
    if not session.killed:
        problem = "the session says that it ended"
    lost_s = max(written_s - session.duration_s, 0.0)
    return SessionKill(overlay, clean, len(session.rows), len(session.analyses), lost_s, problem)
