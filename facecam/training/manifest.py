"""Manifests: CSV tables that name pictures, their split and their labels."""

import posixpath
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facecam.errors import ManifestError
from facecam.training.manifest_draft import SPLITS, Draft, counted, listing
from facecam.training.manifest_folders import CLASS_COLUMN, from_folders
from facecam.training.manifest_table import Table, read_table
from facecam.training.splits import unit_hash

__all__ = ["SPLITS", "Manifest", "read_manifest"]

VAL_SHARE = 0.2


@dataclass(frozen=True)
class Manifest:
    """Labelled pictures.

    Attributes:
        name: Short name of the source: the folder that holds `manifest.csv`, the stem of a CSV of
            another name, or the folder of class folders.
        paths: Absolute path of every picture.
        split: (N,) "train", "val" or "test".
        subject: (N,) who or what is shown; a row without a subject is a subject of its own.
        columns: Column name to (N,) strings, "" where the label is missing.
        notes: One sentence for everything that was left out or decided while reading.
        class_folders: Whether it comes from class folders, whose one label answers any column.
        folder: What relative paths in `columns` (masks) are relative to.
    """

    name: str
    paths: tuple[Path, ...]
    split: NDArray[np.str_]
    subject: NDArray[np.str_]
    columns: dict[str, NDArray[np.str_]]
    notes: tuple[str, ...] = ()
    class_folders: bool = False
    folder: Path = Path()

    def __len__(self) -> int:
        return len(self.paths)

    def select(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> "Manifest":
        """Return the rows that `keep` (mask or indices) picks."""
        index = np.flatnonzero(keep) if keep.dtype == bool else keep
        return replace(
            self,
            paths=tuple(self.paths[i] for i in index),
            split=self.split[index],
            subject=self.subject[index],
            columns={name: values[index] for name, values in self.columns.items()},
        )

    def shown(self, path: Path) -> str:
        """Return how a message names one of its pictures."""
        inside = path.is_relative_to(self.folder)
        return path.relative_to(self.folder).as_posix() if inside else path.name

    def cells(self, column: str) -> NDArray[np.str_] | None:
        """Return the labels of a column, or None when there is no such column.

        Class folders do not say what their classes are classes of: they answer for every name.
        """
        if column not in self.columns and self.class_folders:
            return self.columns[CLASS_COLUMN]
        return self.columns.get(column)

    def classes(self, column: str) -> list[str]:
        """Return the class names that occur in a column, sorted.

        Raises:
            ManifestError: There is no such column, or it is empty.
        """
        cells = self.cells(column)
        if cells is None:
            there = ", ".join(self.columns) or "no labels"
            raise ManifestError(
                f"The data set {self.name} has no column '{column}' to take classes from; "
                f"it has {there}."
            )
        found = sorted(set(cells.tolist()) - {""})
        if not found:
            raise ManifestError(f"The column '{column}' of the data set {self.name} is empty.")
        return found


def read_manifest(path: Path, *, subject_column: str = "subject") -> Manifest:
    """Read a manifest: a CSV, the folder that holds `manifest.csv`, or a folder of class folders.

    Class folders may lie in Train, Validation and Test folders; where there is no validation, a
    fifth of the training pictures becomes it, chosen by a hash of each name, so that a picture
    stays where it is when others are added.

    Raises:
        ManifestError: It is missing, has no rows, lacks a column, names an unknown split, lets a
            subject straddle splits, or gives one picture two different rows.
    """
    if path.is_dir() and not (path / "manifest.csv").exists():
        return _from_class_folders(path)
    path = path / "manifest.csv" if path.is_dir() else path
    table = read_table(path)
    _check_columns(path, table)
    rows, notes = _usable_rows(path, table)
    cells = {
        name: np.array([row[at] for row in rows]) for at, name in enumerate(table.columns) if name
    }
    names, split = cells.pop("path"), cells.pop("split")
    unknown = Counter(s for s in split.tolist() if s not in SPLITS)
    if unknown:
        first, count = unknown.most_common(1)[0]
        found = f"names the split '{first}' in" if first else "names no split in"
        raise ManifestError(
            f"The manifest {path} {found} {counted(count, 'row')}; allowed are {', '.join(SPLITS)}."
        )
    folder = path.resolve().parent
    given = next((cells.pop(c) for c in (subject_column, "subject") if c in cells), None)
    if given is None:
        given = np.array([""] * len(rows))
        if subject_column != "subject":
            notes = [*notes, f"no column {subject_column}: every picture is a subject of its own"]
    own = np.array([f"row {i} of {path.parent.name}" for i in range(len(rows))])
    subject = np.where(given == "", own, given)
    _check_subjects(path, subject, split)
    return Manifest(
        name=folder.name if path.name == "manifest.csv" else path.stem,
        paths=tuple(folder / name.replace("\\", "/") for name in names.tolist()),
        split=split,
        subject=subject,
        columns=cells,
        notes=tuple(notes),
        folder=folder,
    )


def _check_columns(path: Path, table: Table) -> None:
    for column in ("path", "split"):
        if column not in table.columns:
            there = ", ".join(name for name in table.columns if name)
            raise ManifestError(
                f"The manifest {path} has no column '{column}', only {there}: "
                "make one from it with python -m facecam manifest csv."
            )


def _usable_rows(path: Path, table: Table) -> tuple[list[tuple[str, ...]], list[str]]:
    """Leave out rows without a path and rows that are there twice, however they write it."""
    at = table.columns.index("path")
    seen: dict[str, tuple[str, ...]] = {}
    nameless, repeated, different = [], [], []
    for line, row in zip(table.lines, table.rows, strict=True):
        if not row[at]:
            nameless.append(line)
            continue
        first = seen.setdefault(posixpath.normpath(row[at].replace("\\", "/")), row)
        if (first[:at], first[at + 1 :]) != (row[:at], row[at + 1 :]):
            different.append(row[at])
        elif first is not row:
            repeated.append(row[at])
    if different:
        raise ManifestError(
            f"The manifest {path} gives {counted(len(different), 'picture')} two different rows "
            f"({listing(different)}): keep one row each."
        )
    notes = []
    if nameless:
        lines = listing(nameless)
        notes.append(f"{counted(len(nameless), 'row')} without a path left out: line {lines}.")
    if repeated:
        notes.append(f"{counted(len(repeated), 'repeated row')} left out: {listing(repeated)}.")
    if not seen:
        raise ManifestError(f"No row of the manifest {path} has a path.")
    return list(seen.values()), notes


def _check_subjects(path: Path, subject: NDArray[np.str_], split: NDArray[np.str_]) -> None:
    seen: dict[str, str] = {}
    torn: dict[str, str] = {}
    for who, where in zip(subject.tolist(), split.tolist(), strict=True):
        if seen.setdefault(who, where) != where:
            torn.setdefault(who, where)
    if torn:
        who, where = next(iter(torn.items()))
        more = f" and {len(torn) - 1} more straddle splits" if len(torn) > 1 else ""
        raise ManifestError(
            f"In the manifest {path} the subject '{who}' is in {seen[who]} and in {where}{more}: "
            "move all pictures of a subject to one split."
        )


def _from_class_folders(folder: Path) -> Manifest:
    draft = from_folders(folder)
    split, notes = _folder_splits(draft, folder)
    paths = tuple(picture.path.resolve() for picture in draft.pictures)
    return Manifest(
        name=folder.resolve().name,
        paths=paths,
        split=np.array(split),
        subject=np.array([path.relative_to(folder.resolve()).as_posix() for path in paths]),
        columns={CLASS_COLUMN: np.array([p.labels[CLASS_COLUMN] for p in draft.pictures])},
        notes=(*draft.notes, *notes),
        class_folders=True,
        folder=folder.resolve(),
    )


def _folder_splits(draft: Draft, folder: Path) -> tuple[list[str], list[str]]:
    """Return the splits that folders state, with a hashed fifth of train as val if there is none.

    Every class that has two pictures gets one of them into each split.
    """
    split = [picture.split or "train" for picture in draft.pictures]
    if "val" in split or "train" not in split:
        return split, []
    classes: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for i, picture in enumerate(draft.pictures):
        if split[i] == "train":
            label = picture.labels[CLASS_COLUMN]
            classes[label].append((unit_hash(f"{label}/{picture.path.name}"), i))
    for members in classes.values():
        members.sort()
        below = sum(value < VAL_SHARE for value, _ in members)
        for _, i in members[: max(min(below, len(members) - 1), min(1, len(members) - 1))]:
            split[i] = "val"
    count = split.count("val")
    note = f"{folder.name} has no validation folder: {counted(count, 'picture')} of "
    return split, [note + f"{len(split)} set aside for it by a hash of the name."]
