"""Cutting labelled pictures into the cache."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facecam.capture.pictures import read_picture
from facecam.training import cutting
from facecam.training.cutting import bad_files, cut_manifest, pictures_ahead
from facecam.training.manifest import Manifest, read_manifest
from facecam.types import Detection, ImageU8
from facecam.vision.crops import EyeTemplate
from tests.unit.training.labelled_pictures import write_picture, write_pictures


def manifest_of(folder: Path, names: list[str]) -> Manifest:
    rows = "".join(f"{name},train\n" for name in names)
    (folder / "manifest.csv").write_text("path,split\n" + rows)
    return read_manifest(folder)


@pytest.fixture
def no_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that builds a face detector."""

    def build() -> None:
        raise AssertionError("whole pictures need no detector")

    monkeypatch.setattr(cutting, "face_detector", build)


@pytest.mark.usefixtures("no_detector")
def test_whole_pictures_are_cut_without_a_detector(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", size_wh=(80, 40))
    cache = cut_manifest(manifest_of(tmp_path, ["a.png"]), 20, None, tmp_path / "cache")
    assert cache.crops[0].shape == (24, 24, 3)
    assert cache.readable.all()
    assert not cache.found.any()
    assert cache.picture_wh.tolist() == [[80, 40]]
    # The view is the middle square, reduced by two; OpenCV reads BGR, crops are RGB.
    view = cache.crops[0][2:-2, 2:-2].astype(int)
    middle = read_picture(tmp_path / "a.png")[:, 20:60, ::-1].astype(int)
    expected = middle.reshape(20, 2, 20, 2, 3).mean(axis=(1, 3))
    assert np.abs(view - expected).max() <= 2


@pytest.mark.usefixtures("no_detector")
def test_missing_and_unreadable_pictures_are_black_counted_and_named(tmp_path: Path) -> None:
    write_pictures(tmp_path, ["a.png", "b.png"])
    (tmp_path / "broken.png").write_bytes(b"no picture")
    manifest = manifest_of(tmp_path, ["a.png", "broken.png", "gone.png", "b.png"])
    done: list[tuple[int, int]] = []
    cache = cut_manifest(
        manifest, 20, None, tmp_path / "cache", progress=lambda *now: done.append(now)
    )
    assert cache.readable.tolist() == [True, False, False, True]
    assert not cache.crops[1].any()
    assert cache.crops[3].any()
    assert done == [(4, 4)]
    name = tmp_path.name
    assert bad_files(manifest, cache) == [
        f"1 missing picture in {name} left out: gone.png.",
        f"1 unreadable picture in {name} left out: broken.png.",
    ]


@pytest.mark.usefixtures("no_detector")
def test_pictures_are_cut_once_until_a_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(tmp_path, ["a.png", "b.png"])
    manifest = manifest_of(tmp_path, ["a.png", "b.png"])
    first = cut_manifest(manifest, 20, None, tmp_path / "cache")
    read: list[Path] = []

    def watched(path: Path) -> ImageU8:
        read.append(path)
        return read_picture(path)

    monkeypatch.setattr(cutting, "read_picture", watched)
    again = cut_manifest(manifest, 20, None, tmp_path / "cache")
    assert not read
    np.testing.assert_array_equal(first.crops[1], again.crops[1])
    write_picture(tmp_path / "b.png", seed=9, size_wh=(44, 44))
    changed = cut_manifest(manifest, 20, None, tmp_path / "cache")
    assert len(read) == 2
    assert (changed.crops[1] != first.crops[1]).any()


class OneFace:
    """A detector that finds one upright face in every picture but the first."""

    closed = False

    def __init__(self) -> None:
        self._asked = 0

    def detect(self, image_bgr: ImageU8, t_s: float) -> tuple[Detection, ...]:
        self._asked += 1
        if self._asked <= 2:  # the first picture is asked for twice, with a border at last
            return ()
        eyes = np.array([[15, 12], [25, 12], [20, 18], [20, 24], [10, 14], [30, 14]], np.float32)
        return (Detection((10, 5, 20, 25), 0.9, eyes),)

    def close(self) -> None:
        type(self).closed = True


def test_faces_are_cut_by_their_eyes_and_others_at_the_centre(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "face_detector", OneFace)
    write_pictures(tmp_path, ["a.png", "b.png"])
    manifest = manifest_of(tmp_path, ["a.png", "b.png"])
    cache = cut_manifest(manifest, 40, EyeTemplate(), tmp_path / "cache")
    assert cache.found.tolist() == [False, True]
    assert np.isnan(cache.keypoints[0]).all()
    right_eye = cache.matrices[1] @ [15, 12, 1]
    left_eye = cache.matrices[1] @ [25, 12, 1]
    assert left_eye[1] == pytest.approx(0.44 * 40 - 0.5, abs=0.01)
    assert left_eye[0] - right_eye[0] == pytest.approx(0.278 * 40, rel=0.01)
    assert OneFace.closed


def test_decoding_stays_a_few_pictures_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []

    def read(path: Path) -> ImageU8:
        started.append(path)
        return np.zeros((2, 2, 3), np.uint8)

    monkeypatch.setattr(cutting, "read_picture", read)
    taken: Iterator[ImageU8 | None] = pictures_ahead([tmp_path / str(i) for i in range(50)], 3)
    next(taken)
    next(taken)
    taken.close()  # type: ignore[attr-defined]
    assert len(started) <= 2 + 3
