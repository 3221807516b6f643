"""Play and record for long, as fast as it goes, and see what grows and whether times stay true."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from facecam.capture.synthetic import SyntheticSource
from facecam.errors import FacecamError
from facecam.inference.package import load_package
from facecam.inference.runtime import LiteRtEstimator
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.pipeline.session import Session
from facecam.pipeline.status import SessionOptions, SessionStatus
from facecam.recording.request import RecordingRequest
from facecam.recording.session_files import read_session
from facecam.timing import monotonic_s
from facecam.torture.resources import Holdings, holdings, settled_holdings, wait_until
from facecam.vision.smoothing import ReadingSmoother
from facecam.vision.tracker import FaceTracker

SIZE_WH = (640, 360)
FPS = 30.0
DRIFT_MB = 20.0
_MODEL = "face-stats"
# Until then caches fill up, among them the session's memory of its last 2000 results.
_WARM_FRAMES = 2200
_WARM_SHARE = 0.3
_END_S = 60.0


@dataclass(slots=True)
class SoakReport:
    """What came of it.

    Attributes:
        seconds: How long it ran.
        video_s: Length of the video.
        frames: Frames captured.
        recorded: Frames in the video.
        warm, end: What the process held on to when it was warm and at the end, still recording.
        before, after: The same before the start and after the stop.
        worst_error_s: Largest difference of a presentation time from the frame's own time.
        drift_s_an_hour: How that difference grows.
        failures: One sentence for everything that went wrong.
    """

    before: Holdings
    warm: Holdings
    end: Holdings
    after: Holdings
    seconds: float = 0.0
    video_s: float = 0.0
    frames: int = 0
    recorded: int = 0
    worst_error_s: float = 0.0
    drift_s_an_hour: float = 0.0
    failures: list[str] = field(default_factory=list)


def run_soak(
    seconds: float, seed: int = 0, progress: Callable[[int, int], None] = lambda done, total: None
) -> SoakReport:
    """Play the synthetic source through the whole pipeline into a recording for so many seconds."""
    with tempfile.TemporaryDirectory(prefix="facecam-torture-") as name:
        _play(Path(name) / "warm-up.mp4", 3.0, seed)  # libraries make what they keep for good
        before = holdings()
        report = SoakReport(before, before, before, before)
        path = Path(name) / "soak.mp4"
        _play(path, seconds, seed, report, progress)
        report.after = settled_holdings(before)
        try:
            _check_times(report, path)
        except FacecamError as error:
            report.failures.append(str(error))
    return report


def _make_analyzer() -> FrameAnalyzer:
    from facecam.vision.mediapipe_detector import MediaPipeDetector

    return FrameAnalyzer(MediaPipeDetector(), FaceTracker(), smoother=ReadingSmoother())


def _play(
    path: Path,
    seconds: float,
    seed: int,
    report: SoakReport | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    session = Session(
        lambda: SyntheticSource(2, size_wh=SIZE_WH, fps=FPS, seconds=0, seed=seed),
        _make_analyzer,
        lambda: LiteRtEstimator(load_package(_MODEL), threads=2),
        options=SessionOptions(as_fast_as_possible=True),
    )
    began_s = monotonic_s()
    session.start_recording(RecordingRequest(path))
    session.start()

    def is_warm() -> bool:
        progress(round(monotonic_s() - began_s), round(seconds))
        return _is_over(session) or session.status().counts.analysed >= _WARM_FRAMES

    def is_done() -> bool:
        progress(round(monotonic_s() - began_s), round(seconds))
        return _is_over(session)

    wait_until(is_warm, seconds * _WARM_SHARE, step_s=0.2)
    warm = holdings()
    wait_until(is_done, seconds - (monotonic_s() - began_s), step_s=0.2)
    end, status = holdings(), session.status()
    ran_s = monotonic_s() - began_s
    session.stop_recording()
    wait_until(lambda: _is_over(session), _END_S, step_s=0.05)
    last = session.status()
    stuck = session.stop(timeout_s=10.0)
    if report is None:
        return
    report.warm, report.end, report.seconds = warm, end, ran_s
    report.frames = last.counts.captured
    recording = last.recording
    report.recorded = recording.frames_written if recording else 0
    if _is_over_in(status):
        report.failures.append(f"it ended early: {recording.message if recording else ''}")
    if last.error:
        report.failures.append(last.error)
    if stuck:
        report.failures.append(f"{', '.join(stuck)} did not end")
    if report.frames < report.seconds:
        report.failures.append(f"only {report.frames} frames in {report.seconds:.0f} s: no load")
    if recording is None or recording.state != "stopped":
        report.failures.append(f"the recording {recording.message if recording else 'is missing'}")


def _is_over_in(status: SessionStatus) -> bool:
    return status.recording is not None and not status.recording.running


def _is_over(session: Session) -> bool:
    return _is_over_in(session.status())


def presentation_times_s(path: Path) -> list[float]:
    """Return the presentation times that stand in a video, in order, without decoding it."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        base: Fraction = stream.time_base or Fraction(1, 1)
        times = [float(item.pts * base) for item in container.demux(stream) if item.pts is not None]
    return sorted(times)


def _check_times(report: SoakReport, path: Path) -> None:
    """Compare the times in the video with the frames' own."""
    rows = read_session(path.with_name(f"{path.stem}.session")).recorded
    times_s = presentation_times_s(path)
    if len(rows) != len(times_s) or len(rows) < 2:
        report.failures.append(f"{len(times_s)} pictures in the video, {len(rows)} in the ledger")
        return
    true_s = [row.t_s - rows[0].t_s for row in rows]
    errors_s = [shown - true for shown, true in zip(times_s, true_s, strict=True)]
    report.video_s = true_s[-1]
    report.worst_error_s = max(abs(error) for error in errors_s)
    report.drift_s_an_hour = (errors_s[-1] - errors_s[0]) / true_s[-1] * 3600
