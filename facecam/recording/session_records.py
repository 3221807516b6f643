"""What a recorded session is when it is read back; none of it changes."""

import bisect
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from facecam.recording.session_folder import LedgerRow, LedgerSums
from facecam.types import Analysis


@dataclass(frozen=True, slots=True)
class RecordedHead:
    """A head of the model, as far as names and columns need it."""

    name: str
    kind: str
    classes: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SessionHeader:
    """What `session.json` says.

    Attributes:
        folder: The session folder.
        app_version: Version that recorded it.
        source_spec, source_name, source_kind: What played.
        size_wh: Size of the first picture in pixels.
        fps: Nominal rate in hertz; 0.0 when unknown.
        live: Whether the source was live.
        model, model_version, model_sha256: The first model in use; "" without one.
        heads: Its heads.
        settings: What else was set.
        started_utc: ISO time of the first picture.
        started_s: Monotonic time of the first picture, of the program that recorded.
        overlay_path, clean_path: The videos; None where there are none. They may be missing.
        lossless: Whether the clean video is bit for bit.
        ended: How it ended; None when the program was killed.
    """

    folder: Path
    app_version: str
    source_spec: str
    source_name: str
    source_kind: str
    size_wh: tuple[int, int]
    fps: float
    live: bool
    model: str
    model_version: str
    model_sha256: str
    heads: tuple[RecordedHead, ...]
    settings: Mapping[str, Any]
    started_utc: str
    started_s: float
    overlay_path: Path | None
    clean_path: Path | None
    lossless: bool
    ended: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that interrupts the frames: "pause", "lost", "source", "size".

    Attributes:
        why: What it is.
        from_t_s, to_t_s: Times of the frames on both sides.
        before_frame: Number of the first frame after it.
        size_wh: Size of the pictures from there on, where it changed; else None.
    """

    why: str
    from_t_s: float
    to_t_s: float
    before_frame: int
    size_wh: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ModelChange:
    """A model that is in use from a frame on; an empty name means none."""

    frame: int
    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TrackSpan:
    """Over which time a face was seen.

    Attributes:
        track: Its number.
        first_t_s, last_t_s: Times of its first and last analysis.
        frames: Analyses that hold it.
    """

    track: int
    first_t_s: float
    last_t_s: float
    frames: int


@dataclass(frozen=True)
class RecordedSession:
    """A session read back by `session_files.read_session`, where all of it is described."""

    header: SessionHeader
    rows: tuple[LedgerRow, ...]
    analyses: tuple[Analysis, ...]
    tracks: tuple[TrackSpan, ...]
    gaps: tuple[Gap, ...] = ()
    models: tuple[ModelChange, ...] = ()
    resets: frozenset[int] = frozenset()
    sums: Mapping[str, Any] | None = None
    damaged: int = 0
    _times_s: tuple[float, ...] = field(default=(), repr=False)

    @property
    def killed(self) -> bool:
        """Whether the program ended before it could finish the session."""
        return self.header.ended is None

    @cached_property
    def recorded(self) -> tuple[LedgerRow, ...]:
        """The rows that are in the videos, in their order."""
        return tuple(row for row in self.rows if row.recorded)

    @property
    def repeatable(self) -> bool:
        """Whether analysing the clean video again can give the statistics back exactly.

        It cannot where the video is lossy or blurred, lacks a frame that was analysed, or holds
        pictures larger than its own size, which were made smaller.
        """
        sizes = [gap.size_wh for gap in self.gaps if gap.size_wh is not None]
        if not all(fits_inside(size_wh, self.header.size_wh) for size_wh in sizes):
            return False
        whole = all(row.recorded for row in self.rows if row.analyzed)
        return self.header.lossless and not self.header.settings.get("blur") and whole

    @property
    def duration_s(self) -> float:
        """Time of the last picture in the videos, in seconds."""
        return max((row.video_s or 0.0 for row in self.rows if row.recorded), default=0.0)

    def at(self, t_s: float, max_age_s: float = math.inf) -> Analysis | None:
        """Return the newest analysis up to a time of the source, if it is not too old."""
        place = bisect.bisect_right(self._times_s, t_s) - 1
        if place < 0 or t_s - self._times_s[place] > max_age_s:
            return None
        return self.analyses[place]

    def row_at_video(self, video_s: float) -> LedgerRow | None:
        """Return the row of the picture that the videos show at a time; None before the first."""
        rows = self.recorded
        place = bisect.bisect_right(rows, video_s, key=lambda row: row.video_s or 0.0) - 1
        return rows[place] if place >= 0 else None

    def at_video(self, video_s: float, max_age_s: float = math.inf) -> Analysis | None:
        """Return the newest analysis up to the picture that the videos show at a time."""
        row = self.row_at_video(video_s)
        return self.at(row.t_s, max_age_s) if row is not None else None

    def disagreements(self) -> tuple[str, ...]:
        """Return in words where the ledger does not agree with itself; empty when all is well."""
        found = []
        own = LedgerSums()
        for row in self.rows:
            own.add(row)
            if row.recorded == (row.dropped is not None):
                found.append(f"frame {row.frame} is both recorded and dropped, or neither")
        own.gaps = len(self.gaps)
        if self.sums is not None and dict(self.sums) != own.record():
            found.append(f"the sums say {dict(self.sums)}, the lines say {own.record()}")
        if own.captured != own.recorded + sum(own.dropped.values()):
            found.append("captured is not recorded plus dropped")
        if len(self.analyses) != own.analyzed:
            found.append(f"{own.analyzed} frames were analysed, {len(self.analyses)} have lines")
        if self.damaged:
            found.append(f"{self.damaged} lines are damaged")
        return tuple(found)


def fits_inside(size_wh: tuple[int, int], other_wh: tuple[int, int]) -> bool:
    """Whether a picture fits into another without being made smaller."""
    return size_wh[0] <= other_wh[0] and size_wh[1] <= other_wh[1]
