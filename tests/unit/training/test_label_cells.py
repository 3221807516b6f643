"""Labels of a head: what is allowed, what counts as missing, what is refused."""

from pathlib import Path

import numpy as np
import pytest

from facecam.errors import ManifestError
from facecam.training.label_cells import check_labels, head_labels
from facecam.training.manifest import Manifest
from facecam.training.recipe import Head

AGE = Head(name="age", kind="expectation", classes=list(range(101)))
CAT = Head(name="cat", kind="softmax", classes=["Leo", "Ming", "Eve"])
HAT = Head(name="hat", kind="sigmoid", classes=["hat"])


def table(**columns: list[str]) -> Manifest:
    """Return a manifest with these columns and one picture a cell."""
    count = len(next(iter(columns.values())))
    return Manifest(
        name="made",
        paths=tuple(Path(f"{i}.png") for i in range(count)),
        split=np.array(["train"] * count),
        subject=np.array([str(i) for i in range(count)]),
        columns={name: np.array(cells) for name, cells in columns.items()},
    )


def test_numbers_near_the_classes_are_clipped_and_others_are_missing() -> None:
    notes: list[str] = []
    cells = ["30", "116", "-1", "1999", "", "NaN", "n/a", "30.5"]
    labels = head_labels(table(age=cells), AGE, notes.append)
    np.testing.assert_array_equal(labels, [30, 100, *[np.nan] * 5, 30.5])
    assert notes == [
        "2 numbers of 'age' in made outside 0 to 100 count as missing: -1, 1999.",
        "1 number of 'age' in made outside 0 to 100 count as the nearest: 116.",
    ]


def test_yes_and_no_may_be_written_as_pandas_does() -> None:
    labels = head_labels(table(hat=["1.0", "0.0", "1", "0", ""]), HAT)
    np.testing.assert_array_equal(labels[:, 0], [1, 0, 1, 0, np.nan])


@pytest.mark.parametrize(
    ("head", "cells", "words"),
    [
        (CAT, ["Leo", "leo", "Max", "Max"], r"'leo' \(1.png\) and 2 more such cells \(Max, leo\)"),
        (HAT, ["yes"], r"'yes' \(0.png\); allowed: 0, 1, or nothing"),
        (AGE, ["thirty"], r"'thirty' \(0.png\); allowed: numbers"),
        (AGE, ["inf"], "'inf'"),
    ],
)
def test_cells_that_are_no_labels_are_refused(head: Head, cells: list[str], words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        head_labels(table(**{head.name: cells}), head)


def labels_of(head: Head, *cells: str) -> dict[str, np.ndarray]:
    return {head.name: head_labels(table(**{head.name: list(cells)}), head)}


@pytest.mark.parametrize(
    ("head", "cells", "words"),
    [
        (CAT, ["", ""], "No training picture has a label for the head 'cat'"),
        (CAT, ["Leo", "Leo", ""], r"labels of the head 'cat' are the same \(2 pictures\)"),
        (HAT, ["1", "1"], "labels of 'hat' .* are the same"),
        (AGE, ["7", "7"], "the head 'age' are the same"),
    ],
)
def test_a_head_that_cannot_be_learned_is_refused(head: Head, cells: list[str], words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        check_labels([head], [labels_of(head, *cells)], [labels_of(head, *cells)])


def test_each_class_of_a_yes_no_head_must_be_learnable() -> None:
    head = Head(name="stats", kind="sigmoid", classes=["ceo", "crime"])
    labels = {"stats": head_labels(table(ceo=["0", "1"], crime=["0", "0"]), head)}
    with pytest.raises(ManifestError, match=r"'crime' \(head 'stats'\) are the same"):
        check_labels([head], [labels], [labels])


def test_what_cannot_be_measured_is_said() -> None:
    train = labels_of(CAT, "Leo", "Ming")
    assert check_labels([CAT], [train], [train]) == [
        "No training picture of the head 'cat' is Eve."
    ]
    notes = check_labels([CAT], [train], [labels_of(CAT, "", "")])
    assert "No validation picture has a label for the head 'cat'." in notes
    notes = check_labels([CAT], [train], [labels_of(CAT, "Leo", "")])
    assert "All validation labels of the head 'cat' are the same." in notes
