"""A manifest in the making: what its makers give, and how it becomes a CSV."""

import contextlib
import csv
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from facecam.capture.pictures import PICTURE_SUFFIXES
from facecam.errors import ManifestError, reason

SPLITS = ("train", "val", "test")
RESERVED_COLUMNS = ("path", "split", "subject")
"""Columns that every written manifest has beside its labels."""

MASK_COLUMN = "mask"
"""A column that holds the path of a mask picture, written like the paths of pictures."""
SPLIT_FOLDERS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""Lower-case names of folders (and cells) that mean a split."""


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """One picture with what is known about it.

    Attributes:
        path: The picture, absolute or relative to the working directory.
        labels: Column name to label; "" (or no entry) where it is not known.
        split: "train", "val", "test", or "" while no split was chosen.
        subject: Who or what is shown, "" when not known.
    """

    path: Path
    labels: dict[str, str]
    split: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a maker found.

    Attributes:
        pictures: In the order in which they will be written.
        columns: Label columns, in order.
        notes: One sentence for everything that was left out.
    """

    pictures: Sequence[LabelledPicture]
    columns: Sequence[str]
    notes: Sequence[str] = field(default=())

    def with_pictures(self, pictures: Sequence[LabelledPicture], *notes: str) -> "Draft":
        """Return the same draft with other pictures and further notes."""
        return replace(self, pictures=pictures, notes=(*self.notes, *(n for n in notes if n)))


def listing(names: Iterable[object], most: int = 3) -> str:
    """Return the first few names for a sentence: "a.jpg, b.jpg, c.jpg and 9 more"."""
    shown = [str(name) for name in names]
    more = f" and {len(shown) - most:,} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: "1 picture", "1,204 pictures"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def picture_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the pictures below a folder and the other files there, both sorted.

    Names that start with a dot (`.DS_Store`, `._1.jpg`) are neither.

    Raises:
        ManifestError: The folder does not exist or cannot be read.
    """
    if not folder.is_dir():
        raise ManifestError(f"{folder} is not a folder of pictures: check the name.")
    try:
        files = sorted(
            path
            for path in folder.rglob("*")
            if not any(part.startswith(".") for part in path.relative_to(folder).parts)
            and path.is_file()
        )
    except OSError as error:
        raise ManifestError(
            f"The folder {folder} cannot be read ({reason(error)}): check its permissions."
        ) from error
    pictures = [path for path in files if path.suffix.lower() in PICTURE_SUFFIXES]
    return pictures, [path for path in files if path.suffix.lower() not in PICTURE_SUFFIXES]


def subject_finder(pattern: str | None) -> re.Pattern[str] | None:
    """Compile a pattern whose first group is the subject in a file's name.

    Raises:
        ManifestError: It is no regular expression or has no group.
    """
    if pattern is None:
        return None
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ManifestError(f"The pattern '{pattern}' is no regular expression: {error}.") from None
    if not compiled.groups:
        raise ManifestError(f"The pattern '{pattern}' has no (group) that would be the subject.")
    return compiled


def subject_of(path: Path, finder: re.Pattern[str] | None) -> str:
    """Return the subject that a file's name states, or ""."""
    match = finder.search(path.name) if finder else None
    return (match.group(1) or "") if match else ""


def check_columns(columns: Sequence[str]) -> None:
    """Raise `ManifestError` where label columns are there twice, or named as another column."""
    for column in columns:
        if column in RESERVED_COLUMNS:
            raise ManifestError(
                f"No label may be called '{column}', as every manifest has a column of this name: "
                "rename it."
            )
        if columns.count(column) > 1:
            raise ManifestError(f"There are two labels '{column}': rename or leave out one.")


def write_manifest(draft: Draft, out: Path) -> None:
    """Write a draft as CSV (UTF-8), whole or not at all; paths are relative to its folder.

    Raises:
        ManifestError: It has no picture, a picture has no split, columns collide, or the file
            cannot be written.
    """
    check_columns(draft.columns)
    if not draft.pictures:
        raise ManifestError(f"Nothing to write to {out}: no labelled picture is left.")
    part = out.with_name(out.name + ".part")
    folder = out.resolve().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["path", "split", *draft.columns, "subject"])
            for picture in draft.pictures:
                if picture.split not in SPLITS:
                    raise ManifestError(f"{picture.path} has no split: choose a --val-share.")
                labels = [_cell(picture, column, folder) for column in draft.columns]
                row = [_relative(picture.path, folder), picture.split, *labels, picture.subject]
                writer.writerow(row)
        os.replace(part, out)
    except OSError as error:
        raise ManifestError(
            f"The manifest {out} cannot be written ({reason(error)}): choose another --out."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _cell(picture: LabelledPicture, column: str, folder: Path) -> str:
    cell = picture.labels.get(column, "")
    return _relative(Path(cell), folder) if cell and column == MASK_COLUMN else cell


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder)).as_posix()
    except ValueError:  # another drive on Windows
        return path.resolve().as_posix()
