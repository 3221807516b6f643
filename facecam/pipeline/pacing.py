"""Playing a file at the speed at which it was taken."""

import math

MAX_WAIT_S = 5.0  # a file that claims a longer gap between two frames is not believed
MAX_LAG_S = 0.25  # further behind than this, the origin moves: late is late, no rushing to catch up


class Pacer:
    """Says how long to hold a frame back so that a file plays in real time. Owned by one thread."""

    def __init__(self) -> None:
        self._origin_s: float | None = None  # monotonic time at which source time 0 was due

    def wait_s(self, source_s: float, now_s: float) -> float:
        """Return for how many seconds the frame of time `source_s` is to be held back.

        Args:
            source_s: Presentation time of the frame in seconds.
            now_s: Monotonic time.
        """
        if not math.isfinite(source_s):
            return 0.0
        if self._origin_s is None:
            self._origin_s = now_s - source_s
            return 0.0
        wait_s = self._origin_s + source_s - now_s
        if not -MAX_LAG_S <= wait_s <= MAX_WAIT_S:
            self._origin_s = now_s - source_s
            return 0.0
        return max(wait_s, 0.0)


class GrowingTime:
    """Turns the time stamps of a source into times that always grow. Owned by one thread.

    A stamp that does not grow (a clip that starts again, a file with broken times) moves the
    origin, so that the steps after it count again.
    """

    STEP_S = 1e-3

    def __init__(self) -> None:
        self._offset_s = 0.0
        self._last_s: float | None = None

    def leave_out(self, seconds: float) -> None:
        """Let the frames from now on come so much earlier: nothing happened in that time."""
        self._offset_s -= seconds

    def next_s(self, source_s: float) -> float:
        """Return the time to use for the frame of time `source_s`, both in seconds."""
        last_s = self._last_s
        if not math.isfinite(source_s):
            t_s = 0.0 if last_s is None else last_s + self.STEP_S
        else:
            t_s = source_s + self._offset_s
            if last_s is not None and t_s <= last_s:
                self._offset_s += last_s + self.STEP_S - t_s
                t_s = last_s + self.STEP_S
        self._last_s = t_s
        return t_s
