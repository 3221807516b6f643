"""One stat of the side panel: title, value, animated bar with its interval, last 30 seconds."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from facecam.gui import words
from facecam.gui.easing import EasedValue
from facecam.gui.presenter import HISTORY_S
from facecam.gui.stat_rows import StatRow
from facecam.gui.theme import SIZE_BODY_PX, SIZE_SMALL_PX, Theme, hue
from facecam.timing import monotonic_s

_BAR_TOP, _BAR_HEIGHT, _LINE_TOP, _LINE_HEIGHT, _HEIGHT = 21, 8, 32, 12, 50

History = tuple[tuple[float, float | None], ...]


def tabular(font: QFont, size_px: int, *, bold: bool = False) -> QFont:
    """Return the font with figures of equal width, so that numbers do not jump."""
    result = QFont(font)
    result.setPixelSize(size_px)
    result.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


class StatRowWidget(QWidget):
    """Draws one `StatRow`. The panel calls `step` while anything moves."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._row: StatRow | None = None
        self._history: History = ()
        self._stale = False
        self._with_interval = True
        self._bar = EasedValue()
        self._low = EasedValue()
        self._high = EasedValue()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the height that holds title, bar and line."""
        return QSize(220, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Return the same: a row is never squeezed."""
        return self.sizeHint()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def set_row(
        self,
        row: StatRow,
        history: History,
        *,
        stale: bool,
        duration_s: float,
        jump: bool,
        with_interval: bool = True,
    ) -> None:
        """Show another reading.

        Args:
            row: What to show.
            history: (age in seconds, fraction or None), oldest first.
            stale: The face is out of view: everything is drawn faded.
            duration_s: How long the bar may take; 0 with reduced motion.
            jump: Do not glide: the row now belongs to another face.
            with_interval: Write the interval out; the row of the big number need not.
        """
        now_s = monotonic_s()
        first = self._row is None or self._row.fraction is None
        for eased, target in (
            (self._bar, row.fraction),
            (self._low, row.low),
            (self._high, row.high),
        ):
            eased.duration_s = duration_s
            if target is not None:
                if jump or (first and eased is not self._bar):
                    eased.jump(target)
                else:
                    eased.go(target, now_s)
        same_words = row == self._row
        self._row, self._history, self._stale = row, history, stale
        self._with_interval = with_interval
        if not same_words:
            sentence = words.row_sentence(row)
            if sentence != self.accessibleName():
                self.setAccessibleName(sentence)
                self.setToolTip(sentence)
        self.update()

    def step(self, now_s: float) -> bool:
        """Repaint while the bar moves; return whether it still does."""
        moving = any(eased.moving(now_s) for eased in (self._bar, self._low, self._high))
        if moving:
            self.update()
        return moving

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw title, value, bar and line."""
        row = self._row
        if row is None:
            return
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._stale:
            painter.setOpacity(0.45)
        colour = QColor(hue(theme, row.hue))
        self._paint_words(painter, row)
        track = QRectF(0, _BAR_TOP, self.width(), _BAR_HEIGHT)
        if row.unsure is not None:
            self._paint_hatched(painter, track)
        else:
            self._paint_bar(painter, track, row, colour)
        self._paint_line(painter, QRectF(0, _LINE_TOP, self.width(), _LINE_HEIGHT), colour)
        painter.end()

    def _paint_words(self, painter: QPainter, row: StatRow) -> None:
        theme = self._theme
        area = QRectF(0, 0, self.width(), 18)
        sure = row.unsure is None and row.fraction is not None
        heavy = sure and not row.chance
        value = words.value_text(row)
        painter.setFont(tabular(self.font(), SIZE_BODY_PX if sure else SIZE_SMALL_PX, bold=heavy))
        painter.setPen(QColor(theme.text if heavy else theme.muted))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(area, right, value)
        room = area.width() - painter.fontMetrics().horizontalAdvance(value) - 8
        interval = words.interval_text(row) if self._with_interval else ""
        if row.chance and sure:
            interval = words.chance_text()
        if interval:
            painter.setFont(tabular(self.font(), SIZE_SMALL_PX))
            painter.setPen(QColor(theme.muted))
            painter.drawText(QRectF(0, 0, room, 18), right, interval)
            room -= painter.fontMetrics().horizontalAdvance(interval) + 8
        painter.setFont(tabular(self.font(), SIZE_BODY_PX))
        painter.setPen(QColor(theme.text if sure else theme.muted))
        title = painter.fontMetrics().elidedText(
            row.title, Qt.TextElideMode.ElideRight, max(int(room), 24)
        )
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)

    def _paint_hatched(self, painter: QPainter, track: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.track))
        painter.drawRoundedRect(track, 4, 4)
        painter.setBrush(QBrush(QColor(self._theme.muted), Qt.BrushStyle.BDiagPattern))
        painter.drawRoundedRect(track, 4, 4)

    def _paint_bar(self, painter: QPainter, track: QRectF, row: StatRow, colour: QColor) -> None:
        theme = self._theme
        now_s = monotonic_s()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.track))
        painter.drawRoundedRect(track, 4, 4)
        if row.fraction is None:
            return
        clip = QPainterPath()
        clip.addRoundedRect(track, 4, 4)
        painter.save()
        painter.setClipPath(clip)
        end = track.width() * self._bar.value(now_s)
        faint = QColor(colour)
        faint.setAlphaF(0.38)
        if row.low is not None and row.high is not None:
            low = track.width() * self._low.value(now_s)
            high = track.width() * self._high.value(now_s)
            painter.fillRect(QRectF(low, track.top(), high - low, track.height()), faint)
            painter.restore()
            # The marker stands out of the band: a mark on a scale, not an amount.
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.panel))
            marker = QRectF(end - 3.5, track.top() - 3, 7, track.height() + 6)
            painter.drawRoundedRect(marker, 3, 3)
            painter.setBrush(colour)
            painter.drawRoundedRect(marker.adjusted(1.5, 0.5, -1.5, -0.5), 2, 2)
            return
        painter.fillRect(
            QRectF(track.left(), track.top(), end, track.height()),
            faint if row.on is False or row.chance else colour,
        )
        painter.restore()
        if row.threshold is not None:
            x = track.width() * row.threshold
            painter.setPen(QPen(QColor(theme.text), 1.5))
            painter.drawLine(QPointF(x, track.top() - 2), QPointF(x, track.bottom() + 2))

    def _paint_line(self, painter: QPainter, area: QRectF, colour: QColor) -> None:
        painter.setPen(QPen(QColor(self._theme.track), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        pen = QPen(colour, 1.4)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        run: list[QPointF] = []
        for age_s, value in (*self._history, (0.0, None)):
            if value is None:
                if len(run) > 1:
                    painter.drawPolyline(run)
                run = []
                continue
            x = area.right() - area.width() * age_s / HISTORY_S
            run.append(QPointF(x, area.bottom() - 1 - (area.height() - 2) * value))
