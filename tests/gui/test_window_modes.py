from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QKeySequence
from PySide6.QtTest import QTest

from facecam.gui.main_window import MainWindow
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
