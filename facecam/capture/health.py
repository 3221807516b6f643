"""Tell whether a source gives a living picture, from times and small signs of its frames.

`read` returning frames proves little: a driver may hand out the same picture for ever, a shutter
may be closed, and a driver that hangs returns nothing at all. No threads and no clock in here.
"""

import statistics
import zlib
from collections import deque
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np

from facecam.types import ImageU8

# A fault is to be seen within 1 s, also on a machine that has other things to do and by a window
# that looks four times a second: so the watch itself waits for little more than half of that. A
# source that is slow by nature is given four of its own intervals instead, ten seconds at most; one
# that is jerky half as much again as its longest recent pause, as far as the second allows.
STALLED_S = 0.5
_JERKY_STALLED_S = 0.7
_LONGEST_PAUSES = 1.5
_STALLED_INTERVALS = 4.0
_SLOWEST_S = 10.0
_INTERVALS = 15
# Before a rhythm is known: a stream of one picture a second is no stalled one. A file has none.
_FEWEST_INTERVALS = 3
_UNKNOWN_STALLED_S = 1.5
_FILE_STALLED_S = 0.8
# Sensors are noisy: two exposures are never equal in every pixel. Cameras repeat one exposure two
# to four times in dim light to keep up their rate, so it takes both a time and a count.
FROZEN_S = 0.6
_FROZEN_REPEATS = 5
# A closed shutter gives 0 to 16 of 255 with noise; 99 of 100 pixels of a dark room are brighter
# somewhere (a screen, a window). Chosen by eye on webcams' dark frames.
BLACK_S = 0.6
_BLACK_LEVEL = 20
_BLACK_PERCENTILE = 99
_SIGN_STEP = 16  # a sign looks at every 16th row and column
# A stream that goes over to another size for good now simply has that size.
ADOPT_SIZE_S = 3.0


class SourceHealth(Enum):
    """What can be said of the picture that a source gives; the values are part of the contract."""

    OK = "ok"
    STALLED = "stalled"
    FROZEN = "frozen"
    BLACK = "black"
    WRONG_SIZE = "wrong_size"
    GONE = "gone"
    RECONNECTING = "reconnecting"


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What is so, and since when.

    Attributes:
        health: What can be said of the picture.
        since_s: Monotonic time since when it has been so.
    """

    health: SourceHealth
    since_s: float


@dataclass(frozen=True, slots=True)
class FrameSign:
    """What the watch needs to know of a frame.

    Attributes:
        size_wh: Size in pixels.
        repeated: Whether every pixel equals the frame before.
        black: Whether there is no light in it.
    """

    size_wh: tuple[int, int]
    repeated: bool = False
    black: bool = False


class FrameSigner:
    """Makes signs of frames, in some 20 microseconds each. Owned by one thread."""

    def __init__(self) -> None:
        self._before: ImageU8 | None = None
        self._sum = 0

    def sign(self, image_bgr: ImageU8) -> FrameSign:
        """Return the sign of a frame.

        Args:
            image_bgr: (H, W, 3) uint8, BGR; it is kept until the next one and must not change.
        """
        sample = np.ascontiguousarray(image_bgr[::_SIGN_STEP, ::_SIGN_STEP])
        checksum = zlib.crc32(sample.tobytes())
        before, self._before = self._before, image_bgr
        repeated = (
            before is not None
            and before.shape == image_bgr.shape
            and checksum == self._sum
            # Only where the sample is alike is the whole frame compared: 0.1 ms at 1280x720.
            and (before is image_bgr or cv2.norm(before, image_bgr, cv2.NORM_INF) == 0)
        )
        self._sum = checksum
        # Most frames are bright somewhere; sorting is for the few that are not.
        black = float(sample.mean()) < _BLACK_LEVEL and (
            float(np.percentile(sample, _BLACK_PERCENTILE)) < _BLACK_LEVEL
        )
        return FrameSign((image_bgr.shape[1], image_bgr.shape[0]), repeated, black)


class HealthWatch:
    """Judges one opening of a source. Not thread safe: guard it with a lock.

    A `read` that does not return counts against every source. A file or a still picture (`live`
    False) may otherwise stand still, be black and change its size as it likes.

    Args:
        live: Whether frames come in real time.
        size_wh: Size that the source announced.
        now_s: Monotonic time of the opening.
    """

    def __init__(self, *, live: bool, size_wh: tuple[int, int], now_s: float) -> None:
        self._live = live
        self._size_wh = size_wh
        self._ok_since_s = now_s
        self._frame_s: float | None = None
        self._reading_s: float | None = None
        self._intervals: deque[float] = deque(maxlen=_INTERVALS)
        self._repeats = 0
        self._repeats_since_s = now_s
        self._black_since_s: float | None = None
        self._other_size: tuple[int, int] | None = None
        self._other_since_s = now_s
        self._fault = SourceHealth.OK

    def note_reading(self, now_s: float) -> None:
        """Take in that the source is asked for a frame."""
        self._reading_s = now_s

    def note_end(self) -> None:
        """Take in that the source came to its end: it has nothing left to be late with."""
        self._reading_s = None

    def note_frame(self, sign: FrameSign, now_s: float) -> None:
        """Take in a frame."""
        stalled = self._is_stalled(now_s)
        self._reading_s = None
        if self._frame_s is not None and 0 <= now_s - self._frame_s <= _SLOWEST_S:
            self._intervals.append(now_s - self._frame_s)
        self._frame_s = now_s
        if not self._live:
            if stalled:
                self._ok_since_s = now_s
            return
        self._note_repeat(sign, now_s)
        self._black_since_s = (self._black_since_s or now_s) if sign.black else None
        self._note_size(sign.size_wh, now_s)
        fault = self._fault_of_picture(now_s)
        if fault is SourceHealth.OK and (stalled or self._fault is not SourceHealth.OK):
            self._ok_since_s = now_s
        self._fault = fault

    def report(self, now_s: float) -> HealthReport:
        """Return what is so at a time."""
        if self._is_stalled(now_s):
            return HealthReport(SourceHealth.STALLED, self._reading_s or 0.0)
        fault = self._fault
        since_s = {
            SourceHealth.FROZEN: self._repeats_since_s,
            SourceHealth.BLACK: self._black_since_s,
            SourceHealth.WRONG_SIZE: self._other_since_s,
        }.get(fault, self._ok_since_s)
        return HealthReport(fault, now_s if since_s is None else since_s)

    def adopted_size(self, now_s: float) -> tuple[int, int] | None:
        """Return another size that the source has kept to for some seconds, and take it as right.

        Returns:
            The size, once; None while there is nothing new.
        """
        size_wh = self._other_size
        if size_wh is None or now_s - self._other_since_s < ADOPT_SIZE_S:
            return None
        self._size_wh, self._other_size = size_wh, None
        return size_wh

    def _is_stalled(self, now_s: float) -> bool:
        # Counted from the question, not from the last frame: who is not asked cannot be late.
        return self._reading_s is not None and now_s - self._reading_s > self._patience_s()

    def _patience_s(self) -> float:
        if not self._live:
            return _FILE_STALLED_S
        if len(self._intervals) < _FEWEST_INTERVALS:
            return _UNKNOWN_STALLED_S
        # A longer pause was a stall, of which there is nothing to be learned.
        pauses_s = [item for item in self._intervals if item <= _JERKY_STALLED_S]
        jerky_s = min(_LONGEST_PAUSES * max(pauses_s, default=0.0), _JERKY_STALLED_S)
        slow_s = _STALLED_INTERVALS * statistics.median(self._intervals)
        return min(max(STALLED_S, jerky_s, slow_s), _SLOWEST_S)

    def _note_repeat(self, sign: FrameSign, now_s: float) -> None:
        if sign.repeated:
            self._repeats += 1
        else:
            self._repeats = 0
            self._repeats_since_s = now_s

    def _note_size(self, size_wh: tuple[int, int], now_s: float) -> None:
        if size_wh == self._size_wh:
            self._other_size = None
        elif size_wh != self._other_size:
            self._other_size = size_wh
            self._other_since_s = now_s

    def _fault_of_picture(self, now_s: float) -> SourceHealth:
        """Return the fault to name; where several hold, the one that explains the others."""
        if self._other_size is not None:
            return SourceHealth.WRONG_SIZE
        if self._black_since_s is not None and now_s - self._black_since_s >= BLACK_S:
            return SourceHealth.BLACK
        frozen_s = now_s - self._repeats_since_s
        if self._repeats >= _FROZEN_REPEATS and frozen_s >= FROZEN_S:
            return SourceHealth.FROZEN
        return SourceHealth.OK
