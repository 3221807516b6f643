from typing import Any

import numpy as np
import pytest

from facecam.errors import TrainingError
from facecam.training.parity import measure_parity, metric_changes
from facecam.training.recipe import Head, Recipe
from tests.unit.training.made_heads import ages, classes, yes_no

HEADS = [
    {"name": "age", "kind": "expectation", "classes": list(range(101))},
    {"name": "pet", "kind": "softmax", "classes": ["cat", "dog", "fish"]},
    {"name": "smile", "kind": "sigmoid", "classes": ["smile"]},
]
RECIPE = Recipe.model_validate(
    {
        "name": "made",
        "backbone": {"name": "SmallCNN"},
        "heads": HEADS,
        "training": {"phases": [{"epochs": 1, "learning_rate": 0.1}]},
    }
)


def made(n: int = 400) -> tuple[dict[str, Any], dict[str, Any]]:
    parts = {"age": ages(n), "pet": classes(n), "smile": yes_no(n)}
    labels = {name: y if name != "smile" else y[:, None] for name, (_, y) in parts.items()}
    return {name: z.astype(np.float32) for name, (z, _) in parts.items()}, labels


def test_differences_are_the_largest_of_each_head() -> None:
    logits, _ = made()
    other = {name: z.copy() for name, z in logits.items()}
    other["pet"][7] += np.array([0.0, 0.002, 0.0], np.float32)
    found = measure_parity(RECIPE, logits, other, "float32")
    assert found["pictures"] == 400
    assert found["heads"]["pet"]["logits"] == pytest.approx(0.002, rel=0.01)
    assert 0 < found["heads"]["pet"]["probabilities"] < 1e-3
    assert found["heads"]["age"] == {"logits": 0.0, "probabilities": 0.0}


@pytest.mark.parametrize("format", ["float32", "float16"])
def test_a_float_model_that_differs_is_refused_with_head_and_size(format: Any) -> None:
    logits, _ = made()
    other = {**logits, "smile": logits["smile"] + 0.1}
    with pytest.raises(TrainingError, match=r"'smile' differs from Keras by 0\.02.*0\.001"):
        measure_parity(RECIPE, logits, other, format)
    assert measure_parity(RECIPE, logits, other, "int8")["heads"]["smile"]["probabilities"] > 0.02


@pytest.mark.parametrize("format", ["float32", "int8"])
def test_numbers_that_are_not_finite_are_refused(format: Any) -> None:
    logits, _ = made()
    other = {**logits, "age": np.full_like(logits["age"], np.nan)}
    with pytest.raises(TrainingError, match="'age' gives numbers that are not finite"):
        measure_parity(RECIPE, logits, other, format)


def test_every_figure_is_compared() -> None:
    logits, labels = made()
    rng = np.random.default_rng(0)
    noisy = {k: z + rng.normal(0, 0.02, z.shape).astype(np.float32) for k, z in logits.items()}
    who = np.array([f"{i}" for i in range(400)])
    found = metric_changes(RECIPE.heads, logits, noisy, labels, who)
    assert set(found["age"]) == {"mae", "cs5", "interval_coverage"}
    assert set(found["pet"]) == {"accuracy", "balanced_accuracy", "auc", "ece"}
    assert {"auc", "average_precision", "accuracy", "ece"} <= set(found["smile"])
    before, after = found["smile"]["auc"]
    assert before != after
    assert after == pytest.approx(before, abs=0.01)


@pytest.mark.parametrize(
    ("head", "figure"), [("age", "mae"), ("pet", "accuracy"), ("smile", "auc")]
)
def test_a_model_that_has_clearly_lost_is_refused(head: str, figure: str) -> None:
    logits, labels = made()
    broken = {**logits, head: logits[head][::-1].copy()}
    who = np.array([f"{i}" for i in range(400)])
    with pytest.raises(TrainingError, match=f"As int8 the {figure} of '{head}' goes from"):
        metric_changes(RECIPE.heads, logits, broken, labels, who)


def test_a_loss_within_chance_is_not_refused() -> None:
    logits, labels = made(16)
    other = {**logits, "pet": logits["pet"].copy()}
    right = np.flatnonzero(logits["pet"].argmax(axis=1) == labels["pet"])[0]
    other["pet"][right] = 0.0
    other["pet"][right, (int(labels["pet"][right]) + 1) % 3] = 1.0  # one of 16: 0.06 of accuracy
    who = np.array([f"{i}" for i in range(16)])
    before, after = metric_changes(RECIPE.heads, logits, other, labels, who)["pet"]["accuracy"]
    assert after == pytest.approx(before - 1 / 16)


def test_heads_without_labels_are_left_out() -> None:
    logits, labels = made(40)
    labels["age"] = np.full(40, np.nan)
    who = np.array([f"{i}" for i in range(40)])
    assert set(metric_changes(RECIPE.heads, logits, logits, labels, who)) == {"pet", "smile"}


def test_threshold_goals_are_read_from_recipes() -> None:
    head = Head.model_validate({**HEADS[2], "threshold": {"specificity": 0.95}})
    assert head.threshold_rule == ("specificity", 0.95)
    assert Head.model_validate(HEADS[2]).threshold_rule == ("youden", 0.0)
    for wrong in ("best", {"sensitivity": 0.9, "specificity": 0.9}, {}, 0.4):
        with pytest.raises(ValueError, match="takes youden, "):
            Head.model_validate({**HEADS[2], "threshold": wrong})
    with pytest.raises(ValueError, match="only a sigmoid head"):
        Head.model_validate({**HEADS[1], "threshold": {"sensitivity": 0.9}})
