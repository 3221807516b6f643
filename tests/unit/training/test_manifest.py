"""Manifests: what is read and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from facecam.errors import ManifestError
from facecam.training.data import head_labels
from facecam.training.manifest import read_manifest
from facecam.training.recipe import Head


def write(folder: Path, text: str) -> Path:
    """Write a manifest and return the folder."""
    (folder / "manifest.csv").write_text(text, "utf-8")
    return folder


def test_empty_cells_become_missing_labels(tmp_path: Path) -> None:
    text = "path,split,gender,age,hat\na.png,train,male,31,1\nb.png,val,,,\n"
    manifest = read_manifest(write(tmp_path, text))
    gender = head_labels(manifest, Head(name="gender", kind="softmax", classes=["female", "male"]))
    age = head_labels(manifest, Head(name="age", kind="expectation", classes=list(range(30))))
    hat = head_labels(manifest, Head(name="hat", kind="sigmoid", classes=["hat"]))
    other = head_labels(manifest, Head(name="beard", kind="sigmoid", classes=["beard"]))
    np.testing.assert_array_equal(gender, [1, np.nan])
    np.testing.assert_array_equal(age, [29, np.nan])  # clipped to the classes
    np.testing.assert_array_equal(hat, [[1], [np.nan]])
    assert np.isnan(other).all()


def test_rows_without_a_subject_are_their_own(tmp_path: Path) -> None:
    text = "path,split,subject\na.png,train,Ann\nb.png,train,\nc.png,train,\n"
    assert len(set(read_manifest(write(tmp_path, text)).subject.tolist())) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,split\n", "no rows"),
        ("path,gender\na.png,male\n", "no column 'split'"),
        ("path,split\na.png,training\n", "split 'training'"),
        ("path,split,subject\na.png,train,Ann\nb.png,val,Ann\n", "'Ann' is in train and in val"),
    ],
)
def test_an_unusable_manifest_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        read_manifest(write(tmp_path, text))


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(tmp_path / "none.csv")


def test_an_unknown_class_names_the_picture_and_what_is_allowed(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path, "path,split,gender\na.png,train,robot\n"))
    with pytest.raises(ManifestError, match=r"'robot' \(a.png\); allowed: female, male"):
        head_labels(manifest, Head(name="gender", kind="softmax", classes=["female", "male"]))
