"""Cut faces out of pictures, the same way in training and live.

A crop is a similarity transform (rotation, uniform scale, shift) that puts the two eyes on fixed
places of a square. With the default template the crop is 3.6 eye distances wide and shows 1.6 of
them above the eyes and 2.0 below: forehead, hair and most of a hat above, the whole chin below
(measured on upright portraits: mouth 1.3, chin about 2.0 eye distances below the eye line).
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.types import LEFT_EYE, MOUTH, RIGHT_EYE, Float32Array, ImageU8


@dataclass(frozen=True, slots=True)
class EyeTemplate:
    """Where the eyes come to lie in a crop.

    Attributes:
        eye_span: Distance of the eyes as a share of the crop's width.
        eye_y: Height of the eye line as a share of the crop's height.
        mouth_ratio: The eye distance counts as at least the eye-to-mouth distance over this.
            A head that turns brings its eyes together on the picture, but not eyes and mouth;
            frontal faces have a ratio of 1.1 to 1.4, so 1.45 acts only on turned ones.
    """

    eye_span: float = 0.278
    eye_y: float = 0.44
    mouth_ratio: float = 1.45


def crop_matrix(
    keypoints: Float32Array, size_wh: tuple[int, int], template: EyeTemplate
) -> NDArray[np.float64]:
    """Return the (2, 3) similarity that takes picture pixels to crop pixels.

    Args:
        keypoints: (6, 2) pixels of the picture, in the order of `types`.
        size_wh: Width and height of the crop in pixels.
        template: Where the eyes go.
    """
    right, left, mouth = (keypoints[i].astype(np.float64) for i in (RIGHT_EYE, LEFT_EYE, MOUTH))
    middle = (right + left) / 2.0
    across = left - right
    eye_distance = float(np.hypot(*across))
    down = mouth - middle
    span = max(eye_distance, float(np.hypot(*down)) / template.mouth_ratio, 1e-3)
    if eye_distance > 0.35 * span:
        cos, sin = across / eye_distance
    else:  # near profile: the eye line says little, the line to the mouth gives the roll
        length = max(float(np.hypot(*down)), 1e-3)
        cos, sin = down[1] / length, -down[0] / length
    width, height = size_wh
    scale = template.eye_span * width / span
    rotation = scale * np.array([[cos, sin], [-sin, cos]])
    target = np.array([width / 2.0, template.eye_y * height])
    # Pixel centres lie at whole numbers, so the middle of a crop of width w is (w - 1) / 2.
    shift = target - 0.5 - rotation @ middle
    return np.column_stack([rotation, shift])


def cut(
    image: ImageU8,
    matrix: NDArray[np.float64],
    size_wh: tuple[int, int],
    out: ImageU8 | None = None,
) -> ImageU8:
    """Return the crop that `matrix` describes, black where it reaches outside the picture.

    A strong reduction is first averaged down (area interpolation on a region around the crop), so
    that a large face does not alias.

    Args:
        image: (H, W, C) uint8, any channel order, which is kept.
        matrix: (2, 3) picture pixels to crop pixels.
        size_wh: Width and height of the crop.
        out: Optional (height, width, C) uint8 array to write into.
    """
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    factor = int(1.0 / scale) if scale > 0 else 1
    if factor >= 2:
        image, matrix = _shrink_around(image, matrix, size_wh, factor)
    made = cv2.warpAffine(
        image, matrix, size_wh, dst=out, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    return cast(ImageU8, made)  # OpenCV's types say "integer or floating" of every picture


def _shrink_around(
    image: ImageU8, matrix: NDArray[np.float64], size_wh: tuple[int, int], factor: int
) -> tuple[ImageU8, NDArray[np.float64]]:
    """Reduce the region that a crop needs by a whole factor; return it and the adapted matrix."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0, 1], [size_wh[0], 0, 1], [0, size_wh[1], 1], [*size_wh, 1]], float)
    inverse = cv2.invertAffineTransform(matrix)
    xy = corners @ inverse.T
    low = np.floor(xy.min(axis=0) - 2 * factor).astype(int)
    high = np.ceil(xy.max(axis=0) + 2 * factor).astype(int)
    x0, y0 = max(int(low[0]), 0), max(int(low[1]), 0)
    x1, y1 = min(int(high[0]), width), min(int(high[1]), height)
    if x1 - x0 < factor or y1 - y0 < factor:
        return image, matrix
    columns, rows = (x1 - x0) // factor, (y1 - y0) // factor
    region = image[y0 : y0 + rows * factor, x0 : x0 + columns * factor]
    small = cast(ImageU8, cv2.resize(region, (columns, rows), interpolation=cv2.INTER_AREA))
    # A small pixel (u, v) covers factor x factor pixels around factor * u + (factor - 1) / 2 + x0.
    offset = np.array([x0, y0]) + (factor - 1) / 2.0
    linear = matrix[:, :2] * factor
    shift = matrix[:, 2] + matrix[:, :2] @ offset
    return small, np.column_stack([linear, shift])


def centre_matrix(picture_wh: tuple[int, int], size_wh: tuple[int, int]) -> NDArray[np.float64]:
    """Return the matrix of the largest upright centred crop of a picture.

    Used where no face was found and for whole frames.
    """
    width, height = size_wh
    scale = max(width / picture_wh[0], height / picture_wh[1])
    shift_x = (width - 1) / 2.0 - scale * (picture_wh[0] - 1) / 2.0
    shift_y = (height - 1) / 2.0 - scale * (picture_wh[1] - 1) / 2.0
    return np.array([[scale, 0.0, shift_x], [0.0, scale, shift_y]])
