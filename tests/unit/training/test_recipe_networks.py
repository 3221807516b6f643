"""The layers of the networks that recipes name.

`tests/integration/test_recipe_files.py` counts the parameters of the recipes that ship.
"""

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


def trainable(made: Network, how: str | int) -> int:
    freeze(made.backbone, how, freeze_batchnorm=False)
    return sum(int(np.prod(w.shape)) for w in made.model.trainable_weights)


def test_small_cnn_has_its_layers() -> None:
    small = {"name": "SmallCNN", "pooling": "flatten"}
    made = network(small, [softmax("gender", 2)], trunk=[64], input_size=[59, 72])
    assert made.model.inputs[0].shape == (None, 72, 59, 3)
    assert [layer.name for layer in made.model.layers[2:]] == [
        "conv1", "pool1", "conv2", "pool2", "conv3", "pooled", "dropout", "trunk0", "gender_logits",
    ]  # fmt: skip


def test_mobilenet_learns_from_layer_100_on() -> None:
    made = network({"name": "MobileNetV2"}, [softmax("cat", 5)], input_size=96)
    head = trainable(made, "all")
    alone = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(96, 96, 3))
    for number, layer in enumerate(alone.layers):
        layer.trainable = number >= 100
    expected = sum(int(np.prod(w.shape)) for w in alone.trainable_weights)
    assert trainable(made, 100) - head == expected
    assert trainable(made, alone.layers[100].name) - head == expected


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
