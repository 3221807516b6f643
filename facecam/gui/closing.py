"""Closing the window while a recording runs: the file is finished first, for a bounded time."""

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from facecam.gui.interrupts import INTERRUPTED
from facecam.timing import monotonic_s

if TYPE_CHECKING:
    from facecam.gui.main_window import MainWindow

FINISH_S = 5.0
"""Longest wait for a file to be finished; what was written is playable without that, too."""

log = logging.getLogger(__name__)


class Closing(QObject):
    """Holds up the first attempt to close while a recording runs. Lives as long as the window."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._deadline_s: float | None = None

    def may_close(self) -> bool:
        """Return whether the window may go now; else it closes by itself soon."""
        window = self._window
        window.recording.cancel_countdown()
        recording = window.session.status().recording
        if recording is None or not recording.running:
            return True
        app = QApplication.instance()
        if app is not None and app.property(INTERRUPTED):
            return True  # the session finishes the file when it stops, within two seconds
        if self._deadline_s is None:
            window.recording.stop()
            self._deadline_s = monotonic_s() + FINISH_S
            recording = window.session.status().recording
            if recording is None or not recording.running:
                return True
        if monotonic_s() < self._deadline_s:
            self._say()
            return False
        log.warning(
            "The recording %s was not finished within %.0f s: what is in it can be played.",
            recording.path,
            FINISH_S,
        )
        return True

    def refresh(self) -> None:
        """Close for good once the file is finished, or the time is over."""
        if self._deadline_s is None:
            return
        recording = self._window.presenter.status.recording
        over = recording is None or not recording.running or monotonic_s() >= self._deadline_s
        if over:
            self._window.close()
        else:
            self._say()

    def _say(self) -> None:
        self._window.stage.card.show_state(
            self.tr("Finishing the recording"),
            self.tr(
                "The window closes when the file is whole, in {n} seconds at the latest."
            ).format(n=round(FINISH_S)),
            busy=True,
        )
