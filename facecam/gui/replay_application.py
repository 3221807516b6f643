"""Opens a replay window without the main one (`python -m facecam replay`)."""

import sys
from pathlib import Path
from typing import cast

from facecam.errors import FacecamError
from facecam.gui import qt_environment
from facecam.settings import SettingsStore


def run_replay(path: Path) -> int:
    """Show a recording until its window is closed; return the exit code.

    Args:
        path: A session folder, a file in it, or the video beside it.

    Raises:
        RecordingError: It is no recording.
        FacecamError: The window cannot be shown: Qt misses a system library.
    """
    from facecam.gui.replay_loading import session_folder

    folder = session_folder(path)
    qt_environment.forget_foreign_qt()
    missing = qt_environment.missing_library()
    if missing is not None:
        raise FacecamError(
            f"The window cannot open because Qt misses a system library ({missing}): run "
            "`make setup`, or install the library."
        )
    from PySide6.QtWidgets import QApplication

    qt_environment.stop_import_inspection()
    from facecam.gui.application import list_models
    from facecam.gui.icons import app_icon
    from facecam.gui.look import Look
    from facecam.gui.replay_window import ReplayWindow

    app = cast("QApplication", QApplication.instance() or QApplication(sys.argv[:1]))
    app.setApplicationName("facecam")
    app.setWindowIcon(app_icon())
    settings, _ = SettingsStore().load()
    look = Look(app, settings)
    window = ReplayWindow(folder, settings, look.theme, list_models)
    window.panel.reduced_motion = look.reduced_motion
    look.theme_changed.connect(window.set_theme)
    window.show()
    return int(app.exec())
