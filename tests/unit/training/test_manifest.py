"""Manifests: what is read and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from facecam.errors import ManifestError
from facecam.training.label_cells import head_labels
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


def test_subjects_are_found_under_their_own_name_or_the_usual_one(tmp_path: Path) -> None:
    folder = write(tmp_path, "path,split,subject,lesion\na.png,train,Ann,L1\nb.png,train,Bob,L2\n")
    assert read_manifest(folder, subject_column="lesion").subject.tolist() == ["L1", "L2"]
    assert read_manifest(folder, subject_column="person").subject.tolist() == ["Ann", "Bob"]
    folder = write(tmp_path, "path,split,dx\na.png,train,nv\nb.png,train,nv\n")
    manifest = read_manifest(folder, subject_column="lesion")
    assert len(set(manifest.subject.tolist())) == 2
    assert manifest.notes == ("no column lesion: every picture is a subject of its own",)
    assert read_manifest(folder).notes == ()


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


def pictures(folder: Path, *names: str) -> Path:
    """Make empty files; reading a manifest does not open them."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    "content",
    [
        "path,split,cat\na.png,train,Léo\n".encode("utf-8-sig"),
        "path;split;cat\r\na.png;train;Léo\r\n".encode(),
        "path\tsplit\tcat\na.png\ttrain\tLéo\n".encode("utf-16"),
        '\npath , split,cat\n"a.png" ,train, Léo\n\n'.encode(),
    ],
    ids=["byte order mark", "semicolons", "UTF-16 with tabs", "blanks"],
)
def test_tables_are_read_as_programs_save_them(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.csv").write_bytes(content)
    manifest = read_manifest(tmp_path)
    assert manifest.paths == (tmp_path / "a.png",)
    assert manifest.classes("cat") == ["Léo"]


def test_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_bytes("path,split,cat\na.png,train,레오\n".encode("cp949"))
    with pytest.raises(ManifestError, match=r"line 2 is not utf-8 .* save it as CSV UTF-8"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,split,cat\na.png,train,Leo,x\n", r"Line 2 .* has 4 cells, the header 3"),
        ("path,split,cat,cat\na.png,train,Leo,x\n", "two columns 'cat'"),
        ("path,split,cat\na.png,train,Leo\na.png,val,Leo\n", "1 picture two different rows"),
        ("path,split\n,train\n", "No row of the manifest .* has a path"),
        ("image,cat\na.png,Leo\n", "no column 'path', only image, cat: .* manifest csv"),
        (
            "path,split,subject\na.png,train,Ann\nb.png,val,Ann\nc.png,val,Bo\nd.png,train,Bo\n",
            "'Ann' is in train and in val and 1 more",
        ),
        ("path,split\na.png,Train\nb.png,Train\n", "split 'Train' in 2 rows"),
        ("", "no rows"),
        ('path,split\n"a.png,train\n', "no split in 1 row"),
    ],
)
def test_a_damaged_manifest_says_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ManifestError, match=words):
        read_manifest(write(tmp_path, text))


def test_repeated_and_nameless_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    text = "path,split,cat\na.png,train,Leo\na.png,train,Leo\n,train,Leo\nsub\\b.png,val,Ming\n"
    manifest = read_manifest(write(tmp_path, text))
    assert manifest.paths == (tmp_path / "a.png", tmp_path / "sub/b.png")
    assert manifest.notes == (
        "1 row without a path left out: line 4.",
        "1 repeated row left out: a.png.",
    )


def test_one_picture_is_found_however_its_path_is_written(tmp_path: Path) -> None:
    same = ("0.png", "./0.png", "sub/../0.png", "sub\\..\\0.png")
    rows = "".join(f"{name},train\n" for name in same)
    manifest = read_manifest(write(tmp_path, f"path,split\n{rows}a\\b.png,val\n"))
    assert len(manifest) == 2
    assert manifest.notes == ("3 repeated rows left out: ./0.png, sub/../0.png, sub\\..\\0.png.",)
    for other in (*same[1:], "sub//../0.png"):
        with pytest.raises(ManifestError, match="1 picture two different rows"):
            read_manifest(write(tmp_path, f"path,split\n0.png,train\n{other},val\n"))


def test_short_rows_have_missing_labels(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path, "path,split,cat\na.png,train\n"))
    assert manifest.columns["cat"].tolist() == [""]


def test_a_manifest_of_another_name_is_told_apart_by_it(tmp_path: Path) -> None:
    (tmp_path / "cats.csv").write_text("path,split\na.png,train\n")
    assert read_manifest(tmp_path / "cats.csv").name == "cats"


def test_class_folders_are_a_manifest(tmp_path: Path) -> None:
    names = [
        f"{s}/{c}/{i}.png" for s in ("Train", "val") for c in ("Leo", "Ming") for i in range(3)
    ]
    manifest = read_manifest(pictures(tmp_path / "cats", *names))
    assert manifest.name == "cats"
    assert (manifest.split == "val").sum() == 6
    assert manifest.classes("anything") == ["Leo", "Ming"]
    assert len(set(manifest.subject.tolist())) == 12
    labels = head_labels(manifest, Head(name="cat", kind="softmax", classes=["Leo", "Ming"]))
    assert sorted(labels.tolist()) == [0.0] * 6 + [1.0] * 6


def test_class_folders_answer_a_yes_no_head_of_their_names(tmp_path: Path) -> None:
    manifest = read_manifest(pictures(tmp_path, "Leo/1.png", "Leo/2.png", "Ming/1.png"))
    head = Head(name="pets", kind="sigmoid", classes=["Leo", "Ming", "Eve"])
    labels = head_labels(manifest, head)
    np.testing.assert_array_equal(labels[:, 0] + labels[:, 1], [1, 1, 1])
    assert np.isnan(labels[:, 2]).all()


def test_flat_class_folders_are_split_by_name(tmp_path: Path) -> None:
    names = [f"{c}/{i}.png" for c in ("Leo", "Ming") for i in range(200)]
    manifest = read_manifest(pictures(tmp_path, *names, "Eve/1.png", "Eve/2.png", "Max/1.png"))
    split = {
        p.relative_to(tmp_path).as_posix(): s
        for p, s in zip(manifest.paths, manifest.split, strict=True)
    }
    share = sum(split[name] == "val" for name in names) / len(names)
    assert 0.14 < share < 0.26
    assert {split["Eve/1.png"], split["Eve/2.png"]} == {"train", "val"}
    assert split["Max/1.png"] == "train"
    assert "no validation folder" in manifest.notes[-1]
    more = read_manifest(pictures(tmp_path, *(f"Leo/new{i}.png" for i in range(50))))
    again = {
        p.relative_to(tmp_path).as_posix(): s for p, s in zip(more.paths, more.split, strict=True)
    }
    assert {name: again[name] for name in names} == {name: split[name] for name in names}


def test_a_test_folder_stays_when_validation_is_taken_from_training(tmp_path: Path) -> None:
    names = [f"{s}/{c}/{i}.png" for s in ("Train", "Test") for c in "ab" for i in range(20)]
    split = read_manifest(pictures(tmp_path, *names)).split.tolist()
    assert split.count("test") == 40
    assert split.count("val") > 0


def test_a_column_without_classes_is_refused(tmp_path: Path) -> None:
    manifest = read_manifest(write(tmp_path, "path,split,cat,dog\na.png,train,Leo,\n"))
    with pytest.raises(ManifestError, match="no column 'bird' to take classes from; it has cat"):
        manifest.classes("bird")
    with pytest.raises(ManifestError, match="column 'dog' .* is empty"):
        manifest.classes("dog")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no pictures in class folders"):
        read_manifest(tmp_path)
