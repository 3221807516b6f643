"""The words for numbers and states, in the language of the interface."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QLocale

from facecam.gui.live_session import SessionView
from facecam.gui.replay_compare import Comparison
from facecam.gui.stat_rows import HeadView, StatRow
from facecam.types import Unsure


def language_code() -> str:
    """Return the language that is installed now, as model packages name it ("en", "ko")."""
    return QCoreApplication.translate("words", "en", "language code of this translation")


def unsure_text(reason: Unsure) -> str:
    """Return why a reading is not to be believed."""
    if reason == "small":
        return QCoreApplication.translate("words", "can't tell: too small")
    if reason == "blurred":
        return QCoreApplication.translate("words", "can't tell: too blurred")
    return QCoreApplication.translate("words", "can't tell: turned away")


def unsure_help(reason: Unsure) -> str:
    """Return what a person can do about it."""
    if reason == "small":
        return QCoreApplication.translate(
            "words", "The face is too small for a reading to be trusted. Come closer."
        )
    if reason == "blurred":
        return QCoreApplication.translate(
            "words", "The face is too blurred for a reading to be trusted. More light helps."
        )
    return QCoreApplication.translate(
        "words", "The face is turned too far for a reading to be trusted. Look at the camera."
    )


def unit_text(unit: str) -> str:
    """Return the unit of a head in words; one that is not known stays as it is."""
    if unit == "years":
        return QCoreApplication.translate("words", "years")
    return unit


def value_text(row: StatRow) -> str:
    """Return the short value at the end of a bar ("34", "Female 93%", "88%")."""
    if row.fraction is None:
        return "–"
    if row.unsure is not None:
        return unsure_text(row.unsure)
    if row.kind == "expectation":
        return str(round(row.value))
    percent = percent_text(row.value)
    return f"{row.label} {percent}" if row.label else percent


def percent_text(share: float) -> str:
    """Return a share as whole percent; never 0 or 100, which would claim certainty."""
    return f"{min(max(round(100 * share), 1), 99)}%"


def interval_text(row: StatRow) -> str:
    """Return "29 to 39", or "" where there is no interval."""
    if row.value_low is None or row.value_high is None or row.unsure is not None:
        return ""
    return QCoreApplication.translate("words", "{low} to {high}").format(
        low=round(row.value_low), high=round(row.value_high)
    )


def chance_text() -> str:
    """Return the mark of a stat whose answers are no better than chance."""
    return QCoreApplication.translate("words", "no better than chance")


def row_sentence(row: StatRow) -> str:
    """Return a row in sentences: its tool tip, and what a screen reader says."""
    sentence = _reading_sentence(row)
    if row.auc is None:
        return sentence
    measured = QCoreApplication.translate(
        "words", "Measured on people it had not seen: AUC {auc} (0.5 is guessing, 1 is perfect)."
    ).format(auc=QLocale().toString(row.auc, "f", 2))
    if row.chance:
        measured += " " + QCoreApplication.translate(
            "words", "That is no better than chance: this number says nothing about the person."
        )
    return f"{sentence}\n{measured}"


def _reading_sentence(row: StatRow) -> str:
    if row.fraction is None:
        return QCoreApplication.translate("words", "{title}: no reading yet").format(
            title=row.title
        )
    if row.unsure is not None:
        return f"{row.title}: {unsure_text(row.unsure)}. {unsure_help(row.unsure)}"
    if row.kind == "expectation":
        return QCoreApplication.translate(
            "words", "{title}: about {value} {unit}; most likely {low} to {high}"
        ).format(
            title=row.title,
            value=round(row.value),
            unit=unit_text(row.unit),
            low=round(row.value_low if row.value_low is not None else row.value),
            high=round(row.value_high if row.value_high is not None else row.value),
        )
    if row.on is not None:
        answer = (
            QCoreApplication.translate("words", "yes")
            if row.on
            else QCoreApplication.translate("words", "no")
        )
        return f"{row.title}: {answer}, {percent_text(row.value)}"
    return f"{row.title}: {value_text(row)}"


def health_text(health: str, seconds: float) -> str:
    """Return what is wrong with the picture, and for how long."""
    translate = QCoreApplication.translate
    texts = {
        "stalled": translate("words", "No new picture for {n} s"),
        "frozen": translate("words", "The same picture again and again, for {n} s"),
        "black": translate(
            "words", "The picture is black: is the shutter closed, or the light off? ({n} s)"
        ),
        "wrong_size": translate("words", "The pictures have changed their size ({n} s ago)"),
        "gone": translate("words", "The source is gone, for {n} s"),
        "reconnecting": translate("words", "Waiting for the source to come back, for {n} s"),
    }
    return texts.get(health, "").format(n=max(int(seconds), 1))


def can_ring(heads: Sequence[HeadView]) -> bool:
    """Return whether a model has yes/no stats enough for a ring: three at least."""
    return sum(len(head.classes) for head in heads if head.kind == "sigmoid") >= 3


def share_text(share: float) -> str:
    """Return a share as percent with one digit, and "less than 0.1%" where that is nothing."""
    if share < 0.001:
        return QCoreApplication.translate("words", "fewer than 1 in 1000")
    return QLocale().toString(100 * share, "f", 1) + "%"


def rate_text(rate_hz: float) -> str:
    """Return a rate with one digit after the point."""
    return QLocale().toString(rate_hz, "f", 1)


def status_parts(status: SessionView, source_name: str) -> list[str]:
    """Return the pieces of the status line, most important first."""
    parts = [source_name] if source_name else []
    info = status.source
    if info is not None and info.size_wh[0] > 0:
        parts.append(f"{info.size_wh[0]}×{info.size_wh[1]}")
    if status.source_hz > 0:
        parts.append(
            QCoreApplication.translate("words", "{rate} frames a second").format(
                rate=rate_text(status.source_hz)
            )
        )
    if status.analysis_hz > 0:
        parts.append(
            QCoreApplication.translate("words", "{rate} analysed").format(
                rate=rate_text(status.analysis_hz)
            )
        )
        parts.append(
            QCoreApplication.translate("words", "{ms} ms behind").format(
                ms=round(status.latency_ms)
            )
        )
        parts.append(
            QCoreApplication.translate("words", "{count} skipped").format(count=status.skipped)
        )
    return parts


def difference_text(comparison: Comparison) -> str:
    """Return how far two readings lie apart: "+3", "−12 points", "differs"."""
    translate = QCoreApplication.translate
    if comparison.difference is None:
        return translate("words", "differs") if comparison.differs else ""
    whole = round(comparison.difference)
    if whole == 0:
        return translate("words", "same")
    number = f"+{whole}" if whole > 0 else f"−{-whole}"
    row = comparison.first
    if row is not None and row.kind == "expectation":
        return number
    return translate("words", "{number} points").format(number=number)


def comparison_sentence(comparison: Comparison) -> str:
    """Return a comparison as a sentence: its tool tip, and what a screen reader says."""
    first, second = (
        value_text(row) if row is not None else "–" for row in (comparison.first, comparison.second)
    )
    sentence = QCoreApplication.translate("words", "{title}: {first}, then {second}").format(
        title=comparison.title, first=first, second=second
    )
    difference = difference_text(comparison)
    return f"{sentence} ({difference})" if difference else sentence
