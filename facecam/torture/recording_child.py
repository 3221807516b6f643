"""A program that records until it is killed, its disk is full or its time is over.

    python -m facecam.torture.recording_child VIDEO.mp4 --seconds 60

It says on stdout, for every captured frame, its source time, how many frames before it were dropped
because the encoder was busy, and what the recording is doing ("frame 0.0333 0 recording"); in the
end one line "end {...}" with what became of the recording.
"""

import argparse
import contextlib
import json
import sys
from pathlib import Path

from facecam.capture.synthetic import SyntheticSource
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.pipeline.session import Session
from facecam.recording.request import RecordingRequest
from facecam.torture.knowing_detector import KnowingDetector
from facecam.torture.resources import wait_until
from facecam.types import Frame
from facecam.vision.tracker import FaceTracker

SIZE_WH = (640, 360)
FPS = 30.0
_END_S = 15.0


class TellingSource(SyntheticSource):
    """Says on stdout when each frame was captured."""

    session: Session | None = None

    def read(self) -> Frame | None:
        """Return the next frame."""
        frame = super().read()
        if frame is not None and self.session is not None:
            recording = self.session.status().recording
            dropped = sum(count for _, count in recording.dropped) if recording else 0
            state = recording.state if recording else "none"
            print(f"frame {frame.source_s:.4f} {dropped} {state}", flush=True)
        return frame


def record(path: Path, seconds: float, seed: int) -> dict[str, object]:
    """Record the synthetic source, live, and return what became of it."""
    source = TellingSource(2, size_wh=SIZE_WH, fps=FPS, seconds=0, seed=seed, live=True)
    session = Session(
        lambda: source, lambda: FrameAnalyzer(KnowingDetector(source, FPS), FaceTracker())
    )
    source.session = session
    session.start_recording(RecordingRequest(path))
    session.start()

    def is_over() -> bool:
        recording = session.status().recording
        return recording is not None and not recording.running

    ended_early = wait_until(is_over, seconds, step_s=0.02) is not None
    captured = session.status().counts.captured
    session.stop_recording()
    wait_until(is_over, _END_S, step_s=0.02)
    status = session.status()
    stuck = session.stop()
    recording = status.recording
    return {
        "ended_early": ended_early,
        "captured": captured,
        "state": recording.state if recording else "none",
        "message": recording.message if recording else "",
        "written": recording.frames_written if recording else 0,
        "error": status.error or "",
        "stuck": list(stuck),
    }


def main() -> None:
    """Record as the command line says."""
    parser = argparse.ArgumentParser(description="Record until something happens.")
    parser.add_argument("video", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--file-limit", type=int, default=0, help="Largest file in bytes.")
    options = parser.parse_args()
    if options.file_limit:
        # Python ignores the signal that comes with it, so that writing fails as on a full disk.
        with contextlib.suppress(ImportError):
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (options.file_limit, options.file_limit))
    result = record(options.video, options.seconds, options.seed)
    sys.stdout.write(f"end {json.dumps(result)}\n")


if __name__ == "__main__":
    main()
