"""Rules for tests of the window: no screen is needed, and no window may outlive its test."""

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication

from facecam.gui.choosers import Choosable
from facecam.gui.look import Look
from facecam.gui.main_window import MainWindow
from facecam.settings import Settings
from tests.gui.fake_session import FakeSession
from tests.gui.waiting import wait_until


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> QApplication:
    # Qt's file dialogs remember things; not in the home of whoever runs the tests.
    kept = str(tmp_path_factory.mktemp("qt"))
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, kept)
    instance = QApplication.instance() or QApplication(["facecam-tests"])
    assert isinstance(instance, QApplication)
    return instance


@pytest.fixture(autouse=True)
def no_leaked_windows(app: QApplication) -> Iterator[None]:
    """Fail a test that leaves a visible window, and name it."""
    yield
    app.processEvents()
    shown = [widget for widget in app.topLevelWidgets() if widget.isVisible()]
    names = [f"{type(widget).__name__} {widget.windowTitle()!r}" for widget in shown]
    for widget in shown:
        widget.close()
    assert not names, f"leaked windows: {', '.join(names)}"


def delete_now() -> None:
    """Delete what is to be deleted later: without a running loop, Qt would keep it.

    Each new style sheet is applied to all widgets there are, so that tests would grow slower.
    """
    QApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def look(app: QApplication) -> Iterator[Look]:
    made = Look(app, Settings(theme="dark", language="en", motion="reduced"))
    yield made
    made.apply(Settings(theme="dark", language="en"))
    made.deleteLater()


@pytest.fixture
def window(app: QApplication, look: Look, session: FakeSession) -> Iterator[MainWindow]:
    made = MainWindow(
        session,
        Settings(mirror=False),
        look.theme,
        lambda: (Choosable("0", "Integrated Camera"), Choosable("2", "Desk & Cam")),
        lambda: (Choosable("face-stats", "Face stats"),),
    )
    look.theme_changed.connect(made.set_theme)
    made.settings_changed.connect(look.apply)
    app.installEventFilter(made)
    made.resize(1024, 640)
    made.show()
    wait_until(made.isVisible)
    yield made
    app.removeEventFilter(made)
    made.close()
    made.deleteLater()
    delete_now()
