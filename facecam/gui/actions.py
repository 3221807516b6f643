"""Everything a person can do: menus, toolbar, keys and tool tips."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from facecam.gui import words
from facecam.gui.action_set import ActionSet, ActionTable
from facecam.gui.action_texts import action_texts
from facecam.gui.icons import icon
from facecam.gui.theme import Theme

_ACTIONS: ActionTable = {
    "open": ("open", ("Ctrl+O",), False),
    "open_address": ("", ("Ctrl+L",), False),
    "demo": ("play", ("Ctrl+D",), False),
    "open_recording": ("film", ("Ctrl+Shift+O",), False),
    "replay": ("again", ("Ctrl+R",), False),
    "snapshot": ("snapshot", ("S",), False),
    "snapshot_plain": ("", ("Shift+S",), False),
    "record": ("record", ("R",), False),
    "pause_recording": ("freeze", ("Shift+R",), False),
    "save_recent": ("", ("T",), False),
    "keep_recent": ("", (), True),
    "blur": ("blur", ("Shift+B",), True),
    "record_lossless": ("", (), True),
    "record_session": ("", (), True),
    "record_countdown": ("", (), True),
    "recordings_folder": ("", (), False),
    "choose_folder": ("", (), False),
    "settings": ("settings", ("Ctrl+,",), False),
    "quit": ("", ("Ctrl+Q",), False),
    "mirror": ("mirror", ("M",), True),
    "bars": ("bars", ("B",), True),
    "freeze": ("freeze", ("Space",), True),
    "ring": ("ring", ("G",), True),
    "explain": ("explain", ("C",), True),
    "panel": ("panel", ("P",), True),
    "hide_controls": ("", ("H",), True),
    "full_screen": ("full-screen", ("F", "F11"), True),
    "previous_face": ("previous", ("[",), False),
    "next_face": ("next", ("]",), False),
    "pin": ("pin", ("K",), True),
    "about_model": ("info", ("Ctrl+I",), False),
    "details": ("", ("Ctrl+T",), False),
    "keys": ("", ("F1",), False),
    "about": ("", (), False),
}


class WindowActions(ActionSet):
    """Owns the actions, menus and the toolbar of the main window."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window, _ACTIONS)
        self._recording_state: tuple[object, ...] = ()
        self._fitted: tuple[object, ...] = ()
        self.themes = self._group(("system", "light", "dark"))
        self.languages = self._group(("system", "en", "ko"))
        self.record_kinds = self._group(("overlay", "clean", "both"))
        self.sizes = self._group(("", "1280x720", "1920x1080"))
        for action, key in zip(self.sizes.actions(), ("Ctrl+0", "Ctrl+1", "Ctrl+2"), strict=True):
            action.setShortcut(QKeySequence(key))
            window.addAction(action)
        self.sizes.actions()[0].setChecked(True)
        self._build_menus(window)
        self._build_toolbar(window)
        self.retranslate()

    def _group(self, names: tuple[str, ...]) -> QActionGroup:
        group = QActionGroup(self)
        for name in names:
            action = group.addAction(name)
            action.setCheckable(True)
            action.setData(name)
        return group

    def _build_menus(self, window: QMainWindow) -> None:
        bar = window.menuBar()
        self.file_menu = bar.addMenu("")
        self.camera_menu = QMenu(window)
        self.file_menu.addMenu(self.camera_menu)
        self.fill(self.file_menu, "open", "open_address", "demo", "replay", "")
        self.fill(self.file_menu, "open_recording", "")
        self.fill(self.file_menu, "snapshot", "snapshot_plain", "", "settings", "", "quit")
        self.view_menu = bar.addMenu("")
        self.fill(self.view_menu, "mirror", "bars", "ring", "explain", "freeze", "")
        self.stats_menu = self.view_menu.addMenu("")
        self.fill(self.view_menu, "panel", "hide_controls")
        self.size_menu = self.view_menu.addMenu("")
        self.size_menu.addActions(self.sizes.actions())
        self.view_menu.addSeparator()
        self.theme_menu = self.view_menu.addMenu("")
        self.theme_menu.addActions(self.themes.actions())
        self.language_menu = self.view_menu.addMenu("")
        self.language_menu.addActions(self.languages.actions())
        self.fill(self.view_menu, "", "full_screen")
        self.record_menu = bar.addMenu("")
        self.fill(self.record_menu, "record", "pause_recording", "save_recent", "", "blur", "")
        self.record_menu.addActions(self.record_kinds.actions())
        self.fill(self.record_menu, "", "record_lossless", "record_session", "record_countdown")
        self.fill(self.record_menu, "keep_recent")
        self.fill(self.record_menu, "", "recordings_folder", "choose_folder")
        self.face_menu = bar.addMenu("")
        self.fill(self.face_menu, "previous_face", "next_face", "pin")
        self.model_bar_menu = bar.addMenu("")
        self.model_menu = self.model_bar_menu.addMenu("")
        self.fill(self.model_bar_menu, "about_model")
        self.help_menu = bar.addMenu("")
        self.fill(self.help_menu, "keys", "details", "", "about")

    def _build_toolbar(self, window: QMainWindow) -> None:
        bar = self.toolbar = QToolBar(window)
        bar.setMovable(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.setIconSize(QSize(18, 18))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.camera_button = self._chooser(self.camera_menu)
        self.model_button = self._chooser(self.model_menu)
        bar.addWidget(self.camera_button)
        bar.addWidget(self.model_button)
        bar.addAction(self.by_name["open"])
        gap = QWidget(bar)
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(gap)
        for name in ("mirror", "bars", "freeze"):
            bar.addAction(self.by_name[name])
        bar.addSeparator()
        self.snapshot_button = QToolButton(bar)
        self.snapshot_button.setProperty("role", "menu")
        self.snapshot_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.snapshot_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        snapshot_menu = QMenu(self.snapshot_button)
        self.fill(snapshot_menu, "snapshot", "snapshot_plain")
        self.snapshot_button.setMenu(snapshot_menu)
        bar.addWidget(self.snapshot_button)
        bar.addAction(self.by_name["record"])
        bar.addAction(self.by_name["pause_recording"])
        bar.addAction(self.by_name["full_screen"])
        window.addToolBar(bar)
        # The toolbar's buttons are reached with Tab as well as with the mouse.
        for button in bar.findChildren(QToolButton):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        full = bar.widgetForAction(self.by_name["full_screen"])
        if isinstance(full, QToolButton):
            full.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def fit_toolbar(self, width: int) -> None:
        """Leave out words where the window is too narrow for all of them."""
        shown = [action.iconText() for action in self.toolbar.actions() if action.isVisible()]
        state = (width, self.camera_button.text(), self.model_button.text(), *shown)
        if state == self._fitted:
            return
        self._fitted = state
        self._show_words(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        if self.toolbar.sizeHint().width() > width:
            self._show_words(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def _show_words(self, wanted: Qt.ToolButtonStyle) -> None:
        names = ("open", "mirror", "bars", "freeze", "pause_recording")
        found = [self.toolbar.widgetForAction(self.by_name[name]) for name in names]
        for button in (*found, self.snapshot_button):
            if isinstance(button, QToolButton) and button.toolButtonStyle() != wanted:
                button.setToolButtonStyle(wanted)

    def _chooser(self, menu: QMenu) -> QToolButton:
        button = QToolButton(self.toolbar)
        button.setProperty("role", "chooser")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setMenu(menu)
        button.setMaximumWidth(220)
        return button

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in other colours."""
        super().set_theme(theme)
        self.camera_button.setIcon(icon("camera", theme))
        self.model_button.setIcon(icon("model", theme))
        self.snapshot_button.setIcon(icon("snapshot", theme))
        self.camera_menu.setIcon(icon("camera", theme))
        self.model_menu.setIcon(icon("model", theme))

    def show_recording_state(self, *, running: bool, paused: bool, theme: Theme) -> None:
        """Let the record and pause buttons offer what can be done now."""
        record, pause = self.by_name["record"], self.by_name["pause_recording"]
        state = (running, paused, theme, words.language_code())
        if state == self._recording_state:
            return
        self._recording_state = state
        record.setIcon(icon("stop" if running else "record", theme))
        pause.setIcon(icon("play" if paused else "freeze", theme))
        record.setIconText(self.tr("Stop") if running else self.tr("Record"))
        pause.setIconText(self.tr("Go on") if paused else self.tr("Pause"))
        record.setText(self.tr("&Stop recording") if running else self.tr("&Record"))
        pause.setText(self.tr("&Go on recording") if paused else self.tr("&Pause recording"))
        pause.setVisible(running)

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        self._recording_state = ()
        self.set_words(action_texts())
        # Short words where room is scarce; the menus keep the long ones.
        self.by_name["open"].setIconText(self.tr("Open"))
        self.by_name["mirror"].setIconText(self.tr("Mirror"))
        self.by_name["freeze"].setIconText(self.tr("Freeze"))
        self.by_name["bars"].setIconText(self.tr("Bars"))
        self.by_name["pause_recording"].setIconText(self.tr("Pause"))
        self.by_name["explain"].setIconText(self.tr("Explain"))
        self.file_menu.setTitle(self.tr("&File"))
        self.view_menu.setTitle(self.tr("&View"))
        self.record_menu.setTitle(self.tr("&Recording"))
        self.size_menu.setTitle(self.tr("S&ize of the video"))
        for group, names in (
            (
                self.record_kinds,
                (
                    self.tr("With bars"),
                    self.tr("As the camera gives it"),
                    self.tr("Both, in two files"),
                ),
            ),
            (self.sizes, (self.tr("Fills the window"), "1280×720", "1920×1080")),
        ):
            for action, text in zip(group.actions(), names, strict=True):
                action.setText(text)
        self.face_menu.setTitle(self.tr("F&aces"))
        self.model_bar_menu.setTitle(self.tr("&Model"))
        self.help_menu.setTitle(self.tr("&Help"))
        self.camera_menu.setTitle(self.tr("&Camera"))
        self.model_menu.setTitle(self.tr("&Choose a model"))
        self.stats_menu.setTitle(self.tr("&Stats shown"))
        self.theme_menu.setTitle(self.tr("&Colours"))
        self.language_menu.setTitle(self.tr("&Language"))
        for action, text in zip(
            self.themes.actions(),
            (self.tr("Like the system"), self.tr("Light"), self.tr("Dark")),
            strict=True,
        ):
            action.setText(text)
        # The names of languages stay in their own language, to be found by who needs them.
        for action, text in zip(
            self.languages.actions(), (self.tr("Like the system"), "English", "한국어"), strict=True
        ):
            action.setText(text)
        self.snapshot_button.setText(self.tr("Snapshot"))
        self.snapshot_button.setToolTip(self.tr("Save this picture, with or without bars"))
        self.camera_button.setToolTip(self.tr("Choose a camera; the list is read anew each time"))
        self.model_button.setToolTip(self.tr("Choose the model that reads the faces"))
        self.camera_button.setAccessibleName(self.tr("Camera"))
        self.model_button.setAccessibleName(self.tr("Model"))
        self.snapshot_button.setAccessibleName(self.tr("Snapshot"))
        self.toolbar.setAccessibleName(self.tr("Tools"))
