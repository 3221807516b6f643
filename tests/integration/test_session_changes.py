"""Changing source and model while it plays."""

import threading
from typing import Any

from facecam.errors import CameraOpenError, ModelPackageError
from facecam.pipeline.status import Ending, SessionState
from tests.fakes import (
    WAIT_S,
    BlockingSource,
    FakeEstimator,
    FakePackage,
    FakeSource,
    failing_run,
)


def live(**kwargs: Any) -> FakeSource:
    return FakeSource(None, live=True, kind="camera", **kwargs)


def playing(bench: Any, source: FakeSource | None = None, model: Any = None) -> Any:
    """Return a session that has analysed a frame."""
    first = source or live(name="first")
    session = bench.session(lambda: first, model)
    session.start()
    bench.watcher.until(lambda status: status.counts.analysed > 0)
    return session


def test_new_source_takes_over(bench: Any) -> None:
    first = live(name="first")
    session = playing(bench, first)
    session.change_source(lambda: live(name="second", size_wh=(64, 48)))
    bench.watcher.until(
        lambda status: status.source.name == "second" and session.latest()[1] is not None
    )
    frame, analysis = session.latest()
    assert frame.image_bgr.shape == (48, 64, 3)
    assert analysis.size_wh == (64, 48), "no result of the old source on the new one"
    assert first.closed.wait(WAIT_S)
    assert {item.size_wh for item in session.recent()} == {(64, 48)}


def test_old_source_plays_on_while_the_new_one_opens(bench: Any) -> None:
    session = playing(bench)
    slow = BlockingSource(frames=1, block_open=True, name="slow")
    session.change_source(lambda: slow)
    assert slow.blocked.wait(WAIT_S)
    before = session.status().counts.analysed
    status = bench.watcher.until(lambda status: status.counts.analysed > before + 3)
    assert status.source.name == "first"
    assert status.source_changing
    assert status.state is SessionState.RUNNING


def test_source_that_fails_leaves_the_old_one(bench: Any) -> None:
    session = playing(bench)
    error = CameraOpenError("Camera 3 is busy: close the other program.")
    session.change_source(lambda: FakeSource(open_error=error))
    status = bench.watcher.until(lambda status: status.error is not None)
    assert status.error == str(error)
    assert not status.source_changing
    before = status.counts.analysed
    status = bench.watcher.until(lambda status: status.counts.analysed > before)
    assert (status.state, status.source.name) == (SessionState.RUNNING, "first")


def test_source_without_a_frame_leaves_the_old_one(bench: Any) -> None:
    session = playing(bench)
    session.change_source(lambda: FakeSource(0, name="empty.mp4"))
    status = bench.watcher.until(lambda status: status.error is not None)
    assert "empty.mp4" in status.error
    assert status.source.name == "first"


def test_last_of_several_changes_wins(bench: Any) -> None:
    session = playing(bench)
    slow = BlockingSource(frames=1, block_open=True, name="slow")
    session.change_source(lambda: slow)
    assert slow.blocked.wait(WAIT_S)
    session.change_source(lambda: live(name="third"))
    bench.watcher.until(lambda status: status.source.name == "third")
    assert slow.closed.wait(WAIT_S)


def test_same_device_is_released_before_it_is_opened_again(bench: Any) -> None:
    first = live(name="first")
    session = playing(bench, first)
    seen: list[bool] = []

    def factory() -> FakeSource:
        seen.append(first.closed.is_set())
        return live(name="again")

    session.change_source(factory, release_first=True)
    bench.watcher.until(lambda status: status.source.name == "again")
    assert seen == [True]


def test_device_that_is_still_being_opened_is_let_go_before_it_is_opened_again(bench: Any) -> None:
    session = playing(bench)
    slow = BlockingSource(frames=1, block_open=True, name="slow")
    session.change_source(lambda: slow, release_first=True)
    assert slow.blocked.wait(WAIT_S)
    seen: list[bool] = []

    def factory() -> FakeSource:
        seen.append(slow.closed.is_set())
        return live(name="again")

    session.change_source(factory, release_first=True)
    bench.watcher.until(lambda status: status.source is not None and status.source.name == "again")
    assert seen == [True]


def test_released_device_that_does_not_come_back_is_a_fault(bench: Any) -> None:
    session = playing(bench)
    error = CameraOpenError("Camera 0 does not open.")
    session.change_source(lambda: FakeSource(open_error=error), release_first=True)
    status = bench.watcher.until(lambda status: status.state is SessionState.FAULTED)
    assert (status.ending, status.error) == (Ending.FAULT, str(error))


def test_file_that_ends_while_the_next_opens(bench: Any) -> None:
    gate = threading.Semaphore(1)
    session = playing(bench, FakeSource(2, name="first", gate=gate))
    slow = BlockingSource(frames=1, block_open=True, name="slow")
    session.change_source(lambda: slow)
    assert slow.blocked.wait(WAIT_S)
    gate.release(5)
    bench.watcher.until(lambda status: status.counts.captured == 2)
    assert session.status().state is SessionState.RUNNING
    slow.release.set()
    bench.watcher.until(lambda status: status.source.name == "slow")


def test_change_after_the_end_starts_again(bench: Any) -> None:
    session = bench.session(lambda: FakeSource(2))
    session.start()
    bench.watcher.until(lambda status: status.state is SessionState.STOPPED)
    session.change_source(lambda: live(name="second"))
    bench.watcher.until(
        lambda status: status.state is SessionState.RUNNING and status.source.name == "second"
    )


def test_change_while_a_picture_waits_for_its_model(bench: Any) -> None:
    go = threading.Event()

    def load() -> FakeEstimator:
        assert go.wait(WAIT_S)
        return FakeEstimator()

    session = bench.session(lambda: FakeSource(1, kind="image", name="photo"), load)
    session.start()
    bench.watcher.until(lambda status: status.ending is Ending.END_OF_FILE)
    assert session.status().state is SessionState.RUNNING, "the model still loads"
    session.change_source(lambda: live(name="second"))
    bench.watcher.until(lambda status: status.source.name == "second")
    go.set()
    before = session.status().counts.analysed
    status = bench.watcher.until(lambda status: status.counts.analysed > before + 2)
    assert (status.state, status.ending) == (SessionState.RUNNING, None)


def test_change_that_fails_while_a_picture_waits_for_its_model(bench: Any) -> None:
    go = threading.Event()

    def load() -> FakeEstimator:
        assert go.wait(WAIT_S)
        return FakeEstimator()

    session = bench.session(lambda: FakeSource(1, kind="image", name="photo"), load)
    session.start()
    bench.watcher.until(lambda status: status.ending is Ending.END_OF_FILE)
    session.change_source(lambda: FakeSource(open_error=CameraOpenError("No camera.")))
    status = bench.watcher.until(lambda status: status.error is not None)
    go.set()
    status = bench.watcher.until(lambda status: status.state is SessionState.STOPPED)
    assert status.ending is Ending.END_OF_FILE
    assert session.latest()[1] is not None


def test_change_at_any_moment_of_an_ending_file_is_not_lost(bench: Any) -> None:
    for number in range(30):
        session = bench.session(lambda: FakeSource(3, name="short"), as_fast_as_possible=True)
        session.start()
        if number % 2:
            bench.watcher.until(lambda status: status.counts.captured == 3)
        session.change_source(lambda: live(name="second"))
        bench.watcher.until(
            lambda status: (
                status.source is not None
                and status.source.name == "second"
                and status.state is SessionState.RUNNING
            )
        )
        session.stop()


def test_change_before_start_starts(bench: Any) -> None:
    session = bench.session(lambda: FakeSource(open_error=CameraOpenError("No camera.")))
    session.change_source(lambda: live(name="second"))
    bench.watcher.until(lambda status: status.state is SessionState.RUNNING)


def test_stop_while_a_source_opens(bench: Any) -> None:
    session = playing(bench)
    slow = BlockingSource(block_open=True)
    session.change_source(lambda: slow)
    assert slow.blocked.wait(WAIT_S)
    assert session.stop(WAIT_S) == ()


def test_new_model_takes_over_and_the_old_one_is_closed(bench: Any) -> None:
    first, second = FakeEstimator(), FakeEstimator(FakePackage(name="second"))
    session = playing(bench, model=lambda: first)
    bench.watcher.until(lambda status: status.model == "fake")
    session.change_model(lambda: second)
    bench.watcher.until(lambda status: status.model == "second")
    bench.watcher.until(lambda status: bench.watcher.analyses[-1].model == "second")
    assert first.closed == 1
    session.stop()
    assert second.closed == 1


def test_old_model_answers_while_the_new_one_loads(bench: Any) -> None:
    entered, go = threading.Event(), threading.Event()

    def load() -> FakeEstimator:
        entered.set()
        assert go.wait(WAIT_S)
        return FakeEstimator(FakePackage(name="second"))

    session = playing(bench, model=FakeEstimator)
    bench.watcher.until(lambda status: status.model == "fake")
    session.change_model(load)
    assert entered.wait(WAIT_S)
    before = session.status().counts.analysed
    status = bench.watcher.until(lambda status: status.counts.analysed > before + 3)
    assert (status.model, status.model_loading) == ("fake", True)
    go.set()
    status = bench.watcher.until(lambda status: status.model == "second")
    assert not status.model_loading


def test_model_that_does_not_load_or_work_leaves_the_old_one(bench: Any) -> None:
    def refuse() -> FakeEstimator:
        raise ModelPackageError("The model bad has a wrong hash: copy it again.")

    broken = FakeEstimator(FakePackage(name="broken"), spoil=failing_run())
    session = playing(bench, model=FakeEstimator)
    bench.watcher.until(lambda status: status.model == "fake")
    session.change_model(refuse)
    status = bench.watcher.until(lambda status: status.error_count == 1)
    assert status.error == "The model bad has a wrong hash: copy it again."
    session.change_model(lambda: broken)
    status = bench.watcher.until(lambda status: status.error_count == 2)
    assert (status.model, status.model_loading) == ("fake", False)
    assert broken.closed == 1


def test_last_of_several_models_wins_and_the_others_are_closed(bench: Any) -> None:
    go = threading.Event()
    slow = FakeEstimator(FakePackage(name="slow"))

    def load_slow() -> FakeEstimator:
        assert go.wait(WAIT_S)
        return slow

    session = playing(bench)
    session.change_model(load_slow)
    session.change_model(lambda: FakeEstimator(FakePackage(name="quick")))
    bench.watcher.until(lambda status: status.model == "quick")
    go.set()
    session.stop()
    assert slow.closed == 1
    assert session.status().model == "quick"


def test_model_can_be_taken_away(bench: Any) -> None:
    session = playing(bench, model=FakeEstimator)
    bench.watcher.until(lambda status: status.model == "fake")
    session.change_model(None)
    status = bench.watcher.until(lambda status: status.model == "")
    done = status.counts.analysed
    bench.watcher.until(lambda status: status.counts.analysed > done + 1)
    assert bench.watcher.analyses[-1].model == ""


def test_model_of_a_stopped_session_is_taken_at_the_next_start(bench: Any) -> None:
    session = bench.session(live)
    session.change_model(lambda: FakeEstimator(FakePackage(name="later")))
    assert session.status().state is SessionState.IDLE
    session.start()
    bench.watcher.until(lambda status: status.model == "later")


def test_picture_is_read_again_by_another_model(bench: Any) -> None:
    session = bench.session(lambda: FakeSource(1, kind="image"), FakeEstimator)
    session.start()
    bench.watcher.until(lambda status: status.state is SessionState.STOPPED)
    session.change_model(lambda: FakeEstimator(FakePackage(name="other")))
    bench.watcher.until(
        lambda status: status.state is SessionState.STOPPED and status.model == "other"
    )
    assert [item.model for item in bench.watcher.analyses] == ["fake", "other"]


def test_model_that_never_loads_is_reported_by_name(bench: Any) -> None:
    entered, go = threading.Event(), threading.Event()

    def load() -> FakeEstimator:
        entered.set()
        assert go.wait(WAIT_S)
        return FakeEstimator()

    session = playing(bench, model=load)
    assert entered.wait(WAIT_S)
    assert "facecam-model" in " ".join(session.stop(timeout_s=0.2))
    go.set()
    assert session.stop(WAIT_S) == ()


def test_changed_source_and_model_stay_for_the_next_start(bench: Any) -> None:
    session = playing(bench, model=FakeEstimator)
    session.change_source(lambda: live(name="second"))
    session.change_model(lambda: FakeEstimator(FakePackage(name="other")))
    bench.watcher.until(lambda status: status.source.name == "second" and status.model == "other")
    session.stop()
    session.start()
    bench.watcher.until(lambda status: status.model == "other")
    assert session.status().source.name == "second"
