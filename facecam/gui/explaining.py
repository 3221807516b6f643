"""Connects the part that explains readings with settings, menus, keys and the session."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence, QShortcut

from facecam.gui import words
from facecam.gui.composing import CamLook
from facecam.gui.explain_choice import (
    cam_choice,
    cam_look,
    class_options,
    explained_head,
    trust_of,
    unsure_of,
)
from facecam.gui.explain_menu import ExplainMenu
from facecam.types import CamChoice

if TYPE_CHECKING:
    from facecam.gui.main_window import MainWindow

HEAD_KEYS = 9


class Explaining(QObject):
    """Asks the session for maps and shows what came. Lives as long as the window."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._asked: tuple[str, CamChoice | None] = ("", None)
        panel = self._panel = window.panel.explain
        panel.switch.setDefaultAction(window.actions_["explain"])
        window.actions_["explain"].setChecked(window.settings.cam)
        window.actions_["explain"].toggled.connect(lambda on: self._change(cam=on))
        panel.head_chosen.connect(self.explain_head)
        panel.class_chosen.connect(lambda name: self._change(cam_class=name))
        panel.measure_wanted.connect(self._measure)
        for number in range(1, HEAD_KEYS + 1):
            shortcut = QShortcut(QKeySequence(str(number)), window)
            shortcut.activated.connect(lambda place=number - 1: self._on_number(place))
        self.menu = ExplainMenu(window)
        self.menu.changed.connect(self._on_menu)
        panel.look_button.setMenu(self.menu)
        self.refresh()

    def _measure(self) -> None:
        track = self._window.presenter.selected
        if track is not None:
            self._window.session.measure_trust(track)

    def _on_menu(self) -> None:
        self._change(**self.menu.values())

    def _on_number(self, place: int) -> None:
        heads = self._window.presenter.heads
        if place < len(heads):
            self.explain_head(heads[place].name)
            self._window.actions_["explain"].setChecked(True)

    def explain_head(self, name: str) -> None:
        """Explain another stat; its own class is chosen anew."""
        if name != self._window.settings.cam_head:
            self._change(cam_head=name, cam_class="")

    def _change(self, **fields: object) -> None:
        self._window.change(**fields)
        self.refresh()

    def refresh(self) -> None:
        """Ask for what is wanted now and show what is there."""
        window = self._window
        settings, presenter = window.settings, window.presenter
        heads = presenter.heads
        choice = cam_choice(settings, heads, presenter.selected)
        asked = (presenter.status.model, choice)
        # What cannot be said now (no model yet, no face) changes nothing: a picture that is read
        # again for a map has neither for a moment.
        if asked != self._asked and (choice is not None or not settings.cam):
            self._asked = asked
            window.session.set_cam(choice)
        head = explained_head(settings, heads)
        options = class_options(head, words.language_code())
        self._panel.show_choice(
            settings.cam, heads, head.name if head else "", options, settings.cam_class
        )
        look = cam_look(settings) or CamLook()
        if settings.cam:
            self._panel.legend.show_look(
                look, legend_colours(look), head is not None and head.kind == "expectation"
            )
        self._panel.show_trust(*trust_of(presenter.face, head), unsure_of(presenter.face))
        self.menu.show_values(settings)
        window.actions_["explain"].setEnabled(bool(heads))

    def set_theme(self) -> None:
        """Redraw what has colours of the theme."""
        self._panel.set_theme(self._window.theme)

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        self.menu.retranslate()


def legend_colours(look: CamLook, stops: int = 17) -> tuple[str, ...]:
    """Return the colours of a look from the least to the most, as "#rrggbb"."""
    from facecam.vision.cam_colours import cam_colours  # late: it brings cv2

    table, _ = cam_colours(look.colours, look.signed)
    places = [round(255 * index / (stops - 1)) for index in range(stops)]
    rows = [table[place, 0] for place in places]
    return tuple(f"#{red:02x}{green:02x}{blue:02x}" for blue, green, red in rows)
