"""`analyze`: every frame of a source, in order, into a video and a table."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facecam.commands.output import (
    INTERRUPTED,
    ends_well,
    only_json_on_stdout,
    print_json,
    progress,
)
from facecam.errors import MediaFileError

if TYPE_CHECKING:
    from facecam.capture.source import FrameSource
    from facecam.pipeline.reanalysis import Difference


@ends_well
def analyze(
    source: Annotated[
        str,
        typer.Argument(
            help="Video, picture, folder, camera number or name, URL; or a .session folder, whose "
            "clean video is then analysed frame for frame as it was recorded."
        ),
    ],
    model: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help="Model package; face-stats if left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="VIDEO.mp4", help="Write the video with boxes and bars.")
    ] = None,
    stats: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the readings: .jsonl, .csv or .parquet."),
    ] = None,
    cam: Annotated[
        str | None,
        typer.Option(
            metavar="HEAD[:CLASS]",
            help="Draw on the video what a stat looks at (for each face's own class if none is "
            "named).",
        ),
    ] = None,
    max_frames: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Stop after N frames.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Analyse every frame of a video, picture, folder or camera, in order.

    Examples:

      python -m facecam analyze party.mp4 --out party-stats.mp4 --stats party.csv

      python -m facecam analyze party.mp4 --cam smile --out party-smiles.mp4

      python -m facecam analyze 0 --max-frames 300 --stats me.jsonl
    """
    from facecam.capture.opening import make_source
    from facecam.commands.pipeline_parts import analyzer_for_files, load_estimator
    from facecam.inference.cam import parse_cam
    from facecam.pipeline.offline import SteppingAnalyzer, analyze_source
    from facecam.pipeline.reanalysis import SessionAnalyzer, SessionPictures
    from facecam.recording.output_file import refuse_to_replace

    recorded = _session_folder(source)
    again: SessionAnalyzer | None = None
    inputs = [source, *(recorded.iterdir() if recorded else ())]
    refuse_to_replace(inputs, [out, stats])
    with only_json_on_stdout(json):
        estimator = load_estimator(model)
        analyzer = analyzer_for_files(estimator)
        try:
            if cam is not None:
                analyzer.set_cam(parse_cam(cam, estimator.package))
            frames: FrameSource
            stepping: SteppingAnalyzer = analyzer
            if recorded is None:
                frames = make_source(source)
            else:
                from facecam.recording.session_files import read_session

                session = read_session(recorded)
                again = SessionAnalyzer(session, analyzer)
                frames, stepping = SessionPictures(session), again
            with progress("Analysing", "frames") as report:
                summary = analyze_source(
                    frames,
                    stepping,
                    out_video=out,
                    stats_path=stats,
                    max_frames=max_frames,
                    progress=report,
                )
        finally:
            analyzer.close()
            estimator.close()
    if json:
        print_json(summary.record())
    else:
        typer.echo(
            f"{summary.frames_analyzed} frames in {summary.seconds:.1f} s ({summary.fps:.1f} a "
            f"second) with {summary.model}: {summary.faces} faces, {summary.tracks} different."
        )
        if again is not None:
            typer.echo(_beside_the_recording(again.difference()))
        for path in filter(None, (summary.out, summary.stats)):
            typer.echo(path)
    passed_over = getattr(frames, "passed_over", ())
    if passed_over:
        typer.echo(f"Left out {len(passed_over)} pictures: {passed_over[0]}", err=True)
    if summary.interrupted:
        typer.echo("Stopped before the end; what was written until then is whole.", err=True)
        raise typer.Exit(INTERRUPTED)
    if getattr(frames, "truncated", False):
        raise MediaFileError(
            f"{source} is cut off after {summary.frames_read} frames: get the whole file; what "
            "was in it has been analysed."
        )


def _beside_the_recording(found: "Difference") -> str:
    """Say how far the analysis lies from what was recorded."""
    if found.exact:
        return f"The same as recorded, to the last digit, in all {found.frames} frames."
    words = (
        f"Beside the recording: {found.frames_equal} of {found.frames} frames the same to the last "
        f"digit, {found.faces_matched} of {found.faces} faces in the same place, "
        f"{found.tracks_equal} with the same number"
    )
    if found.faces_matched:
        words += (
            f"; 95% of the boxes within {found.box_p95:.1%} of their width, of the numbers within "
            f"{found.value_p95:.2g}, of the probabilities within {found.prob_p95:.2g}"
        )
    if found.labels:
        words += f"; {found.labels_equal} of {found.labels} answers the same"
    return words + "."


def _session_folder(source: str) -> Path | None:
    """Return the session folder that a source is, or whose clean video it is."""
    from facecam.recording.session_files import is_session

    path = Path(source)
    if is_session(path):
        return path
    return path.parent if path.stem == "clean" and is_session(path.parent) else None
