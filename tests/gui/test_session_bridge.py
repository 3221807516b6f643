"""The bridge over a real session, with fakes at its edges."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from facecam.capture.source import FrameSource
from facecam.errors import CameraLostError, CameraOpenError, MediaFileError, ModelPackageError
from facecam.gui.live_session import ModelPhase, SourcePhase
from facecam.gui.session_bridge import SessionBridge, _explainable, head_views
from facecam.inference.estimator import Estimator
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.recording.request import RecordingRequest
from facecam.types import CamChoice, Frame
from facecam.vision.overlay import OverlayOptions
from tests.fakes import (
    FakeDetector,
    FakeEstimator,
    FakeHead,
    FakePackage,
    FakeSource,
    FakeTracker,
    detection_at,
)
from tests.gui.waiting import wait_until
from tests.made_cam import made_package

BROKEN = "The package broken does not match its files: copy it again."


class FakeCamera(FakeSource):
    """Gives frames until it is closed, a hundred a second."""

    def __init__(self, name: str) -> None:
        super().__init__(None, live=True, kind="camera", name=name)

    def read(self) -> Frame | None:
        self.closed.wait(0.01)
        return super().read()


class Edges:
    """Sources and models by name."""

    def __init__(self) -> None:
        camera = {"live": True, "kind": "camera"}
        self.sources: dict[str, Callable[[], FrameSource]] = {
            "0": lambda: FakeCamera("Webcam"),
            "2": lambda: FakeCamera("Other"),
            "9": lambda: FakeSource(
                name="Camera 9", open_error=CameraOpenError("Camera 9 is busy: close the other.")
            ),
            "clip.mp4": lambda: FakeSource(4, name="clip.mp4"),
            "photo.png": lambda: FakeSource(1, name="photo.png", kind="image"),
            "zero.mp4": lambda: FakeSource(
                name="zero.mp4", open_error=MediaFileError("zero.mp4 is empty: choose another.")
            ),
            "lost": lambda: FakeSource(
                None,
                name="Loose",
                break_after=3,
                break_error=CameraLostError("Loose was unplugged: plug it in."),
                **camera,  # type: ignore[arg-type]
            ),
        }

    def make(self, spec: str) -> FrameSource:
        return self.sources[spec]()

    def load(self, name: str) -> Estimator:
        if name == "broken":
            raise ModelPackageError(BROKEN)
        return FakeEstimator(FakePackage(name=name))

    def analyzer(self) -> FrameAnalyzer:
        return FrameAnalyzer(FakeDetector((detection_at(80, 60, 90),)), FakeTracker())


@pytest.fixture
def bridge() -> Iterator[SessionBridge]:
    edges = Edges()
    made = SessionBridge(edges.make, edges.analyzer, edges.load)
    yield made
    made.stop()


def phase(bridge: SessionBridge) -> SourcePhase:
    return bridge.status().source_phase


def start(bridge: SessionBridge, spec: str, model: str = "") -> None:
    if model:
        bridge.change_model(model)
    else:
        bridge.expect_no_model()
    bridge.change_source(spec)
    bridge.attach()


def test_what_is_asked_for_before_the_pipeline_is_there_is_done_then(
    bridge: SessionBridge,
) -> None:
    bridge.change_source("0")
    bridge.change_model("face-stats")
    assert phase(bridge) is SourcePhase.STARTING
    assert bridge.latest() == (None, None)
    assert bridge.heads() == ()
    bridge.attach()
    wait_until(lambda: phase(bridge) is SourcePhase.RUNNING)
    wait_until(lambda: bridge.status().model_phase is ModelPhase.READY)
    wait_until(lambda: bridge.latest()[1] is not None)
    assert bridge.status().source_spec == "0"
    assert [head.name for head in bridge.heads()] == ["age", "gender", "smile"]
    assert bridge.heads()[0].classes[-1] == "100"
    assert bridge.model_title("ko") == "가짜"


def test_nothing_asked_for_is_nothing_chosen(bridge: SessionBridge) -> None:
    bridge.expect_no_model()
    bridge.attach()
    assert phase(bridge) is SourcePhase.NONE
    assert bridge.status().model_phase is ModelPhase.NONE


def test_a_source_that_cannot_be_opened_fails_with_its_sentence(bridge: SessionBridge) -> None:
    start(bridge, "9")
    wait_until(lambda: phase(bridge) is SourcePhase.FAILED)
    status = bridge.status()
    assert "Camera 9 is busy" in status.error
    assert status.source_spec == "9"
    bridge.change_source("0")
    wait_until(lambda: phase(bridge) is SourcePhase.RUNNING)


def test_a_failed_change_leaves_the_camera_playing_and_says_so(bridge: SessionBridge) -> None:
    start(bridge, "0")
    wait_until(lambda: phase(bridge) is SourcePhase.RUNNING)
    bridge.change_source("zero.mp4")
    wait_until(lambda: bridge.status().error_count == 1)
    assert phase(bridge) is SourcePhase.RUNNING
    assert "zero.mp4 is empty" in bridge.status().error
    assert bridge.status().source_spec == "0"


def test_a_change_goes_over_to_the_other_source(bridge: SessionBridge) -> None:
    start(bridge, "0")
    wait_until(lambda: phase(bridge) is SourcePhase.RUNNING)
    bridge.change_source("2")
    wait_until(lambda: bridge.status().source_spec == "2")
    info = bridge.status().source
    assert info is not None
    assert info.name == "Other"


def test_the_end_of_a_file_and_a_picture_are_told_apart(bridge: SessionBridge) -> None:
    start(bridge, "clip.mp4")
    wait_until(lambda: phase(bridge) is SourcePhase.ENDED)
    bridge.change_source("clip.mp4")
    wait_until(lambda: phase(bridge) is not SourcePhase.ENDED)
    wait_until(lambda: phase(bridge) is SourcePhase.ENDED)
    bridge.change_source("photo.png")
    wait_until(lambda: bridge.status().source_spec == "photo.png")
    wait_until(lambda: bridge.latest()[1] is not None)
    assert phase(bridge) is SourcePhase.RUNNING


def test_a_lost_camera_is_waited_for(bridge: SessionBridge) -> None:
    start(bridge, "lost")
    wait_until(lambda: phase(bridge) is SourcePhase.LOST)
    assert "unplugged" in bridge.status().error


def test_a_refused_model_leaves_the_old_one_in_use(bridge: SessionBridge) -> None:
    start(bridge, "0", "face-stats")
    wait_until(lambda: bridge.status().model_phase is ModelPhase.READY)
    bridge.change_model("broken")
    wait_until(lambda: bridge.status().error == BROKEN)
    assert bridge.status().model == "face-stats"
    assert phase(bridge) is SourcePhase.RUNNING


def test_a_first_model_that_is_refused_leaves_the_video(bridge: SessionBridge) -> None:
    start(bridge, "0", "broken")
    wait_until(lambda: bridge.status().model_phase is ModelPhase.FAILED)
    wait_until(lambda: phase(bridge) is SourcePhase.RUNNING)
    assert bridge.status().error == BROKEN
    assert bridge.heads() == ()


def test_stop_may_come_at_any_time(bridge: SessionBridge) -> None:
    assert bridge.stop(40.0)
    start(bridge, "0")
    assert bridge.stop(40.0)
    assert bridge.stop(40.0)


def test_a_recording_asked_for_before_anything_plays_begins_with_the_first_frame(
    bridge: SessionBridge, tmp_path: Path
) -> None:
    path = tmp_path / "early.mp4"
    bridge.start_recording(RecordingRequest(path))
    start(bridge, "0", "face-stats")
    wait_until(lambda: (seen := bridge.status().recording) is not None and seen.frames_written > 3)
    bridge.pause_recording()
    wait_until(lambda: (seen := bridge.status().recording) is not None and seen.state == "paused")
    bridge.resume_recording()
    wait_until(lambda: (seen := bridge.status().recording) is not None and seen.state != "paused")
    bridge.stop_recording()
    wait_until(lambda: (seen := bridge.status().recording) is not None and not seen.running)
    seen = bridge.status().recording
    assert seen is not None
    assert seen.state == "stopped", seen.message
    assert path.stat().st_size > 0
    assert (tmp_path / "early.session" / "session.json").is_file()


def test_the_last_seconds_are_kept_and_saved(bridge: SessionBridge, tmp_path: Path) -> None:
    bridge.keep_recent(5.0)
    start(bridge, "0")
    wait_until(lambda: (recent := bridge.status().recent) is not None and recent.seconds > 0.1)
    path = tmp_path / "recent.mp4"
    bridge.save_recent(path, 5.0, OverlayOptions())
    wait_until(lambda: (recent := bridge.status().recent) is not None and recent.saved == path)
    assert path.stat().st_size > 0


def test_the_health_of_a_lost_camera_is_told(bridge: SessionBridge) -> None:
    start(bridge, "lost")
    wait_until(lambda: bridge.status().health in ("gone", "reconnecting"))
    wait_until(lambda: bridge.status().health_s > 0)


def test_a_picture_is_read_again_to_get_a_map(bridge: SessionBridge) -> None:
    start(bridge, "photo.png")
    wait_until(lambda: (found := bridge.latest()[1]) is not None and bool(found.faces))
    run = bridge._session
    assert run is not None
    wait_until(lambda: run.status().ending is not None)
    before = bridge.latest()[1]
    bridge.set_cam(CamChoice("smile"))
    wait_until(lambda: (found := bridge.latest()[1]) is not None and found is not before)
    assert phase(bridge) in (SourcePhase.RUNNING, SourcePhase.STARTING)


def test_a_package_says_which_heads_it_can_explain() -> None:
    whole = made_package()
    views = head_views(whole.heads)
    assert all(_explainable(view, whole).explainable for view in views)
    without = made_package(layers={})
    assert not any(_explainable(view, without).explainable for view in views)


def test_figures_of_a_package_mark_heads_that_are_no_better_than_chance() -> None:
    heads = (
        FakeHead("traits", "sigmoid", ("calm", "bold")),
        FakeHead("smile", "sigmoid", ("smile",)),
        FakeHead("age", "expectation", (0, 1)),
    )
    metrics = {
        "heads": {
            "traits": {
                "classes": {"calm": {"auc": 0.52, "no_better_than_chance": True}, "bold": {"n": 3}}
            },
            "smile": {"auc": 0.98},
            "age": {"mae": 4.0},
        }
    }
    traits, smile, age = head_views(heads, metrics)
    assert (dict(traits.auc), traits.chance) == ({"calm": 0.52}, frozenset({"calm"}))
    assert (dict(smile.auc), smile.chance) == ({"smile": 0.98}, frozenset())
    assert not age.auc
    for odd in (None, {}, {"heads": []}, {"heads": {"smile": 3}}, {"utkface": {"heads": {}}}):
        assert not head_views(heads, odd)[1].auc
