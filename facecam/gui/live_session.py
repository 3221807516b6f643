"""The narrow view that the window has of a session."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol

from facecam.capture.source import SourceInfo
from facecam.gui.stat_rows import HeadView
from facecam.types import Analysis, CamChoice, Frame

if TYPE_CHECKING:  # brings cv2, which the window does not wait for
    from facecam.recording.request import RecentStatus, RecordingRequest, RecordingStatus
    from facecam.vision.overlay import OverlayOptions


DEMO_SPEC = str(Path(__file__).resolve().parents[2] / "resources" / "demo.mp4")
"""Source spec of the clip that comes with facecam."""


class SourcePhase(enum.Enum):
    """What the source is doing. LOST, ENDED and FAILED are three different endings."""

    NONE = "none"
    STARTING = "starting"
    RUNNING = "running"
    LOST = "lost"
    ENDED = "ended"
    FAILED = "failed"


class ModelPhase(enum.Enum):
    """What the model package is doing."""

    NONE = "none"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


OLD_AFTER_S = 1.0
"""A pause that is shorter does not darken the picture, which would flicker (chosen by eye)."""

HealthName = Literal["ok", "stalled", "frozen", "black", "wrong_size", "gone", "reconnecting"]


@dataclass(frozen=True, slots=True)
class SessionView:
    """Snapshot of a session, as far as a person wants to know.

    Attributes:
        error: The last failure as one sentence, or "".
        error_count: Grows with every failure, so that the same sentence twice is noticed.
        demo: The shipped clip is playing.
        source_hz: Measured rate of frames that the source gave.
        analysis_hz: Measured rate of frames with readings.
        detector_hz: Measured rate of frames on which the detector ran.
        latency_ms, latency_p95_ms: From a frame's capture to its readings being ready.
        skipped: Frames that were never analysed because a newer one was there.
        health: Whether the source gives a living picture, else what is wrong with it.
        health_s: Seconds for which that has been so.
        recording: The recording that runs, or how the last one ended; None before the first.
        recent: What is kept of the last seconds; None while nothing is kept.
    """

    source_phase: SourcePhase = SourcePhase.NONE
    model_phase: ModelPhase = ModelPhase.NONE
    source_spec: str = ""
    source: SourceInfo | None = None
    model: str = ""
    error: str = ""
    error_count: int = 0
    demo: bool = False
    source_hz: float = 0.0
    analysis_hz: float = 0.0
    detector_hz: float = 0.0
    latency_ms: float = 0.0
    latency_p95_ms: float = 0.0
    captured: int = 0
    analyzed: int = 0
    skipped: int = 0
    stages_ms: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    health: HealthName = "ok"
    health_s: float = 0.0
    recording: "RecordingStatus | None" = None
    recent: "RecentStatus | None" = None

    @property
    def picture_is_old(self) -> bool:
        """Whether what is shown is the last picture of a source that gives no more."""
        stalled = self.health == "stalled" and self.health_s >= OLD_AFTER_S
        return stalled or self.source_phase is SourcePhase.LOST


class LiveSession(Protocol):
    """The narrow view of a session that the window has. Called from the Qt thread; never blocks."""

    def latest(self) -> tuple[Frame | None, Analysis | None]:
        """Return the newest frame and the newest analysis, which may be of an older frame."""
        ...

    def status(self) -> SessionView:
        """Return a snapshot of the state and the rates."""
        ...

    def heads(self) -> tuple[HeadView, ...]:
        """Return the heads of the running model; empty while there is none."""
        ...

    def model_title(self, lang: str) -> str:
        """Return the running model's title for people, or ""."""
        ...

    def model_card(self) -> str:
        """Return the running model's card (Markdown), or ""."""
        ...

    def model_warnings(self, lang: str) -> tuple[str, ...]:
        """Return what everybody who sees the running model's readings should know."""
        ...

    def change_source(self, spec: str) -> None:
        """Go over to another source; what goes wrong shows up in `status`."""
        ...

    def change_model(self, name: str) -> None:
        """Go over to another model package; what goes wrong shows up in `status`."""
        ...

    def set_cam(self, choice: CamChoice | None) -> None:
        """Ask for class activation maps in what comes from now on, or for none."""
        ...

    def measure_trust(self, track: int) -> None:
        """Ask for a trust figure of this face's map, soon."""
        ...

    def set_blur(self, on: bool) -> None:
        """Blur every face in what is recorded from now on."""
        ...

    def start_recording(self, request: "RecordingRequest") -> None:
        """Begin to record; what goes wrong shows up in `status`."""
        ...

    def pause_recording(self) -> None:
        """Leave out what comes from now on; the gap is marked."""
        ...

    def resume_recording(self) -> None:
        """Go on with a recording that was paused."""
        ...

    def set_recording_look(self, options: "OverlayOptions") -> None:
        """Draw the overlay of the recording that runs otherwise from the next picture on."""
        ...

    def stop_recording(self) -> None:
        """Finish the file; `status` says when that is done."""
        ...

    def keep_recent(self, seconds: float) -> None:
        """Keep the last seconds in memory for `save_recent`; 0.0 keeps nothing."""
        ...

    def save_recent(self, path: Path, seconds: float, options: "OverlayOptions") -> None:
        """Write a video of what just happened; what goes wrong shows up in `status`."""
        ...

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Stop everything; blocks at most `timeout_s`. Return whether all of it stopped."""
        ...
