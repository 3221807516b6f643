"""From the cells of a manifest to the labels of a head, and what is wrong with them."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from facecam.errors import ManifestError
from facecam.training.manifest import Manifest
from facecam.training.manifest_draft import counted, listing
from facecam.training.recipe import Head

Report = Callable[[str], None]
YES_NO = {"0": 0.0, "1": 1.0, "0.0": 0.0, "1.0": 1.0}
"""What a yes/no cell may hold; pandas writes 1.0 into a column that has empty cells."""
NOT_KNOWN = frozenset({"", "nan", "na", "n/a", "none", "null"})
"""Lower-case cells that mean that a number is not known."""
NEAR = 0.2
"""How far outside the classes a number may lie, as a share of their range, and still count."""


def head_labels(
    manifest: Manifest, head: Head, report: Report | None = None
) -> NDArray[np.float32]:
    """Return the labels of one head, NaN where they are missing.

    Args:
        manifest: Pictures with their columns.
        head: Kind, classes and column.
        report: Receives a sentence on numbers that lie outside the classes.

    Returns:
        expectation: (N,) numbers, clipped to the classes (those far outside are missing);
        softmax: (N,) class indices; sigmoid: (N, K) zeros and ones.

    Raises:
        ManifestError: A cell holds something that is not a class of the head.
    """
    column = head.column or head.name
    if head.kind == "sigmoid":
        names = [column] if len(head.classes) == 1 else [str(name) for name in head.classes]
        return np.stack([_yes_no(manifest, name) for name in names], axis=1)
    cells = manifest.cells(column)
    if cells is None:
        return np.full(len(manifest), np.nan, np.float32)
    if head.kind == "softmax":
        order = {str(name): float(i) for i, name in enumerate(head.classes)}
        return _parsed(manifest, column, cells, order)
    numbers = _parsed(manifest, column, cells, None)
    classes = [float(number) for number in head.classes]
    return _within(manifest, column, numbers, min(classes), max(classes), report)


def check_labels(
    heads: Sequence[Head],
    train: Sequence[Mapping[str, NDArray[np.float32]]],
    val: Sequence[Mapping[str, NDArray[np.float32]]],
) -> list[str]:
    """Check that every head can be learned; return a sentence for all that cannot be measured.

    Args:
        heads: Heads of the recipe.
        train: Labels by head (as `head_labels` gives them) of each data set's training pictures.
        val: The same of the validation pictures.

    Raises:
        ManifestError: A head, or a class of a sigmoid head, has no or only one kind of training
            labels.
    """
    notes = []
    for head in heads:
        seen = np.concatenate([labels[head.name] for labels in train])
        measured = np.concatenate([labels[head.name] for labels in val])
        if head.kind != "sigmoid":
            _refuse_sameness(f"the head '{head.name}'", seen)
        else:
            for k, name in enumerate(head.classes):
                _refuse_sameness(f"'{name}' (head '{head.name}')", seen[:, k])
        if head.kind == "softmax":
            there = set(seen[np.isfinite(seen)].astype(int).tolist())
            absent = [name for k, name in enumerate(head.classes) if k not in there]
            if absent:
                notes.append(f"No training picture of the head '{head.name}' is {listing(absent)}.")
        known = measured[np.isfinite(measured)]
        if len(known) == 0:
            notes.append(f"No validation picture has a label for the head '{head.name}'.")
        elif len(np.unique(known)) == 1:
            notes.append(f"All validation labels of the head '{head.name}' are the same.")
    return notes


def _refuse_sameness(what: str, labels: NDArray[np.float32]) -> None:
    known = labels[np.isfinite(labels)]
    if len(known) == 0:
        raise ManifestError(
            f"No training picture has a label for {what}: check the recipe's column and the data."
        )
    if len(np.unique(known)) < 2:
        raise ManifestError(
            f"All training labels of {what} are the same ({counted(len(known), 'picture')}): "
            "there is nothing to learn, add pictures of another kind."
        )


def _yes_no(manifest: Manifest, column: str) -> NDArray[np.float32]:
    """Return 0, 1 or NaN; of class folders 1 for the folder of that name and 0 for the others."""
    cells = manifest.columns.get(column)
    if cells is not None:
        return _parsed(manifest, column, cells, YES_NO)
    folders = manifest.cells(column)
    if folders is not None and column in folders:
        return (folders == column).astype(np.float32)
    return np.full(len(manifest), np.nan, np.float32)


def _parsed(
    manifest: Manifest, column: str, cells: NDArray[np.str_], allowed: dict[str, float] | None
) -> NDArray[np.float32]:
    out = np.full(len(cells), np.nan, np.float32)
    bad: list[tuple[str, str]] = []
    for i, cell in enumerate(cells.tolist()):
        value = _value(cell, allowed)
        if value is None:
            bad.append((cell, manifest.paths[i].name))
        else:
            out[i] = value
    if bad:
        expected = listing([c for c in allowed if "." not in c], 12) if allowed else "numbers"
        cell, name = bad[0]
        kinds = [kind for kind, _ in Counter(cell for cell, _ in bad).most_common()]
        more = f" and {len(bad) - 1:,} more such cells ({listing(kinds)})" if len(bad) > 1 else ""
        raise ManifestError(
            f"In the manifest of {manifest.name} the column '{column}' holds '{cell}' ({name})"
            f"{more}; allowed: {expected}, or nothing where it is not known."
        )
    return out


def _value(cell: str, allowed: dict[str, float] | None) -> float | None:
    """Return what a cell says: NaN for nothing, None for what it may not say."""
    if allowed is not None:
        return math.nan if cell == "" else allowed.get(cell)
    if cell.lower() in NOT_KNOWN:
        return math.nan
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _within(
    manifest: Manifest,
    column: str,
    numbers: NDArray[np.float32],
    lowest: float,
    highest: float,
    report: Report | None,
) -> NDArray[np.float32]:
    """Return numbers clipped to the classes; what lies far outside, or is negative, is missing.

    An age of 116 is as good as 100 for classes up to 100; a year of birth or -1 is not an age.
    """
    reach = NEAR * (highest - lowest)
    floor = max(lowest - reach, 0.0) if lowest >= 0 else lowest - reach
    far = (numbers < floor) | (numbers > highest + reach)
    near = ((numbers < lowest) | (numbers > highest)) & ~far
    for mask, fate in ((far, "count as missing"), (near, "count as the nearest")):
        if report and mask.any():
            values = Counter(f"{number:g}" for number in numbers[mask].tolist())
            shown = listing(value for value, _ in values.most_common())
            report(
                f"{counted(int(mask.sum()), 'number')} of '{column}' in {manifest.name} outside "
                f"{lowest:g} to {highest:g} {fate}: {shown}."
            )
    clipped = np.clip(numbers, lowest, highest)
    return np.where(far, np.float32(np.nan), clipped).astype(np.float32)
