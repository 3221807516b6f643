"""What a recording holds, over time: frames with stats, when each face was there, gaps."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from facecam.gui.stat_rows import HeadView
from facecam.types import Analysis

BREAK_S = 0.6
"""A face that was away for longer begins another span (chosen by eye)."""
_STALE_S = 0.5  # stats are shown for at most this long after their frame


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that interrupts the recording.

    Attributes:
        start_s, end_s: Times in the video of the pictures on both sides; a pause is cut out of the
            video, so that they are next to each other.
        why: "pause", "lost" (the source was away), "source" (another one), "size".
        seconds: How long it lasted.
    """

    start_s: float
    end_s: float
    why: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch in which a face was in view without a longer break."""

    track: int
    start_s: float
    end_s: float


class Timeline:
    """Analyses in the order of their times. Immutable.

    Args:
        analyses: `source_s` is the time in seconds; any order.
    """

    def __init__(self, analyses: Sequence[Analysis]) -> None:
        self.analyses = tuple(sorted(analyses, key=lambda item: item.source_s))
        self._times = [item.source_s for item in self.analyses]
        self.spans = _spans(self.analyses, self._times)
        self.tracks = tuple(dict.fromkeys(span.track for span in self.spans))

    @property
    def end_s(self) -> float:
        """Time of the last analysis in seconds of the timeline; 0.0 without one."""
        return max(self._times[-1], 0.0) if self._times else 0.0

    def at(self, t_s: float) -> Analysis | None:
        """Return the newest analysis at or before a time; None where there is none that is near."""
        place = bisect.bisect_right(self._times, t_s + 1e-4) - 1
        if place < 0 or t_s - self._times[place] > _STALE_S:
            return None
        return self.analyses[place]

    def before(self, t_s: float, seconds: float, step_s: float) -> tuple[Analysis, ...]:
        """Return analyses of the last `seconds` up to a time, at most one each `step_s`."""
        first = bisect.bisect_left(self._times, t_s - seconds)
        last = bisect.bisect_right(self._times, t_s + 1e-4)
        chosen: list[Analysis] = []
        next_s = float("-inf")
        for place in range(first, last):
            if self._times[place] >= next_s or place == last - 1:
                chosen.append(self.analyses[place])
                next_s = self._times[place] + step_s
        return tuple(chosen)

    def next_start(self, t_s: float, step: int, track: int | None = None) -> Span | None:
        """Return the span that begins next (1) or before (-1), of one track or of any."""
        spans = [span for span in self.spans if track is None or span.track == track]
        spans.sort(key=lambda span: span.start_s)
        if step > 0:
            return next((span for span in spans if span.start_s > t_s + 0.02), None)
        return next((span for span in reversed(spans) if span.start_s < t_s - 0.25), None)


def _spans(analyses: Sequence[Analysis], times: Sequence[float]) -> tuple[Span, ...]:
    open_spans: dict[int, Span] = {}
    closed: list[Span] = []
    for analysis, t_s in zip(analyses, times, strict=True):
        for face in analysis.faces:
            span = open_spans.get(face.track)
            if span is not None and t_s - span.end_s <= BREAK_S:
                open_spans[face.track] = Span(face.track, span.start_s, t_s)
                continue
            if span is not None:
                closed.append(span)
            open_spans[face.track] = Span(face.track, t_s, t_s)
    closed += open_spans.values()
    return tuple(sorted(closed, key=lambda span: (span.start_s, span.track)))


@dataclass(frozen=True, slots=True)
class Recording:
    """A session folder, read.

    Attributes:
        folder: The session folder.
        name: Name of the video, for people.
        source_name: What was recorded.
        model: Name of the model that made the stats; "" without one.
        heads: Its heads, as far as they are known.
        timeline: The stats.
        gaps: Where nothing was recorded.
        duration_s: Length in seconds.
        video: The video to show; None when there is none.
        clean: Whether that video is as the camera gave it, so that bars can be drawn on it.
        lossless: Whether it is so bit for bit.
        whole: Whether the recording was ended as it should be.
    """

    folder: Path
    name: str
    timeline: Timeline
    source_name: str = ""
    model: str = ""
    heads: tuple[HeadView, ...] = ()
    gaps: tuple[Gap, ...] = ()
    duration_s: float = 0.0
    video: Path | None = None
    clean: bool = False
    lossless: bool = False
    whole: bool = True
