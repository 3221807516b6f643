"""A network that looks at mirror images as well: same weights, steadier answers, whole maps."""

import numpy as np
import pytest

from facecam.training.conversion import Format, convert
from facecam.training.explain.explained import LAST
from facecam.training.explain.keras_model import KerasModel, keras_model_of_network
from facecam.training.explain.targets import CamTarget
from facecam.training.network import Network, build_network
from facecam.training.recipe import Recipe
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


def test_inner_layers_are_explained_for_the_picture(mirrored: Network, pictures: ImageU8) -> None:
    model: KerasModel = keras_model_of_network(RECIPE, mirrored)
    target = CamTarget(model.facts.heads[0], 1)
    last = model.activations(pictures, LAST, target)
    inner = model.activations(pictures, "conv3", target)
    assert inner.features.shape == last.features.shape
    np.testing.assert_allclose(inner.features, last.features, atol=1e-5)
    np.testing.assert_allclose(inner.gradients, last.gradients, atol=1e-6)
    earlier = model.activations(pictures, "conv1", target)
    assert len(earlier.features) == len(earlier.gradients) == len(pictures)
