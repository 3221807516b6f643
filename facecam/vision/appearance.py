"""How alike two views of a face are, in a feature space of which nothing is known beforehand.

The features come from whatever model runs, so no distance means anything by itself. The scale is
learned on the way: how far views of one track lie from its own mean, and how far from the means of
other tracks that are seen at the same time (which are certainly other people).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FEW = 3  # views before a mean is trusted
_LONG = 100  # views over which a mean forgets
_SCALE_MEMORY = 200  # comparisons over which the scale forgets
_CLEAR = 1.4  # squared distances to others over those to oneself from which features tell at all


@dataclass(slots=True)
class Appearance:
    """Mean view of one track: (K,) float32 of unit length features, and how many went in."""

    mean: NDArray[np.float32] | None = None
    views: int = 0

    @property
    def known(self) -> bool:
        """Whether enough views went in to compare with."""
        return self.views >= _FEW


def unit_length(vector: NDArray[np.floating]) -> NDArray[np.float32] | None:
    """Return the vector flat and scaled to length 1, or None if that is not possible."""
    flat = np.asarray(vector, dtype=np.float32).ravel()
    length = math.sqrt(float(flat @ flat))
    if not (0.0 < length < math.inf):
        return None
    return flat / np.float32(length)


class AppearanceScale:
    """Learns what distance means "the same person" and what "another"."""

    def __init__(self) -> None:
        self._within: float | None = None
        self._between: float | None = None
        self._n_within = 0
        self._n_between = 0

    def learn(
        self, own: Appearance, vector: NDArray[np.float32], others: Iterable[Appearance]
    ) -> None:
        """Take in one view of a track.

        Args:
            own: What is known of that track; changed.
            vector: (K,) float32 of unit length.
            others: Tracks seen at the same time.
        """
        if own.mean is None or own.mean.shape != vector.shape:
            own.mean, own.views = vector.copy(), 1
            return
        if own.known:
            # n / (n + 1) takes out that a mean of n views is itself off by a share of the scatter.
            squared = _squared(vector, own.mean) * own.views / (own.views + 1.0)
            self._n_within = min(self._n_within + 1, _SCALE_MEMORY)
            before = squared if self._within is None else self._within
            self._within = before + (squared - before) / self._n_within
        for other in others:
            if other.known and other.mean is not None and other.mean.shape == vector.shape:
                squared = _squared(vector, other.mean)
                self._n_between = min(self._n_between + 1, _SCALE_MEMORY)
                before = squared if self._between is None else self._between
                self._between = before + (squared - before) / self._n_between
        own.views = min(own.views + 1, _LONG)
        own.mean += (vector - own.mean) / np.float32(own.views)

    @property
    def tells(self) -> bool:
        """Whether the features part one person from another, as far as was seen."""
        return (
            self._within is not None
            and self._between is not None
            and self._n_within >= _FEW
            and self._n_between >= _FEW
            and self._between > _CLEAR * self._within
        )

    def unlikeness(self, known: Appearance, vector: NDArray[np.float32]) -> float | None:
        """Return how unlike a view is to a track: about 0 for the same person, 1 for another.

        None when the track or the scale is not known well enough to say.
        """
        if not self.tells or not known.known or known.mean is None:
            return None
        if known.mean.shape != vector.shape or self._within is None or self._between is None:
            return None
        return (_squared(vector, known.mean) - self._within) / (self._between - self._within)


def _squared(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    gap = a - b
    return float(gap @ gap)
