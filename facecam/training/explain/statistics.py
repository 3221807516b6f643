"""Where a map lies, in numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.training.explain.placing import cell_centre, crop_to_picture
from facecam.types import Float32Array


def map_statistics(
    values: Float32Array, size_wh: tuple[int, int], matrix: NDArray[np.float64]
) -> dict[str, Any]:
    """Return what `cam --json` says of a map.

    - `max_cell`, `max_crop_xy`, `max_picture_xy`: place of the largest value, as row and column of
      the grid, and as pixels;
    - `positive_share`: positive mass over all mass, 0 to 1;
    - `quadrants`: share of the positive mass in each quarter of the crop;
    - `centre_crop_xy`, `spread`: centre of the positive mass and its mean distance from there, the
      latter as a share of the crop's width;
    - `entropy`: of the positive mass over the cells, 1 when evenly spread, 0 all in one cell.

    What has no value in a map without anything positive is None.

    Args:
        values: (h, w) signed map.
        size_wh: Size of the crop in pixels.
        matrix: (2, 3) picture pixels to crop pixels.
    """
    h, w = values.shape
    positive = np.maximum(values.astype(np.float64), 0.0)
    mass, whole = positive.sum(), np.abs(values.astype(np.float64)).sum()
    row, column = (int(i) for i in np.unravel_index(int(np.argmax(values)), values.shape))
    at = cell_centre(row, column, (w, h), size_wh)
    facts: dict[str, Any] = {
        "grid_wh": [w, h],
        "min": float(values.min()),
        "max": float(values.max()),
        "mean": float(values.mean()),
        "max_cell": [row, column],
        "max_crop_xy": _rounded(at),
        "max_picture_xy": _rounded(crop_to_picture(at, matrix)),
        "positive_share": float(mass / whole) if whole > 0 else None,
    }
    if mass <= 0:
        empty = ("quadrants", "centre_crop_xy", "spread", "entropy")
        return {**facts, **dict.fromkeys(empty)}
    share = positive / mass
    left, top = _halves(w), _halves(h)
    facts["quadrants"] = {
        "top_left": float(top @ share @ left),
        "top_right": float(top @ share @ (1 - left)),
        "bottom_left": float((1 - top) @ share @ left),
        "bottom_right": float((1 - top) @ share @ (1 - left)),
    }
    rows, columns = np.mgrid[:h, :w]
    xs, ys = cell_centre(rows, columns, (w, h), size_wh)
    x, y = float((share * xs).sum()), float((share * ys).sum())
    facts["centre_crop_xy"] = _rounded((x, y))
    facts["spread"] = float((share * np.hypot(xs - x, ys - y)).sum() / size_wh[0])
    nonzero = share[share > 0]
    entropy = float(-(nonzero * np.log(nonzero)).sum())
    facts["entropy"] = entropy / float(np.log(h * w)) if h * w > 1 else 0.0
    return facts


def _halves(count: int) -> NDArray[np.float64]:
    """Return how much of each cell of an axis lies in its first half."""
    return np.clip(count / 2.0 - np.arange(count), 0.0, 1.0)


def _rounded(xy: tuple[float, float]) -> list[float]:
    return [round(float(value), 2) for value in xy]
