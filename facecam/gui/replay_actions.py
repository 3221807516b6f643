"""What a person can do with a recording: menus, keys and tool tips."""

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from facecam.gui.action_set import ActionSet, ActionTable
from facecam.gui.icons import icon
from facecam.gui.replay_player import SPEEDS
from facecam.gui.theme import Theme

_ACTIONS: ActionTable = {
    "open": ("open", ("Ctrl+O",), False),
    "export_csv": ("", (), False),
    "export_parquet": ("", (), False),
    "export_html": ("", (), False),
    "show_folder": ("", (), False),
    "close": ("", ("Ctrl+W", "Esc"), False),
    "play": ("play", ("Space",), False),
    "previous_frame": ("step-back", (",",), False),
    "next_frame": ("step", (".",), False),
    "back": ("", ("J",), False),
    "ahead": ("", ("L",), False),
    "previous_start": ("previous", ("PgUp",), False),
    "next_start": ("next", ("PgDown",), False),
    "slower": ("", ("-",), False),
    "faster": ("", ("+", "="), False),
    "previous_face": ("previous", ("[",), False),
    "next_face": ("next", ("]",), False),
    "pin": ("pin", ("K",), True),
    "bars": ("bars", ("B",), True),
    "full_screen": ("full-screen", ("F", "F11"), True),
    "end_comparison": ("close", (), False),
}


class ReplayActions(ActionSet):
    """Owns the actions and menus of a replay window."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window, _ACTIONS)
        self._playing: bool | None = None
        self.speeds = QActionGroup(self)
        for speed in SPEEDS:
            action = self.speeds.addAction(f"{speed:g}×")
            action.setCheckable(True)
            action.setData(speed)
            action.setChecked(speed == 1.0)
        bar = window.menuBar()
        self.file_menu = bar.addMenu("")
        self.fill(self.file_menu, "open", "", "export_csv", "export_parquet", "export_html", "")
        self.fill(self.file_menu, "show_folder", "", "close")
        self.play_menu = bar.addMenu("")
        self.fill(self.play_menu, "play", "previous_frame", "next_frame", "back", "ahead", "")
        self.fill(self.play_menu, "previous_start", "next_start", "")
        self.speed_menu = self.play_menu.addMenu("")
        self.speed_menu.addActions(self.speeds.actions())
        self.fill(self.play_menu, "slower", "faster")
        self.view_menu = bar.addMenu("")
        self.fill(self.view_menu, "bars", "full_screen", "", "previous_face", "next_face", "pin")
        self.compare_menu = bar.addMenu("")
        self.model_menu = QMenu(window)
        self.compare_menu.addMenu(self.model_menu)
        self.fill(self.compare_menu, "end_comparison")
        self.retranslate()

    def show_playing(self, playing: bool, theme: Theme) -> None:
        """Let the play button offer what can be done now."""
        if playing == self._playing:
            return
        self._playing = playing
        play = self.by_name["play"]
        play.setText(self.tr("&Pause") if playing else self.tr("&Play"))
        play.setIcon(icon("freeze" if playing else "play", theme))

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in other colours."""
        super().set_theme(theme)
        self._playing = None  # what `show_playing` has to say comes after

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        translate = QCoreApplication.translate
        texts = {
            "open": (translate("replay", "&Open recording…"), ""),
            "export_csv": (translate("replay", "Export stats as &CSV…"), ""),
            "export_parquet": (translate("replay", "Export stats as &Parquet…"), ""),
            "export_html": (translate("replay", "Export a &summary (HTML)…"), ""),
            "show_folder": (translate("replay", "Show in &folder"), ""),
            "close": (translate("replay", "C&lose"), ""),
            "play": (translate("replay", "&Play"), translate("replay", "Play or hold")),
            "previous_frame": (
                translate("replay", "P&revious picture"),
                translate("replay", "One picture back"),
            ),
            "next_frame": (
                translate("replay", "&Next picture"),
                translate("replay", "One picture on"),
            ),
            "back": (translate("replay", "&Back 5 seconds"), ""),
            "ahead": (translate("replay", "&Ahead 5 seconds"), ""),
            "previous_start": (
                translate("replay", "&Where a face came, before"),
                translate("replay", "Back to where a face came into view"),
            ),
            "next_start": (
                translate("replay", "Where a face co&mes next"),
                translate("replay", "On to where a face comes into view"),
            ),
            "slower": (translate("replay", "&Slower"), ""),
            "faster": (translate("replay", "&Faster"), ""),
            "previous_face": (
                translate("replay", "&Previous face"),
                translate("replay", "Show the stats of the face before"),
            ),
            "next_face": (
                translate("replay", "&Next face"),
                translate("replay", "Show the stats of the face after"),
            ),
            "pin": (
                translate("replay", "&Keep this face"),
                translate("replay", "Stay with this face when it leaves the picture"),
            ),
            "bars": (
                translate("replay", "&Bars on video"),
                translate("replay", "Draw boxes and bars beside each face"),
            ),
            "full_screen": (
                translate("replay", "&Full screen"),
                translate("replay", "The recording on the whole screen"),
            ),
            "end_comparison": (
                translate("replay", "&End the comparison"),
                translate("replay", "Show the stats as they were recorded"),
            ),
        }
        self.set_words(texts)
        self._playing = None
        self.by_name["bars"].setIconText(translate("replay", "Bars"))
        self.file_menu.setTitle(self.tr("&File"))
        self.play_menu.setTitle(self.tr("&Play"))
        self.speed_menu.setTitle(self.tr("Sp&eed"))
        self.view_menu.setTitle(self.tr("&View"))
        self.compare_menu.setTitle(self.tr("&Compare"))
        self.model_menu.setTitle(self.tr("&Analyse again with"))
