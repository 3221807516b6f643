"""The demo clip through the whole pipeline, into files, where there is no display."""

import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import typer

from facecam.commands.output import INTERRUPTED, HeadWords, english_words, progress
from facecam.errors import ModelPackageError

OUT_DIR = Path("out")


def run_demo(
    reason: str, model: str | None = None, source: str | None = None, cam: str | None = None
) -> int:
    """Analyse the demo clip into out/demo.mp4 and out/demo.jsonl; return the exit code.

    Args:
        reason: Why there is no window; "" when none was wanted.
        model: Name or folder of a model package.
        source: What the window should have played.
        cam: HEAD[:CLASS] whose maps are drawn on the video.
    """
    if reason:
        typer.echo(reason)
    typer.echo("Running the demo clip through the same pipeline, without a window.")
    if source:
        typer.echo(f"For your own source: python -m facecam analyze {source} --out out/video.mp4")
    from facecam.capture.opening import DEMO_CLIP, make_source
    from facecam.commands.pipeline_parts import analyzer_for_files, load_estimator
    from facecam.inference.cam import parse_cam
    from facecam.pipeline.offline import analyze_source

    estimator, words = None, {}
    try:
        estimator = load_estimator(model)
        words = english_words(estimator.package.heads)
    except ModelPackageError as error:
        if model:
            raise
        typer.echo(f"{error} Showing boxes only.", err=True)
    analyzer = analyzer_for_files(estimator)
    try:
        if cam is not None and estimator is not None:
            analyzer.set_cam(parse_cam(cam, estimator.package))
        with progress("Analysing", "frames") as report:
            summary = analyze_source(
                make_source(str(DEMO_CLIP)),
                analyzer,
                out_video=OUT_DIR / "demo.mp4",
                stats_path=OUT_DIR / "demo.jsonl",
                progress=report,
            )
    finally:
        analyzer.close()
        if estimator is not None:
            estimator.close()
    typer.echo(
        f"{summary.frames_analyzed} frames in {summary.seconds:.1f} s ({summary.fps:.1f} a "
        f"second): {summary.faces} faces, {summary.tracks} different"
        + (f", read by {summary.model}." if summary.model else ".")
    )
    if summary.stats:
        for line in summarize(Path(summary.stats), words):
            typer.echo(line)
    for path in filter(None, (summary.out, summary.stats)):
        typer.echo(path)
    return INTERRUPTED if summary.interrupted else 0


def summarize(
    stats_path: Path, words: Mapping[str, HeadWords] = MappingProxyType({}), most: int = 12
) -> list[str]:
    """Return one line a track of a .jsonl file: how long it was seen, and its usual readings.

    Args:
        stats_path: Statistics as `analyze --stats x.jsonl` writes them.
        words: Head name to its words for people; its own name where there are none.
        most: Show this many tracks, those seen longest.
    """
    seen: Counter[int] = Counter()
    readings: dict[int, dict[str, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    with stats_path.open(encoding="utf-8") as stats:
        next(stats, None)  # the header
        for line in stats:
            for face in json.loads(line)["faces"]:
                seen[face["track"]] += 1
                for head, reading in face["heads"].items():
                    readings[face["track"]][head].append(reading)
    lines = []
    for track, frames in sorted(seen.most_common(most)):
        usual = {}
        for head, items in readings[track].items():
            own = words.get(head, HeadWords(head))
            usual[own.title] = usual_reading(items, own)
        said = [f"{title} {value}".lower() for title, value in usual.items()]
        alike = set(usual.values())
        if len(alike) == 1 and "can't tell" in "".join(alike):  # the face, not one stat
            said = list(alike)
        lines.append(f"  face {track}: {frames} frames; {', '.join(said) or 'no readings'}")
    if len(seen) > most:
        lines.append(f"  and {len(seen) - most} more")
    return lines


def usual_reading(items: list[Mapping[str, Any]], words: HeadWords) -> str:
    """Return in a word or two what the readings of one head of one face mostly said."""
    sure = [item for item in items if not item.get("unsure")]
    if len(sure) * 2 < len(items):
        reasons = Counter(item["unsure"] for item in items if item.get("unsure"))
        return f"can't tell ({reasons.most_common(1)[0][0]})"
    first = sure[0]
    if "value" in first:
        return f"{statistics.median(item['value'] for item in sure):.0f}"
    if "label" in first:
        return words.of(Counter(item["label"] for item in sure).most_common(1)[0][0])
    if "p" in first:
        return "yes" if sum(item["on"] for item in sure) * 2 > len(sure) else "no"
    counts = Counter(name for item in sure for name in item["on"])
    return "+".join(words.of(name) for name, n in counts.items() if n * 2 > len(sure)) or "none"
