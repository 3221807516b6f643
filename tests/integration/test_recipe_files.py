"""The recipes that ship: valid, of the stated size, trainable, and exported without loss."""

from pathlib import Path

import numpy as np
import pytest

from facecam.inference.litert import litert_quiet
from facecam.training.backbones import freeze
from facecam.training.conversion import convert
from facecam.training.fitting import compile_model
from facecam.training.network import Network, build_network
from facecam.training.parity import measure_parity
from facecam.training.recipe import Recipe, load_recipe

RECIPES = Path(__file__).parents[2] / "resources" / "recipes"
FILES = sorted(RECIPES.glob("*.yaml"))
# Sides at which the big networks still have feature maps; their parameters do not depend on it.
SMALL = {"InceptionV3": 96, "ResNet50": 64, "EfficientNetB3": 64}


def small_recipe(name: str) -> Recipe:
    """Read a recipe with fresh weights, and with small pictures where its network is big."""
    path, fresh = RECIPES / f"{name}.yaml", ["backbone.weights=none"]
    side = SMALL.get(load_recipe(path).backbone.name)
    return load_recipe(path, [*fresh, f"input_size={side}"] if side else fresh)


def trainable(network: Network) -> int:
    return sum(int(np.prod(w.shape)) for w in network.model.trainable_weights)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_recipe_is_valid_and_says_what_people_must_know(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe.name == path.stem
    assert recipe.card.summary
    assert recipe.card.licence
    assert recipe.card.limits
    for named in (recipe, *recipe.heads):
        assert {"en", "ko"} <= set(named.title)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("five-stats-inception", 30_205_733),
        ("five-stats-inception-heads", 46_991_141),
        ("gender-only", 687_298),
        ("smile-only", 687_298),
        ("gender-smile", 200_004),
        ("skin-lesions-resnet50", 23_602_055),
        ("age-gender-b3", 10_941_846),
        ("cats", 2_264_389),
    ],
)
def test_network_has_the_stated_number_of_parameters(name: str, parameters: int) -> None:
    network = build_network(small_recipe(name))
    assert network.model.count_params() == parameters


@pytest.mark.parametrize(
    ("name", "parameters"), [("five-stats-inception", 8_402_949), ("cats", 6_405)]
)
def test_frozen_backbone_leaves_the_stated_number_to_train(name: str, parameters: int) -> None:
    recipe = small_recipe(name)
    network = build_network(recipe)
    first = recipe.training.phases[0]
    assert first.freeze == "all"
    freeze(network.backbone, "all", freeze_batchnorm=recipe.backbone.freeze_batchnorm)
    assert trainable(network) == parameters


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("five-stats-inception", marks=pytest.mark.long),
        pytest.param("skin-lesions-resnet50", marks=pytest.mark.long),
        pytest.param("age-gender-b3", marks=pytest.mark.long),
        "gender-smile",
    ],
)
def test_a_few_steps_lower_the_loss_and_the_export_says_the_same(name: str) -> None:
    recipe = small_recipe(name)
    network = build_network(recipe)
    phase = recipe.training.phases[0]
    freeze(network.backbone, phase.freeze, freeze_batchnorm=recipe.backbone.freeze_batchnorm)
    pictures, labels = _labelled(recipe, 8)
    compile_model(network.model, recipe, phase, 100, labels)
    losses = [
        network.model.train_on_batch(pictures, labels, return_dict=True)["loss"] for _ in range(8)
    ]
    assert losses[-1] < losses[0]
    expected = {
        head: np.asarray(values)
        for head, values in network.model.predict_on_batch(pictures).items()
    }
    got = _run(convert(network, "float32", pictures), pictures, list(expected))
    parity = measure_parity(recipe, expected, got, "float32")
    assert max(head["probabilities"] for head in parity["heads"].values()) <= 1e-3


def _labelled(recipe: Recipe, count: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    rng = np.random.default_rng(1)
    width, height = recipe.input_wh
    pictures = rng.integers(0, 256, (count, height, width, 3)).astype(np.uint8)
    labels = {}
    for head in recipe.heads:
        if head.kind == "sigmoid":
            labels[head.name] = rng.integers(0, 2, (count, len(head.classes))).astype(np.float32)
        else:
            labels[head.name] = rng.integers(0, len(head.classes), count).astype(np.float32)
    return pictures, labels


def _run(graph: bytes, pictures: np.ndarray, heads: list[str]) -> dict[str, np.ndarray]:
    with litert_quiet():
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_content=graph)
        runner = interpreter.get_signature_runner()
    name = next(iter(runner.get_input_details()))
    rows = [runner(**{name: picture[None]}) for picture in pictures]
    return {head: np.concatenate([row[head] for row in rows]) for head in heads}
