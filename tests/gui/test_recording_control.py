import dataclasses
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPushButton

from facecam.gui.live_session import SourcePhase
from facecam.gui.look import Look
from facecam.gui.main_window import MainWindow
from facecam.recording.request import RecentStatus, RecordingRequest
from facecam.settings import CleanVideo, Settings
from tests.gui.conftest import delete_now
from tests.gui.fake_session import FakeSession, face
from tests.gui.waiting import wait_until


def play(window: MainWindow, session: FakeSession) -> None:
    session.run(face(1))
    wait_until(lambda: window.frame is session.frame and window.stage.video.has_picture)
    window.refresh_status()


def press(window: MainWindow, key: str) -> None:
    QTest.keySequence(window, QKeySequence(key))


def requests(session: FakeSession) -> list[RecordingRequest]:
    return [what for kind, what in session.asked if isinstance(what, RecordingRequest)]


@pytest.fixture
def ready(window: MainWindow, session: FakeSession, tmp_path: Path) -> MainWindow:
    """Return a window that plays and knows where recordings go."""
    window.change(videos_dir=str(tmp_path))
    play(window, session)
    return window


def test_the_folder_is_asked_for_once(
    window: MainWindow, session: FakeSession, tmp_path: Path
) -> None:
    play(window, session)
    press(window, "R")
    dialog = next(d for d in window.findChildren(QFileDialog) if d.isVisible())
    assert requests(session) == []
    dialog.fileSelected.emit(str(tmp_path))
    dialog.reject()
    assert requests(session)[0].path.parent == tmp_path
    assert window.settings.videos_dir == str(tmp_path)
    press(window, "R")
    press(window, "R")
    assert len(requests(session)) == 2
    assert not [d for d in window.findChildren(QFileDialog) if d.isVisible()]


def test_recording_is_seen_and_says_how_it_goes(ready: MainWindow, session: FakeSession) -> None:
    badges = ready.stage.badges
    assert not badges.recording.isVisible()
    press(ready, "R")
    session.note_recording(elapsed_s=83.4, frames_dropped=4, disk_left_s=1500.0)
    ready.refresh_status()
    assert badges.recording.isVisible()
    assert badges.state_label.text() == "REC 1:23"
    assert "4 frames missing" in badges.detail_label.text()
    assert "25 min left" in badges.detail_label.text()
    assert ready.windowTitle().startswith("●")
    assert ready.actions_["record"].iconText() == "Stop"
    press(ready, "Shift+R")
    assert session.asked[-1] == ("pause", None)
    assert badges.state_label.text() == "Paused 1:23"
    press(ready, "Shift+R")
    assert session.asked[-1] == ("resume", None)
    press(ready, "R")
    assert session.asked[-1] == ("stop recording", None)
    assert not badges.recording.isVisible()
    assert not ready.windowTitle().startswith("●")
    text = ready.stage.notice.text.text()
    assert "1:23" in text
    assert requests(session)[0].path.name in text


def test_a_recording_that_ends_by_itself_says_why_once(
    ready: MainWindow, session: FakeSession, tmp_path: Path
) -> None:
    press(ready, "R")
    path = requests(session)[0].path
    path.write_bytes(b"video")
    session.note_recording(state="stopped", message="The disk is nearly full: free some room.")
    ready.refresh_status()
    notice = ready.stage.notice
    assert notice.text.text() == "The disk is nearly full: free some room."
    buttons = [b.text() for b in notice.findChildren(QPushButton) if b.isVisible()]
    assert "Show in folder" in buttons
    notice.hide()
    ready.refresh_status()
    assert not notice.isVisible()
    press(ready, "R")
    session.note_recording(state="failed", message="The encoder failed: choose another size.")
    ready.refresh_status()
    assert "encoder failed" in notice.text.text()
    buttons = [b.text() for b in notice.findChildren(QPushButton) if b.isVisible()]
    assert buttons == ["Choose another folder…"]
    press(ready, "R")
    assert not notice.isVisible(), "what became of the recording before"


def test_names_are_never_taken_twice(
    ready: MainWindow, session: FakeSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        press(ready, "R")
        request = requests(session)[-1]
        request.path.touch()
        request.folder.mkdir()
        press(ready, "R")
    assert len({request.path for request in requests(session)}) == 3


def test_the_menu_says_what_is_recorded(ready: MainWindow, session: FakeSession) -> None:
    kinds = {action.data(): action for action in ready.actions_.record_kinds.actions()}
    kinds["both"].trigger()
    ready.actions_["record_lossless"].setChecked(True)
    ready.actions_["record_session"].setChecked(False)
    press(ready, "R")
    press(ready, "R")
    request = requests(session)[-1]
    assert (request.overlay, request.clean) == (True, "lossless")
    assert request.session_folder, "the camera's own video lies in it"
    kinds["clean"].trigger()
    ready.actions_["record_lossless"].setChecked(False)
    press(ready, "R")
    press(ready, "R")
    assert (requests(session)[-1].overlay, requests(session)[-1].clean) == (False, "lossy")
    kinds["overlay"].trigger()
    press(ready, "R")
    request = requests(session)[-1]
    assert (request.overlay, request.clean, request.session_folder) == (True, "none", False)
    assert not ready.actions_["record_lossless"].isEnabled()


def test_recordings_are_not_mirrored_and_have_the_stats_that_are_shown(
    ready: MainWindow, session: FakeSession
) -> None:
    ready.actions_["mirror"].trigger()
    ready.presenter.hidden = frozenset({"beard"})
    press(ready, "R")
    request = requests(session)[0]
    assert not request.drawing.mirror
    assert request.drawing.heads is not None
    assert "beard" not in request.drawing.heads
    assert "smile" in request.drawing.heads


def test_a_countdown_can_be_left_off(ready: MainWindow, session: FakeSession) -> None:
    ready.actions_["record_countdown"].setChecked(True)
    press(ready, "R")
    assert ready.stage.countdown.isVisible()
    assert ready.stage.countdown.number.text() == "3"
    assert requests(session) == []
    press(ready, "Esc")
    assert not ready.stage.countdown.isVisible()
    press(ready, "R")
    for left in ("2", "1"):
        ready.recording._count_down()
        assert ready.stage.countdown.number.text() == left
    ready.recording._count_down()
    assert len(requests(session)) == 1
    assert not ready.stage.countdown.isVisible()


def test_blurring_is_marked_remembered_and_recorded(
    ready: MainWindow, session: FakeSession
) -> None:
    assert not ready.stage.badges.blur.isVisible()
    press(ready, "Shift+B")
    assert ready.stage.badges.blur.isVisible()
    assert session.blur
    assert ready.settings.blur
    assert ready.show_options().blur
    press(ready, "R")
    assert requests(session)[0].blur
    press(ready, "Shift+B")
    assert not session.blur
    assert not ready.stage.badges.blur.isVisible()


def test_the_last_seconds_can_be_saved(
    ready: MainWindow, session: FakeSession, tmp_path: Path
) -> None:
    assert session.recent_s == 10.0
    press(ready, "T")
    assert session.asked == [], "nothing is kept yet"
    session.view = dataclasses.replace(session.view, recent=RecentStatus(seconds=4.0))
    ready.refresh_status()
    press(ready, "T")
    assert ready.stage.notice.text.text() == "Saving the last seconds…"
    kind, wanted = session.asked[-1]
    assert kind == "recent"
    path, seconds = wanted  # type: ignore[misc]
    assert path.parent == tmp_path
    assert seconds == 10.0
    saved = RecentStatus(seconds=4.0, saved=path, message="Saved.")
    session.view = dataclasses.replace(session.view, recent=saved)
    ready.refresh_status()
    assert path.name in ready.stage.notice.text.text()
    ready.actions_["keep_recent"].setChecked(False)
    assert session.recent_s == 0.0


def test_closing_finishes_the_recording_first(ready: MainWindow, session: FakeSession) -> None:
    session.finishes = False
    press(ready, "R")
    assert not ready.close()
    assert ready.isVisible()
    assert ready.stage.card.title.text() == "Finishing the recording"
    assert ("stop recording", None) in session.asked
    session.note_recording(state="stopped")
    ready.refresh_status()
    assert not ready.isVisible()
    assert session.asked[-1][0] == "stop"


def test_closing_does_not_wait_for_ever(
    ready: MainWindow, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.finishes = False
    monkeypatch.setattr("facecam.gui.closing.FINISH_S", 0.05)
    press(ready, "R")
    ready.close()
    wait_until(lambda: not ready.isVisible())


def test_a_lost_source_is_waited_for_over_the_last_picture(
    ready: MainWindow, session: FakeSession
) -> None:
    press(ready, "R")
    session.view = dataclasses.replace(
        session.view, source_phase=SourcePhase.LOST, health="reconnecting", health_s=7.3
    )
    ready.refresh_status()
    assert "for 7 s now" in ready.stage.card.text.text()
    assert "recording goes on" in ready.stage.card.text.text()
    assert ready.stage.video.has_picture
    button = ready.stage.card.findChildren(QPushButton)[0]
    session.view = dataclasses.replace(session.view, health_s=8.3)
    ready.refresh_status()
    assert ready.stage.card.findChildren(QPushButton)[0] is button, "buttons keep the focus"


def test_a_loss_is_told_once_and_its_end_for_a_while(
    ready: MainWindow, session: FakeSession
) -> None:
    """A message that outlives the loss would claim what is no longer so."""
    press(ready, "R")
    session.view = dataclasses.replace(
        session.view,
        source_phase=SourcePhase.LOST,
        health="gone",
        health_s=5.8,
        error="The stream fell silent: open it again.",
        error_count=1,
    )
    ready.refresh_status()
    stage = ready.stage
    assert "is gone" in stage.card.title.text()
    assert not stage.notice.isVisible(), "the card says it"
    assert "waiting for pictures" in stage.badges.detail_label.text()
    model_error = "The model x does not match: copy it again."
    session.view = dataclasses.replace(session.view, error=model_error, error_count=2)
    ready.refresh_status()
    assert stage.notice.text.text() == model_error, "other errors are said as ever"
    session.view = dataclasses.replace(session.view, health="ok")
    play(ready, session)
    assert "is back after 6 s. The gap is marked in the recording." in stage.pill.text()
    assert "waiting" not in stage.badges.detail_label.text()
    session.view = dataclasses.replace(session.view, health="stalled", health_s=0.6)
    ready.refresh_status()
    assert "No new picture" in stage.pill.text(), "the next fault is not hidden by that"
    session.view = dataclasses.replace(session.view, health="ok")
    ready.refresh_status()
    assert not stage.pill.isVisible()


def test_an_old_picture_and_its_stats_are_dimmed(ready: MainWindow, session: FakeSession) -> None:
    video = ready.stage.video

    def brightness() -> float:
        image = video.grab().toImage()
        return image.pixelColor(image.width() // 2, image.height() // 2).lightnessF()

    bright = brightness()
    session.view = dataclasses.replace(session.view, health="stalled", health_s=0.6)
    ready.refresh_status()
    assert brightness() == pytest.approx(bright), "a short pause does not flicker"
    for fields in (
        {"health": "stalled", "health_s": 1.2},
        {"source_phase": SourcePhase.LOST, "health": "gone"},
    ):
        session.view = dataclasses.replace(session.view, **fields)  # type: ignore[arg-type]
        ready.refresh_status()
        ready.stage.card.hide()
        assert brightness() < 0.8 * bright
        ready.panel.refresh(force=True)
        assert all(row._stale for row in ready.panel._rows.values())


@pytest.mark.parametrize(
    ("health", "words"),
    [
        ("stalled", "No new picture for 3 s"),
        ("frozen", "The same picture again"),
        ("black", "black"),
        ("wrong_size", "size"),
    ],
)
def test_what_ails_a_source_is_said_over_the_video(
    ready: MainWindow, session: FakeSession, health: str, words: str
) -> None:
    session.view = dataclasses.replace(session.view, health=health, health_s=3.2)  # type: ignore[arg-type]
    ready.refresh_status()
    assert words in ready.stage.pill.text()
    assert not ready.stage.card.isVisible()
    session.view = dataclasses.replace(session.view, health="ok")
    ready.refresh_status()
    assert not ready.stage.pill.isVisible()


@pytest.mark.parametrize(
    ("overlay", "clean"), [(False, "lossless"), (True, "lossless"), (False, "lossy")]
)
def test_a_new_window_leaves_every_setting_as_it_was(
    look: Look, session: FakeSession, tmp_path: Path, overlay: bool, clean: CleanVideo
) -> None:
    settings = Settings(
        source="2",
        model="mood",
        language="en",
        theme="dark",
        motion="reduced",
        mirror=False,
        mirror_files=True,
        bars=False,
        panel=False,
        heads_hidden=("beard",),
        geometry="00",
        pictures_dir=str(tmp_path),
        cam=True,
        cam_head="smile",
        cam_class="smile",
        cam_selected=True,
        cam_opacity=30,
        cam_colours="magma",
        cam_signed=True,
        cam_scale="frame",
        ring=True,
        blur=True,
        videos_dir=str(tmp_path),
        record_overlay=overlay,
        record_clean=clean,
        record_session=False,
        record_countdown=True,
        keep_recent=False,
    )
    window = MainWindow(session, settings, look.theme, tuple, tuple)
    assert window.settings == settings
    window.deleteLater()
    delete_now()


def test_what_the_command_line_promises_is_recorded_whatever_the_menu_was_left_at(
    ready: MainWindow, session: FakeSession, tmp_path: Path
) -> None:
    ready.change(record_overlay=False, record_clean="lossy", record_session=False)
    ready.recording.begin_into(tmp_path / "asked.mp4")
    request = requests(session)[0]
    assert request.path == tmp_path / "asked.mp4"
    assert (request.overlay, request.clean, request.session_folder) == (True, "lossy", True)


def test_the_source_is_noted_without_its_password(ready: MainWindow, session: FakeSession) -> None:
    session.view = dataclasses.replace(session.view, source_spec="rtsp://me:secret@porch/door")
    press(ready, "R")
    assert requests(session)[0].source_spec == "rtsp://porch/door"
