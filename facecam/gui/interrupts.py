"""Ctrl+C in the terminal, and the system's request to end, close the window as a click would."""

import signal
import sys
from types import FrameType

INTERRUPTED = "interrupted"
"""Property of the application that says so; then nothing holds up the closing of windows."""


class WindowInterrupts:
    """Closes all windows at SIGINT and SIGTERM; a second signal ends the process at once.

    Python runs the handler between two of its own steps; the window's timers see to it that there
    are some. While there is no window yet, `KeyboardInterrupt` is raised as usual. Used by the
    main thread.

    Attributes:
        received: Number of the signal that came, or None.
    """

    def __init__(self) -> None:
        self.received: int | None = None

    def install(self) -> None:
        """Handle the signals from now on."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        self.received = number
        signal.signal(number, signal.SIG_DFL)
        # Not imported here: the signal may come in the middle of that very import.
        qt = getattr(sys.modules.get("PySide6.QtWidgets"), "QApplication", None)
        app = qt.instance() if qt is not None else None
        if app is None or not any(widget.isVisible() for widget in app.topLevelWidgets()):
            raise KeyboardInterrupt
        app.setProperty(INTERRUPTED, True)
        app.closeAllWindows()
