"""What happens between the steps of training."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from facecam.errors import TrainingError
from facecam.timing import monotonic_s

Report = Callable[[str], None]
Progress = Callable[[str, int, int], None]
"""Takes what is being done, steps done, and steps in all."""
QUIET_S = 60.0  # without a progress bar, an epoch says this often that it is alive


class RunningAverage(keras.callbacks.Callback):
    """Exponential running average of all weights, updated every few steps."""

    EVERY = 10

    def __init__(self, model: keras.Model, momentum: float) -> None:
        super().__init__()
        self._source, self._momentum = model, momentum
        self._average: list[NDArray[Any]] | None = None
        self.steps = 0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Fold the current weights in."""
        self.steps += 1
        if self._momentum == 0.0 or self.steps % self.EVERY:
            return
        current = self._source.get_weights()
        if self._average is None:
            self._average = current
            return
        # The average warms up like n / (n + 10), so that the first weights are soon forgotten.
        momentum = min(self._momentum, (1 + self.steps) / (10 + self.steps)) ** self.EVERY
        for kept, new in zip(self._average, current, strict=True):
            kept += (new - kept) * (1.0 - momentum)

    def weights(self) -> list[NDArray[Any]]:
        """Return the averaged weights, or the current ones while there is no average."""
        return self._average if self._average is not None else self._source.get_weights()

    @property
    def kept(self) -> list[NDArray[Any]]:
        """The averages, empty while there are none."""
        return self._average or []

    def restore(self, weights: list[NDArray[Any]], steps: int) -> None:
        """Go on from saved averages."""
        self._average = weights if self._momentum and weights else None
        self.steps = steps


class Watch(keras.callbacks.Callback):
    """Stops on a loss that is not a number, and reports now and then.

    Args:
        label: What is running, "phase 1 epoch 2".
        steps: Steps of the epoch.
        report: Receives a line every minute, where nobody watches the progress.
        progress: Receives every step, or None.
    """

    def __init__(
        self, label: str, steps: int, report: Report, progress: Progress | None = None
    ) -> None:
        super().__init__()
        self._label, self._steps = label, steps
        self._report, self._progress = report, progress
        self._said_s = monotonic_s()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at the running loss of the epoch."""
        loss = float((logs or {}).get("loss", 0.0))
        if not np.isfinite(loss):
            raise TrainingError(
                f"The loss is not a number in {self._label}, step {batch + 1}: lower the learning "
                "rate or check the data."
            )
        if self._progress is not None:
            self._progress(f"{self._label}, loss {loss:.4f}", batch + 1, self._steps)
        elif monotonic_s() - self._said_s >= QUIET_S:
            self._said_s = monotonic_s()
            self._report(f"{self._label}: step {batch + 1} of {self._steps}, loss {loss:.4f}")
