"""Makers of manifests: every layout as it is distributed, and what is left out of it."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from facecam.errors import ManifestError
from facecam.training.manifest import read_manifest
from facecam.training.manifest_celeba import from_celeba
from facecam.training.manifest_csv import CsvLayout, Join, from_csv
from facecam.training.manifest_draft import Draft, LabelledPicture, write_manifest
from facecam.training.manifest_filenames import from_filenames
from facecam.training.manifest_folders import from_folders
from facecam.training.manifest_imdb_wiki import FIELDS, age_at, from_imdb_wiki
from facecam.training.manifest_utkface import from_utkface
from facecam.training.splits import SplitWish, split_draft


def touch(folder: Path, *names: str) -> Path:
    """Make empty files: makers read names only."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def labels(draft: Draft) -> dict[str, tuple[str, ...]]:
    """Return split, subject and labels of each picture by its file's name."""
    return {
        p.path.name: (p.split, p.subject, *(p.labels[c] for c in draft.columns))
        for p in draft.pictures
    }


def test_class_folders_may_lie_in_split_folders_of_any_case(tmp_path: Path) -> None:
    touch(tmp_path, "Train/Leo/1.jpg", "VALIDATION/Leo/2.JPG", "test/Ming/deep/3.webp")
    touch(tmp_path, "Train/Leo/.DS_Store", "Train/Leo/notes.txt", "Train/loose.png")
    draft = from_folders(tmp_path, "cat")
    assert labels(draft) == {
        "1.jpg": ("train", "", "Leo"),
        "2.JPG": ("val", "", "Leo"),
        "3.webp": ("test", "", "Ming"),
    }
    assert any("1 picture outside class folders" in n and "loose.png" in n for n in draft.notes)
    assert any("1 file not named like a picture" in n and "notes.txt" in n for n in draft.notes)


def test_flat_class_folders_have_no_splits_and_names_may_state_subjects(tmp_path: Path) -> None:
    touch(tmp_path, "Leo/1587-0.jpg", "Leo/1587-10.jpg", "Ming/9-1.jpg")
    draft = from_folders(tmp_path, subject_pattern=r"^(\d+)-")
    assert {p.subject for p in draft.pictures} == {"1587", "9"}
    assert {p.split for p in draft.pictures} == {""}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["Train/Leo/1.jpg", "Ming/1.jpg"], "mixes split folders"),
        (["1.jpg"], "no pictures in class folders"),
        (["Leo/notes.txt"], "no pictures in class folders"),
    ],
)
def test_folders_without_a_clear_layout_are_refused(
    tmp_path: Path, names: list[str], words: str
) -> None:
    with pytest.raises(ManifestError, match=words):
        from_folders(touch(tmp_path, *names))


def test_file_names_state_a_label_and_a_number(tmp_path: Path) -> None:
    touch(tmp_path, "athlete_12.jpg", "big cat (3).png", "ceo-7.jpg", "crime04.jpg", "0815.jpg")
    draft = from_filenames(touch(tmp_path, "test/ceo_1.jpg"))
    assert labels(draft) == {
        "athlete_12.jpg": ("", "", "athlete"),
        "big cat (3).png": ("", "", "big cat"),
        "ceo-7.jpg": ("", "", "ceo"),
        "crime04.jpg": ("", "", "crime"),
        "ceo_1.jpg": ("test", "", "ceo"),
    }
    assert "0815.jpg" in draft.notes[0]


def test_a_pattern_makes_columns_of_its_named_groups(tmp_path: Path) -> None:
    touch(tmp_path, "ann-f-31-1.jpg", "bob-m-44-1.jpg", "odd.jpg")
    draft = from_filenames(tmp_path, pattern=r"(?P<subject>\w+)-(?P<gender>[fm])-(?P<age>\d+)-.*")
    assert list(draft.columns) == ["gender", "age"]
    assert labels(draft)["ann-f-31-1.jpg"] == ("", "ann", "f", "31")
    with pytest.raises(ManifestError, match="names no label"):
        from_filenames(tmp_path, pattern=r"(\w+)")
    with pytest.raises(ManifestError, match="no regular expression"):
        from_filenames(tmp_path, pattern="(")
    with pytest.raises(ManifestError, match="No picture"):
        from_filenames(tmp_path, pattern="(?P<x>zzz)")


def test_utkface_names_state_age_gender_and_group(tmp_path: Path) -> None:
    touch(tmp_path, "26_1_2_20170116174525125.jpg.chip.jpg", "100_0_0_20170112213500903.webp")
    touch(tmp_path, "39_1_20170116174525125.jpg", "5_3_9_2017.jpg", "999_0_0_2017.jpg")
    draft = from_utkface(tmp_path)
    assert labels(draft) == {
        "26_1_2_20170116174525125.jpg.chip.jpg": ("", "", "26", "female", "asian"),
        "100_0_0_20170112213500903.webp": ("", "", "100", "male", "white"),
    }
    assert "3 pictures with an incomplete name left out" in draft.notes[0]


def test_a_folder_without_utkface_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="named like one of UTKFace"):
        from_utkface(touch(tmp_path, "cat.jpg"))


def datenum(year: int, month: int, day: int) -> int:
    """Return MATLAB's serial day of a date."""
    return date(year, month, day).toordinal() + 366


def write_mat(path: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    """Write a `.mat` laid out as imdb.mat and wiki.mat are: one struct of 1xN fields."""

    def cells(values: list[Any]) -> np.ndarray:
        out = np.empty((1, len(values)), object)
        out[0, :] = values
        return out

    fields: dict[str, Any] = {
        "dob": np.array([[r["dob"] for r in rows]], np.int32),
        "photo_taken": np.array([[r["taken"] for r in rows]], np.uint16),
        "full_path": cells([r["path"] for r in rows]),
        "gender": np.array([[r["gender"] for r in rows]], np.float64),
        "name": cells([r["name"] for r in rows]),
        "face_location": cells([np.array([[1.0, 1.0, 80.0, 80.0]]) for _ in rows]),
        "face_score": np.array([[r["score"] for r in rows]], np.float64),
        "second_face_score": np.array([[r["second"] for r in rows]], np.float64),
    }
    if name == "imdb":
        fields["celeb_names"] = cells(["Ann", "Bob"])
        fields["celeb_id"] = np.array([[1 for _ in rows]], np.uint16)
    savemat(path, {name: fields})
    return path


def mat_row(**changes: Any) -> dict[str, Any]:
    """Return a good row: a woman born on 15 March 1980, photographed in 2010, thus 30."""
    good = {
        "dob": datenum(1980, 3, 15),
        "taken": 2010,
        "path": "01/nm0000001_1980-03-15_2010.jpg",
        "gender": 0.0,
        "name": "Ann",
        "score": 3.2,
        "second": np.nan,
    }
    return {**good, **changes}


@pytest.mark.parametrize("name", ["imdb", "wiki"])
def test_imdb_wiki_keeps_single_good_faces_with_age_and_gender(tmp_path: Path, name: str) -> None:
    rows = [
        mat_row(),
        mat_row(path="02/b.jpg", name="Bob", gender=1.0, dob=datenum(1980, 7, 1), score=1.0),
        mat_row(path="x/score.jpg", score=0.99),
        mat_row(path="x/none.jpg", score=-np.inf),
        mat_row(path="x/second.jpg", second=2.1),
        mat_row(path="x/gender.jpg", gender=np.nan),
        mat_row(path="x/unborn.jpg", taken=1970),
        mat_row(path="x/old.jpg", dob=datenum(1880, 1, 1)),
        mat_row(path="x/date.jpg", dob=12),
        mat_row(path="x/hundred.jpg", dob=datenum(1910, 2, 1), name=np.array([], "U1")),
    ]
    draft = from_imdb_wiki(write_mat(tmp_path / f"{name}.mat", name, rows).parent)
    assert labels(draft) == {
        "nm0000001_1980-03-15_2010.jpg": ("", "Ann", "30", "female"),
        "b.jpg": ("", "Bob", "29", "male"),
        "hundred.jpg": ("", "", "100", "female"),
    }
    assert draft.pictures[0].path == tmp_path / "01/nm0000001_1980-03-15_2010.jpg"
    counts = dict(note.removesuffix(" left out.").split(" with ", 1)[::-1] for note in draft.notes)
    assert counts == {
        "face_score below 1.0": "2 pictures",
        "a second face": "1 picture",
        "an age outside 0 to 100": "3 pictures",
        "an unknown gender": "1 picture",
    }


def test_a_mat_of_one_picture_is_read(tmp_path: Path) -> None:
    assert len(from_imdb_wiki(write_mat(tmp_path / "w.mat", "wiki", [mat_row()])).pictures) == 1


def test_matlab_days_become_ages_in_the_middle_of_the_year() -> None:
    assert datenum(1970, 1, 1) == 719529
    assert age_at(719529, 2000) == 30
    assert age_at(719529.75, 2000) == 30
    assert age_at(datenum(1970, 6, 30), 2000) == 30
    assert age_at(datenum(1970, 7, 1), 2000) == 29
    assert np.isnan(age_at(0, 2000))
    assert np.isnan(age_at(np.nan, 2000))


def test_what_is_no_imdb_wiki_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"neither imdb.mat nor wiki.mat"):
        from_imdb_wiki(tmp_path)
    with pytest.raises(ManifestError, match="cannot be read"):
        from_imdb_wiki(tmp_path / "none.mat")
    (tmp_path / "text.mat").write_text("not a mat file at all, only words" * 9)
    with pytest.raises(ManifestError, match="cannot be read"):
        from_imdb_wiki(tmp_path / "text.mat")
    savemat(tmp_path / "other.mat", {"faces": np.zeros(3)})
    with pytest.raises(ManifestError, match="no struct named imdb or wiki"):
        from_imdb_wiki(tmp_path / "other.mat")
    savemat(tmp_path / "short.mat", {"wiki": {"dob": np.zeros((1, 2))}})
    with pytest.raises(ManifestError, match="no field 'photo_taken'"):
        from_imdb_wiki(tmp_path / "short.mat")
    empty = write_mat(tmp_path / "empty.mat", "wiki", [])
    with pytest.raises(ManifestError, match="None of the 0 pictures .* it lists none"):
        from_imdb_wiki(empty)
    savemat(tmp_path / "packed.mat", {"wiki": {"dob": np.arange(900)}}, do_compression=True)
    packed = bytearray((tmp_path / "packed.mat").read_bytes())
    packed[200:260] = bytes(60)
    (tmp_path / "packed.mat").write_bytes(packed)
    with pytest.raises(ManifestError, match="cannot be read as a .mat file"):
        from_imdb_wiki(tmp_path / "packed.mat")
    only_bad = write_mat(tmp_path / "bad.mat", "wiki", [mat_row(score=0.0)])
    with pytest.raises(ManifestError, match=r"None of the 1 pictures .* face_score below"):
        from_imdb_wiki(only_bad)


def test_fields_of_different_length_are_refused(tmp_path: Path) -> None:
    two = {name: np.zeros((1, 2)) for name in FIELDS}
    for short in ("photo_taken", "gender", "name"):
        savemat(tmp_path / "wiki.mat", {"wiki": {**two, short: np.zeros((1, 1))}})
        with pytest.raises(ManifestError, match=f"'dob' has 2 entries, '{short}' 1"):
            from_imdb_wiki(tmp_path)


CELEBA = """3
5_o_Clock_Shadow Eyeglasses Male Mustache No_Beard Smiling Wearing_Hat
000001.jpg -1 -1 -1 -1  1  1 -1
000002.jpg  1  1  1  1 -1 -1 -1
000003.jpg -1 -1  1 -1  1 -1  1
"""


def test_celeba_answers_the_heads_of_facecam(tmp_path: Path) -> None:
    (tmp_path / "list_attr_celeba.txt").write_text(CELEBA)
    (tmp_path / "list_eval_partition.txt").write_text("000001.jpg 0\n000002.jpg 1\n000003.jpg 2\n")
    (tmp_path / "identity_CelebA.txt").write_text("000001.jpg 2880\n000002.jpg 2937\n")
    (tmp_path / "img_align_celeba").mkdir()
    draft = from_celeba(tmp_path)
    first, second, third = draft.pictures
    assert first.path == tmp_path / "img_align_celeba/000001.jpg"
    assert [p.split for p in draft.pictures] == ["train", "val", "test"]
    assert [p.subject for p in draft.pictures] == ["2880", "2937", ""]
    assert first.labels["gender"] == "female"
    assert second.labels == {
        **{"5_o_Clock_Shadow": "1", "Eyeglasses": "1", "Male": "1", "Mustache": "1"},
        **{"No_Beard": "0", "Smiling": "0", "Wearing_Hat": "0"},
        **{"gender": "male", "smile": "0", "glasses": "1", "headwear": "0", "moustache": "1"},
        **{"beard": "1"},
    }
    assert third.labels["headwear"] == "1"


def test_celeba_as_csv_without_a_partition(tmp_path: Path) -> None:
    (tmp_path / "list_attr_celeba.csv").write_text(
        "image_id,Male,Smiling\n1.jpg,-1,1\n2.jpg,1,-1\n"
    )
    draft = from_celeba(tmp_path)
    assert list(draft.columns) == ["Male", "Smiling", "gender", "smile"]
    assert [p.split for p in draft.pictures] == ["", ""]


def test_a_damaged_celeba_file_names_the_picture(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(CELEBA.replace("000002.jpg  1", "000002.jpg  7"))
    with pytest.raises(ManifestError, match=r"'000002.jpg'\) does not have 7 values"):
        from_celeba(tmp_path / "a.txt")
    with pytest.raises(ManifestError, match=r"no list_attr_celeba.txt"):
        from_celeba(tmp_path)


def test_a_plain_csv_gets_folder_and_extension(tmp_path: Path) -> None:
    (tmp_path / "meta.csv").write_text("image_id,dx,lesion_id,age\nISIC_1,nv,L1,45\nISIC_2,mel,,\n")
    layout = CsvLayout(labels=("dx",), subject="lesion_id", folder="images", extension=".jpg")
    draft = from_csv(tmp_path / "meta.csv", layout)
    assert [p.path for p in draft.pictures] == [
        tmp_path / "images/ISIC_1.jpg",
        tmp_path / "images/ISIC_2.jpg",
    ]
    assert labels(draft) == {"ISIC_1.jpg": ("", "L1", "nv"), "ISIC_2.jpg": ("", "", "mel")}


def test_an_extension_is_found_and_all_other_columns_are_labels(tmp_path: Path) -> None:
    touch(tmp_path, "pics/a.webp")
    (tmp_path / "t.csv").write_text("split;file;cat\nValidation;pics\\a;Leo\n;;Ming\n")
    draft = from_csv(tmp_path / "t.csv")
    assert draft.pictures[0].path == tmp_path / "pics/a.webp"
    assert labels(draft) == {"a.webp": ("val", "", "Leo")}
    assert draft.notes == ("1 row without a picture's name left out.",)


def test_a_join_takes_labels_from_a_second_table(tmp_path: Path) -> None:
    (tmp_path / "lfw.csv").write_text(
        "path,split,gender,subject\na.jpg,train,male,Ann\nb.jpg,val,male,Bob\nc.jpg,val,,Cy\n"
    )
    (tmp_path / "people.csv").write_text("name,ceo,crime\nAnn,0,1\nBob,1,0\nDee,1,1\n")
    draft = from_csv(tmp_path / "lfw.csv", join=Join(tmp_path / "people.csv", "subject"))
    assert list(draft.columns) == ["ceo", "crime"]
    assert labels(draft) == {"a.jpg": ("train", "Ann", "0", "1"), "b.jpg": ("val", "Bob", "1", "0")}
    assert "1 row whose subject is not in" in draft.notes[0]
    assert draft.notes[1] == "1 of 3 in people.csv have no picture: Dee."
    both = CsvLayout(labels=("gender", "ceo"))
    joined = from_csv(tmp_path / "lfw.csv", both, Join(tmp_path / "people.csv", "subject", "name"))
    assert labels(joined)["a.jpg"] == ("train", "Ann", "male", "0")


def test_columns_that_are_not_there_are_named(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("image,dx\na.jpg,nv\n")
    other = tmp_path / "o.csv"
    other.write_text("name,ceo\nAnn,1\nAnn,0\n")
    for layout, join, words in (
        (CsvLayout(image="file"), None, "no column 'file'; it has image, dx"),
        (CsvLayout(labels=("age",)), None, "no column 'age'"),
        (CsvLayout(subject="who"), None, "no column 'who'"),
        (None, Join(other, "who"), "no column 'who'"),
        (None, Join(other, "dx", "id"), "no column 'id'"),
        (None, Join(other, "dx"), "two rows for 'Ann'"),
        (CsvLayout(encoding="klingon"), None, "no encoding 'klingon'"),
    ):
        with pytest.raises(ManifestError, match=words):
            from_csv(table, layout, join)
    table.write_text("image,split\na.jpg,holdout\n")
    with pytest.raises(ManifestError, match=r"Line 2 .* 'holdout'"):
        from_csv(table)


def test_labels_can_be_renamed_and_masks_follow_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "gt.csv").write_text(
        "file_name,apparent_age_avg,real_age,mask\na.jpg,29.5,31,m/a.png\n"
    )
    layout = CsvLayout(labels=("apparent_age=apparent_age_avg", "real_age"))
    draft = from_csv(tmp_path / "gt.csv", layout)
    assert list(draft.columns) == ["apparent_age", "real_age", "mask"]
    out = tmp_path / "made" / "manifest.csv"
    write_manifest(split_draft(draft, SplitWish(0.0)), out)
    assert out.read_text() == (
        "path,split,apparent_age,real_age,mask,subject\n../a.jpg,train,29.5,31,../m/a.png,\n"
    )


def test_columns_that_a_manifest_keeps_for_itself_are_no_labels(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("file,path,subject,person,dx\na.jpg,x,session 1,Ann,nv\n")
    draft = from_csv(table, CsvLayout(image="file", subject="person"))
    assert list(draft.columns) == ["dx"]
    out = tmp_path / "manifest.csv"
    write_manifest(split_draft(draft, SplitWish(0.0)), out)
    assert read_manifest(out).subject.tolist() == ["Ann"]
    people = tmp_path / "people.csv"
    people.write_text("who,path,ceo\nAnn,x,1\n")
    joined = from_csv(table, CsvLayout(image="file"), Join(people, "person"))
    assert list(joined.columns) == ["ceo"]
    for labels, words in (
        (("dx", "dx=person"), "two labels 'dx'"),
        (("subject",), "No label may be called 'subject'"),
        (("split=dx",), "No label may be called 'split'"),
    ):
        with pytest.raises(ManifestError, match=words):
            from_csv(table, CsvLayout(image="file", labels=labels))


@pytest.mark.parametrize("columns", [("hat", "path"), ("hat", "hat")])
def test_columns_that_collide_leave_an_earlier_manifest_as_it_is(
    tmp_path: Path, columns: tuple[str, ...]
) -> None:
    out = tmp_path / "manifest.csv"
    out.write_text("earlier")
    pictures = [LabelledPicture(tmp_path / "a.jpg", {"hat": "1"}, "train")]
    with pytest.raises(ManifestError, match="rename"):
        write_manifest(Draft(pictures, columns), out)
    assert out.read_text() == "earlier"
