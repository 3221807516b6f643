"""`bench`: how fast this machine runs the whole pipeline, drawn as the window draws it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facecam.commands.cam_trial import CamTrial
from facecam.commands.machine import describe_machine, process_age_s, resident_mb
from facecam.commands.output import ends_well, only_json_on_stdout, print_json, progress
from facecam.errors import SourceError

if TYPE_CHECKING:
    from facecam.capture.source import FrameSource, SourceInfo
    from facecam.inference.package import ModelPackage
    from facecam.pipeline.session import Session
    from facecam.types import Analysis, CamChoice, Frame
    from facecam.vision.overlay import OverlayPainter

START_TIMEOUT_S = 30.0
_WAKE_S = 0.05


class RetimedSource:
    """A source whose frames are due at a fixed rate, for a session that plays in real time.

    Args:
        source: Any source that is not live.
        fps: Rate in hertz.
    """

    def __init__(self, source: "FrameSource", fps: float) -> None:
        self._source = source
        self._fps = fps

    @property
    def info(self) -> "SourceInfo":
        """Facts about the source, with the rate it is played at."""
        return replace(self._source.info, fps=self._fps)

    def open(self) -> None:
        """Open the source."""
        self._source.open()

    def read(self) -> "Frame | None":
        """Return the next frame with the time at which it is due."""
        frame = self._source.read()
        return frame and replace(frame, source_s=frame.frame_id / self._fps)

    def close(self) -> None:
        """Release the source."""
        self._source.close()


@dataclass
class Measurements:
    """What one run gave, from the first readings on. Filled by the analysis and drawing threads.

    Attributes:
        analyses: Every result.
        drawn: Number of results that were also drawn.
        drawing_ms: Duration of each drawing in milliseconds.
        seconds: Length of the measured part.
        skipped: Frames of the measured part that were never analysed.
        trial: What class activation maps cost, where they were asked for.
    """

    analyses: list["Analysis"] = field(default_factory=list)
    drawn: int = 0
    drawing_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0
    skipped: int = 0
    shown: int = 0
    trial: CamTrial | None = None
    rss_mb: float = 0.0
    first_frame_ms: float = 0.0
    first_stats_ms: float = 0.0

    def record(self) -> dict[str, Any]:
        """Return the object of the contract."""
        count, seconds = len(self.analyses), max(self.seconds, 1e-9)
        names = sorted({name for item in self.analyses for name in item.stages_ms})
        stages = {
            name: _percentiles(
                [item.stages_ms[name] for item in self.analyses if name in item.stages_ms]
            )
            for name in names
        }
        stages["draw"] = _percentiles(self.drawing_ms)
        faces = sum(len(item.faces) for item in self.analyses)
        detected = sum(item.detected for item in self.analyses)
        latency = [(item.ready_s - item.captured_s) * 1e3 for item in self.analyses]
        cam = {"cam": self.trial.record()} if self.trial is not None else {}
        return {
            "frames": count,
            "seconds": round(self.seconds, 3),
            "fps": round(self.drawn / seconds, 2),
            "detector_hz": round(detected / seconds, 2),
            "faces_per_frame": round(faces / count, 3) if count else 0.0,
            "stages_ms": stages,
            "latency_ms": _percentiles(latency),
            "shown": self.shown,
            "analyzed": count,
            "skipped": self.skipped,
            "rss_mb": round(self.rss_mb, 1),
            "startup_ms": {
                "first_frame": round(self.first_frame_ms, 1),
                "first_stats": round(self.first_stats_ms, 1),
            },
            "machine": describe_machine(),
            **cam,
        }


def _percentiles(values_ms: list[float]) -> dict[str, float]:
    import numpy as np

    if not values_ms:
        return {"p50": 0.0, "p95": 0.0, "p99": 0.0}
    p50, p95, p99 = np.percentile(values_ms, (50, 95, 99))
    return {"p50": round(p50, 3), "p95": round(p95, 3), "p99": round(p99, 3)}


class Bench:
    """Runs a session for a while and draws its newest result, as the window does.

    Used once. `run` belongs to the calling thread, which draws; `on_analysis` is called by the
    session's analysis thread.

    Args:
        heads: Heads of the model, for drawing.
        seconds: How long to measure, from the first readings on.
        cam: Map that is drawn in every other part of the time, to measure what it costs.
    """

    def __init__(
        self, heads: "ModelPackage | None", seconds: float, cam: "CamChoice | None" = None
    ) -> None:
        self._heads = heads.heads if heads else ()
        self._seconds = seconds
        self._cam = cam
        self._painter: OverlayPainter | None = None
        self._fresh = threading.Event()
        self._newest: tuple[Frame, Analysis] | None = None
        self._recording = False
        self.measured = Measurements(trial=CamTrial() if cam is not None else None)

    def on_analysis(self, frame: "Frame", analysis: "Analysis") -> None:
        """Take one result."""
        if self._recording:
            self.measured.analyses.append(analysis)
            if self.measured.trial is not None:
                self.measured.trial.note_analysis(analysis)
        self._newest = (frame, analysis)
        self._fresh.set()

    def run(self, session: "Session", report: Callable[[int, int | None], None]) -> Measurements:
        """Play the session, measure, stop it.

        Raises:
            SourceError: The source failed, or gave no readings within 30 s.
        """
        age_s = process_age_s()
        begin_s = time.perf_counter()
        session.start()
        try:
            self._wait_first_stats(session, begin_s)
            status = session.status()
            # `age_s` counts from the start of the process: imports belong to the start.
            first_frame_s, first_stats_s = status.first_frame_s or 0.0, status.first_stats_s or 0.0
            self.measured.first_frame_ms = (age_s + first_frame_s) * 1e3
            self.measured.first_stats_ms = (age_s + first_stats_s) * 1e3
            skipped, captured = status.counts.skipped, status.counts.captured
            self._recording = True
            self._measure(session, report)
            self._recording = False
            counts = session.status().counts
            self.measured.skipped = counts.skipped - skipped
            self.measured.shown = counts.captured - captured
        finally:
            session.stop()
        return self.measured

    def _wait_first_stats(self, session: "Session", begin_s: float) -> None:
        from facecam.pipeline.status import ACTIVE

        while (status := session.status()).first_stats_s is None:
            if status.error is not None and (
                not status.model_loading or not status.counts.captured
            ):
                raise SourceError(status.error)
            if status.state not in ACTIVE:
                raise SourceError("The source ended before a face was read: choose a longer one.")
            if time.perf_counter() - begin_s > START_TIMEOUT_S:
                raise SourceError(
                    f"No face was read within {START_TIMEOUT_S:.0f} s: choose a source with faces."
                )
            self._draw_newest()

    def _measure(self, session: "Session", report: Callable[[int, int | None], None]) -> None:
        from facecam.pipeline.status import ACTIVE

        measured = self.measured
        measured.drawing_ms.clear()
        measured.drawn = 0
        begin_s = sampled_s = time.perf_counter()
        trial = measured.trial
        measured.rss_mb = resident_mb()
        while (elapsed_s := time.perf_counter() - begin_s) < self._seconds:
            if trial is not None and trial.turn(elapsed_s, measured.drawn):
                session.set_cam(self._cam if trial.on else None)
            self._draw_newest()
            if time.perf_counter() - sampled_s > 0.2:
                sampled_s = time.perf_counter()
                measured.rss_mb = max(measured.rss_mb, resident_mb())
                report(int(elapsed_s), int(self._seconds))
                if session.status().state not in ACTIVE:
                    break
        measured.seconds = time.perf_counter() - begin_s

    def _draw_newest(self) -> None:
        from facecam.vision.cam_overlay import CamStyle
        from facecam.vision.overlay import OverlayOptions, OverlayPainter

        if not self._fresh.wait(_WAKE_S):
            return
        self._fresh.clear()
        newest = self._newest
        if newest is None:
            return
        frame, analysis = newest
        if self._painter is None:
            self._painter = OverlayPainter()
        begin_s = time.perf_counter()
        options = OverlayOptions(cam=CamStyle())  # where there is no map none is drawn
        self._painter.draw(frame.image_bgr, analysis, self._heads, options=options)
        drawing_ms = (time.perf_counter() - begin_s) * 1e3
        self.measured.drawing_ms.append(drawing_ms)
        self.measured.drawn += 1
        if self.measured.trial is not None:
            self.measured.trial.note_drawing(analysis, drawing_ms)


def run_bench(
    source: str,
    model: str | None,
    seconds: float,
    fps: float | None,
    cam: str | None = None,
    report: Callable[[int, int | None], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Measure and return the object of the contract.

    Args:
        source: As `make_source` takes it; a finite one is played again and again.
        model: Name or folder of the model package.
        seconds: How long to measure.
        fps: Rate at which frames come; None for as fast as they can be analysed, none skipped (a
            live source keeps its own pace).
        cam: HEAD[:CLASS] of the map whose cost is measured; None for no map.
        report: Called with (seconds done, seconds).
    """
    from facecam.capture.opening import make_source
    from facecam.commands.pipeline_parts import build_analyzer, choose_model
    from facecam.inference.cam import parse_cam
    from facecam.inference.package import load_package
    from facecam.inference.runtime import LiteRtEstimator
    from facecam.pipeline.repeating import RepeatingSource
    from facecam.pipeline.session import Session, SessionOptions

    package = load_package(choose_model(model))
    rate_hz = fps or 30.0
    probe = make_source(source, fps=rate_hz)
    live = probe.info.live
    probe.close()

    def source_factory() -> "FrameSource":
        if live:
            return make_source(source, fps=rate_hz)
        again: FrameSource = RepeatingSource(lambda: make_source(source, fps=rate_hz))
        return RetimedSource(again, fps) if fps else again

    bench = Bench(package, seconds, parse_cam(cam, package) if cam is not None else None)
    session = Session(
        source_factory,
        build_analyzer,
        lambda: LiteRtEstimator(package),
        options=SessionOptions(as_fast_as_possible=fps is None and not live),
        on_analysis=bench.on_analysis,
    )
    return bench.run(session, report).record()


@ends_well
def bench(
    source: Annotated[
        str, typer.Option(metavar="S", help="Video, camera, URL, or synthetic[:faces=4,...].")
    ] = "synthetic",
    model: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help="Model package; face-stats if left out.")
    ] = None,
    cam: Annotated[
        str | None,
        typer.Option(
            metavar="HEAD[:CLASS]",
            help="Turn this map on and off in turns and report what it costs.",
        ),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(min=1.0, max=1000.0, metavar="N", help="Let frames come N times a second."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.5, max=3600.0, metavar="N", help="How long to measure.")
    ] = 10.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure speed, latency and memory of the whole pipeline, boxes and bars drawn.

    Without --fps frames come as fast as they are analysed (that gives the highest rate); with it
    they come like those of a camera, and what comes too fast is skipped (that gives the latency).

    Examples:

      python -m facecam bench

      python -m facecam bench --source synthetic:faces=4 --fps 30 --json

      python -m facecam bench --cam smile --seconds 30
    """
    with only_json_on_stdout(json), progress("Measuring", "s") as report:
        record = run_bench(source, model, seconds, fps, cam, report)
    if json:
        print_json(record)
        return
    latency = record["latency_ms"]
    typer.echo(
        f"{record['fps']:.1f} frames a second analysed and drawn, "
        f"{record['faces_per_frame']:.1f} faces a frame, {record['skipped']} skipped"
    )
    typer.echo(f"latency {latency['p50']:.1f} ms, 95% within {latency['p95']:.1f} ms")
    for name, stage in record["stages_ms"].items():
        typer.echo(f"  {name:8} {stage['p50']:6.2f} ms, 95% within {stage['p95']:6.2f} ms")
    if cam is not None:
        cost, with_cam = record["cam"]["ms_per_face"], record["cam"]
        typer.echo(
            f"map of {cam}: {cost['total']:.2f} ms a face ({cost['analysis']:.2f} to make, "
            f"{cost['drawing']:.2f} to draw), {with_cam['fps_with']:.1f} frames a second with and "
            f"{with_cam['fps_without']:.1f} without it (ratio {with_cam['fps_ratio']:.2f})"
        )
    startup = record["startup_ms"]
    typer.echo(
        f"detector {record['detector_hz']:.1f} Hz, memory {record['rss_mb']:.0f} MB, "
        f"first frame after {startup['first_frame']:.0f} ms, "
        f"first readings after {startup['first_stats']:.0f} ms"
    )
    typer.echo(record["machine"])
