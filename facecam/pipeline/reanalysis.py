"""Analyse a recorded session again: the same frames, times and detector runs.

A session whose clean video is lossless gives its recorded statistics back exactly, track numbers
included. `SessionPictures` gives the frames and `SessionAnalyzer` steps as the recording did;
`analyze_source(SessionPictures(s), SessionAnalyzer(s, analyzer), ...)` writes the statistics anew,
and `SessionAnalyzer.difference` says in figures how far they lie from the recorded ones.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from facecam.capture.source import SourceInfo
from facecam.errors import MediaFileError
from facecam.inference.estimator import Estimator
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.recording.face_records import analysis_record
from facecam.recording.session_folder import LedgerRow
from facecam.recording.session_records import RecordedSession, fits_inside
from facecam.recording.video_reader import read_pictures
from facecam.recording.video_writer import letterbox
from facecam.timing import monotonic_s
from facecam.types import (
    Analysis,
    ExpectationReading,
    FaceAnalysis,
    Frame,
    ImageU8,
    MultiSigmoidReading,
    Reading,
    SigmoidReading,
    SoftmaxReading,
    TrackedFace,
)
from facecam.vision.fit import overlap

_SAME_FACE = 0.3  # overlap (intersection over union) from which two boxes are of one face


class SessionPictures:
    """The analysed frames of a session's clean video, with their own numbers and times.

    A `FrameSource`.

    Args:
        session: With a clean video.

    Attributes:
        truncated: Whether the video of a session that ended well turned out to be cut off.

    Raises:
        MediaFileError: The session has no clean video.
    """

    def __init__(self, session: RecordedSession) -> None:
        path = session.header.clean_path
        if path is None or not path.is_file():
            raise MediaFileError(
                f"{session.header.folder} has no clean video to analyse: record with a clean video "
                "next time."
            )
        self._path = path
        self._session = session
        self._frames: Iterator[Frame] | None = None
        self._closed = False
        self.truncated = False
        header = session.header
        wanted = [row for row in session.recorded if row.analyzed]
        self._info = SourceInfo(
            name=header.source_name,
            kind="file",
            live=False,
            size_wh=header.size_wh,
            fps=header.fps,
            frame_count=len(wanted),
        )

    @property
    def info(self) -> SourceInfo:
        """Facts about the source that was recorded."""
        return self._info

    def open(self) -> None:
        """Begin with the first frame."""
        self._frames = self._read()

    def read(self) -> Frame | None:
        """Return the next frame, or None at the end."""
        if self._closed or self._frames is None:
            return None
        return next(self._frames, None)

    def close(self) -> None:
        """End it."""
        self._closed = True

    def _read(self) -> Iterator[Frame]:
        sizes = [gap for gap in self._session.gaps if gap.size_wh is not None]
        size_wh = self._info.size_wh
        recorded = self._session.recorded
        count = 0
        # The n-th picture is the n-th recorded frame; a killed session may have more or fewer.
        for row, (picture, _) in zip(recorded, read_pictures(self._path), strict=False):
            count += 1
            while sizes and sizes[0].before_frame <= row.frame:
                size_wh = sizes.pop(0).size_wh or size_wh
            if row.analyzed:
                source_s = row.t_s if row.source_s is None else row.source_s
                yield Frame(self._own_part(picture, size_wh), row.frame, monotonic_s(), source_s)
        self.truncated = count < len(recorded) and not self._session.killed

    def _own_part(self, picture: ImageU8, size_wh: tuple[int, int]) -> ImageU8:
        """Return what came from the source: a frame of `size_wh`, without what was added to it."""
        header = self._session.header
        width, height = size_wh
        if size_wh == header.size_wh or (header.lossless and fits_inside(size_wh, header.size_wh)):
            return np.ascontiguousarray(picture[:height, :width])
        x, y, inner_w, inner_h = letterbox(size_wh, (picture.shape[1], picture.shape[0]))
        inner = picture[y : y + inner_h, x : x + inner_w]
        return np.ascontiguousarray(cv2.resize(inner, size_wh), dtype=np.uint8)


class SessionAnalyzer:
    """Analyses the frames of a session as the recording did. Owned by one thread.

    Args:
        session: The recording.
        analyzer: With its model; is used up and closed by this one.
    """

    def __init__(self, session: RecordedSession, analyzer: FrameAnalyzer) -> None:
        self._inner = analyzer
        self._own_model = analyzer.estimator
        self._schedule = _RecordedSchedule()
        analyzer.set_schedule(self._schedule)
        self._rows = {row.frame: row for row in session.rows}
        self._recorded = {item.frame_id: item for item in session.analyses}
        self._resets = sorted(
            session.resets | {gap.before_frame for gap in session.gaps if gap.why == "source"}
        )
        self._lost = [gap for gap in session.gaps if gap.why == "lost"]
        self._models = list(session.models)
        # Another model than the recorded one reads faces from the first frame on.
        same = any(
            self._own_model and item.name == self._own_model.package.name for item in session.models
        )
        if self._own_model is not None and same:
            analyzer.set_estimator(None)
        elif not same:
            self._models = []
        self._shift: int | None = None  # what is added to new track numbers
        self._comparison = _Comparison()

    @property
    def estimator(self) -> Estimator | None:
        """The model, also before the frame from which it was in use."""
        return self._own_model

    def step(self, frame: Frame) -> Analysis:
        """Return the analysis of one frame of the session, with the recording's track numbers."""
        row = self._rows[frame.frame_id]
        while self._models and self._models[0].frame <= row.frame:
            change = self._models.pop(0)
            self._inner.set_estimator(self._own_model if change.name else None)
        while self._lost and self._lost[0].before_frame <= row.frame:
            gap = self._lost.pop(0)
            self._inner.bridge(gap.to_t_s - gap.from_t_s)
        fresh = False
        while self._resets and self._resets[0] <= row.frame:
            self._resets.pop(0)
            fresh = True
        if fresh:
            self._inner.reset()
            self._shift = None
        self._schedule.detected = row.detected is not False
        again = self._numbered(self._inner.step(frame), row)
        if row.frame in self._recorded:
            self._comparison.add(self._recorded[row.frame], again)
        return again

    def difference(self) -> "Difference":
        """Return how far the frames analysed so far lie from what was recorded of them."""
        return self._comparison.result()

    def _numbered(self, analysis: Analysis, row: LedgerRow) -> Analysis:
        faces = analysis.faces
        if self._shift is None and faces and faces[0].track:
            before = self._recorded.get(row.frame)
            if before is not None and before.faces:
                self._shift = before.faces[0].track - faces[0].track
        shift = self._shift or 0
        moved = tuple(
            replace(face, track=face.track + shift) if face.track else face for face in faces
        )
        return replace(analysis, faces=moved, source_s=row.t_s)

    def close(self) -> None:
        """Release the detector."""
        self._inner.close()


class _RecordedSchedule:
    """Runs the detector where it ran."""

    def __init__(self) -> None:
        self.detected = True

    def due(self, t_s: float, wall_s: float, faces: Sequence[TrackedFace]) -> bool:
        return self.detected

    def note(self, t_s: float, wall_s: float, cost_s: float, faces: Sequence[TrackedFace]) -> None:
        pass

    def reset(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a second analysis of the same frames lies from the first.

    Attributes:
        frames: Frames that both have.
        frames_equal: Frames whose lines in the statistics are the same to the last digit.
        faces: Faces of the first.
        faces_matched: Those that the second has in the same place.
        tracks_equal: Matched faces with the same track number.
        box_p95, box_max: Largest difference of a box's side or corner, as a share of its width.
        value_p95, value_max: Difference of expected values (years, for ages).
        prob_p95, prob_max: Difference of probabilities.
        labels: Answers (labels, yes or no) that both gave; `labels_equal` the same ones.
    """

    frames: int
    frames_equal: int
    faces: int
    faces_matched: int
    tracks_equal: int
    box_p95: float
    box_max: float
    value_p95: float
    value_max: float
    prob_p95: float
    prob_max: float
    labels: int
    labels_equal: int

    @property
    def exact(self) -> bool:
        """Whether both are the same to the last digit that is written."""
        return self.frames_equal == self.frames


class _Comparison:
    """Two analyses of the same frames, frame by frame."""

    def __init__(self) -> None:
        self._frames = self._equal = self._faces = self._same_number = 0
        self._boxes: list[float] = []
        self._values: list[float] = []
        self._probs: list[float] = []
        self._labels: list[bool] = []

    def add(self, first: Analysis, second: Analysis) -> None:
        """Take in one frame."""
        self._frames += 1
        self._equal += analysis_record(first) == analysis_record(second)
        self._faces += len(first.faces)
        for own, other in _matched(first.faces, second.faces):
            self._same_number += own.track == other.track
            width = max(own.box_xywh[2], 1e-6)
            apart = float(np.abs(np.subtract(own.box_xywh, other.box_xywh)).max())
            self._boxes.append(apart / width)
            for head in own.readings.keys() & other.readings.keys():
                self._add_reading(own.readings[head], other.readings[head])

    def _add_reading(self, a: Reading, b: Reading) -> None:
        match a, b:
            case ExpectationReading(), ExpectationReading():
                self._values.append(abs(a.value - b.value))
            case SoftmaxReading(), SoftmaxReading():
                self._probs.extend(abs(p - b.probs.get(name, 0.0)) for name, p in a.probs.items())
                self._labels.append(a.label == b.label)
            case SigmoidReading(), SigmoidReading():
                self._probs.append(abs(a.p - b.p))
                self._labels.append(a.on == b.on)
            case MultiSigmoidReading(), MultiSigmoidReading():
                self._probs.extend(abs(p - b.probs.get(name, 0.0)) for name, p in a.probs.items())
                self._labels.extend((name in a.on) == (name in b.on) for name in a.probs)

    def result(self) -> Difference:
        """Return the figures of all frames so far."""
        return Difference(
            frames=self._frames,
            frames_equal=self._equal,
            faces=self._faces,
            faces_matched=len(self._boxes),
            tracks_equal=self._same_number,
            box_p95=_p95(self._boxes),
            box_max=max(self._boxes, default=0.0),
            value_p95=_p95(self._values),
            value_max=max(self._values, default=0.0),
            prob_p95=_p95(self._probs),
            prob_max=max(self._probs, default=0.0),
            labels=len(self._labels),
            labels_equal=sum(self._labels),
        )


def _matched(
    first: Sequence[FaceAnalysis], second: Sequence[FaceAnalysis]
) -> Iterator[tuple[FaceAnalysis, FaceAnalysis]]:
    """Yield faces that lie in the same place, each at most once, the best fits first."""
    fits = sorted(
        (
            (overlap(a.box_xywh, b.box_xywh), i, j)
            for i, a in enumerate(first)
            for j, b in enumerate(second)
        ),
        reverse=True,
    )
    left, right = set(range(len(first))), set(range(len(second)))
    for fit, i, j in fits:
        if fit >= _SAME_FACE and i in left and j in right:
            left.remove(i)
            right.remove(j)
            yield first[i], second[j]


def _p95(items: Sequence[float]) -> float:
    return float(np.percentile(items, 95)) if items else 0.0
