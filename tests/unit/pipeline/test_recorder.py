"""A recorder whose encoder hangs, fails and lies; the ledger's sums agree exactly every time."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facecam.errors import RecordingError
from facecam.pipeline.recorder import Recorder
from facecam.recording.disk_watch import DiskLimits
from facecam.recording.request import RecordingRequest, RecordingStatus
from facecam.recording.session_files import read_session
from facecam.recording.session_records import RecordedSession
from facecam.timing import monotonic_s
from facecam.types import FaceAnalysis
from facecam.vision.overlay import OverlayOptions
from tests.fakes import WAIT_S, FakeClock, FakePackage, FakeVideos, analysis_at, frame_at, smiling

PLENTY = 10**12


class Bench:
    """Runs one recorder after another and feeds it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.videos = FakeVideos()
        self.free = PLENTY
        self.changed = threading.Event()
        self.recorders: list[Recorder] = []

    def record(self, videos: Any = None, **wanted: Any) -> Recorder:
        options = {key: wanted.pop(key) for key in ("patient", "limits", "clock") if key in wanted}
        recorder = Recorder(
            1,
            RecordingRequest(self.folder / "a.mp4", **wanted),
            source=lambda: None,
            package=lambda name: FakePackage() if name == "fake" else None,  # type: ignore[arg-type,return-value]
            changed=self.changed.set,
            videos=videos or (lambda request, size_wh, fps: self.videos),
            free=lambda folder: self.free,
            **options,
        )
        self.recorders.append(recorder)
        recorder.worker.start()
        return recorder

    def feed(self, recorder: Recorder, numbers: range, *faces: FaceAnalysis) -> None:
        """Give frames, every second one analysed and every third one shown."""
        for number in numbers:
            recorder.put(1, frame_at(number))
            if number % 3 == 0:
                recorder.book.note_shown(1, number)
            if number % 2 == 0:
                recorder.put_analysis(1, replace(analysis_at(number, *faces), model="fake"))

    def until(
        self, recorder: Recorder, holds: Callable[[RecordingStatus], bool]
    ) -> RecordingStatus:
        deadline_s = monotonic_s() + WAIT_S
        while not holds(status := recorder.status()):
            assert monotonic_s() < deadline_s, f"never came: {status}"
            self.changed.wait(0.01)
            self.changed.clear()
        return status

    def end(self, recorder: Recorder) -> RecordingStatus:
        status = self.until(recorder, lambda status: not status.running)
        assert recorder.worker.join(WAIT_S)
        return status

    def session(self) -> RecordedSession:
        session = read_session(self.folder / "a.session")
        assert session.disagreements() == ()
        return session


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    bench = Bench(tmp_path)
    yield bench
    bench.videos.go_on.set()
    for recorder in bench.recorders:
        recorder.finish(drain_s=0.0)
        recorder.worker.join(WAIT_S)


def test_every_frame_is_in_the_ledger_and_the_sums_agree(bench: Any) -> None:
    recorder = bench.record()
    bench.feed(recorder, range(40), smiling(1))
    recorder.finish()
    status = bench.end(recorder)
    assert (status.state, status.frames_written, status.frames_dropped) == ("stopped", 40, 0)
    session = bench.session()
    assert not session.killed
    assert session.sums == {
        "captured": 40,
        "recorded": 40,
        "dropped": {},
        "shown": 14,
        "analyzed": 20,
        "gaps": 0,
    }
    assert [row.frame for row in session.rows] == list(range(40))
    assert session.rows[7].t_s == 7 / 30, "to the last bit"
    assert session.rows[7].video_s == pytest.approx(7 / 30, abs=1e-6)
    assert session.rows[6].detected is True
    assert session.rows[7].detected is None
    assert [item.frame_id for item in session.analyses] == list(range(0, 40, 2))
    assert session.analyses[3].faces[0].readings["smile"].p == 0.75
    assert session.analyses[3].model == "fake"
    assert (session.header.model, session.header.model_sha256) == ("fake", "f" * 64)
    assert [head.name for head in session.header.heads] == ["age", "gender", "smile"]
    assert bench.videos.closed == 1


def test_hung_encoder_drops_frames_counts_them_and_never_blocks_the_capture(bench: Any) -> None:
    bench.videos.go_on.clear()
    recorder = bench.record()
    bench.feed(recorder, range(1))
    assert bench.videos.entered.wait(WAIT_S)
    bench.feed(recorder, range(1, 200))
    status = recorder.status()
    assert status.frames_dropped == 200 - 64
    assert dict(status.dropped) == {"encoder": 136}
    bench.videos.go_on.set()
    recorder.finish()
    status = bench.end(recorder)
    session = bench.session()
    assert session.sums is not None
    assert session.sums["captured"] == 200
    assert session.sums["recorded"] == 64
    assert session.sums["dropped"] == {"encoder": 136}


def test_slow_disk_is_told_apart_from_a_slow_encoder(bench: Any) -> None:
    bench.videos.busy_with = "disk"
    bench.videos.go_on.clear()
    recorder = bench.record()
    bench.feed(recorder, range(1))
    assert bench.videos.entered.wait(WAIT_S)
    bench.feed(recorder, range(1, 100))
    bench.videos.go_on.set()
    recorder.finish()
    assert dict(bench.end(recorder).dropped) == {"disk": 36}
    bench.session()


def test_failing_disk_ends_the_recording_in_one_sentence(bench: Any) -> None:
    error = RecordingError("a.mp4 cannot be written (No space left on device): free some space.")
    bench.videos = FakeVideos(fail_after=10, error=error)
    recorder = bench.record()
    bench.feed(recorder, range(30))
    status = bench.end(recorder)
    assert status.state == "failed"
    assert "No space left on device" in status.message
    assert "what was recorded until then (0 s) can be played." in status.message
    session = bench.session()
    assert session.sums is not None
    assert session.sums["recorded"] == 10
    assert session.header.ended is not None
    assert session.header.ended["why"] == "failed"
    assert bench.videos.closed == 1, "what was written is finished"


def test_encoder_that_raises_something_unknown_ends_with_a_sentence(bench: Any) -> None:
    bench.videos = FakeVideos(fail_after=3, error=ZeroDivisionError("lies"))
    recorder = bench.record()
    bench.feed(recorder, range(10))
    status = bench.end(recorder)
    assert status.state == "failed"
    assert "ZeroDivisionError" in status.message
    bench.session()


def test_disk_that_is_taken_out_is_noticed(bench: Any) -> None:
    recorder = bench.record()
    bench.feed(recorder, range(4))
    bench.until(recorder, lambda status: status.frames_written == 4)
    bench.videos.gone = RecordingError("a.mp4 is gone: record to another place.")
    status = bench.end(recorder)
    assert status.state == "failed"
    assert "is gone" in status.message


def test_ledger_that_cannot_be_written_is_an_error(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facecam.recording import session_folder

    def full(self: Any) -> None:
        raise RecordingError("the folder cannot be written (No space left on device): free some.")

    recorder = bench.record()
    bench.feed(recorder, range(4))
    bench.until(recorder, lambda status: status.frames_written == 4)
    monkeypatch.setattr(session_folder.SessionFolder, "flush", full)
    status = bench.end(recorder)
    assert status.state == "failed"
    assert bench.videos.closed == 1


def test_low_disk_stops_cleanly_before_it_is_full(bench: Any) -> None:
    recorder = bench.record(limits=DiskLimits(min_free_bytes=1000, min_left_s=0.0))
    bench.feed(recorder, range(5))
    bench.until(recorder, lambda status: status.frames_written == 5)
    bench.free = 900
    status = bench.end(recorder)
    assert status.state == "stopped"
    assert "only 0 MB were left" in status.message
    session = bench.session()
    assert session.header.ended is not None
    assert session.header.ended["why"] == "disk low"


def test_low_disk_is_refused_before_anything_is_written(bench: Any) -> None:
    bench.free = 100_000_000
    recorder = bench.record()
    status = bench.end(recorder)
    assert status.state == "failed"
    assert "Only 100 MB are free" in status.message
    assert list(bench.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["a.mp4", "a.session"])
def test_name_that_exists_is_refused_and_kept(bench: Any, name: str) -> None:
    (bench.folder / name).write_text("mine")
    recorder = bench.record()
    bench.feed(recorder, range(3))
    status = bench.end(recorder)
    assert status.state == "failed"
    assert f"{name} exists already" in status.message
    assert [item.name for item in bench.folder.iterdir()] == [name]
    assert (bench.folder / name).read_text() == "mine"


def test_folder_that_cannot_be_made_is_refused(bench: Any) -> None:
    (bench.folder / "file").write_text("")
    bench.folder = bench.folder / "file"
    status = bench.end(bench.record())
    assert status.state == "failed"
    assert "cannot be written" in status.message


def test_videos_that_cannot_be_made_leave_no_folder(bench: Any) -> None:
    def refuse(request: Any, size_wh: Any, fps: float) -> FakeVideos:
        raise RecordingError("a.mp4 cannot be recorded with the encoder x: choose another size.")

    recorder = bench.record(videos=refuse)
    bench.feed(recorder, range(3))
    status = bench.end(recorder)
    assert (status.state, status.frames_written) == ("failed", 0)
    assert list(bench.folder.iterdir()) == []


def test_stop_before_the_first_frame_leaves_nothing(bench: Any) -> None:
    recorder = bench.record()
    recorder.finish()
    status = bench.end(recorder)
    assert status.state == "stopped"
    assert "No frame came" in status.message
    assert list(bench.folder.iterdir()) == []


def test_pause_and_resume_are_marked_and_leave_the_time_out(bench: Any) -> None:
    recorder = bench.record()
    bench.feed(recorder, range(10))
    bench.until(recorder, lambda status: status.state == "recording")
    recorder.pause()
    assert recorder.status().state == "paused"
    bench.feed(recorder, range(10, 100))
    recorder.resume()
    assert recorder.status().state == "recording"
    bench.feed(recorder, range(100, 110))
    recorder.finish()
    status = bench.end(recorder)
    assert status.elapsed_s == pytest.approx(19 / 30)
    assert status.frames_dropped == 0, "a pause is no loss"
    session = bench.session()
    assert session.sums is not None
    assert session.sums["dropped"] == {"paused": 90}
    (gap,) = session.gaps
    assert (gap.why, gap.before_frame) == ("pause", 100)
    assert (gap.from_t_s, gap.to_t_s) == (9 / 30, 100 / 30)
    assert not any(row.analyzed for row in session.rows[10:100]), "a pause records nothing"


def test_paused_before_the_first_frame(bench: Any) -> None:
    recorder = bench.record()
    recorder.pause()
    bench.feed(recorder, range(5))
    recorder.resume()
    bench.feed(recorder, range(5, 8))
    recorder.finish()
    assert bench.end(recorder).frames_written == 3
    session = bench.session()
    assert len(session.rows) == 8


def test_stop_gives_up_what_a_hung_encoder_left_when_the_session_ends(bench: Any) -> None:
    bench.videos.go_on.clear()
    recorder = bench.record()
    bench.feed(recorder, range(30))
    assert bench.videos.entered.wait(WAIT_S)
    recorder.finish("session stopped", 0.0)
    assert recorder.status().state == "stopping"
    bench.videos.go_on.set()
    bench.end(recorder)
    session = bench.session()
    assert session.sums is not None
    assert session.sums["recorded"] == 1
    assert session.sums["dropped"] == {"stopped": 29}


def test_faces_are_blurred_before_the_encoder_in_every_video(bench: Any) -> None:
    recorder = bench.record(blur=True)
    bench.feed(recorder, range(5), smiling(1))
    recorder.finish()
    bench.end(recorder)
    x, y, w, h = (round(value) for value in smiling(1).box_xywh)
    original = frame_at(0).image_bgr
    for clean, drawn in zip(bench.videos.pictures, bench.videos.drawn, strict=True):
        face = clean[y : y + h, x : x + w].astype(int)
        assert face.std() < 0.3 * original[y : y + h, x : x + w].std()
        inside = drawn[y + 20 : y + h - 10, x + 20 : x + w - 10]
        assert np.array_equal(inside, clean[y + 20 : y + h - 10, x + 20 : x + w - 10])
    assert np.array_equal(bench.videos.pictures[0][180:, 200:], original[180:, 200:])


def test_face_is_blurred_before_it_is_found(bench: Any) -> None:
    """The tracker shows a new face only after some detections, while it may cross the picture."""
    recorder = bench.record(blur=True)
    places = {number: (20.0 + 8 * number, 100.0, 40.0, 40.0) for number in range(24)}
    for number, box in places.items():
        recorder.put(1, frame_at(number))
        found = (replace(smiling(1), box_xywh=box),) if number >= 10 else ()
        recorder.put_analysis(1, analysis_at(number, *found))
    recorder.finish()
    bench.end(recorder)
    original = frame_at(0).image_bgr
    for number, picture in enumerate(bench.videos.pictures):
        x, y, w, h = (round(value) for value in places[number])
        here = np.s_[y : y + h, x : x + w]
        assert picture[here].astype(int).std() < 0.3 * original[here].std(), number
    soon = bench.videos.pictures[9]
    assert np.array_equal(soon[:60], original[:60]), "and little else where it is found at once"


@pytest.mark.parametrize("first", [True, False])
def test_recorder_waits_for_faces_that_are_still_to_be_found_where_it_blurs(
    bench: Any, first: bool
) -> None:
    recorder = bench.record(blur=first)
    assert recorder.book.looks_ahead is first
    recorder.set_blur(True)
    assert recorder.book.looks_ahead
    recorder.set_blur(False)
    assert recorder.book.looks_ahead is first, "what the request wants counts more"


def test_patient_recorder_that_blurs_never_waits_for_what_waits_for_it(bench: Any) -> None:
    recorder = bench.record(patient=True, blur=True)
    for number in range(300):
        recorder.put(1, frame_at(number, fps=240.0))
        recorder.put_analysis(1, analysis_at(number, fps=240.0))
        recorder.book.wait_for_room()
    recorder.finish()
    assert bench.end(recorder).frames_written == 300


def test_picture_is_blurred_whole_while_nobody_knows_where_faces_are(bench: Any) -> None:
    recorder = bench.record(blur=True)
    for number in range(4):
        recorder.put(1, frame_at(number))  # never analysed
    recorder.finish()
    bench.end(recorder)
    original = frame_at(0).image_bgr.astype(float)
    assert len(bench.videos.pictures) == 4
    for picture in bench.videos.pictures:
        assert picture.astype(float).std() < 0.3 * original.std()


def test_blur_of_a_model_that_looks_at_whole_pictures_blurs_all(bench: Any) -> None:
    recorder = bench.record(blur=True)
    whole = replace(smiling(0), score=None, box_xywh=(0.0, 0.0, 320.0, 240.0))
    bench.feed(recorder, range(3), whole)
    recorder.finish()
    bench.end(recorder)
    assert bench.videos.pictures[0].std() < 0.3 * frame_at(0).image_bgr.std()


def test_patient_recorder_loses_nothing(bench: Any) -> None:
    recorder = bench.record(patient=True)
    for number in range(300):
        recorder.put(1, frame_at(number))
        recorder.put_analysis(1, analysis_at(number))
        recorder.book.wait_for_room()
    recorder.finish()
    assert bench.end(recorder).frames_written == 300


def test_patient_recorder_takes_its_time_to_finish(bench: Any) -> None:
    """A file that is recorded on a slow machine is recorded whole."""
    clock = FakeClock()
    recorder = bench.record(patient=True, clock=clock)
    bench.videos.go_on.clear()
    bench.feed(recorder, range(20))
    assert bench.videos.entered.wait(WAIT_S)
    recorder.finish("end of file")
    clock.advance(3600.0)
    bench.videos.go_on.set()
    assert bench.end(recorder).frames_written == 20


def test_overlay_follows_what_is_shown_from_then_on(bench: Any) -> None:
    recorder = bench.record()
    bench.feed(recorder, range(4), smiling(1))
    bench.until(recorder, lambda status: status.frames_written == 4)
    recorder.set_look(OverlayOptions(show_boxes=False, show_bars=False))
    bench.feed(recorder, range(4, 8), smiling(1))
    recorder.finish()
    bench.end(recorder)
    pairs = zip(bench.videos.pictures, bench.videos.drawn, strict=True)
    assert [np.array_equal(*pair) for pair in pairs] == [False] * 4 + [True] * 4
    ledger = (bench.folder / "a.session" / "ledger.jsonl").read_text("utf-8")
    marks = [json.loads(line)["look"] for line in ledger.splitlines() if '"look"' in line]
    assert [mark["frame"] for mark in marks] == [4]
    bench.session()  # which finds no damage and no contradiction


def test_what_was_captured_blurred_stays_so_when_blurring_ends(bench: Any) -> None:
    bench.videos.go_on.clear()
    recorder = bench.record()
    recorder.set_blur(True)
    for number in range(3):
        recorder.put(1, frame_at(number))
    recorder.set_blur(False)
    bench.videos.go_on.set()
    recorder.finish()
    bench.end(recorder)
    original = frame_at(0).image_bgr.astype(float)
    assert len(bench.videos.pictures) == 3
    for picture in bench.videos.pictures:
        assert picture.astype(float).std() < 0.3 * original.std()
