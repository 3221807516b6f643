"""The side panel: which face, the big number, one row a stat."""

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from facecam.gui import words
from facecam.gui.explain_panel import ExplainPanel
from facecam.gui.live_session import ModelPhase, SourcePhase
from facecam.gui.presenter import Presenter
from facecam.gui.stat_row_widget import StatRowWidget, tabular
from facecam.gui.stat_rows import StatRow
from facecam.gui.theme import EASE_S, GRID_PX, SIZE_BIG_PX, Theme
from facecam.timing import monotonic_s

WIDTH_PX = 300
_STEP_MS = 33


class StatPanel(QFrame):
    """Shows the presenter's selected face. `refresh` is called by the window's timer."""

    def __init__(self, presenter: Presenter, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setFixedWidth(WIDTH_PX)
        self._presenter = presenter
        self._theme = theme
        self._rows: dict[str, StatRowWidget] = {}
        self._shown_track: int | None = None
        self._big_key = ""
        self.reduced_motion = False
        self._build()
        self._timer = QTimer(self)
        self._timer.setInterval(_STEP_MS)
        self._timer.timeout.connect(self._step)
        self.set_theme(theme)
        self.retranslate()

    def _build(self) -> None:
        self.face_label = QLabel(self)
        self.face_label.setProperty("role", "title")
        self.count_label = QLabel(self)
        self.count_label.setProperty("role", "muted")
        self.previous_button = QToolButton(self)
        self.next_button = QToolButton(self)
        self.pin_button = QToolButton(self)
        header = QHBoxLayout()
        header.setSpacing(4)
        header.addWidget(self.face_label)
        header.addSpacing(4)
        header.addWidget(self.count_label)
        header.addStretch(1)
        for button in (self.previous_button, self.next_button, self.pin_button):
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            header.addWidget(button)

        self.big_value = QLabel(self)
        self.big_value.setFont(tabular(self.font(), SIZE_BIG_PX, bold=True))
        self.big_value.setStyleSheet(f"font-size: {SIZE_BIG_PX}px; font-weight: 600;")
        self.big_note = QLabel(self)
        self.big_note.setProperty("role", "muted")
        big = QHBoxLayout()
        big.setSpacing(GRID_PX)
        big.addWidget(self.big_value)
        big.addWidget(self.big_note, 1, Qt.AlignmentFlag.AlignBottom)
        self.big_note.setContentsMargins(0, 0, 0, 6)

        self.empty_label = QLabel(self)
        self.empty_label.setProperty("role", "muted")
        self.empty_label.setWordWrap(True)
        self.empty_label.setAlignment(Qt.AlignmentFlag.AlignTop)

        body = QWidget(self)
        body.setObjectName("panelBody")
        self._rows_layout = QVBoxLayout(body)
        self._rows_layout.setContentsMargins(0, 0, GRID_PX, 0)
        self._rows_layout.setSpacing(6)
        self._rows_layout.addStretch(1)
        self._scroll = QScrollArea(self)
        self._scroll.setWidget(body)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.history_label = QLabel(self)
        self.history_label.setProperty("role", "muted")

        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addLayout(header)
        layout.addLayout(big)
        layout.addWidget(self.empty_label, 1)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(self.history_label)
        self.explain = ExplainPanel(self._theme, self)
        layout.addWidget(self.explain)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        for row in self._rows.values():
            row.set_theme(theme)

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        self.setAccessibleName(self.tr("Stats of the selected face"))
        self._scroll.setAccessibleName(self.tr("Stats"))
        self.history_label.setText(self.tr("The thin lines show the last 30 seconds."))
        self.refresh(force=True)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing moves while nobody sees it."""
        self._timer.stop()
        super().hideEvent(event)

    def refresh(self, *, force: bool = False) -> None:
        """Show what the presenter knows now."""
        presenter = self._presenter
        if not force and not self.isVisible():
            return
        lang = words.language_code()
        rows = presenter.rows(lang)
        face = presenter.face
        self._refresh_header()
        has_face = face is not None
        self._scroll.setVisible(has_face and bool(rows))
        # Where room is scarce the lines must be understood without words.
        explains = self.explain.details.isVisibleTo(self)
        self.history_label.setVisible(has_face and bool(rows) and not explains)
        self._refresh_big(rows if has_face else ())
        self.empty_label.setVisible(not has_face or not rows)
        self.empty_label.setText(self._empty_text())
        if not has_face:
            self._shown_track = None
            return
        self._fit_rows(rows)
        jump = presenter.selected != self._shown_track
        self._shown_track = presenter.selected
        for row in rows:
            self._rows[row.key].set_row(
                row,
                presenter.history(row.key),
                stale=not presenter.face_in_view or presenter.status.picture_is_old,
                duration_s=0.0 if self.reduced_motion else EASE_S,
                jump=jump,
                with_interval=row.key != self._big_key,
            )
        if not self.reduced_motion and not self._timer.isActive() and self.isVisible():
            self._timer.start()

    def _refresh_header(self) -> None:
        presenter = self._presenter
        tracks = [face.track for face in presenter.faces]
        if presenter.selected is None:
            self.face_label.setText(self.tr("Stats"))
            self.count_label.setText("")
            return
        if presenter.selected == 0:
            self.face_label.setText(self.tr("Whole picture"))
        else:
            self.face_label.setText(self.tr("Face {number}").format(number=presenter.selected))
        if not presenter.face_in_view:
            self.count_label.setText(self.tr("away"))
        elif len(tracks) > 1:
            self.count_label.setText(
                self.tr("{index} of {count}").format(
                    index=tracks.index(presenter.selected) + 1, count=len(tracks)
                )
            )
        else:
            self.count_label.setText("")

    def _refresh_big(self, rows: tuple[StatRow, ...]) -> None:
        row = next((row for row in rows if row.kind == "expectation"), None)
        row = row or next((row for row in rows if row.kind == "softmax"), None)
        shown = row is not None and row.fraction is not None
        self._big_key = row.key if row is not None and shown else ""
        self.big_value.setVisible(shown)
        self.big_note.setVisible(shown)
        if row is None or not shown:
            return
        if row.unsure is not None:
            self.big_value.setText("–")
            self.big_note.setText(words.unsure_text(row.unsure))
        elif row.kind == "expectation":
            self.big_value.setText(str(round(row.value)))
            unit, interval = words.unit_text(row.unit), words.interval_text(row)
            self.big_note.setText(", ".join(part for part in (unit, interval) if part))
        else:
            self.big_value.setText(row.label)
            self.big_note.setText(words.percent_text(row.value))
        self.big_value.setToolTip(words.row_sentence(row))
        self.big_value.setAccessibleName(words.row_sentence(row))

    def _empty_text(self) -> str:
        presenter = self._presenter
        modelless = presenter.status.model_phase in (ModelPhase.NONE, ModelPhase.FAILED)
        if modelless and presenter.status.source_phase is SourcePhase.RUNNING:
            return self.tr("No model is in use, so there are no stats. Choose one above.")
        if presenter.faces and not presenter.heads:
            return self.tr("Stats appear here as soon as a model is ready.")
        if presenter.heads and not presenter.shown_heads:
            return self.tr("All stats are hidden. Choose some under View, Stats shown.")
        return self.tr("Stats appear here when a face is in view.")

    def _fit_rows(self, rows: tuple[StatRow, ...]) -> None:
        keys = [row.key for row in rows]
        if keys == list(self._rows):
            return
        for widget in self._rows.values():
            self._rows_layout.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._rows = {}
        for place, key in enumerate(keys):
            widget = StatRowWidget(self._theme, self)
            self._rows_layout.insertWidget(place, widget)
            self._rows[key] = widget

    def _step(self) -> None:
        now_s = monotonic_s()
        moving = [row.step(now_s) for row in self._rows.values()]
        if not any(moving):
            self._timer.stop()
