"""Manifests from labels in file names, as in `athlete_12.jpg`."""

import re
from pathlib import Path

from facecam.errors import ManifestError
from facecam.training.manifest_draft import (
    SPLIT_FOLDERS,
    Draft,
    LabelledPicture,
    counted,
    listing,
    picture_files,
)
from facecam.training.manifest_folders import CLASS_COLUMN

NUMBERED = r"(?P<class>.*?[^\W\d_].*?)[ _.-]*\(?\d+\)?"
"""A label with a letter in it, then a number: athlete_12, ceo-3, crime (4), big cat 07."""


def from_filenames(source: Path, column: str = CLASS_COLUMN, pattern: str | None = None) -> Draft:
    """Return the pictures whose names (without ending) state their labels.

    Args:
        source: Folder, searched with all its sub-folders; Train, Validation and Test (any case)
            among them state splits.
        column: Name of the label column of the default pattern.
        pattern: Regular expression for the whole name; each named group becomes a column, `subject`
            and `split` keep their meaning. By default a label and a number.

    Raises:
        ManifestError: The pattern is unusable, or no name matches.
    """
    finder = _compiled(pattern or NUMBERED)
    pictures, _ = picture_files(source)
    found, odd = [], []
    for path in pictures:
        match = finder.fullmatch(path.stem)
        if match is None:
            odd.append(path)
            continue
        parts = {name: value or "" for name, value in match.groupdict().items()}
        if pattern is None:
            parts = {column: parts["class"]}
        subject, stated = parts.pop("subject", ""), parts.pop("split", "")
        folders = [part.lower() for part in path.relative_to(source).parts[:-1]]
        stated = stated.lower() or next((f for f in folders if f in SPLIT_FOLDERS), "")
        if stated and stated not in SPLIT_FOLDERS:
            raise ManifestError(f"The name of {path} states the unknown split '{stated}'.")
        found.append(LabelledPicture(path, parts, SPLIT_FOLDERS.get(stated, ""), subject))
    if not found:
        raise ManifestError(
            f"No picture in {source} has a name like label_12.jpg"
            + (f" that matches '{pattern}'." if pattern else ": give a --pattern.")
        )
    note = f"{counted(len(odd), 'picture')} with another kind of name left out: "
    notes = (note + listing(path.name for path in odd) + ".",) if odd else ()
    return Draft(found, list(found[0].labels), notes)


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        finder = re.compile(pattern)
    except re.error as error:
        raise ManifestError(f"The pattern '{pattern}' is no regular expression: {error}.") from None
    if not set(finder.groupindex) - {"subject", "split"}:
        raise ManifestError(
            f"The pattern '{pattern}' names no label: write one as (?P<name>...), a column each."
        )
    return finder
