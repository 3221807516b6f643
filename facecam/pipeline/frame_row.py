"""What is known of one captured frame on its way into a recording."""

from dataclasses import dataclass, field

from facecam.recording.time_line import Place
from facecam.types import Analysis, Frame


@dataclass(slots=True)
class Row:
    """What is known of one captured frame.

    Attributes:
        place: Its number and time in the recording.
        source, frame_id, source_s: As the source gave them.
        size_wh: Size of the picture.
        arrived_s: Monotonic time.
        frame: The picture, until it was encoded or dropped.
        video_t_s: Its time without pauses, of the origin of `place.t_s`.
        gaps: What lies between it and the row before, for the ledger.
        analysis: Its result with the recording's number and time; None while there is none.
        analyzed: Whether there is a result; None while that is open.
        fresh: Whether the analyzer forgot everything just before it.
        shown: Whether it was handed to whoever shows frames.
        recorded: Whether it is in the video; None while that is open.
        dropped: Why it is not, or None.
        video_s: Its time in the video.
    """

    place: Place
    source: int
    frame_id: int
    source_s: float
    size_wh: tuple[int, int]
    arrived_s: float
    video_t_s: float = 0.0
    frame: Frame | None = None
    gaps: list[dict[str, object]] = field(default_factory=list)
    analysis: Analysis | None = None
    analyzed: bool | None = None
    fresh: bool = False
    shown: bool = False
    recorded: bool | None = None
    dropped: str | None = None
    video_s: float | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A row that is to be encoded now, with what is known of the faces around it.

    Attributes:
        row: With its picture.
        before: The newest analysis up to this frame, or None.
        after: The first analysis from this frame on, or None; the same as `before` when this very
            frame was analysed.
        ahead: Analyses of the next moments, oldest first, as far as they are there: a face is found
            some frames after it came into view.
    """

    row: Row
    before: Analysis | None
    after: Analysis | None
    ahead: tuple[Analysis, ...] = ()
