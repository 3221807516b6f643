"""A network camera that is cut, stalled, killed, frozen and resized, over and over."""

import random
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from facecam.capture.health import SourceHealth
from facecam.capture.opening import make_source
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.pipeline.session import Session
from facecam.pipeline.status import SessionOptions, SessionState, SessionStatus
from facecam.torture.resources import Holdings, holdings, settled_holdings, wait_until
from facecam.torture.stream_server import StreamServer
from facecam.types import Detection, ImageU8
from facecam.vision.tracker import FaceTracker

RECONNECT_S = 1.0
DETECTED_WITHIN_S = 1.0
RESUMED_WITHIN_S = 2.0
_PATIENCE_S = 20.0
_SIZES = ((320, 240), (640, 480), (176, 144), (352, 288))
FAULTS = ("kill", "cut", "stall", "stall and kill", "freeze", "black")
_MARKS = {
    "stall": SourceHealth.STALLED,
    "stall and kill": SourceHealth.STALLED,
    "freeze": SourceHealth.FROZEN,
    "black": SourceHealth.BLACK,
}


class BlindDetector:
    """Finds no face, in no time."""

    def detect(self, image_bgr: ImageU8, t_s: float) -> tuple[Detection, ...]:
        """Return nothing."""
        return ()

    def close(self) -> None:
        """Do nothing."""


@dataclass(slots=True)
class ReconnectReport:
    """What came of the cycles.

    Attributes:
        cycles: How many faults there were.
        failures: One sentence for every cycle that did not go as it should.
        detected_s: From each fault to its being known, by fault.
        resumed_s: From each return of the source to the first new frame, by fault.
        before, after: What the process held on to.
    """

    before: Holdings
    after: Holdings
    cycles: int = 0
    failures: list[str] = field(default_factory=list)
    detected_s: dict[str, list[float]] = field(default_factory=dict)
    resumed_s: dict[str, list[float]] = field(default_factory=dict)

    def worst_s(self, times: dict[str, list[float]]) -> float:
        """Return the longest of all times."""
        return max((max(items) for items in times.values() if items), default=0.0)

    def median_s(self, times: dict[str, list[float]]) -> float:
        """Return the middle of all times."""
        flat = [item for items in times.values() for item in items]
        return statistics.median(flat) if flat else 0.0


@contextmanager
def playing(url: str) -> Iterator[Session]:
    """Play a stream with everything but a model; stopped at the end."""
    session = Session(
        lambda: make_source(url),
        lambda: FrameAnalyzer(BlindDetector(), FaceTracker()),
        options=SessionOptions(reconnect_s=RECONNECT_S),
    )
    session.start()
    try:
        yield session
    finally:
        session.stop()


def run_reconnects(
    cycles: int,
    seed: int = 0,
    faults: tuple[str, ...] = FAULTS,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ReconnectReport:
    """Put a session through so many faults of its source.

    Args:
        cycles: How many.
        seed: Decides sizes and how long it plays between faults.
        faults: Which kinds, in turn.
        progress: Takes (done, total).
    """
    rng = random.Random(seed)
    _warm_up()
    before = holdings()
    report = ReconnectReport(before, before)
    with StreamServer() as server, playing(server.url) as session:
        if wait_until(lambda: _runs(session.status()), _PATIENCE_S) is None:
            report.failures.append("the stream never began to play")
            return report
        for number in range(cycles):
            fault = faults[number % len(faults)]
            size_wh = rng.choice(_SIZES)
            _one_cycle(report, server, session, fault, size_wh, rng.uniform(0.0, 0.3))
            progress(number + 1, cycles)
    report.after = settled_holdings(before)
    return report


def _warm_up() -> None:
    """Let libraries make what they keep for good, so that it is not counted as leaked."""
    with StreamServer() as server, playing(server.url) as session:
        wait_until(lambda: session.status().counts.analysed > 3, _PATIENCE_S)


def _one_cycle(
    report: ReconnectReport,
    server: StreamServer,
    session: Session,
    fault: str,
    size_wh: tuple[int, int],
    play_s: float,
) -> None:
    # Some frames first, or a stall would be one of a stream whose rhythm nobody knows.
    first = session.status().counts.captured
    wait_until(lambda: session.status().counts.captured > first + 8, _PATIENCE_S)
    wait_until(lambda: False, play_s)
    report.cycles += 1
    gaps = session.status().source_gaps
    expected = _MARKS.get(fault)
    if fault == "kill":
        server.kill()
    else:
        server.order(fault.partition(" ")[0])
    detected_s = wait_until(
        lambda: _is_known(session.status(), expected, gaps), _PATIENCE_S, step_s=0.002
    )
    if detected_s is None:
        report.failures.append(f"{fault}: not noticed, {_words(session.status())}")
    else:
        report.detected_s.setdefault(fault, []).append(detected_s)
    if "kill" in fault:
        server.kill()
        server.start(size_wh)
    elif fault != "cut":
        server.order("go")
    if fault != "cut":
        old, _ = session.latest()
    else:
        old = None
    resumed_s = wait_until(lambda: _is_new(session, old), _PATIENCE_S, step_s=0.002)
    if resumed_s is None:
        report.failures.append(f"{fault}: never came back, {_words(session.status())}")
        return
    report.resumed_s.setdefault(fault, []).append(resumed_s)
    frame, _ = session.latest()
    if "kill" in fault and frame is not None:
        got_wh = (frame.image_bgr.shape[1], frame.image_bgr.shape[0])
        if got_wh != size_wh:
            report.failures.append(f"{fault}: {got_wh} came instead of {size_wh}")


def _runs(status: SessionStatus) -> bool:
    return status.state is SessionState.RUNNING and status.source_health is SourceHealth.OK


def _is_known(status: SessionStatus, expected: SourceHealth | None, gaps: int) -> bool:
    """Whether the session says what is wrong, or has dealt with it already."""
    if expected is not None:
        return status.source_health is expected
    lost = status.source_health in (SourceHealth.GONE, SourceHealth.RECONNECTING)
    return lost or status.source_gaps > gaps


def _is_new(session: Session, old: object) -> bool:
    return _runs(session.status()) and session.latest()[0] is not old


def _words(status: SessionStatus) -> str:
    return f"{status.state.value}, {status.source_health.value}, {status.error or 'no error'}"
