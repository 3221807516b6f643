"""Look at a picture and at its mirror image, and average the feature maps.

A mirrored face is the same face, yet a network answers a little differently: the mean of the two
is closer to the truth (averaging over flips, as in Krizhevsky et al., "ImageNet Classification
with Deep Convolutional Neural Networks", NIPS 2012). Averaged are the maps and not the answers, so
that heads run once and class activation maps stay exact.
"""

from typing import Any

import keras
from keras import ops

WIDTH_AXIS = 2


@keras.saving.register_keras_serializable("facecam")
class MirrorPair(keras.layers.Layer):
    """(N, H, W, 3) pictures to (2 N, H, W, 3): all of them, then all their mirror images."""

    def call(self, pictures: Any) -> Any:
        """Return pictures and mirror images of the same type."""
        return ops.concatenate([pictures, ops.flip(pictures, axis=WIDTH_AXIS)], axis=0)

    def compute_output_shape(self, shape: Any) -> Any:
        """Return the shape with any number of pictures."""
        return (None, *shape[1:])


@keras.saving.register_keras_serializable("facecam")
class MirrorMean(keras.layers.Layer):
    """(2 N, h, w, C) maps of a `MirrorPair` to (N, h, w, C): the mean, the mirrored turned back."""

    def call(self, maps: Any) -> Any:
        """Return the mean of each pair."""
        both = ops.reshape(maps, (2, -1, *maps.shape[1:]))
        return (both[0] + ops.flip(both[1], axis=WIDTH_AXIS)) * 0.5

    def compute_output_shape(self, shape: Any) -> Any:
        """Return the shape with any number of pictures."""
        return (None, *shape[1:])
