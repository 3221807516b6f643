"""Maps compared with those of tf-keras-vis, which was written by others."""

import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from scipy.ndimage import zoom

from facecam.training.explain.keras_model import KerasModel
from facecam.training.explain.methods import GradientMethod, activation_maps
from facecam.training.explain.pictures import scorer
from facecam.training.explain.score_cam import resize_linear, score_map
from facecam.training.explain.targets import CamTarget
from facecam.training.recipe import Head
from tests.unit.training.explain.small_models import AGE, COLOUR, HAT, KIND, pictures, small_model

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it imports from an old place in SciPy
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.scorecam import Scorecam
    from tf_keras_vis.utils.scores import CategoricalScore, InactiveScore

ONE_HEAD = ((KIND,), KIND, 2)
SEVERAL_HEADS = ((HAT, COLOUR, KIND), COLOUR, 1)
ORACLES: dict[GradientMethod, Any] = {"gradcam": Gradcam, "layercam": Layercam}


def oracle_scores(heads: tuple[Head, ...], head: Head, index: int) -> list[Any]:
    return [CategoricalScore([index]) if one is head else InactiveScore() for one in heads]


def as_list(model: KerasModel, heads: tuple[Head, ...]) -> keras.Model:
    """Return the same layers with a list of outputs, as tf-keras-vis wants them."""
    return keras.Model(model.model.inputs[0], [model.model.output[head.name] for head in heads])


def run_oracle(oracle: Callable[..., Any], *args: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it does to Keras is not ours to warn of
        return np.asarray(oracle(*args, **options))


@pytest.mark.parametrize("layer", ["first", "second", "third"])
@pytest.mark.parametrize("method", ["gradcam", "layercam"])
@pytest.mark.parametrize("case", [ONE_HEAD, SEVERAL_HEADS], ids=["one head", "several heads"])
def test_gradient_maps_agree(
    case: tuple[tuple[Head, ...], Head, int], method: GradientMethod, layer: str
) -> None:
    heads, head, index = case
    model = small_model(*heads, dtype="float32")
    seen = pictures(1).astype(np.float32)
    scores = oracle_scores(heads, head, index)
    expected = run_oracle(
        ORACLES[method](as_list(model, heads), clone=False),
        scores,
        seen,
        penultimate_layer=layer,
        expand_cam=False,
        normalize_cam=False,
    )
    found = model.activations(seen, layer, CamTarget(head, index))
    ours = activation_maps(method, found.features, found.gradients)
    assert expected.max() > 1e-4
    np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_grad_cam_plus_plus_agrees_but_for_its_scale() -> None:
    model = small_model(KIND, dtype="float32")
    seen = pictures(1).astype(np.float32)
    expected = run_oracle(
        GradcamPlusPlus(as_list(model, (KIND,)), clone=False),
        oracle_scores((KIND,), KIND, 2),
        seen,
        penultimate_layer="second",
        expand_cam=False,
        normalize_cam=True,
    )
    found = model.activations(seen, "second", CamTarget(KIND, 2))
    ours = activation_maps("gradcam++", found.features, found.gradients)
    ours = (ours - ours.min()) / np.ptp(ours)
    np.testing.assert_allclose(ours, expected, atol=1e-4)


@pytest.mark.parametrize("layer", ["first", "third"])
@pytest.mark.parametrize("case", [ONE_HEAD, SEVERAL_HEADS], ids=["one head", "several heads"])
def test_score_cam_agrees(case: tuple[tuple[Head, ...], Head, int], layer: str) -> None:
    heads, head, index = case
    model = small_model(*heads, dtype="float32")
    seen = pictures(1).astype(np.float32)
    expected = run_oracle(
        Scorecam(as_list(model, heads), clone=False),
        oracle_scores(heads, head, index),
        seen,
        penultimate_layer=layer,
        expand_cam=False,
        normalize_cam=False,
    )

    def resized_as_there(maps: Any, size_wh: tuple[int, int]) -> Any:
        return zoom(maps, (1, size_wh[1] / maps.shape[1], size_wh[0] / maps.shape[2]), order=1)

    ours = score_map(
        model.features(seen, layer)[0],
        seen[0],
        scorer(model, CamTarget(head, index, on_probability=True)),
        increase=False,
        resize=resized_as_there,
    )
    assert expected.max() > 1e-2
    np.testing.assert_allclose(ours, expected[0], atol=1e-5)


def test_grad_cam_times_places_is_the_classic_map_of_a_linear_head() -> None:
    model = small_model(HAT, KIND)
    seen = pictures(3)
    features = model.features(seen, "third")
    for head, index in ((KIND, 1), (HAT, 0)):
        weights = model.model.get_layer(f"{head.name}_logits").get_weights()[0][:, index]
        classic = features @ weights
        found = model.activations(seen, "third", CamTarget(head, index))
        places = features.shape[1] * features.shape[2]
        grad_cam = activation_maps("gradcam", found.features, found.gradients)
        cam = activation_maps("cam", found.features, found.gradients, signed=True)
        np.testing.assert_allclose(grad_cam * places, np.maximum(classic, 0.0), atol=1e-5)
        np.testing.assert_allclose(cam, classic, atol=1e-5)


def test_an_expected_value_is_differentiated_as_tensorflow_does() -> None:
    import tensorflow as tf

    model = small_model(AGE, HAT)
    seen = pictures(2)
    target = CamTarget(AGE, None, temperature=1.7)
    found = model.activations(seen, "second", target)
    probe = keras.Model(model.model.inputs[0], model.model.get_layer("second").output)
    rest = keras.Model(model.model.get_layer("second").output, model.model.output["age"])
    features = tf.constant(probe(seen))
    with tf.GradientTape() as tape:
        tape.watch(features)
        p = tf.nn.softmax(rest(features) / 1.7)
        value = tf.reduce_sum(p * tf.constant(AGE.classes, tf.float32), axis=-1)
    np.testing.assert_allclose(found.features, features, atol=1e-6)
    np.testing.assert_allclose(found.gradients, tape.gradient(value, features), atol=1e-5)
    np.testing.assert_allclose(target.value(model.logits(seen)["age"]), value, atol=1e-4)


def test_masks_are_resized_with_pixel_areas_aligned() -> None:
    resized = resize_linear(np.array([[[0.0, 1.0]]], np.float32), (8, 4))
    assert resized.shape == (1, 4, 8)
    np.testing.assert_allclose(resized[0, 0], [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1])
