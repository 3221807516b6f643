"""Rules for every test: no thread may outlive it."""

import threading
import time
from collections.abc import Iterator

import pytest

_PATIENCE_S = 20.0


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves one of our threads running, and name it.

    Threads that Qt, XNNPACK, MediaPipe and FFmpeg keep for themselves are not Python threads and
    do not show here; a thread that is just ending is given a moment.
    """
    before = set(threading.enumerate())
    yield
    deadline_s = time.monotonic() + _PATIENCE_S
    leaked = [thread for thread in threading.enumerate() if thread not in before]
    for thread in leaked:
        thread.join(max(deadline_s - time.monotonic(), 0.0))
    leaked = [thread for thread in leaked if thread.is_alive()]
    assert not leaked, f"leaked threads: {', '.join(thread.name for thread in leaked)}"
