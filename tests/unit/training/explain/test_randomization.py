"""Whether maps depend on the weights."""

import keras
import numpy as np

from facecam.training.explain.explained import ModelFacts
from facecam.training.explain.keras_model import KerasModel
from facecam.training.explain.randomization import map_similarity, weight_randomization
from tests.unit.training.explain.small_models import AGE, HAT, KIND, pictures, small_model


def test_maps_of_a_network_change_with_its_weights_which_are_put_back() -> None:
    model = small_model(HAT, KIND, AGE)
    kept = model.model.get_weights()
    found = weight_randomization(model, pictures(6), seeds=2)
    assert set(found) == {"hat", "kind", "age"}
    for part in found.values():
        assert set(part["cascade"]) == {"heads", "top half", "all"}
        assert 0 <= part["similarity"] <= 1
        assert part["pictures"] == 6
    assert np.mean([part["similarity"] for part in found.values()]) < 0.5
    for before, after in zip(kept, model.model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_model_whose_maps_are_the_picture_does_not_pass() -> None:
    """It has nothing to learn: its one weight is always the same, so its maps are brightness."""
    image = keras.Input((24, 24, 3), dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 255.0, name="pixels")(image)
    x = keras.layers.Conv2D(1, 1, kernel_initializer="ones", name="third")(x)
    pooled = keras.layers.GlobalAveragePooling2D()(x)
    hat = keras.layers.Dense(1, kernel_initializer="ones", name="hat_logits")(pooled)
    facts = ModelFacts("fixed", (HAT,), (24, 24), None)
    model = KerasModel(keras.Model(image, {"hat": hat}), facts)
    found = weight_randomization(model, pictures(6), seeds=1)
    assert found["hat"]["similarity"] == 1.0
    assert found["hat"]["passed"] is False


def test_similarity_is_that_of_ranks() -> None:
    rising = np.arange(25, dtype=np.float32).reshape(1, 5, 5)
    assert map_similarity(rising, np.exp(rising / 5)) == 1.0
    assert map_similarity(rising, -rising) == 1.0
    assert map_similarity(rising, np.zeros_like(rising)) == 0.0
    noise = np.random.default_rng(0).normal(size=(200, 5, 5)).astype(np.float32)
    assert map_similarity(noise[:100], noise[100:]) < 0.25
