"""What a process holds on to: memory, threads, handles."""

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

SETTLE_S = 12.0
"""Longer than any time limit of a reader: what still runs after it has leaked."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """A snapshot.

    Attributes:
        resident_mb: Memory in RAM, in megabytes.
        threads: Python's threads.
        handles: Open file descriptors (handles on Windows).
    """

    resident_mb: float
    threads: int
    handles: int


def holdings() -> Holdings:
    """Return what this process holds now."""
    gc.collect()
    process = psutil.Process()
    with process.oneshot():
        count = getattr(process, "num_fds", None) or process.num_handles  # type: ignore[attr-defined]
        return Holdings(
            resident_mb=process.memory_info().rss / 1e6,
            threads=threading.active_count(),
            handles=int(count()),
        )


def settled_holdings(like: Holdings, timeout_s: float = SETTLE_S) -> Holdings:
    """Return what is held once no more threads and handles are than before, or after a time."""

    def is_settled() -> bool:
        now = holdings()
        return now.threads <= like.threads and now.handles <= like.handles

    wait_until(is_settled, timeout_s, step_s=0.1)
    return holdings()


def wait_until(holds: Callable[[], bool], timeout_s: float, step_s: float = 0.005) -> float | None:
    """Return after how many seconds something came true; None when it did not in time."""
    began_s = time.perf_counter()
    while not holds():
        if time.perf_counter() - began_s > timeout_s:
            return None
        time.sleep(step_s)
    return time.perf_counter() - began_s
