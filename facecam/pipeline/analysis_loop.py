"""The threads that analyse frames and that load models."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from facecam.errors import ModelPackageError
from facecam.inference.estimator import Estimator
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.pipeline.cam_trust import CamTrustProbe
from facecam.pipeline.slots import NewestSlot
from facecam.pipeline.worker import Worker
from facecam.types import Analysis, CamChoice, Frame

log = logging.getLogger(__name__)

AnalyzerFactory = Callable[[], FrameAnalyzer]
EstimatorFactory = Callable[[], Estimator]
NumberedFrame = tuple[int, Frame]
"""A frame and the number of the capture loop it came from."""

# Loading MediaPipe and LiteRT keeps the processor busy for most of a second: the video comes first,
# but a camera that takes its time to open is not waited for.
_VIDEO_FIRST_S = 1.0


class ModelMailbox:
    """Hands a loaded model to the analysis thread. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fresh: list[Estimator | None] = []
        self._closed = False
        self.settled = threading.Event()
        """Set once the first model is loaded or refused; frames of a picture wait for it."""

    def put(self, estimator: Estimator | None) -> None:
        """Offer a model, or None for none; one that was not fetched yet is closed."""
        with self._lock:
            stale = [estimator] if self._closed else self._fresh
            self._fresh = [] if self._closed else [estimator]
        _close_all(stale)
        self.settled.set()

    def take(self) -> list[Estimator | None]:
        """Return the new model as the only item, or nothing."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
        return fresh

    def close(self) -> None:
        """Close what was not fetched; later offers are closed at once."""
        with self._lock:
            self._closed = True
            stale, self._fresh = self._fresh, []
        _close_all(stale)
        self.settled.set()


@dataclass(frozen=True, slots=True)
class AnalysisEvents:
    """Where the analysis loop reports, always on its own thread.

    Attributes:
        wanted: Whether frames of this capture loop are still wanted.
        patient: Whether frames of this capture loop wait for the model (all are to be analysed).
        still: Whether no other frame comes (a single picture).
        ready: Takes a result.
        model_changed: The model with this name is in use.
        model_failed: The model was dropped because it failed.
        ended: No more frames come, or the loop was stopped.
        failed: The analysis itself failed.
        fresh: Whether the analyzer is to forget everything before this frame (a recording begins
            that is to give the same readings when it is analysed again).
    """

    wanted: Callable[[int], bool]
    patient: Callable[[int], bool]
    still: Callable[[int], bool]
    ready: Callable[[int, Frame, Analysis], bool]
    model_changed: Callable[[str], None]
    model_failed: Callable[[Exception], None]
    ended: Callable[[], None]
    failed: Callable[[Exception], None]
    fresh: Callable[[int, Frame], bool] = lambda number, frame: False


class AnalysisLoop:
    """Takes frames from the slot and analyses them, on a thread of its own.

    Args:
        factory: Makes the analyzer; called on the analysis thread, once the video runs.
        slot: Where frames come from; stopping closes it.
        mailbox: Where models come from; stopping closes it.
        events: Where to report.
        cam: Asked before each frame which class activation map is wanted.
        probe: Measures how far maps can be trusted.
    """

    def __init__(
        self,
        factory: AnalyzerFactory,
        slot: NewestSlot[NumberedFrame],
        mailbox: ModelMailbox,
        events: AnalysisEvents,
        cam: Callable[[], CamChoice | None] = lambda: None,
        probe: CamTrustProbe | None = None,
    ) -> None:
        self._factory = factory
        self._slot = slot
        self._mailbox = mailbox
        self._events = events
        self._cam = cam
        self._probe = probe
        self._source_number: int | None = None
        self._gaps: deque[tuple[int, int, float]] = deque()
        self.worker = Worker("facecam-analysis", self._run, events.failed, self._wake)

    def bridge(self, number: int, first_id: int, gap_s: float) -> None:
        """Say that the source gave nothing for a time. May be called from any thread.

        Args:
            number: Number of the capture loop.
            first_id: First frame after the gap.
            gap_s: Its length.
        """
        self._gaps.append((number, first_id, gap_s))

    def _wake(self) -> None:
        self._slot.close()
        self._mailbox.settled.set()

    def _run(self, stop: threading.Event) -> None:
        try:
            if self._slot.wait_first(_VIDEO_FIRST_S) and not stop.is_set():
                analyzer = self._factory()
                try:
                    self._analyse(analyzer)
                finally:
                    _close_all([analyzer.set_estimator(None)])
                    analyzer.close()
        finally:
            self._slot.close()
            self._mailbox.close()
        self._events.ended()

    def _analyse(self, analyzer: FrameAnalyzer) -> None:
        while (item := self._slot.take()) is not None:
            number, frame = item
            analysed = False
            try:
                analysed = self._step(analyzer, number, frame)
            finally:
                self._slot.done(analysed=analysed)

    def _step(self, analyzer: FrameAnalyzer, number: int, frame: Frame) -> bool:
        """Analyse one frame; return whether its result was wanted."""
        if not self._events.wanted(number):
            return False
        if number != self._source_number:
            if self._source_number is not None:
                analyzer.reset()
            self._source_number = number
        while self._gaps and (number, frame.frame_id) >= self._gaps[0][:2]:
            of_number, _, gap_s = self._gaps.popleft()
            if of_number == number:
                analyzer.bridge(gap_s)
        if self._events.patient(number):
            self._mailbox.settled.wait()
        if self._probe is not None:
            self._probe.still = self._events.still(number)
        for fresh in self._mailbox.take():
            _close_all([analyzer.set_estimator(fresh)])
            self._events.model_changed(fresh.package.name if fresh else "")
        analyzer.set_cam(self._cam(), self._probe)
        if self._events.fresh(number, frame):
            analyzer.reset()
        try:
            analysis = analyzer.step(frame)
        except ModelPackageError as error:
            log.warning("%s", error, exc_info=True)
            _close_all([analyzer.set_estimator(None)])
            self._events.model_failed(error)
            return False
        return self._events.ready(number, frame, analysis)


def model_worker(
    number: int,
    factory: EstimatorFactory | None,
    slot: NewestSlot[NumberedFrame],
    loaded: Callable[[int, Estimator | None], None],
    failed: Callable[[int, Exception], None],
) -> Worker:
    """Return a worker that loads a model, tries it on an empty crop and hands it over.

    Args:
        number: Counts the models of a session; in the name of the thread and in the reports.
        factory: Loads the model; called on the thread; None stands for no model.
        slot: Loading begins when this has had its first frame, or after a second.
        loaded: Takes the model, on the thread.
        failed: Takes what went wrong, on the thread.
    """

    def load(stop: threading.Event) -> None:
        slot.wait_first(_VIDEO_FIRST_S)
        if stop.is_set():
            return
        estimator = factory() if factory else None
        if estimator is not None:
            width, height = estimator.package.size_wh
            try:
                estimator.run(np.zeros((1, height, width, 3), np.uint8))
            except BaseException:
                estimator.close()
                raise
        loaded(number, estimator)

    return Worker(f"facecam-model-{number}", load, lambda error: failed(number, error))


def _close_all(estimators: list[Estimator | None]) -> None:
    for estimator in estimators:
        if estimator is not None:
            estimator.close()
