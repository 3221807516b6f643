"""The thread that records: frames and their analyses in, videos and a session folder out."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from facecam.capture.source import SourceInfo
from facecam.errors import RecordingError
from facecam.inference.package import ModelPackage
from facecam.pipeline.frame_book import BLUR_WAIT_S, LATE_S, WAIT_S, FrameBook
from facecam.pipeline.frame_row import Due
from facecam.pipeline.recording_output import RecordingOutput, VideosFactory
from facecam.pipeline.status import as_sentence
from facecam.pipeline.worker import Worker
from facecam.recording.disk_watch import DiskLimits, DiskState, DiskWatch
from facecam.recording.request import RecordingRequest, RecordingState, RecordingStatus
from facecam.recording.video_pair import VideoPair, clean_path
from facecam.timing import Clock, monotonic_s
from facecam.types import Analysis, Frame
from facecam.vision.overlay import OverlayOptions

log = logging.getLogger(__name__)

_HOUSEKEEPING_S = 0.25
_FLUSH_S = 0.5
_LOOK_S = 1.0  # at the disk
_DRAIN_S = 10.0  # for what waits when the user stops
_SESSION_DRAIN_S = 1.0  # when the whole session stops, which waits 2 s at most
_FOREVER_S = 1e9
_LOSSES = ("encoder", "disk")  # reasons to drop a frame that nobody asked for


class Recorder:
    """One recording, on a thread of its own; everything but that thread never waits for it.

    Made and ended by the session. `put`, `put_analysis` and the other commands may be called from
    any thread and return at once.

    Args:
        number: Counts the recordings of a session; in the name of the thread.
        request: What is wanted.
        source: Returns what plays.
        package: Returns the model package of a name, or None.
        changed: Called after each change of state, on whichever thread it happens.
        patient: Let the capture wait instead of dropping frames (files read as fast as possible).
        limits: When the disk is too full.
        videos: Makes what writes the videos; called on the recorder's thread.
        free: Returns the free bytes of a folder.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        number: int,
        request: RecordingRequest,
        *,
        source: Callable[[], SourceInfo | None],
        package: Callable[[str], ModelPackage | None] = lambda name: None,
        changed: Callable[[], None] = lambda: None,
        patient: bool = False,
        limits: DiskLimits | None = None,
        videos: VideosFactory = VideoPair,
        free: Callable[[Path], int] | None = None,
        clock: Clock = monotonic_s,
    ) -> None:
        self.request = request
        self.patient = patient
        options = request.overlay_options
        self._always_blur = request.blur or (options is not None and options.blur)
        self.blur = self._always_blur
        self._blurred_until_s = float("-inf")
        self.book = FrameBook(
            self._busy_with,
            wait_s=_FOREVER_S if patient else BLUR_WAIT_S if self.blur else WAIT_S,
            late_s=_FOREVER_S if patient else LATE_S,
            clock=clock,
        )
        self.book.looks_ahead = self.blur
        if request.clean == "lossless":
            self.book.want_fresh()  # so that the same pictures give the same readings again
        self.worker = Worker(f"facecam-recorder-{number}", self._run, self._on_crash, self._on_stop)
        self._source = source
        self._changed = changed
        self._clock = clock
        parent = request.path.parent
        self._watch = DiskWatch(
            parent, limits, **({"free": free} if free is not None else {}), clock=clock
        )
        self._lock = threading.Lock()
        self._state: RecordingState = "starting"
        self._message = ""
        self._why = ""
        self._drain_until_s = _FOREVER_S
        self._disk = DiskState(0, None, False)
        self._output = RecordingOutput(request, package, videos)
        self._encoder = ""
        self._written = 0
        self._video_s = 0.0
        self._flushed_s = self._looked_s = clock()

    # From any thread.

    def put(self, source: int, frame: Frame) -> None:
        """Take in a captured frame."""
        self.book.put(source, frame)

    def put_analysis(self, source: int, analysis: Analysis) -> None:
        """Take in a result."""
        self.book.put_analysis(source, analysis)

    def pause(self) -> None:
        """Leave out what is captured from now on."""
        self.book.pause()
        self._set_state("paused", from_states=("starting", "recording"))

    def resume(self) -> None:
        """Go on after a pause."""
        if self.request.clean == "lossless":
            self.book.want_fresh()
        self.book.resume()
        to: RecordingState = "recording" if self._written else "starting"
        self._set_state(to, from_states=("paused",))

    def set_blur(self, on: bool) -> None:
        """Blur faces from now on, or no longer (unless the request wants it).

        Switched on it takes what waits as well; switched off it leaves that blurred.
        """
        if self.blur and not on:
            self._blurred_until_s = self._clock()
        self.blur = self.book.looks_ahead = on or self._always_blur
        if not self.patient:
            self.book.wait_s = BLUR_WAIT_S if self.blur else WAIT_S

    def set_look(self, options: OverlayOptions) -> None:
        """Draw the overlay otherwise from the next picture on; does not touch what is blurred."""
        self._output.set_look(options)

    def finish(self, why: str = "stopped", drain_s: float = _DRAIN_S, message: str = "") -> None:
        """End the recording; what waits is still written, for `drain_s` seconds at most.

        Where nothing may be dropped it is written however long that takes, unless the whole
        session is ended.
        """
        if self.patient and drain_s == _DRAIN_S:
            drain_s = _FOREVER_S
        with self._lock:
            if not self._why:
                self._why, self._message = why, message
            self._drain_until_s = min(self._drain_until_s, self._clock() + drain_s)
        self.book.close()
        self._set_state("stopping", from_states=("starting", "recording", "paused"))

    @property
    def running(self) -> bool:
        """Whether it takes in frames."""
        return not self.book.closed

    def status(self) -> RecordingStatus:
        """Return a snapshot."""
        dropped = self.book.dropped
        with self._lock:
            return RecordingStatus(
                state=self._state,
                path=self._target,
                elapsed_s=self._video_s,
                frames_written=self._written,
                frames_dropped=sum(dropped.get(reason, 0) for reason in _LOSSES),
                dropped=tuple(sorted(dropped.items())),
                disk_free_bytes=self._disk.free_bytes,
                disk_left_s=self._disk.left_s,
                encoder=self._encoder,
                message=self._message,
            )

    @property
    def _target(self) -> Path:
        request = self.request
        if request.overlay:
            return request.path
        return request.folder if request.session_folder else clean_path(request) or request.path

    def _busy_with(self) -> str:
        return self._output.busy_with

    def _set_state(self, state: RecordingState, from_states: tuple[RecordingState, ...]) -> None:
        with self._lock:
            changed = self._state in from_states and self._state != state
            if changed:
                self._state = state
        if changed:
            self._changed()

    def _on_stop(self) -> None:
        self.finish("session stopped", _SESSION_DRAIN_S)

    def _on_crash(self, error: Exception) -> None:
        with self._lock:
            self._state, self._message = "failed", as_sentence(error)
        self._changed()

    # On the recorder's thread.

    def _run(self, stop: threading.Event) -> None:
        error: Exception | None = None
        try:
            self._output.prepare()
            self._look_at_disk()
            while True:
                due = self.book.next_due(_HOUSEKEEPING_S)
                if due is not None:
                    self._encode(due)
                elif self.book.closed:
                    break
                if self._clock() > self._drain_until_s:
                    self.book.drop_waiting("stopped")
                self._keep_house()
        except RecordingError as failure:
            error = failure
        except Exception as failure:  # whatever it was, the files are to be whole
            log.warning("%s failed: %s", self.worker.name, failure, exc_info=True)
            error = failure
        self._end(error)

    def _encode(self, due: Due) -> None:
        frame = due.row.frame
        if frame is None:
            return
        video_s = None
        blur = self.blur or due.row.arrived_s <= self._blurred_until_s
        try:
            if not self._output.begun:
                self._output.begin(self._source(), due.row, frame, blur=blur)
                with self._lock:
                    self._encoder = self._output.encoder
            video_s = self._output.write(due, frame.image_bgr, blur=blur)
        finally:
            if video_s is None:
                self.book.settle(due.row, dropped="failed")
            else:
                self.book.settle(due.row, video_s=video_s)
        with self._lock:
            self._written += 1
            self._video_s = video_s
        self._set_state("recording", from_states=("starting",))

    def _keep_house(self) -> None:
        if self._output.begun:
            self._output.write_rows(self.book.leaving())
        now_s = self._clock()
        if now_s - self._flushed_s >= _FLUSH_S:
            self._flushed_s = now_s
            self._output.flush()
        if now_s - self._looked_s >= _LOOK_S:
            self._look_at_disk()
            self._output.check_place()

    def _look_at_disk(self) -> None:
        self._looked_s = self._clock()
        try:
            state = self._watch.look(self._output.size_bytes)
        except OSError as error:
            raise RecordingError(
                f"The folder {self.request.path.parent} is gone ({error.strerror}): the disk was "
                "taken out or the folder removed, so record to another place."
            ) from error
        with self._lock:
            self._disk = state
        if not state.low:
            return
        free_mb = state.free_bytes / 1e6
        where = self.request.path.parent
        if not self._written:
            raise RecordingError(
                f"Only {free_mb:.0f} MB are free in {where}: free some space, or record to another "
                "disk."
            )
        self.finish(
            "disk low",
            message=f"The recording was stopped because only {free_mb:.0f} MB were left in "
            f"{where}: it is whole up to here; free some space before the next one.",
        )

    def _end(self, error: Exception | None) -> None:
        """Finish the files as well as it goes."""
        self.finish("failed" if error is not None else "stopped", 0.0)
        self.book.drop_waiting("failed" if error is not None else "stopped")
        steps: tuple[Callable[[], None], ...] = (
            self._output.close_videos,
            lambda: self._output.end(self.book.leaving(), self._ended(error)),
        )
        for step in steps:  # one that fails must not keep the other from being done
            try:
                step()
            except RecordingError as failure:
                error = error or failure
            except Exception as failure:
                log.warning("%s failed: %s", self.worker.name, failure, exc_info=True)
                error = error or failure
        message = self._last_words(error)
        with self._lock:
            self._message = message
            self._state = "failed" if error is not None else "stopped"
        self._changed()

    def _ended(self, error: Exception | None) -> dict[str, Any]:
        return {
            "why": "failed" if error is not None else self._why,
            "message": self._last_words(error),
            "ended_utc": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "video_frames": self._written,
        }

    def _last_words(self, error: Exception | None) -> str:
        """Return what the user is told in the end."""
        if error is not None:
            sentence = as_sentence(error)
            if self._written:
                sentence = sentence.removesuffix(".") + (
                    f"; what was recorded until then ({self._video_s:.0f} s) can be played."
                )
            return sentence
        if not self._written:
            return (
                f"No frame came before the recording ended, so there is no {self._target.name}: "
                "start it once there is a picture."
            )
        return self._message or f"Recorded into {self._target}."
