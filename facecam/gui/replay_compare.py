"""Two models on the same faces: rows with both readings and what lies between them."""

from collections.abc import Sequence
from dataclasses import dataclass

from facecam.gui.stat_rows import HeadView, StatRow, rows_of
from facecam.types import Analysis, FaceAnalysis
from facecam.vision.fit import overlap

_SAME_FACE = 0.3  # least overlap (intersection over union) of one face in two analyses


@dataclass(frozen=True, slots=True)
class Comparison:
    """One stat as two models read it.

    Attributes:
        first, second: Their rows; None where a model has no such stat or no reading.
        difference: Second less first as they are shown, in the stat's own unit or in percentage
            points; None where that cannot be said.
        differs: Whether they give different answers: another class, or yes against no.
    """

    key: str
    title: str
    hue: int
    first: StatRow | None
    second: StatRow | None
    difference: float | None = None
    differs: bool = False


def compare(
    first_heads: Sequence[HeadView],
    first: FaceAnalysis | None,
    second_heads: Sequence[HeadView],
    second: FaceAnalysis | None,
    lang: str,
) -> tuple[Comparison, ...]:
    """Return one comparison a stat, those of the first model first."""
    rows = [_rows(first_heads, first, lang), _rows(second_heads, second, lang)]
    keys = list(dict.fromkeys([*rows[0], *rows[1]]))
    result = []
    for place, key in enumerate(keys):
        one, two = rows[0].get(key), rows[1].get(key)
        shown = one or two
        assert shown is not None
        difference, differs = _difference(one, two)
        result.append(Comparison(key, shown.title, place, one, two, difference, differs))
    return tuple(result)


def _rows(heads: Sequence[HeadView], face: FaceAnalysis | None, lang: str) -> dict[str, StatRow]:
    return {
        row.key: row for index, head in enumerate(heads) for row in rows_of(head, index, face, lang)
    }


def _difference(one: StatRow | None, two: StatRow | None) -> tuple[float | None, bool]:
    if one is None or two is None or one.kind != two.kind:
        return None, False
    if one.fraction is None or two.fraction is None or one.unsure or two.unsure:
        return None, False
    if one.kind == "softmax" and one.label != two.label:
        return None, True
    # Of the numbers as they are shown: two that look alike must not differ.
    return float(_shown(two) - _shown(one)), one.on != two.on


def _shown(row: StatRow) -> int:
    if row.kind == "expectation":
        return round(row.value)
    return min(max(round(100 * row.value), 1), 99)


def same_face(face: FaceAnalysis | None, analysis: Analysis | None) -> FaceAnalysis | None:
    """Return the face of another analysis that lies where this one does, or None.

    Numbers of faces belong to one analysis: another model may find and number them otherwise.
    """
    if face is None or analysis is None:
        return None
    best = max(
        analysis.faces, key=lambda other: overlap(face.box_xywh, other.box_xywh), default=None
    )
    if best is None or overlap(face.box_xywh, best.box_xywh) < _SAME_FACE:
        return None
    return best
