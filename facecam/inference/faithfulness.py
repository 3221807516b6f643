"""Does a class activation map show what the model looks at? Asked of the model itself.

Parts of the crop are blurred away in the order of the map. If the map is right, the answer falls
soon when its highest parts go first (deletion), and rises soon when they come first out of the
blur (insertion); Petsiuk et al. 2018, "RISE", with a blur in the place of their grey, which leaves
no edges for the model to see. The score is the area between the two curves. What it is worth is
measured against random maps of the same power spectrum: they are as smooth and differ only in
where they point.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.types import Float32Array, ImageU8

Score = Callable[[ImageU8], NDArray[Any]]
"""Takes (N, H, W, 3) uint8 RGB crops, N at most `BATCH`; returns (N,) of what a map explains."""

FRACTIONS = (0.1, 0.25, 0.45, 0.7)
RANDOM_MAPS = 40  # the least that leave room for one to be better by chance at p = 0.05
SIGNIFICANT_P = 0.05
BATCH = 8  # what one map takes
_BLUR = 0.12  # standard deviation of the blur as a share of the crop's shorter side

NO_BETTER = "The map explains this face no better than random maps of the same smoothness do."
FLAT = "The map is the same everywhere, so it points at nothing."
NOT_LEARNED = (
    "This model's maps hardly change when its weights are replaced by random ones, so they show "
    "the picture rather than what was learned."
)


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """How faithful a map is on one crop.

    Attributes:
        deletion: Mean of the answer while the map's highest parts are blurred; the lower, the
            better.
        insertion: Mean of the answer while they alone are sharp; the higher, the better.
        p_value: (r + 1) / (n + 1), where r of n random maps have a score at least as large; r / n
            where it was given up after r.
        flat: The map is the same everywhere.
    """

    deletion: float
    insertion: float
    p_value: float
    flat: bool = False

    @property
    def score(self) -> float:
        """Insertion less deletion, in units of the answer."""
        return self.insertion - self.deletion

    @property
    def trusted(self) -> bool:
        """Whether the map is better than random ones."""
        return not self.flat and self.p_value <= SIGNIFICANT_P

    @property
    def reason(self) -> str:
        """One English sentence when it is not trusted, else ""."""
        return "" if self.trusted else FLAT if self.flat else NO_BETTER


def measure_faithfulness(
    score: Score,
    crop_rgb: ImageU8,
    values: Float32Array,
    *,
    random_maps: int = RANDOM_MAPS,
    fractions: Sequence[float] = FRACTIONS,
    seed: int = 0,
    give_up: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Faithfulness | None:
    """Return how faithful a map is on one crop, or None when it was stopped before the end.

    Runs the model on 2 * len(fractions) * (random_maps + 1) pictures, `BATCH` at a time.

    Args:
        score: The model.
        crop_rgb: (H, W, 3) uint8 RGB.
        values: (h, w) map on any grid over the crop.
        random_maps: How many to compare with.
        fractions: Shares of the crop that are blurred, and that are left sharp.
        seed: Of the random maps.
        give_up: Stop when so many random maps were as good; the p-value is then their share of
            those tried (Besag and Clifford 1991, "Sequential Monte Carlo p-values").
        stopped: Asked between batches.
    """
    vague = blurred(crop_rgb)
    first: tuple[float, float] | None = None
    as_good = tried = 0
    for candidate in (np.asarray(values, np.float32), *random_like(values, random_maps, seed)):
        curves = _curves(score, crop_rgb, vague, candidate, fractions, stopped)
        if curves is None:
            return None
        if first is None:
            first = curves
            continue
        tried += 1
        as_good += curves[1] - curves[0] >= first[1] - first[0]
        if give_up is not None and as_good >= give_up:
            break
    assert first is not None
    early = tried < random_maps
    return Faithfulness(
        deletion=first[0],
        insertion=first[1],
        p_value=as_good / tried if early else (as_good + 1) / (random_maps + 1),
        flat=bool(np.ptp(values) <= 1e-6 * max(float(np.abs(values).max()), 1e-6)),
    )


def random_like(values: Float32Array, count: int, seed: int = 0) -> list[Float32Array]:
    """Return `count` random maps with the power spectrum of `values`, (h, w) float32.

    The amplitudes of the map's Fourier transform are kept and the phases are those of white noise.
    """
    rng = np.random.default_rng(seed)
    amplitude = np.abs(np.fft.fft2(values))
    result = []
    for noise in rng.normal(size=(count, *values.shape)):
        spectrum = np.fft.fft2(noise)
        phase = spectrum / np.maximum(np.abs(spectrum), 1e-12)
        result.append(np.asarray(np.fft.ifft2(amplitude * phase).real, np.float32))
    return result


def enlarged(values: Float32Array, size_wh: tuple[int, int]) -> Float32Array:
    """Return a map on the pixels of its crop, (H, W) float32, by bicubic interpolation."""
    small = np.ascontiguousarray(values, np.float32)
    return cast(Float32Array, cv2.resize(small, size_wh, interpolation=cv2.INTER_CUBIC))


def blurred(crop_rgb: ImageU8) -> ImageU8:
    """Return the crop without what could be recognised."""
    sigma = _BLUR * min(crop_rgb.shape[:2])
    return cast(ImageU8, cv2.GaussianBlur(crop_rgb, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE))


def _curves(
    score: Score,
    crop_rgb: ImageU8,
    vague: ImageU8,
    values: Float32Array,
    fractions: Sequence[float],
    stopped: Callable[[], bool],
) -> tuple[float, float] | None:
    """Return the means of the answers while a map's highest parts are blurred, and alone sharp."""
    height, width = crop_rgb.shape[:2]
    large = enlarged(values, (width, height))
    limits = np.quantile(large, [1.0 - fraction for fraction in fractions])
    pictures = np.empty((2 * len(fractions), *crop_rgb.shape), np.uint8)
    for number, limit in enumerate(limits):
        high = (large >= limit).astype(np.uint8)
        for picture, ground, above in (
            (pictures[2 * number], crop_rgb, vague),
            (pictures[2 * number + 1], vague, crop_rgb),
        ):
            picture[...] = ground
            cv2.copyTo(above, high, picture)
    answers: list[float] = []
    for start in range(0, len(pictures), BATCH):
        if stopped():
            return None
        answers += [float(answer) for answer in score(pictures[start : start + BATCH])]
    means = np.array(answers).reshape(len(fractions), 2).mean(axis=0)
    return float(means[0]), float(means[1])
