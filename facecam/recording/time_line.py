"""One numbering and one time for all that is recorded, also across a change of source."""

import math
from dataclasses import dataclass

MIN_STEP_S = 1e-3


@dataclass(frozen=True, slots=True)
class Place:
    """Where a frame lies in a recording.

    Attributes:
        number: Number of the frame, unlike that of any other.
        t_s: Its time in seconds; grows. The source's own while there is one source.
        new_source: Whether it is the first of another source.
    """

    number: int
    t_s: float
    new_source: bool


class TimeLine:
    """Gives each frame its place. Owned by whoever holds its lock.

    The first source keeps its numbers and times. Those of a later one go on where the one before
    stopped, as far apart as the clock says.
    """

    def __init__(self) -> None:
        self._source: int | None = None
        self._number_shift = 0
        self._shift_s = 0.0
        self._last: Place | None = None
        self._last_captured_s = 0.0

    def place(self, source: int, frame_id: int, source_s: float, captured_s: float) -> Place:
        """Return the place of the next frame.

        Args:
            source: Number of the source.
            frame_id: Its number there, from 0.
            source_s: Its time there in seconds.
            captured_s: Monotonic time.
        """
        before = self._last
        new_source = before is not None and source != self._source
        number = frame_id + self._number_shift
        t_s = source_s + self._shift_s if math.isfinite(source_s) else 0.0
        if before is not None and (number <= before.number or new_source):
            self._number_shift = before.number + 1 - frame_id
            number = before.number + 1
        if before is not None and (not t_s > before.t_s or new_source):
            t_s = before.t_s + max(captured_s - self._last_captured_s, MIN_STEP_S)
            self._shift_s = t_s - source_s if math.isfinite(source_s) else 0.0
        self._source, self._last_captured_s = source, captured_s
        self._last = Place(number, t_s, new_source)
        return self._last
