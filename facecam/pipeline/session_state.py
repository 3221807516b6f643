"""What the threads of a session share: one lock, what plays, and how it goes."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from facecam.capture.health import SourceHealth
from facecam.capture.source import SourceInfo
from facecam.pipeline.analysis_loop import (
    AnalysisLoop,
    EstimatorFactory,
    ModelMailbox,
    NumberedFrame,
)
from facecam.pipeline.cam_trust import CamTrustProbe
from facecam.pipeline.capture_loop import SourceFactory
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
from facecam.timing import Clock
from facecam.types import Analysis, CamChoice, Frame


@dataclass(slots=True)
class SessionRun:
    """What exists between one start and its end. Guarded by the session's lock."""

    slot: NewestSlot[NumberedFrame]
    meters: SessionMeters
    probe: CamTrustProbe
    mailbox: ModelMailbox = field(default_factory=ModelMailbox)
    switch: SourceSwitch = field(default_factory=SourceSwitch)
    workers: list[Worker] = field(default_factory=list)
    loading: int | None = None  # number of the model that is being loaded
    arriving: bool = False  # a model is loaded, and the analysis has not fetched it yet
    analysis: AnalysisLoop | None = None
    explained: CamChoice | None = None  # the map that was asked of the last frame
    gaps: int = 0  # how often the source was lost and came back


class SessionShared:
    """The state of a session, for `Session` and the reports of its workers.

    Whoever reads or changes an attribute holds `lock`; the methods take it themselves.

    Args:
        source_factory: Makes the source that plays at the next start.
        estimator_factory: Loads the model of the next start; None for boxes only.
        options: How to play.
        on_change: Called with the new status after each change of state and each error.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        source_factory: SourceFactory,
        estimator_factory: EstimatorFactory | None,
        options: SessionOptions,
        on_change: Callable[[SessionStatus], None] | None,
        clock: Clock,
    ) -> None:
        self.source_factory = source_factory
        self.estimator_factory = estimator_factory
        self.options = options
        self.clock = clock
        self.lock = threading.RLock()
        self.numbers = itertools.count(1)
        self.state = SessionState.IDLE
        self.run: SessionRun | None = None
        self.leftovers: list[Worker] = []
        self.frame: Frame | None = None
        self.analysis: Analysis | None = None
        self.cam: CamChoice | None = None
        self.model = ""
        self.ending: Ending | None = None
        self.error: str | None = None
        self.error_count = 0
        self.recordings = SessionRecordings(
            self.playing, self.notify, patient=options.as_fast_as_possible
        )
        self._on_change = on_change

    def status(self) -> SessionStatus:
        """Return a snapshot of how it goes."""
        with self.lock:
            run, analysis = self.run, self.analysis
            if run is None:
                return SessionStatus(
                    self.state,
                    error=self.error,
                    error_count=self.error_count,
                    recording=self.recordings.recording_status(),
                    recent=self.recordings.recent_status(),
                )
            meters, switch = run.meters, run.switch
            p50_ms, p95_ms = meters.latency.percentiles_ms(50, 95)
            health, health_s = self._health(run)
            return SessionStatus(
                state=self.state,
                source=switch.current.info if switch.current else None,
                model=self.model,
                source_changing=switch.candidate is not None and switch.current is not None,
                model_loading=((run.loading is not None or run.arriving) and self.state in ACTIVE),
                source_hz=meters.rate_hz("source"),
                analysis_hz=meters.rate_hz("analysis"),
                detector_hz=meters.rate_hz("detector"),
                latency_p50_ms=p50_ms,
                latency_p95_ms=p95_ms,
                counts=run.slot.counts,
                faces=len(analysis.faces) if analysis else 0,
                ending=self.ending,
                error=self.error,
                error_count=self.error_count,
                first_frame_s=meters.first_frame_s,
                first_stats_s=meters.first_stats_s,
                source_health=health,
                source_health_s=health_s,
                source_gaps=run.gaps,
                recording=self.recordings.recording_status(),
                recent=self.recordings.recent_status(),
            )

    def _health(self, run: SessionRun) -> tuple[SourceHealth, float]:
        """Return the health of the source that plays, and for how many seconds it has been so."""
        loop = run.switch.current
        lost = self.ending is Ending.CAMERA_LOST
        if loop is None or not (self.state in ACTIVE or lost):
            return SourceHealth.OK, 0.0
        report = loop.health()
        return report.health, max(self.clock() - report.since_s, 0.0)

    def all_workers(self) -> list[Worker]:
        """Return every thread of this run and what is left of the runs before."""
        with self.lock:
            return self.leftovers + (self.run.workers if self.run else [])

    def playing(self) -> SourceInfo | None:
        """Return what plays."""
        with self.lock:
            loop = self.run.switch.current if self.run else None
            return loop.info if loop is not None else None

    def is_current(self, run: SessionRun, number: int) -> bool:
        """Whether the capture loop of a number is the one that plays."""
        with self.lock:
            return run.switch.current is not None and run.switch.current.number == number

    def is_picture(self, run: SessionRun) -> bool:
        """Whether still pictures play."""
        with self.lock:
            info = run.switch.current.info if run.switch.current else None
            return info is not None and info.kind in ("image", "folder")

    def lacks_map(self, run: SessionRun) -> bool:
        """Whether a single picture was read without the map that is wanted by now."""
        with self.lock:
            info = run.switch.current.info if run.switch.current else None
            over = self.state is SessionState.STOPPED and self.ending is Ending.END_OF_FILE
            picture = run is self.run and info is not None and info.kind == "image"
            return over and picture and self.cam not in (None, run.explained)

    def note_error(self, error: Exception) -> None:
        """Keep a failure as one sentence; called with the lock held."""
        self.error_count += 1
        self.error = as_sentence(error)

    def notify(self) -> None:
        """Tell whoever wants to know of changes."""
        if self._on_change is not None:
            self._on_change(self.status())
