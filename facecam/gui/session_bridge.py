"""The real session behind the window's narrow view of it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecam.capture.source import FrameSource
from facecam.gui.live_session import DEMO_SPEC, ModelPhase, SessionView, SourcePhase
from facecam.gui.stat_rows import HeadView
from facecam.titles import text_in
from facecam.types import Analysis, CamChoice, Frame

if TYPE_CHECKING:
    from facecam.inference.estimator import Estimator
    from facecam.pipeline.analyzer import FrameAnalyzer
    from facecam.pipeline.session import Session
    from facecam.pipeline.status import SessionStatus
    from facecam.recording.request import RecordingRequest
    from facecam.vision.overlay import OverlayOptions

RECONNECT_S = 1.0  # the longest pause: a source that is back plays within two seconds


class SessionBridge:
    """Implements `LiveSession` over `pipeline.session.Session`.

    The pipeline is imported by `prepare`, on another thread, so that the window is on the screen
    first. What is asked for before that is kept and done then. Everything else is called from the
    Qt thread.

    Args:
        make_source: Makes the source of a spec; called on a capture thread.
        make_analyzer: Makes the analyzer, without a model; called on the analysis thread.
        load_model: Loads the model of a name or folder; called on a model thread.
    """

    def __init__(
        self,
        make_source: Callable[[str], FrameSource] | None = None,
        make_analyzer: "Callable[[], FrameAnalyzer] | None" = None,
        load_model: "Callable[[str], Estimator] | None" = None,
    ) -> None:
        self._make_source = make_source or _make_source
        self._make_analyzer = make_analyzer or _make_analyzer
        self._load_model = load_model or _load_model
        self._session: Session | None = None
        self._lock = threading.Lock()
        self._wanted_source = ""
        self._wanted_model = ""
        self._made: list[tuple[str, FrameSource]] = []
        self._packages: dict[str, Any] = {}
        self._package_specs: dict[str, str] = {}
        self._heads: tuple[str, tuple[HeadView, ...]] = ("", ())
        self._model_failed = False
        self._model_expected = True
        self._cam: CamChoice | None = None
        self._blur = False
        self._keep_recent_s = 0.0
        self._wanted_recording: RecordingRequest | None = None

    @staticmethod
    def prepare() -> None:
        """Import what the pipeline needs; takes most of a second. Any thread."""
        import facecam.capture.opening
        import facecam.pipeline.session  # noqa: F401

    def attach(self) -> None:
        """Begin to play what was asked for; call after `prepare` has ended."""
        from facecam.pipeline.session import Session, SessionOptions

        self._session = Session(
            self._source_factory(self._wanted_source),
            self._make_analyzer,
            self._estimator_factory(self._wanted_model) if self._wanted_model else None,
            options=SessionOptions(reconnect_s=RECONNECT_S, keep_recent_s=self._keep_recent_s),
        )
        self._session.set_cam(self._cam)
        self._session.set_blur(self._blur)
        if self._wanted_recording is not None:
            self._session.start_recording(self._wanted_recording)
        if self._wanted_source:
            self._session.start()

    def latest(self) -> tuple[Frame | None, Analysis | None]:
        """See `LiveSession`."""
        return self._session.latest() if self._session is not None else (None, None)

    def change_source(self, spec: str) -> None:
        """See `LiveSession`."""
        self._wanted_source = spec
        session = self._session
        if session is None:
            return
        info = session.status().source
        again = spec == self._current_spec(session.status())
        camera_again = again and info is not None and info.kind == "camera"
        session.change_source(self._source_factory(spec), release_first=camera_again)

    def change_model(self, name: str) -> None:
        """See `LiveSession`."""
        self._wanted_model = name
        self._model_failed = False
        self._model_expected = False
        if self._session is not None:
            self._session.change_model(self._estimator_factory(name))

    def expect_no_model(self) -> None:
        """Say that there is no model to wait for."""
        self._model_expected = False

    def set_cam(self, choice: CamChoice | None) -> None:
        """See `LiveSession`."""
        self._cam = choice
        if self._session is not None:
            self._session.set_cam(choice)

    def measure_trust(self, track: int) -> None:
        """See `LiveSession`."""
        if self._session is not None:
            self._session.measure_trust(track)

    def set_blur(self, on: bool) -> None:
        """See `LiveSession`."""
        self._blur = on
        if self._session is not None:
            self._session.set_blur(on)

    def start_recording(self, request: "RecordingRequest") -> None:
        """See `LiveSession`."""
        if self._session is None:
            self._wanted_recording = request
        else:
            self._session.start_recording(request)

    def pause_recording(self) -> None:
        """See `LiveSession`."""
        if self._session is not None:
            self._session.pause_recording()

    def resume_recording(self) -> None:
        """See `LiveSession`."""
        if self._session is not None:
            self._session.resume_recording()

    def set_recording_look(self, options: "OverlayOptions") -> None:
        """See `LiveSession`."""
        if self._session is not None:
            self._session.set_recording_look(options)

    def stop_recording(self) -> None:
        """See `LiveSession`."""
        if self._session is not None:
            self._session.stop_recording()

    def keep_recent(self, seconds: float) -> None:
        """See `LiveSession`."""
        self._keep_recent_s = seconds
        if self._session is not None:
            self._session.keep_recent(seconds)

    def save_recent(self, path: Path, seconds: float, options: "OverlayOptions") -> None:
        """See `LiveSession`."""
        if self._session is not None:
            self._session.save_recent(path, seconds, options)

    def stop(self, timeout_s: float = 2.0) -> bool:
        """See `LiveSession`."""
        return self._session is None or not self._session.stop(timeout_s)

    def heads(self) -> tuple[HeadView, ...]:
        """See `LiveSession`."""
        name = self._session.status().model if self._session is not None else ""
        if name != self._heads[0]:
            package = self._package(name)
            views: tuple[HeadView, ...] = ()
            if package is not None:
                views = head_views(package.heads, getattr(package, "spec", {}).get("metrics"))
                views = tuple(_explainable(view, package) for view in views)
            self._heads = (name, views)
        return self._heads[1]

    def model_title(self, lang: str) -> str:
        """See `LiveSession`."""
        package = self._running_package()
        if package is None:
            return ""
        return text_in(package.title, lang, package.name)

    def model_card(self) -> str:
        """See `LiveSession`."""
        package = self._running_package()
        if package is None:
            return ""
        try:
            return (Path(package.dir) / "CARD.md").read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def model_warnings(self, lang: str) -> tuple[str, ...]:
        """See `LiveSession`."""
        package = self._running_package()
        return () if package is None else package.warnings(lang)

    def status(self) -> SessionView:
        """See `LiveSession`."""
        if self._session is None:
            phase = SourcePhase.STARTING if self._wanted_source else SourcePhase.NONE
            return SessionView(phase, ModelPhase.LOADING, source_spec=self._wanted_source)
        status = self._session.status()
        spec = self._current_spec(status)
        analysis = self._session.newest_analysis()
        model_phase = ModelPhase.NONE
        if status.model_loading or self._model_expected:
            model_phase = ModelPhase.LOADING
        elif status.model:
            model_phase = ModelPhase.READY
        elif self._model_failed:
            model_phase = ModelPhase.FAILED
        return SessionView(
            source_phase=_source_phase(status),
            model_phase=model_phase,
            source_spec=spec,
            source=status.source,
            model=self._package_specs.get(status.model, status.model),
            error=status.error or "",
            error_count=status.error_count,
            demo=spec == DEMO_SPEC,
            source_hz=status.source_hz,
            analysis_hz=status.analysis_hz,
            detector_hz=status.detector_hz,
            latency_ms=status.latency_p50_ms,
            latency_p95_ms=status.latency_p95_ms,
            captured=status.counts.captured,
            analyzed=status.counts.analysed,
            skipped=status.counts.skipped,
            stages_ms=analysis.stages_ms if analysis is not None else {},
            health=status.source_health.value,
            health_s=status.source_health_s,
            recording=status.recording,
            recent=status.recent,
        )

    def _current_spec(self, status: "SessionStatus") -> str:
        """Return the spec of what plays; of what is being opened while nothing plays."""
        if status.source is not None:
            with self._lock:
                made = list(self._made)
            for spec, source in reversed(made):
                if source.info == status.source:
                    return spec
        return self._wanted_source

    def _source_factory(self, spec: str) -> Callable[[], FrameSource]:
        def make() -> FrameSource:
            source = self._make_source(spec)
            with self._lock:
                self._made = [*self._made[-3:], (spec, source)]
            return source

        return make

    def _estimator_factory(self, name: str) -> "Callable[[], Estimator]":
        def load() -> "Estimator":
            try:
                estimator = self._load_model(name)
            except Exception:
                self._model_failed = True
                raise
            package = estimator.package
            with self._lock:
                self._packages[package.name] = package
                self._package_specs[package.name] = name
            return estimator

        return load

    def _running_package(self) -> Any:
        return self._package(self._session.status().model) if self._session is not None else None

    def _package(self, name: str) -> Any:
        with self._lock:
            return self._packages.get(name)


def _source_phase(status: "SessionStatus") -> SourcePhase:
    from facecam.pipeline.status import Ending, SessionState

    lost = status.ending is Ending.CAMERA_LOST
    match status.state:
        case SessionState.RUNNING:
            return SourcePhase.RUNNING
        case SessionState.STARTING:
            return SourcePhase.LOST if lost else SourcePhase.STARTING
        case SessionState.FAULTED:
            return SourcePhase.FAILED
        case SessionState.STOPPING | SessionState.STOPPED:
            if lost:
                return SourcePhase.LOST
            if status.ending is Ending.END_OF_FILE:
                # A single picture is shown, not played: it has no end.
                picture = status.source is not None and status.source.kind == "image"
                return SourcePhase.RUNNING if picture else SourcePhase.ENDED
    return SourcePhase.NONE


def _make_source(spec: str) -> FrameSource:
    from facecam.capture.opening import make_source
    from facecam.pipeline.repeating import RepeatingSource

    if spec == DEMO_SPEC:
        return RepeatingSource(lambda: make_source(spec))
    return make_source(spec)


def _load_model(name: str) -> "Estimator":
    from facecam.inference.package import load_package
    from facecam.inference.runtime import LiteRtEstimator

    return LiteRtEstimator(load_package(name), threads=2)


def _make_analyzer() -> "FrameAnalyzer":
    from facecam.pipeline.analyzer import FrameAnalyzer
    from facecam.pipeline.lazy_detector import LazyDetector
    from facecam.vision.refined_detector import face_detector
    from facecam.vision.smoothing import ReadingSmoother
    from facecam.vision.tracker import FaceTracker

    return FrameAnalyzer(LazyDetector(face_detector), FaceTracker(), smoother=ReadingSmoother())


def _explainable(view: HeadView, package: Any) -> HeadView:
    """Return the view of a head, with whether the package can explain it."""
    from facecam.inference.cam import has_cam
    from facecam.inference.package import ModelPackage

    if not isinstance(package, ModelPackage):
        return view
    return replace(view, explainable=has_cam(package, view.name))


def head_views(heads: Any, metrics: Any = None) -> tuple[HeadView, ...]:
    """Return what the window needs of a package's heads.

    Args:
        heads: Of the package.
        metrics: What its model.json says under "metrics" (see `training.package_metrics`).
    """
    measured = metrics.get("heads") if isinstance(metrics, dict) else None
    return tuple(
        HeadView(
            name=head.name,
            kind=head.kind,
            classes=tuple(str(name) for name in head.classes),
            title=dict(head.title or {}),
            unit=head.unit or "",
            thresholds=tuple(head.thresholds or ()),
            labels={lang: dict(words) for lang, words in (head.labels or {}).items()},
            auc={name: figures["auc"] for name, figures in _figures(head, measured).items()},
            chance=frozenset(
                name
                for name, figures in _figures(head, measured).items()
                if figures.get("no_better_than_chance") is True
            ),
        )
        for head in heads
    )


def _figures(head: Any, measured: Any) -> dict[str, dict[str, Any]]:
    """Return class of a yes/no head to its figures, as far as there is an AUC."""
    entry = measured.get(head.name) if isinstance(measured, dict) else None
    if head.kind != "sigmoid" or not isinstance(entry, dict):
        return {}
    by_class = entry.get("classes")
    if not isinstance(by_class, dict):
        by_class = {str(head.classes[0]): entry}
    return {
        str(name): figures
        for name, figures in by_class.items()
        if isinstance(figures, dict) and isinstance(figures.get("auc"), float)
    }
