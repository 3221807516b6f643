"""From the grid of feature maps to the crop, and from the crop to the picture."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.inference.faithfulness import enlarged
from facecam.types import Float32Array


def cell_centre(
    row: Any, column: Any, grid_wh: tuple[int, int], size_wh: tuple[int, int]
) -> tuple[Any, Any]:
    """Return x and y of the middle of a cell, in pixels of the crop (centres at whole numbers)."""
    x = (column + 0.5) * size_wh[0] / grid_wh[0] - 0.5
    y = (row + 0.5) * size_wh[1] / grid_wh[1] - 0.5
    return x, y


def crop_to_picture(xy: tuple[float, float], matrix: NDArray[np.float64]) -> tuple[float, float]:
    """Return where a point of the crop lies in the picture.

    Args:
        xy: Pixels of the crop.
        matrix: (2, 3) picture pixels to crop pixels.
    """
    inverse = cv2.invertAffineTransform(matrix)
    x, y = inverse @ np.array([xy[0], xy[1], 1.0])
    return float(x), float(y)


def on_crop(values: Float32Array, size_wh: tuple[int, int]) -> Float32Array:
    """Return a map (h, w) as (H, W) float32 over the crop, bicubic between cell centres."""
    return enlarged(values, size_wh)


def on_picture(
    crop_map: Float32Array, matrix: NDArray[np.float64], picture_wh: tuple[int, int]
) -> tuple[Float32Array, Float32Array]:
    """Return a map over the whole picture and how much of each pixel lies in the crop.

    Args:
        crop_map: (H, W) over the crop.
        matrix: (2, 3) picture pixels to crop pixels.
        picture_wh: Size of the picture.

    Returns:
        Two (height, width) float32: the map, 0 outside the crop; and 1 inside, 0 outside, soft
        between.
    """
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    inside = np.ones_like(crop_map)
    edge = max(1, crop_map.shape[0] // 12)
    inside[:edge], inside[-edge:], inside[:, :edge], inside[:, -edge:] = 0, 0, 0, 0
    inside = cv2.blur(inside, (2 * edge + 1, 2 * edge + 1), borderType=cv2.BORDER_CONSTANT)
    made = cv2.warpAffine(crop_map, matrix, picture_wh, flags=flags)
    cover = cv2.warpAffine(inside, matrix, picture_wh, flags=flags)
    return np.asarray(made, np.float32), np.asarray(cover, np.float32)
