"""Manifests from a plain CSV: a column that names pictures, and columns of labels."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from facecam.capture.pictures import PICTURE_SUFFIXES
from facecam.errors import ManifestError
from facecam.training.manifest_draft import (
    MASK_COLUMN,
    RESERVED_COLUMNS,
    SPLIT_FOLDERS,
    Draft,
    LabelledPicture,
    check_columns,
    counted,
    listing,
)
from facecam.training.manifest_table import Table, read_table

IMAGE_COLUMNS = ("path", "image_id", "image", "filename", "file", "file_name", "img", "id")
SPLIT_COLUMN = "split"


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """How a CSV names pictures and labels.

    Attributes:
        image: Column of the pictures' names; None takes the first of the usual ones.
        labels: Label columns, each as NAME or NEW=NAME; empty takes all others but those whose
            names a manifest keeps for itself.
        subject: Column of the subjects; None takes `subject` if it is there.
        folder: Where the names start, relative to the CSV.
        extension: Put behind names without one, such as "jpg"; None looks for a file.
        encoding: Encoding of the file; None is UTF-8 (UTF-16 with a mark).
    """

    image: str | None = None
    labels: tuple[str, ...] = ()
    subject: str | None = None
    folder: str = ""
    extension: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """A second table with labels of what the first one shows.

    Attributes:
        path: CSV, one row a value of `on`.
        on: Column of the first table (`subject`, say).
        key: Column of the second; None takes `on` if it is there, else the first column.
    """

    path: Path
    on: str
    key: str | None = None


def from_csv(source: Path, layout: CsvLayout | None = None, join: Join | None = None) -> Draft:
    """Return the pictures that a CSV names.

    Rows whose value is not in the joined table are left out, as are rows without a picture's name.
    With a join and without named labels, the labels are the joined table's columns alone.

    Raises:
        ManifestError: A file or column is missing, or nothing is left.
    """
    layout = layout or CsvLayout()
    table = read_table(source, "table", layout.encoding)
    image = layout.image or next((c for c in IMAGE_COLUMNS if c in table.columns), "")
    if image not in table.columns:
        raise _no_column(source, layout.image or "path", table)
    subject = layout.subject or ("subject" if "subject" in table.columns else "")
    if subject and subject not in table.columns:
        raise _no_column(source, subject, table)
    known: dict[str, dict[str, str]] = {}
    added: list[str] = []
    if join:
        if join.on not in table.columns:
            raise _no_column(source, join.on, table)
        added, known = _joined(join)
    own = [c for c in table.columns if c not in ("", image, subject)]
    others = [c for c in added or own if c not in RESERVED_COLUMNS]
    labels = _renamed(layout.labels or others)
    missing = [name for name in labels.values() if name not in (*table.columns, *added)]
    if missing:
        raise _no_column(source, missing[0], table)
    if MASK_COLUMN in table.columns:
        labels[MASK_COLUMN] = MASK_COLUMN
    pictures, nameless, unmatched = [], 0, 0
    for line, row in zip(table.lines, table.rows, strict=True):
        cells = dict(zip(table.columns, row, strict=True))
        if join and cells[join.on] not in known:
            unmatched += 1
            continue
        if not cells[image]:
            nameless += 1
            continue
        split = cells.get(SPLIT_COLUMN, "").lower()
        if split and split not in SPLIT_FOLDERS:
            raise ManifestError(
                f"Line {line} of the table {source} names the split '{cells[SPLIT_COLUMN]}'; "
                "allowed are train, val, test."
            )
        joined = known[cells[join.on]] if join else {}
        wanted = {new: joined.get(old, cells.get(old, "")) for new, old in labels.items()}
        if wanted.get(MASK_COLUMN):
            wanted[MASK_COLUMN] = str(source.parent / wanted[MASK_COLUMN].replace("\\", "/"))
        path = _picture_path(source.parent / layout.folder, cells[image], layout.extension)
        pictures.append(
            LabelledPicture(path, wanted, SPLIT_FOLDERS.get(split, ""), cells.get(subject, ""))
        )
    notes = []
    if unmatched and join:
        notes.append(f"{counted(unmatched, 'row')} whose {join.on} is not in {join.path} left out.")
    if join:
        used = {row[table.columns.index(join.on)] for row in table.rows}
        unused = sorted(set(known) - used)
        if unused:
            notes.append(
                f"{len(unused)} of {len(known)} in {join.path.name} have no picture: "
                f"{listing(unused)}."
            )
    if nameless:
        notes.append(f"{counted(nameless, 'row')} without a picture's name left out.")
    if not pictures:
        raise ManifestError(f"No row of the table {source} can be used: {' '.join(notes)}")
    return Draft(pictures, list(labels), tuple(notes))


def _renamed(names: Iterable[str]) -> dict[str, str]:
    """Return new name to name in the table, of names written as NAME or NEW=NAME.

    Raises:
        ManifestError: A new name is there twice, or is that of another column.
    """
    pairs = [name.partition("=") for name in names]
    check_columns([new for new, _, _ in pairs])
    return {new: old or new for new, _, old in pairs}


def _joined(join: Join) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Return the label columns of the second table, and its rows by key."""
    table = read_table(join.path, "table to join")
    key = join.key or (join.on if join.on in table.columns else table.columns[0])
    if key not in table.columns:
        raise _no_column(join.path, key, table)
    columns = [name for name in table.columns if name and name != key]
    known: dict[str, dict[str, str]] = {}
    for row in table.rows:
        cells = dict(zip(table.columns, row, strict=True))
        value = cells.pop(key)
        if value in known:
            raise ManifestError(f"The table {join.path} has two rows for '{value}': keep one.")
        known[value] = cells
    return columns, known


def _picture_path(folder: Path, name: str, extension: str | None) -> Path:
    """Return the file of a name; an ending is added where it has none of a picture."""
    path = folder / name.replace("\\", "/")
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return path
    if extension is not None:
        return path.with_name(f"{path.name}.{extension.lstrip('.')}")
    found = (path.with_name(path.name + suffix) for suffix in (".jpg", ".png", ".jpeg", ".webp"))
    return next((candidate for candidate in found if candidate.is_file()), path)


def _no_column(path: Path, name: str, table: Table) -> ManifestError:
    there = ", ".join(column for column in table.columns if column)
    return ManifestError(f"The table {path} has no column '{name}'; it has {there}.")
