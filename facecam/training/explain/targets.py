"""What a map explains: one number that is computed from the logits of one head."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facecam.errors import ModelPackageError
from facecam.inference.decode import expectation, probabilities
from facecam.training.predictions import HeadLike

ALL_CLASSES = "*"
EXPECTED_VALUE = ""
"""Name of the class that stands for the expected value of an expectation."""

Floats = NDArray[np.float64]
_NONE: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class CamTarget:
    """One explained number, with its derivative.

    - a class's logit (the default): what counts is what speaks for the class itself;
    - a class's probability: what counts is also what speaks against the other classes of a
      softmax, and everything is scaled by how undecided the model is, p (1 - p) for a sigmoid, so
      that the map of a very sure answer is close to zero everywhere;
    - the expected value of an expectation, which is made of the probabilities by its nature.

    Attributes:
        head: Head of the model.
        index: Class of the head; None means the expected value.
        on_probability: Explain the class's probability instead of its logit.
        temperature: Divides the logits of a softmax or an expectation before their probabilities
            are taken, as the package's calibration has it.
    """

    head: HeadLike
    index: int | None
    on_probability: bool = False
    temperature: float = 1.0
    _numbers: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        numbers = np.zeros(0)
        if self.head.kind == "expectation":
            numbers = np.asarray(self.head.classes, np.float64)
        object.__setattr__(self, "_numbers", numbers)

    @property
    def class_name(self) -> str:
        """Name of the class, `EXPECTED_VALUE` for the expected value."""
        return EXPECTED_VALUE if self.index is None else str(self.head.classes[self.index])

    @property
    def label(self) -> str:
        """HEAD, or HEAD:CLASS where that says more."""
        if self.index is None or (len(self.head.classes) == 1):
            return self.head.name
        return f"{self.head.name}:{self.class_name}"

    @property
    def explains(self) -> str:
        """`logit`, `probability` or `expected value`."""
        if self.index is None:
            return "expected value"
        return "probability" if self.on_probability else "logit"

    def value(self, logits: ArrayLike) -> Floats:
        """Return the explained number (N,) of logits (N, K)."""
        z = np.asarray(logits, np.float64)
        if self.index is None:
            return expectation(self._probabilities(z), self.head.classes)[0]
        if self.on_probability:
            return self._probabilities(z)[:, self.index]
        return z[:, self.index]

    def gradient(self, logits: ArrayLike) -> Floats:
        """Return the derivative of the explained number by each logit, (N, K)."""
        z = np.asarray(logits, np.float64)
        if self.index is None:
            p = self._probabilities(z)
            return p * (self._numbers - (p @ self._numbers)[:, None]) / self.temperature
        out = np.zeros_like(z)
        out[:, self.index] = 1.0
        if not self.on_probability:
            return out
        p = self._probabilities(z)
        own = p[:, self.index : self.index + 1]
        if self.head.kind == "sigmoid":
            return out * own * (1.0 - own)
        return own * (out - p) / self.temperature

    def _probabilities(self, z: Floats) -> Floats:
        return probabilities(self.head, z, {"temperature": self.temperature})


@dataclass(frozen=True)
class WantedMap:
    """What a user asked for: a head and a class, before any picture is seen.

    Attributes:
        head: Head of the model.
        class_name: Its class; None takes what each face is read as, `ALL_CLASSES` every class.
        on_probability, temperature: As in `CamTarget`.
    """

    head: HeadLike
    class_name: str | None
    on_probability: bool = False
    temperature: float = 1.0

    def targets(self, logits_row: ArrayLike) -> list[CamTarget]:
        """Return what to explain of one face, given its (K,) logits of the head."""
        return [self.target(index) for index in self._indices(logits_row)]

    def target(self, index: int | None) -> CamTarget:
        """Return what explains one class of the head, or with None its expected value."""
        return CamTarget(self.head, index, self.on_probability, self.temperature)

    def _indices(self, logits_row: ArrayLike) -> list[int | None]:
        names = [str(name) for name in self.head.classes]
        if self.class_name == ALL_CLASSES and self.head.kind != "expectation":
            return list(range(len(names)))
        if self.class_name not in (None, ALL_CLASSES):
            return [names.index(str(self.class_name))]
        if self.head.kind == "expectation":
            return [None]
        return [int(np.argmax(logits_row))]


def parse_wanted(
    text: str,
    heads: Sequence[HeadLike],
    *,
    on_probability: bool = False,
    temperatures: Mapping[str, float] = _NONE,
) -> WantedMap:
    """Read HEAD, HEAD:CLASS or HEAD:* .

    Args:
        text: What the user wrote.
        heads: Heads of the model.
        on_probability: Explain probabilities instead of logits.
        temperatures: Head name to the temperature of its calibration.

    Raises:
        ModelPackageError: The model has no such head or class; the sentence names those it has.
    """
    head_name, _, class_name = text.partition(":")
    by_name: dict[str, Any] = {head.name: head for head in heads}
    if head_name not in by_name:
        raise ModelPackageError(
            f"The model has no head '{head_name}': choose one of {', '.join(by_name)}."
        )
    head = by_name[head_name]
    temperature = temperatures.get(head_name, 1.0)
    if not class_name:
        return WantedMap(head, None, on_probability, temperature)
    names = [str(name) for name in head.classes]
    if class_name != ALL_CLASSES and class_name not in names:
        shown = ", ".join(names) if len(names) <= 20 else f"{names[0]} to {names[-1]}"
        raise ModelPackageError(
            f"The head '{head_name}' has no class '{class_name}': choose one of {shown}."
        )
    return WantedMap(head, class_name, on_probability, temperature)
