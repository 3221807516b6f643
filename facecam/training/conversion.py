"""From a trained network to the graph that ships: LiteRT in three formats, and Keras."""

import contextlib
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

from facecam.errors import TrainingError
from facecam.training.data import LabelledCrops, model_view
from facecam.training.network import Network
from facecam.types import ImageU8

Format = Literal["float32", "float16", "int8"]
REPRESENTATIVE_PICTURES = 300


def exported_model(network: Network) -> keras.Model:
    """Return the graph that is shipped: logits by head, and the last feature maps."""
    outputs = {**network.model.output, "features": network.backbone.output}
    return keras.Model(network.model.inputs, outputs, name="facecam_export")


def convert(network: Network, format: Format, pictures: ImageU8) -> bytes:
    """Return the LiteRT model: uint8 RGB (N, H, W, 3) in, named outputs.

    Args:
        network: What was trained.
        format: float32; float16 halves the weights; int8 quantises weights and activations with
            ranges measured on the pictures.
        pictures: (M, H, W, 3) uint8 RGB real crops; only int8 looks at them.

    Raises:
        TrainingError: The converter gives up, or int8 has no picture to measure ranges on.
    """
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(exported_model(network))
    if format == "float16":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    if format == "int8":
        if not len(pictures):
            raise TrainingError(
                "There is no picture to measure the ranges of an int8 model on: give data with a "
                "validation split, or export as float32."
            )
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([picture[None]] for picture in pictures)
    # Keras prints the endpoints of the model it hands over.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        # It asks for statistics of the uint8 input, which the graph itself casts to float.
        warnings.filterwarnings("ignore", "Statistics for quantized inputs", UserWarning)
        try:
            return bytes(converter.convert())
        except (RuntimeError, ValueError) as error:
            raise TrainingError(
                f"The model cannot be converted to {format} ({' '.join(str(error).split())[:200]}):"
                " choose another --format or backbone."
            ) from error


def save_keras(network: Network, path: Path) -> None:
    """Write the network (uint8 pictures to a dict of logits by head) as a Keras 3 file.

    It holds layers and weights only: no optimizer, no Lambda, nothing that runs when it is loaded.
    """
    network.model.save(path, include_optimizer=False)


def sample_crops(sets: Sequence[LabelledCrops], size: Any, most: int) -> ImageU8:
    """Return up to `most` crops spread evenly over the data sets, (N, H, W, 3) uint8 RGB."""
    parts = []
    for item in sets:
        count = min(len(item.manifest), -(-most // len(sets)))
        index = np.linspace(0, len(item.manifest) - 1, count).astype(int)
        parts.append(model_view(item.cache, index, size))
    return np.concatenate(parts)
