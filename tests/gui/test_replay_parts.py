"""Parts of the replay that need no window."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from facecam.errors import RecordingError
from facecam.gui.replay_compare import compare, same_face
from facecam.gui.replay_loading import load_recording
from facecam.gui.replay_player import Player
from facecam.gui.replay_scrub import _lanes
from facecam.gui.replay_timeline import Span, Timeline
from facecam.gui.replay_video import VideoReader
from facecam.gui.words import comparison_sentence, difference_text
from facecam.types import Analysis, FaceAnalysis
from tests.fakes import FakeClock
from tests.gui.fake_recording import FPS, STEP, write_session
from tests.gui.fake_session import HEADS, face
from tests.gui.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


def analysis(t_s: float, *tracks: int) -> Analysis:
    return Analysis(0, t_s, t_s, t_s, tuple(face(track) for track in tracks), (640, 360))


def test_the_stats_of_a_moment_are_the_newest_before_it_unless_old() -> None:
    timeline = Timeline([analysis(0.0, 1), analysis(0.1, 1), analysis(3.0, 2)])
    assert timeline.at(0.05) is timeline.analyses[0]
    assert timeline.at(0.1) is timeline.analyses[1]
    assert timeline.at(1.5) is None
    assert timeline.at(-0.1) is None
    assert timeline.at(99.0) is None
    assert timeline.end_s == 3.0


def test_a_face_that_was_away_has_two_spans_and_can_be_jumped_to() -> None:
    times = [0.0, 0.2, 0.4, 2.0, 2.2]
    timeline = Timeline([analysis(t, 1) for t in times] + [analysis(1.0, 2)])
    assert timeline.spans == (Span(1, 0.0, 0.4), Span(2, 1.0, 1.0), Span(1, 2.0, 2.2))
    following = timeline.next_start(0.1, 1)
    assert following is not None
    assert following.track == 2
    last = timeline.next_start(0.1, 1, track=1)
    assert last is not None
    assert last.start_s == 2.0
    before = timeline.next_start(2.1, -1)
    assert before is not None
    assert before.start_s == 1.0, "a press right after a start goes to the one before"
    assert timeline.next_start(2.1, 1) is None


def test_histories_are_thinned_but_end_with_the_moment() -> None:
    timeline = Timeline([analysis(number / 30, 1) for number in range(300)])
    chosen = timeline.before(5.0, 2.0, 0.2)
    assert len(chosen) <= 12
    assert chosen[-1].source_s == pytest.approx(5.0)
    assert chosen[0].source_s >= 3.0 - 1e-6


def test_an_empty_recording_is_no_error() -> None:
    timeline = Timeline(())
    assert timeline.at(0.0) is None
    assert timeline.spans == ()
    assert timeline.next_start(0.0, 1) is None


def test_faces_that_never_meet_share_a_lane() -> None:
    spans = (Span(1, 0, 2), Span(2, 1, 3), Span(3, 4, 5))
    assert _lanes(spans) == {1: 0, 2: 1, 3: 0}


def test_the_player_plays_holds_jumps_and_stops_at_the_end() -> None:
    clock = FakeClock()
    player = Player(10.0, clock)
    player.play()
    clock.advance(2.0)
    assert player.position_s == 2.0
    player.set_speed(4.0)
    clock.advance(1.0)
    assert player.position_s == 6.0, "a change of speed does not jump"
    player.pause()
    clock.advance(5.0)
    assert player.position_s == 6.0
    player.seek(9.0)
    player.play()
    clock.advance(60.0)
    assert player.position_s == 10.0
    assert not player.playing
    player.play()
    assert player.position_s == 0.0, "play at the end begins anew"
    player.seek(-5.0)
    assert player.position_s == 0.0


def test_two_models_are_compared_stat_by_stat() -> None:
    one, two = face(1, age=30.0), face(4, age=33.4)
    two = dataclasses.replace(
        two, readings={name: value for name, value in two.readings.items() if name != "beard"}
    )
    rows = {row.key: row for row in compare(HEADS, one, HEADS, two, "en")}
    assert difference_text(rows["age"]) == "+3"
    assert difference_text(rows["smile"]) == "same"
    assert rows["beard"].difference is None
    assert comparison_sentence(rows["age"]) == "Age: 30, then 33 (+3)"
    unsure = face(4, unsure="small")
    assert all(row.difference is None for row in compare(HEADS, one, HEADS, unsure, "en"))


def test_other_answers_are_called_different() -> None:
    one = face(1)
    readings = dict(one.readings)
    gender, smile = readings["gender"], readings["smile"]
    readings["gender"] = dataclasses.replace(gender, label="male", p=0.6)  # type: ignore[call-arg]
    readings["smile"] = dataclasses.replace(smile, p=0.4, on=False)  # type: ignore[call-arg]
    two = dataclasses.replace(one, readings=readings)
    rows = {row.key: row for row in compare(HEADS, one, HEADS, two, "en")}
    assert difference_text(rows["gender"]) == "differs"
    assert rows["smile"].differs
    assert difference_text(rows["smile"]) == "−48 points"


def test_faces_are_matched_by_where_they_are_not_by_number() -> None:
    def at(track: int, x: float) -> FaceAnalysis:
        return face(track, (x, 50.0, 100.0, 100.0))

    other = Analysis(0, 0.0, 0.0, 0.0, (at(1, 400.0), at(9, 60.0)), (640, 360))
    found = same_face(at(1, 50.0), other)
    assert found is not None
    assert found.track == 9
    assert same_face(at(1, 200.0), other) is None
    assert same_face(None, other) is None


@pytest.mark.parametrize("which", ["folder", "session file", "video", "clean video"])
def test_a_recording_is_found_by_any_of_its_parts(tmp_path: Path, which: str) -> None:
    session = write_session(tmp_path, frames=4)
    path = {
        "folder": session,
        "session file": session / "session.json",
        "video": tmp_path / "party.mp4",
        "clean video": session / "clean.mp4",
    }[which]
    recording = load_recording(path)
    assert recording.name == "party"
    assert recording.folder == session


def test_a_recording_is_read_with_its_times_in_the_video(tmp_path: Path) -> None:
    recording = load_recording(write_session(tmp_path, frames=20, pause=(5, 9)))
    assert recording.source_name == "Webcam"
    assert recording.clean
    assert recording.video is not None
    assert recording.video.name == "clean.mp4"
    assert [head.name for head in recording.heads] == [head.name for head in HEADS]
    assert len(recording.timeline.analyses) == 16, "what was paused is not in the video"
    ages = [item.faces[0].readings["age"].value for item in recording.timeline.analyses]  # type: ignore[union-attr]
    assert ages[4:6] == [24.0, 29.0]
    at_s = 5 / FPS
    moment = recording.timeline.at(at_s)
    assert moment is not None
    assert moment.faces[0].readings["age"].value == 29.0  # type: ignore[union-attr]
    (gap,) = recording.gaps
    assert gap.why == "pause"
    assert gap.end_s == pytest.approx(at_s)
    assert gap.seconds == pytest.approx(5 / FPS)


def test_a_recording_whose_video_is_gone_still_has_its_stats(tmp_path: Path) -> None:
    recording = load_recording(write_session(tmp_path, frames=4, video=False))
    assert recording.video is None
    assert not recording.clean
    assert len(recording.timeline.analyses) == 4


def test_what_is_no_recording_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"party\.mp4 does not exist"):
        load_recording(tmp_path / "party.mp4")
    with pytest.raises(RecordingError, match="no recording"):
        load_recording(tmp_path)
    session = write_session(tmp_path, frames=2)
    facts = json.loads((session / "session.json").read_text("utf-8"))
    (session / "session.json").write_text(json.dumps({**facts, "schema": "facecam-session-9"}))
    with pytest.raises(RecordingError):
        load_recording(session)


def number_of(reader: VideoReader) -> int | None:
    """Return which frame is shown, by its grey; None for a key frame on the way."""
    shown = reader.newest
    if shown is None or not shown.exact:
        return None
    return round((float(shown.image_bgr[90, 160, 1]) - 16) / STEP)


def test_the_reader_shows_the_very_frame_of_a_time(tmp_path: Path) -> None:
    session = write_session(tmp_path, frames=20)
    reader = VideoReader(session / "clean.mp4")
    try:
        for number in (0, 7, 3, 19, 18, 1):
            reader.show((number + 0.5) / FPS)
            wait_until(lambda number=number: number_of(reader) == number)
        reader.show_next()
        wait_until(lambda: number_of(reader) == 2)
        reader.show(99.0)
        wait_until(lambda: number_of(reader) == 19)
        assert reader.duration_s == pytest.approx(20 / FPS, abs=0.05)
        for number in range(20):
            reader.show(number / FPS)
        wait_until(lambda: number_of(reader) == 19)
    finally:
        reader.close()


def test_a_video_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(b"no video at all")
    reader = VideoReader(path)
    try:
        wait_until(lambda: reader.error != "")
        assert "broken.mp4" in reader.error
    finally:
        reader.close()


def test_a_recording_is_read_without_qt() -> None:
    code = "import sys, facecam.gui.replay_loading; print('PySide6' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
