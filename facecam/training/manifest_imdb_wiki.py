"""Manifests from the `.mat` files of IMDB-WIKI, read with SciPy.

The file holds one struct, `imdb` or `wiki`, whose fields are 1xN: dob (MATLAB's serial day of
birth), photo_taken (year), full_path, gender (0 female, 1 male, NaN unknown), name, face_location,
face_score (-Inf without a face) and second_face_score (NaN without a second face); imdb also has
celeb_names and celeb_id. See https://data.vision.ee.ethz.ch/cvl/rrothe/imdb-wiki/.
"""

import zlib
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.errors import ManifestError, reason
from facecam.training.manifest_draft import Draft, LabelledPicture, counted

MIN_FACE_SCORE = 1.0
MAX_AGE = 100
FIELDS = (
    "dob", "photo_taken", "gender", "face_score", "second_face_score", "full_path", "name",
)  # fmt: skip
"""What is read, one entry a picture."""
GENDERS = {0.0: "female", 1.0: "male"}
MATLAB_DAY_ZERO = 366
"""MATLAB counts days from 1 January of year 0, Python from 1 January of year 1: 366 days later."""


def from_imdb_wiki(source: Path, folder: Path | None = None) -> Draft:
    """Return the pictures with one good face, a known gender and an age of 0 to 100.

    Args:
        source: The `.mat`, or the folder that holds `imdb.mat` or `wiki.mat`.
        folder: Where the paths of the file start; by default the folder of the `.mat`.

    Raises:
        ManifestError: The file is missing, not of this layout, or nothing in it can be used.
    """
    path = _mat_in(source)
    table = _read(path)
    _check_lengths(table, path)
    dob, taken = _numbers(table, "dob", path), _numbers(table, "photo_taken", path)
    gender, score = _numbers(table, "gender", path), _numbers(table, "face_score", path)
    second = _numbers(table, "second_face_score", path)
    age = np.array([age_at(d, y) for d, y in zip(dob, taken, strict=True)])
    reasons = {
        f"face_score below {MIN_FACE_SCORE}": ~(score >= MIN_FACE_SCORE),
        "a second face": ~np.isnan(second),
        f"an age outside 0 to {MAX_AGE}": ~((age >= 0) & (age <= MAX_AGE)),
        "an unknown gender": ~np.isin(gender, list(GENDERS)),
    }
    kept, notes = np.ones(len(age), bool), []
    for what, bad in reasons.items():
        count = int((kept & bad).sum())
        if count:
            notes.append(f"{counted(count, 'picture')} with {what} left out.")
        kept &= ~bad
    files, names = _texts(table, "full_path", path), _texts(table, "name", path)
    root = folder or path.parent
    pictures = [
        LabelledPicture(
            root / files[i],
            {"age": str(int(age[i])), "gender": GENDERS[float(gender[i])]},
            subject=names[i],
        )
        for i in np.flatnonzero(kept)
    ]
    if not pictures:
        why = " ".join(notes) or "it lists none."
        raise ManifestError(f"None of the {len(age)} pictures of {path} can be used: {why}")
    return Draft(pictures, ["age", "gender"], tuple(notes))


def age_at(born_matlab: float, year_taken: float) -> float:
    """Return the age in whole years in the middle of a year, when a picture was taken on average.

    Args:
        born_matlab: MATLAB's serial day of birth (1 is 1 January of year 0); may have a fraction.
        year_taken: Calendar year.

    Returns:
        Years, NaN where the day of birth is no date that Python knows (years 1 to 9999).
    """
    if not (np.isfinite(born_matlab) and np.isfinite(year_taken)):
        return float("nan")
    try:
        born = date.fromordinal(int(born_matlab) - MATLAB_DAY_ZERO)
    except (ValueError, OverflowError):
        return float("nan")
    return float(int(year_taken) - born.year - (born.month >= 7))


def _mat_in(source: Path) -> Path:
    if not source.is_dir():
        return source
    for name in ("imdb.mat", "wiki.mat"):
        if (source / name).is_file():
            return source / name
    raise ManifestError(f"The folder {source} holds neither imdb.mat nor wiki.mat.")


def _read(path: Path) -> Any:
    """Return the (1, 1) struct of the file as a NumPy record."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(path)
    except NotImplementedError as error:
        raise ManifestError(
            f"{path} is in MATLAB's 7.3 format: save it with -v7, as the data set is distributed."
        ) from error
    except (OSError, MatReadError, ValueError, TypeError, zlib.error) as error:
        raise ManifestError(
            f"{path} cannot be read as a .mat file ({reason(error)}): choose imdb.mat or wiki.mat."
        ) from error
    for name in ("imdb", "wiki"):
        if name in content and content[name].dtype.names:
            return content[name].reshape(-1)[0]
    raise ManifestError(f"{path} holds no struct named imdb or wiki.")


def _check_lengths(table: Any, path: Path) -> None:
    lengths = {name: len(_field(table, name, path)) for name in FIELDS}
    other = next((name for name in FIELDS if lengths[name] != lengths[FIELDS[0]]), None)
    if other is not None:
        raise ManifestError(
            f"The fields of {path} belong to different pictures: '{FIELDS[0]}' has "
            f"{lengths[FIELDS[0]]:,} entries, '{other}' {lengths[other]:,}. Get the file again."
        )


def _field(table: Any, name: str, path: Path) -> NDArray[Any]:
    if name not in table.dtype.names:
        raise ManifestError(f"The struct in {path} has no field '{name}'.")
    return np.asarray(table[name]).reshape(-1)


def _numbers(table: Any, name: str, path: Path) -> NDArray[np.float64]:
    return _field(table, name, path).astype(np.float64)


def _texts(table: Any, name: str, path: Path) -> list[str]:
    """Return a cell of strings; an empty cell is ""."""
    return [
        str(np.asarray(cell).reshape(-1)[0]).strip() if np.size(cell) else ""
        for cell in _field(table, name, path)
    ]
