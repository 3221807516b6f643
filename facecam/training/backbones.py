"""Convolutional networks by name, with their pretrained weights and pixel scaling."""

import difflib
import inspect
import warnings
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from facecam.errors import RecipeError, TrainingError
from facecam.training.efficientnet_lite import efficientnet_lite0
from facecam.training.recipe import Backbone, Pixels
from facecam.training.small_cnn import small_cnn, small_cnn_pooled

# Means of ImageNet in BGR order, as Caffe's models subtract them
# (keras.applications.imagenet_utils).
CAFFE_MEANS_BGR = (103.939, 116.779, 123.68)
# Means and deviations of ImageNet in RGB order, as torchvision's models use them.
TORCH_MEANS = (0.485, 0.456, 0.406)
TORCH_DEVIATIONS = (0.229, 0.224, 0.225)

# Networks of our own: scaled pixels (N, H, W, 3) to a model of feature maps.
OWN: dict[str, Callable[[keras.KerasTensor], keras.Model]] = {
    "EfficientNetLite0": efficientnet_lite0,
    "SmallCNN": small_cnn,
    "SmallCNNPooled": small_cnn_pooled,
}
# What the networks of keras.applications were trained with, by the start of their name; `tf` where
# none fits. A network with `raw` scales by itself.
PIXELS: dict[str, Pixels] = {
    "EfficientNetLite": "lite",
    "SmallCNN": "unit",
    "EfficientNet": "raw",
    "MobileNetV3": "raw",
    "ConvNeXt": "raw",
    "DenseNet": "torch",
    "ResNet50V2": "tf",
    "ResNet101V2": "tf",
    "ResNet152V2": "tf",
    "ResNet": "caffe",
    "VGG": "caffe",
}


def build_backbone(spec: Backbone, size_wh: tuple[int, int] | int) -> keras.Model:
    """Return the network without its top: uint8 RGB (N, height, width, 3) to feature maps.

    Pixel scaling is part of the returned model, as its layer `pixels`. For `caffe` weights
    the channel order is turned in the first convolution's kernel, so that the graph takes RGB
    like all others.

    Args:
        spec: Which network, with which weights.
        size_wh: Width and height of its pictures in pixels, or the side of a square.

    Raises:
        RecipeError: No such network, or the pictures are too small for it.
        TrainingError: The weights do not exist or do not fit.
    """
    width, height = (size_wh, size_wh) if isinstance(size_wh, int) else size_wh
    pixels = pixels_of(spec)
    image = keras.Input((height, width, 3), dtype="uint8", name="image")
    try:
        network = _make(spec, pixels, _scaled(image, pixels))
    except ValueError as error:
        raise RecipeError(
            f"The backbone {spec.name} cannot be built for pictures of {width}x{height} "
            f"({str(error).splitlines()[0].rstrip('.')}): use a larger input_size."
        ) from error
    if spec.weights not in ("none", "imagenet"):
        _copy_weights(network, spec, pixels)
    if pixels == "caffe":
        _turn_channels(network)
    return _cut_off(network, spec)


def _cut_off(network: keras.Model, spec: Backbone) -> keras.Model:
    """Return the network up to the layer that the recipe names, or all of it."""
    if spec.until is None:
        return network
    names = [layer.name for layer in network.layers if len(layer.output.shape) == 4]
    if spec.until not in names:
        near = difflib.get_close_matches(spec.until, names, 3)
        raise RecipeError(
            f"backbone.until: {spec.name} has no layer '{spec.until}' with feature maps; "
            f"near: {', '.join(near or names[-3:])}."
        )
    return keras.Model(network.inputs, network.get_layer(spec.until).output, name=network.name)


def pixels_of(spec: Backbone) -> Pixels:
    """Return which scaling of pixels a backbone expects."""
    if spec.pixels != "auto":
        return spec.pixels
    starts = [start for start in PIXELS if spec.name.startswith(start)]
    return PIXELS[max(starts, key=len)] if starts else "tf"


def _make(spec: Backbone, pixels: Pixels, scaled: keras.KerasTensor) -> keras.Model:
    own = OWN.get(spec.name)
    if own is not None:
        if spec.weights == "imagenet":
            raise RecipeError(
                f"backbone.weights: 'imagenet' has no weights of {spec.name}: give the path of a "
                "weights file, or 'none'."
            )
        return own(scaled)
    make = getattr(keras.applications, spec.name, None)
    if make is None or not inspect.isfunction(make):
        known = [n for n in dir(keras.applications) if n[0].isupper()]
        raise RecipeError(
            f"There is no backbone '{spec.name}'; known: {', '.join(sorted([*OWN, *known]))}."
        )
    options: dict[str, object] = {"include_top": False, "input_tensor": scaled}
    if "include_preprocessing" in inspect.signature(make).parameters:
        options["include_preprocessing"] = pixels == "raw"
    if spec.weights != "imagenet":
        return make(weights=None, **options)
    try:
        with warnings.catch_warnings():
            # MobileNet wonders about sizes that it has no file of its own for.
            warnings.filterwarnings("ignore", "`input_shape` is undefined", UserWarning)
            return make(weights="imagenet", **options)
    except Exception as error:  # Keras raises a bare Exception for a failed download
        raise TrainingError(
            f"The ImageNet weights of {spec.name} cannot be loaded ({error}): connect to the "
            "internet, or give a file with --set backbone.weights=PATH."
        ) from error


def _copy_weights(network: keras.Model, spec: Backbone, pixels: Pixels) -> None:
    """Load a file into a network of the size it was made for, and copy from there."""
    if not Path(spec.weights).is_file():
        raise TrainingError(
            f"The backbone weights {spec.weights} do not exist: give their path with "
            "--set backbone.weights=PATH, or train from scratch with --set backbone.weights=none."
        )
    unweighted = spec.model_copy(update={"weights": "none"})
    donor = _make(unweighted, pixels, keras.Input((spec.weights_size, spec.weights_size, 3)))
    try:
        with warnings.catch_warnings():
            # Keras would leave layers that it finds no weights for as they are.
            warnings.filterwarnings("error", "Skipping nested container", UserWarning)
            donor.load_weights(spec.weights)
        network.set_weights(donor.get_weights())
    except (ValueError, OSError, UserWarning) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise TrainingError(f"The weights {spec.weights} do not fit {spec.name}: {reason}.") from (
            error
        )


def _scaled(image: keras.KerasTensor, pixels: Pixels) -> keras.KerasTensor:
    scale: float | list[float] = 1.0
    offset: float | list[float] = 0.0
    if pixels == "tf":
        scale, offset = 1 / 127.5, -1.0
    elif pixels == "unit":
        scale = 1 / 255.0
    elif pixels == "lite":
        scale, offset = 1 / 128.0, -127.0 / 128.0
    elif pixels == "torch":
        scale = [1 / (255.0 * s) for s in TORCH_DEVIATIONS]
        offset = [-m / s for m, s in zip(TORCH_MEANS, TORCH_DEVIATIONS, strict=True)]
    elif pixels == "caffe":
        scale, offset = [1.0, 1.0, 1.0], [-mean for mean in CAFFE_MEANS_BGR[::-1]]
    return keras.layers.Rescaling(scale, offset=offset, name="pixels")(image)


def _turn_channels(network: keras.Model) -> None:
    """Swap red and blue in the first convolution's kernel."""
    first = next(layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D))
    kernel, *bias = first.get_weights()
    first.set_weights([np.ascontiguousarray(kernel[:, :, ::-1]), *bias])


def freeze(network: keras.Model, how: str | int, *, freeze_batchnorm: bool) -> None:
    """Set which layers train.

    Args:
        network: What `build_backbone` gave.
        how: `all` freezes everything, `none` nothing; a whole number or the name of a layer trains
            from that layer on. Layer 0 is the pixel scaling, in the place of the input layer that
            the network has by itself, so that numbers are those of `keras.applications`.
        freeze_batchnorm: Batch normalisation stays as it is, with its moving averages.

    Raises:
        RecipeError: There is no such layer.
    """
    layers = network.layers
    layers = layers[next(i for i, layer in enumerate(layers) if layer.name == "pixels") :]
    first = 0
    if how not in ("all", "none"):
        names = [layer.name for layer in layers]
        first = how if isinstance(how, int) else names.index(how) if how in names else -1
        if not 0 <= first < len(layers):
            raise RecipeError(
                f"training.phases: freeze: {network.name} has no layer '{how}'; give all, none, a "
                f"number from 0 to {len(layers) - 1} or a name from {names[1]} to {names[-1]}."
            )
    for index, layer in enumerate(layers):
        frozen_norm = freeze_batchnorm and isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = how != "all" and index >= first and not frozen_norm
