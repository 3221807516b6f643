"""Statistics files: one record a frame (JSON lines) or one row a face (CSV, Parquet)."""

import contextlib
import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from facecam.errors import RecordingError
from facecam.recording.face_records import HeadLike, analysis_record, columns, rows
from facecam.recording.output_file import (
    prepare_output,
    publish_output,
    remove_quietly,
    unwritable,
)
from facecam.types import Analysis

SCHEMA = "facecam-stats-1"
SUFFIXES = (".jsonl", ".csv", ".parquet")
_PARQUET_ROWS = 4096  # rows a group; bounds the memory of a long recording


@dataclass(frozen=True, slots=True)
class StatsHeader:
    """Facts about the whole file.

    Attributes:
        source: Name of the source.
        model: Name of the model package; "" without one.
        width, height: Size of the frames in pixels.
        fps: Nominal rate of the source in hertz; 0.0 when unknown.
        heads: Heads of the model, which give the flattened forms their columns.
    """

    source: str
    model: str
    width: int
    height: int
    fps: float
    heads: tuple[HeadLike, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return the first line of a JSON lines file."""
        return {
            "schema": SCHEMA,
            "source": self.source,
            "model": self.model,
            "width": self.width,
            "height": self.height,
            "fps": round(self.fps, 4),
        }


class StatsWriter(Protocol):
    """Writes the statistics of one run. Owned by one thread.

    Life cycle: `write` in frame order, then `close` (publishes the file) or `discard`; both may be
    called again and then do nothing.
    """

    path: Path

    def write(self, analysis: Analysis) -> None:
        """Append one frame. Raises `RecordingError` when it cannot be written."""
        ...

    def close(self) -> None:
        """Finish the file and give it its name."""
        ...

    def discard(self) -> None:
        """Stop without leaving a file."""
        ...


def open_stats_writer(path: str | Path, header: StatsHeader) -> StatsWriter:
    """Return a writer for `path`, by its suffix.

    Raises:
        RecordingError: The suffix is unknown or nothing can be written there.
    """
    path = Path(path)
    check_stats_suffix(path)
    kinds: dict[str, Callable[[Path, StatsHeader], StatsWriter]]
    kinds = {".jsonl": JsonLinesWriter, ".csv": CsvWriter, ".parquet": ParquetWriter}
    return kinds[path.suffix.lower()](path, header)


def check_stats_suffix(path: Path) -> None:
    """Refuse a name whose suffix says no known format."""
    if path.suffix.lower() not in SUFFIXES:
        raise RecordingError(
            f"{path} has no known kind of statistics file: end its name in .jsonl, .csv or "
            ".parquet."
        )


class _TextWriter:
    """Shared part of the writers of text: temporary name, errors, closing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._partial = prepare_output(path)
        try:
            self._file: IO[str] | None = self._partial.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise unwritable(path, error) from error

    def _open_file(self) -> IO[str]:
        if self._file is None:
            raise RecordingError(f"{self.path} was closed: nothing more can be written to it.")
        return self._file

    def close(self) -> None:
        """Finish the file and give it its name."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.close()
        except OSError as error:
            remove_quietly(self._partial)
            raise unwritable(self.path, error) from error
        publish_output(self._partial, self.path)

    def discard(self) -> None:
        """Stop without leaving a file."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # what could not be written is not wanted
                file.close()
            remove_quietly(self._partial)


class JsonLinesWriter(_TextWriter):
    """A header line, then one line a frame. Every line is whole on disk once written."""

    def __init__(self, path: Path, header: StatsHeader) -> None:
        super().__init__(path)
        self._line(header.record())

    def write(self, analysis: Analysis) -> None:
        """Append one frame."""
        self._line(analysis_record(analysis))

    def _line(self, record: dict[str, Any]) -> None:
        file = self._open_file()
        try:
            file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
            file.flush()  # so that a run that is killed leaves whole lines
        except OSError as error:
            raise unwritable(self.path, error) from error


class CsvWriter(_TextWriter):
    """One row a face; cells without a reading are empty."""

    def __init__(self, path: Path, header: StatsHeader) -> None:
        super().__init__(path)
        self._writer = csv.DictWriter(
            self._open_file(), list(columns(header.heads)), restval="", extrasaction="ignore"
        )
        self._writer.writeheader()

    def write(self, analysis: Analysis) -> None:
        """Append the faces of one frame."""
        file = self._open_file()
        try:
            self._writer.writerows(rows(analysis))
            file.flush()
        except OSError as error:
            raise unwritable(self.path, error) from error


class ParquetWriter:
    """One row a face; the header is kept as metadata of the file under "facecam".

    pyarrow is the reference writer of the format; it is imported only when a .parquet is asked for.
    """

    def __init__(self, path: Path, header: StatsHeader) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise RecordingError(
                f"{path} needs the package pyarrow, which is not installed: install it, or choose "
                "a name that ends in .jsonl or .csv."
            ) from error
        self.path = path
        self._pyarrow: Any = pyarrow
        kinds = {
            int: pyarrow.int64(),
            float: pyarrow.float64(),
            str: pyarrow.string(),
            bool: pyarrow.bool_(),
        }
        self._columns = columns(header.heads)
        self._schema: Any = pyarrow.schema(
            [(name, kinds[kind]) for name, kind in self._columns.items()],
            metadata={"facecam": json.dumps(header.record(), ensure_ascii=False)},
        )
        self._rows: list[dict[str, Any]] = []
        self._partial = prepare_output(path)
        try:
            self._writer: Any = pyarrow.parquet.ParquetWriter(self._partial, self._schema)
        except (OSError, pyarrow.ArrowException) as error:
            raise unwritable(path, error) from error

    def write(self, analysis: Analysis) -> None:
        """Append the faces of one frame."""
        if self._writer is None:
            raise RecordingError(f"{self.path} was closed: nothing more can be written to it.")
        self._rows += rows(analysis)
        if len(self._rows) >= _PARQUET_ROWS:
            self._flush()

    def _flush(self) -> None:
        filled = [{name: row.get(name) for name in self._columns} for row in self._rows]
        self._rows = []
        try:
            self._writer.write_table(self._pyarrow.Table.from_pylist(filled, schema=self._schema))
        except (OSError, self._pyarrow.ArrowException) as error:
            raise unwritable(self.path, error) from error

    def close(self) -> None:
        """Finish the file and give it its name."""
        if self._writer is None:
            return
        try:
            if self._rows:
                self._flush()
            self._writer.close()
        except (OSError, self._pyarrow.ArrowException) as error:
            self.discard()
            raise unwritable(self.path, error) from error
        except RecordingError:
            self.discard()
            raise
        self._writer = None
        publish_output(self._partial, self.path)

    def discard(self) -> None:
        """Stop without leaving a file."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with contextlib.suppress(OSError, self._pyarrow.ArrowException):
                writer.close()
            remove_quietly(self._partial)
