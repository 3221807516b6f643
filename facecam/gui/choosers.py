"""The menus that choose a camera, a model and which stats are shown."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from facecam.gui.actions import WindowActions
from facecam.gui.background import BackgroundCall
from facecam.gui.stat_rows import HeadView
from facecam.titles import title_of


@dataclass(frozen=True, slots=True)
class Choosable:
    """Something that can be chosen.

    Attributes:
        spec: What to ask the session for.
        name: Its name for people.
        problem: Why it cannot be chosen, as a sentence; "" when it can.
    """

    spec: str
    name: str
    problem: str = ""


ListCall = Callable[[], tuple[Choosable, ...]]


class Choosers(QObject):
    """Fills the menus; lists are read anew on another thread each time a menu opens.

    Args:
        actions: Where the menus are.
        list_cameras, list_models: Called on other threads.

    Signals:
        source_chosen, model_chosen: A spec.
        hidden_changed: The names of the heads that are not shown, as a frozenset.
        cameras_listed: The cameras there are, as a tuple of `Choosable`.
    """

    source_chosen = Signal(str)
    model_chosen = Signal(str)
    hidden_changed = Signal(object)
    cameras_listed = Signal(object)

    def __init__(
        self, actions: WindowActions, list_cameras: ListCall, list_models: ListCall, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._actions = actions
        self.cameras: tuple[Choosable, ...] = ()
        self.models: tuple[Choosable, ...] = ()
        self.source = ""
        self.model = ""
        self._heads: tuple[tuple[str, str], ...] = ()
        self._hidden: frozenset[str] = frozenset()
        self.camera_scan = BackgroundCall("facecam-list-cameras", list_cameras, self)
        self.model_scan = BackgroundCall("facecam-list-models", list_models, self)
        self.camera_scan.finished.connect(self._on_cameras)
        self.camera_scan.failed.connect(lambda _: self._on_cameras(()))
        self.model_scan.finished.connect(self._on_models)
        self.model_scan.failed.connect(lambda _: self._on_models(()))
        actions.camera_menu.aboutToShow.connect(self._open_cameras)
        actions.model_menu.aboutToShow.connect(self._open_models)
        actions.model_menu.setToolTipsVisible(True)
        self.fill()

    def fill(self) -> None:
        """Write all menus anew."""
        self._fill_cameras()
        self._fill_models()
        self._fill_stats()

    def set_current(self, source: str, model: str) -> None:
        """Say what is playing, so that it is ticked."""
        if (source, model) != (self.source, self.model):
            self.source, self.model = source, model
            self.fill()

    def set_heads(self, heads: tuple[HeadView, ...], hidden: frozenset[str], lang: str) -> None:
        """Say which stats there are and which of them are hidden."""
        entries = tuple((head.name, title_of(head, lang)) for head in heads)
        if (entries, hidden) != (self._heads, self._hidden):
            self._heads, self._hidden = entries, hidden
            self._fill_stats()

    def _open_cameras(self) -> None:
        self.camera_scan.start()
        self._fill_cameras()

    def _open_models(self) -> None:
        self.model_scan.start()
        self._fill_models()

    def _on_cameras(self, cameras: object) -> None:
        self.cameras = cameras if isinstance(cameras, tuple) else ()
        self._fill_cameras()
        self.cameras_listed.emit(self.cameras)

    def _on_models(self, models: object) -> None:
        self.models = models if isinstance(models, tuple) else ()
        self._fill_models()

    def _fill_cameras(self) -> None:
        menu = self._actions.camera_menu
        menu.clear()
        for camera in self.cameras:
            self._add(menu, camera, camera.spec == self.source, self.source_chosen)
        if not self.cameras:
            looking = self.camera_scan.running
            text = self.tr("Looking for cameras…") if looking else self.tr("No camera found")
            menu.addAction(text).setEnabled(False)
        menu.addSeparator()
        for name in ("demo", "open", "open_address", "replay"):
            menu.addAction(self._actions[name])

    def _fill_models(self) -> None:
        menu = self._actions.model_menu
        menu.clear()
        for model in self.models:
            self._add(menu, model, model.spec == self.model, self.model_chosen)
        if not self.models:
            looking = self.model_scan.running
            text = self.tr("Looking for models…") if looking else self.tr("No model found")
            menu.addAction(text).setEnabled(False)
        menu.addSeparator()
        menu.addAction(self._actions["about_model"])

    def _add(self, menu: QMenu, item: Choosable, ticked: bool, signal: object) -> None:
        # "&" in a camera's name would become a shortcut.
        action = QAction(item.name.replace("&", "&&"), menu)
        action.setCheckable(True)
        action.setChecked(ticked)
        if item.problem:
            action.setEnabled(False)
            action.setToolTip(item.problem)
        action.triggered.connect(
            lambda _checked=False, spec=item.spec: signal.emit(spec)  # type: ignore[attr-defined]
        )
        menu.addAction(action)

    def _fill_stats(self) -> None:
        menu = self._actions.stats_menu
        menu.clear()
        menu.setEnabled(bool(self._heads))
        for name, title in self._heads:
            action = menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(name not in self._hidden)
            action.toggled.connect(lambda on, head=name: self._on_head_toggled(head, on))

    def _on_head_toggled(self, name: str, on: bool) -> None:
        self._hidden = self._hidden - {name} if on else self._hidden | {name}
        self.hidden_changed.emit(self._hidden)
