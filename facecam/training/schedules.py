"""Optimizers and learning rates of a phase."""

from typing import Any

import keras
import numpy as np

from facecam.training.recipe import Phase, Training

STEP_FACTORS = (1.0, 0.2, 0.04, 0.008)


def learning_rate(phase: Phase, steps: int) -> Any:
    """Return a phase's rate: a number, or a schedule over its `steps` * epochs steps."""
    total = steps * phase.epochs
    if phase.schedule == "step":
        quarters = [round(total * quarter / 4) for quarter in (1, 2, 3)]
        values = [phase.learning_rate * factor for factor in STEP_FACTORS]
        return keras.optimizers.schedules.PiecewiseConstantDecay(quarters, values)
    if phase.schedule == "cosine":
        warmup = int(total * phase.warmup_share)
        return keras.optimizers.schedules.CosineDecay(
            phase.learning_rate * 0.02 if warmup else phase.learning_rate,
            total - warmup,
            alpha=0.01,
            warmup_target=phase.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    return phase.learning_rate


def make_optimizer(training: Training, phase: Phase, steps: int) -> keras.optimizers.Optimizer:
    """Return the recipe's optimizer for a phase of `steps` steps an epoch."""
    rate = learning_rate(phase, steps)
    decay = training.weight_decay
    if training.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=decay)
    if training.optimizer == "adam":
        return keras.optimizers.Adam(rate, weight_decay=decay or None)
    if training.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=decay or None)
    return keras.optimizers.Adadelta(rate, weight_decay=decay or None)


class Plateau:
    """Watches the validation score of a phase: when to lower the rate, when to end the phase.

    Args:
        phase: States the patience of both.
        memory: What `memory` gave when a run stopped.
    """

    def __init__(self, phase: Phase, memory: tuple[float, float, float] | None = None) -> None:
        self._phase = phase
        self._best, self._waited, self._since_lowered = memory or (-np.inf, 0.0, 0.0)

    @property
    def memory(self) -> tuple[float, float, float]:
        """Best score, epochs since it, and epochs since it or the rate's last fall."""
        return self._best, self._waited, self._since_lowered

    def note(self, score: float) -> bool:
        """Take the score of an epoch; return whether the rate has to fall now."""
        if score > self._best:
            self._best, self._waited, self._since_lowered = score, 0.0, 0.0
            return False
        self._waited += 1
        self._since_lowered += 1
        lower = self._phase.schedule == "plateau"
        if lower and self._since_lowered >= self._phase.plateau_patience:
            self._since_lowered = 0.0
            return True
        return False

    @property
    def over(self) -> bool:
        """Whether the phase ends early."""
        return self._phase.patience is not None and self._waited >= self._phase.patience
