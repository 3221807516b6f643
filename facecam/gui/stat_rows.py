"""The bars of the side panel, made from the heads of a model and the readings of a face."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from facecam.titles import label_of, title_of
from facecam.types import (
    ExpectationReading,
    FaceAnalysis,
    MultiSigmoidReading,
    SigmoidReading,
    SoftmaxReading,
    Unsure,
)


@dataclass(frozen=True, slots=True)
class HeadView:
    """One head of a model, as a person sees it.

    Attributes:
        title: Language code to title.
        labels: Language code to the words for each class.
        auc: Class of a yes/no head to its measured area under the ROC curve on people that the
            model had not seen.
        chance: Classes whose answers are no better than chance by that measure.
        explainable: Whether the model holds what class activation maps of this head need.
    """

    name: str
    kind: str
    classes: tuple[str, ...] = ()
    title: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unit: str = ""
    thresholds: tuple[float, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    auc: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    chance: frozenset[str] = frozenset()
    explainable: bool = True


@dataclass(frozen=True, slots=True)
class StatRow:
    """One bar of the side panel.

    Attributes:
        key: Head name, or "head:class" where a head has several bars.
        head: Name of the head.
        hue: Index of the head's colour: its place among all heads of the model.
        kind: Kind of the head.
        fraction: Where the bar ends, 0 to 1; None before the first reading.
        low, high: Ends of the interval, 0 to 1, or None.
        threshold: Where yes begins, 0 to 1, or None.
        value, value_low, value_high: In the head's own unit (an expectation) or 0 to 1.
        label: The class in words (a softmax head).
        on: Whether a yes/no answer is yes, else None.
        unsure: Why the reading must not be believed, or None.
        auc: Measured area under the ROC curve, or None.
        chance: The answers are no better than chance by that measure.
    """

    key: str
    head: str
    hue: int
    kind: str
    title: str
    fraction: float | None = None
    low: float | None = None
    high: float | None = None
    threshold: float | None = None
    value: float = 0.0
    value_low: float | None = None
    value_high: float | None = None
    label: str = ""
    unit: str = ""
    on: bool | None = None
    unsure: Unsure | None = None
    auc: float | None = None
    chance: bool = False


def rows_of(head: HeadView, hue: int, face: FaceAnalysis | None, lang: str) -> tuple[StatRow, ...]:
    """Return the bars of one head for one face: one, or one a class for several yes/no answers."""
    title = title_of(head, lang)
    reading = face.readings.get(head.name) if face is not None else None
    base = StatRow(head.name, head.name, hue, head.kind, title, unit=head.unit)
    thresholds = head.thresholds
    if head.classes and head.kind != "expectation":
        base = dataclasses.replace(base, **_measured(head, head.classes[0]))
    match reading:
        case ExpectationReading(value, low, high, unsure):
            first, last = _class_range(head)
            span = max(last - first, 1e-9)

            def place(number: float) -> float:
                return min(max((number - first) / span, 0.0), 1.0)

            return (
                dataclasses.replace(
                    base, fraction=place(value), low=place(low), high=place(high), value=value,
                    value_low=low, value_high=high, unsure=unsure,
                ),
            )  # fmt: skip
        case SoftmaxReading(label, p, _, unsure):
            words = label_of(head, label, lang)
            return (dataclasses.replace(base, fraction=p, value=p, label=words, unsure=unsure),)
        case SigmoidReading(p, on, unsure):
            threshold = thresholds[0] if thresholds else None
            return (
                dataclasses.replace(
                    base, fraction=p, value=p, on=on, threshold=threshold, unsure=unsure
                ),
            )
        case MultiSigmoidReading(probs, on_names, unsure):
            return tuple(
                dataclasses.replace(
                    base,
                    key=f"{head.name}:{name}",
                    title=label_of(head, name, lang),
                    fraction=p,
                    value=p,
                    on=name in on_names,
                    threshold=_threshold_of(head, name),
                    unsure=unsure,
                    **_measured(head, name),
                )
                for name, p in probs.items()
            )
    if head.kind == "sigmoid" and len(head.classes) > 1:
        return tuple(
            dataclasses.replace(
                base,
                key=f"{head.name}:{name}",
                title=label_of(head, name, lang),
                **_measured(head, name),
            )
            for name in head.classes
        )
    return (base,)


def _measured(head: HeadView, name: str) -> dict[str, Any]:
    return {"auc": head.auc.get(name), "chance": name in head.chance}


def _class_range(head: HeadView) -> tuple[float, float]:
    try:
        return float(head.classes[0]), float(head.classes[-1])
    except (IndexError, ValueError):
        return 0.0, 100.0


def _threshold_of(head: HeadView, name: str) -> float | None:
    try:
        return head.thresholds[head.classes.index(name)]
    except (IndexError, ValueError):
        return None
