"""Analyses the video of a recording again with another model, on a thread of its own."""

import dataclasses
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from facecam.capture.source import FrameSource
from facecam.errors import FacecamError
from facecam.gui.replay_timeline import Timeline
from facecam.gui.stat_rows import HeadView
from facecam.types import Analysis

if TYPE_CHECKING:
    from facecam.inference.estimator import Estimator
    from facecam.pipeline.analyzer import FrameAnalyzer

_JOIN_S = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AnalyzedAgain:
    """What came out.

    Attributes:
        model: Title or name of the model.
        heads: Its heads.
        timeline: Its stats, on the times of the video.
    """

    model: str
    heads: tuple[HeadView, ...]
    timeline: Timeline


class Reanalysis:
    """One run. Its attributes may be read from any thread.

    Life cycle: begins at once; `cancel` ends it early, `close` also waits for that.

    Args:
        video: The video, as the camera gave it where that was kept.
        model: Name or folder of a model package.
        expected_s: Length of the video in seconds, for the progress.
        load_model: Loads the model; called on the thread.
        make_analyzer: Makes the analyzer of a model; called on the thread.
        make_source: Makes the source of a video; called on the thread.
    """

    def __init__(
        self,
        video: Path,
        model: str,
        expected_s: float,
        *,
        load_model: "Callable[[str], Estimator] | None" = None,
        make_analyzer: "Callable[[Estimator], FrameAnalyzer] | None" = None,
        make_source: Callable[[str], FrameSource] | None = None,
    ) -> None:
        self.model = model
        self.progress = 0.0
        self.error = ""
        self.result: AnalyzedAgain | None = None
        self.done = threading.Event()
        self._video = video
        self._expected_s = expected_s
        self._load_model = load_model or _load_model
        self._make_analyzer = make_analyzer or _make_analyzer
        self._make_source = make_source or _make_source
        self._cancelled = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="facecam-replay-analysis", daemon=True
        )
        self._thread.start()

    @property
    def cancelled(self) -> bool:
        """Whether it was to end early."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """End after the frame that is in work."""
        self._cancelled.set()

    def close(self) -> None:
        """Cancel and wait for the end, at most two seconds."""
        self.cancel()
        self._thread.join(_JOIN_S)

    def _run(self) -> None:
        try:
            self._analyze()
        except FacecamError as error:
            self.error = str(error)
        except Exception as error:
            log.exception("analysing %s again", self._video)
            self.error = f"{self._video.name} could not be analysed again ({error}): try again."
        finally:
            self.done.set()

    def _analyze(self) -> None:
        estimator = self._load_model(self.model)
        try:
            package = estimator.package
            analyzer = self._make_analyzer(estimator)
            try:
                analyses = self._step_through(analyzer)
            finally:
                analyzer.close()
        finally:
            estimator.close()
        if self.cancelled:
            return
        from facecam.gui.session_bridge import head_views

        self.result = AnalyzedAgain(package.name, head_views(package.heads), Timeline(analyses))

    def _step_through(self, analyzer: "FrameAnalyzer") -> list[Analysis]:
        analyses: list[Analysis] = []
        source = self._make_source(str(self._video))
        try:
            source.open()
            while not self.cancelled and (frame := source.read()) is not None:
                t_s = frame.source_s
                # Replay knows one clock: that of the video.
                analyses.append(dataclasses.replace(analyzer.step(frame), captured_s=t_s))
                if self._expected_s > 0:
                    self.progress = min(t_s / self._expected_s, 1.0)
        finally:
            source.close()
        return analyses


def _make_source(spec: str) -> FrameSource:
    from facecam.capture.opening import make_source

    return make_source(spec)


def _load_model(name: str) -> "Estimator":
    from facecam.inference.package import load_package
    from facecam.inference.runtime import LiteRtEstimator

    return LiteRtEstimator(load_package(name))


def _make_analyzer(estimator: "Estimator") -> "FrameAnalyzer":
    from facecam.pipeline.analyzer import FrameAnalyzer
    from facecam.pipeline.detection_policy import DetectionConfig
    from facecam.pipeline.lazy_detector import LazyDetector
    from facecam.vision.refined_detector import face_detector
    from facecam.vision.smoothing import ReadingSmoother
    from facecam.vision.tracker import FaceTracker

    return FrameAnalyzer(
        LazyDetector(face_detector),
        FaceTracker(),
        estimator,
        ReadingSmoother(),
        detection=DetectionConfig(every_frame=True),
    )
