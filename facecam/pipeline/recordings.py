"""The recordings of a session: the one that runs, and what is kept of the last seconds."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from facecam.capture.source import SourceInfo
from facecam.errors import RecordingError
from facecam.inference.package import ModelPackage
from facecam.pipeline.recent import RecentKeeper
from facecam.pipeline.recorder import Recorder
from facecam.pipeline.worker import Worker
from facecam.recording.request import RecentStatus, RecordingRequest, RecordingStatus
from facecam.types import Analysis, Frame
from facecam.vision.overlay import OverlayOptions


class SessionRecordings:
    """Hands frames and analyses on to whoever records. May be used from any thread; never blocks.

    Owned by the session, which alone makes it. The session may call it with its own lock held.

    Args:
        source: Returns what plays.
        changed: Called after each change of state of a recording.
        patient: Let the capture wait instead of dropping frames.
    """

    def __init__(
        self,
        source: Callable[[], SourceInfo | None],
        changed: Callable[[], None],
        *,
        patient: bool = False,
    ) -> None:
        self._source = source
        self._changed = changed
        self._patient = patient
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._recorder: Recorder | None = None
        self._keeper: RecentKeeper | None = None
        self._old: list[Worker] = []
        self._packages: dict[str, ModelPackage] = {}
        self._refused: RecordingStatus | None = None
        self._refused_clip: RecentStatus | None = None
        self._blur = False

    # What is asked for.

    def start(self, request: RecordingRequest) -> None:
        """Begin a recording.

        Raises:
            RecordingError: Another one runs.
        """
        with self._lock:
            before = self._recorder
            if before is not None and before.status().running:
                raise RecordingError(
                    f"{before.request.path.name} is being recorded: stop that before you record "
                    f"{request.path.name}."
                )
            if before is not None:
                self._old.append(before.worker)
            recorder = Recorder(
                next(self._numbers),
                request,
                source=self._source,
                package=self.package,
                changed=self._changed,
                patient=self._patient,
            )
            recorder.set_blur(self._blur)
            self._recorder, self._refused = recorder, None
        recorder.worker.start()
        self._changed()

    def refuse(self, request: RecordingRequest, message: str) -> None:
        """Say that a recording cannot begin."""
        with self._lock:
            self._refused = RecordingStatus("failed", request.path, message=message)
        self._changed()

    def pause(self) -> None:
        """Leave out what is captured from now on."""
        if (recorder := self._running()) is not None:
            recorder.pause()

    def resume(self) -> None:
        """Go on after a pause."""
        if (recorder := self._running()) is not None:
            recorder.resume()

    def stop(self, why: str = "stopped") -> None:
        """Finish the recording, if one runs."""
        if (recorder := self._running()) is not None:
            recorder.finish(why)

    def set_blur(self, on: bool) -> None:
        """Blur faces in what is recorded and kept from now on."""
        with self._lock:
            self._blur = on
            recorder, keeper = self._recorder, self._keeper
        if recorder is not None:
            recorder.set_blur(on)
        if keeper is not None:
            keeper.set_blur(on)

    def set_look(self, options: OverlayOptions) -> None:
        """Draw the overlay of the recording that runs otherwise from now on."""
        if (recorder := self._running()) is not None:
            recorder.set_look(options)

    def keep_recent(self, seconds: float) -> None:
        """Keep the last seconds in memory from now on; 0.0 keeps nothing and lets go."""
        with self._lock:
            before = self._keeper
            if before is not None and before.running and before.seconds == seconds:
                return
            keeper = None
            if seconds > 0:
                keeper = RecentKeeper(
                    next(self._numbers), seconds, package=self.package, changed=self._changed
                )
                keeper.set_blur(self._blur)
            self._keeper, self._refused_clip = keeper, None
            if before is not None:
                self._old += before.workers
        if before is not None:
            before.worker.request_stop()
        if keeper is not None:
            keeper.worker.start()

    def save_recent(self, path: Path, seconds: float, options: OverlayOptions | None) -> None:
        """Write what just happened as a clip; the status says what became of it."""
        with self._lock:
            keeper = self._keeper
            if keeper is None:
                self._refused_clip = RecentStatus(
                    message=f"{path.name} cannot be saved, because nothing is kept of the last "
                    "seconds: switch that on first."
                )
        if keeper is None:
            self._changed()
        else:
            keeper.save(path, seconds, replace(options or OverlayOptions()))

    # What the session tells.

    def put(self, source: int, frame: Frame) -> None:
        """Take in a captured frame."""
        with self._lock:
            recorder, keeper = self._recorder, self._keeper
        if recorder is not None:
            recorder.put(source, frame)
        if keeper is not None:
            keeper.book.put(source, frame)

    def wait_for_room(self) -> None:
        """Where nothing may be dropped, wait until the recorder can take another frame."""
        recorder = self._recorder
        if self._patient and recorder is not None:
            recorder.book.wait_for_room()

    def put_analysis(self, source: int, analysis: Analysis) -> None:
        """Take in a result."""
        with self._lock:
            recorder, keeper = self._recorder, self._keeper
        if recorder is not None:
            recorder.put_analysis(source, analysis)
        if keeper is not None:
            keeper.book.put_analysis(source, analysis)

    def takes_fresh(self, source: int, frame_id: int) -> bool:
        """Return whether the analyzer is to forget everything before this frame."""
        recorder = self._recorder
        return recorder is not None and recorder.book.takes_fresh(source, frame_id)

    def note_shown(self, source: int, frame_id: int) -> None:
        """Take in that the newest frame was handed to whoever shows frames."""
        recorder = self._recorder
        if recorder is not None:
            recorder.book.note_shown(source, frame_id)

    def mark_gap(self, why: str) -> None:
        """Mark what lies before the next frame."""
        if (recorder := self._running()) is not None:
            recorder.book.mark_gap(why)

    def note_package(self, package: ModelPackage) -> None:
        """Remember a model package, whose name analyses will bear."""
        with self._lock:
            self._packages[package.name] = package

    def package(self, name: str) -> ModelPackage | None:
        """Return the model package of a name."""
        return self._packages.get(name)

    # How it stands.

    def recording_status(self) -> RecordingStatus | None:
        """Return how the recording goes, or how the last one ended."""
        with self._lock:
            recorder, refused = self._recorder, self._refused
        return refused or (recorder.status() if recorder is not None else None)

    def recent_status(self) -> RecentStatus | None:
        """Return what is kept of the last seconds."""
        with self._lock:
            keeper, refused = self._keeper, self._refused_clip
        return refused or (keeper.status() if keeper is not None else None)

    @property
    def workers(self) -> list[Worker]:
        """Every thread that may still run."""
        with self._lock:
            self._old = [worker for worker in self._old if worker.running]
            found = list(self._old)
            if self._recorder is not None:
                found.append(self._recorder.worker)
            if self._keeper is not None:
                found += self._keeper.workers
        return found

    def _running(self) -> Recorder | None:
        with self._lock:
            recorder = self._recorder
        return recorder if recorder is not None and recorder.running else None
