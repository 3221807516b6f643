"""Ctrl+C in the terminal, and the system's request to end, close the window as a click would."""

import signal
from types import FrameType

INTERRUPTED = "interrupted"
"""Property of the application that says so; then nothing holds up the closing of windows."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def end_at_once() -> None:
    """Let the signals end the process until there is a window: nothing is to be saved before.

    A `KeyboardInterrupt` would be raised in the middle of some import instead, which may hide it.
    """
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)


class WindowInterrupts:
    """Closes all windows at SIGINT and SIGTERM; a second signal ends the process at once.

    Python runs the handler between two of its own steps; the window's timers see to it that there
    are some. Used by the main thread.

    Attributes:
        received: Number of the signal that came, or None.
    """

    def __init__(self) -> None:
        self.received: int | None = None

    def install(self) -> None:
        """Handle the signals from now on; call once a window is shown."""
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)

    def exit_code(self, code: int) -> int:
        """Return the exit code of the process: `code` unless a signal ended it."""
        return code if self.received is None else 128 + self.received

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        self.received = number
        signal.signal(number, signal.SIG_DFL)
        from PySide6.QtWidgets import QApplication  # late: `end_at_once` comes before Qt

        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setProperty(INTERRUPTED, True)
            app.closeAllWindows()
