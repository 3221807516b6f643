"""Whole sources and single pictures, in order and in the caller's thread (`analyze`, `predict`)."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from facecam.capture.source import FrameSource, SourceInfo
from facecam.errors import RecordingError, SourceError
from facecam.inference.estimator import Estimator
from facecam.recording.output_file import prepare_output
from facecam.recording.stats_writer import (
    StatsHeader,
    StatsWriter,
    check_stats_suffix,
    open_stats_writer,
)
from facecam.recording.video_writer import VideoWriter, check_video_suffix
from facecam.timing import Clock, monotonic_s
from facecam.types import Analysis, Frame, ImageU8

Draw = Callable[[ImageU8, Analysis], ImageU8]
Progress = Callable[[int, int | None], None]


class SteppingAnalyzer(Protocol):
    """What is needed of `FrameAnalyzer`."""

    @property
    def estimator(self) -> Estimator | None:
        """The model in use."""
        ...

    def step(self, frame: Frame) -> Analysis:
        """Return the analysis of one frame."""
        ...


@dataclass(frozen=True, slots=True)
class AnalyzeSummary:
    """What `analyze` reports.

    Attributes:
        frames_read, frames_analyzed, frames_written: Frames of the source, of the statistics, and
            of the video (0 without one).
        faces: Faces found, summed over the frames.
        tracks: Different faces.
        seconds: Wall time of the run in seconds.
        fps: Frames analysed a second of wall time.
        model: Name of the model package; "" without one.
        out, stats: The files written, or None.
        interrupted: Whether the run was stopped before the end of the source.
    """

    frames_read: int
    frames_analyzed: int
    frames_written: int
    faces: int
    tracks: int
    seconds: float
    fps: float
    model: str
    out: str | None
    stats: str | None
    interrupted: bool = False

    def record(self) -> dict[str, Any]:
        """Return the JSON object of the contract."""
        return {
            "frames_read": self.frames_read,
            "frames_analyzed": self.frames_analyzed,
            "frames_written": self.frames_written,
            "faces": self.faces,
            "tracks": self.tracks,
            "seconds": round(self.seconds, 3),
            "fps": round(self.fps, 2),
            "model": self.model,
            "out": self.out,
            "stats": self.stats,
        }


class _Outputs:
    """The video and the statistics of one run, opened when the true size is known."""

    def __init__(
        self, out_video: Path | None, stats_path: Path | None, estimator: Estimator | None
    ) -> None:
        self._out_video = out_video
        self._stats_path = stats_path
        self._estimator = estimator
        self.video: VideoWriter | None = None
        self.stats: StatsWriter | None = None
        if out_video:
            check_video_suffix(out_video)
        if stats_path:
            check_stats_suffix(stats_path)
        if out_video and stats_path and out_video.resolve() == stats_path.resolve():
            raise RecordingError(f"{out_video} cannot be both the video and the statistics.")
        for path in filter(None, (out_video, stats_path)):
            prepare_output(path).unlink(missing_ok=True)  # refuses now, before any work

    def begin(self, info: SourceInfo, size_wh: tuple[int, int]) -> None:
        """Open what is wanted.

        Args:
            info: The source, opened.
            size_wh: Size of its first picture, which counts more than what the source says.
        """
        if self._stats_path and self.stats is None:
            package = self._estimator.package if self._estimator else None
            header = StatsHeader(
                source=info.name,
                model=package.name if package else "",
                width=size_wh[0],
                height=size_wh[1],
                fps=info.fps if math.isfinite(info.fps) else 0.0,
                heads=tuple(package.heads) if package else (),
            )
            self.stats = open_stats_writer(self._stats_path, header)
        if self._out_video and self.video is None:
            self.video = VideoWriter(self._out_video, size_wh, info.fps)

    def write(self, frame: Frame, analysis: Analysis, draw: Draw | None) -> None:
        """Append one frame to both.

        Args:
            frame: What was analysed.
            analysis: Its result.
            draw: Gives the picture for the video; None where there is no video.
        """
        if self.stats is not None:
            self.stats.write(analysis)
        if self.video is not None and draw is not None:
            self.video.write(draw(frame.image_bgr, analysis), frame.source_s)

    def close(self, *, keep: bool) -> None:
        """Finish and publish both, also when finishing one of them fails; or discard them."""
        if not keep:
            if self.video is not None:
                self.video.discard()
            if self.stats is not None:
                self.stats.discard()
            return
        try:
            if self.video is not None:
                self.video.close()
        finally:
            if self.stats is not None:
                self.stats.close()


def analyze_source(
    source: FrameSource,
    analyzer: SteppingAnalyzer,
    *,
    out_video: str | Path | None = None,
    stats_path: str | Path | None = None,
    max_frames: int | None = None,
    draw: Draw | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
    clock: Clock = monotonic_s,
) -> AnalyzeSummary:
    """Analyse every frame of a source, in order, and close the source.

    The files get their names at the end. A run that is interrupted or whose source breaks leaves
    whole files of what it had; one that never had a frame leaves none.

    Args:
        source: Not opened yet.
        analyzer: With its model; normally one whose detector runs on every frame.
        out_video: Video with the overlay (.mp4, .mov, .mkv).
        stats_path: Statistics (.jsonl, .csv, .parquet).
        max_frames: Stop after this many frames.
        draw: Gives the picture that goes into the video; the standard overlay by default. Must not
            write to the picture it is given.
        progress: Called with (frames done, frames of the source or None) after each frame.
        stop: Ends the run after the current frame when set.
        clock: Monotonic seconds.

    Raises:
        RecordingError: An output cannot be written; before any work where that can be known.
        SourceError: The source cannot be opened, broke, or holds no frame.
    """
    out_video = Path(out_video) if out_video else None
    stats_path = Path(stats_path) if stats_path else None
    estimator = analyzer.estimator
    outputs = _Outputs(out_video, stats_path, estimator)
    if draw is None and out_video:
        draw = standard_draw(estimator)
    begin_s = clock()
    read = faces = 0
    tracks: set[int] = set()
    interrupted = False
    total = max_frames
    try:
        source.open()
        if source.info.frame_count is not None:
            total = min(source.info.frame_count, max_frames or source.info.frame_count)
        while max_frames is None or read < max_frames:
            if stop is not None and stop.is_set():
                interrupted = True
                break
            frame = source.read()
            if frame is None:
                break
            analysis = analyzer.step(frame)
            if read == 0:
                outputs.begin(source.info, analysis.size_wh)
            outputs.write(frame, analysis, draw)
            read += 1
            faces += len(analysis.faces)
            tracks.update(face.track for face in analysis.faces)
            if progress is not None:
                progress(read, total)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        try:
            source.close()
        finally:
            outputs.close(keep=read > 0)
    if not read and not interrupted:
        raise SourceError(f"{source.info.name} holds no frame: choose another file or camera.")
    seconds = clock() - begin_s
    return AnalyzeSummary(
        frames_read=read,
        frames_analyzed=read,
        frames_written=outputs.video.frames if outputs.video else 0,
        faces=faces,
        tracks=len(tracks),
        seconds=seconds,
        fps=read / seconds if seconds > 0 else 0.0,
        model=estimator.package.name if estimator else "",
        out=str(out_video) if outputs.video else None,
        stats=str(stats_path) if outputs.stats else None,
        interrupted=interrupted,
    )


def standard_draw(estimator: Estimator | None) -> Draw:
    """Return what draws maps, boxes and cards of a model's heads on a copy of a picture."""
    # They load fonts; most runs write no video.
    from facecam.vision.cam_overlay import CamStyle
    from facecam.vision.overlay import OverlayOptions, OverlayPainter

    heads = estimator.package.heads if estimator else ()
    painter = OverlayPainter()
    options = OverlayOptions(cam=CamStyle())  # where the analysis has no maps none are drawn

    def draw(image_bgr: ImageU8, analysis: Analysis) -> ImageU8:
        return painter.draw(image_bgr, analysis, heads, options=options)

    return draw
