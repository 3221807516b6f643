"""Making a manifest: bad files left out, duplicates kept together, the report true."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from facecam.errors import ManifestError
from facecam.training.manifest import read_manifest
from facecam.training.manifest_draft import Draft, LabelledPicture, write_manifest
from facecam.training.manifest_folders import from_folders
from facecam.training.manifest_maker import MakerWish, make_manifest, one_vs_all
from facecam.training.manifest_report import manifest_report, report_lines
from facecam.training.picture_checks import check_pictures, difference_hash, small_grey
from facecam.training.splits import Balance, SplitWish
from tests.unit.training.labelled_pictures import write_picture, write_pictures


def test_files_are_missing_broken_identical_or_similar(tmp_path: Path) -> None:
    paths = write_pictures(tmp_path, [f"{i}.png" for i in range(6)])
    shutil.copy(paths[0], tmp_path / "copy.png")
    picture = cv2.imread(str(paths[1]))
    brighter = np.clip(picture * 0.9 + 12, 0, 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "again.jpg"), brighter, [cv2.IMWRITE_JPEG_QUALITY, 80])
    (tmp_path / "broken.png").write_bytes(paths[2].read_bytes()[:60])
    for name in ("flat1.png", "flat2.jpg"):
        cv2.imwrite(str(tmp_path / name), np.full((20, 20, 3), len(name) * 9, np.uint8))
    names = ("copy.png", "again.jpg", "broken.png", "none.png", "flat1.png", "flat2.jpg")
    seen: list[int] = []
    checks = check_pictures(
        [*paths, *(tmp_path / name for name in names)], lambda done, total: seen.append(done)
    )
    assert checks.missing == [9]
    assert checks.unreadable == [8]
    assert checks.identical == [[0, 6]]
    assert checks.similar == [[1, 7]]  # flat pictures are not taken for one another
    assert seen[-1] == 12


def test_the_hash_outlives_scaling_and_tells_pictures_apart(tmp_path: Path) -> None:
    first, second = write_pictures(tmp_path, ["a.png", "b.png"])
    large = cv2.resize(cv2.imread(str(first)), (400, 300), interpolation=cv2.INTER_CUBIC)
    plain, again, other = (
        difference_hash(small_grey(picture))
        for picture in (cv2.imread(str(first)), large, cv2.imread(str(second)))
    )
    assert (plain != again).sum() <= 12
    assert (plain != other).sum() > 60


def test_a_common_shadow_does_not_make_pictures_the_same(tmp_path: Path) -> None:
    y, x = np.mgrid[-1:1:60j, -1:1:64j]
    shadow = 200 - 90 * (x**2 + y**2)
    for name, (cx, cy) in (("a.png", (-0.02, 0.0)), ("b.png", (0.02, 0.0))):
        spot = 110 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (0.02 if name == "a.png" else 0.3))
        grey = np.clip(shadow - (spot if name == "a.png" else -spot / 2), 0, 255)
        cv2.imwrite(str(tmp_path / name), np.repeat(grey[..., None], 3, 2).astype(np.uint8))
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    hashes = [difference_hash(small_grey(cv2.imread(str(path)))) for path in paths]
    assert (hashes[0] != hashes[1]).sum() <= 20
    assert check_pictures(paths).similar == []


def test_a_manifest_is_made_of_what_can_be_read(tmp_path: Path) -> None:
    write_pictures(tmp_path, [f"{c}/{i}.png" for c in ("Leo", "Ming") for i in range(10)])
    (tmp_path / "Leo/empty.png").touch()
    write_picture(tmp_path / "Leo/twin.png", 99)
    shutil.copy(tmp_path / "Leo/twin.png", tmp_path / "Ming/twin.png")
    out = tmp_path / "made" / "manifest.csv"
    report = make_manifest(from_folders(tmp_path, "cat"), out, MakerWish(SplitWish(0.25)))
    manifest = read_manifest(out)
    assert len(manifest) == report["pictures"] == 22
    assert all(path.exists() for path in manifest.paths)
    assert report["unreadable_files"]["count"] == 1
    assert "empty.png" in report["notes"][0]
    assert report["duplicates"] == {
        "groups": 1,
        "pictures": 2,
        "first": [["twin.png", "twin.png"]],
    }
    assert report["conflicts"]["groups"] == 1
    assert report["leaks"]["duplicates"]["groups"] == 0
    assert report["leaks"]["subjects"]["count"] == 0
    twins = [s for s, p in zip(manifest.split, manifest.paths, strict=True) if p.stem == "twin"]
    assert len(set(twins)) == 1
    assert sum(report["splits"].values()) == 22
    assert report["labels"]["cat"]["classes"]["Leo"]["train"] > 0
    assert manifest.classes("cat") == ["Leo", "Ming"]


def test_duplicates_can_be_dropped_and_contradictions_with_them(tmp_path: Path) -> None:
    for name in ("a/1.png", "a/2.png", "b/3.png"):
        write_picture(tmp_path / name, int(name[2]))
    shutil.copy(tmp_path / "a/1.png", tmp_path / "a/copy.png")
    shutil.copy(tmp_path / "b/3.png", tmp_path / "a/other.png")
    wish = MakerWish(SplitWish(0.0), drop_duplicates=True)
    report = make_manifest(from_folders(tmp_path), tmp_path / "manifest.csv", wish)
    assert report["pictures"] == 2
    assert "3 duplicates left out." in report["notes"]


def test_balance_is_reported_with_its_short_cells(tmp_path: Path) -> None:
    write_pictures(tmp_path, [*(f"a/{i}.png" for i in range(9)), *(f"b/{i}.png" for i in range(4))])
    shutil.copy(tmp_path / "a/1.png", tmp_path / "a/copy.png")
    wish = MakerWish(SplitWish(0.0), Balance(("class",), 6))
    report = make_manifest(from_folders(tmp_path), tmp_path / "manifest.csv", wish)
    assert report["splits"] == {"train": 10}
    assert report["short_cells"] == {"class=b": 4}


def test_leaks_that_the_source_has_are_reported(tmp_path: Path) -> None:
    for split in ("Train", "Validation"):
        write_picture(tmp_path / split / "a" / "1.png", 1)
        write_picture(tmp_path / split / "b" / "2.png", 2 if split == "Train" else 3)
    report = make_manifest(from_folders(tmp_path), tmp_path / "manifest.csv")
    assert report["leaks"]["duplicates"] == {
        "groups": 1,
        "pictures": 2,
        "first": [["1.png", "1.png"]],
    }
    assert any(line.startswith("LEAK: 2 identical pictures") for line in report_lines(report))


def test_without_a_look_only_missing_files_are_found(tmp_path: Path) -> None:
    pictures = [
        LabelledPicture(write_picture(tmp_path / "a.png"), {"x": "1"}, "train"),
        LabelledPicture(tmp_path / "none.png", {"x": "1"}, "train"),
    ]
    wish = MakerWish(SplitWish(0.0), look=False)
    report = make_manifest(Draft(pictures, ["x"]), tmp_path / "manifest.csv", wish)
    assert report["pictures"] == 1
    assert report["missing_files"]["count"] == 1
    assert "duplicates" not in report


def test_one_vs_all_gives_each_class_a_column() -> None:
    pictures = [
        LabelledPicture(Path(f"{i}.jpg"), {"class": c}) for i, c in enumerate(["b", "a", ""])
    ]
    draft = one_vs_all(Draft(pictures, ["class"]))
    assert list(draft.columns) == ["a", "b"]
    assert [p.labels for p in draft.pictures] == [
        {"a": "0", "b": "1"},
        {"a": "1", "b": "0"},
        {"a": "", "b": ""},
    ]


def test_the_report_counts_missing_labels_and_ranges(tmp_path: Path) -> None:
    rows = [f"{i}.png,train,{i if i < 30 else ''},{'' if i else 'x'}" for i in range(40)]
    (tmp_path / "manifest.csv").write_text("path,split,age,gender\n" + "\n".join(rows))
    report = manifest_report(read_manifest(tmp_path), None)
    assert report["labels"]["age"] == {
        "kind": "numbers",
        "missing": 10,
        "lowest": 0.0,
        "highest": 29.0,
        "median": 15.0,
    }
    assert report["labels"]["gender"]["missing"] == 39
    assert any("10 missing" in line for line in report_lines(report))


def test_nothing_is_written_when_nothing_can_be(tmp_path: Path) -> None:
    out = tmp_path / "manifest.csv"
    with pytest.raises(ManifestError, match="no labelled picture is left"):
        write_manifest(Draft([], ["x"]), out)
    with pytest.raises(ManifestError, match="has no split"):
        write_manifest(Draft([LabelledPicture(Path("a.jpg"), {})], []), out)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(ManifestError, match="cannot be written"):
        write_manifest(
            Draft([LabelledPicture(Path("a.jpg"), {}, "train")], []), tmp_path / "file" / "m.csv"
        )
