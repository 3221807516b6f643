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
