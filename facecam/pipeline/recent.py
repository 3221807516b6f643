"""The last seconds, kept in memory, for when something just happened that was not recorded."""

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facecam.errors import RecordingError
from facecam.inference.package import ModelPackage
from facecam.pipeline.drawing import RecordedDrawing
from facecam.pipeline.face_hider import FaceHider
from facecam.pipeline.frame_book import BLUR_WAIT_S, WAIT_S, FrameBook
from facecam.pipeline.in_between import in_between
from facecam.pipeline.status import as_sentence
from facecam.pipeline.worker import Worker
from facecam.recording.request import RecentStatus
from facecam.recording.video_writer import VideoWriter, check_video_suffix
from facecam.timing import Clock, monotonic_s
from facecam.types import Analysis
from facecam.vision.overlay import OverlayOptions

MAX_BYTES = 96 << 20
"""Memory that the pictures take at most; ten seconds of 1280x720 at 30 Hz take about half of it."""
_QUALITY = 90  # of the JPEG pictures; 5 ms and 150 kB a picture of 1280x720
_WAIT_S = 0.25


@dataclass(frozen=True, slots=True)
class _Kept:
    t_s: float
    jpeg: bytes
    analysis: Analysis | None


class RecentKeeper:
    """Keeps the last seconds as JPEG pictures with their analyses, on a thread of its own.

    Made and ended by the session. All but the worker's own function may be called from any thread
    and returns at once. Faces are blurred before a picture is kept, where that is wanted.

    Args:
        number: Counts the keepers of a session; in the names of the threads.
        seconds: How much is kept.
        package: Returns the model package of a name, or None.
        changed: Called when a clip was written or could not be.
        max_bytes: Memory that the pictures take at most; the oldest go first.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        number: int,
        seconds: float,
        *,
        package: Callable[[str], ModelPackage | None] = lambda name: None,
        changed: Callable[[], None] = lambda: None,
        max_bytes: int = MAX_BYTES,
        clock: Clock = monotonic_s,
    ) -> None:
        self.seconds = seconds
        self.book = FrameBook(max_frames=32, late_s=WAIT_S, clock=clock)
        self.worker = Worker(f"facecam-recent-{number}", self._run, self._on_crash, self._on_stop)
        self._number = number
        self._package = package
        self._changed = changed
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: deque[_Kept] = deque()
        self._bytes = 0
        self._blur = False
        self._blurred_until_s = -math.inf
        self._clip: Worker | None = None
        self._clips = 0
        self._saved: Path | None = None
        self._message = ""

    def set_blur(self, on: bool) -> None:
        """Blur faces from now on, or no longer; what was captured while it was on stays blurred."""
        if self._blur and not on:
            self._blurred_until_s = self._clock()
        self._blur = self.book.looks_ahead = on
        self.book.wait_s = BLUR_WAIT_S if on else WAIT_S

    def status(self) -> RecentStatus:
        """Return a snapshot."""
        with self._lock:
            kept = self._kept
            return RecentStatus(
                seconds=kept[-1].t_s - kept[0].t_s if kept else 0.0,
                bytes=self._bytes,
                saving=self._clip is not None,
                saved=self._saved,
                message=self._message,
            )

    def save(self, path: Path, seconds: float, options: OverlayOptions) -> None:
        """Write the last seconds as a clip; `status` says what became of it.

        Args:
            path: The video (.mp4, .mov, .mkv); must not exist.
            seconds: How much of it.
            options: How to draw the overlay.
        """
        with self._lock:
            if self._clip is not None:
                self._message = "A clip is being written already: wait until it is done."
                return
            newest_s = self._kept[-1].t_s if self._kept else 0.0
            items = [item for item in self._kept if item.t_s >= newest_s - seconds]
            self._clips += 1
            self._clip = Worker(
                f"facecam-clip-{self._number}-{self._clips}",
                lambda stop: self._write(path, items, options, stop),
                lambda error: self._note(None, as_sentence(error)),
            )
            clip = self._clip
        clip.start()

    @property
    def running(self) -> bool:
        """Whether it takes in frames."""
        return not self.book.closed

    @property
    def workers(self) -> list[Worker]:
        """The threads that there are."""
        with self._lock:
            return [self.worker, *([self._clip] if self._clip is not None else [])]

    def _on_stop(self) -> None:
        self.book.close()

    def _on_crash(self, error: Exception) -> None:
        self.book.close()
        self._note(None, as_sentence(error))

    def _note(self, saved: Path | None, message: str) -> None:
        with self._lock:
            self._saved, self._message, self._clip = saved, message, None
        self._changed()

    def _run(self, stop: threading.Event) -> None:
        hider = FaceHider()
        while not stop.is_set():
            due = self.book.next_due(_WAIT_S)
            if due is None or due.row.frame is None:
                self.book.leaving()
                continue
            row, image = due.row, due.row.frame.image_bgr
            if row.gaps and any(gap["why"] in ("source", "size") for gap in row.gaps):
                self._forget()
            try:
                if self._blur or row.arrived_s <= self._blurred_until_s:
                    image = hider.hide(due, image)
                good, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
            finally:
                self.book.settle(row, dropped="kept")
                self.book.leaving()
            if good:
                analysis = in_between(due.before, due.after, row.place.t_s)
                self._keep(_Kept(row.place.t_s, jpeg.tobytes(), analysis))

    def _keep(self, item: _Kept) -> None:
        with self._lock:
            self._kept.append(item)
            self._bytes += len(item.jpeg)
            while len(self._kept) > 1 and (
                self._bytes > self._max_bytes or item.t_s - self._kept[0].t_s > self.seconds
            ):
                self._bytes -= len(self._kept.popleft().jpeg)

    def _forget(self) -> None:
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def _write(
        self, path: Path, items: list[_Kept], options: OverlayOptions, stop: threading.Event
    ) -> None:
        check_video_suffix(path)
        if not items:
            raise RecordingError(
                f"Nothing was kept that {path.name} could show: let the video run for a moment."
            )
        if path.exists():
            raise RecordingError(
                f"{path} exists already: save under another name, or remove it first."
            )
        drawing = RecordedDrawing(options, self._package)
        writer: VideoWriter | None = None
        try:
            for item in items:
                if stop.is_set():
                    if writer is not None:
                        writer.discard()
                    self._note(None, f"{path} was not written, because the program ended.")
                    return
                image = cv2.imdecode(np.frombuffer(item.jpeg, np.uint8), cv2.IMREAD_COLOR)
                if image is None:
                    continue
                picture = image.astype(np.uint8, copy=False)
                if writer is None:
                    size_wh = (picture.shape[1], picture.shape[0])
                    writer = VideoWriter(path, size_wh, 0.0, purpose="live")
                writer.write(drawing.draw(picture, item.analysis), item.t_s)
        except BaseException:
            if writer is not None:
                writer.discard()
            raise
        if writer is not None:
            writer.close()
        seconds = items[-1].t_s - items[0].t_s
        self._note(path, f"Saved the last {seconds:.0f} s as {path}.")
