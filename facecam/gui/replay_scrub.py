"""The bar under a replay: where it stands, when each face was there, what is missing."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QSlider, QToolTip, QWidget

from facecam.gui import recording_words
from facecam.gui.recording_words import clock_text
from facecam.gui.replay_timeline import Gap, Recording, Span
from facecam.gui.theme import Theme, hue

_EDGE = 10
_LANE = 6
_LANES = 6
_RAIL = 6
_STEP_MS = 1000
_NARROW = 6


class ScrubBar(QSlider):
    """A slider in milliseconds with a lane a face. Owned by the Qt thread.

    Signals:
        scrubbed: A person went to this time in seconds.
        track_chosen: The number of the face whose span was pressed.
    """

    scrubbed = Signal(float)
    track_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = theme
        self._spans: tuple[Span, ...] = ()
        self._gaps: tuple[Gap, ...] = ()
        self._lane_of: dict[int, int] = {}
        self._duration_s = 0.0
        self._selected: int | None = None
        self.setRange(0, 0)
        self.setSingleStep(_STEP_MS)
        self.setPageStep(5 * _STEP_MS)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_recording(self, recording: Recording) -> None:
        """Show another recording."""
        self._duration_s = recording.duration_s
        self._spans = recording.timeline.spans
        self._gaps = recording.gaps
        self._lane_of = _lanes(self._spans)
        self.setRange(0, max(round(1000 * self._duration_s), 1))
        self.updateGeometry()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def show_position(self, t_s: float, selected: int | None) -> None:
        """Show where the replay stands and which face is selected."""
        self.blockSignals(True)
        self.setValue(round(1000 * t_s))
        self.blockSignals(False)
        if selected != self._selected:
            self._selected = selected
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of rail and lanes."""
        lanes = min(max(self._lane_of.values(), default=-1) + 1, _LANES)
        return QSize(400, 2 * _EDGE + _RAIL + 4 + max(lanes, 1) * _LANE)

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(160, self.sizeHint().height())

    def _x(self, t_s: float) -> float:
        width = max(self.width() - 2 * _EDGE, 1)
        share = t_s / self._duration_s if self._duration_s > 0 else 0.0
        return _EDGE + width * min(max(share, 0.0), 1.0)

    def _time(self, x: float) -> float:
        width = max(self.width() - 2 * _EDGE, 1)
        return min(max((x - _EDGE) / width, 0.0), 1.0) * self._duration_s

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw rail, gaps, lanes and the mark of the position."""
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rail = QRectF(_EDGE, _EDGE, self.width() - 2 * _EDGE, _RAIL)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.track))
        painter.drawRoundedRect(rail, 3, 3)
        done = QRectF(rail)
        done.setRight(self._x(self.value() / 1000))
        painter.setBrush(QColor(theme.muted))
        painter.drawRoundedRect(done, 3, 3)
        for gap in self._gaps:
            left, right = self._x(gap.start_s), self._x(gap.end_s)
            if right - left < _NARROW:
                # A mark across rail and lanes: the pause itself is not in the video.
                painter.setBrush(QColor(theme.warning))
                painter.drawRect(QRectF(right - 1, rail.top() - 4, 2, self.height() - _EDGE))
                continue
            area = QRectF(left, rail.top() - 3, right - left, _RAIL + 6)
            painter.setBrush(QColor(theme.window))
            painter.drawRect(area)
            painter.setBrush(QBrush(QColor(theme.warning), Qt.BrushStyle.BDiagPattern))
            painter.drawRect(area)
        for span in self._spans:
            lane = self._lane_of[span.track]
            if lane >= _LANES:
                continue
            colour = QColor(hue(theme, span.track - 1))
            faded = self._selected is not None and span.track != self._selected
            colour.setAlphaF(0.55 if faded else 1.0)
            painter.setBrush(colour)
            left, right = self._x(span.start_s), self._x(span.end_s)
            top = rail.bottom() + 5 + lane * _LANE
            painter.drawRoundedRect(QRectF(left, top, max(right - left, 3), _LANE - 2), 2, 2)
        x = self._x(self.value() / 1000)
        painter.setPen(QPen(QColor(theme.text), 1.5))
        painter.drawLine(QPointF(x, 4), QPointF(x, self.height() - 4))
        painter.setPen(QPen(QColor(theme.window), 1.5))
        painter.setBrush(QColor(theme.accent if self.hasFocus() else theme.text))
        painter.drawEllipse(QPointF(x, rail.center().y()), 7, 7)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the point that was pressed."""
        if event.button() == Qt.MouseButton.LeftButton:
            span = self._span_at(event.position())
            if span is not None:
                self.track_chosen.emit(span.track)
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse while it is pressed; else say what is there."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event)
            return
        text = clock_text(self._time(event.position().x()))
        span = self._span_at(event.position())
        if span is not None:
            text += " · " + self.tr("Face {number}").format(number=span.track)
        gap = self._gap_at(event.position().x())
        if gap is not None:
            text += " · " + recording_words.gap_text(gap.why, gap.seconds)
        QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Nothing more: the last move has gone there."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go along with the arrow keys, and to the ends."""
        before = self.value()
        super().keyPressEvent(event)
        if self.value() != before:
            self.scrubbed.emit(self.value() / 1000)

    def _go(self, event: QMouseEvent) -> None:
        t_s = self._time(event.position().x())
        self.show_position(t_s, self._selected)
        self.scrubbed.emit(t_s)

    def _gap_at(self, x: float) -> Gap | None:
        near = (
            gap for gap in self._gaps if self._x(gap.start_s) - 4 <= x <= self._x(gap.end_s) + 4
        )
        return next(near, None)

    def _span_at(self, point: QPointF) -> Span | None:
        lane = int((point.y() - (_EDGE + _RAIL + 5)) // _LANE)
        t_s = self._time(point.x())
        for span in self._spans:
            if self._lane_of[span.track] == lane and span.start_s <= t_s <= span.end_s:
                return span
        return None


def _lanes(spans: tuple[Span, ...]) -> dict[int, int]:
    """Return the lane of each track: the first that is free for its whole time."""
    whole: dict[int, tuple[float, float]] = {}
    for span in spans:
        first, last = whole.get(span.track, (span.start_s, span.end_s))
        whole[span.track] = (min(first, span.start_s), max(last, span.end_s))
    ends: list[float] = []
    lanes: dict[int, int] = {}
    for track, (start_s, end_s) in sorted(whole.items(), key=lambda item: item[1]):
        lane = next((i for i, end in enumerate(ends) if end < start_s), len(ends))
        if lane == len(ends):
            ends.append(end_s)
        ends[lane] = end_s
        lanes[track] = lane
    return lanes
