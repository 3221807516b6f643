"""CSV tables as people have them: with a byte order mark, semicolons, tabs, other encodings."""

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from facecam.errors import ManifestError, reason

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of strings.

    Attributes:
        columns: Names in the header, stripped.
        rows: A tuple of stripped cells each, as long as the header.
        lines: The line of the file on which each row ends, from 1.
    """

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    lines: list[int]


def read_table(path: Path, what: str = "manifest", encoding: str | None = None) -> Table:
    """Read a CSV whose cells are separated by commas, semicolons or tabs.

    Args:
        path: The file.
        what: What it is, for messages.
        encoding: Its encoding; by default UTF-8, or UTF-16 where the file starts with its mark.

    Raises:
        ManifestError: It is missing, in another encoding, empty, or a row is too long.
    """
    text = _decoded(path, what, encoding)
    header_line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    columns: tuple[str, ...] = ()
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if not columns:
                columns = _header(cells, path, what)
                continue
            if len(cells) > len(columns) and any(cells[len(columns) :]):
                raise ManifestError(
                    f"Line {reader.line_num} of the {what} {path} has {len(cells)} cells, the "
                    f"header {len(columns)}: put cells that hold a separator into quotes."
                )
            short = len(columns) - len(cells)
            rows.append((*cells[: len(columns)], *[""] * short))
            lines.append(reader.line_num)
    except csv.Error as error:
        raise ManifestError(
            f"The {what} {path} cannot be read at line {reader.line_num}: {error}."
        ) from error
    if not rows:
        raise ManifestError(f"The {what} {path} has no rows: it needs a header and one row each.")
    return Table(columns, rows, lines)


def _decoded(path: Path, what: str, encoding: str | None) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ManifestError(
            f"The {what} {path} cannot be read ({reason(error)}): check its name and permissions."
        ) from error
    used = encoding or ("utf-16" if content.startswith(UTF16_MARKS) else "utf-8-sig")
    try:
        return content.decode(used)
    except LookupError:
        raise ManifestError(f"There is no encoding '{encoding}': try cp949 or latin-1.") from None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ManifestError(
            f"The {what} {path} cannot be read: line {line} is not {used.removesuffix('-sig')} "
            f"(byte 0x{content[error.start]:02x}), save it as CSV UTF-8."
        ) from error


def _header(cells: list[str], path: Path, what: str) -> tuple[str, ...]:
    named = [cell for cell in cells if cell]
    twice = next((cell for cell in named if named.count(cell) > 1), None)
    if twice is not None:
        raise ManifestError(f"The {what} {path} has two columns '{twice}': rename one of them.")
    return tuple(cells)
