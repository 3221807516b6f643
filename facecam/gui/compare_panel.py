"""The side panel of a replay when two models are compared."""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from facecam.gui import words
from facecam.gui.icons import icon
from facecam.gui.replay_compare import Comparison
from facecam.gui.stat_row_widget import tabular
from facecam.gui.stat_rows import StatRow
from facecam.gui.theme import GRID_PX, SIZE_BODY_PX, SIZE_SMALL_PX, Theme, hue

WIDTH_PX = 340
_HEIGHT = 62


class ComparePanel(QFrame):
    """Shows `Comparison`s, one row each."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setFixedWidth(WIDTH_PX)
        self._theme = theme
        self._rows: list[CompareRow] = []
        self.face_label = QLabel(self)
        self.face_label.setProperty("role", "title")
        self.close_button = QToolButton(self)
        self.first_label = QLabel(self)
        self.second_label = QLabel(self)
        for label in (self.first_label, self.second_label):
            label.setProperty("role", "muted")
        self.empty_label = QLabel(self)
        self.empty_label.setProperty("role", "muted")
        self.empty_label.setWordWrap(True)
        top = QHBoxLayout()
        top.addWidget(self.face_label, 1)
        top.addWidget(self.close_button)
        body = QWidget(self)
        body.setObjectName("panelBody")
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(0, 0, GRID_PX, 0)
        self._column.setSpacing(6)
        self._column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addLayout(top)
        layout.addWidget(self.first_label)
        layout.addWidget(self.second_label)
        layout.addWidget(self.empty_label)
        layout.addWidget(scroll, 1)
        self._models = ("", "")
        self.set_theme(theme)
        self.retranslate()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.close_button.setIcon(icon("close", theme))
        for row in self._rows:
            row.set_theme(theme)

    def set_models(self, first: str, second: str) -> None:
        """Say which two models are compared."""
        self._models = (first, second)
        self.retranslate()

    def show_face(
        self, track: int | None, comparisons: tuple[Comparison, ...], missed: bool
    ) -> None:
        """Show a face.

        Args:
            track: Its number in the recording; None where none is in view.
            comparisons: One a stat.
            missed: Whether the second model's run did not find this face.
        """
        if track is None:
            self.face_label.setText(self.tr("Two models"))
            self.empty_label.setText(self.tr("Stats appear here when a face is in view."))
        else:
            self.face_label.setText(self.tr("Face {number}").format(number=track))
            self.empty_label.setText(self.tr("The second model has not found this face here."))
        self.empty_label.setVisible(track is None or missed)
        shown = comparisons if track is not None else ()
        while len(self._rows) > len(shown):
            row = self._rows.pop()
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        while len(self._rows) < len(shown):
            row = CompareRow(self._theme, self)
            self._column.insertWidget(len(self._rows), row)
            self._rows.append(row)
        for row, comparison in zip(self._rows, shown, strict=True):
            row.show_comparison(comparison)

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        self.setAccessibleName(self.tr("Two models compared"))
        self.first_label.setText(self.tr("1  {model}, as recorded").format(model=self._models[0]))
        self.second_label.setText(
            self.tr("2  {model}, analysed again").format(model=self._models[1])
        )
        self.close_button.setToolTip(self.tr("End the comparison"))
        self.close_button.setAccessibleName(self.tr("End the comparison"))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


class CompareRow(QWidget):
    """Title and difference, then a bar a model with its value."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._comparison: Comparison | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the height of three lines."""
        return QSize(220, _HEIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def show_comparison(self, comparison: Comparison) -> None:
        """Show another pair of readings."""
        if comparison == self._comparison:
            return
        self._comparison = comparison
        sentence = words.comparison_sentence(comparison)
        self.setAccessibleName(sentence)
        self.setToolTip(sentence)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the row."""
        comparison = self._comparison
        if comparison is None:
            return
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(0, 0, self.width(), 18)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        text = words.difference_text(comparison)
        painter.setFont(tabular(self.font(), SIZE_BODY_PX, bold=True))
        painter.setPen(QColor(theme.warning if comparison.differs else theme.text))
        painter.drawText(area, right, text)
        room = area.width() - painter.fontMetrics().horizontalAdvance(text) - 8
        painter.setFont(tabular(self.font(), SIZE_BODY_PX))
        painter.setPen(QColor(theme.text))
        title = painter.fontMetrics().elidedText(
            comparison.title, Qt.TextElideMode.ElideRight, int(room)
        )
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        colour = QColor(hue(theme, comparison.hue))
        self._paint_bar(painter, 20, "1", comparison.first, colour)
        self._paint_bar(painter, 38, "2", comparison.second, colour)
        painter.end()

    def _paint_bar(
        self, painter: QPainter, top: int, name: str, row: StatRow | None, colour: QColor
    ) -> None:
        theme = self._theme
        painter.setFont(tabular(self.font(), SIZE_SMALL_PX))
        painter.setPen(QColor(theme.muted))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, top, 12, 16), left, name)
        value = words.value_text(row) if row is not None else "–"
        value_width = 104
        painter.setPen(QColor(theme.text))
        painter.drawText(QRectF(self.width() - value_width, top, value_width, 16), right, value)
        track = QRectF(16, top + 5, max(self.width() - value_width - 24, 20), 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.track))
        painter.drawRoundedRect(track, 3, 3)
        if row is None or row.fraction is None or row.unsure is not None:
            return
        bar = QRectF(track)
        bar.setWidth(max(track.width() * row.fraction, 2))
        faint = QColor(colour)
        faint.setAlphaF(0.45)
        painter.setBrush(faint if row.on is False else colour)
        painter.drawRoundedRect(bar, 3, 3)
