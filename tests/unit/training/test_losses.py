"""Losses and weights of classes: what they are, in numbers."""

import keras
import numpy as np
import pytest

from facecam.training.network import (
    ExpectationLoss,
    SigmoidLoss,
    SmoothedSoftmaxLoss,
    class_weights,
    head_loss,
)
from facecam.training.recipe import Head

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(0, 2, (8, 3)).astype(np.float32)
INDEX = np.array([0, 1, 2, 0, 1, 2, 2, 2], np.float32)
YES = (RNG.random((8, 3)) < 0.4).astype(np.float32)


def head(kind: str, **more: object) -> Head:
    classes = ["a", "b", "c"] if kind != "expectation" else [0, 1, 2]
    return Head.model_validate({"name": "h", "kind": kind, "classes": classes, **more})


def test_sigmoid_loss_is_the_binary_cross_entropy() -> None:
    for smoothing in (0.0, 0.1):
        plain = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=smoothing)
        ours = SigmoidLoss(smoothing)
        assert float(ours(YES, LOGITS)) == pytest.approx(float(plain(YES, LOGITS)), rel=1e-5)
    huge = np.array([[200.0], [-200.0]], np.float32)
    assert float(SigmoidLoss()(np.array([[1.0], [0.0]]), huge)) == 0.0
    assert float(SigmoidLoss()(np.array([[0.0], [1.0]]), huge)) == pytest.approx(200.0)


def test_sigmoid_loss_takes_what_is_known_of_a_row() -> None:
    partly = YES.copy()
    partly[:, 1] = -1.0
    known = SigmoidLoss()(YES[:, [0, 2]], LOGITS[:, [0, 2]])
    assert float(SigmoidLoss()(partly, LOGITS)) == pytest.approx(float(known), rel=1e-6)
    nothing = np.full_like(YES, -1.0)
    assert float(SigmoidLoss(weights=[[1.0, 2.0]] * 3)(nothing, LOGITS)) == 0.0


def test_an_expectation_without_width_is_trained_as_a_class() -> None:
    loss = ExpectationLoss([0, 1, 2], label_sd=0.0, l1=0.0)
    plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert float(loss(INDEX, LOGITS)) == pytest.approx(float(plain(INDEX, LOGITS)), rel=1e-5)
    between = float(loss(INDEX + 0.3, LOGITS))
    assert between == pytest.approx(float(plain(INDEX, LOGITS)), rel=1e-5)


def test_class_weights_weigh_pictures_of_their_class() -> None:
    weighted = SmoothedSoftmaxLoss(class_weights=[1.0, 2.0, 0.5])
    plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    expected = float(plain(INDEX, LOGITS, sample_weight=np.array([1, 2, 0.5])[INDEX.astype(int)]))
    assert float(weighted(INDEX, LOGITS)) == pytest.approx(expected, rel=1e-5)
    yes_twice = SigmoidLoss(weights=[[1.0, 2.0]] * 3)
    twice = np.where(YES == 1, 2.0, 1.0)
    softplus = np.log1p(np.exp(LOGITS))
    expected = float((twice * (softplus - YES * LOGITS)).mean())
    assert float(yes_twice(YES, LOGITS)) == pytest.approx(expected, rel=1e-5)


def test_balanced_weights_make_classes_count_alike() -> None:
    labels = np.array([0, 1, 1, 2, 2, 2, 2, 2, np.nan], np.float32)
    weights = class_weights(head("softmax", class_weights="balanced"), labels)
    np.testing.assert_allclose(weights, [8 / 3, 8 / 6, 8 / 15])
    counts = np.bincount(labels[:8].astype(int))
    np.testing.assert_allclose(counts * weights, 8 / 3)
    many = np.array([[0, 1, np.nan]] * 3 + [[1, 1, 0]], np.float32)
    weights = class_weights(head("sigmoid", class_weights="balanced"), many)
    # The second class is never absent and the third never present: their weight there is 1.
    np.testing.assert_allclose(weights, [[4 / 6, 4 / 2], [1.0, 0.5], [0.5, 1.0]])


def test_weights_by_name_leave_other_classes_at_one() -> None:
    given = {"b": 3.0}
    np.testing.assert_array_equal(
        class_weights(head("softmax", class_weights=given)), [1.0, 3.0, 1.0]
    )
    np.testing.assert_array_equal(
        class_weights(head("sigmoid", class_weights=given)), [[1, 1], [1, 3], [1, 1]]
    )
    assert class_weights(head("softmax")) is None


@pytest.mark.parametrize("kind", ["softmax", "sigmoid", "expectation"])
def test_losses_survive_their_configuration(kind: str) -> None:
    more = {} if kind == "expectation" else {"class_weights": {"a": 2.0}}
    loss = head_loss(head(kind, **more))
    again = type(loss).from_config(loss.get_config())
    labels = YES if kind == "sigmoid" else INDEX
    assert float(again(labels, LOGITS)) == pytest.approx(float(loss(labels, LOGITS)))
