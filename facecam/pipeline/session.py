"""A running pipeline: owns the workers, answers what is new and how it goes.

    capture thread --frame--> newest-frame slot --> analysis thread --> latest(), recent()
         |                                               ^
         +--> latest()                  model thread ----+

Whoever shows things pulls `latest()` and `status()` by timer; only state changes and errors are
pushed (`on_change`), from whichever thread they happen on. (Longer than 400 lines because one lock
guards all of this; what needs no lock of its own lies in `source_switch`, `meters` and the loops.)
"""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from facecam.capture.health import SourceHealth
from facecam.capture.pump import stuck_pumps
from facecam.capture.source import SourceInfo
from facecam.errors import RecordingError, WorkerStuckError
from facecam.inference.estimator import Estimator
from facecam.pipeline.analysis_loop import (
    AnalysisEvents,
    AnalysisLoop,
    AnalyzerFactory,
    EstimatorFactory,
    ModelMailbox,
    NumberedFrame,
    model_worker,
)
from facecam.pipeline.cam_trust import CamTrustProbe, TrustEstimatorFactory
from facecam.pipeline.capture_loop import CaptureEvents, CaptureLoop, SourceFactory, SourceGap
from facecam.pipeline.meters import SessionMeters
from facecam.pipeline.recordings import SessionRecordings
from facecam.pipeline.slots import NewestSlot
from facecam.pipeline.source_switch import SourceSwitch
from facecam.pipeline.status import (
    ACTIVE,
    Ending,
    SessionOptions,
    SessionState,
    SessionStatus,
    as_sentence,
)
from facecam.pipeline.worker import Worker
from facecam.recording.request import RecordingRequest
from facecam.timing import Clock, monotonic_s
from facecam.types import Analysis, CamChoice, Frame
from facecam.vision.overlay import OverlayOptions

__all__ = ["Session", "SessionOptions"]

STOP_TIMEOUT_S = 2.0


@dataclass(slots=True)
class _Run:
    """What exists between one start and its end. Guarded by the session's lock."""

    slot: NewestSlot[NumberedFrame]
    meters: SessionMeters
    probe: CamTrustProbe
    mailbox: ModelMailbox = field(default_factory=ModelMailbox)
    switch: SourceSwitch = field(default_factory=SourceSwitch)
    workers: list[Worker] = field(default_factory=list)
    loading: int | None = None  # number of the model that is being loaded
    analysis: AnalysisLoop | None = None
    gaps: int = 0  # how often the source was lost and came back


class Session:
    """Runs the pipeline on worker threads. Every method may be called from any thread.

    No method waits for a device or a model, but `stop`, which waits at most 2 s. A session can be
    started again once it stopped or faulted.

    Args:
        source_factory: Makes the source, not opened; called on the capture thread.
        analyzer_factory: Makes the analyzer, without a model; called on the analysis thread.
        estimator_factory: Loads the model; called on the model thread. None for boxes only.
        options: How to play.
        on_change: Called with the new status after each change of state and each error.
        on_analysis: Called on the analysis thread with each frame and its result.
        on_gap: Called on the capture thread when a source that was lost is back, before its first
            frame is taken in.
        trust_factory: Loads a second model, on a thread of its own, to measure how far class
            activation maps can be trusted; the same package in LiteRT by default.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        source_factory: SourceFactory,
        analyzer_factory: AnalyzerFactory,
        estimator_factory: EstimatorFactory | None = None,
        *,
        options: SessionOptions | None = None,
        on_change: Callable[[SessionStatus], None] | None = None,
        on_analysis: Callable[[Frame, Analysis], None] | None = None,
        on_gap: Callable[[SourceGap], None] | None = None,
        trust_factory: TrustEstimatorFactory | None = None,
        clock: Clock = monotonic_s,
    ) -> None:
        self._source_factory = source_factory
        self._analyzer_factory = analyzer_factory
        self._estimator_factory = estimator_factory
        self._options = options or SessionOptions()
        self._on_change = on_change
        self._on_analysis = on_analysis
        self._on_gap = on_gap
        self._clock = clock
        self._lock = threading.RLock()
        self._state = SessionState.IDLE
        self._run: _Run | None = None
        self._leftovers: list[Worker] = []
        self._numbers = itertools.count(1)
        self._frame: Frame | None = None
        self._analysis: Analysis | None = None
        self._trust_factory = trust_factory
        self._cam: CamChoice | None = None
        self._model = ""
        self._ending: Ending | None = None
        self._error: str | None = None
        self._error_count = 0
        self._recordings = SessionRecordings(
            self._playing, self._notify, patient=self._options.as_fast_as_possible
        )
        self._keep_recent_s = self._options.keep_recent_s

    # What the window pulls.

    def latest(self) -> tuple[Frame | None, Analysis | None]:
        """Return the newest frame and the newest result, which may belong to an older frame."""
        with self._lock:
            frame, run = self._frame, self._run
            if frame is not None and run is not None and run.switch.current is not None:
                self._recordings.note_shown(run.switch.current.number, frame.frame_id)
            return frame, self._analysis

    def recent(self, seconds: float = 30.0) -> tuple[Analysis, ...]:
        """Return the results of the last seconds of the source that plays, oldest first."""
        oldest_s = self._clock() - seconds
        with self._lock:
            history = self._run.meters.history if self._run else ()
            return tuple(item for item in history if item.ready_s >= oldest_s)

    def status(self) -> SessionStatus:
        """Return a snapshot of how it goes."""
        with self._lock:
            run, analysis = self._run, self._analysis
            if run is None:
                return SessionStatus(
                    self._state,
                    error=self._error,
                    error_count=self._error_count,
                    recording=self._recordings.recording_status(),
                    recent=self._recordings.recent_status(),
                )
            meters, switch = run.meters, run.switch
            p50_ms, p95_ms = meters.latency.percentiles_ms(50, 95)
            health, health_s = self._health(run)
            return SessionStatus(
                state=self._state,
                source=switch.current.info if switch.current else None,
                model=self._model,
                source_changing=switch.candidate is not None and switch.current is not None,
                model_loading=run.loading is not None and self._state in ACTIVE,
                source_hz=meters.rate_hz("source"),
                analysis_hz=meters.rate_hz("analysis"),
                detector_hz=meters.rate_hz("detector"),
                latency_p50_ms=p50_ms,
                latency_p95_ms=p95_ms,
                counts=run.slot.counts,
                faces=len(analysis.faces) if analysis else 0,
                ending=self._ending,
                error=self._error,
                error_count=self._error_count,
                first_frame_s=meters.first_frame_s,
                first_stats_s=meters.first_stats_s,
                source_health=health,
                source_health_s=health_s,
                source_gaps=run.gaps,
                recording=self._recordings.recording_status(),
                recent=self._recordings.recent_status(),
            )

    def _health(self, run: _Run) -> tuple[SourceHealth, float]:
        """Return the health of the source that plays, and for how many seconds it has been so."""
        loop = run.switch.current
        lost = self._ending is Ending.CAMERA_LOST
        if loop is None or not (self._state in ACTIVE or lost):
            return SourceHealth.OK, 0.0
        report = loop.health()
        return report.health, max(self._clock() - report.since_s, 0.0)

    # Commands.

    def start(self) -> None:
        """Begin to play; does nothing while it plays or stops."""
        with self._lock:
            if self._state in ACTIVE or self._state is SessionState.STOPPING:
                return
            self._leftovers = [worker for worker in self._all_workers() if worker.running]
            slot: NewestSlot[NumberedFrame]
            slot = NewestSlot(lossless=self._options.as_fast_as_possible)
            probe = CamTrustProbe(self._trust_factory)
            run = self._run = _Run(slot, SessionMeters(self._clock), probe)
            self._frame = self._analysis = self._ending = self._error = None
            self._model = ""
            self._state = SessionState.STARTING
            run.analysis = AnalysisLoop(
                self._analyzer_factory,
                slot,
                run.mailbox,
                self._analysis_events(run),
                lambda: self._cam,
                probe,
            )
            analysis = run.analysis.worker
            run.workers += [analysis, probe.worker]
            self._recordings.keep_recent(self._keep_recent_s)
            probe.worker.start()
            self._begin_source(run, self._source_factory, after=None)
            if self._estimator_factory is not None:
                self._begin_model(run, self._estimator_factory)
            else:
                run.mailbox.settled.set()
            analysis.start()
        self._notify()

    def change_source(self, factory: SourceFactory, *, release_first: bool = False) -> None:
        """Play another source; the old one plays on until the new one gives its first frame.

        When the new one fails, the old one stays and the status carries the error. A session that
        does not play is started.

        Args:
            factory: Makes the new source.
            release_first: Close the old source before the new one is opened, as the same camera
                with another size needs it; when the new one fails there is then none.
        """
        with self._lock:
            run = self._run
            if self._state is SessionState.STOPPING:
                return
            # A file that came to its end may still be in analysis: then the slot goes on.
            playing = self._state in ACTIVE and run is not None and run.slot.resume()
            if playing and run is not None:
                after = run.switch.current if release_first else None
                if after is not None:
                    after.worker.request_stop()
                self._begin_source(run, factory, after)
            else:
                self._source_factory = factory
                if self._state in ACTIVE:  # over, and just about to say so
                    self._state = SessionState.STOPPED
                    for worker in self._all_workers():
                        worker.request_stop()
        if playing:
            self._notify()
        else:
            self.start()

    def change_model(self, factory: EstimatorFactory | None) -> None:
        """Use another model (None: no model); the old one stays until the new one has worked once.

        When the new one fails, the old one stays and the status carries the error. A session that
        does not play takes the model at its next start; one that came to the end of a single
        picture reads that picture again.
        """
        with self._lock:
            run = self._run
            again = False
            if self._state in ACTIVE and run is not None:
                self._begin_model(run, factory)
            else:
                self._estimator_factory = factory
                ended = self._state is SessionState.STOPPED and self._ending is Ending.END_OF_FILE
                again = ended and run is not None and self._is_picture(run)
        if again:
            self.start()
        else:
            self._notify()

    def set_cam(self, choice: CamChoice | None) -> None:
        """Want a class activation map on the faces, or none, from the next frame on."""
        with self._lock:
            self._cam = choice

    def measure_trust(self, track: int) -> None:
        """Have the map of a face measured next; the figure comes with its `FaceMap`."""
        with self._lock:
            if self._run is not None:
                self._run.probe.request(track)

    def start_recording(self, request: RecordingRequest) -> None:
        """Record from the next frame on; returns at once, `status().recording` says how it goes.

        A session that was not started yet records from its first frame on. Only one recording
        runs at a time.
        """
        with self._lock:
            over = self._state in (
                SessionState.STOPPING,
                SessionState.STOPPED,
                SessionState.FAULTED,
            )
        if over:
            message = f"{request.path.name} cannot be recorded, because nothing plays: choose a "
            self._recordings.refuse(request, message + "camera or a file first.")
            return
        try:
            self._recordings.start(request)
        except RecordingError as error:
            with self._lock:
                self._note_error(error)
            self._notify()

    def pause_recording(self) -> None:
        """Leave out what comes from now on; the gap is marked in the ledger."""
        self._recordings.pause()

    def resume_recording(self) -> None:
        """Go on with a recording that was paused."""
        self._recordings.resume()

    def stop_recording(self) -> None:
        """Finish the recording; returns at once, `status().recording` says when it is whole."""
        self._recordings.stop()

    def set_blur(self, on: bool) -> None:
        """Blur every face in what is recorded and kept from now on, before it is encoded."""
        self._recordings.set_blur(on)

    def keep_recent(self, seconds: float) -> None:
        """Keep the last seconds in memory for `save_recent`; 0.0 keeps nothing."""
        with self._lock:
            self._keep_recent_s = seconds
            if self._state in ACTIVE or seconds <= 0:
                self._recordings.keep_recent(seconds)

    def save_recent(
        self, path: Path, seconds: float = 10.0, options: OverlayOptions | None = None
    ) -> None:
        """Write what just happened as a clip; returns at once, `status().recent` says the rest.

        Args:
            path: The video (.mp4, .mov, .mkv); must not exist.
            seconds: How much of it; no more than `keep_recent` keeps.
            options: How to draw the overlay.
        """
        self._recordings.save_recent(path, seconds, options)

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> tuple[str, ...]:
        """End everything and return the names of threads that did not end in time (mostly none).

        May be called again, and before `start`. A thread that is stuck in a driver is left behind;
        it cannot touch the session any more and does not keep the program from ending.
        """
        deadline_s = monotonic_s() + timeout_s
        with self._lock:
            if self._state in ACTIVE:
                self._state = SessionState.STOPPING
                self._ending = Ending.USER_STOP
            workers = self._all_workers()
            workers += [item for item in self._recordings.workers if item not in workers]
            for worker in workers:
                worker.request_stop()
        self._notify()
        for worker in workers:
            worker.join(deadline_s - monotonic_s())
        with self._lock:
            self._leftovers = [worker for worker in workers if worker.running]
            current = threading.current_thread().name
            stuck = tuple(w.name for w in self._leftovers if w.name != current)
            # Streams end by FFmpeg's own timeouts; only a driver may hold its thread for ever.
            stuck += stuck_pumps("capture-pump camera")
            if self._state is SessionState.STOPPING:
                self._state = SessionState.STOPPED
            if stuck:
                self._note_error(
                    WorkerStuckError(
                        f"{', '.join(stuck)} did not end within {timeout_s:.0f} s: the device or "
                        "the disk does not answer; unplug it, or end the program."
                    )
                )
        self._notify()
        return stuck

    # Workers.

    def _all_workers(self) -> list[Worker]:
        with self._lock:
            return self._leftovers + (self._run.workers if self._run else [])

    def _playing(self) -> SourceInfo | None:
        with self._lock:
            loop = self._run.switch.current if self._run else None
            return loop.info if loop is not None else None

    def _begin_source(self, run: _Run, factory: SourceFactory, after: CaptureLoop | None) -> None:
        loop = CaptureLoop(
            factory,
            next(self._numbers),
            CaptureEvents(
                deliver=lambda loop, frame: self._on_frame(run, loop, frame),
                lost=lambda loop, error: self._on_lost(run, loop, error),
                ended=lambda loop: self._on_source_end(run, loop, None),
                failed=lambda loop, error: self._on_source_end(run, loop, error),
                back=lambda loop, gap: self._on_back(run, loop, gap),
            ),
            paced=not self._options.as_fast_as_possible,
            reconnect_s=self._options.reconnect_s,
            after=after,
            clock=self._clock,
        )
        replaced = run.switch.offer(loop, released=after is not None)
        if replaced is not None:
            replaced.worker.request_stop()
        run.workers[:] = [item for item in run.workers if not item.over]
        run.workers += [loop.worker, loop.closer]
        loop.worker.start()

    def _begin_model(self, run: _Run, factory: EstimatorFactory | None) -> None:
        run.loading = next(self._numbers)
        worker = model_worker(
            run.loading,
            factory,
            run.slot,
            lambda number, estimator: self._on_model(run, number, factory, estimator),
            lambda number, error: self._on_model_refused(run, number, error),
        )
        run.workers.append(worker)
        worker.start()

    def _analysis_events(self, run: _Run) -> AnalysisEvents:
        return AnalysisEvents(
            wanted=lambda number: self._is_current(run, number),
            patient=lambda number: self._options.as_fast_as_possible or self._is_picture(run),
            ready=lambda number, frame, analysis: self._on_ready(run, number, frame, analysis),
            model_changed=lambda name: self._on_model_in_use(run, name),
            model_failed=lambda error: self._on_model_in_use(run, "", error),
            ended=lambda: self._on_analysis_end(run, None),
            failed=lambda error: self._on_analysis_end(run, error),
            fresh=lambda number, frame: self._recordings.takes_fresh(number, frame.frame_id),
        )

    # What workers report.

    def _on_frame(self, run: _Run, loop: CaptureLoop, frame: Frame) -> bool:
        retired = None
        with self._lock:
            if run is not self._run or self._state not in ACTIVE:
                return False
            changed = self._state is SessionState.STARTING
            if loop is run.switch.candidate:
                retired = run.switch.promote(loop)
                self._source_factory = loop.factory
                self._analysis = None
                run.meters.note_new_source()
                run.slot.drop()
                changed = True
            elif loop is not run.switch.current:
                return False
            if changed:
                self._state = SessionState.RUNNING
                if self._ending is Ending.CAMERA_LOST:
                    self._error = None  # it came back
                self._ending = None
            self._frame = frame
            self._recordings.put(loop.number, frame)  # before anybody can have seen it
            run.meters.note_frame()
        self._recordings.wait_for_room()
        if retired is not None:
            retired.worker.request_stop()
        if changed:
            self._notify()
        return run.slot.put((loop.number, frame))

    def _on_lost(self, run: _Run, loop: CaptureLoop, error: Exception) -> None:
        with self._lock:
            if run is not self._run or loop is not run.switch.current or self._state not in ACTIVE:
                return
            if self._ending is not Ending.CAMERA_LOST:  # not again for each failed attempt
                self._note_error(error)
            self._state = SessionState.STARTING
            self._ending = Ending.CAMERA_LOST
        self._notify()

    def _on_back(self, run: _Run, loop: CaptureLoop, gap: SourceGap) -> None:
        with self._lock:
            if run is not self._run or loop is not run.switch.current:
                return
            run.gaps += 1
            self._recordings.mark_gap("lost")
            if run.analysis is not None:
                run.analysis.bridge(loop.number, gap.after_id, gap.length_s)
        if self._on_gap is not None:
            self._on_gap(gap)

    def _on_source_end(self, run: _Run, loop: CaptureLoop, error: Exception | None) -> None:
        with self._lock:
            if run is not self._run or self._state not in ACTIVE:
                return
            outcome = run.switch.ended(loop, error)
            if outcome is None:
                return
            if outcome.error is not None:
                self._note_error(outcome.error)
            if outcome.ending is not None:
                self._ending = outcome.ending
                run.slot.end()  # the analysis finishes what waits, then reports its own end
        self._notify()

    def _on_ready(self, run: _Run, number: int, frame: Frame, analysis: Analysis) -> bool:
        with self._lock:
            if run is not self._run or not self._is_current(run, number):
                return False
            self._analysis = analysis
            run.meters.note_analysis(frame, analysis)
            self._recordings.put_analysis(number, analysis)
        if self._on_analysis is not None:
            self._on_analysis(frame, analysis)
        return True

    def _on_analysis_end(self, run: _Run, error: Exception | None) -> None:
        with self._lock:
            if run is not self._run or self._state not in ACTIVE:
                return
            if error is not None:
                self._note_error(error)
                self._ending = Ending.FAULT
            fault = self._ending is Ending.FAULT
            ending = self._ending
            self._state = SessionState.FAULTED if fault else SessionState.STOPPED
            for worker in run.workers:
                worker.request_stop()
        self._recordings.stop(ending.value if ending is not None else "stopped")
        self._notify()

    def _on_model(
        self,
        run: _Run,
        number: int,
        factory: EstimatorFactory | None,
        estimator: Estimator | None,
    ) -> None:
        with self._lock:
            wanted = run is self._run and number == run.loading
            if wanted:
                run.loading = None
                self._estimator_factory = factory
                if estimator is not None:
                    self._recordings.note_package(estimator.package)
        if wanted:
            run.mailbox.put(estimator)
            self._notify()
        elif estimator is not None:
            estimator.close()

    def _on_model_refused(self, run: _Run, number: int, error: Exception) -> None:
        with self._lock:
            if run is not self._run or number != run.loading:
                return
            run.loading = None
            self._note_error(error)
        run.mailbox.settled.set()
        self._notify()

    def _on_model_in_use(self, run: _Run, name: str, error: Exception | None = None) -> None:
        with self._lock:
            if run is self._run:
                self._model = name
                if error is not None:
                    self._note_error(error)
        self._notify()

    def _is_current(self, run: _Run, number: int) -> bool:
        with self._lock:
            return run.switch.current is not None and run.switch.current.number == number

    def _is_picture(self, run: _Run) -> bool:
        with self._lock:
            info = run.switch.current.info if run.switch.current else None
            return info is not None and info.kind in ("image", "folder")

    def _note_error(self, error: Exception) -> None:
        """Keep a failure as one sentence; called with the lock held."""
        self._error_count += 1
        self._error = as_sentence(error)

    def _notify(self) -> None:
        if self._on_change is not None:
            self._on_change(self.status())
