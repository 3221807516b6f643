"""Does a model read the black border of tight pictures instead of the face?"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.inference.decode import probabilities
from facecam.training.augment import coverage_mask
from facecam.training.data import (
    FULL_COVERAGE,
    TIGHT_COVERAGE,
    LabelledCrops,
    coverage,
    model_view,
)
from facecam.training.recipe import Recipe
from facecam.types import ImageU8


def tight_crop_shift(
    recipe: Recipe,
    sets: list[LabelledCrops],
    predict: Callable[[ImageU8], dict[str, NDArray[np.float32]]],
) -> dict[str, Any]:
    """Return how far expected values move when whole crops are masked to a tight crop's extent.

    The pictures of some data sets end close to the face. Pictures of the others are blacked out to
    the extent of randomly chosen ones of those, and the mean of each expectation head is compared:
    a model that reads the black border instead of the face moves.
    """
    heads = [head for head in recipe.heads if head.kind == "expectation"]
    size = recipe.input_size
    covered = [coverage(item, size) for item in sets]
    tight = [(k, j) for k, c in enumerate(covered) for j in np.flatnonzero(c < TIGHT_COVERAGE)]
    whole = [(k, j) for k, c in enumerate(covered) for j in np.flatnonzero(c >= FULL_COVERAGE)]
    if not heads or not tight or not whole:
        return {}
    rng = np.random.default_rng(0)
    plain = np.stack([model_view(sets[k].cache, np.array([j]), size)[0] for k, j in whole])
    masked = plain.copy()
    for picture in masked:
        k, j = tight[rng.integers(len(tight))]
        cache = sets[k].cache
        picture[coverage_mask(cache.matrices[j], cache.picture_wh[j], size) == 0] = 0
    before, after = predict(plain), predict(masked)
    shift: dict[str, Any] = {"pictures": len(plain), "heads": {}}
    for head in heads:
        values = np.array(head.classes, float)
        moved = (probabilities(head, after[head.name], {}) @ values) - (
            probabilities(head, before[head.name], {}) @ values
        )
        shift["heads"][head.name] = {
            "mean": float(moved.mean()),
            "mean_absolute": float(np.abs(moved).mean()),
        }
    return shift
