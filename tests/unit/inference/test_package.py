"""A model package is loaded when it keeps its contract, and refused with one sentence else."""

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facecam.errors import ModelPackageError
from facecam.inference import package as package_module
from facecam.inference.package import list_packages, load_package
from facecam.titles import text_in, title_of
from facecam.vision.crops import EyeTemplate
from tests.tiny_package import HEADS, copy_package, spec, tiny_package_dir, write_spec

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_package(tmp_path / "tiny")


def refusal(folder: Path | str) -> str:
    """Return the one sentence with which a package is refused."""
    with pytest.raises(ModelPackageError) as caught:
        load_package(folder)
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith((".", ")."))
    assert text[0].isupper()
    return text


def rewrite(folder: Path, change: Change) -> None:
    content = json.loads((folder / "model.json").read_text("utf-8"))
    change(content)
    (folder / "model.json").write_text(json.dumps(content), "utf-8")


def test_a_package_says_what_it_is() -> None:
    package = load_package(tiny_package_dir())
    assert (package.name, package.version, package.target) == ("tiny", "1.0.0", "face")
    assert package.size_wh == (32, 32)
    assert package.crop == EyeTemplate(0.278, 0.44, 1.45)
    assert [head.name for head in package.heads] == [head["name"] for head in HEADS]
    assert package.head("age").classes == tuple(range(101))
    assert package.head("age").unit == "years"
    assert package.head("smile").thresholds == (0.6,)
    assert package.limits("gender") == {"eye_span_px": 8.0}
    assert package.limits("smile") == {}
    assert package.cam_arrays["age_logits/kernel"].shape == (4, 101)
    assert package.spec["licence"] == "made up"


def test_titles_fall_back_to_english_and_then_to_the_name(folder: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["title"] = {}
        content["heads"][0]["title"] = {"en": "Age"}
        content["heads"][1]["title"] = {}

    rewrite(folder, change)
    package = load_package(folder)
    assert text_in(package.title, "ko", package.name) == "tiny"
    assert title_of(package.head("age"), "ko") == "Age"
    assert title_of(package.head("gender"), "ko") == "Gender"
    assert title_of(package.head("smile"), "ko") == "미소"


def test_warnings_come_in_the_language_or_in_english(folder: Path) -> None:
    texts = ["For play.", {"en": "No doctor.", "ko": "의사가 아닙니다."}, {"en": "New."}]
    rewrite(folder, lambda content: content.update(warnings=texts))
    package = load_package(folder)
    assert package.warnings("ko") == ("For play.", "의사가 아닙니다.", "New.")
    assert package.warnings("en") == ("For play.", "No doctor.", "New.")
    assert load_package(tiny_package_dir()).warnings("en") == ()


def test_unknown_keys_are_kept_for_newer_versions(folder: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["later"] = {"a": 1}
        content["heads"][0]["later"] = 2

    rewrite(folder, change)
    assert load_package(folder).spec["later"] == {"a": 1}


def test_a_whole_picture_package_has_no_eye_template(folder: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content.update(target="frame", crop={"method": "whole"})

    rewrite(folder, change)
    package = load_package(folder)
    assert (package.target, package.crop) == ("frame", None)


def test_a_head_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ModelPackageError, match="no head hat: it has age, gender, smile, glasses"):
        load_package(tiny_package_dir()).head("hat")


@pytest.mark.parametrize("name", ["model.json", "model.tflite", "cam.npz"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"lacks its file {name}" in refusal(folder)


def test_an_altered_file_is_named(folder: Path) -> None:
    content = bytearray((folder / "model.tflite").read_bytes())
    content[-1] ^= 1
    (folder / "model.tflite").write_bytes(content)
    assert "model.tflite whose sha256 differs" in refusal(folder)


def test_a_cut_file_is_named_with_its_size(folder: Path) -> None:
    content = (folder / "model.tflite").read_bytes()
    (folder / "model.tflite").write_bytes(content[:-100])
    assert f"of {len(content) - 100} bytes instead of {len(content)}" in refusal(folder)


def test_a_file_altered_after_loading_is_refused_when_read(folder: Path) -> None:
    package = load_package(folder)
    content = bytearray((folder / "model.tflite").read_bytes())
    content[-1] ^= 1
    (folder / "model.tflite").write_bytes(content)
    with pytest.raises(ModelPackageError, match="sha256 differs"):
        package.read("model.tflite")


def test_a_link_that_leads_outside_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "model.tflite").rename(tmp_path / "elsewhere.tflite")
    (folder / "model.tflite").symlink_to(tmp_path / "elsewhere.tflite")
    assert "leads outside" in refusal(folder)


def set_(*path: Any, to: Any) -> Change:
    """Return a change that sets one entry of model.json."""

    def change(content: Any) -> None:
        for step in path[:-1]:
            content = content[step]
        content[path[-1]] = to

    return change


def drop(*path: Any) -> Change:
    """Return a change that removes one entry of model.json."""

    def change(content: Any) -> None:
        for step in path[:-1]:
            content = content[step]
        del content[path[-1]]

    return change


FACT = {"sha256": "0" * 64, "bytes": 1}
BROKEN: dict[str, tuple[Change, str]] = {
    "made-up kind": (
        set_("heads", 2, "kind", to="banana"),
        "heads[2].kind should be 'softmax', 'sigmoid' or 'expectation', but is 'banana'",
    ),
    "newer schema": (set_("schema", to=2), "schema 2, and this version reads schema 1: update"),
    "odd schema": (set_("schema", to="x"), "schema 'x', and this version reads schema 1: export"),
    "no schema": (drop("schema"), "schema None"),
    "no heads": (set_("heads", to=[]), "heads"),
    "warning that is no text": (set_("warnings", to=[3]), "warnings[0]"),
    "no name": (drop("name"), "name is missing"),
    "two heads of a name": (set_("heads", 1, "name", to="age"), "two heads of the name age"),
    "head that is no column": (set_("heads", 1, "name", to="a,b"), "heads[1].name"),
    "wrong target": (set_("target", to="dog"), "target should be 'face' or 'frame'"),
    "face without eyes": (set_("crop", to={"method": "whole"}), "needs the crop method eyes"),
    "wrong crop": (set_("crop", "method", to="ears"), "crop"),
    "no size": (set_("input", "width", to=0), "input.width"),
    "path out of the folder": (set_("files", "../model.tflite", to=FACT), "not a plain file name"),
    "path into a folder": (set_("files", "a\\b", to=FACT), "not a plain file name"),
    "absolute path": (set_("files", "/etc/passwd", to=FACT), "not a plain file name"),
    "no graph": (drop("files", "model.tflite"), "does not list model.tflite"),
    "no arrays": (drop("files", "cam.npz"), "does not list cam.npz"),
    "no place of the eyes": (drop("crop", "eye_span"), "crop.eye_span is missing"),
    "no hash": (set_("files", "model.tflite", "sha256", to="x"), "files.model.tflite.sha256"),
    "infinite calibration": (
        set_("calibration", "smile", "scale", to=[float("inf")]),
        "calibration.smile.scale[0]",
    ),
    "NaN calibration": (
        set_("calibration", "age", "interval", "q_low", to=float("nan")),
        "calibration.age.interval.q_low",
    ),
    "no temperature": (set_("calibration", "age", "temperature", to=0), "greater than 0"),
    "scale without shift": (drop("calibration", "smile", "shift"), "only one of scale and shift"),
    "scale of another size": (
        set_("calibration", "smile", "shift", to=[0, 0]),
        "calibrates the head smile with 2 numbers for 1 classes",
    ),
    "calibration of nothing": (set_("calibration", "hat", to={}), "calibrates the head hat"),
    "too many thresholds": (
        set_("heads", 2, "thresholds", to=[0.5, 0.5]),
        "heads[2] has 2 thresholds for 1 classes",
    ),
    "threshold above 1": (set_("heads", 2, "thresholds", to=[1.5]), "not between 0 and 1"),
    "threshold of a softmax": (set_("heads", 1, "thresholds", to=[0.5, 0.5]), "cannot have"),
    "falling numbers": (set_("heads", 0, "classes", to=[2, 1]), "rising numbers"),
    "names as numbers": (set_("heads", 0, "classes", to=["a", "b"]), "not all numbers"),
    "numbers as names": (set_("heads", 1, "classes", to=[1, 2]), "not all names"),
    "a class twice": (set_("heads", 1, "classes", to=["a", "a"]), "names a class twice"),
    "one class of one": (set_("heads", 1, "classes", to=["a"]), "two or more classes"),
    "output of a head missing": (drop("outputs", "smile"), "which output the head smile is"),
    "one output twice": (set_("outputs", "smile", to="age"), "gives one output two meanings"),
    "arrays of nothing": (set_("cam", "layers", "age", to=["x"]), "cam.npz lacks the array x/"),
    "arrays of another head": (
        set_("cam", "layers", "age", to=["smile_logits"]),
        "shape (4, 1) and (1,) for the 101 classes of the head age",
    ),
}


@pytest.mark.parametrize(("change", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_contract_is_told_in_one_sentence(
    folder: Path, change: Change, words: str
) -> None:
    rewrite(folder, change)
    assert words in refusal(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_a_model_json_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / "model.json").write_text(text, "utf-8")
    assert "model.json" in refusal(folder)


def test_bytes_that_are_no_text_are_refused(folder: Path) -> None:
    (folder / "model.json").write_bytes(b"\xff\xfe\x00\x80")
    assert "is not JSON" in refusal(folder)


class Bomb:
    """Says so when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was executed",))


def test_pickles_in_the_arrays_are_never_executed(folder: Path) -> None:
    np.savez(folder / "cam.npz", bad=np.array([Bomb()], dtype=object))
    write_spec(folder, spec())
    assert "cam.npz that is not a plain archive of numbers" in refusal(folder)
    (folder / "cam.npz").write_bytes(pickle.dumps([1]))
    write_spec(folder, spec())
    assert "cam.npz that is not a plain archive of numbers" in refusal(folder)


def test_arrays_with_nan_are_refused(folder: Path) -> None:
    with np.load(folder / "cam.npz") as stored:
        arrays = dict(stored)
    arrays["age_logits/bias"] = np.full(101, np.nan, np.float32)
    np.savez(folder / "cam.npz", **arrays)
    write_spec(folder, spec())
    assert "age_logits/bias that is not of finite numbers" in refusal(folder)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("age_logits/bias", (100,)), ("age_logits/kernel", (4, 100)), ("age_logits/kernel", (101,))],
)
def test_arrays_that_do_not_fit_their_head_are_refused(
    folder: Path, name: str, shape: tuple[int, ...]
) -> None:
    with np.load(folder / "cam.npz") as stored:
        arrays = dict(stored)
    arrays[name] = np.zeros(shape, np.float32)
    np.savez(folder / "cam.npz", **arrays)
    write_spec(folder, spec())
    assert "cam.npz has" in refusal(folder)


@pytest.mark.parametrize(("kernel", "bias"), [((4, 4), 3), ((4, 3), 3), ((4, 4), 4)])
def test_hidden_layers_have_to_follow_each_other(
    folder: Path, kernel: tuple[int, int], bias: int
) -> None:
    with np.load(folder / "cam.npz") as stored:
        arrays = dict(stored)
    arrays |= {"hidden/kernel": np.zeros(kernel, "f4"), "hidden/bias": np.zeros(bias, "f4")}
    np.savez(folder / "cam.npz", **arrays)
    content = spec()
    content["cam"]["layers"]["age"] = ["hidden", "age_logits"]
    write_spec(folder, content)
    if (kernel, bias) == ((4, 4), 4):
        load_package(folder)
    else:
        assert "which do not follow each other" in refusal(folder)


def test_a_package_is_found_by_name_and_by_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_package("tiny", folder.parent).dir == folder
    monkeypatch.setattr(package_module, "MODELS_DIR", folder.parent)
    for way in ("tiny", folder, str(folder), folder / "model.json"):
        assert load_package(way).dir == folder
    assert [item.name for item in list_packages()] == ["tiny"]
    assert "There is no model package nobody" in refusal("nobody")
    assert refusal("nobody").endswith("(tiny).")


def test_the_list_tells_good_from_bad_without_loading_a_graph(folder: Path) -> None:
    bad = copy_package(folder.parent / "bad")
    rewrite(bad, set_("heads", 0, "kind", to="banana"))
    gone = copy_package(folder.parent / "gone")
    (gone / "cam.npz").unlink()
    (folder.parent / "detectors").mkdir()
    (folder.parent / ".half-written").mkdir()
    listed = {item.dir.name: item for item in list_packages(folder.parent)}
    assert sorted(listed) == ["bad", "gone", "tiny"]
    assert listed["tiny"].error is None
    assert listed["tiny"].title == {"en": "Tiny", "ko": "작은 모델"}
    assert "banana" in str(listed["bad"].error)
    assert "lacks its file cam.npz" in str(listed["gone"].error)


def test_a_folder_that_is_not_there_lists_nothing(tmp_path: Path) -> None:
    assert list_packages(tmp_path / "nowhere") == ()


def test_the_records_of_a_package_load_without_pydantic_and_litert() -> None:
    code = "import sys, facecam.inference.decode, facecam.inference.runtime; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"pydantic", "ai_edge_litert", "tensorflow"}
