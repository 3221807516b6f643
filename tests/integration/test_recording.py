"""Sessions that record: what is written agrees with what happened, whatever happens."""

import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facecam.commands import pipeline_parts
from facecam.commands.analyze import analyze
from facecam.errors import CameraLostError
from facecam.pipeline import recorder as recorder_module
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.pipeline.detection_policy import DetectionConfig
from facecam.pipeline.offline import analyze_source
from facecam.pipeline.reanalysis import Difference, SessionAnalyzer, SessionPictures
from facecam.pipeline.session import Session, SessionOptions
from facecam.pipeline.status import SessionState, SessionStatus
from facecam.recording.disk_watch import DiskState
from facecam.recording.request import RecordingRequest
from facecam.recording.session_files import read_session
from facecam.recording.session_records import RecordedSession
from facecam.recording.video_writer import VideoWriter
from facecam.timing import monotonic_s
from facecam.types import Detection, Frame, ImageU8
from facecam.vision.overlay import OverlayOptions
from facecam.vision.smoothing import ReadingSmoother
from facecam.vision.tracker import FaceTracker
from tests.fakes import WAIT_S, BlockingSource, FakeEstimator, FakeSource, detection_at, picture
from tests.kill_trial import look_at
from tests.session_kill import kill_session

SIDE = 60


class SquareSource(FakeSource):
    """Noise with a bright square that wanders: a face to `SquareDetector`."""

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is None:
            return None
        image = picture(self.info.size_wh, seed=frame.frame_id) // 3
        x, y = self.place(frame.frame_id)
        image[y : y + SIDE, x : x + SIDE] = 200 + frame.frame_id % 50
        return replace(frame, image_bgr=image)

    @staticmethod
    def place(number: int) -> tuple[int, int]:
        """Return the upper left corner of the square."""
        return 40 + 2 * number % 160, 60 + number % 40


class SquareDetector:
    """Finds the square in the pixels, so that other pixels give other boxes."""

    def __init__(self) -> None:
        self.calls = 0

    def detect(self, image_bgr: ImageU8, t_s: float) -> tuple[Detection, ...]:
        self.calls += 1
        columns = np.flatnonzero((image_bgr[..., 0] > 150).sum(axis=0) > SIDE // 2)
        lines = np.flatnonzero((image_bgr[..., 0] > 150).sum(axis=1) > SIDE // 2)
        if not len(columns) or not len(lines):
            return ()
        level = float(image_bgr[lines[0], columns[0], 0]) / 1000
        return (detection_at(columns[0], lines[0], len(columns), 0.7 + level),)

    def close(self) -> None:
        pass


class PixelEstimator(FakeEstimator):
    """Reads what it says from the crops, so that other pixels give other readings."""

    def run(self, crops_rgb: ImageU8) -> dict[str, NDArray[Any]]:
        outputs = super().run(crops_rgb)
        means = crops_rgb.reshape(len(crops_rgb), -1).mean(axis=1).astype(np.float32)
        outputs["gender"][:, 1] = means / 40
        outputs["smile"][:, 0] = means / 100
        return outputs


def square_analyzer(estimator: Any = None) -> FrameAnalyzer:
    # Between forced runs the detector is left out, as it is on a slow machine.
    detection = DetectionConfig(budget=1e-9, max_gap_s=0.1)
    return FrameAnalyzer(
        SquareDetector(), FaceTracker(), estimator, ReadingSmoother(), detection=detection
    )


class Stage:
    """Makes sessions, lets a test wait, and ends what it made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.changed = threading.Event()
        self.sessions: list[Session] = []

    def session(
        self, source: Callable[[], Any], model: Any = PixelEstimator, **options: Any
    ) -> Any:
        session = Session(
            source,
            square_analyzer,
            model,
            options=SessionOptions(**options),
            on_change=lambda status: self.changed.set(),
        )
        self.sessions.append(session)
        return session

    def request(self, **wanted: Any) -> RecordingRequest:
        return RecordingRequest(self.folder / "a.mp4", **wanted)

    def until(self, session: Session, holds: Callable[[SessionStatus], bool]) -> SessionStatus:
        deadline_s = monotonic_s() + 2 * WAIT_S
        while not holds(status := session.status()):
            assert monotonic_s() < deadline_s, f"never came: {status}"
            self.changed.wait(0.01)
            self.changed.clear()
            session.latest()
        return status

    def until_recorded(self, session: Session) -> SessionStatus:
        return self.until(
            session, lambda status: status.recording is not None and not status.recording.running
        )

    def read(self) -> RecordedSession:
        session = read_session(self.folder / "a.session")
        assert session.disagreements() == ()
        return session


@pytest.fixture
def stage(tmp_path: Path) -> Any:
    stage = Stage(tmp_path)
    yield stage
    for session in stage.sessions:
        session.stop(WAIT_S)


def analysed_again(recorded: RecordedSession, stats: Path | None = None) -> Difference:
    """Analyse a session's clean video again; return how far it lies from the recording."""
    analyzer = SessionAnalyzer(recorded, square_analyzer(PixelEstimator()))
    try:
        analyze_source(SessionPictures(recorded), analyzer, stats_path=stats)
        return analyzer.difference()
    finally:
        analyzer.close()


def frames_of(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def test_file_is_recorded_whole_with_matching_times_and_counts(stage: Any) -> None:
    session = stage.session(lambda: SquareSource(80), as_fast_as_possible=True)
    session.start_recording(stage.request(clean="lossless"))
    assert session.status().recording.state == "starting"
    session.start()
    status = stage.until_recorded(session)
    assert status.recording.state == "stopped", status.recording.message
    recorded = stage.read()
    assert recorded.header.ended is not None
    assert recorded.header.ended["why"] == "end of file"
    assert len(recorded.rows) == len(recorded.recorded) == len(recorded.analyses) == 80
    for path in (stage.folder / "a.mp4", stage.folder / "a.session" / "clean.mp4"):
        times_s = [float(frame.time) for frame in frames_of(path)]
        assert times_s == pytest.approx([row.video_s for row in recorded.rows], abs=1e-5)
        assert times_s == pytest.approx([row.t_s for row in recorded.rows], abs=1e-5)


def test_box_lies_on_its_face_in_the_video(stage: Any) -> None:
    """Also on frames that were not analysed, whose boxes lie between those of others."""
    session = stage.session(lambda: SquareSource(40, fps=50.0), None)
    session.start_recording(stage.request())
    session.start()
    stage.until_recorded(session)
    recorded = stage.read()
    rows = [row for row in recorded.recorded if recorded.tracks[0].first_t_s < row.t_s]
    pictures = {
        row.frame: frame
        for row, frame in zip(recorded.recorded, frames_of(stage.folder / "a.mp4"), strict=True)
    }
    for row in rows[5:-5]:
        image = pictures[row.frame].to_ndarray(format="bgr24").astype(int)
        x, y = SquareSource.place(row.frame)
        edge = image[y + 20 : y + SIDE - 20, x - 4 : x + 6]
        assert edge.max() > 200, f"no box at the square of frame {row.frame}"


def test_analysing_the_clean_video_again_gives_the_statistics_exactly(
    stage: Any, tmp_path: Path
) -> None:
    gate = threading.Semaphore(0)
    session = stage.session(lambda: SquareSource(None, fps=25.0, gate=gate))
    session.start()

    def play(frames: int) -> None:
        """Give one after the other, so that none is skipped however slow the machine is."""
        for _ in range(frames):
            before = session.status().counts.analysed
            gate.release()
            stage.until(session, lambda status, n=before: status.counts.analysed > n)

    # Not from the beginning: tracks, smoothing and model are in use already.
    play(20)
    stage.until(session, lambda status: status.model == "fake")
    play(10)
    session.start_recording(stage.request(clean="lossless"))
    play(27)
    stage.until(session, lambda status: status.recording.frames_written > 25)
    session.pause_recording()
    play(20)
    session.resume_recording()
    done = session.status().recording.frames_written
    play(27)
    stage.until(session, lambda status: status.recording.frames_written > done + 25)
    session.stop_recording()
    stage.until_recorded(session)
    recorded = stage.read()
    assert recorded.repeatable
    assert len(recorded.resets) == 2, "at the beginning and after the pause"
    assert any(row.detected is False for row in recorded.rows), "the test is too easy"
    assert set(recorded.sums["dropped"]) == {"paused"}
    stats = tmp_path / "again.jsonl"
    difference = analysed_again(recorded, stats)
    assert difference.frames == len(recorded.analyses) > 25
    assert difference.exact, difference
    # Down to the bytes of each line.
    old = (stage.folder / "a.session" / "stats.jsonl").read_text().splitlines()
    new = stats.read_text().splitlines()
    assert [line.strip() for line in old] == new


def test_lossy_clean_video_gives_nearly_the_same(stage: Any) -> None:
    session = stage.session(lambda: SquareSource(60), as_fast_as_possible=True)
    session.start_recording(stage.request(clean="lossy"))
    session.start()
    stage.until_recorded(session)
    recorded = stage.read()
    difference = analysed_again(recorded)
    assert difference.frames == 60
    assert difference.faces_matched == difference.faces > 40
    assert difference.box_max < 0.1
    assert difference.prob_max < 0.1


@pytest.mark.parametrize(
    ("clean", "words"),
    [
        ("lossless", "The same as recorded, to the last digit, in all 12 frames."),
        ("lossy", "of 12 frames the same to the last digit, 12 of 12 faces in the same place"),
    ],
)
def test_analyze_says_how_far_a_session_lies_from_its_recording(
    stage: Any,
    clean: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    session = stage.session(lambda: SquareSource(12), as_fast_as_possible=True)
    session.start_recording(stage.request(clean=clean))
    session.start()
    stage.until_recorded(session)
    monkeypatch.setattr(pipeline_parts, "load_estimator", lambda name: PixelEstimator())
    monkeypatch.setattr(pipeline_parts, "analyzer_for_files", square_analyzer)
    analyze(str(stage.folder / "a.session"))
    assert words in capsys.readouterr().out


def test_another_source_and_another_size_are_marked_and_fitted_in(stage: Any) -> None:
    session = stage.session(lambda: SquareSource(None, live=True, kind="camera", gate=gate))
    gate = threading.Semaphore(0)
    session.start_recording(stage.request(clean="lossless"))
    session.start()
    gate.release(10)
    stage.until(session, lambda status: status.counts.captured == 10)
    session.change_source(lambda: SquareSource(12, size_wh=(200, 150), name="other"))
    status = stage.until_recorded(session)
    assert status.recording.frames_dropped == 0
    recorded = stage.read()
    assert [gap.why for gap in recorded.gaps] == ["source", "size"]
    assert recorded.gaps[1].size_wh == (200, 150)
    assert [row.frame for row in recorded.rows] == list(range(22))
    times_s = [row.t_s for row in recorded.rows]
    assert times_s == sorted(set(times_s))
    frames = frames_of(stage.folder / "a.session" / "clean.mp4")
    assert len(frames) == 22
    last = frames[-1].to_ndarray(format="bgr24")
    image = picture((200, 150), seed=11) // 3
    assert last.shape == (240, 320, 3)
    assert np.array_equal(last[:20, :200], image[:20])
    assert not last[150:].any()


@pytest.mark.parametrize("clean", ["lossless", "lossy"])
@pytest.mark.parametrize("other_wh", [(200, 150), (640, 400)])
def test_pictures_of_another_size_come_back_in_their_size(
    stage: Any, clean: str, other_wh: tuple[int, int]
) -> None:
    gate = threading.Semaphore(0)
    session = stage.session(lambda: SquareSource(None, live=True, kind="camera", gate=gate))
    session.start_recording(stage.request(clean=clean))
    session.start()
    gate.release(5)
    stage.until(session, lambda status: status.counts.captured == 5)
    session.change_source(lambda: SquareSource(12, size_wh=other_wh, name="other"))
    stage.until_recorded(session)
    recorded = stage.read()
    small = other_wh == (200, 150)
    if not (clean == "lossless" and small):
        assert not recorded.repeatable
    source = SessionPictures(recorded)
    source.open()
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    assert {frame.image_bgr.shape for frame in frames[-2:]} == {(other_wh[1], other_wh[0], 3)}
    last = frames[-1].image_bgr.astype(int)
    x, y = SquareSource.place(recorded.recorded[-1].frame - 5)
    square = last[y + 5 : y + SIDE - 5, x + 5 : x + SIDE - 5]
    assert square.min() > 150, "the square lies where it lay"
    assert np.median(last) < 100


def test_clean_video_that_is_cut_off_is_not_taken_for_whole(stage: Any) -> None:
    session = stage.session(lambda: SquareSource(40), as_fast_as_possible=True)
    session.start_recording(stage.request(clean="lossless"))
    session.start()
    stage.until_recorded(session)
    clean = next((stage.folder / "a.session").glob("clean.*"))
    shorter = clean.with_name(f"shorter{clean.suffix}")
    with av.open(str(clean)) as source, av.open(str(shorter), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in list(source.demux(video=0))[:10]:
            packet.stream = stream
            target.mux(packet)
    shorter.replace(clean)
    pictures = SessionPictures(stage.read())
    pictures.open()
    while pictures.read() is not None:
        assert not pictures.truncated
    assert pictures.truncated


def test_password_of_an_address_is_not_recorded(stage: Any) -> None:
    session = stage.session(lambda: SquareSource(5), as_fast_as_possible=True)
    session.start_recording(stage.request(source_spec="rtsp://me:secret@camera/live"))
    session.start()
    stage.until_recorded(session)
    text = (stage.folder / "a.session" / "session.json").read_text("utf-8")
    assert "rtsp://camera/live" in text
    assert "secret" not in text


def test_camera_that_is_lost_and_back_leaves_a_marked_gap(stage: Any) -> None:
    opened: list[Any] = []

    def factory() -> Any:
        error = CameraLostError("The camera is gone.")
        broken = {"break_after": 6, "break_error": error} if not opened else {}
        opened.append(SquareSource(12, live=True, kind="camera", **broken))
        return opened[-1]

    session = stage.session(factory, reconnect_s=0.01)
    session.start_recording(stage.request(clean="lossless"))
    session.start()
    status = stage.until_recorded(session)
    assert status.recording.state == "stopped"
    recorded = stage.read()
    assert [gap.why for gap in recorded.gaps] == ["lost"]
    assert recorded.gaps[0].before_frame == 6
    assert len(recorded.rows) == 18
    if recorded.repeatable:
        assert analysed_again(recorded).exact


def test_stop_of_the_session_finishes_the_file(stage: Any) -> None:
    session = stage.session(lambda: SquareSource(None, fps=60.0))
    session.start()
    session.start_recording(stage.request())
    stage.until(session, lambda status: status.recording.frames_written > 5)
    assert session.stop(WAIT_S) == ()
    status = session.status()
    assert status.recording is not None
    assert status.recording.state == "stopped"
    recorded = stage.read()
    assert recorded.header.ended is not None
    assert recorded.header.ended["why"] == "session stopped"
    assert len(frames_of(stage.folder / "a.mp4")) == len(recorded.recorded)


def test_hung_encoder_keeps_neither_the_video_nor_stop_waiting(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, entered = threading.Event(), threading.Event()
    write = VideoWriter.write

    def hang(self: VideoWriter, image_bgr: ImageU8, t_s: float) -> float:
        entered.set()
        assert go_on.wait(WAIT_S * 3)
        return write(self, image_bgr, t_s)

    monkeypatch.setattr(VideoWriter, "write", hang)
    session = stage.session(lambda: SquareSource(None, fps=240.0))
    session.start()
    session.start_recording(stage.request())
    assert entered.wait(WAIT_S)
    before = session.status().counts.captured
    # The video goes on, long after the queue is full.
    status = stage.until(
        session,
        lambda status: (
            status.recording.frames_dropped > 10 and status.counts.captured > before + 20
        ),
    )
    assert status.state is SessionState.RUNNING
    stuck = session.stop(0.2)
    assert any(name.startswith("facecam-recorder") for name in stuck)
    go_on.set()
    stage.until_recorded(session)
    stage.read()


def test_second_recording_is_refused_and_the_first_goes_on(stage: Any) -> None:
    session = stage.session(lambda: SquareSource(None, fps=60.0))
    session.start()
    session.start_recording(stage.request())
    session.start_recording(replace(stage.request(), path=stage.folder / "b.mp4"))
    status = stage.until(session, lambda status: status.recording.frames_written > 3)
    assert "is being recorded" in (status.error or "")
    session.stop_recording()
    assert stage.until_recorded(session).recording.path.name == "a.mp4"
    session.start_recording(replace(stage.request(), path=stage.folder / "b.mp4"))
    stage.until(
        session,
        lambda status: (
            status.recording.path.name == "b.mp4" and status.recording.frames_written > 3
        ),
    )
    session.stop_recording()
    assert stage.until_recorded(session).recording.state == "stopped"
    assert (stage.folder / "b.session").is_dir()


def test_recording_nothing_that_plays_is_refused_in_one_sentence(stage: Any) -> None:
    session = stage.session(lambda: SquareSource(3), as_fast_as_possible=True)
    session.start()
    stage.until(session, lambda status: status.state is SessionState.STOPPED)
    session.start_recording(stage.request())
    recording = session.status().recording
    assert recording is not None
    assert recording.state == "failed"
    assert "nothing plays" in recording.message
    assert list(stage.folder.iterdir()) == []


def test_blur_is_on_the_written_pixels(stage: Any) -> None:
    session = stage.session(lambda: SquareSource(40), as_fast_as_possible=True)
    session.set_blur(True)
    plain = OverlayOptions(show_boxes=False, show_bars=False)  # they have edges of their own
    session.start_recording(stage.request(clean="lossless", overlay_options=plain))
    session.start()
    stage.until_recorded(session)
    stage.read()
    overlay = frames_of(stage.folder / "a.mp4")
    clean = frames_of(stage.folder / "a.session" / "clean.mp4")
    assert len(overlay) == len(clean) == 40
    for number, (one, other) in enumerate(zip(overlay, clean, strict=True)):
        x, y = SquareSource.place(number)
        for frame in (one, other):
            image = frame.to_ndarray(format="bgr24").astype(np.float32)
            # The upper edge of the square was a step from noise to white.
            lines = image[y - 12 : y + 12, x + 25 : x + 35].mean(axis=(1, 2))
            assert np.abs(np.diff(lines)).max() < 30, f"a sharp edge in frame {number}"


def test_what_just_happened_is_saved_without_a_recording(stage: Any) -> None:
    session = stage.session(lambda: SquareSource(None, fps=60.0), keep_recent_s=1.0)
    session.start()
    stage.until(session, lambda status: (status.recent.seconds if status.recent else 0) > 0.8)
    path = stage.folder / "clip.mp4"
    session.save_recent(path, 0.5)
    status = stage.until(session, lambda status: status.recent.saved is not None)
    assert str(path) in status.recent.message
    assert 0 < status.recent.bytes < 96 << 20
    frames = frames_of(path)
    assert 0.3 < float(frames[-1].time) <= 0.51
    session.save_recent(path, 0.5)
    status = stage.until(session, lambda status: "exists already" in status.recent.message)
    session.keep_recent(0.0)
    assert session.status().recent is None
    session.save_recent(path, 0.5)
    recent = session.status().recent
    assert recent is not None
    assert "switch that on first" in recent.message
    assert [item.name for item in stage.folder.iterdir()] == ["clip.mp4"]


def test_kept_pictures_are_bounded_in_time_and_memory(stage: Any) -> None:
    from facecam.pipeline.recent import RecentKeeper

    keeper = RecentKeeper(1, 10.0, max_bytes=200_000)
    keeper.worker.start()
    try:
        source = SquareSource(None)
        source.open()
        done = threading.Event()
        for _ in range(60):
            frame = source.read()
            assert frame is not None
            keeper.book.put(1, frame)
            keeper.book.wait_for_room()
        while keeper.book.waiting:
            done.wait(0.01)
        status = keeper.status()
        assert 0 < status.bytes <= 200_000
        assert status.seconds < 2.0
    finally:
        keeper.worker.request_stop()
        keeper.worker.join(WAIT_S)


def test_source_that_hangs_does_not_keep_a_recording_from_ending(stage: Any) -> None:
    source = BlockingSource(5)
    session = stage.session(lambda: source)
    session.start_recording(stage.request())
    session.start()
    stage.until(session, lambda status: status.recording.frames_written == 5)
    assert source.blocked.is_set()
    session.stop_recording()
    assert stage.until_recorded(session).recording.frames_written == 5
    assert len(frames_of(stage.folder / "a.mp4")) == 5


def test_written_video_can_be_opened_by_opencv(stage: Any) -> None:
    session = stage.session(lambda: SquareSource(20), as_fast_as_possible=True)
    session.start_recording(stage.request(session_folder=False, clean="lossy"))
    session.start()
    stage.until_recorded(session)
    names = sorted(item.name for item in stage.folder.iterdir())
    assert names == ["a-clean.mp4", "a.mp4"], "no session folder was wanted"
    capture = cv2.VideoCapture(str(stage.folder / "a.mp4"))
    count = 0
    while capture.read()[0]:
        count += 1
    capture.release()
    assert count == 20


@pytest.mark.parametrize("after_s", [0.7, 1.6])
def test_killed_session_lost_less_than_a_second_of_anything(stage: Any, after_s: float) -> None:
    kill = kill_session(stage.folder / "a.mp4", after_s)
    assert kill.good, kill
    assert kill.analyses > 0


def test_full_disk_leaves_what_was_recorded_and_a_clear_message(
    stage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a true file system of a few megabytes; the limit that stops before it is switched off."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "facecam-test", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system; a fake disk is tested elsewhere")
    try:
        monkeypatch.setattr(recorder_module, "DiskWatch", EndlessDisk)
        session = stage.session(lambda: SquareSource(None, fps=60.0))
        session.start()
        session.start_recording(RecordingRequest(disk / "a.mp4", clean="lossless"))
        status = stage.until_recorded(session)
        assert status.recording.state == "failed"
        assert "No space left on device" in status.recording.message
        assert "can be played" in status.recording.message
        assert status.state is SessionState.RUNNING, "the video on screen goes on"
        written_s = status.recording.elapsed_s
        assert written_s > 0.5
        for path in (disk / "a.mp4", disk / "a.session" / "clean.mp4"):
            trial = look_at(path, written_s)
            assert trial.playable, trial
            assert trial.lost_s <= 1.0
        recorded = read_session(disk / "a.session")
        assert recorded.damaged == 0
        assert len(recorded.rows) > 5
        session.stop(WAIT_S)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


class EndlessDisk:
    """A watch that never sees the disk fill up."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        pass

    def look(self, written_bytes: int) -> DiskState:
        return DiskState(10**12, None, False)
