"""What a session says of itself."""

from dataclasses import dataclass, field
from enum import Enum

from facecam.capture.health import SourceHealth
from facecam.capture.source import SourceInfo
from facecam.errors import FacecamError
from facecam.pipeline.slots import FrameCounts
from facecam.recording.request import RecentStatus, RecordingStatus


class SessionState(Enum):
    """Where a session is in its life.

    IDLE -> STARTING -> RUNNING -> STOPPING -> STOPPED; FAULTED from STARTING or RUNNING. STOPPED
    and FAULTED may be started again. A session that waits for a lost camera is STARTING.
    """

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAULTED = "faulted"


ACTIVE = frozenset({SessionState.STARTING, SessionState.RUNNING})


class Ending(Enum):
    """Why frames stopped coming."""

    USER_STOP = "user stop"
    END_OF_FILE = "end of file"
    CAMERA_LOST = "camera lost"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a session plays.

    Attributes:
        as_fast_as_possible: Read a file as fast as it is analysed and analyse every frame, instead
            of playing it in real time and skipping what comes too fast.
        reconnect_s: Longest pause between attempts to get back a camera or stream that was lost
            (the first ones follow sooner); None ends the session instead.
        keep_recent_s: Seconds of video kept in memory for `Session.save_recent`; 0.0 keeps none.
            Ten seconds of 1280x720 take about 45 MB, never more than 96 MB.
    """

    as_fast_as_possible: bool = False
    reconnect_s: float | None = None
    keep_recent_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """A snapshot; nothing in it changes.

    Attributes:
        state: Where the session is.
        source: Facts about the source that plays, or None before it opened.
        model: Name of the model in use; "" while there is none.
        source_changing: Another source is being opened.
        model_loading: A model is being loaded, or not in use yet.
        source_hz: Measured rate of the source (0.0 when nothing came for 2 s).
        analysis_hz: Frames analysed a second.
        detector_hz: Detector runs a second.
        latency_p50_ms, latency_p95_ms: From a frame's capture to its result being ready, over the
            last 5 s.
        counts: Where the frames of this run went.
        faces: Number of faces in the newest result.
        ending: Why frames stopped coming; None while they come.
        error: Last failure as one sentence for the user; None when there was none since `start`.
        error_count: Grows with every failure, so that the same sentence twice is noticed.
        first_frame_s, first_stats_s: From `start` to the first frame and to the first reading;
            None until then.
        source_health: Whether the source gives a living picture, else what is wrong with it.
        source_health_s: Seconds for which that has been so.
        source_gaps: How often the source was lost and came back since `start`.
        recording: The recording that runs, or how the last one ended; None when there was none.
        recent: What is kept of the last seconds; None while nothing is kept.
    """

    state: SessionState
    source: SourceInfo | None = None
    model: str = ""
    source_changing: bool = False
    model_loading: bool = False
    source_hz: float = 0.0
    analysis_hz: float = 0.0
    detector_hz: float = 0.0
    latency_p50_ms: float = 0.0
    latency_p95_ms: float = 0.0
    counts: FrameCounts = field(default_factory=FrameCounts)
    faces: int = 0
    ending: Ending | None = None
    error: str | None = None
    error_count: int = 0
    first_frame_s: float | None = None
    first_stats_s: float | None = None
    source_health: SourceHealth = SourceHealth.OK
    source_health_s: float = 0.0
    source_gaps: int = 0
    recording: RecordingStatus | None = None
    recent: RecentStatus | None = None

    @property
    def skipped(self) -> int:
        """Frames that were captured and never analysed."""
        return self.counts.skipped


def as_sentence(error: Exception) -> str:
    """Return a failure as one sentence for the user."""
    if isinstance(error, FacecamError):
        return str(error)
    return (
        f"An internal error stopped this ({type(error).__name__}: {error}): try again, and report "
        "it with the log if it comes back."
    )
