"""What class activation maps cost, measured while a session runs."""

from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facecam.types import Analysis


class CamTrial:
    """Finds out what maps cost by turning them on and off in turns.

    A busy machine slows both alike, so the ratio of neighbouring turns says more than two runs one
    after the other. `turn` and `note_drawing` are called by the drawing thread, `note_analysis` by
    the analysis thread.

    Attributes:
        on: Whether maps are wanted now.
    """

    def __init__(self, turn_s: float = 0.5) -> None:
        self.on = False
        self._turn_s = turn_s
        self._begun_s = 0.0
        self._drawn = 0
        self._rates: dict[bool, list[float]] = {True: [], False: []}
        self._making_ms: list[float] = []
        self._drawing_ms: dict[bool, list[tuple[float, int]]] = {True: [], False: []}

    def turn(self, now_s: float, drawn: int) -> bool:
        """Return whether maps are to be turned on or off now (see `on`).

        Args:
            now_s: Time since the beginning in seconds.
            drawn: Number of pictures drawn until now.
        """
        if now_s - self._begun_s < self._turn_s:
            return False
        self._rates[self.on].append((drawn - self._drawn) / (now_s - self._begun_s))
        self._begun_s, self._drawn = now_s, drawn
        self.on = not self.on
        return True

    def note_analysis(self, analysis: "Analysis") -> None:
        """Take the cost of making the maps of one frame."""
        count = sum(face.cam is not None for face in analysis.faces)
        if count:
            self._making_ms.append(analysis.stages_ms.get("cam", 0.0) / count)

    def note_drawing(self, analysis: "Analysis", drawing_ms: float) -> None:
        """Take the duration of one drawing, in milliseconds."""
        count = sum(face.cam is not None for face in analysis.faces)
        self._drawing_ms[count > 0].append((drawing_ms, max(count, 1)))

    def record(self) -> dict[str, Any]:
        """Return what maps cost, and the median of the ratios of neighbouring turns.

        Costs are lower quartiles: where other programs want the processor too, more than half of
        the durations are waiting.
        """
        ratios = [
            with_cam / without
            for with_cam, without in zip(self._rates[True], self._rates[False], strict=False)
            if without > 0
        ]
        making = _lower_quartile(self._making_ms)
        with_cam, without = self._drawing_ms[True], self._drawing_ms[False]
        drawing = 0.0
        if with_cam and without:
            quick, plain = ([ms for ms, _ in part] for part in (with_cam, without))
            more = _lower_quartile(quick) - _lower_quartile(plain)
            drawing = max(more, 0.0) / median(count for _, count in with_cam)
        rates = {on: median(values) if values else 0.0 for on, values in self._rates.items()}
        return {
            "ms_per_face": {
                "analysis": round(making, 3),
                "drawing": round(drawing, 3),
                "total": round(making + drawing, 3),
            },
            "fps_with": round(rates[True], 2),
            "fps_without": round(rates[False], 2),
            "fps_ratio": round(median(ratios), 3) if ratios else 0.0,
        }


def _lower_quartile(values: list[float]) -> float:
    return sorted(values)[len(values) // 4] if values else 0.0
