"""The figures watched while training: which rows count, and what is refused."""

import numpy as np
import pytest

from facecam.errors import TrainingError
from facecam.training.quick_metrics import quick_metrics
from facecam.training.recipe import Recipe

NAN = np.nan


def recipe_of(**head: object) -> Recipe:
    """Return a recipe of one head named `face`."""
    return Recipe.model_validate(
        {
            "name": "one",
            "backbone": {"name": "SmallCNN"},
            "heads": [{"name": "face", **head}],
            "training": {"phases": [{"epochs": 1, "learning_rate": 0.1}]},
        }
    )


def test_a_row_counts_for_the_classes_that_it_knows() -> None:
    recipe = recipe_of(kind="sigmoid", classes=["hat", "beard"])
    labels = np.array([[1, NAN], [0, NAN], [NAN, 1], [NAN, 0], [NAN, NAN]], np.float32)
    logits = np.array([[2, 0], [1, 0], [0, 1], [0, 2], [9, 9]], np.float32)
    # The hats are told apart, the beards the wrong way round.
    assert quick_metrics(recipe, {"face": logits}, {"face": labels}) == {"face.auc": 0.5}
    assert quick_metrics(recipe, {"face": logits[:2]}, {"face": labels[:2]}) == {"face.auc": 1.0}
    assert quick_metrics(recipe, {"face": logits[:1]}, {"face": labels[:1]}) == {}


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "head",
    [
        {"kind": "sigmoid", "classes": ["hat"]},
        {"kind": "softmax", "classes": ["a", "b"]},
        {"kind": "expectation", "classes": [0, 1]},
    ],
)
def test_numbers_that_are_not_finite_end_with_one_sentence(
    head: dict[str, object], number: float
) -> None:
    recipe = recipe_of(**head)
    labels = np.array([0, 1], np.float32)
    logits = np.array([[1, 1], [number, 0]], np.float32)
    if head["kind"] == "sigmoid":
        labels, logits = labels[:, None], logits[:, :1]
    with pytest.raises(TrainingError, match="'face' gives numbers that are not finite: lower the"):
        quick_metrics(recipe, {"face": logits}, {"face": labels})
