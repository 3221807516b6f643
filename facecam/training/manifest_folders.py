"""Manifests from class folders: `Train/Leo/1.jpg`, or `Leo/1.jpg` without splits."""

from pathlib import Path

from facecam.errors import ManifestError
from facecam.training.manifest_draft import (
    SPLIT_FOLDERS,
    Draft,
    LabelledPicture,
    counted,
    listing,
    picture_files,
    subject_finder,
    subject_of,
)

CLASS_COLUMN = "class"


def from_folders(
    source: Path, column: str = CLASS_COLUMN, subject_pattern: str | None = None
) -> Draft:
    """Return the pictures of class folders, below folders named like splits or flat.

    Args:
        source: Folder; its sub-folders are Train, Validation and Test (any case; `val`, `training`
            and the like too) with class folders inside, or class folders.
        column: Name of the label column.
        subject_pattern: Regular expression; its first group in a file's name is the subject.

    Raises:
        ManifestError: There is no picture, or the two layouts are mixed.
    """
    finder = subject_finder(subject_pattern)
    pictures, others = picture_files(source)
    tops = {path.relative_to(source).parts[0] for path in pictures} - {p.name for p in pictures}
    named = {top for top in tops if top.lower() in SPLIT_FOLDERS}
    if named and named != tops:
        raise ManifestError(
            f"{source} mixes split folders ({listing(sorted(named))}) with class folders "
            f"({listing(sorted(tops - named))}): put all classes into Train, Validation and Test."
        )
    depth = 1 if named else 0
    found, loose = [], []
    for path in pictures:
        folders = path.relative_to(source).parts[:-1]
        if len(folders) <= depth:
            loose.append(path)
            continue
        split = SPLIT_FOLDERS[folders[0].lower()] if named else ""
        subject = subject_of(path, finder)
        found.append(LabelledPicture(path, {column: folders[depth]}, split, subject))
    if not found:
        raise ManifestError(
            f"{source} holds no pictures in class folders: put each class into a folder of its "
            "own, as in Leo/1.jpg and Ming/2.jpg."
        )
    return Draft(found, [column], tuple(_notes(loose, others)))


def _notes(loose: list[Path], others: list[Path]) -> list[str]:
    notes = []
    if loose:
        names = listing(path.name for path in loose)
        notes.append(f"{counted(len(loose), 'picture')} outside class folders left out: {names}.")
    if others:
        names = listing(path.name for path in others)
        notes.append(f"{counted(len(others), 'file')} not named like a picture left out: {names}.")
    return notes
