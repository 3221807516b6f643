"""A running pipeline: owns the workers, answers what is new and how it goes.

    capture thread --frame--> newest-frame slot --> analysis thread --> latest(), recent()
         |                                               ^
         +--> latest()                  model thread ----+

Whoever shows things pulls `latest()` and `status()` by timer; only state changes and errors are
pushed (`on_change`), from whichever thread they happen on. What is asked for lies here, what the
workers report in `session_workers`, and what both change, under one lock, in `session_state`.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from facecam.capture.pump import stuck_pumps
from facecam.errors import RecordingError, WorkerStuckError
from facecam.pipeline.analysis_loop import (
    AnalysisLoop,
    AnalyzerFactory,
    EstimatorFactory,
    NumberedFrame,
)
from facecam.pipeline.cam_trust import CamTrustProbe, TrustEstimatorFactory
from facecam.pipeline.capture_loop import SourceFactory
from facecam.pipeline.meters import SessionMeters
from facecam.pipeline.session_state import SessionRun, SessionShared
from facecam.pipeline.session_workers import SessionWorkers
from facecam.pipeline.slots import NewestSlot
from facecam.pipeline.status import ACTIVE, Ending, SessionOptions, SessionState, SessionStatus
from facecam.recording.request import RecordingRequest
from facecam.timing import Clock, monotonic_s
from facecam.types import Analysis, CamChoice, Frame
from facecam.vision.overlay import OverlayOptions

__all__ = ["Session", "SessionOptions"]

STOP_TIMEOUT_S = 2.0


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
        trust_factory: TrustEstimatorFactory | None = None,
        clock: Clock = monotonic_s,
    ) -> None:
        self._analyzer_factory = analyzer_factory
        self._trust_factory = trust_factory
        self._shared = SessionShared(
            source_factory, estimator_factory, options or SessionOptions(), on_change, clock
        )
        self._workers = SessionWorkers(self._shared, on_analysis, self.start)
        self._keep_recent_s = self._shared.options.keep_recent_s

    # What the window pulls.

    def latest(self) -> tuple[Frame | None, Analysis | None]:
        """Return the newest frame and the newest result, which may belong to an older frame."""
        shared = self._shared
        with shared.lock:
            frame, run = shared.frame, shared.run
            if frame is not None and run is not None and run.switch.current is not None:
                shared.recordings.note_shown(run.switch.current.number, frame.frame_id)
            return frame, shared.analysis

    def newest_analysis(self) -> Analysis | None:
        """Return the newest result; unlike `latest`, this does not count as showing a frame."""
        with self._shared.lock:
            return self._shared.analysis

    def recent(self, seconds: float = 30.0) -> tuple[Analysis, ...]:
        """Return the results of the last seconds of the source that plays, oldest first."""
        shared = self._shared
        oldest_s = shared.clock() - seconds
        with shared.lock:
            history = shared.run.meters.history if shared.run else ()
            return tuple(item for item in history if item.ready_s >= oldest_s)

    def status(self) -> SessionStatus:
        """Return a snapshot of how it goes."""
        return self._shared.status()

    # Commands.

    def start(self) -> None:
        """Begin to play; does nothing while it plays or stops."""
        shared = self._shared
        with shared.lock:
            if shared.state in ACTIVE or shared.state is SessionState.STOPPING:
                return
            shared.leftovers = [worker for worker in shared.all_workers() if worker.running]
            for worker in shared.leftovers:
                worker.request_stop()
            slot: NewestSlot[NumberedFrame]
            slot = NewestSlot(lossless=shared.options.as_fast_as_possible)
            probe = CamTrustProbe(self._trust_factory)
            run = shared.run = SessionRun(slot, SessionMeters(shared.clock), probe)
            probe.measured = lambda key, trust: self._workers.on_trust(run, key, trust)
            shared.frame = shared.analysis = shared.ending = shared.error = None
            shared.model = ""
            shared.state = SessionState.STARTING
            run.analysis = AnalysisLoop(
                self._analyzer_factory,
                slot,
                run.mailbox,
                self._workers.analysis_events(run),
                lambda: self._map_wanted(run),
                probe,
            )
            analysis = run.analysis.worker
            run.workers += [analysis, probe.worker]
            shared.recordings.keep_recent(self._keep_recent_s)
            probe.worker.start()
            self._workers.begin_source(run, shared.source_factory, after=None)
            if shared.estimator_factory is not None:
                self._workers.begin_model(run, shared.estimator_factory)
            else:
                run.mailbox.settled.set()
            analysis.start()
        shared.notify()

    def change_source(self, factory: SourceFactory, *, release_first: bool = False) -> None:
        """Play another source; the old one plays on until the new one gives its first frame.

        When the new one fails, the old one stays and the status carries the error. A session that
        does not play is started.

        Args:
            factory: Makes the new source.
            release_first: Close the old source before the new one is opened, as the same camera
                with another size needs it; when the new one fails there is then none.
        """
        shared = self._shared
        with shared.lock:
            run = shared.run
            if shared.state is SessionState.STOPPING:
                return
            # A file that came to its end may still be in analysis: then the slot goes on.
            playing = shared.state in ACTIVE and run is not None and run.slot.resume()
            if playing and run is not None:
                after = run.switch.current if release_first else None
                if after is not None:
                    after.worker.request_stop()
                self._workers.begin_source(run, factory, after)
            else:
                shared.source_factory = factory
                if shared.state in ACTIVE:  # over, and just about to say so
                    shared.state = SessionState.STOPPED
                    for worker in shared.all_workers():
                        worker.request_stop()
        if playing:
            shared.notify()
        else:
            self.start()

    def change_model(self, factory: EstimatorFactory | None) -> None:
        """Use another model (None: no model); the old one stays until the new one has worked once.

        When the new one fails, the old one stays and the status carries the error. A session that
        does not play takes the model at its next start; one that came to the end of a single
        picture reads that picture again.
        """
        shared = self._shared
        with shared.lock:
            run = shared.run
            again = False
            if shared.state in ACTIVE and run is not None:
                self._workers.begin_model(run, factory)
            else:
                shared.estimator_factory = factory
                again = run is not None and self._is_over(run)
        if again:
            self.start()
        else:
            shared.notify()

    def set_cam(self, choice: CamChoice | None) -> None:
        """Want a class activation map on the faces, or none, from the next frame on.

        A single picture that came to its end is read again for another map.
        """
        shared = self._shared
        with shared.lock:
            shared.cam = choice
            again = shared.run is not None and shared.lacks_map(shared.run)
        if again:
            self.start()

    def _map_wanted(self, run: SessionRun) -> CamChoice | None:
        with self._shared.lock:
            run.explained = self._shared.cam
            return run.explained

    def measure_trust(self, track: int) -> None:
        """Have the map of a face measured next; the figure comes with its `FaceMap`.

        A single picture that came to its end is read again for that.
        """
        shared = self._shared
        with shared.lock:
            run = shared.run
            if run is None:
                return
            again = self._is_over(run) and not run.probe.knows(track)
        if again:
            self.start()
        with shared.lock:
            if shared.run is not None:
                shared.run.probe.request(track)

    def _is_over(self, run: SessionRun) -> bool:
        """Whether a single picture was shown and analysed."""
        shared = self._shared
        over = shared.state is SessionState.STOPPED and shared.ending is Ending.END_OF_FILE
        return over and shared.is_picture(run)

    def start_recording(self, request: RecordingRequest) -> None:
        """Record from the next frame on; returns at once, `status().recording` says how it goes.

        A session that was not started yet records from its first frame on. Only one recording
        runs at a time.
        """
        shared = self._shared
        with shared.lock:
            over = shared.state in (
                SessionState.STOPPING,
                SessionState.STOPPED,
                SessionState.FAULTED,
            )
        if over:
            message = f"{request.path.name} cannot be recorded, because nothing plays: choose a "
            shared.recordings.refuse(request, message + "camera or a file first.")
            return
        try:
            shared.recordings.start(request)
        except RecordingError as error:
            with shared.lock:
                shared.note_error(error)
            shared.notify()

    def pause_recording(self) -> None:
        """Leave out what comes from now on; the gap is marked in the ledger."""
        self._shared.recordings.pause()

    def resume_recording(self) -> None:
        """Go on with a recording that was paused."""
        self._shared.recordings.resume()

    def stop_recording(self) -> None:
        """Finish the recording; returns at once, `status().recording` says when it is whole."""
        self._shared.recordings.stop()

    def set_recording_look(self, options: OverlayOptions) -> None:
        """Draw the overlay of the recording that runs otherwise from the next picture on.

        Blurring is another matter: see `set_blur`.
        """
        self._shared.recordings.set_look(options)

    def set_blur(self, on: bool) -> None:
        """Blur every face in what is recorded and kept from now on, before it is encoded."""
        self._shared.recordings.set_blur(on)

    def keep_recent(self, seconds: float) -> None:
        """Keep the last seconds in memory for `save_recent`; 0.0 keeps nothing."""
        shared = self._shared
        with shared.lock:
            self._keep_recent_s = seconds
            if shared.state in ACTIVE or seconds <= 0:
                shared.recordings.keep_recent(seconds)

    def save_recent(
        self, path: Path, seconds: float = 10.0, options: OverlayOptions | None = None
    ) -> None:
        """Write what just happened as a clip; returns at once, `status().recent` says the rest.

        Args:
            path: The video (.mp4, .mov, .mkv); must not exist.
            seconds: How much of it; no more than `keep_recent` keeps.
            options: How to draw the overlay.
        """
        self._shared.recordings.save_recent(path, seconds, options)

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> tuple[str, ...]:
        """End everything and return the names of threads that did not end in time (mostly none).

        May be called again, and before `start`. A thread that is stuck in a driver is left behind;
        it cannot touch the session any more and does not keep the program from ending.
        """
        shared = self._shared
        deadline_s = monotonic_s() + timeout_s
        with shared.lock:
            if shared.state in ACTIVE:
                shared.state = SessionState.STOPPING
                shared.ending = Ending.USER_STOP
            workers = shared.all_workers()
            workers += [item for item in shared.recordings.workers if item not in workers]
            for worker in workers:
                worker.request_stop()
        shared.notify()
        for worker in workers:
            worker.join(deadline_s - monotonic_s())
        with shared.lock:
            shared.leftovers = [worker for worker in workers if worker.running]
            current = threading.current_thread().name
            stuck = tuple(w.name for w in shared.leftovers if w.name != current)
            # Streams end by FFmpeg's own timeouts; only a driver may hold its thread for ever.
            stuck += stuck_pumps("capture-pump camera")
            if shared.state is SessionState.STOPPING:
                shared.state = SessionState.STOPPED
            if stuck:
                shared.note_error(
                    WorkerStuckError(
                        f"{', '.join(stuck)} did not end within {timeout_s:.0f} s: the device or "
                        "the disk does not answer; unplug it, or end the program."
                    )
                )
        shared.notify()
        return stuck
