"""The session with the real source, detector, tracker and smoother; only the model is made up."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys, threading
from facecam.capture.synthetic import SyntheticSource
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.pipeline.lazy_detector import LazyDetector
from facecam.pipeline.session import Session, SessionOptions
from facecam.pipeline.status import ACTIVE
from facecam.vision.refined_detector import face_detector
from facecam.vision.smoothing import ReadingSmoother
from facecam.vision.tracker import FaceTracker
from tests.fakes import FakeEstimator, WAIT_S

over = threading.Event()
results = []
session = Session(
    lambda: SyntheticSource(2, size_wh=(640, 480), seconds=2.0),
    lambda: FrameAnalyzer(LazyDetector(face_detector), FaceTracker(), None, ReadingSmoother()),
    FakeEstimator,
    options=SessionOptions(as_fast_as_possible=True),
    on_change=lambda status: over.set() if status.state not in ACTIVE else None,
    on_analysis=lambda frame, analysis: results.append(analysis),
)
session.start()
assert over.wait(6 * WAIT_S)
status = session.status()
assert session.stop(WAIT_S) == ()
assert status.error is None, status.error
assert status.counts.analysed == 60, status.counts
faces = [face for result in results for face in result.faces]
assert {face.track for face in faces} == {1, 2}, {face.track for face in faces}
assert len(results[-1].faces) == 2
assert all(face.readings for face in results[-1].faces)
detected = sum(result.detected for result in results)
assert 0 < detected <= 60
heavy = {"tensorflow", "av", "scipy", "pandas", "matplotlib", "PySide6"} & set(sys.modules)
heavy = {name for name in heavy if sys.modules[name] is not None}
print("heavy:", sorted(heavy))
assert not heavy & {"tensorflow", "av", "pandas", "PySide6"}
"""


def test_two_synthetic_faces_get_two_tracks_without_tensorflow() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr
