"""Backbones: pixels, weights, layers that train, and what is said when something does not fit."""

from pathlib import Path

import keras
import numpy as np
import pytest

from facecam.errors import RecipeError, TrainingError
from facecam.training.backbones import build_backbone, freeze, pixels_of
from facecam.training.recipe import Backbone


def scaled(pixels: str, rgb: tuple[int, int, int]) -> np.ndarray:
    """Return what a backbone's first layer makes of one pixel."""
    network = build_backbone(Backbone(name="SmallCNN", pixels=pixels), 24)
    layer = network.get_layer("pixels")
    return np.asarray(layer(np.array(rgb, np.uint8).reshape(1, 1, 1, 3))).reshape(3)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        ("tf", (0 / 127.5 - 1, 127 / 127.5 - 1, 1.0)),
        ("unit", (0.0, 127 / 255, 1.0)),
        ("lite", (-127 / 128, 0.0, 1.0)),
        ("raw", (0.0, 127.0, 255.0)),
        ("torch", (-0.485 / 0.229, (127 / 255 - 0.456) / 0.224, (1 - 0.406) / 0.225)),
        ("caffe", (0 - 123.68, 127 - 116.779, 255 - 103.939)),
    ],
)
def test_pixels_are_scaled_as_the_weights_expect(
    pixels: str, expected: tuple[float, float, float]
) -> None:
    np.testing.assert_allclose(scaled(pixels, (0, 127, 255)), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("MobileNet", "tf"),
        ("MobileNetV2", "tf"),
        ("MobileNetV3Small", "raw"),
        ("InceptionV3", "tf"),
        ("ResNet50", "caffe"),
        ("ResNet50V2", "tf"),
        ("EfficientNetB3", "raw"),
        ("EfficientNetLite0", "lite"),
        ("DenseNet121", "torch"),
        ("SmallCNNPooled", "unit"),
    ],
)
def test_pixels_are_known_by_name(name: str, expected: str) -> None:
    assert pixels_of(Backbone(name=name)) == expected
    assert pixels_of(Backbone(name=name, pixels="unit")) == "unit"


def test_weights_of_another_size_are_copied(tmp_path: Path) -> None:
    donor = build_backbone(Backbone(name="EfficientNetLite0"), 64)
    plain = keras.Model(donor.get_layer("pixels").output, donor.output)
    path = tmp_path / "lite.weights.h5"
    plain.save_weights(path)
    network = build_backbone(
        Backbone(name="EfficientNetLite0", weights=str(path), weights_size=64), (48, 80)
    )
    assert network.inputs[0].shape == (None, 80, 48, 3)
    for ours, theirs in zip(network.get_weights(), donor.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(TrainingError, match=r"lite\.weights\.h5 do not fit SmallCNN"):
        build_backbone(Backbone(name="SmallCNN", weights=str(path)), 24)


def test_weights_by_name_are_for_networks_of_keras() -> None:
    with pytest.raises(RecipeError, match=r"backbone\.weights: 'imagenet'"):
        build_backbone(Backbone(name="EfficientNetLite0", weights="imagenet"), 64)


def test_a_failed_download_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise Exception("URL fetch failure")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", refuse)
    monkeypatch.setattr("keras.src.applications.mobilenet.file_utils.get_file", refuse)
    with pytest.raises(TrainingError, match=r"MobileNet cannot be loaded \(URL fetch failure"):
        build_backbone(Backbone(name="MobileNet", weights="imagenet"), 128)


def test_pictures_too_small_for_a_network_are_named() -> None:
    with pytest.raises(RecipeError, match="SmallCNN cannot be built for pictures of 16x16"):
        build_backbone(Backbone(name="SmallCNN"), 16)


def test_layers_train_from_a_number_or_a_name_on() -> None:
    network = build_backbone(Backbone(name="SmallCNN"), 24)
    freeze(network, "conv2", freeze_batchnorm=True)
    by_name = [layer.name for layer in network.layers if layer.trainable_weights]
    freeze(network, 3, freeze_batchnorm=True)  # pixels, conv1, pool1, conv2
    by_number = [layer.name for layer in network.layers if layer.trainable_weights]
    assert by_name == by_number == ["conv2", "conv3"]
    for nowhere in ("conv9", 6, -1):
        with pytest.raises(RecipeError, match=f"no layer '{nowhere}'"):
            freeze(network, nowhere, freeze_batchnorm=True)


def test_network_ends_at_the_layer_the_recipe_names() -> None:
    spec = Backbone(name="EfficientNetLite0", until="block11_expand_relu")
    network = build_backbone(spec, (192, 144))
    assert network.output.shape == (None, 9, 12, 672)
    assert "top_conv" not in {layer.name for layer in network.layers}


def test_a_layer_that_is_not_there_is_named_with_its_neighbours() -> None:
    with pytest.raises(RecipeError, match=r"until.*block11_expand_rel'.*block11_expand_relu"):
        build_backbone(Backbone(name="EfficientNetLite0", until="block11_expand_rel"), 64)
