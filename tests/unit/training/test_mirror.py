"""A network that looks at mirror images as well: same weights, steadier answers, whole maps."""

from pathlib import Path

import keras
import numpy as np
import pytest

from facecam.errors import RecipeError
from facecam.training.conversion import Format, convert
from facecam.training.explain.explained import LAST
from facecam.training.explain.keras_model import KerasModel, keras_model_of_network
from facecam.training.explain.methods import activation_maps
from facecam.training.explain.randomization import weight_randomization
from facecam.training.explain.targets import CamTarget
from facecam.training.folds import check_folds
from facecam.training.network import Network, build_network
from facecam.training.recipe import Evaluation, Recipe
from facecam.types import Float32Array, ImageU8

RECIPE = Recipe.model_validate(
    {
        "name": "mirror",
        "target": "frame",
        "input_size": [48, 32],
        "backbone": {"name": "SmallCNN", "pooling": "average", "mirror": True},
        "heads": [{"name": "colour", "kind": "softmax", "classes": ["red", "blue"], "hidden": [8]}],
        "training": {"phases": [{"epochs": 1, "learning_rate": 1e-3}]},
    }
)


LINEAR = RECIPE.model_copy(
    update={"heads": [RECIPE.heads[0].model_copy(update={"hidden": []})], "trunk": []}
)


@pytest.fixture(scope="module")
def pictures() -> ImageU8:
    return np.random.default_rng(3).integers(0, 256, (3, 32, 48, 3), np.uint8)


@pytest.fixture(scope="module")
def plain() -> Network:
    return build_network(RECIPE)


@pytest.fixture(scope="module")
def mirrored(plain: Network) -> Network:
    made = build_network(RECIPE, mirrored=True)
    made.model.set_weights(plain.model.get_weights())
    return made


def test_maps_are_the_mean_of_both_views(
    plain: Network, mirrored: Network, pictures: ImageU8
) -> None:
    own = plain.backbone.predict_on_batch(pictures)
    turned = plain.backbone.predict_on_batch(pictures[:, :, ::-1])[:, :, ::-1]
    assert not np.allclose(own, turned, atol=1e-3)
    got = mirrored.backbone.predict_on_batch(pictures)
    np.testing.assert_allclose(got, (own + turned) / 2, atol=1e-5)


def test_a_mirrored_picture_gets_the_same_answer(
    plain: Network, mirrored: Network, pictures: ImageU8
) -> None:
    def gap(network: Network) -> float:
        both = [
            network.model.predict_on_batch(p)["colour"] for p in (pictures, pictures[:, :, ::-1])
        ]
        return float(np.abs(both[0] - both[1]).max())

    assert gap(plain) > 1e-4
    assert gap(mirrored) < 1e-5


def run(graph: bytes, pictures: ImageU8) -> dict[str, Float32Array]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=graph)
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], pictures.shape)
    interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner()
    return dict(runner(image=pictures))


@pytest.mark.parametrize(("kind", "tolerance"), [("float32", 1e-4), ("int8", 0.05)])
def test_the_shipped_graph_says_the_same(
    mirrored: Network, pictures: ImageU8, kind: Format, tolerance: float
) -> None:
    graph = convert(mirrored, kind, pictures)
    expected = mirrored.model.predict_on_batch(pictures)["colour"]
    for count in (1, 3):
        got = run(graph, pictures[:count])["colour"]
        assert got.shape == (count, 2)
        np.testing.assert_allclose(got, expected[:count], atol=tolerance)


def test_folds_and_mirror_images_do_not_go_together() -> None:
    changed = RECIPE.model_copy(update={"evaluation": Evaluation(folds=3)})
    with pytest.raises(RecipeError, match=r"backbone\.mirror"):
        check_folds(changed)


def test_inner_layers_are_explained_for_the_picture(mirrored: Network, pictures: ImageU8) -> None:
    model: KerasModel = keras_model_of_network(RECIPE, mirrored)
    target = CamTarget(model.facts.heads[0], 1)
    last = model.activations(pictures, LAST, target)
    inner = model.activations(pictures, "conv3", target)
    for method in ("cam", "gradcam", "hirescam", "layercam"):
        expected = activation_maps(method, last.features, last.gradients, signed=True)
        got = activation_maps(method, inner.features, inner.gradients, signed=True)
        np.testing.assert_allclose(got, expected, atol=1e-5, err_msg=method)


@pytest.mark.parametrize("layer", ["conv1", "conv2"])
def test_an_inner_map_is_the_sum_of_those_of_both_views(
    plain: Network, mirrored: Network, pictures: ImageU8, layer: str
) -> None:
    """With a head that is linear, each view alone gives half of the answer."""
    target = CamTarget(LINEAR.heads[0], 1)
    networks = build_network(LINEAR), build_network(LINEAR, mirrored=True)
    networks[1].model.set_weights(networks[0].model.get_weights())
    alone, both = (keras_model_of_network(LINEAR, network) for network in networks)
    seen = both.activations(pictures, layer, target)
    own = alone.activations(pictures, layer, target)
    turned = alone.activations(pictures[:, :, ::-1], layer, target)
    for method in ("gradcam", "hirescam", "layercam"):
        expected = sum(
            activation_maps(method, part.features, part.gradients / 2, signed=True)[:, :, ::way]
            for part, way in ((own, 1), (turned, -1))
        )
        got = activation_maps(method, seen.features, seen.gradients, signed=True)
        assert np.abs(expected).max() > 1e-6
        np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-6, err_msg=method)


def test_weights_keep_their_order_in_a_network_with_shortcuts(pictures: ImageU8) -> None:
    """They are handed over by their order, which must not depend on the layers added."""
    name = RECIPE.backbone.model_copy(update={"name": "MobileNetV2"})
    recipe = RECIPE.model_copy(update={"backbone": name})
    one, two = build_network(recipe), build_network(recipe, mirrored=True)
    rng = np.random.default_rng(0)
    one.model.set_weights([w + rng.random(w.shape) * 0.1 for w in one.model.get_weights()])
    two.model.set_weights(one.model.get_weights())
    names = [[w.path for w in network.model.weights] for network in (one, two)]
    assert names[0] == names[1]
    own = one.backbone.predict_on_batch(pictures)
    turned = one.backbone.predict_on_batch(pictures[:, :, ::-1])[:, :, ::-1]
    got = two.backbone.predict_on_batch(pictures)
    np.testing.assert_allclose(got, (own + turned) / 2, rtol=1e-3, atol=1e-4)


def test_a_saved_model_explains_like_the_one_it_was_saved_from(
    mirrored: Network, pictures: ImageU8, tmp_path: Path
) -> None:
    mirrored.model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    model = keras_model_of_network(RECIPE, mirrored)
    again = KerasModel(loaded, model.facts)
    assert again.layers == model.layers
    target = CamTarget(model.facts.heads[0], 0)
    for layer in ("conv1", LAST):
        before = model.activations(pictures, layer, target)
        after = again.activations(pictures, layer, target)
        np.testing.assert_allclose(after.features, before.features, atol=1e-6)
        np.testing.assert_allclose(after.gradients, before.gradients, atol=1e-6)


def test_shuffled_weights_are_put_back(mirrored: Network, pictures: ImageU8) -> None:
    model = keras_model_of_network(RECIPE, mirrored)
    before = model.logits(pictures)["colour"]
    found = weight_randomization(model, pictures, seeds=1)["colour"]
    assert set(found["cascade"]) == {"heads", "top half", "all"}
    assert 0.0 <= found["similarity"] < 1.0
    np.testing.assert_array_equal(model.logits(pictures)["colour"], before)
