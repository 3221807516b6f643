"""Change training crops the way webcams, codecs and people do."""

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.training.recipe import Augmentation
from facecam.types import ImageU8

FEATHER_PX = 3


def coverage_mask(
    matrix: NDArray[np.float64], picture_wh: NDArray[np.int32], size: int | tuple[int, int]
) -> ImageU8:
    """Return the (h, w) uint8 mask, 255 where the source picture covers the crop.

    Args:
        matrix: (2, 3) picture pixels to crop pixels.
        picture_wh: (2,) size of the picture.
        size: Side of the crop, or its width and height, in pixels.
    """
    columns, rows = (size, size) if isinstance(size, int) else size
    width, height = (float(v) for v in picture_wh)
    corners = np.array(
        [[0, 0, 1], [width - 1, 0, 1], [width - 1, height - 1, 1], [0, height - 1, 1]]
    )
    polygon = np.rint(corners @ matrix.T * 16).astype(np.int32)
    mask = np.zeros((rows, columns), np.uint8)
    cv2.fillConvexPoly(mask, polygon, 255, shift=4)
    return mask


def blend_context(crop: ImageU8, mask: ImageU8, context: ImageU8) -> ImageU8:
    """Put `crop` inside `mask` onto `context`, with a soft edge of a few pixels."""
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    soft = cv2.min(cv2.GaussianBlur(inner, (0, 0), FEATHER_PX), mask)
    weight = cv2.merge([soft, soft, soft])  # whole numbers: half the time of floating point
    inside = cv2.multiply(crop, weight, scale=1 / 255)
    outside = cv2.multiply(np.ascontiguousarray(context), cv2.bitwise_not(weight), scale=1 / 255)
    return cv2.add(inside, outside)


def jitter_matrix(
    rng: np.random.Generator,
    wide_wh: tuple[int, int],
    size_wh: tuple[int, int],
    settings: Augmentation,
) -> NDArray[np.float64]:
    """Return a random (2, 3) matrix from the wide crop to the model's view.

    Args:
        rng: Source of randomness.
        wide_wh: Width and height of the wide crop in pixels.
        size_wh: Width and height of the model's view.
        settings: How far it may go.
    """
    wide, size = np.array(wide_wh, float), np.array(size_wh, float)
    angle = rng.uniform(-settings.rotation_deg, settings.rotation_deg)
    scale = 1.0 + rng.uniform(-settings.scale, settings.scale)
    centre = (float(wide[0] - 1) / 2, float(wide[1] - 1) / 2)
    matrix = cv2.getRotationMatrix2D(centre, angle, scale)
    matrix[:, 2] += (size - wide) / 2 + rng.uniform(-settings.shift, settings.shift, 2) * size
    if rng.random() < settings.flip:
        matrix = _moved(matrix, _mirrored(0, size))
    # What came later draws only where it is wished, so that older recipes draw what they drew.
    if settings.flip_vertical and rng.random() < settings.flip_vertical:
        matrix = _moved(matrix, _mirrored(1, size))
    if settings.shear_deg:
        slope = np.tan(np.deg2rad(rng.uniform(-settings.shear_deg, settings.shear_deg)))
        matrix = _moved(matrix, _about_centre(np.array([[1.0, slope], [0.0, 1.0]]), size))
    if settings.quarter_turns and rng.random() < settings.quarter_turns:
        turn = [[[0, -1], [1, 0]], [[-1, 0], [0, -1]], [[0, 1], [-1, 0]]][int(rng.integers(3))]
        matrix = _moved(matrix, _about_centre(np.array(turn, float), size))
    return matrix


def _mirrored(axis: int, size: NDArray[np.float64]) -> NDArray[np.float64]:
    matrix = np.eye(2, 3)
    matrix[axis, axis], matrix[axis, 2] = -1.0, size[axis] - 1
    return matrix


def _about_centre(linear: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (2, 3) matrix that leaves the middle of the view where it is."""
    centre = (size - 1) / 2
    return np.column_stack([linear, centre - linear @ centre])


def _moved(first: NDArray[np.float64], then: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (2, 3) matrix of two (2, 3) matrices, one behind the other."""
    return np.matmul(then, np.vstack([first, [0.0, 0.0, 1.0]]))


def warp_reflected(
    crop: ImageU8,
    matrix: NDArray[np.float64],
    size_wh: tuple[int, int],
    cut_matrix: NDArray[np.float64],
    picture_wh: NDArray[np.int32],
) -> ImageU8:
    """Return the view of an upright crop, with its picture mirrored at its edges.

    Args:
        crop: (H, W, 3) uint8 wide crop, black outside its picture.
        matrix: (2, 3) wide crop to view.
        size_wh: Width and height of the view.
        cut_matrix: (2, 3) picture to wide crop, without rotation.
        picture_wh: (2,) size of the picture.
    """
    corners = np.array([[0, 0], picture_wh - 1], float) * np.diag(cut_matrix) + cut_matrix[:, 2]
    left, top = np.maximum(np.ceil(corners[0]).astype(int), 0)
    right, bottom = np.minimum(np.floor(corners[1]).astype(int) + 1, crop.shape[1::-1])
    right, bottom = max(right, left + 1), max(bottom, top + 1)  # of a picture one pixel wide
    inside = np.ascontiguousarray(crop[top:bottom, left:right])
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ [left, top]
    return cv2.warpAffine(inside, moved, size_wh, borderMode=cv2.BORDER_REFLECT_101)


def degrade(crop: ImageU8, rng: np.random.Generator, settings: Augmentation) -> ImageU8:
    """Apply light, colour, blur, resolution, compression, noise and occlusion at random.

    Args:
        crop: (H, W, 3) uint8 RGB; not written to.
        rng: Source of randomness; the same state gives the same picture.
        settings: Probabilities.
    """
    height, width = crop.shape[:2]
    if rng.random() < settings.occlusion:
        crop = _occlude(crop, rng)
    if rng.random() < settings.light:
        gain, gamma, offset = rng.uniform(0.65, 1.35), np.exp(rng.uniform(-0.45, 0.45)), 0.0
        offset = rng.uniform(-25, 25)
        ramp = 255.0 * (np.arange(256) / 255.0) ** gamma * gain + offset
        crop = cv2.LUT(crop, np.clip(ramp, 0, 255).astype(np.uint8))
    if settings.brightness:
        factor = 1.0 + rng.uniform(-settings.brightness, settings.brightness)
        table = np.clip(np.rint(np.arange(256) * factor), 0, 255).astype(np.uint8)
        crop = cv2.LUT(crop, table)
    if rng.random() < settings.colour:
        gains = rng.uniform(0.85, 1.15, 3)
        table = np.clip(np.arange(256)[:, None] * gains, 0, 255).astype(np.uint8)[None]
        crop = cv2.LUT(crop, table)
    if rng.random() < settings.grey:
        crop = cv2.cvtColor(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if rng.random() < settings.blur:
        crop = _blur(crop, rng)
    if rng.random() < settings.lowres:
        share = rng.uniform(0.25, 0.75)
        small_wh = int(width * share), int(height * share)
        crop = cv2.resize(crop, small_wh, interpolation=cv2.INTER_AREA)
        crop = cv2.resize(crop, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < settings.noise:
        noise = rng.standard_normal(crop.shape, np.float32) * np.float32(rng.uniform(2, 14))
        crop = np.clip(crop + noise, 0, 255).astype(np.uint8)
    if rng.random() < settings.jpeg:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 85))]
        crop = cv2.imdecode(cv2.imencode(".jpg", crop, quality)[1], cv2.IMREAD_COLOR)
    return crop


def _blur(crop: ImageU8, rng: np.random.Generator) -> ImageU8:
    if rng.random() < 0.5:
        return cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.5, 2.2))
    length = int(rng.integers(3, 10))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1.0
    turn = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), rng.uniform(0, 180), 1.0)
    kernel = cv2.warpAffine(kernel, turn, (length, length))
    return cv2.filter2D(crop, -1, kernel / max(float(kernel.sum()), 1e-6))


def _occlude(crop: ImageU8, rng: np.random.Generator) -> ImageU8:
    rows, columns = crop.shape[:2]
    width, height = (rng.uniform(0.08, 0.35, 2) * (columns, rows)).astype(int)
    x, y = int(rng.integers(0, columns - width)), int(rng.integers(0, rows - height))
    covered = crop.copy()
    covered[y : y + height, x : x + width] = rng.integers(0, 256, 3)
    return covered
