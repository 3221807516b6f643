import numpy as np

from facecam.training.metrics import evaluate_head
from facecam.training.package_metrics import (
    package_metrics,
    plain_numbers,
    set_metrics,
)
from facecam.training.verdicts import is_better, no_better_than_chance, verdicts
from tests.unit.training.made_heads import AGE, GENDER, SMILE, STATS, ages, classes, yes_no


def test_an_accuracy_that_equals_always_answering_no_is_said_to_be_that() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(400) < 0.195).astype(float)
    never = np.column_stack([np.full(400, 4.0), rng.normal(size=400)])  # always "female"
    same = evaluate_head(GENDER, never, labels, n_boot=200)
    assert any("no better than always answering female (0.8" in w for w in same["verdicts"])
    found = evaluate_head(SMILE, rng.normal(size=(400, 1)), labels, n_boot=200)
    words = " ".join(found["verdicts"])
    # Youden's threshold says yes far too often when one in five is one.
    assert "worse than always answering no (0.8" in words
    assert "AUC" in words
    assert "no better than chance (0.500)" in words
    assert found["no_better_than_chance"] is True


def test_good_heads_carry_no_verdict() -> None:
    for head, (logits, labels) in (
        (SMILE, yes_no(800)),
        (GENDER, classes(800, 2)),
        (AGE, ages(300)),
    ):
        found = evaluate_head(head, logits, labels, n_boot=100)
        assert "verdicts" not in found
        assert "no_better_than_chance" not in found


def test_an_error_is_better_when_it_is_less_than_the_medians() -> None:
    figures = {"mae": 9.0, "ci": {"mae": [8.5, 10.5]}, "baselines": {"mae": 10.0, "constant": 29.0}}
    assert is_better("mae", figures) is False
    assert verdicts(figures) == [
        "Mean absolute error 9.00 (8.50 to 10.50): no better than always answering 29 (10.00)."
    ]
    figures["ci"]["mae"] = [8.5, 9.5]
    assert is_better("mae", figures) is True


def test_the_constant_answer_of_a_choice_is_named() -> None:
    labels = np.repeat([0.0, 1.0, 1.0], 30)
    logits = np.column_stack([np.zeros(90), np.ones(90)])
    found = evaluate_head(GENDER, logits, labels, n_boot=50)
    assert any("always answering male" in words for words in found["verdicts"])


def test_an_unknown_figure_is_neither_better_nor_worse() -> None:
    found = evaluate_head(SMILE, np.zeros((5, 1)), np.zeros(5), n_boot=20)
    assert is_better("auc", found) is None
    assert not no_better_than_chance(found)


def test_a_package_keeps_the_figures_of_the_set_it_was_trained_on() -> None:
    rng = np.random.default_rng(1)
    logits, labels = yes_no(300)
    good = evaluate_head(SMILE, logits, labels, n_boot=50)
    noise = evaluate_head(SMILE, rng.normal(size=(900, 1)), np.tile(labels, 3), n_boot=50)
    many = np.hstack([logits, rng.normal(size=(300, 1))])
    stats = evaluate_head(STATS, many, np.column_stack([labels, labels]), n_boot=50)
    sets = {
        "other": {"images": 900, "heads": {"smile": noise}},
        "own": {"images": 300, "heads": {"smile": good, "stats": stats}, "protocol": "folds"},
    }
    spec = {"metrics": package_metrics(sets, {"own"})}
    heads = spec["metrics"]["heads"]
    entry = heads["smile"]
    assert (entry["data"], entry["protocol"], entry["n"]) == ("own", "folds", 300)
    assert entry["auc"] == good["auc"]
    assert entry["ci"]["auc"] == good["ci"]["auc"]
    assert "no_better_than_chance" not in entry
    parts = heads["stats"]["classes"]
    assert parts["professor"]["no_better_than_chance"] is True
    assert "no_better_than_chance" not in parts["athlete"]
    assert set(set_metrics(spec)) == {"other", "own"}
    before = {"metrics": sets}
    assert set(set_metrics(before)) == {"other", "own"}


def test_numbers_that_json_cannot_hold_become_null() -> None:
    made = plain_numbers(
        {"a": (float("nan"), np.float32(0.5)), "b": {"c": np.array([1, 2])}, 3: "x"}
    )
    assert made == {"a": [None, 0.5], "b": {"c": [1, 2]}, "3": "x"}
