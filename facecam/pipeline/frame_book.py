"""The queue before an encoder: it keeps frames until they are analysed, and accounts for each one.

Every frame that is captured gets a row. A row waits for the analysis of its frame, so that boxes
sit on the faces they belong to; it is then encoded, and leaves when everything is known of it.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace

from facecam.pipeline.frame_row import Due, Row
from facecam.recording.time_line import TimeLine
from facecam.timing import Clock, monotonic_s
from facecam.types import Analysis, Frame

WAIT_S = 0.3  # for its analysis, before a frame is encoded without
BLUR_WAIT_S = 1.0  # the same where faces are blurred: without it the whole picture is
AHEAD_S = 0.4
"""So much later a face may be found: its size and its number are trusted only after 0.1 to 0.2 s
of detections (`vision.track.TrackConfig.confirm_s`), which come at half the rate on small machines.
"""
LATE_S = 5.0  # an analysis that takes longer is not recorded
MAX_FRAMES = 64  # half a second at 60 Hz and then some
MAX_BYTES = 192 << 20  # 64 pictures of 1280x720
_STEP_S = 1 / 30  # between two frames, until that is known
_MAX_STEP_S = 0.2


class FrameBook:
    """Takes frames and analyses from several threads and hands rows to one. Never blocks.

    Args:
        busy_with: Why a frame finds no room: "disk" or "encoder". Must not block.
        wait_s: How long a frame waits for its analysis before it is encoded without.
        late_s: How long after its capture an analysis is still recorded.
        max_frames, max_bytes: Pictures that wait at most.
        clock: Monotonic seconds.

    Attributes:
        wait_s: As above; may be changed at any time.
        looks_ahead: Hand a frame out only once the analyses of the next `AHEAD_S` are there, within
            `wait_s` and as long as there is room; may be changed at any time.
    """

    def __init__(
        self,
        busy_with: Callable[[], str] = lambda: "encoder",
        *,
        wait_s: float = WAIT_S,
        late_s: float = LATE_S,
        max_frames: int = MAX_FRAMES,
        max_bytes: int = MAX_BYTES,
        clock: Clock = monotonic_s,
    ) -> None:
        self.wait_s = wait_s
        self.looks_ahead = False
        self._late_s = late_s
        self._busy_with = busy_with
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._clock = clock
        self._changed = threading.Condition()
        self._time_line = TimeLine()
        self._rows: deque[Row] = deque()
        self._pictures = self._picture_bytes = 0
        self._analyses: deque[tuple[int, Analysis]] = deque(maxlen=2 * max_frames)
        self._last: Row | None = None
        self._in_work: Row | None = None  # being encoded
        self._gaps: list[dict[str, object]] = []
        self._paused = self._closed = False
        self._fresh_wanted = False
        self._captured = 0
        self._dropped: Counter[str] = Counter()
        self._cut_s = 0.0  # of all pauses
        self._kept_t_s: float | None = None  # time of the last frame outside of pauses
        self._step_s = _STEP_S
        self._resumed = False

    # What other threads tell.

    def put(self, source: int, frame: Frame) -> bool:
        """Take in a captured frame; return False when the book is closed."""
        height, width = frame.image_bgr.shape[:2]
        with self._changed:
            if self._closed:
                return False
            place = self._time_line.place(source, frame.frame_id, frame.source_s, frame.captured_s)
            row = Row(place, source, frame.frame_id, frame.source_s, (width, height), self._clock())
            self._mark_gaps(row)
            if not self._paused:
                self._place_in_video(row)
            if self._paused:
                self._drop(row, "paused")
                row.analyzed = False
            elif not self._has_room(frame) and not self._give_way():
                self._drop(row, self._busy_with())
            else:
                row.frame = frame
                self._pictures += 1
                self._picture_bytes += frame.image_bgr.nbytes
            self._last = row
            self._rows.append(row)
            self._captured += 1
            self._changed.notify_all()
            return True

    def _has_room(self, frame: Frame) -> bool:
        enough = self._picture_bytes + frame.image_bgr.nbytes <= self._max_bytes
        return self._pictures == 0 or (self._pictures < self._max_frames and enough)

    def _give_way(self) -> bool:
        """Drop a waiting picture that was not analysed; return whether there was one.

        One that was analysed is worth more: without it the statistics cannot be found again from
        the clean video.
        """
        for row in self._rows:
            if row.frame is not None and row.analyzed is False and row is not self._in_work:
                self._drop(row, self._busy_with())
                return True
        return False

    def _place_in_video(self, row: Row) -> None:
        """Give a row its time without pauses; after one it follows as frames usually do."""
        t_s, before_s = row.place.t_s, self._kept_t_s
        if before_s is not None:
            if self._resumed:
                self._cut_s += max(t_s - before_s - self._step_s, 0.0)
            else:
                self._step_s = min(t_s - before_s, _MAX_STEP_S)
        self._resumed = False
        self._kept_t_s = t_s
        row.video_t_s = t_s - self._cut_s

    def _mark_gaps(self, row: Row) -> None:
        before = self._last
        if before is None:
            self._gaps.clear()
            return
        # A pause is over with the first frame that is kept.
        marks = [mark for mark in self._gaps if not (self._paused and mark["why"] == "pause")]
        self._gaps = [mark for mark in self._gaps if mark not in marks]
        if row.place.new_source:
            marks.append({"why": "source"})
        if row.size_wh != before.size_wh:
            marks.append({"why": "size", "size_wh": list(row.size_wh)})
        for mark in marks:
            mark.setdefault("from_t_s", before.place.t_s)
            row.gaps.append({**mark, "to_t_s": row.place.t_s})

    def put_analysis(self, source: int, analysis: Analysis) -> None:
        """Take in a result; frames before it that have none will get none."""
        with self._changed:
            own = next(
                (
                    row
                    for row in reversed(self._rows)
                    if (row.source, row.frame_id) == (source, analysis.frame_id)
                ),
                None,
            )
            if own is None:
                return  # captured before the recording began, or too long ago
            placed = replace(analysis, frame_id=own.place.number, source_s=own.place.t_s)
            self._analyses.append((source, placed))
            for row in self._rows:
                if row is own:
                    break
                if row.analyzed is None:
                    row.analyzed = False
            if own.analyzed is None:
                own.analyzed, own.analysis = True, placed
            self._changed.notify_all()

    def note_shown(self, source: int, frame_id: int) -> None:
        """Take in that a frame was handed to whoever shows frames; it is the newest one."""
        with self._changed:
            last = self._last
            if last is not None and (last.source, last.frame_id) == (source, frame_id):
                last.shown = True

    def mark_gap(self, why: str, **facts: object) -> None:
        """Mark what lies before the next frame."""
        with self._changed:
            self._gaps.append({"why": why, **facts})

    def want_fresh(self) -> None:
        """Want an analyzer that knows nothing from the next frame of this book on."""
        with self._changed:
            self._fresh_wanted = True

    def takes_fresh(self, source: int, frame_id: int) -> bool:
        """Return whether the analyzer is to forget everything before this frame; at most once."""
        with self._changed:
            if not self._fresh_wanted:
                return False
            for row in self._rows:
                if (row.source, row.frame_id) == (source, frame_id) and row.dropped != "paused":
                    row.fresh, self._fresh_wanted = True, False
                    return True
            return False

    def pause(self) -> None:
        """Drop what is captured from now on."""
        with self._changed:
            if not self._paused and self._last is not None:
                self._gaps.append({"why": "pause", "from_t_s": self._last.place.t_s})
            self._paused = True

    def resume(self) -> None:
        """Keep what is captured from now on."""
        with self._changed:
            self._resumed = self._resumed or self._paused
            self._paused = False

    def wait_for_room(self) -> None:
        """Wait until the next picture finds room, or the book is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._has_plenty())

    def close(self) -> None:
        """Take in nothing more; what waits is still handed out, without waiting for analyses."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # What the encoder's thread asks.

    def next_due(self, timeout_s: float) -> Due | None:
        """Return the next picture to encode once its faces are known or have taken too long.

        Args:
            timeout_s: Return None after so many seconds.
        """
        deadline_s = self._clock() + timeout_s
        with self._changed:
            while True:
                now_s = self._clock()
                row = next((row for row in self._rows if row.recorded is None), None)
                if row is None:
                    if self._closed:
                        return None
                    until_s = deadline_s
                elif self._is_known(row) or self._closed or now_s >= row.arrived_s + self.wait_s:
                    return self._due(row)
                else:
                    until_s = min(row.arrived_s + self.wait_s, deadline_s)
                if now_s >= deadline_s:
                    return None
                self._changed.wait(max(until_s - now_s, 1e-3))

    def _is_known(self, row: Row) -> bool:
        """Whether the faces of a frame are known as well as they can be."""
        if row.analyzed is None or not self.looks_ahead or not self._has_plenty():
            return row.analyzed is not None
        source, newest = self._analyses[-1] if self._analyses else (row.source, None)
        past = newest is not None and newest.source_s >= row.place.t_s + AHEAD_S
        return past or source != row.source

    def _has_plenty(self) -> bool:
        few = self._pictures < self._max_frames // 2
        return few and self._picture_bytes < self._max_bytes // 2

    def _due(self, row: Row) -> Due:
        self._in_work = row
        number = row.place.number
        own = [item for source, item in self._analyses if source == row.source]  # in order
        before = next((item for item in reversed(own) if item.frame_id <= number), None)
        after = next((item for item in own if item.frame_id >= number), None)
        until_s = row.place.t_s + AHEAD_S
        ahead = (item for item in own if item.frame_id > number and item.source_s <= until_s)
        return Due(row, before, after, tuple(ahead))

    def settle(self, row: Row, *, video_s: float | None = None, dropped: str | None = None) -> None:
        """Say what became of a picture and let go of it."""
        with self._changed:
            self._in_work = None
            if row.recorded is not None:
                return
            if dropped is None:
                row.recorded, row.video_s = True, video_s
                self._release(row)
            else:
                self._drop(row, dropped)
            self._changed.notify_all()

    def drop_waiting(self, reason: str) -> None:
        """Give up every picture that waits."""
        with self._changed:
            for row in self._rows:
                if row.recorded is None and row is not self._in_work:
                    self._drop(row, reason)
            self._changed.notify_all()

    def leaving(self) -> list[Row]:
        """Return, in order, the rows of which everything is known; they leave the book."""
        gone = []
        with self._changed:
            now_s = self._clock()
            while self._rows:
                row = self._rows[0]
                over = self._closed and row.recorded is not None
                if row.analyzed is None and (over or now_s > row.arrived_s + self._late_s):
                    row.analyzed = False
                newest = row is self._last and not self._closed  # may still be shown
                if row.recorded is None or row.analyzed is None or newest:
                    break
                gone.append(self._rows.popleft())
        return gone

    @property
    def captured(self) -> int:
        """Frames taken in."""
        return self._captured

    @property
    def waiting(self) -> int:
        """Pictures that wait."""
        return self._pictures

    @property
    def dropped(self) -> dict[str, int]:
        """Frames that are not recorded, by reason."""
        with self._changed:
            return dict(self._dropped)

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken in."""
        return self._closed

    def _drop(self, row: Row, reason: str) -> None:
        self._dropped[reason] += 1
        row.recorded, row.dropped = False, reason
        self._release(row)

    def _release(self, row: Row) -> None:
        if row.frame is not None:
            self._pictures -= 1
            self._picture_bytes -= row.frame.image_bgr.nbytes
            row.frame = None
