"""Smoothing in time, with time constants in seconds: equal at any frame rate."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Speed = Callable[[FloatArray], FloatArray | float]


class OneEuroFilter:
    """Low-pass filter for vectors whose cut-off rises with speed (Casiez et al., CHI 2012).

    Changes against the paper: steps are exact for values that change linearly between frames,
    so that the response does not depend on the frame rate; the speed is that of the raw values; a
    group of values can share one speed; and until it has seen as much time as its time constant it
    is a plain mean over time, so that the first, perhaps unlucky value does not linger.

    Args:
        rest_s: Time constant at rest, in seconds.
        speed_gain: Added cut-off in hertz per unit of speed (unit of the values per second).
        still: Speed below which nothing is added to the cut-off (what noise alone makes).
        speed_s: Time constant of the speed's own low-pass, in seconds.
        speed: Turns the low-passed derivative into speeds: an array like it (each value for
            itself) or one number (all share it). Default: absolute values.
    """

    def __init__(
        self,
        rest_s: float,
        speed_gain: float,
        still: float = 0.0,
        speed_s: float = 0.16,
        speed: Speed = np.abs,
    ) -> None:
        self._rest_hz = 1.0 / (2.0 * math.pi * rest_s)
        self._speed_gain = speed_gain
        self._still = still
        self._speed_s = speed_s
        self._speed = speed
        self.reset()

    def reset(self) -> None:
        """Forget everything; the next value passes through."""
        self._value: FloatArray | None = None
        self._raw: FloatArray | None = None
        self._slope: FloatArray | float = 0.0
        self._begun_s = 0.0
        self._last_s = 0.0

    @property
    def last_s(self) -> float:
        """Time of the last value, in seconds."""
        return self._last_s

    @property
    def value(self) -> FloatArray | None:
        """The last filtered value as a new array, or None before the first."""
        return None if self._value is None else self._value.copy()

    def __call__(self, value: NDArray[np.floating], t_s: float) -> FloatArray:
        """Return the filtered value, float64, as a new array.

        Args:
            value: Any shape, the same from call to call.
            t_s: Time in seconds. A value whose time does not grow is not taken in.
        """
        raw = np.array(value, dtype=np.float64)
        if self._value is None or self._raw is None or self._raw.shape != raw.shape:
            self._value, self._raw, self._slope = raw, raw, 0.0
            self._begun_s = self._last_s = t_s
            return raw.copy()
        dt = t_s - self._last_s
        if not dt > 0.0:
            if dt < 0.0:  # the clock was set back: go on from here
                self._begun_s += dt
                self._last_s = t_s
            return self._value.copy()
        slope_weight = 1.0 - math.exp(-dt / self._speed_s)
        self._slope = self._slope + slope_weight * ((raw - self._raw) / dt - self._slope)
        excess = np.maximum(self._speed(np.asarray(self._slope)) - self._still, 0.0)
        cutoff_hz = self._rest_hz + self._speed_gain * excess
        lapse = 2.0 * math.pi * dt * cutoff_hz  # dt in time constants
        # The raw value is taken to have gone straight from the last one to this one: a ramp then
        # comes out the same in few long steps as in many short ones.
        kept = np.exp(-lapse)
        ramp = -np.expm1(-lapse) / lapse
        smoothed = kept * self._value + (ramp - kept) * self._raw + (1.0 - ramp) * raw
        # While it is young, the mean over time counts more, however long the time constant.
        mean_weight = dt / (t_s - self._begun_s + dt)
        mean = self._value + mean_weight * (raw - self._value)
        self._value = np.where(1.0 - ramp < mean_weight, mean, smoothed)
        self._last_s = t_s
        self._raw = raw
        return self._value.copy()


def moved_share(slope: FloatArray) -> float:
    """Return how much probability moves from some classes to others, per second.

    The largest change of the cumulative distribution: for two classes the change of either, for
    ordered classes a shift counts however many of them it touches, and the jitter of many
    neighbouring classes cancels.
    """
    return float(np.abs(np.cumsum(slope)).max())


@dataclass(frozen=True, slots=True)
class SmoothingConfig:
    """How readings are smoothed.

    The stats of a person change slowly (age never), a smile within some 0.3 s: at rest a long
    time constant, and a clear move (more than 0.4 of the probability per second, held over 0.25 s)
    shortens it. With these a smile that takes 0.3 s shows less than 0.1 s late, while a jitter of
    0.06 from frame to frame is cut to a tenth at 30 Hz.

    Attributes:
        rest_s: Time constant at rest, in seconds.
        speed_gain: Added cut-off in hertz for a probability that moves by 1 per second.
        still: Moved probability per second that counts as noise.
        speed_s: Time constant over which the move is measured.
        restart_s: After a gap longer than this, the next value passes through.
    """

    rest_s: float = 0.8
    speed_gain: float = 1.2
    still: float = 0.4
    speed_s: float = 0.25
    restart_s: float = 3.0


class ReadingSmoother:
    """Smooths the probabilities of every head of every track. Owned by one thread.

    A distribution (several classes, sum 1) is filtered as a whole and stays one. Independent
    probabilities are filtered each for itself.
    """

    def __init__(self, config: SmoothingConfig | None = None) -> None:
        self._config = config or SmoothingConfig()
        self._filters: dict[int, dict[str, OneEuroFilter]] = {}

    def smooth(
        self, track: int, head_name: str, probs: NDArray[np.floating], t_s: float
    ) -> FloatArray:
        """Return the smoothed probabilities, (K,) float64, a new array.

        Args:
            track: Identity of the face.
            head_name: Which head; heads do not mix.
            probs: (K,) probabilities of this frame. Values that are not finite leave the filter
                as it was; the last smoothed value is returned if there is one.
            t_s: Time of the frame in seconds.
        """
        raw = np.asarray(probs, dtype=np.float64)
        heads = self._filters.setdefault(track, {})
        one_euro = heads.get(head_name)
        if not np.isfinite(raw).all():
            kept = one_euro.value if one_euro is not None else None
            return raw.copy() if kept is None else kept
        if one_euro is None or abs(t_s - one_euro.last_s) > self._config.restart_s:
            one_euro = heads[head_name] = self._new_filter(raw)
        smoothed = one_euro(raw, t_s)
        total = float(smoothed.sum())
        if _is_distribution(raw) and 0.98 < total < 1.02:
            smoothed /= total  # takes out rounding; a mean of distributions sums to 1 anyway
        return smoothed

    def _new_filter(self, probs: FloatArray) -> OneEuroFilter:
        config = self._config
        return OneEuroFilter(
            config.rest_s,
            config.speed_gain,
            config.still,
            config.speed_s,
            moved_share if _is_distribution(probs) else np.abs,
        )

    def forget(self, track: int) -> None:
        """Drop what is kept of a track; an unknown one is no error."""
        self._filters.pop(track, None)


def _is_distribution(probs: FloatArray) -> bool:
    return probs.size > 1 and abs(float(probs.sum()) - 1.0) < 1e-3
