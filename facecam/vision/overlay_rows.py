"""What the card beside a face says: one row a head, in words, numbers and a bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from facecam.titles import Titled, label_of, title_of
from facecam.types import (
    ExpectationReading,
    FaceAnalysis,
    MultiSigmoidReading,
    Reading,
    SigmoidReading,
    SoftmaxReading,
    Unsure,
)

_WORDS = {
    "en": {
        "unsure": "can't tell",
        "small": "can't tell: too small",
        "blurred": "can't tell: too blurred",
        "turned": "can't tell: turned away",
    },
    "ko": {
        "unsure": "알 수 없음",
        "small": "알 수 없음: 너무 작음",
        "blurred": "알 수 없음: 너무 흐림",
        "turned": "알 수 없음: 옆을 봄",
    },
}


class HeadLook(Titled, Protocol):
    """What is needed of a head to draw it, be it a package's or the window's."""

    @property
    def kind(self) -> str:
        """`softmax`, `sigmoid` or `expectation`."""

    @property
    def classes(self) -> Sequence[Any]:
        """Names, or the numbers of an expectation."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a card.

    Attributes:
        title: Words on the left; "" for a row that is one sentence.
        value: Number or words on the right.
        hue: Index of the colour.
        fraction: Where the bar ends, 0 to 1; None hatches the bar.
        band: Ends of the interval, 0 to 1, or None.
        big: The number is the main thing.
        on: Whether the value stands out.
        note: Small words after the value.
    """

    title: str
    value: str
    hue: int
    fraction: float | None
    band: tuple[float, float] | None = None
    big: bool = False
    on: bool = True
    note: str = ""


def rows_of(
    face: FaceAnalysis, heads: Sequence[HeadLook], shown: frozenset[str] | None, lang: str
) -> tuple[Row, ...]:
    """Return the rows of one face, numbers first.

    Where no shown head can tell, for one and the same reason, a single row says so.

    Args:
        face: With its readings; none of them gives no row.
        heads: All heads of the model: a head's place among them is its colour.
        shown: Names of the heads to show; None shows all.
        lang: Language code.
    """
    rows: list[Row] = []
    reasons: set[Unsure | None] = set()
    ordered = sorted(enumerate(heads), key=lambda item: item[1].kind != "expectation")
    for index, head in ordered:
        reading = face.readings.get(head.name)
        if reading is None or (shown is not None and head.name not in shown):
            continue
        reasons.add(reading.unsure)
        rows += _rows_of_head(head, index, reading, lang)
    if len(reasons) == 1 and (reason := reasons.pop()) is not None:
        return (Row("", words(lang, reason), 0, None),)
    return tuple(rows)


def words(lang: str, key: str) -> str:
    """Return the words for "unsure" or for a reason of being so, else in English."""
    return _WORDS.get(lang, _WORDS["en"])[key]


def _rows_of_head(head: HeadLook, index: int, reading: Reading, lang: str) -> list[Row]:
    title = title_of(head, lang)
    if reading.unsure is not None:
        return [Row(title, words(lang, "unsure"), index, None, on=False)]
    match reading:
        case ExpectationReading(value, low, high):
            first, last = float(head.classes[0]), float(head.classes[-1])
            span = max(last - first, 1e-9)
            part, start, end = (min(max((x - first) / span, 0.0), 1.0) for x in (value, low, high))
            note = f"{low:.0f}–{high:.0f}"
            return [Row(title, f"{value:.0f}", index, part, (start, end), big=True, note=note)]
        case SoftmaxReading(label, p):
            return [Row(title, f"{label_of(head, label, lang)} {percent(p)}", index, p)]
        case SigmoidReading(p, on):
            return [Row(title, percent(p), index, p, on=on)]
        case MultiSigmoidReading(probs, on_names):
            return [
                Row(label_of(head, name, lang), percent(p), index, p, on=name in on_names)
                for name, p in probs.items()
            ]


def percent(p: float) -> str:
    """Return whole percent; never 0 or 100, which would claim certainty."""
    return f"{min(max(round(100.0 * p), 1), 99)}%"
