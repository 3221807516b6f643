"""A thread around a video capture, so that nobody waits longer for a driver than he wants to."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
from numpy.typing import NDArray

from facecam.capture.pictures import to_bgr8
from facecam.timing import Clock
from facecam.types import ImageU8

log = logging.getLogger(__name__)

_JOIN_S = 0.5
_left_behind: list[threading.Thread] = []
_left_behind_lock = threading.Lock()


def stuck_pumps(prefix: str = "capture-pump") -> tuple[str, ...]:
    """Return the names of the pumps that were closed but are still held by their driver.

    Args:
        prefix: Only names that begin so.
    """
    with _left_behind_lock:
        _left_behind[:] = [thread for thread in _left_behind if thread.is_alive()]
        return tuple(item.name for item in _left_behind if item.name.startswith(prefix))


class VideoCapture(Protocol):
    """The part of `cv2.VideoCapture` that is used; tests put fakes in its place."""

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Tell whether it gives frames."""
        ...

    def read(self) -> tuple[bool, NDArray[Any] | None]:
        """Return (True, picture), or (False, anything) at the end or on a fault."""
        ...

    def get(self, prop: int, /) -> float:
        """Return a property."""
        ...

    def set(self, prop: int, value: float, /) -> bool:
        """Ask for a property."""
        ...

    def release(self) -> None:
        """Let the device or file go."""
        ...


@dataclass(frozen=True, slots=True)
class Grabbed:
    """One picture out of a capture.

    Attributes:
        image_bgr: (H, W, 3) uint8 BGR.
        number: Counts every picture the capture gave, from 0.
        captured_s: Monotonic time at which it was in hand.
        position_s: The capture's own time of it (presentation time of a stream).
    """

    image_bgr: ImageU8
    number: int
    captured_s: float
    position_s: float


@dataclass(frozen=True, slots=True)
class CaptureFacts:
    """What a capture says of itself once its first picture is there.

    Attributes:
        size_wh: Size of the first picture.
        fps: Nominal rate in hertz, 0.0 when unknown.
        pixel_format: Four characters as in "MJPG", or "" when unknown.
        frame_count: Number of pictures, or None when endless or unknown.
    """

    size_wh: tuple[int, int]
    fps: float
    pixel_format: str
    frame_count: int | None


def _facts(capture: VideoCapture, first: Grabbed) -> CaptureFacts:
    """Ask a capture for its facts; odd answers of drivers count as unknown."""
    fps = capture.get(cv2.CAP_PROP_FPS)
    stated = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    code = capture.get(cv2.CAP_PROP_FOURCC)
    letters = int(code).to_bytes(4, "little") if 0 < code < 2**32 else b""
    return CaptureFacts(
        size_wh=(first.image_bgr.shape[1], first.image_bgr.shape[0]),
        fps=float(fps) if 0 < fps < 1000 else 0.0,
        pixel_format=letters.decode("ascii") if letters.isalnum() else "",
        frame_count=int(stated) if 1 < stated < 1e9 else None,
    )


class CapturePump:
    """Opens, reads and releases a capture, all in one daemon thread of its own.

    Drivers and networks can block in `open` and `read` for ever, a capture must not be released
    under a running `read`, and some systems want every call from one thread; here the caller waits
    on a condition with a deadline instead. A thread that is stuck in a driver is left behind, under
    its name (`stuck_pumps`): it releases the capture and ends as soon as the driver returns. (A
    child process could be ended instead, but every picture would have to be copied out of it, and
    macOS asks for camera access anew for each program.)

    `start` and `take` belong to one thread, `close` to any; the capture belongs to the pump's.

    Args:
        opener: Returns an opened, configured capture; runs in the pump's thread; may raise
            `SourceError`.
        newest_wins: Whether a picture that nobody took is replaced by the next one (live), given
            the facts. Otherwise the pump waits until it was taken.
        clock: Stamps pictures.
        first_tries: Reads that may fail before the first picture (cameras that warm up).
        name: What is captured; in the name of the thread.
    """

    def __init__(
        self,
        opener: Callable[[], VideoCapture],
        *,
        newest_wins: Callable[[CaptureFacts], bool],
        clock: Clock,
        first_tries: int = 1,
        name: str = "",
    ) -> None:
        self._opener = opener
        self._newest_wins = newest_wins
        self._clock = clock
        self._first_tries = first_tries
        self._changed = threading.Condition()
        self._closed = False
        self._ended = False
        self._error: Exception | None = None
        self._slot: Grabbed | None = None
        self._facts: CaptureFacts | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"capture-pump {name}".strip(), daemon=True
        )

    def start(self, timeout_s: float) -> CaptureFacts | None:
        """Open the capture and wait for its first picture (which `take` will give).

        Returns:
            The facts; None when the pump was closed meanwhile or the capture gives no picture.

        Raises:
            TimeoutError: Nothing came in time; the pump is closed then.
            SourceError: What the opener raised.
        """
        self._thread.start()
        with self._changed:
            done = self._changed.wait_for(
                lambda: self._facts is not None or self._ended or self._closed, timeout_s
            )
            error, facts = self._error, self._facts
        if not done:
            self.close()
            raise TimeoutError
        if error is not None:
            raise error
        return facts

    def take(self, timeout_s: float) -> Grabbed | None:
        """Return the next picture, or None when the capture ended or the pump was closed.

        Raises:
            TimeoutError: No picture came in time.
            Exception: What made the reader fail.
        """
        with self._changed:
            if not self._changed.wait_for(
                lambda: self._slot is not None or self._ended or self._closed, timeout_s
            ):
                raise TimeoutError
            grabbed, self._slot = self._slot, None
            if grabbed is None and self._error is not None and not self._closed:
                raise self._error
            self._changed.notify_all()
            return grabbed

    def close(self) -> None:
        """Wake every wait and let the capture go; waits half a second for that at most."""
        with self._changed:
            self._closed = True
            self._slot = None
            self._changed.notify_all()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_S)
            if self._thread.is_alive():
                self._leave_behind()

    def _leave_behind(self) -> None:
        with _left_behind_lock:
            if self._thread not in _left_behind:
                _left_behind.append(self._thread)
                log.info("%s does not return from its driver: left behind", self._thread.name)

    def _run(self) -> None:
        capture: VideoCapture | None = None
        error: Exception | None = None
        try:
            capture = self._opener()
            if not self._closed:
                self._pump(capture)
        except Exception as caught:  # noqa: BLE001 - a worker's loop boundary; raised to the caller
            error = caught
        finally:
            if capture is not None:
                capture.release()
            with self._changed:
                self._error = error
                self._ended = True
                self._changed.notify_all()

    def _pump(self, capture: VideoCapture) -> None:
        grabbed = self._grab(capture, 0)
        for _ in range(self._first_tries - 1):
            if grabbed is not None or self._closed:
                break
            grabbed = self._grab(capture, 0)
        if grabbed is None:
            return
        facts = _facts(capture, grabbed)
        newest_wins = self._newest_wins(facts)
        while grabbed is not None:
            with self._changed:
                if not newest_wins:
                    self._changed.wait_for(lambda: self._slot is None or self._closed)
                if self._closed:
                    return
                self._facts = facts
                self._slot = grabbed
                self._changed.notify_all()
            grabbed = self._grab(capture, grabbed.number + 1)

    def _grab(self, capture: VideoCapture, number: int) -> Grabbed | None:
        try:
            ok, image = capture.read()
        except cv2.error:
            return None
        captured_s = self._clock()
        if not ok or image is None or image.size == 0:
            return None
        position_s = float(capture.get(cv2.CAP_PROP_POS_MSEC)) / 1e3
        return Grabbed(to_bgr8(image), number, captured_s, position_s)
