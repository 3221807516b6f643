"""The menu with the look of explanations: which faces, colours, opacity, scale."""

from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QLabel, QMenu, QSlider, QVBoxLayout, QWidget, QWidgetAction

from facecam.gui.explain_choice import COLOURS, OPACITY_PERCENT
from facecam.gui.theme import GRID_PX
from facecam.settings import Settings


class ExplainMenu(QMenu):
    """Shows and changes the settings of the look.

    Signals:
        changed: Something was chosen; see `values`.
    """

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._faces = self._group((False, True))
        self._signs = self._group((False, True))
        self._scales = self._group(("fixed", "frame"))
        self._colours = self._group(COLOURS)
        self._titles: list[QAction] = []
        for group in (self._faces, self._signs, self._scales, self._colours):
            self._add_title()
            self.addActions(group.actions())
        self.addSeparator()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(*OPACITY_PERCENT)
        self.slider.setSingleStep(5)
        self.slider.setPageStep(20)
        self.slider.valueChanged.connect(lambda _: self._on_opacity())
        self._percent = QLabel()
        self._percent.setProperty("role", "muted")
        self._add_slider()
        self._showing = False
        self.retranslate()

    def _group(self, values: tuple[Any, ...]) -> QActionGroup:
        group = QActionGroup(self)
        for value in values:
            action = group.addAction("")
            action.setCheckable(True)
            action.setData(value)
        group.triggered.connect(lambda _: self.changed.emit())
        return group

    def _add_title(self) -> None:
        if self._titles:
            self.addSeparator()
        title = self.addAction("")
        title.setEnabled(False)  # sections lose their words under a style sheet
        self._titles.append(title)

    def _add_slider(self) -> None:
        holder = QWidget(self)
        column = QVBoxLayout(holder)
        column.setContentsMargins(3 * GRID_PX, 0, 2 * GRID_PX, GRID_PX)
        column.setSpacing(2)
        column.addWidget(self._percent)
        column.addWidget(self.slider)
        action = QWidgetAction(self)
        action.setDefaultWidget(holder)
        self.addAction(action)

    def values(self) -> dict[str, object]:
        """Return what is chosen, by the names of the settings."""
        return {
            "cam_selected": _chosen(self._faces),
            "cam_signed": _chosen(self._signs),
            "cam_scale": _chosen(self._scales),
            "cam_colours": _chosen(self._colours),
            "cam_opacity": self.slider.value(),
        }

    def show_values(self, settings: Settings) -> None:
        """Tick what the settings say."""
        self._showing = True
        for group, value in (
            (self._faces, settings.cam_selected),
            (self._signs, settings.cam_signed),
            (self._scales, settings.cam_scale),
            (self._colours, settings.cam_colours),
        ):
            for action in group.actions():
                action.setChecked(action.data() == value)
        if not self.slider.isSliderDown():
            self.slider.setValue(settings.cam_opacity)
        self._percent.setText(self.tr("Opacity {percent}%").format(percent=self.slider.value()))
        self._showing = False

    def _on_opacity(self) -> None:
        self._percent.setText(self.tr("Opacity {percent}%").format(percent=self.slider.value()))
        if not self._showing:
            self.changed.emit()

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        groups = (
            (self._faces, (self.tr("All faces"), self.tr("Only the selected face"))),
            (
                self._signs,
                (self.tr("Only what speaks for it"), self.tr("What speaks for and against")),
            ),
            (
                self._scales,
                (self.tr("The same amount always"), self.tr("The most of each picture")),
            ),
            (
                self._colours,
                (
                    self.tr("Violet to yellow"),
                    self.tr("Blue to yellow"),
                    self.tr("Black to yellow"),
                    self.tr("Rainbow, even"),
                    self.tr("Rainbow, as in many papers"),
                ),
            ),
        )
        for group, texts in groups:
            for action, text in zip(group.actions(), texts, strict=True):
                action.setText(text)
        titles = (
            self.tr("Faces"),
            self.tr("Shown"),
            self.tr("Full colour means"),
            self.tr("Colours"),
        )
        for action, text in zip(self._titles, titles, strict=True):
            action.setText(text)
        self.slider.setAccessibleName(self.tr("Opacity"))
        self._percent.setText(self.tr("Opacity {percent}%").format(percent=self.slider.value()))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


def _chosen(group: QActionGroup) -> Any:
    action = group.checkedAction()
    return action.data() if action is not None else group.actions()[0].data()
