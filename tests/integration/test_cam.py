"""Class activation maps through the whole pipeline, with a real graph and a real face."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facecam.capture.opening import make_source
from facecam.commands.pipeline_parts import analyzer_for_files
from facecam.inference.cam import cam_head
from facecam.inference.package import load_package
from facecam.inference.runtime import LiteRtEstimator
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.pipeline.detection_policy import DetectionConfig
from facecam.pipeline.session import Session
from facecam.training.explain.package_model import PackageModel
from facecam.training.explain.pictures import MapRequest, explain_picture
from facecam.training.explain.targets import WantedMap
from facecam.types import Analysis, CamChoice, Detection, Frame, ImageU8
from facecam.vision.crops import cut
from facecam.vision.refined_detector import face_detector
from facecam.vision.smoothing import ReadingSmoother
from tests.fakes import (
    FRAME_HEADS,
    WAIT_S,
    FakeDetector,
    FakeEstimator,
    FakePackage,
    FakeSource,
    FakeTracker,
    detection_at,
    picture,
)
from tests.made_cam import MadeEstimator, made_package
from tests.tiny_package import tiny_package_dir

ROOT = Path(__file__).resolve().parents[2]
PORTRAIT = ROOT / "resources" / "portraits" / "hopper.webp"
TWO = (detection_at(20, 40, 80), detection_at(180, 60, 90))
ALWAYS = DetectionConfig(every_frame=True)


@pytest.fixture(scope="module")
def estimator() -> Iterator[LiteRtEstimator]:
    estimator = LiteRtEstimator(load_package(tiny_package_dir()))
    yield estimator
    estimator.close()


def frames(count: int = 6) -> list[Frame]:
    """Return frames of changing noise."""
    return [
        Frame(picture(seed=number), number, number / 30, number / 30) for number in range(count)
    ]


def run(estimator: Any, choice: CamChoice | None) -> list[Analysis]:
    analyzer = FrameAnalyzer(
        FakeDetector(TWO), FakeTracker(), estimator, ReadingSmoother(), detection=ALWAYS
    )
    analyzer.set_cam(choice)
    return [analyzer.step(frame) for frame in frames()]


@pytest.mark.parametrize("head", ["age", "gender", "smile"])
def test_readings_are_bit_identical_with_and_without_maps(
    estimator: LiteRtEstimator, head: str
) -> None:
    plain, explained = run(estimator, None), run(estimator, CamChoice(head))
    for before, after in zip(plain, explained, strict=True):
        assert all(face.cam is None for face in before.faces)
        assert all(face.cam is not None and face.cam.head == head for face in after.faces)
        for one, other in zip(before.faces, after.faces, strict=True):
            assert one.readings == other.readings, "every float the same"
            assert one.box_xywh == other.box_xywh
    assert "cam" in explained[0].stages_ms
    assert "cam" not in plain[0].stages_ms


def crop_of(image_bgr: ImageU8, analysis: Analysis, size_wh: tuple[int, int]) -> ImageU8:
    (face,) = analysis.faces
    assert face.crop_matrix is not None
    crop_bgr = cut(image_bgr, face.crop_matrix, size_wh)
    return np.ascontiguousarray(crop_bgr[..., ::-1])


@pytest.mark.parametrize(
    ("head", "class_name"), [("age", None), ("gender", "male"), ("smile", None)]
)
def test_analyze_window_and_the_command_cam_give_the_same_map(
    estimator: LiteRtEstimator, head: str, class_name: str | None
) -> None:
    image = cv2.imread(str(PORTRAIT))
    analyzer = analyzer_for_files(estimator)
    try:
        analyzer.set_cam(CamChoice(head, class_name))
        analysis = analyzer.step(Frame(image, 0, 0.0, 0.0))
    finally:
        analyzer.close()
    crop = crop_of(image, analysis, estimator.package.size_wh)
    features = estimator.run(crop[None])["features"]
    expected = cam_head(estimator.package, head, class_name).maps(features)[0]
    face_map = analysis.faces[0].cam
    assert face_map is not None
    np.testing.assert_array_equal(face_map.values, expected)
    assert face_map.crop_wh == estimator.package.size_wh

    package = estimator.package
    temperature = package.calibration.get(head, {}).get("temperature", 1.0)
    wanted = WantedMap(package.head(head), class_name, temperature=temperature)
    detector = face_detector()
    try:
        model = PackageModel(package, estimator)
        (explained,) = explain_picture(image, detector, model, MapRequest((wanted,)))
    finally:
        detector.close()
    made = explained.maps[0].values
    np.testing.assert_allclose(made, face_map.values, atol=1e-4 * np.abs(made).max())


def test_a_model_for_whole_pictures_has_its_map() -> None:
    heads = (*FRAME_HEADS, *made_package().heads)
    package = replace(made_package(), target="frame", crop=None, name="scenes")
    assert FakePackage(target="frame", heads=heads).target == package.target
    analyzer = FrameAnalyzer(FakeDetector(), FakeTracker(), MadeEstimator(package))
    analyzer.set_cam(CamChoice("mood"))
    (face,) = analyzer.step(frames(1)[0]).faces
    assert face.track == 0
    assert face.cam is not None
    assert face.cam.class_name == face.readings["mood"].label  # type: ignore[union-attr]


def test_maps_of_forgotten_faces_are_forgotten() -> None:
    seen: list[tuple[Detection, ...]] = [TWO[:1], (), TWO[:1]]
    analyzer = FrameAnalyzer(
        FakeDetector(lambda number: seen[min(number, 2)]),
        FakeTracker(),
        MadeEstimator(),
        detection=ALWAYS,
    )
    analyzer.set_cam(CamChoice("smile"))
    first = analyzer.step(Frame(picture(seed=1), 0, 0.0, 0.0)).faces[0].cam
    analyzer.reset()
    again = analyzer.step(Frame(picture(seed=1), 1, 9.0, 9.0)).faces
    assert first is not None
    assert not again or again[0].cam is None or again[0].cam.values is not first.values


def session_of(
    watch: Any, trust_factory: Any = None, choice: CamChoice | None = None
) -> tuple[Session, threading.Semaphore]:
    gate = threading.Semaphore(0)
    session = Session(
        lambda: FakeSource(None, gate=gate, live=True),
        lambda: FrameAnalyzer(FakeDetector(TWO[:1]), FakeTracker(), detection=ALWAYS),
        lambda: MadeEstimator(),
        on_analysis=watch,
        trust_factory=trust_factory,
    )
    session.set_cam(choice)
    return session, gate


def test_the_figure_of_a_single_picture_is_shown_once_it_is_there() -> None:
    session = Session(
        lambda: FakeSource(1, kind="image"),
        lambda: FrameAnalyzer(FakeDetector(TWO[:1]), FakeTracker(), detection=ALWAYS),
        lambda: MadeEstimator(),
        trust_factory=lambda package: MadeEstimator(),
    )
    session.set_cam(CamChoice("smile"))
    shown = threading.Event()
    told = session._workers.on_trust

    def on_trust(*facts: Any) -> None:
        told(*facts)
        shown.set()

    session._workers.on_trust = on_trust  # type: ignore[method-assign]
    session.start()
    try:
        assert shown.wait(WAIT_S)
        analysis = session.latest()[1]
        assert analysis is not None
        (face,) = analysis.faces
        assert face.cam is not None
        assert face.cam.trust is not None
    finally:
        session.stop()


@pytest.mark.parametrize("late", [False, True])
def test_a_single_picture_is_read_again_for_a_map_that_is_chosen_later(late: bool) -> None:
    """While it is being read, as at the start of the window, or once that is over."""
    found = threading.Event()

    def watch(frame: Frame, analysis: Analysis) -> None:
        (face,) = analysis.faces
        if face.cam is not None:
            found.set()
        elif not late:
            session.set_cam(CamChoice("smile"))

    over = threading.Event()
    session = Session(
        lambda: FakeSource(1, kind="image"),
        lambda: FrameAnalyzer(FakeDetector(TWO[:1]), FakeTracker(), detection=ALWAYS),
        lambda: MadeEstimator(),
        on_analysis=watch,
        on_change=lambda status: over.set() if status.ending is not None else None,
        trust_factory=lambda package: MadeEstimator(),
    )
    session.start()
    try:
        assert over.wait(WAIT_S)
        if late:
            session.set_cam(CamChoice("smile"))
        assert found.wait(WAIT_S)
        run = session._shared.run
        assert run is not None
        session.set_cam(CamChoice("smile"))
        session.set_cam(None)
        assert session._shared.run is run, "not without need"
    finally:
        assert session.stop(WAIT_S) == ()


class Seen:
    """Lets a test wait for a result that satisfies something, giving frames meanwhile."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.last: Analysis | None = None

    def __call__(self, frame: Frame, analysis: Analysis) -> None:
        with self.changed:
            self.last = analysis
            self.changed.notify_all()

    def until(self, gate: threading.Semaphore, holds: Any) -> Analysis:
        for _ in range(3000):
            with self.changed:
                if self.last is not None and self.last.faces and holds(self.last.faces[0]):
                    return self.last
                gate.release()
                self.changed.wait(0.02)
        raise AssertionError(f"never came: {self.last}")


def test_a_session_takes_another_map_at_the_next_frame() -> None:
    seen = Seen()
    session, gate = session_of(seen)
    session.start()
    try:
        seen.until(gate, lambda face: face.readings and face.cam is None)
        session.set_cam(CamChoice("smile"))
        seen.until(gate, lambda face: face.cam is not None and face.cam.head == "smile")
        session.set_cam(CamChoice("age"))
        seen.until(gate, lambda face: face.cam is not None and face.cam.head == "age")
        session.set_cam(None)
        seen.until(gate, lambda face: face.cam is None)
    finally:
        assert session.stop(WAIT_S) == ()


def test_trust_is_measured_beside_the_frames_and_on_demand() -> None:
    seen = Seen()
    session, gate = session_of(seen, lambda package: MadeEstimator(package), CamChoice("smile"))
    session.start()
    try:
        first = seen.until(gate, lambda face: face.cam and face.cam.trust).faces[0].cam
        assert first is not None
        assert first.trust is not None
        session.measure_trust(1)
        at_s = first.trust.measured_s
        seen.until(gate, lambda face: face.cam.trust and face.cam.trust.measured_s > at_s)
    finally:
        assert session.stop(WAIT_S) == ()


class Stuck(FakeEstimator):
    """Never comes back until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.go = threading.Event(), threading.Event()

    def run(self, crops_rgb: ImageU8) -> Any:
        self.entered.set()
        assert self.go.wait(WAIT_S * 3)
        raise AssertionError("let go")


def test_a_stuck_trust_model_holds_up_neither_frames_nor_stopping() -> None:
    seen, stuck = Seen(), Stuck()
    session, gate = session_of(seen, lambda package: stuck, CamChoice("smile"))
    session.start()
    try:
        seen.until(gate, lambda face: face.cam is not None)
        seen.until(gate, lambda face: stuck.entered.is_set())
        assert seen.last is not None
        number = seen.last.frame_id
        seen.until(gate, lambda face: seen.last is not None and seen.last.frame_id > number + 3)
    finally:
        left = session.stop(timeout_s=1.0)
        stuck.go.set()
    assert "facecam-trust" in left, "named, and not waited for any longer"
    assert session.stop(WAIT_S) == ()


def test_analyze_draws_the_map_into_the_video(tmp_path: Path) -> None:
    video = tmp_path / "explained.mp4"
    command = [sys.executable, "-m", "facecam", "analyze", str(PORTRAIT), "--out", str(video)]
    command += ["--model", str(tiny_package_dir()), "--cam", "smile"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    source = make_source(str(video))
    source.open()
    frame = source.read()
    source.close()
    assert frame is not None
    given = cv2.imread(str(PORTRAIT)).astype(int)
    height, width = given.shape[:2]
    # The video's sides are even.
    change = np.abs(frame.image_bgr[:height, :width].astype(int) - given).max(axis=2)
    corner = change[int(0.9 * height) :, : width // 4]
    assert np.median(corner) > 20, "the legend"
