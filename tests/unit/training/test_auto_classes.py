"""`classes: auto`: what the training pictures carry."""

from pathlib import Path
from typing import Any

import pytest

from facecam.errors import ManifestError, RecipeError
from facecam.training.fit import with_classes
from facecam.training.manifest import read_manifest
from facecam.training.recipe import Recipe


def recipe(*heads: dict[str, Any]) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "auto",
            "backbone": {"name": "SmallCNN"},
            "heads": heads,
            "training": {"phases": [{"epochs": 1, "learning_rate": 1e-3}]},
        }
    )


def manifest(folder: Path, rows: str) -> Any:
    folder.mkdir()
    (folder / "manifest.csv").write_text("path,split,pet,age\n" + rows, "utf-8")
    return read_manifest(folder)


def softmax(**more: Any) -> dict[str, Any]:
    return {"name": "pet", "kind": "softmax", "classes": "auto", **more}


def expectation(**more: Any) -> dict[str, Any]:
    return {"name": "age", "kind": "expectation", "classes": "auto", **more}


def test_a_weight_of_a_class_that_nobody_carries_is_one_sentence(tmp_path: Path) -> None:
    pets = manifest(tmp_path / "pets", "a.jpg,train,cat,\nb.jpg,train,dog,\n")
    head = {"name": "pet", "kind": "softmax", "classes": "auto", "class_weights": {"wolf": 2.0}}
    with pytest.raises(RecipeError, match="does not fit the data: .* 'wolf', which is no class"):
        with_classes(recipe(head), [pets])


def test_classes_are_those_of_all_training_pictures(tmp_path: Path) -> None:
    one = manifest(tmp_path / "one", "a.png,train,cat,3\nb.png,train,dog,7.5\nc.png,train,,\n")
    two = manifest(tmp_path / "two", "a.png,train,bird,5\nb.png,val,mouse,90\n")
    named = {"name": "kept", "kind": "softmax", "classes": ["x", "y"]}
    made = with_classes(recipe(softmax(), expectation(), named), [one, two])
    # Nothing can be learnt of the mouse, which only the validation pictures know.
    assert made.heads[0].classes == ["bird", "cat", "dog"]
    assert made.heads[1].classes == [3, 4, 5, 6, 7, 8]
    assert made.heads[2].classes == ["x", "y"]


@pytest.mark.parametrize(
    ("rows", "head", "said"),
    [
        ("a.png,train,cat,1\nb.png,val,dog,2\n", softmax(), "training pictures have only 'cat'"),
        ("a.png,train,,\nb.png,train,,\n", softmax(), "training pictures have nothing"),
        ("a.png,train,cat,1\n", softmax(column="fur"), "from the column 'fur'"),
        ("a.png,train,cat,old\nb.png,train,dog,2\n", expectation(), "holds 'old'"),
        ("a.png,train,cat,inf\nb.png,train,dog,2\n", expectation(), "holds 'inf'"),
        ("a.png,train,cat,0\nb.png,train,dog,90000\n", expectation(), "from 0 to 90000, too far"),
    ],
)
def test_too_few_classes_and_words_for_numbers_are_named(
    tmp_path: Path, rows: str, head: dict[str, Any], said: str
) -> None:
    with pytest.raises(ManifestError, match=said):
        with_classes(recipe(head), [manifest(tmp_path / "data", rows)])
