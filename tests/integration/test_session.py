"""A session from start to end: states, endings, accounting."""

import threading
from typing import Any

import pytest

from facecam.errors import CameraLostError, CameraOpenError, DetectorError, MediaFileError
from facecam.pipeline.status import Ending, SessionState
from tests.fakes import (
    WAIT_S,
    BlockingSource,
    FakeDetector,
    FakeEstimator,
    FakeSource,
    detection_at,
    failing_run,
)

FAST = {"as_fast_as_possible": True}


def over(status: Any) -> bool:
    return status.state in (SessionState.STOPPED, SessionState.FAULTED)


def test_file_plays_to_its_end(bench: Any) -> None:
    source = FakeSource(25)
    session = bench.session(lambda: source, FakeEstimator, **FAST)
    assert session.status().state is SessionState.IDLE
    session.start()
    status = bench.watcher.until(over)
    assert (status.state, status.ending) == (SessionState.STOPPED, Ending.END_OF_FILE)
    assert status.error is None
    counts = status.counts
    assert (counts.captured, counts.analysed, counts.skipped, counts.pending) == (25, 25, 0, 0)
    assert [item.frame_id for item in bench.watcher.analyses] == list(range(25))
    frame, analysis = session.latest()
    assert frame is not None
    assert analysis is not None
    assert frame.frame_id == analysis.frame_id == 24, "the last result stays to be looked at"
    assert source.closed.is_set()
    assert session.stop(WAIT_S) == ()
    assert session.status().ending is Ending.END_OF_FILE, "stopping afterwards changes nothing"


def test_detector_lives_on_the_analysis_thread_and_is_closed(bench: Any) -> None:
    session = bench.session(lambda: FakeSource(3), **FAST)
    session.start()
    bench.watcher.until(over)
    session.stop()
    (detector,) = bench.detectors
    assert detector.thread == "facecam-analysis"
    assert detector.closed == 1
    assert bench.watcher.threads == {"facecam-analysis"}


def test_live_source_newest_frame_wins_and_every_frame_is_accounted_for(bench: Any) -> None:
    hold, entered = threading.Event(), threading.Event()

    def slow(number: int) -> tuple[Any, ...]:
        entered.set()
        assert hold.wait(WAIT_S)
        return ()

    bench.new_detector = lambda: FakeDetector(slow)
    gate = threading.Semaphore(1)
    source = FakeSource(None, live=True, kind="camera", gate=gate)
    session = bench.session(lambda: source)
    session.start()
    assert entered.wait(WAIT_S)
    gate.release(20)
    status = bench.watcher.until(lambda status: status.counts.captured == 21)
    frame, analysis = session.latest()
    assert frame is not None
    assert frame.frame_id == 20, "the video does not wait for the model"
    assert analysis is None
    counts = status.counts
    assert (counts.skipped, counts.pending, counts.analysed) == (19, 2, 0)
    hold.set()
    bench.watcher.until(lambda status: status.counts.analysed == 2)
    assert [item.frame_id for item in bench.watcher.analyses] == [0, 20]
    session.stop()
    counts = session.status().counts
    assert counts.captured == counts.analysed + counts.skipped + counts.pending
    assert counts.pending == 0


def test_stop_before_start_and_twice(bench: Any) -> None:
    session = bench.session(lambda: FakeSource(None, live=True))
    assert session.stop(WAIT_S) == ()
    assert session.status().state is SessionState.IDLE
    session.start()
    session.start()
    bench.watcher.until(lambda status: status.state is SessionState.RUNNING)
    assert session.stop(WAIT_S) == ()
    status = session.status()
    assert (status.state, status.ending) == (SessionState.STOPPED, Ending.USER_STOP)
    assert session.stop(WAIT_S) == ()
    assert session.status() == status


def test_stop_at_once_after_start(bench: Any) -> None:
    for _ in range(20):
        session = bench.session(lambda: FakeSource(None, live=True), FakeEstimator)
        session.start()
        assert session.stop(WAIT_S) == ()
        assert session.status().state is SessionState.STOPPED


def test_start_again_after_the_end(bench: Any) -> None:
    session = bench.session(lambda: FakeSource(4), FakeEstimator, **FAST)
    for _ in range(2):
        session.start()
        status = bench.watcher.until(over)
        assert status.counts.captured == 4
        assert status.model in ("", "fake")
    assert len(bench.watcher.analyses) == 8


def test_camera_that_does_not_open_is_a_fault_with_its_sentence(bench: Any) -> None:
    error = CameraOpenError("Camera 7 does not exist: choose another.")
    session = bench.session(lambda: FakeSource(open_error=error))
    session.start()
    status = bench.watcher.until(over)
    assert (status.state, status.ending) == (SessionState.FAULTED, Ending.FAULT)
    assert status.error == str(error)
    assert status.error_count == 1
    assert bench.detectors == [], "nothing is built for a source that is not there"


def test_factory_that_fails_is_a_fault(bench: Any) -> None:
    def factory() -> FakeSource:
        raise MediaFileError("clip.mp4 is empty: choose another file.")

    session = bench.session(factory)
    session.start()
    assert bench.watcher.until(over).error == "clip.mp4 is empty: choose another file."


def test_lost_camera_is_its_own_ending(bench: Any) -> None:
    error = CameraLostError("The camera fake is gone: plug it in again.")
    source = FakeSource(None, live=True, kind="camera", break_after=3, break_error=error)
    session = bench.session(lambda: source)
    session.start()
    status = bench.watcher.until(over)
    assert (status.state, status.ending) == (SessionState.STOPPED, Ending.CAMERA_LOST)
    assert status.error == str(error)
    assert session.latest()[0] is not None


def test_lost_camera_is_waited_for_when_wanted(bench: Any) -> None:
    error = CameraLostError("The camera fake is gone: plug it in again.")
    gate = threading.Semaphore(0)
    made: list[FakeSource] = []

    def factory() -> FakeSource:
        number = len(made)
        if number == 0:
            source = FakeSource(None, live=True, break_after=3, break_error=error)
        elif number < 3:
            source = FakeSource(open_error=CameraOpenError("Still gone."), live=True)
        else:
            source = FakeSource(None, live=True, gate=gate)
        made.append(source)
        return source

    session = bench.session(factory, reconnect_s=0.0)
    session.start()
    status = bench.watcher.until(lambda status: status.ending is Ending.CAMERA_LOST)
    assert status.state is SessionState.STARTING
    assert status.error == str(error)
    gate.release(2)
    status = bench.watcher.until(lambda status: status.state is SessionState.RUNNING)
    assert status.ending is None
    assert status.error is None
    assert status.error_count == 1
    frame, _ = session.latest()
    assert frame is not None
    assert frame.frame_id >= 3, "ids go on"
    assert all(source.closed.is_set() for source in made[:3])


def test_truncated_file_is_a_fault_and_keeps_the_last_result(bench: Any) -> None:
    error = MediaFileError("clip.mp4 breaks off after 3 frames.")
    session = bench.session(lambda: FakeSource(9, break_after=3, break_error=error), **FAST)
    session.start()
    status = bench.watcher.until(over)
    assert (status.state, status.ending) == (SessionState.FAULTED, Ending.FAULT)
    assert status.error == str(error)
    assert status.counts.analysed == 3
    assert session.latest()[1] is not None


def test_empty_file_ends(bench: Any) -> None:
    session = bench.session(lambda: FakeSource(0))
    session.start()
    status = bench.watcher.until(over)
    assert (status.state, status.ending) == (SessionState.STOPPED, Ending.END_OF_FILE)
    assert session.latest() == (None, None)


def test_blocked_camera_is_closed_under_its_reader(bench: Any) -> None:
    source = BlockingSource(frames=2)
    session = bench.session(lambda: source)
    session.start()
    assert source.blocked.wait(WAIT_S)
    assert session.stop(WAIT_S) == ()
    assert session.status().state is SessionState.STOPPED
    assert session.status().error is None


def test_camera_that_blocks_while_opening_does_not_hold_up_the_stop(bench: Any) -> None:
    source = BlockingSource(block_open=True)
    session = bench.session(lambda: source)
    session.start()
    assert source.blocked.wait(WAIT_S)
    assert session.status().state is SessionState.STARTING
    assert session.stop(WAIT_S) == ()


def test_stuck_thread_is_reported_by_name(bench: Any) -> None:
    source = BlockingSource(frames=1, deaf=True)
    session = bench.session(lambda: source)
    session.start()
    assert source.blocked.wait(WAIT_S)
    stuck = session.stop(timeout_s=0.3)
    named = [name for name in stuck if name.startswith("facecam-capture")]
    status = session.status()
    assert status.state is SessionState.STOPPED
    assert status.error is not None
    assert len(named) == 1
    assert named[0] in status.error
    source.release.set()
    assert session.stop(WAIT_S) == ()


def test_session_goes_on_beside_a_thread_that_is_stuck(bench: Any) -> None:
    stuck = BlockingSource(frames=1, deaf=True)
    sources: list[FakeSource] = [stuck, FakeSource(5)]
    session = bench.session(lambda: sources.pop(0), **FAST)
    session.start()
    assert stuck.blocked.wait(WAIT_S)
    assert session.stop(timeout_s=0.1)
    session.start()
    status = bench.watcher.until(over)
    assert (status.ending, status.counts.analysed) == (Ending.END_OF_FILE, 5)
    stuck.release.set()


def test_failing_detector_is_a_fault_and_ends_the_capture(bench: Any) -> None:
    bench.new_detector = lambda: FakeDetector(error=DetectorError("The detector is altered."))
    source = FakeSource(None, live=True)
    session = bench.session(lambda: source)
    session.start()
    status = bench.watcher.until(over)
    assert (status.state, status.ending) == (SessionState.FAULTED, Ending.FAULT)
    assert status.error == "The detector is altered."
    assert source.closed.wait(WAIT_S)
    counts = session.status().counts
    assert counts.captured == counts.analysed + counts.skipped + counts.pending


def test_internal_error_is_a_sentence_without_traceback(bench: Any) -> None:
    bench.new_detector = lambda: FakeDetector(error=ZeroDivisionError("oops"))
    session = bench.session(lambda: FakeSource(None, live=True))
    session.start()
    status = bench.watcher.until(over)
    assert status.error is not None
    assert "ZeroDivisionError: oops" in status.error
    assert "\n" not in status.error


def test_failing_model_is_dropped_and_the_boxes_go_on(bench: Any) -> None:
    model = FakeEstimator(spoil=failing_run(after=4))
    session = bench.session(lambda: FakeSource(None, live=True), lambda: model)
    session.start()
    status = bench.watcher.until(lambda status: status.error is not None)
    assert status.error is not None
    assert "delegate crashed" in status.error
    assert status.state is SessionState.RUNNING
    before = len(bench.watcher.analyses)
    bench.watcher.until(lambda status: len(bench.watcher.analyses) > before + 2)
    assert bench.watcher.analyses[-1].model == ""
    assert model.closed == 1
    assert session.status().model == ""


def test_model_that_cannot_be_loaded_leaves_boxes(bench: Any) -> None:
    def load() -> FakeEstimator:
        raise DetectorError("The model folder face-stats misses model.tflite.")

    session = bench.session(lambda: FakeSource(None, live=True), load)
    session.start()
    status = bench.watcher.until(lambda status: status.error is not None)
    assert status.state is SessionState.RUNNING
    assert not status.model_loading
    bench.watcher.until(lambda status: len(bench.watcher.analyses) > 0)


def test_model_counts_as_loading_until_the_analysis_has_it(bench: Any) -> None:
    """Else the window would say for a moment that there is none, and to choose one."""
    go = threading.Event()

    def detector() -> FakeDetector:
        assert go.wait(WAIT_S)  # as long as importing mediapipe takes
        return FakeDetector((detection_at(20, 40, 80),))

    bench.new_detector = detector
    session = bench.session(lambda: FakeSource(None, live=True), FakeEstimator)
    session.start()
    bench.watcher.until(lambda status: status.counts.captured > 3)
    bench.watcher.until(
        lambda status: not any(t.name.startswith("facecam-model") for t in threading.enumerate())
    )
    assert session.status().model_loading
    go.set()
    status = bench.watcher.until(lambda status: status.model == "fake")
    assert not status.model_loading


def test_single_picture_waits_for_the_model(bench: Any) -> None:
    def load() -> FakeEstimator:
        session = bench.watcher.session
        bench.watcher.until(lambda status: session.latest()[0] is not None)
        return FakeEstimator()

    session = bench.session(lambda: FakeSource(1, kind="image"), load)
    session.start()
    bench.watcher.until(over)
    (analysis,) = bench.watcher.analyses
    assert analysis.faces[0].readings


def test_source_that_lies_about_its_size_and_time(bench: Any) -> None:
    source = FakeSource(
        6, claims_wh=(9999, 1), stamp=lambda number: [0.0, float("nan"), -5, 1e9, 0, 0.1][number]
    )
    session = bench.session(lambda: source)
    session.start()
    status = bench.watcher.until(over)
    assert status.ending is Ending.END_OF_FILE
    assert {item.size_wh for item in bench.watcher.analyses} == {(320, 240)}


def test_source_with_unusable_pictures_is_a_fault(bench: Any) -> None:
    import numpy as np

    session = bench.session(lambda: FakeSource(3, image_bgr=np.zeros((4, 4), np.uint8)))
    session.start()
    status = bench.watcher.until(over)
    assert status.state is SessionState.FAULTED
    assert status.error is not None
    assert "8-bit" in status.error


def test_status_tells_rates_latency_and_startup(bench: Any) -> None:
    session = bench.session(lambda: FakeSource(40, live=True), FakeEstimator, **FAST)
    session.start()
    status = bench.watcher.until(over)
    assert status.source is not None
    assert status.source.name == "fake"
    assert status.source_hz > 0
    assert status.analysis_hz > 0
    assert status.detector_hz > 0
    assert 0 < status.latency_p50_ms <= status.latency_p95_ms
    assert status.first_frame_s is not None
    assert len(session.recent()) == 40
    assert session.recent(0.0) == ()


def test_file_is_played_in_real_time_and_its_age_counts_from_then(bench: Any) -> None:
    session = bench.session(lambda: FakeSource(6, fps=50.0))
    session.start()
    bench.watcher.until(over)
    captured_s = [item.captured_s for item in bench.watcher.analyses]
    shown_s = captured_s[-1] - captured_s[0]
    last, first = bench.watcher.analyses[-1].source_s, bench.watcher.analyses[0].source_s
    assert shown_s >= (last - first) * 0.99


@pytest.mark.parametrize("when", ["change", "analysis"])
def test_stop_from_a_callback_does_not_hang(bench: Any, when: str) -> None:
    session = bench.session(lambda: FakeSource(None, live=True))
    done = threading.Event()

    def stop_once(*_: Any) -> None:
        if not done.is_set() and threading.current_thread().name != "MainThread":
            done.set()
            session.stop()

    owner = session._shared if when == "change" else session._workers
    setattr(owner, f"_on_{when}", stop_once)
    session.start()
    assert done.wait(WAIT_S)
    assert session.stop(WAIT_S) == ()
    assert session.status().state is SessionState.STOPPED
