"""The session folder: what was recorded, from what, and where each frame went.

    NAME.session/session.json   facts about the whole (schema "facecam-session-1")
                 stats.jsonl    one line an analysed frame (schema "facecam-stats-1")
                 ledger.jsonl   one line a captured frame (schema "facecam-ledger-1")
                 clean.mp4      the pictures as they came, if wished

A line of the ledger is {"frame", "t_s", "shown", "analyzed", "recorded", "dropped"}, with
"detected" where a frame was analysed, "video_s" (its time in the videos) where it was recorded, and
"source_s" where the source's own time is another. Between them stand {"gap": {"why", "from_t_s",
"to_t_s", ...}}, {"model": {"name", "version", "sha256", "frame"}} (in use from this frame on),
{"look": {..., "frame"}} (how the overlay is drawn from there on) and {"reset": {"frame"}} (the
analyzer forgot everything just before it). The last line, {"sums": {...}}, is missing where the
program was killed.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from facecam.errors import RecordingError
from facecam.recording.face_records import HeadLike, analysis_record
from facecam.recording.output_file import unwritable
from facecam.recording.stats_writer import SCHEMA as STATS_SCHEMA
from facecam.types import Analysis

SESSION_SCHEMA = "facecam-session-1"
LEDGER_SCHEMA = "facecam-ledger-1"
SESSION_FILE, STATS_FILE, LEDGER_FILE = "session.json", "stats.jsonl", "ledger.jsonl"
_HEADER_BYTES = 1024  # room to write the model into the head of the statistics later


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Where one captured frame went.

    Attributes:
        frame: Its number in the recording.
        t_s: Its time in seconds; the source's own while there is one source.
        shown: Whether it was handed to the window.
        analyzed: Whether the statistics have a line of it.
        recorded: Whether it is in the videos.
        dropped: Why it is not, or None: "paused", "encoder", "disk", "stopped", "failed".
        detected: Whether the detector ran on it; None where it was not analysed.
        video_s: Its time in the videos, or None.
        source_s: The source's own time where `t_s` is not it (after a change of source), or None.
    """

    frame: int
    t_s: float
    shown: bool
    analyzed: bool
    recorded: bool
    dropped: str | None = None
    detected: bool | None = None
    video_s: float | None = None
    source_s: float | None = None

    def record(self) -> dict[str, Any]:
        """Return it as a line of the ledger. Times are whole: what is read back is what was."""
        record: dict[str, Any] = {
            "frame": self.frame,
            "t_s": self.t_s,
            "shown": self.shown,
            "analyzed": self.analyzed,
            "recorded": self.recorded,
            "dropped": self.dropped,
        }
        if self.detected is not None:
            record["detected"] = self.detected
        if self.video_s is not None:
            record["video_s"] = round(self.video_s, 6)
        if self.source_s is not None:
            record["source_s"] = self.source_s
        return record


class LedgerSums:
    """Adds up where the frames went. `captured == recorded + sum(dropped)` always holds."""

    def __init__(self) -> None:
        self.captured = self.recorded = self.shown = self.analyzed = self.gaps = 0
        self.dropped: Counter[str] = Counter()

    def add(self, row: LedgerRow) -> None:
        """Count one frame."""
        self.captured += 1
        self.shown += row.shown
        self.analyzed += row.analyzed
        if row.recorded:
            self.recorded += 1
        else:
            self.dropped[row.dropped or "unknown"] += 1

    def record(self) -> dict[str, Any]:
        """Return the last line of the ledger."""
        return {
            "captured": self.captured,
            "recorded": self.recorded,
            "dropped": dict(sorted(self.dropped.items())),
            "shown": self.shown,
            "analyzed": self.analyzed,
            "gaps": self.gaps,
        }


class SessionFolder:
    """Writes a session folder. Owned by one thread.

    Life cycle: make it, `begin`, any number of `write_...`, `flush` at least each second, `end`.

    Args:
        folder: Must not exist yet.

    Attributes:
        sums: Of the rows written so far.

    Raises:
        RecordingError: The folder exists or cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sums = LedgerSums()
        self._facts: dict[str, Any] = {}
        self._stats: IO[bytes] | None = None
        self._ledger: IO[bytes] | None = None
        self._stats_header: dict[str, Any] = {}
        self._header_bytes = 0
        try:
            folder.mkdir(parents=True)
        except FileExistsError as error:
            raise RecordingError(
                f"{folder} exists already: record under another name, or remove it first."
            ) from error
        except (OSError, ValueError) as error:
            raise unwritable(folder, error) from error

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Write the facts and open the tables.

        Args:
            facts: As in `session.json`, but for "schema" and "ended".
        """
        self._facts = {"schema": SESSION_SCHEMA, **facts, "ended": None}
        source = self._facts["source"]
        self._stats_header = {
            "schema": STATS_SCHEMA,
            "source": source["name"],
            "model": self._facts["model"]["name"],
            "width": source["size_wh"][0],
            "height": source["size_wh"][1],
            "fps": round(source["fps"], 4),
        }
        try:
            self._write_facts()
            self._stats = (self.folder / STATS_FILE).open("w+b")
            self._write_stats_header()
            self._ledger = (self.folder / LEDGER_FILE).open("wb")
            self._ledger.write(_line({"schema": LEDGER_SCHEMA}))
            self.flush()
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def write_row(self, row: LedgerRow, analysis: Analysis | None = None) -> None:
        """Append a frame to the ledger and, where it was analysed, to the statistics."""
        self.sums.add(row)
        try:
            self._file(self._ledger).write(_line(row.record()))
            if analysis is not None:
                self._file(self._stats).write(_line(analysis_record(analysis)))
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def write_mark(self, kind: str, facts: Mapping[str, object]) -> None:
        """Append {kind: facts} to the ledger: a gap, a model, a look, a reset."""
        self.sums.gaps += kind == "gap"
        try:
            self._file(self._ledger).write(_line({kind: dict(facts)}))
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def note_model(self, facts: Mapping[str, Any], frame: int) -> None:
        """Say which model is in use from a frame on; the first one is the session's."""
        self.write_mark(
            "model", {key: facts[key] for key in ("name", "version", "sha256")} | {"frame": frame}
        )
        if not self._facts["model"]["name"]:
            self._facts["model"] = dict(facts)
            self._stats_header["model"] = facts["name"]
            try:
                self._write_facts()
                self._write_stats_header()
            except OSError as error:
                raise unwritable(self.folder, error) from error

    def flush(self) -> None:
        """Give what was written to the operating system."""
        try:
            for file in (self._ledger, self._stats):
                if file is not None:
                    file.flush()
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def end(self, ended: Mapping[str, Any]) -> None:
        """Write the sums and how it ended, and close; again does nothing.

        Raises:
            RecordingError: The disk failed; every line that was flushed before is there.
        """
        ledger, stats = self._ledger, self._stats
        if ledger is None or stats is None:
            return
        self._ledger = self._stats = None
        try:
            with ledger, stats:
                ledger.write(_line({"sums": self.sums.record()}))
            self._facts["ended"] = {**ended, "frames": self.sums.captured}
            self._write_facts()
        except OSError as error:
            raise unwritable(self.folder, error) from error

    def _write_facts(self) -> None:
        path = self.folder / SESSION_FILE
        partial = path.with_suffix(".part")
        lines = (
            f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
            for key, value in self._facts.items()
        )
        text = "{" + ",\n ".join(lines) + "}"  # a fact a line: the list of ages is long
        try:
            partial.write_text(text + "\n", encoding="utf-8")
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise

    def _write_stats_header(self) -> None:
        """Write the head of the statistics, over an older one where there is one."""
        file = self._file(self._stats)
        line = json.dumps(self._stats_header, ensure_ascii=False, separators=(",", ":")).encode()
        file.seek(0)
        if not self._header_bytes:
            self._header_bytes = max(_HEADER_BYTES, 2 * len(line))
        file.write(line.ljust(self._header_bytes - 1) + b"\n")
        file.seek(0, 2)

    def _file(self, file: IO[bytes] | None) -> IO[bytes]:
        if file is None:
            raise RecordingError(f"{self.folder} was closed: nothing more can be written to it.")
        return file


def model_facts(
    name: str, version: str, sha256: str, heads: tuple[HeadLike, ...]
) -> dict[str, Any]:
    """Return what `session.json` says of a model, with what is needed to name columns."""
    return {
        "name": name,
        "version": version,
        "sha256": sha256,
        "heads": [
            {"name": head.name, "kind": head.kind, "classes": list(head.classes)} for head in heads
        ],
    }


def _line(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
