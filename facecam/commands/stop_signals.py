"""The system's request to end (SIGTERM), told like Ctrl+C so that files are finished."""

import signal
from types import FrameType


class Terminated(KeyboardInterrupt):
    """The system asked the program to end."""


def end_like_ctrl_c() -> None:
    """Raise `Terminated` in the main thread at SIGTERM from now on."""
    signal.signal(signal.SIGTERM, _on_signal)


def exit_code(stop: KeyboardInterrupt) -> int:
    """Return the exit code of a program that was interrupted, as shells report it."""
    number = signal.SIGTERM if isinstance(stop, Terminated) else signal.SIGINT
    return 128 + number


def _on_signal(number: int, _: FrameType | None) -> None:
    raise Terminated
