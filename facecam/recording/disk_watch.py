"""How long the disk will last, and when to stop before it is full."""

import shutil
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facecam.timing import Clock, monotonic_s

_WINDOW_S = 10.0  # over which the rate is measured
_SETTLED_S = 2.0  # a rate measured over less is not believed


@dataclass(frozen=True, slots=True)
class DiskLimits:
    """When a recording stops by itself. Chosen so that the end of a file always has room.

    Attributes:
        min_free_bytes: What is left free in any case.
        min_left_s: What is left free at the rate of the recording.
    """

    min_free_bytes: int = 500_000_000
    min_left_s: float = 30.0


@dataclass(frozen=True, slots=True)
class DiskState:
    """How much room there is.

    Attributes:
        free_bytes: Free space.
        left_s: Seconds until the limit at the rate so far; None while it is not known.
        low: Whether the limit is reached.
    """

    free_bytes: int
    left_s: float | None
    low: bool


class DiskWatch:
    """Looks at the free space of a folder. Owned by one thread.

    Args:
        folder: Exists.
        limits: When it is too little.
        free: Returns the free bytes of a folder; may raise `OSError`.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        folder: Path,
        limits: DiskLimits | None = None,
        *,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
        clock: Clock = monotonic_s,
    ) -> None:
        self._folder = folder
        self._limits = limits or DiskLimits()
        self._free = free
        self._clock = clock
        self._points: deque[tuple[float, int]] = deque()

    def look(self, written_bytes: int) -> DiskState:
        """Return how it stands.

        Args:
            written_bytes: Bytes that the recording has written so far.

        Raises:
            OSError: The folder is gone.
        """
        free_bytes = self._free(self._folder)
        now_s = self._clock()
        points = self._points
        points.append((now_s, written_bytes))
        while len(points) > 2 and now_s - points[0][0] > _WINDOW_S:
            points.popleft()
        span_s, grown = now_s - points[0][0], written_bytes - points[0][1]
        rate = grown / span_s if span_s >= _SETTLED_S else 0.0
        limits = self._limits
        spare = free_bytes - max(limits.min_free_bytes, limits.min_left_s * rate)
        left_s = max(spare, 0.0) / rate if rate > 0 else None
        return DiskState(free_bytes, left_s, spare <= 0)
