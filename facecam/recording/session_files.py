"""Read a session folder back, whole or as a killed program left it.

`read_session(folder)` gives a `RecordedSession`, which never changes:

- `header`: what `session.json` says: source, model with its heads, settings, where the videos are,
  how it ended (None: it was killed).
- `rows`: one a captured frame, in order, with `frame` (number), `t_s` (the source's time) and,
  where it is in the videos, `video_s` (its time there). The n-th row with `recorded` is the n-th
  picture of the videos. A pause is cut out of the videos: `video_s` runs on while `t_s` jumps.
- `analyses`: the statistics as `types.Analysis`, in order; `frame_id` and `source_s` are those of
  the row. What the file does not hold (keypoints, maps, crops, durations of stages) is empty.
- `tracks`: every face with the span over which it was seen.
- `gaps`, `models`, `resets`: what lies between frames.
- `at(t_s)`, `at_video(video_s)`: the analysis of a moment.

Lines that are torn or damaged are passed over and counted in `damaged`; a row whose statistics are
missing is said to be not analysed. Nothing in a session folder is ever executed.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from facecam.errors import RecordingError
from facecam.recording.face_records import reading_of
from facecam.recording.session_folder import (
    LEDGER_FILE,
    SESSION_FILE,
    SESSION_SCHEMA,
    STATS_FILE,
    LedgerRow,
)
from facecam.recording.session_records import (
    Gap,
    ModelChange,
    RecordedHead,
    RecordedSession,
    SessionHeader,
    TrackSpan,
)
from facecam.types import Analysis, FaceAnalysis

_BAD = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError)


def is_session(path: str | Path) -> bool:
    """Return whether a folder is a session folder."""
    return (Path(path) / SESSION_FILE).is_file()


def session_of_video(path: str | Path) -> Path | None:
    """Return the session folder that a video belongs to, or None."""
    path = Path(path)
    for folder in (path.parent, path.with_name(f"{path.stem}.session")):
        if is_session(folder):
            return folder
    return None


def read_session(folder: str | Path) -> RecordedSession:
    """Return what is in a session folder.

    Raises:
        RecordingError: There is none, or `session.json` is not what it should be.
    """
    folder = Path(folder)
    header = _header(folder)
    ledger = _Ledger(folder / LEDGER_FILE)
    lines, damaged = _by_frame(folder / STATS_FILE)
    rows, analyses = [], []
    model, changes = "", list(ledger.models)
    sizes = [gap for gap in ledger.gaps if gap.size_wh is not None]
    size_wh = header.size_wh
    begin_s = header.started_s - (ledger.rows[0].t_s if ledger.rows else 0.0)
    for row in ledger.rows:
        while sizes and sizes[0].before_frame <= row.frame:
            size_wh = sizes.pop(0).size_wh or size_wh
        while changes and changes[0].frame <= row.frame:
            model = changes.pop(0).name
        line = lines.get(row.frame) if row.analyzed else None
        try:
            analysis = _analysis(line, row, begin_s, size_wh, model) if line is not None else None
        except _BAD:
            analysis, damaged = None, damaged + 1
        if analysis is not None:
            analyses.append(analysis)
        elif row.analyzed:
            row = replace(row, analyzed=False, detected=None)
        rows.append(row)
    return RecordedSession(
        header=header,
        rows=tuple(rows),
        analyses=tuple(analyses),
        tracks=_spans(analyses),
        gaps=tuple(ledger.gaps),
        models=tuple(ledger.models),
        resets=frozenset(ledger.resets),
        sums=ledger.sums,
        damaged=damaged + ledger.damaged,
        _times_s=tuple(item.source_s for item in analyses),
    )


def _header(folder: Path) -> SessionHeader:
    path = folder / SESSION_FILE
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordingError(
            f"{folder} is no session folder ({error.strerror} for {SESSION_FILE}): choose a folder "
            "whose name ends in .session."
        ) from error
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"{path} is damaged ({error}): the session cannot be read.") from error
    try:
        if facts["schema"] != SESSION_SCHEMA:
            raise ValueError(f"its schema is {facts['schema']!r}")
        source, model, video, clock = (facts[key] for key in ("source", "model", "video", "clock"))
        ended = facts["ended"]
        return SessionHeader(
            folder=folder,
            app_version=str(facts["app_version"]),
            source_spec=str(source["spec"]),
            source_name=str(source["name"]),
            source_kind=str(source.get("kind", "")),
            size_wh=(int(source["size_wh"][0]), int(source["size_wh"][1])),
            fps=_finite(source["fps"]),
            live=bool(source["live"]),
            model=str(model["name"]),
            model_version=str(model["version"]),
            model_sha256=str(model["sha256"]),
            heads=tuple(
                RecordedHead(str(head["name"]), str(head["kind"]), tuple(head["classes"]))
                for head in model.get("heads", ())
            ),
            settings=MappingProxyType(dict(facts["settings"])),
            started_utc=str(clock["started_utc"]),
            started_s=_finite(clock["started_monotonic_s"]),
            overlay_path=_beside(folder, video["overlay"]),
            clean_path=_beside(folder, video["clean"]),
            lossless=bool(video["lossless"]),
            ended=None if ended is None else MappingProxyType(dict(ended)),
        )
    except _BAD as error:
        raise RecordingError(
            f"{path} is not what this version can read ({type(error).__name__}: {error}): update "
            "the app, or choose another session."
        ) from error


def _beside(folder: Path, name: Any) -> Path | None:
    """Return the path of a video; only the folder itself and the one above are looked at."""
    if name is None:
        return None
    where = folder.parent if str(name).startswith("../") else folder
    return where / Path(str(name)).name


class _Ledger:
    """The lines of a ledger, sorted into kinds."""

    def __init__(self, path: Path) -> None:
        self.rows: list[LedgerRow] = []
        self.gaps: list[Gap] = []
        self.models: list[ModelChange] = []
        self.resets: list[int] = []
        self.sums: Mapping[str, Any] | None = None
        self.damaged = 0
        waiting: list[Mapping[str, Any]] = []
        for line in _lines(path):
            try:
                if line is None:
                    self.damaged += 1
                elif "frame" in line:
                    row = _row(line)
                    if self.rows and row.frame <= self.rows[-1].frame:
                        raise ValueError("numbers must grow")
                    self.gaps += [_gap(item, row.frame) for item in waiting]
                    waiting = []
                    self.rows.append(row)
                elif "gap" in line:
                    waiting.append(line["gap"])
                elif "model" in line:
                    self.models.append(_model(line["model"]))
                elif "reset" in line:
                    self.resets.append(int(line["reset"]["frame"]))
                elif "sums" in line:
                    self.sums = MappingProxyType(dict(line["sums"]))
                elif "schema" not in line and "look" not in line:
                    self.damaged += 1
            except _BAD:
                self.damaged += 1
                waiting = []
        self.models.sort(key=lambda item: item.frame)


def _row(line: Mapping[str, Any]) -> LedgerRow:
    dropped = line["dropped"]
    detected, video_s, source_s = (line.get(key) for key in ("detected", "video_s", "source_s"))
    return LedgerRow(
        frame=int(line["frame"]),
        t_s=_finite(line["t_s"]),
        shown=bool(line["shown"]),
        analyzed=bool(line["analyzed"]),
        recorded=bool(line["recorded"]),
        dropped=None if dropped is None else str(dropped),
        detected=None if detected is None else bool(detected),
        video_s=None if video_s is None else _finite(video_s),
        source_s=None if source_s is None else _finite(source_s),
    )


def _gap(item: Mapping[str, Any], frame: int) -> Gap:
    size = item.get("size_wh")
    return Gap(
        str(item["why"]),
        _finite(item["from_t_s"]),
        _finite(item["to_t_s"]),
        frame,
        None if size is None else (int(size[0]), int(size[1])),
    )


def _model(item: Mapping[str, Any]) -> ModelChange:
    return ModelChange(
        int(item["frame"]), str(item["name"]), str(item["version"]), str(item["sha256"])
    )


def _by_frame(path: Path) -> tuple[dict[int, Mapping[str, Any]], int]:
    """Return the lines of the statistics by frame, and how many are damaged."""
    found: dict[int, Mapping[str, Any]] = {}
    damaged = 0
    for line in _lines(path):
        if line is None or not ("schema" in line or isinstance(line.get("frame"), int)):
            damaged += 1
        elif "frame" in line:
            found[line["frame"]] = line
    return found, damaged


def _lines(path: Path) -> Iterator[Mapping[str, Any] | None]:
    """Yield each line as an object; None for a damaged one. A torn last line is not mentioned."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordingError(
            f"{path} cannot be read ({error.strerror}): the session is not whole, choose another."
        ) from error
    lines = content.split(b"\n")
    for line in lines[:-1]:  # what follows the last line's end is nothing, or torn
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            yield None
            continue
        yield record if isinstance(record, dict) else None


def _analysis(
    line: Mapping[str, Any],
    row: LedgerRow,
    begin_s: float,
    size_wh: tuple[int, int],
    model: str,
) -> Analysis:
    captured_s = begin_s + row.t_s
    return Analysis(
        frame_id=row.frame,
        captured_s=captured_s,
        source_s=row.t_s,
        ready_s=captured_s,
        faces=tuple(_face(face) for face in line["faces"]),
        size_wh=size_wh,
        detected=bool(row.detected),
        model=model,
    )


def _face(face: Mapping[str, Any]) -> FaceAnalysis:
    x, y, w, h = (_finite(value) for value in face["box_xywh"])
    score = face["score"]
    return FaceAnalysis(
        track=int(face["track"]),
        box_xywh=(x, y, w, h),
        score=None if score is None else _finite(score),
        readings=MappingProxyType(
            {str(name): reading_of(reading) for name, reading in face["heads"].items()}
        ),
        predicted=bool(face.get("predicted", False)),
    )


def _spans(analyses: list[Analysis]) -> tuple[TrackSpan, ...]:
    first: dict[int, float] = {}
    last: dict[int, float] = {}
    frames: dict[int, int] = {}
    for analysis in analyses:
        for face in analysis.faces:
            first.setdefault(face.track, analysis.source_s)
            last[face.track] = analysis.source_s
            frames[face.track] = frames.get(face.track, 0) + 1
    return tuple(
        TrackSpan(track, first[track], last[track], frames[track]) for track in sorted(first)
    )


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is no number")
    return number
