"""The thread that reads one source."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from facecam.capture.health import FrameSign, FrameSigner, HealthReport, HealthWatch, SourceHealth
from facecam.capture.source import FollowingSource, FrameSource, SourceInfo
from facecam.errors import CameraLostError, MediaFileError, SourceError, StreamError
from facecam.pipeline.pacing import Pacer
from facecam.pipeline.worker import Worker
from facecam.timing import Clock
from facecam.types import Frame

log = logging.getLogger(__name__)

SourceFactory = Callable[[], FrameSource]
_CLOSE_AFTER_S = 0.2  # a reader normally ends by itself within a frame or two
_FIRST_PAUSE_S = 0.25  # before the first attempt to open a lost source; doubled after each
_LET_GO_S = 2.0  # longest wait for another loop to close its source
_LASTED_S = 0.4  # a source that played for longer was truly back: the pauses begin anew
_NOTHING_TO_SEE = FrameSign((0, 0))


@dataclass(frozen=True, slots=True)
class SourceGap:
    """A time without frames, from the loss of a source to its first frame afterwards.

    Attributes:
        after_id: The first frame after it.
        began_s, ended_s: `captured_s` of the frames on both sides; their source times lie as far
            apart.
    """

    after_id: int
    began_s: float
    ended_s: float

    @property
    def length_s(self) -> float:
        """How long nothing came, in seconds."""
        return self.ended_s - self.began_s


def _ignore_gap(loop: "CaptureLoop", gap: SourceGap) -> None:
    """Do nothing; for whoever needs not know of gaps."""


@dataclass(frozen=True, slots=True)
class CaptureEvents:
    """Where a capture loop reports, always on its own thread.

    Attributes:
        deliver: Takes a frame; returns False when the loop is no longer wanted.
        lost: The source broke while it played and is being waited for.
        ended: The source came to its end.
        failed: The source could not be opened or broke for good.
        back: A source that was lost gives frames again; called before the first is delivered.
    """

    deliver: Callable[["CaptureLoop", Frame], bool]
    lost: Callable[["CaptureLoop", Exception], None]
    ended: Callable[["CaptureLoop"], None]
    failed: Callable[["CaptureLoop", Exception], None]
    back: Callable[["CaptureLoop", SourceGap], None] = _ignore_gap


class CaptureLoop:
    """Opens one source, reads it to its end and closes it, on a thread of its own.

    Owned by the session. `worker.request_stop` returns at once; a source that does not wake up is
    closed under its reader, from another thread.

    Args:
        factory: Makes the source; called on the capture thread.
        number: Counts the sources of a session; in the name of the thread.
        events: Where to report.
        paced: Play a source that is not live in real time.
        reconnect_s: Longest pause between attempts to open a lost camera or stream again; the first
            follows after a quarter of a second. None gives up.
        after: Loops whose sources are to be closed before this one is opened (the same camera).
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        factory: SourceFactory,
        number: int,
        events: CaptureEvents,
        *,
        paced: bool,
        reconnect_s: float | None,
        after: "Sequence[CaptureLoop]" = (),
        clock: Clock,
    ) -> None:
        self.factory = factory
        self.number = number
        self.info: SourceInfo | None = None
        self._events = events
        self._paced = paced
        self._reconnect_s = reconnect_s
        self._after = after
        self._clock = clock
        self._lock = threading.Lock()  # guards the source, the watch and what `health` tells
        self._source: FrameSource | None = None
        self._finished = threading.Event()
        self._last: Frame | None = None
        self._open_s: float | None = None  # when the source was open, if it came to that
        # Added to ids and source times, so that they go on after a gap.
        self._shift_ids = 0
        self._shift_s = 0.0
        self._signer = FrameSigner()
        self._watch: HealthWatch | None = None
        self._away: HealthReport | None = None
        self.worker = Worker(
            f"facecam-capture-{number}",
            self._run,
            lambda error: events.failed(self, error),
            self._start_closer,
        )
        self.closer = Worker(f"facecam-close-{number}", self._close_late, self._close_failed)

    def health(self) -> HealthReport:
        """Return what can be said of the source now. May be called from any thread."""
        now_s = self._clock()
        with self._lock:
            if self._away is not None:
                return self._away
            if self._watch is None:  # still being opened
                return HealthReport(SourceHealth.OK, now_s)
            return self._watch.report(now_s)

    def _run(self, stop: threading.Event) -> None:
        try:
            for loop in self._after:
                loop.worker.join(_LET_GO_S)
            attempts = 0
            while not stop.is_set():
                before, self._open_s = self._last, None
                try:
                    self._play(stop)
                except SourceError as error:
                    if stop.is_set():
                        break
                    if not self._can_come_back(error):
                        raise
                    self._go_away(SourceHealth.GONE)
                    if self._reconnect_s is None:
                        raise
                    self._events.lost(self, error)
                    played_s = self._clock() - self._open_s if self._open_s is not None else 0.0
                    lasted = self._last is not before and played_s > _LASTED_S
                    attempts = 0 if lasted else attempts + 1
                    stop.wait(min(_FIRST_PAUSE_S * 2 ** min(attempts, 8), self._reconnect_s))
                else:
                    break
            if not stop.is_set():
                self._events.ended(self)
        finally:
            self._finished.set()

    def _can_come_back(self, error: SourceError) -> bool:
        """Whether a source that broke may come back: it played, and it is one that can be lost."""
        live = self.info is not None and self.info.live
        lost = live or isinstance(error, CameraLostError | StreamError)
        return self._last is not None and lost

    def _go_away(self, health: SourceHealth) -> None:
        """Note that a source that played is gone, or is being opened again."""
        with self._lock:
            if self._last is not None:
                since_s = self._away.since_s if self._away else self._last.captured_s
                self._away = HealthReport(health, since_s)

    def _make_source(self) -> FrameSource:
        """Return a new source: for one that was lost, of the very same device."""
        source = self.factory()
        if self._last is not None and self.info and isinstance(source, FollowingSource):
            source.follow(self.info)
        return source

    def _play(self, stop: threading.Event) -> None:
        """Read one opening of the source to its end."""
        source = self._make_source()
        with self._lock:
            self._source = source
        try:
            if stop.is_set():
                return
            self._go_away(SourceHealth.RECONNECTING)
            source.open()
            self._open_s = self._clock()
            info = self.info = source.info
            with self._lock:
                self._watch = HealthWatch(live=info.live, size_wh=info.size_wh, now_s=self._clock())
            pacer = Pacer() if self._paced and not info.live else None
            before = self._last  # the last frame of an earlier opening, until the first of this one
            while not stop.is_set():
                frame = self._read(source, info)
                if frame is None:
                    if getattr(source, "truncated", False) and not stop.is_set():
                        raise MediaFileError(
                            f"{info.name} breaks off before the length that it states: what there "
                            "is was played, copy the file again."
                        )
                    return
                if pacer is not None:
                    wait_s = pacer.wait_s(frame.source_s, self._clock())
                    if wait_s > 0 and stop.wait(wait_s):
                        return
                    # What was held back is new when it is let go: its age counts from there.
                    frame = replace(frame, captured_s=self._clock())
                frame = self._placed(frame, before)
                before = None
                if not self._events.deliver(self, frame):
                    return
        finally:
            source.close()

    def _read(self, source: FrameSource, info: SourceInfo) -> Frame | None:
        """Read one frame and let the watch see it."""
        with self._lock:
            assert self._watch is not None
            self._watch.note_reading(self._clock())
        frame = source.read()
        if frame is None:
            with self._lock:
                self._watch.note_end()
            return None
        sign = self._signer.sign(frame.image_bgr) if info.live else _NOTHING_TO_SEE
        now_s = self._clock()
        with self._lock:
            self._watch.note_frame(sign, now_s)
            self._away = None
            size_wh = self._watch.adopted_size(now_s)
        if size_wh is not None and self.info is not None:
            self.info = replace(self.info, size_wh=size_wh)
        return frame

    def _placed(self, frame: Frame, before: Frame | None) -> Frame:
        """Return the frame with an id and a source time that go on from earlier openings.

        Args:
            frame: As the source gave it; a source that was opened again counts from 0 again.
            before: The last frame before a gap that this frame ends, else None.
        """
        if before is not None:
            # The gap is as long in source time as it was on the clock: nothing moves together.
            away_s = max(frame.captured_s - before.captured_s, 0.0)
            self._shift_s = before.source_s + away_s - frame.source_s
            self._shift_ids = before.frame_id + 1 - frame.frame_id
        if self._shift_ids or self._shift_s:
            frame = replace(
                frame,
                frame_id=frame.frame_id + self._shift_ids,
                source_s=frame.source_s + self._shift_s,
            )
        if before is not None:
            gap = SourceGap(frame.frame_id, before.captured_s, frame.captured_s)
            self._events.back(self, gap)
        self._last = frame
        return frame

    def _start_closer(self) -> None:
        self.closer.start()

    def _close_late(self, stop: threading.Event) -> None:
        if not self.worker.running or self._finished.wait(_CLOSE_AFTER_S):
            return
        with self._lock:
            source = self._source
        if source is not None:
            log.info("%s does not end by itself: closing its source", self.worker.name)
            source.close()

    def _close_failed(self, error: Exception) -> None:
        """Nothing to do: the worker logged it, and a stuck reader is reported by the session."""
