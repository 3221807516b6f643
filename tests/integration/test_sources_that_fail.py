"""Sources that stall, freeze, go black, change their size, go away and come back."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from facecam.capture.health import SourceHealth
from facecam.capture.source import SourceInfo
from facecam.errors import CameraLostError, CameraOpenError, ModelPackageError
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.pipeline.capture_loop import CaptureEvents, CaptureLoop
from facecam.pipeline.session import Session, SessionOptions
from facecam.pipeline.status import Ending, SessionState
from facecam.types import Frame, ImageU8
from facecam.vision.smoothing import ReadingSmoother
from facecam.vision.tracker import FaceTracker
from tests.fakes import (
    WAIT_S,
    BlockingSource,
    FakeClock,
    FakeDetector,
    FakeEstimator,
    FakeSource,
    detection_at,
    picture,
)

LOST = CameraLostError("The camera fake is gone: plug it in again.")


class StagedSource(FakeSource):
    """A live camera whose every frame, and the time at which it comes, is decided by a test.

    Args:
        clock: Moved on by each frame.
        frames: Pictures to give, then it breaks.
        step_s: How far each moves the clock.
    """

    def __init__(
        self, clock: FakeClock, frames: list[ImageU8], step_s: float = 0.1, **kwargs: Any
    ) -> None:
        super().__init__(None, live=True, kind="camera", **kwargs)
        self._clock = clock
        self._frames_left = list(frames)
        self._step_s = step_s
        self._began_s = clock()

    def read(self) -> Frame | None:
        if self.closed.is_set():
            return None
        if not self._frames_left:
            raise LOST
        self._clock.advance(self._step_s)
        number = self.given
        self.given += 1
        now_s = self._clock()
        return Frame(self._frames_left.pop(0), number, now_s, now_s - self._began_s)


def living(count: int, first: int = 0) -> list[ImageU8]:
    return [picture(seed=first + number) for number in range(count)]


def staged(bench: Any, clock: FakeClock, *sources: StagedSource, **options: Any) -> Session:
    """Return a session over sources that follow on each other, on a clock of its own."""
    left = list(sources)

    def factory() -> FakeSource:
        return left.pop(0) if left else FakeSource(open_error=CameraOpenError("Still gone."))

    session = Session(
        factory,
        bench.analyzer,
        options=SessionOptions(**options),
        on_change=bench.watcher.on_change,
        clock=clock,
    )
    bench.watcher.session = session
    bench.sessions.append(session)
    return session


def health_after(bench: Any, frames: list[ImageU8]) -> list[SourceHealth]:
    """Return the different health states that a session went through over these frames."""
    seen: list[SourceHealth] = []
    clock = FakeClock()
    source = StagedSource(clock, frames, claims_wh=(320, 240))
    session = staged(bench, clock, source)
    deliver = session._workers._on_frame

    def watched(*args: Any) -> bool:
        health = session.status().source_health
        if not seen or seen[-1] is not health:
            seen.append(health)
        return deliver(*args)

    session._workers._on_frame = watched  # type: ignore[method-assign]
    session.start()
    bench.watcher.until(lambda status: status.ending is Ending.CAMERA_LOST)
    return seen


def test_picture_that_waits_for_its_model_is_not_stalled(bench: Any) -> None:
    now_s = [100.0]
    loaded = threading.Event()

    def load() -> Any:
        assert loaded.wait(WAIT_S)
        raise ModelPackageError("It was only slow.")

    session = bench.watcher.session = Session(
        lambda: FakeSource(1, kind="image"),
        bench.analyzer,
        load,
        on_change=bench.watcher.on_change,
        clock=lambda: now_s[0],
    )
    session.start()
    try:
        bench.watcher.until(lambda status: status.ending is Ending.END_OF_FILE)
        now_s[0] += 60.0
        assert session.status().source_health is SourceHealth.OK
    finally:
        loaded.set()
        session.stop()


def test_frozen_camera_is_told_and_a_living_one_again(bench: Any) -> None:
    frames = living(10) + [picture(seed=99)] * 12 + living(5, 50)
    assert health_after(bench, frames) == [
        SourceHealth.OK,
        SourceHealth.FROZEN,
        SourceHealth.OK,
    ]


def test_black_camera_is_told(bench: Any) -> None:
    frames = living(5) + [np.zeros((240, 320, 3), np.uint8)] * 12 + living(2)
    assert health_after(bench, frames) == [SourceHealth.OK, SourceHealth.BLACK, SourceHealth.OK]


def test_camera_of_another_size_is_told_and_its_size_adopted(bench: Any) -> None:
    frames = living(5) + [picture((64, 48), seed) for seed in range(40)]
    assert health_after(bench, frames) == [
        SourceHealth.OK,
        SourceHealth.WRONG_SIZE,
        SourceHealth.OK,
    ]
    source = bench.watcher.session.status().source
    assert source.size_wh == (64, 48)


def test_lost_camera_that_is_not_waited_for_is_gone(bench: Any) -> None:
    clock = FakeClock()
    session = staged(bench, clock, StagedSource(clock, living(5)))
    session.start()
    bench.watcher.until(lambda status: status.state is SessionState.STOPPED)
    assert session.status().source_health is SourceHealth.GONE


@pytest.mark.parametrize("deaf", [False, True])
def test_read_that_blocks_for_ever_is_told_and_blocks_nobody(bench: Any, deaf: bool) -> None:
    clock = FakeClock()
    source = BlockingSource(frames=5, deaf=deaf)
    session = Session(lambda: source, bench.analyzer, clock=clock)
    bench.watcher.session = session
    bench.sessions.append(session)
    session.start()
    assert source.blocked.wait(WAIT_S)
    assert session.status().source_health is SourceHealth.OK
    clock.advance(1.0)
    status = session.status()
    assert status.source_health is SourceHealth.STALLED
    assert status.source_health_s == pytest.approx(1.0)
    stuck = session.stop(timeout_s=0.6 if deaf else WAIT_S)
    assert session.status().state is SessionState.STOPPED
    named = [name for name in stuck if name.startswith("facecam-capture")]
    assert bool(named) == deaf, "what cannot be woken is named, and left behind"
    assert ("did not end" in (session.status().error or "")) == deaf
    source.release.set()


def test_source_that_comes_back_goes_on_in_ids_times_and_tracks(bench: Any) -> None:
    clock = FakeClock()
    first = StagedSource(clock, living(20))
    second = StagedSource(clock, [picture((640, 480), seed) for seed in range(20)])
    delivered: list[Frame] = []
    detector = FakeDetector((detection_at(20, 40, 80),))

    def factory() -> FakeSource:
        if not first.opened:
            return first
        if not second.opened:
            clock.advance(6.0)  # that is how long it was away
            return second
        return FakeSource(open_error=CameraOpenError("Gone."), live=True)

    session = Session(
        factory,
        lambda: FrameAnalyzer(detector, FaceTracker()),
        options=SessionOptions(reconnect_s=0.0, as_fast_as_possible=True),
        on_analysis=lambda frame, analysis: (
            delivered.append(frame),
            bench.watcher.on_analysis(frame, analysis),
        )[0],
        clock=clock,
    )
    bench.watcher.session = session
    bench.sessions.append(session)
    session.start()
    bench.watcher.until(lambda status: status.counts.analysed == 40)
    session.stop()
    assert [frame.frame_id for frame in delivered] == list(range(40))
    steps = np.diff([frame.source_s for frame in delivered])
    assert steps[19] == pytest.approx(6.1), "the gap is in the times"
    assert np.delete(steps, 19) == pytest.approx(0.1)
    elapsed = [frame.captured_s - delivered[0].captured_s for frame in delivered]
    times = [frame.source_s - delivered[0].source_s for frame in delivered]
    assert times == pytest.approx(elapsed), "and nothing drifts against the clock"
    assert session.status().source_gaps == 1
    tracks = {face.track for item in bench.watcher.analyses for face in item.faces}
    assert tracks == {1}, "the face is still the same"
    assert bench.watcher.analyses[20].faces, "and shown at once"


def test_face_after_a_long_gap_is_a_new_one() -> None:
    detector = FakeDetector((detection_at(20, 40, 80),))
    for gap_s, tracks in ((10.0, {1}), (60.0, {1, 2})):
        analyzer = FrameAnalyzer(detector, FaceTracker())
        seen = set()
        for number in range(30):
            away_s = gap_s if number >= 15 else 0.0
            if number == 15:
                analyzer.bridge(gap_s)
            frame = Frame(picture(), number, 0.0, number / 10 + away_s)
            seen |= {face.track for face in analyzer.step(frame).faces}
        assert seen == tracks


class FollowedSource(FakeSource):
    """A camera that notes what it was told to follow."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.followed: SourceInfo | None = None

    @property
    def info(self) -> SourceInfo:
        return replace(super().info, identity="usb:1")

    def follow(self, info: SourceInfo) -> None:
        self.followed = info


def test_the_same_device_is_asked_for_again(bench: Any) -> None:
    made: list[FollowedSource] = []

    def factory() -> FollowedSource:
        breaks = 3 if not made else None
        made.append(FollowedSource(None, live=True, break_after=breaks, break_error=LOST))
        return made[-1]

    session = bench.session(factory, reconnect_s=0.0)
    session.start()
    bench.watcher.until(lambda status: status.source_gaps == 1)
    session.stop()
    assert made[0].followed is None
    assert made[1].followed is not None
    assert made[1].followed.identity == "usb:1"


class PatientEvent(threading.Event):
    """A stop signal that notes how long it was waited for, and waits for nothing."""

    def __init__(self, stop_after: int) -> None:
        super().__init__()
        self.waits: list[float | None] = []
        self._stop_after = stop_after

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        if len(self.waits) >= self._stop_after:
            self.set()
        return self.is_set()


def test_attempts_come_at_growing_intervals_and_never_rarely() -> None:
    clock = FakeClock()
    sources: list[FakeSource] = [StagedSource(clock, living(50))]
    events = CaptureEvents(
        deliver=lambda loop, frame: True,
        lost=lambda loop, error: None,
        ended=lambda loop: None,
        failed=lambda loop, error: None,
    )
    loop = CaptureLoop(
        lambda: sources.pop() if sources else FakeSource(open_error=CameraOpenError("Gone.")),
        1,
        events,
        paced=True,
        reconnect_s=1.0,
        clock=clock,
    )
    stop = PatientEvent(stop_after=6)
    loop._run(stop)
    assert stop.waits == [0.25, 0.5, 1.0, 1.0, 1.0, 1.0]
    assert loop.health().health is SourceHealth.GONE


def test_time_that_opening_takes_does_not_count_as_playing() -> None:
    clock = FakeClock()

    class Flaky(FakeSource):
        def open(self) -> None:
            clock.advance(0.5)

    loop = CaptureLoop(
        lambda: Flaky(live=True, break_after=1, break_error=LOST),
        1,
        CaptureEvents(
            deliver=lambda loop, frame: True,
            lost=lambda loop, error: None,
            ended=lambda loop: None,
            failed=lambda loop, error: None,
        ),
        paced=True,
        reconnect_s=1.0,
        clock=clock,
    )
    stop = PatientEvent(stop_after=4)
    loop._run(stop)
    assert stop.waits == [0.5, 1.0, 1.0, 1.0]


def test_an_hour_of_suspend_breaks_nothing(bench: Any) -> None:
    clock = FakeClock()
    gate = threading.Semaphore(0)

    class SleepySource(StagedSource):
        def read(self) -> Frame | None:
            while not gate.acquire(timeout=0.05):
                if self.closed.is_set():
                    return None
            if self.given == 30:
                self._clock.advance(3600.0)
            return super().read()

    source = SleepySource(clock, living(80))
    session = Session(
        lambda: source,
        lambda: FrameAnalyzer(
            FakeDetector((detection_at(20, 40, 80),)),
            FaceTracker(),
            smoother=ReadingSmoother(),
            clock=clock,
        ),
        FakeEstimator,
        options=SessionOptions(as_fast_as_possible=True),
        on_analysis=bench.watcher.on_analysis,
        clock=clock,
    )
    bench.watcher.session = session
    bench.sessions.append(session)
    session.start()
    gate.release(30)
    bench.watcher.until(lambda status: status.counts.analysed == 30)
    gate.release(40)
    status = bench.watcher.until(lambda status: status.counts.analysed == 70)
    assert status.state is SessionState.RUNNING
    assert status.source_health is SourceHealth.OK
    assert status.source_hz == pytest.approx(10.0, rel=0.2)
    assert status.latency_p95_ms < 1e4
    last = bench.watcher.analyses[-1]
    assert last.faces
    assert last.faces[0].readings
    assert np.isfinite(last.faces[0].box_xywh).all()
    clock.advance(1.0)
    assert session.status().source_health is SourceHealth.STALLED, "and it still watches"


def wall_clock_that_goes_back() -> Callable[[], float]:
    now = [2e9]

    def read() -> float:
        now[0] -= 3600.0
        return now[0]

    return read


def test_wall_clock_set_back_changes_nothing(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", wall_clock_that_goes_back())
    session = bench.session(lambda: FakeSource(60, live=True, kind="camera"), FakeEstimator)
    session.start()
    status = bench.watcher.until(lambda status: status.state is SessionState.STOPPED)
    assert status.error is None
    assert status.source_health is SourceHealth.OK
    assert status.counts.captured == 60
    times = [item.ready_s - item.captured_s for item in bench.watcher.analyses]
    assert min(times) >= 0
    assert max(times) < WAIT_S


def test_file_that_breaks_off_is_played_and_said(bench: Any) -> None:
    class CutOff(FakeSource):
        truncated = True

    session = bench.session(lambda: CutOff(5, name="clip.mp4"), as_fast_as_possible=True)
    session.start()
    status = bench.watcher.until(lambda status: status.state is SessionState.FAULTED)
    assert status.counts.analysed == 5
    assert "clip.mp4 breaks off before the length that it states" in (status.error or "")
