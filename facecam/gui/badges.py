"""Small marks in the corner of the video: that it is recorded, that faces are blurred."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from facecam.gui import recording_words
from facecam.gui.stat_row_widget import tabular
from facecam.gui.theme import GRID_PX

if TYPE_CHECKING:
    from facecam.recording.request import RecordingStatus

RECORD_RED = "#ff4033"
_NEAR_S = 36_000.0  # more room than for ten hours is not worth saying
_AMBER = "#e6b34a"
_GROUND = "background: rgba(15, 18, 22, 218); color: #f2f5f8; border-radius: 14px;"


class _Dot(QWidget):
    """A steady red dot while recording; two amber bars while paused; a ring while neither."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.state = "recording"
        self.setFixedSize(14, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the mark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.state == "recording":
            painter.setBrush(QColor(RECORD_RED))
            painter.drawEllipse(QPointF(7, 7), 6, 6)
        elif self.state == "paused":
            painter.setBrush(QColor(_AMBER))
            painter.drawRect(QRectF(2, 1, 4, 12))
            painter.drawRect(QRectF(8, 1, 4, 12))
        else:
            painter.setPen(QColor("#f2f5f8"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(7, 7), 5, 5)
        painter.end()


class Badges(QWidget):
    """The row of marks. Lies over the video and lets the mouse through.

    Nothing else in the window is a filled red dot.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.recording = QFrame(self)
        self.recording.setObjectName("recordingBadge")
        self.recording.setStyleSheet(f"#recordingBadge {{ {_GROUND} }}")
        self._dot = _Dot(self.recording)
        self.state_label = self._label(self.recording, bold=True)
        self.detail_label = self._label(self.recording)
        inner = QHBoxLayout(self.recording)
        inner.setContentsMargins(10, 6, 14, 6)
        inner.setSpacing(GRID_PX)
        for widget in (self._dot, self.state_label, self.detail_label):
            inner.addWidget(widget)
        self.blur = QLabel(self)
        self.blur.setStyleSheet(f"QLabel {{ {_GROUND} padding: 6px 14px; font-size: 13px; }}")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self.recording)
        layout.addWidget(self.blur)
        self.recording.hide()
        self.blur.hide()
        self.retranslate()
        self.place()

    def _label(self, parent: QWidget, *, bold: bool = False) -> QLabel:
        label = QLabel(parent)
        label.setFont(tabular(self.font(), 13, bold=bold))
        label.setStyleSheet("color: #f2f5f8; font-weight: 600;" if bold else "color: #d3dae1;")
        return label

    def show_recording(self, status: "RecordingStatus | None", *, waiting: bool = False) -> None:
        """Say how the recording is doing; hide without one.

        Args:
            status: Of the recording.
            waiting: Whether there is nothing to record, because the source is gone.
        """
        if status is None or not status.running:
            self.recording.hide()
            self.place()
            return
        if self._dot.state != status.state:
            self._dot.state = status.state
            self._dot.update()
        self.state_label.setText(recording_words.state_text(status))
        details = [self.tr("waiting for pictures")] if waiting else []
        if status.frames_dropped:
            details.append(recording_words.missing_text(status.frames_dropped))
        little = False
        if status.disk_left_s is not None and status.disk_left_s < _NEAR_S:
            details.append(recording_words.room_text(status.disk_left_s))
            little = status.disk_left_s < recording_words.LITTLE_ROOM_S
        self.detail_label.setText(" · ".join(details))
        self.detail_label.setVisible(bool(details))
        warn = waiting or little or status.frames_dropped > 0
        self.detail_label.setStyleSheet(f"color: {_AMBER};" if warn else "color: #d3dae1;")
        self.recording.setAccessibleName(", ".join([self.state_label.text(), *details]))
        self.recording.show()
        self.place()

    def show_blur(self, on: bool) -> None:
        """Say that every face is blurred, or not."""
        if on == self.blur.isHidden():
            self.blur.setVisible(on)
            self.place()

    def place(self) -> None:
        """Stand in the upper left corner of the parent."""
        self.adjustSize()
        self.move(GRID_PX + 4, GRID_PX + 4)
        self.setVisible(not (self.recording.isHidden() and self.blur.isHidden()))
        self.raise_()

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        self.blur.setText(self.tr("Faces are blurred"))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


class Countdown(QFrame):
    """The seconds until a recording begins, large in the middle of the video."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("countdown")
        self.setStyleSheet(f"#countdown {{ {_GROUND} border-radius: 24px; }}")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.number = QLabel(self)
        self.number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.number.setFont(tabular(self.font(), 72, bold=True))
        self.number.setStyleSheet("color: #f2f5f8; font-size: 72px; font-weight: 600;")
        self.hint = QLabel(self)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setStyleSheet("color: #d3dae1;")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(28, 8, 28, 12)
        layout.setSpacing(20)
        layout.addWidget(self.number)
        layout.addWidget(self.hint)
        self.hide()

    def say(self, seconds: int) -> None:
        """Show the seconds that are left; hide with 0."""
        if seconds <= 0:
            self.hide()
            return
        self.number.setText(str(seconds))
        self.hint.setText(self.tr("until the recording begins.\nR or Esc stops the countdown."))
        self.setAccessibleName(self.number.text())
        self.show()
        self.place()
        self.raise_()

    def place(self) -> None:
        """Stand in the middle of the parent."""
        parent = self.parentWidget()
        if parent is None:
            return
        self.adjustSize()
        self.move((parent.width() - self.width()) // 2, (parent.height() - self.height()) // 2)
