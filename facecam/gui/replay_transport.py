"""The row of buttons under a replay: play, steps, jumps, time, speed, analyse again."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from facecam.gui.recording_words import clock_text
from facecam.gui.replay_actions import ReplayActions
from facecam.gui.replay_scrub import ScrubBar
from facecam.gui.stat_row_widget import tabular
from facecam.gui.theme import GRID_PX, Theme


class Transport(QWidget):
    """Scrub bar, buttons and what goes on. What the buttons do is the actions' business."""

    def __init__(self, actions: ReplayActions, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("transport")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._actions = actions
        self.scrub = ScrubBar(theme, self)
        row = QHBoxLayout()
        row.setSpacing(4)
        for name in ("previous_start", "previous_frame", "play", "next_frame", "next_start"):
            row.addWidget(self._button(name))
        self.time_label = QLabel(self)
        self.time_label.setFont(tabular(self.font(), 13))
        row.addSpacing(GRID_PX)
        row.addWidget(self.time_label)
        row.addStretch(1)
        self.progress_label = QLabel(self)
        self.progress_label.setProperty("role", "muted")
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.cancel_button = QPushButton(self)
        # A row of its own: its words have no room among the buttons of a small window.
        busy = QHBoxLayout()
        busy.setSpacing(GRID_PX)
        busy.setContentsMargins(GRID_PX, 0, 0, 0)
        for widget in (self.progress_label, self.progress, self.cancel_button):
            busy.addWidget(widget)
        self.speed_button = QToolButton(self)
        self.speed_button.setProperty("role", "menu")
        self.speed_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.speed_button.setMenu(actions.speed_menu)
        self.again_button = QToolButton(self)
        self.again_button.setProperty("role", "menu")
        self.again_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.again_button.setMenu(actions.model_menu)
        row.addSpacing(GRID_PX)
        row.addWidget(self.speed_button)
        row.addWidget(self._button("bars", text=True))
        row.addWidget(self.again_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID_PX, 4, GRID_PX, GRID_PX)
        layout.setSpacing(2)
        layout.addWidget(self.scrub)
        layout.addLayout(busy)
        layout.addLayout(row)
        self.show_progress("", None)
        self.show_speed(1.0)
        self.retranslate()

    def _button(self, name: str, *, text: bool = False) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(self._actions[name])
        style = Qt.ToolButtonStyle
        button.setToolButtonStyle(
            style.ToolButtonTextBesideIcon if text else style.ToolButtonIconOnly
        )
        size = 24 if name == "play" else 18
        button.setIconSize(QSize(size, size))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.scrub.set_theme(theme)

    def show_time(self, t_s: float, duration_s: float) -> None:
        """Show where it stands, to a tenth of a second."""
        text = f"{clock_text(t_s)}.{int(10 * t_s) % 10} / {clock_text(duration_s)}"
        if text != self.time_label.text():
            self.time_label.setText(text)

    def show_speed(self, speed: float) -> None:
        """Show the speed."""
        self.speed_button.setText(f"{speed:g}×")

    def show_progress(self, text: str, share: float | None) -> None:
        """Show how far an analysis is; hide with None."""
        shown = share is not None
        for widget in (self.progress_label, self.progress, self.cancel_button):
            widget.setVisible(shown)
        self.again_button.setVisible(not shown)
        self.progress_label.setText(text)
        self.progress.setValue(round(1000 * (share or 0.0)))

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        self.scrub.setAccessibleName(self.tr("Time"))
        self.speed_button.setToolTip(self.tr("Speed"))
        self.speed_button.setAccessibleName(self.tr("Speed"))
        self.again_button.setText(self.tr("Analyse again with"))
        self.again_button.setToolTip(
            self.tr("Let another model look at this recording, and compare the two")
        )
        self.cancel_button.setText(self.tr("Cancel"))
        self.progress.setAccessibleName(self.tr("Progress of the analysis"))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)
