"""A package is written whole or not at all, and an earlier one stays until then."""

import os
from pathlib import Path

import pytest

from facecam.errors import TrainingError
from facecam.training.package_folder import check_target, whole_package


def test_the_working_directory_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for to in (Path(), Path(".."), Path("sub/.."), here):
        with pytest.raises(TrainingError, match="is the working directory or holds it"):
            check_target(to)
    check_target(Path("model"))


def test_a_name_that_goes_up_and_down_means_its_folder(tmp_path: Path) -> None:
    (tmp_path / "pack" / "sub").mkdir(parents=True)
    with whole_package(tmp_path / "pack" / "sub" / "..") as part:
        (part / "model.json").write_text("new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["pack"]
    assert [entry.name for entry in (tmp_path / "pack").iterdir()] == ["model.json"]


def test_an_earlier_package_stays_where_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "pack"
    to.mkdir()
    (to / "model.json").write_text("earlier")

    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(TrainingError, match="Permission denied"), whole_package(to) as part:
            (part / "model.json").write_text("new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["pack"]
    assert (to / "model.json").read_text() == "earlier"
