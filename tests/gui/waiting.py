"""Waiting for Qt without sleeping."""

from collections.abc import Callable

from PySide6.QtCore import QDeadlineTimer, QEventLoop
from PySide6.QtWidgets import QApplication


def wait_until(condition: Callable[[], bool], timeout_ms: int = 40_000) -> None:
    """Let Qt work until `condition` holds; fail after `timeout_ms`."""
    deadline = QDeadlineTimer(timeout_ms)
    while not condition():
        assert not deadline.hasExpired(), "what was waited for did not come"
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
