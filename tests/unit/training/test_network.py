"""The network of a recipe: one graph, shared heads, losses that mean what they say."""

import numpy as np
import pytest

from facecam.errors import RecipeError, TrainingError
from facecam.training.backbones import build_backbone, freeze
from facecam.training.network import ExpectationLoss, SmoothedSoftmaxLoss, build_network
from facecam.training.recipe import Backbone, Recipe

RECIPE = {
    "name": "tiny",
    "target": "frame",
    "input_size": 32,
    "backbone": {"name": "MobileNet"},
    "heads": [
        {"name": "age", "kind": "expectation", "classes": list(range(11)), "hidden": [8]},
        {"name": "smile", "kind": "sigmoid", "classes": ["smile"]},
    ],
    "training": {"phases": [{"epochs": 1, "learning_rate": 1e-3}]},
}


def test_top_and_whole_model_share_their_weights() -> None:
    network = build_network(Recipe.model_validate(RECIPE))
    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    pooled = np.asarray(network.backbone.predict_on_batch(pictures)).mean(axis=(1, 2))
    whole = network.model.predict_on_batch(pictures)
    halves = network.top.predict_on_batch(pooled)
    assert set(whole) == {"age", "smile"}
    for name in whole:
        np.testing.assert_allclose(whole[name], halves[name], atol=1e-5)


def test_expectation_loss_is_least_at_its_label() -> None:
    loss = ExpectationLoss(list(range(11)), label_sd=1.0, l1=0.5)
    logits = np.stack([-((np.arange(11) - m) ** 2) / 2.0 for m in (4, 6)]).astype(np.float32)
    at_label, beside = (float(loss(np.array([4.0]), logits[i : i + 1])) for i in (0, 1))
    # Entropy of the discretised unit normal, 1.4189 nats (0.5 ln(2 pi e)).
    assert at_label == pytest.approx(1.4189, abs=2e-3)
    assert beside > at_label + 1.0 + 0.5 * 1.9


def test_softmax_loss_is_the_cross_entropy() -> None:
    loss = SmoothedSoftmaxLoss()
    assert float(loss(np.array([1.0]), np.log([[0.25, 0.75]]))) == pytest.approx(-np.log(0.75))


def test_freezing_keeps_normalisation_still() -> None:
    network = build_backbone(Backbone(name="MobileNet"), 32)
    freeze(network, "none", freeze_batchnorm=True)
    normal = [layer for layer in network.layers if "bn" in layer.name]
    assert normal
    assert not any(layer.trainable for layer in normal)
    assert len(network.trainable_weights) > 20
    freeze(network, "all", freeze_batchnorm=True)
    assert network.trainable_weights == []


def test_unknown_backbones_and_missing_weights_are_named() -> None:
    with pytest.raises(RecipeError, match="no backbone 'Nonsense'"):
        build_backbone(Backbone(name="Nonsense"), 32)
    with pytest.raises(TrainingError, match=r"missing\.h5 do not exist"):
        build_backbone(Backbone(name="MobileNet", weights="missing.h5"), 32)
