"""Two small convolutional networks that train from scratch in minutes."""

import keras
from keras import layers


def small_cnn(image: keras.KerasTensor) -> keras.Model:
    """Return conv 32, pool, conv 64, pool, conv 64 on scaled pixels (N, H, W, 3)."""
    return keras.Model(keras.utils.get_source_inputs(image), _maps(image), name="small_cnn")


def small_cnn_pooled(image: keras.KerasTensor) -> keras.Model:
    """Return the same with a third pool behind the last convolution."""
    maps = layers.MaxPooling2D(name="pool3")(_maps(image))
    return keras.Model(keras.utils.get_source_inputs(image), maps, name="small_cnn_pooled")


def _maps(x: keras.KerasTensor) -> keras.KerasTensor:
    x = layers.Conv2D(32, 3, activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(name="pool1")(x)
    x = layers.Conv2D(64, 3, activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(name="pool2")(x)
    return layers.Conv2D(64, 3, activation="relu", name="conv3")(x)
