"""Actions of a window by name: their icons, keys, words and tool tips."""

from collections.abc import Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from facecam.gui.icons import icon
from facecam.gui.theme import Theme

ActionTable = Mapping[str, tuple[str, tuple[str, ...], bool]]
"""Name to (icon or "", keys, whether it can be checked)."""


class ActionSet(QObject):
    """Owns the actions of a window.

    Args:
        window: Reacts to their keys, also in full screen, where the menu bar is hidden.
        table: Which there are.
    """

    def __init__(self, window: QMainWindow, table: ActionTable) -> None:
        super().__init__(window)
        self._table = table
        self.by_name: dict[str, QAction] = {}
        self._tips: dict[str, str] = {}
        for name, (_, keys, checkable) in table.items():
            action = QAction(window)
            action.setObjectName(name)
            action.setCheckable(checkable)
            action.setShortcuts([QKeySequence(key) for key in keys])
            window.addAction(action)
            self.by_name[name] = action

    def __getitem__(self, name: str) -> QAction:
        return self.by_name[name]

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in other colours."""
        for name, (icon_name, _, _) in self._table.items():
            if icon_name:
                self.by_name[name].setIcon(icon(icon_name, theme))

    def set_words(self, texts: Mapping[str, tuple[str, str]]) -> None:
        """Set text and tool tip of each action; without a tip the text stands for it."""
        for name, (text, tip) in texts.items():
            action = self.by_name[name]
            action.setText(text)
            key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            tip = tip or text.replace("&", "").removesuffix("…")
            self._tips[name] = f"{tip} ({key})" if key else tip
            action.setToolTip(self._tips[name])

    def set_tip(self, name: str, tip: str) -> None:
        """Let the tool tip of an action say something else for now; "" for its own."""
        self.by_name[name].setToolTip(tip or self._tips[name])

    def fill(self, menu: QMenu, *names: str) -> None:
        """Append actions to a menu; "" is a line between them."""
        for name in names:
            if name:
                menu.addAction(self.by_name[name])
            else:
                menu.addSeparator()
