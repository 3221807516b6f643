import dataclasses

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from facecam.gui.look import Look
from facecam.gui.main_window import MainWindow
from tests.gui.conftest import delete_now
from tests.gui.fake_session import FakeSession, face
from tests.gui.waiting import wait_until


def play(window: MainWindow, session: FakeSession) -> None:
    session.run(face(1))
    wait_until(lambda: window.frame is session.frame and window.stage.video.has_picture)
    window.refresh_status()


def press(window: MainWindow, key: str) -> None:
    QTest.keySequence(window, QKeySequence(key))


def test_controls_can_be_hidden_and_come_back(window: MainWindow, session: FakeSession) -> None:
    play(window, session)
    press(window, "H")
    for part in (window.menuBar(), window.actions_.toolbar, window.statusBar(), window.panel):
        assert not part.isVisible()
    assert "press H" in window.stage.pill.text()
    press(window, "M")
    assert window.settings.mirror, "keys work without menus"
    press(window, "H")
    assert window.panel.isVisible()
    assert window.menuBar().isVisible()
    press(window, "H")
    press(window, "Esc")
    assert window.panel.isVisible()
    assert not window.actions_["hide_controls"].isChecked()


def test_hidden_controls_hide_messages_but_not_what_failed(
    window: MainWindow, session: FakeSession
) -> None:
    play(window, session)
    notice = window.stage.notice
    for kind, stays in (("info", False), ("error", True)):
        notice.show_text("Something happened.", kind=kind)
        press(window, "H")
        assert notice.isVisible() is stays
        press(window, "H")


def test_the_video_gets_a_fixed_size_and_lets_go_of_it(
    window: MainWindow, session: FakeSession
) -> None:
    play(window, session)
    window.modes.fix_video((400, 300))
    assert window.stage.video.size().toTuple() == (400, 300)
    press(window, "H")
    window.stage.ribbon.hide()
    window.modes.keep_size()
    assert window.size().toTuple() == (400, 300), "nothing but the video"
    press(window, "H")
    window.stage.notice.show_text("A message above the video.")
    window.refresh_status()
    assert window.stage.video.size().toTuple() == (400, 300)
    press(window, "Ctrl+0")
    window.resize(1024, 640)
    wait_until(lambda: window.stage.video.width() > 500)


def test_a_window_of_a_fixed_size_leaves_it_to_the_window_manager_to_follow(
    window: MainWindow, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is asked again before it answered would swing between two sizes for ever."""
    play(window, session)
    window.modes.fix_video((400, 300))
    monkeypatch.setattr(window, "size", lambda: QSize(640, 480))  # an answer that comes late
    asked: list[QSize] = []
    monkeypatch.setattr(window, "setFixedSize", asked.append)
    for _ in range(3):
        window.refresh_status()
    assert asked == []
    assert window.minimumSize() == window.maximumSize() == window.sizeHint()


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("width", [800, 1024, 1280])
def test_the_whole_toolbar_is_seen_while_recording_a_source_with_a_long_name(
    window: MainWindow, look: Look, session: FakeSession, lang: str, width: int
) -> None:
    window.change(language=lang)
    play(window, session)
    window.resize(width, 640)
    session.note_recording(elapsed_s=1.0)
    source = dataclasses.replace(session.view.source, name="http://192.168.178.141:8080/video")  # type: ignore[type-var]
    session.view = dataclasses.replace(session.view, source=source)
    window.refresh_status()
    delete_now()
    for name in ("record", "pause_recording", "full_screen"):
        button = window.actions_.toolbar.widgetForAction(window.actions_[name])
        assert button.isVisible(), name
        assert button.geometry().right() <= window.actions_.toolbar.width(), name
        assert button.width() >= button.sizeHint().width(), name


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_number_of_a_face_is_whole_when_it_is_out_of_view(
    window: MainWindow, look: Look, session: FakeSession, lang: str
) -> None:
    window.change(language=lang)
    session.run(face(128))
    wait_until(lambda: window.presenter.selected == 128)
    session.run()
    wait_until(lambda: not window.presenter.face_in_view)
    window.panel.refresh(force=True)
    delete_now()
    for label in (window.panel.face_label, window.panel.count_label):
        assert label.text()
        assert label.width() >= label.sizeHint().width(), label.text()


def test_a_size_larger_than_the_screen_is_refused_with_a_sentence(
    window: MainWindow, session: FakeSession
) -> None:
    play(window, session)
    assert window.screen().size().width() < 1920
    press(window, "Ctrl+2")
    assert window.modes.video_size is None
    assert "1920×1080 is larger than this screen" in window.stage.notice.text.text()
    assert window.actions_.sizes.checkedAction().data() == ""


def test_a_file_that_is_dropped_is_played(window: MainWindow, session: FakeSession) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/films/party.mp4")])
    none = Qt.KeyboardModifier.NoModifier
    event = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none
    )
    window.dropEvent(event)
    assert session.asked == [("source", "/films/party.mp4")]


@pytest.mark.parametrize(("url", "taken"), [("file:///films/a.mp4", True), ("http://a/b", False)])
def test_only_files_of_this_machine_can_be_dropped(
    window: MainWindow, url: str, *, taken: bool
) -> None:
    data = QMimeData()
    data.setUrls([QUrl(url)])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDragEnterEvent(QPoint(10, 10), Qt.DropAction.CopyAction, data, left, none)
    event.ignore()
    QApplication.sendEvent(window, event)
    assert event.isAccepted() == taken
