"""EfficientNet-Lite0 without its top, after Google's tpu/models/official/efficientnet/lite."""

import keras
from keras import layers

# (repeat, kernel, stride, expansion, output channels) of each stage.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, TOP = 32, 1280


def efficientnet_lite0(image: keras.KerasTensor) -> keras.Model:
    """Return the network on pixels scaled to (v - 127) / 128, (N, H, W, 3), to 1280 maps.

    ReLU6 everywhere, no squeeze-and-excitation; layers `stem_*`, `block{i}_*` and `top_*`.
    """
    x = _normed(layers.Conv2D(STEM, 3, 2, "same", use_bias=False, name="stem_conv")(image), "stem")
    number = 0
    for repeat, kernel, stride, expansion, channels in STAGES:
        for i in range(repeat):
            x = _block(x, f"block{number}", kernel, stride if i == 0 else 1, expansion, channels)
            number += 1
    x = _normed(layers.Conv2D(TOP, 1, use_bias=False, name="top_conv")(x), "top")
    return keras.Model(keras.utils.get_source_inputs(image), x, name="efficientnet_lite0")


def _block(
    x: keras.KerasTensor, name: str, kernel: int, stride: int, expansion: int, channels: int
) -> keras.KerasTensor:
    """Return an inverted residual block."""
    start, width = x, x.shape[-1]
    if expansion > 1:
        wide = layers.Conv2D(width * expansion, 1, use_bias=False, name=f"{name}_expand")(x)
        x = _normed(wide, f"{name}_expand")
    deep = layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False, name=f"{name}_dw")(x)
    x = _normed(deep, f"{name}_dw")
    x = layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_project")(x)
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_project_bn")(x)
    if stride == 1 and width == channels:
        x = layers.Add(name=f"{name}_add")([start, x])
    return x


def _normed(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
