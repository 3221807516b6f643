"""Score-CAM: weigh each feature map by what the model says of the picture seen through it.

Wang et al., "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks"
(CVPR Workshops 2020). Each channel, resized to the picture and scaled to 0..1, masks the picture;
the channel's weight is by how much the explained number of the masked picture exceeds that of a
black one (the paper's "increase of confidence"). No gradient is needed, but a run of the model for
every channel.

Black says something too: a model that takes darkness for the class gives most channels a negative
weight. With a ground, masks show the picture on that instead, and count by how much they exceed it.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.inference.faithfulness import blurred
from facecam.training.explain.methods import Method
from facecam.types import Float32Array, ImageU8

BATCH = 16
EPSILON = 1e-7
Progress = Callable[[int, int], None]
Resize = Callable[[Float32Array, tuple[int, int]], Float32Array]


def resize_linear(maps: Float32Array, size_wh: tuple[int, int]) -> Float32Array:
    """Return maps (C, h, w) resized to (C, H, W), bilinear, pixel areas aligned."""
    resized = [cv2.resize(one, size_wh, interpolation=cv2.INTER_LINEAR) for one in maps]
    return np.stack(resized).astype(np.float32)


def score_map(
    features: Float32Array,
    crop_rgb: ImageU8,
    score: Callable[[NDArray], NDArray[np.floating]],
    *,
    signed: bool = False,
    increase: bool = True,
    ground: NDArray | None = None,
    max_channels: int | None = None,
    batch: int = BATCH,
    resize: Resize = resize_linear,
    progress: Progress | None = None,
) -> Float32Array:
    """Return one (h, w) float32 map.

    Args:
        features: (h, w, C) feature maps of the picture.
        crop_rgb: (H, W, 3); masked pictures keep its type, integers are rounded.
        score: Pictures (N, H, W, 3) to the explained number of each, (N,).
        signed: Leave out the last relu.
        increase: Take what exceeds the ground as weight; else the number itself.
        ground: (H, W, 3), what is seen where a mask hides the picture; None for black, as in the
            paper.
        max_channels: Use only so many channels, those that vary most over the map (Faster
            Score-CAM); None uses all.
        batch: Masked pictures a run.
        resize: How maps become masks.
        progress: Called with (channels done, channels in all).
    """
    maps = np.ascontiguousarray(np.moveaxis(features, -1, 0), np.float32)
    used = np.flatnonzero(np.abs(maps).max(axis=(1, 2)) > 0.0)
    if max_channels is not None and len(used) > max_channels:
        spread = maps[used].std(axis=(1, 2))
        used = np.sort(used[np.argsort(-spread, kind="stable")[:max_channels]])
    size_wh = (crop_rgb.shape[1], crop_rgb.shape[0])
    weights = np.zeros(len(used))
    for start in range(0, len(used), batch):
        part = used[start : start + batch]
        masks = resize(maps[part], size_wh)
        low = masks.min(axis=(1, 2), keepdims=True)
        masks = (masks - low) / (masks.max(axis=(1, 2), keepdims=True) - low + EPSILON)
        weights[start : start + batch] = score(_masked(crop_rgb, masks, ground))
        if progress is not None:
            progress(start + len(part), len(used))
    if increase:
        ground = np.zeros_like(crop_rgb) if ground is None else ground
        weights -= float(score(ground[None])[0])
    summed = np.tensordot(weights, maps[used].astype(np.float64), axes=1)
    return np.asarray(summed if signed else np.maximum(summed, 0.0), np.float32)


def score_ground(method: Method, crop_rgb: ImageU8) -> ImageU8 | None:
    """Return the `ground` of one of the two methods that use `score_map`."""
    return blurred(crop_rgb) if method == "scorecam-blurred" else None


def _masked(crop_rgb: NDArray, masks: Float32Array, ground: NDArray | None) -> NDArray:
    """Return (N, H, W, 3) pictures seen through masks (N, H, W), on a ground or on black."""
    pictures = crop_rgb[None].astype(np.float32) * masks[..., None]
    if ground is not None:
        pictures += ground[None].astype(np.float32) * (1.0 - masks[..., None])
    if np.issubdtype(crop_rgb.dtype, np.integer):
        pictures = np.rint(pictures)
    return pictures.astype(crop_rgb.dtype)
