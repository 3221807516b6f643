"""Opens a replay window without the main one (`python -m facecam replay`)."""

from pathlib import Path

from facecam.settings import SettingsStore


def run_replay(path: Path) -> int:
    """Show a recording until its window is closed; return the exit code.

    Args:
        path: A session folder, a file in it, or the video beside it.

    Raises:
        RecordingError: It is no recording.
        FacecamError: The window cannot be shown: Qt misses a system library.
    """
    from facecam.gui.application import list_models, make_application, run_until_closed
    from facecam.gui.replay_loading import session_folder

    folder = session_folder(path)
    app = make_application()
    from facecam.gui.look import Look
    from facecam.gui.replay_window import ReplayWindow

    settings = SettingsStore().peek()  # a damaged file is the main window's business
    look = Look(app, settings)
    window = ReplayWindow(folder, settings, look.theme, list_models)
    window.panel.reduced_motion = look.reduced_motion
    look.theme_changed.connect(window.set_theme)
    return run_until_closed(app, window)
