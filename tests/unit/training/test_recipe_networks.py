"""The networks that the five recipes name: layers and parameters, counted."""

from typing import Any

import keras
import numpy as np

from facecam.training.backbones import freeze
from facecam.training.network import Network, build_network
from facecam.training.recipe import Recipe


def network(backbone: dict[str, Any], heads: list[dict[str, Any]], **more: Any) -> Network:
    """Build the network of a recipe around these parts."""
    recipe = {
        "name": "counted",
        "target": "frame",
        "backbone": backbone,
        "heads": heads,
        "training": {"phases": [{"epochs": 1, "learning_rate": 1e-3}]},
        **more,
    }
    return build_network(Recipe.model_validate(recipe))


def softmax(name: str, count: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "softmax", "classes": [f"c{i}" for i in range(count)], **more}


def stats(**more: Any) -> list[dict[str, Any]]:
    names = ("athlete", "celebrity", "ceo", "crime", "professor")
    return [{"name": name, "kind": "sigmoid", "classes": [name], **more} for name in names]


def trainable(made: Network, how: str | int = "all") -> int:
    freeze(made.backbone, how, freeze_batchnorm=False)
    return sum(int(np.prod(w.shape)) for w in made.model.trainable_weights)


def test_five_stats_on_inception_with_a_shared_hidden_layer() -> None:
    made = network({"name": "InceptionV3"}, stats(), trunk=[2048, 2048], input_size=96)
    assert made.model.count_params() == 30_205_733
    assert trainable(made) == 8_402_949
    assert made.model.get_layer("trunk0").output.shape == (None, 2048)


def test_five_stats_with_a_hidden_layer_for_each_head() -> None:
    # The backbone's 21,802,784 are counted above; here only the heads are of interest.
    heads = network(
        {"name": "SmallCNN", "pooling": "flatten"},
        stats(hidden=[2048]),
        trunk=[2048],
        input_size=[24, 24],
    )
    flat = heads.top.inputs[0].shape[1]
    own = (2048 + 1) * 2048 + 2048 + 1
    assert heads.top.count_params() == (flat + 1) * 2048 + 5 * own
    assert 21_802_784 + (2048 + 1) * 2048 + 5 * own == 46_991_141


def test_gender_smile_single_task() -> None:
    small = {"name": "SmallCNN", "pooling": "flatten"}
    made = network(small, [softmax("gender", 2)], trunk=[64], input_size=[59, 72])
    assert made.model.inputs[0].shape == (None, 72, 59, 3)
    assert made.model.count_params() == 687_298
    assert [layer.name for layer in made.model.layers[2:]] == [
        "conv1", "pool1", "conv2", "pool2", "conv3", "pooled", "dropout", "trunk0", "gender_logits",
    ]  # fmt: skip


def test_gender_smile_two_outputs() -> None:
    small = {"name": "SmallCNNPooled", "pooling": "flatten"}
    heads = [softmax("gender", 2), softmax("smile", 2)]
    made = network(small, heads, trunk=[64], input_size=[59, 72])
    assert made.model.count_params() == 200_004


def test_skin_lesions_on_resnet() -> None:
    made = network({"name": "ResNet50"}, [softmax("dx", 7)], input_size=64)
    assert made.model.count_params() == 23_602_055


def test_age_gender_on_efficientnet() -> None:
    age = {"name": "age", "kind": "expectation", "classes": list(range(101))}
    made = network({"name": "EfficientNetB3"}, [softmax("gender", 2), age], input_size=64)
    assert made.model.count_params() == 10_941_846


def test_cats_on_mobilenet_frozen_and_from_layer_100_on() -> None:
    made = network({"name": "MobileNetV2"}, [softmax("cat", 5)], input_size=96)
    assert made.model.count_params() == 2_264_389
    assert trainable(made) == 6_405
    alone = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(96, 96, 3))
    for number, layer in enumerate(alone.layers):
        layer.trainable = number >= 100
    expected = sum(int(np.prod(w.shape)) for w in alone.trainable_weights)
    assert trainable(made, 100) - 6_405 == expected
    assert trainable(made, alone.layers[100].name) - 6_405 == expected


def test_efficientnet_lite_has_its_layers() -> None:
    made = network({"name": "EfficientNetLite0"}, [softmax("cat", 5)], input_size=64)
    names = [layer.name for layer in made.backbone.layers]
    # Liu, "Higher accuracy on vision models with EfficientNet-Lite" (2020): 4.7 million with
    # the classifier of 1,281,000.
    assert made.backbone.count_params() == 3_413_024
    assert "block0_expand" not in names
    assert {"stem_conv", "stem_bn", "block0_dw", "block15_project_bn", "top_bn"} <= set(names)
    assert made.backbone.outputs[0].shape == (None, 2, 2, 1280)
    maps = np.asarray(made.backbone.predict_on_batch(np.full((1, 64, 64, 3), 200, np.uint8)))
    assert maps.min() >= 0
    assert maps.max() <= 6
