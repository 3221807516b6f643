"""Reads a session folder into what the replay shows. No Qt; runs on a thread of its own."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from facecam.errors import FacecamError, RecordingError
from facecam.gui.replay_timeline import Gap, Recording, Timeline
from facecam.gui.stat_rows import HeadView
from facecam.types import (
    Analysis,
    ExpectationReading,
    FaceAnalysis,
    MultiSigmoidReading,
    Reading,
    SigmoidReading,
    SoftmaxReading,
)

SESSION_FILE, STATS_FILE, LEDGER_FILE = "session.json", "stats.jsonl", "ledger.jsonl"
_SCHEMAS = ("facecam-session-1",)


def session_folder(path: Path) -> Path:
    """Return the session folder that a path means: itself, a file in it, or a video beside it.

    Raises:
        RecordingError: There is none.
    """
    for folder in (path, path.parent, path.with_name(f"{path.stem}.session")):
        if (folder / SESSION_FILE).is_file():
            return folder
    raise RecordingError(
        f"{path} is no recording with stats: choose a .session folder, or the video beside one."
    )


def load_recording(path: Path) -> Recording:
    """Read a recording.

    Args:
        path: See `session_folder`.

    Raises:
        RecordingError: It is no recording, or it is damaged at its head.
    """
    folder = session_folder(path)
    facts = _facts(folder)
    source, video = facts.get("source") or {}, facts.get("video") or {}
    model = facts.get("model") or {}
    size_wh = tuple(source.get("size_wh") or (0, 0))
    ledger = _Ledger(folder / LEDGER_FILE)
    name = str(model.get("name") or "")
    analyses = [
        analysis_of(record, at_s, (int(size_wh[0]), int(size_wh[1])), name)
        for record in _lines(folder / STATS_FILE)
        if "faces" in record and (at_s := ledger.video_s(record)) is not None
    ]
    timeline = Timeline(analyses)
    clean = _existing(folder, video.get("clean"))
    shown = clean or _existing(folder, video.get("overlay"))
    return Recording(
        folder=folder,
        name=folder.name.removesuffix(".session"),
        timeline=timeline,
        source_name=str(source.get("name") or ""),
        model=name,
        heads=_heads(name, model.get("heads") or (), timeline),
        gaps=ledger.gaps,
        duration_s=max(timeline.end_s, ledger.end_s),
        video=shown,
        clean=clean is not None,
        lossless=bool(video.get("lossless")) and clean is not None,
        whole=facts.get("ended") is not None,
    )


def _facts(folder: Path) -> dict[str, Any]:
    path = folder / SESSION_FILE
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RecordingError(
            f"{path} cannot be read ({error}): choose another recording."
        ) from error
    if not isinstance(facts, dict) or facts.get("schema") not in _SCHEMAS:
        schema = facts.get("schema") if isinstance(facts, dict) else None
        raise RecordingError(
            f"{path} has the format {schema!r}, which this version does not know: open it with the "
            "version that made it."
        )
    return facts


def _existing(folder: Path, name: object) -> Path | None:
    if not isinstance(name, str) or not name:
        return None
    path = (folder / name).resolve()
    return path if path.is_file() else None


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Give the records of a file of JSON lines; a last line that was cut off is left out."""
    try:
        with path.open("rb") as file:
            for line in file:
                try:
                    record = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(record, dict):
                    yield record
    except FileNotFoundError:
        return
    except OSError as error:
        raise RecordingError(
            f"{path} cannot be read ({error.strerror or error}): check the disk."
        ) from error


class _Ledger:
    """Times of frames in the video, and gaps.

    Args:
        path: The ledger; one that is missing maps times by the first frame's.
    """

    def __init__(self, path: Path) -> None:
        frames: list[int] = []
        t_s: list[float] = []
        video_s: list[float] = []
        gaps: list[tuple[float, float, str]] = []
        self._away: set[int] = set()
        for record in _lines(path):
            if "gap" in record and isinstance(record["gap"], dict):
                gap = record["gap"]
                bounds = (gap.get("from_t_s"), gap.get("to_t_s"))
                if all(isinstance(value, int | float) for value in bounds):
                    gaps.append((float(bounds[0]), float(bounds[1]), str(gap.get("why") or "")))  # type: ignore[arg-type]
            elif record.get("recorded") and "frame" in record and "t_s" in record:
                frames.append(int(record["frame"]))
                t_s.append(float(record["t_s"]))
                first = t_s[0]
                video_s.append(float(record.get("video_s", t_s[-1] - first)))
            elif "frame" in record and record.get("dropped") in ("paused", "stopped"):
                self._away.add(int(record["frame"]))
        self._at = dict(zip(frames, video_s, strict=True))
        self._t_s, self._video_s = np.array(t_s), np.array(video_s)
        self.end_s = video_s[-1] if video_s else 0.0
        self.gaps = tuple(
            Gap(start, max(end, start), why)
            for from_s, to_s, why in gaps
            if (start := self._place(from_s)) is not None and (end := self._place(to_s)) is not None
        )
        self._first_s: float | None = None

    def _place(self, t_s: float) -> float | None:
        """Return the time in the video of a time of the source, between its neighbours."""
        if not len(self._t_s):
            return None
        return float(np.interp(t_s, self._t_s, self._video_s))

    def video_s(self, record: Mapping[str, Any]) -> float | None:
        """Return where the frame of a line of the stats lies; None outside the video."""
        try:
            frame, t_s = int(record["frame"]), float(record["t_s"])
        except (KeyError, TypeError, ValueError):
            return None
        if frame in self._at:
            return self._at[frame]
        if frame in self._away:
            return None
        placed = self._place(t_s)
        if placed is None:
            self._first_s = t_s if self._first_s is None else self._first_s
            placed = t_s - self._first_s
        return placed


def analysis_of(
    record: Mapping[str, Any], at_s: float, size_wh: tuple[int, int], model: str
) -> Analysis:
    """Return a line of the stats as the record that it was written from.

    Args:
        record: The line.
        at_s: Its time in the video in seconds, which becomes its only time.
        size_wh: Size of the frames.
        model: Name of the model.
    """
    faces = tuple(
        FaceAnalysis(
            track=int(face["track"]),
            box_xywh=tuple(float(value) for value in face["box_xywh"]),  # type: ignore[arg-type]
            score=None if face.get("score") is None else float(face["score"]),
            readings=MappingProxyType(
                {
                    name: reading
                    for name, values in (face.get("heads") or {}).items()
                    if (reading := reading_of(values)) is not None
                }
            ),
            predicted=bool(face.get("predicted")),
        )
        for face in record["faces"]
    )
    number = int(record.get("frame", 0))
    return Analysis(number, at_s, at_s, at_s, faces, size_wh, model=model)


def reading_of(values: Mapping[str, Any]) -> Reading | None:
    """Return a reading of the stats file as the record that it was written from."""
    unsure = values.get("unsure")
    try:
        if "value" in values:
            return ExpectationReading(
                float(values["value"]), float(values["low"]), float(values["high"]), unsure
            )
        if "label" in values:
            return SoftmaxReading(
                str(values["label"]), float(values["p"]), dict(values["probs"]), unsure
            )
        if "probs" in values:
            return MultiSigmoidReading(dict(values["probs"]), tuple(values["on"]), unsure)
        return SigmoidReading(float(values["p"]), bool(values["on"]), unsure)
    except (KeyError, TypeError, ValueError):  # a value that was not a number when it was written
        return None


def _heads(model: str, facts: object, timeline: Timeline) -> tuple[HeadView, ...]:
    """Return the heads: of the installed package with their titles, else as far as is known."""
    if model:
        from facecam.gui.session_bridge import head_views
        from facecam.inference.package import load_package

        try:
            heads = head_views(load_package(model).heads)
        except FacecamError:
            heads = ()
        if heads:
            return heads
    if isinstance(facts, list) and facts:
        return tuple(
            HeadView(str(head["name"]), str(head["kind"]), tuple(map(str, head["classes"])))
            for head in facts
        )
    return _heads_of_readings(timeline)


def _heads_of_readings(timeline: Timeline) -> tuple[HeadView, ...]:
    found: dict[str, HeadView] = {}
    for analysis in timeline.analyses:
        for face in analysis.faces:
            for name, reading in face.readings.items():
                if name not in found:
                    found[name] = _head_of(name, reading)
        if found:
            break
    return tuple(found.values())


def _head_of(name: str, reading: Reading) -> HeadView:
    match reading:
        case ExpectationReading():
            return HeadView(name, "expectation", tuple(map(str, range(101))))
        case SoftmaxReading(_, _, probs):
            return HeadView(name, "softmax", tuple(probs))
        case MultiSigmoidReading(probs):
            return HeadView(name, "sigmoid", tuple(probs))
    return HeadView(name, "sigmoid", (name,))
