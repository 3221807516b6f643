"""Starts the workers of a session and takes in what they report, on their threads."""

from collections.abc import Callable
from dataclasses import replace

from facecam.inference.estimator import Estimator
from facecam.inference.faithfulness import NOT_LEARNED
from facecam.pipeline.analysis_loop import AnalysisEvents, EstimatorFactory, model_worker
from facecam.pipeline.cam_trust import CamKey
from facecam.pipeline.capture_loop import CaptureEvents, CaptureLoop, SourceFactory, SourceGap
from facecam.pipeline.session_state import SessionRun, SessionShared
from facecam.pipeline.status import ACTIVE, Ending, SessionState
from facecam.types import Analysis, CamTrust, FaceAnalysis, Frame


class SessionWorkers:
    """Turns reports of workers into changes of the session's state. Made by the session alone.

    A report of a run, source or model that no longer counts changes nothing.

    Args:
        shared: The session's state.
        on_analysis: Called on the analysis thread with each frame and its result.
        start: Plays again what came to its end.
    """

    def __init__(
        self,
        shared: SessionShared,
        on_analysis: Callable[[Frame, Analysis], None] | None,
        start: Callable[[], None],
    ) -> None:
        self._shared = shared
        self._start = start
        self._on_analysis = on_analysis

    def begin_source(
        self, run: SessionRun, factory: SourceFactory, after: CaptureLoop | None
    ) -> None:
        """Open another source on a thread of its own.

        It waits until `after` has let go of the device, and so has a source that is still being
        opened and is no longer wanted: it may be the same device.
        """
        shared = self._shared
        loop = CaptureLoop(
            factory,
            next(shared.numbers),
            CaptureEvents(
                deliver=lambda loop, frame: self._on_frame(run, loop, frame),
                lost=lambda loop, error: self._on_lost(run, loop, error),
                ended=lambda loop: self._on_source_end(run, loop, None),
                failed=lambda loop, error: self._on_source_end(run, loop, error),
                back=lambda loop, gap: self._on_back(run, loop, gap),
            ),
            paced=not shared.options.as_fast_as_possible,
            reconnect_s=shared.options.reconnect_s,
            after=tuple(item for item in (after, run.switch.candidate) if item is not None),
            clock=shared.clock,
        )
        replaced = run.switch.offer(loop, released=after is not None)
        if replaced is not None:
            replaced.worker.request_stop()
        run.workers[:] = [item for item in run.workers if not item.over]
        run.workers += [loop.worker, loop.closer]
        loop.worker.start()

    def begin_model(self, run: SessionRun, factory: EstimatorFactory | None) -> None:
        """Load another model on a thread of its own."""
        run.loading = next(self._shared.numbers)
        worker = model_worker(
            run.loading,
            factory,
            run.slot,
            lambda number, estimator: self._on_model(run, number, factory, estimator),
            lambda number, error: self._on_model_refused(run, number, error),
        )
        run.workers.append(worker)
        worker.start()

    def analysis_events(self, run: SessionRun) -> AnalysisEvents:
        """Return where the analysis of a run reports."""
        shared = self._shared
        return AnalysisEvents(
            wanted=lambda number: shared.is_current(run, number),
            patient=lambda number: shared.options.as_fast_as_possible or shared.is_picture(run),
            still=lambda number: shared.is_picture(run),
            ready=lambda number, frame, analysis: self._on_ready(run, number, frame, analysis),
            model_changed=lambda name: self._on_model_in_use(run, name),
            model_failed=lambda error: self._on_model_in_use(run, "", error),
            ended=lambda: self._on_analysis_end(run, None),
            failed=lambda error: self._on_analysis_end(run, error),
            fresh=lambda number, frame: shared.recordings.takes_fresh(number, frame.frame_id),
        )

    # What workers report.

    def _on_frame(self, run: SessionRun, loop: CaptureLoop, frame: Frame) -> bool:
        shared = self._shared
        retired = None
        with shared.lock:
            if run is not shared.run or shared.state not in ACTIVE:
                return False
            changed = shared.state is SessionState.STARTING
            if loop is run.switch.candidate:
                retired = run.switch.promote(loop)
                shared.source_factory = loop.factory
                shared.analysis = None
                run.meters.note_new_source()
                run.slot.drop()
                changed = True
            elif loop is not run.switch.current:
                return False
            if changed:
                shared.state = SessionState.RUNNING
                if shared.ending is Ending.CAMERA_LOST:
                    shared.error = None  # it came back
                shared.ending = None
            shared.frame = frame
            shared.recordings.put(loop.number, frame)  # before anybody can have seen it
            run.meters.note_frame()
        shared.recordings.wait_for_room()
        if retired is not None:
            retired.worker.request_stop()
        if changed:
            shared.notify()
        return run.slot.put((loop.number, frame))

    def _on_lost(self, run: SessionRun, loop: CaptureLoop, error: Exception) -> None:
        shared = self._shared
        with shared.lock:
            if (
                run is not shared.run
                or loop is not run.switch.current
                or shared.state not in ACTIVE
            ):
                return
            if shared.ending is not Ending.CAMERA_LOST:  # not again for each failed attempt
                shared.note_error(error)
            shared.state = SessionState.STARTING
            shared.ending = Ending.CAMERA_LOST
        shared.notify()

    def _on_back(self, run: SessionRun, loop: CaptureLoop, gap: SourceGap) -> None:
        shared = self._shared
        with shared.lock:
            if run is not shared.run or loop is not run.switch.current:
                return
            run.gaps += 1
            shared.recordings.mark_gap("lost")
            if run.analysis is not None:
                run.analysis.bridge(loop.number, gap.after_id, gap.length_s)

    def _on_source_end(self, run: SessionRun, loop: CaptureLoop, error: Exception | None) -> None:
        shared = self._shared
        with shared.lock:
            if run is not shared.run or shared.state not in ACTIVE:
                return
            outcome = run.switch.ended(loop, error)
            if outcome is None:
                return
            if outcome.error is not None:
                shared.note_error(outcome.error)
            if outcome.ending is not None:
                shared.ending = outcome.ending
                run.slot.end()  # the analysis finishes what waits, then reports its own end
        shared.notify()

    def _on_ready(self, run: SessionRun, number: int, frame: Frame, analysis: Analysis) -> bool:
        shared = self._shared
        with shared.lock:
            if run is not shared.run or not shared.is_current(run, number):
                return False
            shared.analysis = analysis
            run.meters.note_analysis(frame, analysis)
            shared.recordings.put_analysis(number, analysis)
        if self._on_analysis is not None:
            self._on_analysis(frame, analysis)
        return True

    def on_trust(self, run: SessionRun, key: CamKey, trust: CamTrust) -> None:
        """Show a figure of a map at once: after a single picture no other result comes."""
        shared = self._shared
        with shared.lock:
            analysis = shared.analysis
            if run is not shared.run or analysis is None or not shared.is_picture(run):
                return
            faces = tuple(_with_trust(face, key, trust) for face in analysis.faces)
            shared.analysis = replace(analysis, faces=faces)

    def _on_analysis_end(self, run: SessionRun, error: Exception | None) -> None:
        shared = self._shared
        with shared.lock:
            if run is not shared.run or shared.state not in ACTIVE:
                return
            if error is not None:
                shared.note_error(error)
                shared.ending = Ending.FAULT
            fault = shared.ending is Ending.FAULT
            ending = shared.ending
            shared.state = SessionState.FAULTED if fault else SessionState.STOPPED
            still = not fault and shared.is_picture(run)
            for worker in run.workers:
                # A picture stays to be looked at: what its map is worth is still measured.
                if not (still and worker is run.probe.worker):
                    worker.request_stop()
        shared.recordings.stop(ending.value if ending is not None else "stopped")
        shared.notify()
        if shared.lacks_map(run):  # it was chosen while the picture was being read
            self._start()

    def _on_model(
        self,
        run: SessionRun,
        number: int,
        factory: EstimatorFactory | None,
        estimator: Estimator | None,
    ) -> None:
        shared = self._shared
        with shared.lock:
            wanted = run is shared.run and number == run.loading
            if wanted:
                run.loading = None
                run.arriving = True
                shared.estimator_factory = factory
                if estimator is not None:
                    shared.recordings.note_package(estimator.package)
        if wanted:
            run.mailbox.put(estimator)
            shared.notify()
        elif estimator is not None:
            estimator.close()

    def _on_model_refused(self, run: SessionRun, number: int, error: Exception) -> None:
        shared = self._shared
        with shared.lock:
            if run is not shared.run or number != run.loading:
                return
            run.loading = None
            shared.note_error(error)
        run.mailbox.settled.set()
        shared.notify()

    def _on_model_in_use(self, run: SessionRun, name: str, error: Exception | None = None) -> None:
        shared = self._shared
        with shared.lock:
            run.arriving = False
            if run is shared.run:
                shared.model = name
                if error is not None:
                    shared.note_error(error)
        shared.notify()


def _with_trust(face: FaceAnalysis, key: CamKey, trust: CamTrust) -> FaceAnalysis:
    """Return the face with a figure for its map, if the figure is of that very map."""
    cam = face.cam
    if cam is None or (face.track, cam.head, cam.class_name) != key:
        return face
    # A head that failed its check when it was exported stays untrusted.
    if cam.trust is not None and cam.trust.reason == NOT_LEARNED:
        return face
    return replace(face, cam=replace(cam, trust=trust))
