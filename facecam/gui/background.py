"""Calls that would hold up the window, made on a thread of their own."""

import logging
import threading
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from facecam.errors import FacecamError

log = logging.getLogger(__name__)


class BackgroundCall(QObject):
    """Makes one call at a time and reports on the Qt thread. Owned by the Qt thread.

    A call that hangs is left behind when the window closes: its thread is a daemon.

    Args:
        name: Name of the thread.
        call: What to call; it must not touch widgets.

    Signals:
        finished: The result of the call.
        failed: One sentence.
    """

    finished = Signal(object)
    failed = Signal(str)
    _ended = Signal(object, str)

    def __init__(
        self, name: str, call: Callable[..., object], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._name = name
        self._call = call
        self._running = False
        self._waiting: deque[tuple[object, ...]] = deque()
        self._ended.connect(self._on_ended)

    @property
    def running(self) -> bool:
        """Whether a call is under way, or its result not reported yet."""
        return self._running

    @property
    def waiting(self) -> bool:
        """Whether `start_after` has something left to do."""
        return bool(self._waiting)

    def start(self, *arguments: object) -> None:
        """Make the call, unless one is under way."""
        if self._running:
            return
        self._running = True
        threading.Thread(target=self._run, args=arguments, name=self._name, daemon=True).start()

    def start_after(self, *arguments: object) -> None:
        """Make the call now, or once those that were asked for before have been reported."""
        self._waiting.append(arguments)
        self._start_next()

    def _start_next(self) -> None:
        if self._waiting and not self._running:
            self.start(*self._waiting.popleft())

    def _run(self, *arguments: object) -> None:
        result, problem = None, ""
        try:
            result = self._call(*arguments)
        except FacecamError as error:
            problem = str(error)
        except Exception as error:
            log.exception("%s failed", self._name)
            problem = str(error) or type(error).__name__
        try:
            self._ended.emit(result, problem)
        except RuntimeError:  # the window went away meanwhile
            log.debug("%s came too late", self._name)

    def _on_ended(self, result: object, problem: str) -> None:
        self._running = False
        if problem:
            self.failed.emit(problem)
        else:
            self.finished.emit(result)
        self._start_next()
