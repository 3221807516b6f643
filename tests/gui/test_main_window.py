import dataclasses
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QFileDialog,
    QLabel,
    QPushButton,
    QWidget,
)

from facecam.capture.source import SourceInfo
from facecam.gui.dialogs import FiguresDialog, SettingsDialog
from facecam.gui.icons import pixmap
from facecam.gui.live_session import DEMO_SPEC, ModelPhase, SessionView, SourcePhase
from facecam.gui.look import Look
from facecam.gui.main_window import MainWindow
from facecam.gui.theme import DARK, LIGHT
from facecam.settings import Settings
from tests.gui.fake_session import FakeSession, face
from tests.gui.waiting import wait_until

LEFT, RIGHT = (60.0, 80.0, 120.0, 140.0), (430.0, 80.0, 90.0, 110.0)


def play(window: MainWindow, session: FakeSession, *faces: object) -> None:
    """Let the window show one more frame and its stats."""
    session.run(*faces)  # type: ignore[arg-type]
    wait_until(lambda: window.frame is session.frame and window.stage.video.has_picture)
    window.refresh_status()
    window.panel.refresh(force=True)


def press(window: MainWindow, key: str) -> None:
    QTest.keySequence(window, QKeySequence(key))


def texts(widget: QWidget) -> list[str]:
    labels = [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]
    buttons = [b.text() for b in widget.findChildren(QPushButton) if b.isVisible()]
    return labels + buttons


def test_first_start_without_a_camera_says_what_can_be_done(
    window: MainWindow, session: FakeSession
) -> None:
    window.refresh_status()
    card = window.stage.card
    assert card.isVisible()
    assert {"Play the demo clip", "Open a file…", "Try the camera again"} <= set(texts(card))
    assert not window.actions_["snapshot"].isEnabled()
    assert not window.actions_["freeze"].isEnabled()
    button = next(b for b in card.findChildren(QPushButton) if b.text() == "Play the demo clip")
    button.click()
    assert session.asked == [("source", DEMO_SPEC)]


def test_frames_are_shown_and_stats_stand_in_the_panel(
    window: MainWindow, session: FakeSession
) -> None:
    play(window, session, face(3, LEFT, age=34))
    assert not window.stage.card.isVisible()
    assert window.panel.face_label.text() == "Face 3"
    assert window.panel.big_value.text() == "34"
    assert "29 to 40" in window.panel.big_note.text()
    assert "17 ms behind" in window.status_line.button.text()
    assert "1 skipped" in window.status_line.button.text()
    assert "Integrated Camera" in window.windowTitle()


def test_an_unsure_reading_shows_no_number(window: MainWindow, session: FakeSession) -> None:
    play(window, session, face(3, LEFT, age=34, unsure="small"))
    assert window.panel.big_value.text() == "–"
    assert "too small" in window.panel.big_note.text()


def test_a_click_on_a_face_selects_it(window: MainWindow, session: FakeSession) -> None:
    play(window, session, face(3, LEFT), face(8, RIGHT))
    assert window.presenter.selected == 3
    click_frame(window, 470, 120)
    assert window.panel.face_label.text() == "Face 8"


def test_a_click_hits_the_right_face_in_the_mirror(
    window: MainWindow, session: FakeSession
) -> None:
    window.actions_["mirror"].trigger()
    play(window, session, face(3, LEFT), face(8, RIGHT))
    click_frame(window, 640 - 470, 120)
    assert window.presenter.selected == 8


def click_frame(window: MainWindow, x: float, y: float) -> None:
    video = window.stage.video
    rect = video.picture_rect()
    point = QPoint(
        round(rect.left() + x / 640 * rect.width()), round(rect.top() + y / 360 * rect.height())
    )
    QTest.mouseClick(video, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)


def test_keys_do_what_the_menus_say(window: MainWindow, session: FakeSession) -> None:
    play(window, session, face(3, LEFT), face(8, RIGHT))
    press(window, "]")
    assert window.presenter.selected == 8
    press(window, "[")
    assert window.presenter.selected == 3
    press(window, "K")
    assert window.presenter.pinned
    before = window.settings
    press(window, "M")
    press(window, "B")
    press(window, "P")
    assert window.settings.mirror is not before.mirror
    assert window.settings.bars is not before.bars
    assert not window.panel.isVisible()


def test_freeze_holds_picture_and_stats(window: MainWindow, session: FakeSession) -> None:
    play(window, session, face(3, LEFT, age=34))
    held = window.frame
    press(window, "Space")
    assert window.stage.pill.isVisible()
    session.run(face(3, LEFT, age=70))
    QTest.qWait(60)
    window.panel.refresh(force=True)
    assert window.frame is held
    assert window.panel.big_value.text() == "34"
    press(window, "Space")
    wait_until(lambda: window.frame is session.frame)


def test_mirror_and_bars_change_the_shown_picture_only(
    window: MainWindow, session: FakeSession
) -> None:
    image = np.zeros((360, 640, 3), np.uint8)
    image[:, :320] = (0, 0, 255)
    session.run(image=image)
    wait_until(lambda: window.stage.video.has_picture)
    video = window.stage.video
    middle = video.picture_rect().center()
    left = QPoint(video.picture_rect().left() + 20, middle.y())
    assert video.grab().toImage().pixelColor(left).red() > 200
    window.actions_["mirror"].trigger()
    wait_until(lambda: video.grab().toImage().pixelColor(left).red() < 50)
    assert image[0, 0].tolist() == [0, 0, 255]


def test_a_camera_and_a_film_are_mirrored_each_as_it_was_left(
    window: MainWindow, session: FakeSession
) -> None:
    play(window, session)
    window.actions_["mirror"].trigger()
    assert (window.settings.mirror, window.settings.mirror_files) == (True, False)
    film = SourceInfo("film.mp4", "file", False, (640, 360), 25.0)
    session.view = dataclasses.replace(session.view, source=film)
    window.refresh_status()
    assert not window.actions_["mirror"].isChecked()
    assert not window.show_options().mirror
    window.actions_["mirror"].trigger()
    assert (window.settings.mirror, window.settings.mirror_files) == (True, True)


def test_the_picture_keeps_its_aspect(window: MainWindow, session: FakeSession) -> None:
    play(window, session)
    rect = window.stage.video.picture_rect()
    assert rect.width() / rect.height() == pytest.approx(16 / 9, abs=0.02)
    assert window.stage.video.rect().contains(rect)


@pytest.mark.parametrize("size_wh", [(1, 1), (3, 2000), (7680, 4320), (641, 359)])
def test_odd_frame_sizes_are_shown(
    window: MainWindow, session: FakeSession, size_wh: tuple[int, int]
) -> None:
    session.size_wh = size_wh
    play(window, session)
    assert window.stage.video.grab().width() > 0


def test_losing_the_camera_and_the_end_of_a_file_look_different(
    window: MainWindow, session: FakeSession
) -> None:
    play(window, session, face(1))
    titles = []
    for phase in (SourcePhase.LOST, SourcePhase.ENDED, SourcePhase.FAILED):
        session.view = dataclasses.replace(session.view, source_phase=phase, error="Why.")
        window.refresh_status()
        titles.append(window.stage.card.title.text())
    assert len(set(titles)) == 3
    assert "Why." in window.stage.card.text.text()


def test_a_stream_that_is_opened_is_called_by_its_address_without_the_password(
    window: MainWindow, session: FakeSession
) -> None:
    session.view = SessionView(SourcePhase.STARTING, source_spec="rtsp://me:s@cret@cam.lan/video")
    window.refresh_status()
    assert "rtsp://cam.lan/video" in window.stage.card.text.text()
    assert "cret" not in window.stage.card.text.text()


def test_an_error_while_playing_is_a_message_that_goes_away(
    window: MainWindow, session: FakeSession
) -> None:
    play(window, session, face(1))
    sentence = "The model package x does not match: copy it again."
    session.view = dataclasses.replace(session.view, error=sentence, error_count=1)
    window.refresh_status()
    notice = window.stage.notice
    assert notice.isVisible()
    assert notice.text.text() == sentence
    assert notice.cross is not None
    notice.cross.click()
    window.refresh_status()
    assert not notice.isVisible(), "said once"
    session.view = dataclasses.replace(session.view, error_count=2)
    window.refresh_status()
    assert notice.isVisible(), "the same sentence again is a new message"
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not notice.isVisible()


def test_the_demo_says_that_it_is_one(window: MainWindow, session: FakeSession) -> None:
    window.no_camera = True
    play(window, session)
    session.view = dataclasses.replace(session.view, demo=True)
    window.refresh_status()
    assert "No camera was found" in window.stage.ribbon.text.text()
    assert window.stage.ribbon.isVisible()


def test_looking_for_a_camera_again_plays_the_first(
    window: MainWindow, session: FakeSession
) -> None:
    window.commands.look_for_camera()
    wait_until(lambda: ("source", "0") in session.asked)


def test_the_camera_is_tried_once_however_often_that_is_asked_for(
    window: MainWindow, session: FakeSession
) -> None:
    for _ in range(3):
        window.commands.look_for_camera()
    wait_until(lambda: ("source", "0") in session.asked)
    window.commands.look_for_camera()
    wait_until(lambda: session.asked.count(("source", "0")) == 2)
    assert len(session.asked) == 2


def test_no_face_is_said_gently(window: MainWindow, session: FakeSession) -> None:
    play(window, session)
    assert not window.stage.pill.isVisible()
    window.presenter._no_face_since_s = 0.0
    window.refresh_status()
    assert window.stage.pill.text() == "No face in view"


def test_the_video_runs_while_the_model_loads(window: MainWindow, session: FakeSession) -> None:
    play(window, session, face(1))
    session.model_heads = ()
    session.view = dataclasses.replace(session.view, model="", model_phase=ModelPhase.LOADING)
    window.refresh_status()
    assert not window.stage.card.isVisible()
    assert "model" in window.stage.pill.text()


def test_choosers_list_and_choose(window: MainWindow, session: FakeSession) -> None:
    for menu, index, asked in (
        (window.actions_.camera_menu, 1, ("source", "2")),
        (window.actions_.model_menu, 0, ("model", "face-stats")),
    ):
        menu.aboutToShow.emit()
        wait_until(lambda menu=menu: any(a.isCheckable() for a in menu.actions()))
        menu.actions()[index].trigger()
        assert session.asked[-1] == asked
    assert window.settings.source == "", "remembered once it plays, not before"
    session.view = dataclasses.replace(session.view, source_spec="2")
    session.run()
    window.refresh_status()
    assert window.settings.source == "2"
    assert window.settings.model == "face-stats"


def test_hiding_a_stat_takes_it_from_the_panel(window: MainWindow, session: FakeSession) -> None:
    play(window, session, face(1))
    assert "beard" in window.panel._rows
    action = next(a for a in window.actions_.stats_menu.actions() if a.text() == "Beard")
    action.setChecked(False)
    assert "beard" not in window.panel._rows
    assert window.settings.heads_hidden == ("beard",)


def test_a_model_that_warns_is_taken_with_its_warning(
    window: MainWindow, session: FakeSession
) -> None:
    notice = window.stage.notice
    session.warnings = ("Not a medical device.", "A `party` game.")
    play(window, session, face(3))
    wait_until(lambda: notice.isVisible())
    assert notice.text.text() == "Not a medical device. A party game."
    notice.hide()
    window.refresh_status()
    assert not notice.isVisible()  # said once


def test_language_changes_while_running_and_back(window: MainWindow, session: FakeSession) -> None:
    play(window, session, face(3))
    window.change(language="ko")
    wait_until(lambda: window.panel.face_label.text() == "얼굴 3")
    window.panel.refresh(force=True)
    assert window.panel._rows["smile"].accessibleName().startswith("미소")
    assert window.actions_.file_menu.title().startswith("파일")
    assert window.session.model_title("ko") in window.actions_.model_button.text()
    window.change(language="en")
    wait_until(lambda: window.panel.face_label.text() == "Face 3")


def test_colours_change_while_running(window: MainWindow, look: Look, app: QApplication) -> None:
    window.change(theme="light")
    assert not window.theme.dark
    assert look.theme.window in app.styleSheet()
    window.change(theme="dark")
    assert window.theme.dark


def test_full_screen_shows_only_the_video_and_escape_goes_back(
    window: MainWindow, session: FakeSession
) -> None:
    play(window, session, face(1))
    window.actions_["full_screen"].trigger()
    assert window.isFullScreen()
    assert not window.menuBar().isVisible()
    assert not window.panel.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert window.panel.isVisible()
    assert not window.actions_["full_screen"].isChecked()


def file_dialog(window: MainWindow) -> QFileDialog:
    dialogs = [d for d in window.findChildren(QFileDialog) if d.isVisible()]
    assert len(dialogs) == 1
    return dialogs[0]


@pytest.mark.parametrize("name", ["snapshot", "snapshot_plain"])
def test_a_snapshot_is_the_picture_of_the_moment_it_was_asked_for(
    window: MainWindow, session: FakeSession, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "사진 é"
    folder.mkdir()
    window.settings = dataclasses.replace(window.settings, pictures_dir=str(folder))
    play(window, session, face(1, LEFT))
    window.actions_[name].trigger()
    session.run(image=np.zeros((360, 640, 3), np.uint8))
    target = folder / "나.png"
    file_dialog(window).fileSelected.emit(str(target))
    file_dialog(window).reject()
    saved = cv2.imdecode(np.frombuffer(target.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert saved is not None
    assert saved.shape == (360, 640, 3)
    plain = bool((saved == 90).all())
    assert plain is (name == "snapshot_plain")
    assert "나.png" in window.stage.notice.text.text()
    assert [item.name for item in folder.iterdir()] == ["나.png"]


def test_a_snapshot_that_cannot_be_saved_is_a_message(
    window: MainWindow, session: FakeSession, tmp_path: Path
) -> None:
    play(window, session, face(1))
    window.actions_["snapshot"].trigger()
    dialog = file_dialog(window)
    dialog.fileSelected.emit(str(tmp_path / "missing" / "x.png"))
    dialog.reject()
    assert "cannot be written" in window.stage.notice.text.text()


@pytest.mark.parametrize("name", ["settings", "details", "keys", "about", "about_model"])
def test_small_windows_open_and_close(window: MainWindow, session: FakeSession, name: str) -> None:
    play(window, session, face(1))
    session.card = "# Face stats\n\nWhat the numbers do not mean."
    window.actions_[name].trigger()
    shown = [d for d in window.findChildren(QDialog) if d.isVisible()]
    assert len(shown) == 1
    shown[0].close()
    QApplication.processEvents()


def test_a_choice_in_the_settings_acts_at_once(window: MainWindow) -> None:
    window.actions_["settings"].trigger()
    dialog = next(d for d in window.findChildren(QDialog) if d.isVisible())
    combo = dialog._combos["language"]  # type: ignore[attr-defined]
    combo.setCurrentIndex(combo.findData("ko"))
    wait_until(lambda: dialog.windowTitle() == "설정")
    assert window.settings.language == "ko"
    dialog.close()


def settings_dialogs(window: MainWindow) -> list[SettingsDialog]:
    return [d for d in window.findChildren(SettingsDialog) if d.isVisible()]


def test_the_settings_change_one_thing_and_follow_the_menus(window: MainWindow) -> None:
    window.actions_["settings"].trigger()
    window.actions_["settings"].trigger()
    (dialog,) = settings_dialogs(window)
    window.change(theme="light")
    combos = dialog._combos
    assert combos["theme"].currentData() == "light"
    combos["motion"].setCurrentIndex(combos["motion"].findData("reduced"))
    assert (window.settings.theme, window.settings.motion) == ("light", "reduced")
    dialog.close()
    window.actions_["settings"].trigger()
    assert len(settings_dialogs(window)) == 1
    settings_dialogs(window)[0].close()


def test_the_close_button_changes_its_language(window: MainWindow) -> None:
    window.actions_["settings"].trigger()
    (dialog,) = settings_dialogs(window)
    assert "Close" in texts(dialog)
    window.change(language="ko")
    wait_until(lambda: "닫기" in texts(dialog))
    dialog.close()


def test_figures_that_went_away_are_not_shown(window: MainWindow, session: FakeSession) -> None:
    play(window, session, face(1))
    session.view = dataclasses.replace(session.view, stages_ms={"detect": 8.1, "cam": 2.0})
    window.actions_["details"].trigger()
    dialog = next(d for d in window.findChildren(FiguresDialog) if d.isVisible())
    assert {"Finding faces", "Explaining"} <= set(texts(dialog))
    session.view = dataclasses.replace(session.view, stages_ms={})
    dialog._refresh()
    assert not {"Finding faces", "Explaining", "8 ms", "8.1 ms"} & set(texts(dialog))
    dialog.close()


def test_the_mark_of_a_message_takes_other_colours(window: MainWindow) -> None:
    notice = window.stage.notice
    notice.show_text("It failed.", kind="error")
    for theme in (LIGHT, DARK):
        notice.set_theme(theme)
        mark = notice._mark.pixmap().toImage()
        assert mark == pixmap("warning", theme.error, 18, notice.devicePixelRatioF()).toImage()
    notice.hide()


def test_space_presses_the_focused_button_instead_of_freezing(
    window: MainWindow, session: FakeSession
) -> None:
    play(window, session, face(1))
    button = window.status_line.button
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    window.activateWindow()
    button.setFocus()
    wait_until(button.hasFocus)
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert not window.frozen
    dialog = next(d for d in window.findChildren(QDialog) if d.isVisible())
    dialog.close()


def test_every_button_has_a_name_and_everything_can_be_reached_with_tab(
    window: MainWindow, session: FakeSession
) -> None:
    play(window, session, face(1), face(2, RIGHT))
    reached = set()
    widget: QWidget = window.stage.video
    for _ in range(80):
        widget = widget.nextInFocusChain()
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            reached.add(widget)
    for button in window.findChildren(QAbstractButton):
        if button.isVisible() and button.window() is window and button.height() > 1:
            name = button.accessibleName() or button.text() or button.toolTip()
            assert name, f"a button without a name: {button.objectName()} {button}"
            assert button in reached, f"not reached with Tab: {name}"


def test_closing_stops_the_session_and_remembers_the_geometry(
    window: MainWindow, session: FakeSession
) -> None:
    remembered: list[Settings] = []
    window.settings_changed.connect(remembered.append)
    window.close()
    assert [what for what, _ in session.asked] == ["stop"]
    assert len(remembered[-1].geometry) > 20


def test_the_first_window_is_no_larger_than_the_screen(
    app: QApplication, look: Look, session: FakeSession
) -> None:
    first = MainWindow(session, Settings(), look.theme, tuple, tuple)
    room = first.screen().availableSize()
    assert room.width() < 1180, "the screen of the tests is too large to tell"
    assert first.width() <= max(room.width(), first.minimumSizeHint().width())
    first.close()
    first.deleteLater()


def test_closing_does_not_wait_for_a_session_that_hangs(
    window: MainWindow, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr(session, "stop", lambda _timeout_s: release.wait(10.0))
    monkeypatch.setattr("facecam.gui.main_window._STOP_S", 0.05)
    window.close()
    assert not window.isVisible()
    release.set()


def test_nothing_chosen_after_the_end_of_a_session(
    window: MainWindow, session: FakeSession
) -> None:
    session.view = SessionView(SourcePhase.STARTING, source_spec="3")
    window.refresh_status()
    assert window.stage.card.title.text() == "Starting"
    assert "Camera 3" in window.stage.card.text.text()
