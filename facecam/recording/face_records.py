"""Readings and faces as plain values for JSON, CSV and Parquet (the shapes of the contract)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from facecam.types import (
    Analysis,
    BoxXywh,
    ExpectationReading,
    FaceAnalysis,
    MultiSigmoidReading,
    Reading,
    SigmoidReading,
    SoftmaxReading,
)

Record = dict[str, Any]
ColumnKind = type[int] | type[float] | type[str] | type[bool]


class HeadLike(Protocol):
    """What is needed of a head to name its columns."""

    @property
    def name(self) -> str:
        """Name of the head."""
        ...

    @property
    def kind(self) -> str:
        """One of softmax, sigmoid, expectation."""
        ...

    @property
    def classes(self) -> Sequence[Any]:
        """Its classes, in order."""
        ...


def reading_record(reading: Reading) -> Record:
    """Return a reading as the contract's JSON object."""
    record: Record
    match reading:
        case ExpectationReading():
            record = {
                "value": _number(reading.value),
                "low": _number(reading.low),
                "high": _number(reading.high),
            }
        case SoftmaxReading():
            record = {
                "label": reading.label,
                "p": _number(reading.p),
                "probs": _numbers(reading.probs),
            }
        case SigmoidReading():
            record = {"p": _number(reading.p), "on": bool(reading.on)}
        case MultiSigmoidReading():
            record = {"probs": _numbers(reading.probs), "on": list(reading.on)}
    record["unsure"] = reading.unsure
    return record


def reading_of(record: Mapping[str, Any]) -> Reading:
    """Return the reading that `reading_record` made a record of.

    Raises:
        KeyError, TypeError, ValueError: It is not such a record.
    """
    unsure = record.get("unsure")
    if unsure not in (None, "small", "blurred", "turned"):
        raise ValueError(f"{unsure!r} is no reason to be unsure")
    if "value" in record:
        return ExpectationReading(
            float(record["value"]), float(record["low"]), float(record["high"]), unsure
        )
    if "label" in record:
        return SoftmaxReading(
            str(record["label"]), float(record["p"]), _floats(record["probs"]), unsure
        )
    if "probs" in record:
        names = tuple(str(name) for name in record["on"])
        return MultiSigmoidReading(_floats(record["probs"]), names, unsure)
    return SigmoidReading(float(record["p"]), bool(record["on"]), unsure)


def box_record(box_xywh: BoxXywh) -> list[float]:
    """Return a box with hundredths of a pixel."""
    return [round(float(value), 2) for value in box_xywh]


def face_record(face: FaceAnalysis) -> Record:
    """Return one face of a statistics line."""
    return {
        "track": face.track,
        "box_xywh": box_record(face.box_xywh),
        "score": None if face.score is None else _number(face.score),
        "predicted": face.predicted,
        "heads": {name: reading_record(reading) for name, reading in face.readings.items()},
    }


def analysis_record(analysis: Analysis) -> Record:
    """Return one statistics line: one analysed frame, also when it holds no face."""
    return {
        "frame": analysis.frame_id,
        "t_s": round(float(analysis.source_s), 6),
        "faces": [face_record(face) for face in analysis.faces],
    }


def columns(heads: Sequence[HeadLike]) -> dict[str, ColumnKind]:
    """Return the columns of the flattened form, in order, with their types.

    Names follow the JSON object: `age.value`, `gender.probs.female`, `glasses.on`. The list `on`
    of a head with several classes is one text, its classes joined by ";".
    """
    result: dict[str, ColumnKind] = {
        "frame": int,
        "t_s": float,
        "track": int,
        "box_x": float,
        "box_y": float,
        "box_w": float,
        "box_h": float,
        "score": float,
        "predicted": bool,
    }
    for head in heads:
        own: dict[str, ColumnKind]
        probs: dict[str, ColumnKind] = {f"probs.{name}": float for name in head.classes}
        if head.kind == "expectation":
            own = {"value": float, "low": float, "high": float}
        elif head.kind == "softmax":
            own = {"label": str, "p": float, **probs}
        elif len(head.classes) == 1:
            own = {"p": float, "on": bool}
        else:
            own = {**probs, "on": str}
        own["unsure"] = str
        result.update({f"{head.name}.{key}": kind for key, kind in own.items()})
    return result


def rows(analysis: Analysis) -> list[Record]:
    """Return the flattened form of one frame: one row a face, none without a face."""
    record = analysis_record(analysis)
    result = []
    for face in record["faces"]:
        x, y, w, h = face["box_xywh"]
        row: Record = {
            "frame": record["frame"],
            "t_s": record["t_s"],
            "track": face["track"],
            "box_x": x,
            "box_y": y,
            "box_w": w,
            "box_h": h,
            "score": face["score"],
            "predicted": face["predicted"],
        }
        for head, reading in face["heads"].items():
            for key, value in reading.items():
                if key == "probs":
                    row.update({f"{head}.probs.{name}": p for name, p in value.items()})
                elif isinstance(value, list):
                    row[f"{head}.{key}"] = ";".join(value)
                else:
                    row[f"{head}.{key}"] = value
        result.append(row)
    return result


def _floats(values: Mapping[str, Any]) -> Mapping[str, float]:
    return MappingProxyType({str(name): float(value) for name, value in values.items()})


def _number(value: float) -> float:
    return round(float(value), 5)


def _numbers(values: Mapping[str, float]) -> dict[str, float]:
    return {name: _number(value) for name, value in values.items()}
