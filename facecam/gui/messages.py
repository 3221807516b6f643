"""What the window says over and above the video: cards, the demo ribbon, dismissable messages."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from facecam.gui import error_words
from facecam.gui.icons import icon, pixmap
from facecam.gui.theme import GRID_PX, Theme

Choice = tuple[str, Callable[[], None]]
"""Words on a button and what it does."""


def _empty(row: QHBoxLayout) -> None:
    # By count: `takeAt` of an empty layout drops a reference of None too many (PySide 6.12).
    while row.count():
        item = row.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()


_CARD_PX = 400


class StateCard(QFrame):
    """A card in the middle of the video: title, a sentence, and what can be done next."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stateCard")
        self._shown: tuple[str, str, tuple[str, ...], bool] | None = None
        self._offered: tuple[str, ...] = ()
        self.title = QLabel(self)
        self.title.setProperty("role", "title")
        self.title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.text = QLabel(self)
        self.text.setProperty("role", "muted")
        self.text.setWordWrap(True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(GRID_PX)
        layout = QVBoxLayout(self)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)
        layout.setContentsMargins(4 * GRID_PX, 3 * GRID_PX, 4 * GRID_PX, 3 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addWidget(self.progress)
        layout.addLayout(self.buttons)
        self.hide()

    def show_state(
        self, title: str, text: str, choices: tuple[Choice, ...] = (), *, busy: bool = False
    ) -> None:
        """Show a state; the first choice is the one that is offered first."""
        key = (title, text, tuple(words for words, _ in choices), busy)
        if key != self._shown:
            self._shown = key
            self.title.setText(title)
            self.text.setText(text)
            self.text.setVisible(bool(text))
            self.progress.setVisible(busy)
            if key[2] != self._offered:  # else a button that has the focus would lose it
                self._offered = key[2]
                self._set_buttons(choices)
            self.setAccessibleName(f"{title}. {text}")
            # As wide as the buttons need in this language, as high as the text then needs.
            width = max(_CARD_PX, self.buttons.sizeHint().width())
            self.text.ensurePolished()
            self.text.setFixedWidth(width)
            self.text.setFixedHeight(self.text.heightForWidth(width))
            self.adjustSize()
        self.place()
        self.show()
        self.raise_()

    def place(self) -> None:
        """Stand in the middle of the parent."""
        parent = self.parentWidget()
        if parent is not None:
            self.move((parent.width() - self.width()) // 2, (parent.height() - self.height()) // 2)

    def _set_buttons(self, choices: tuple[Choice, ...]) -> None:
        _empty(self.buttons)
        if not choices:
            return
        self.buttons.addStretch(1)
        for index, (words, action) in enumerate(choices):
            button = QPushButton(words, self)
            if index == 0:
                button.setProperty("role", "primary")
            button.ensurePolished()
            button.setMinimumSize(button.sizeHint())
            button.clicked.connect(lambda _checked=False, act=action: act())
            self.buttons.addWidget(button)
        self.buttons.addStretch(1)


class Bar(QFrame):
    """A line above the video with an icon, a sentence, buttons, and a cross unless it must stay.

    Args:
        name: Object name, for the style sheet: "ribbon" or "notice".
        dismissable: Whether it has a cross.

    Attributes:
        urgent: Whether it says that something went wrong.
    """

    def __init__(
        self, name: str, theme: Theme, *, dismissable: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._theme = theme
        self.urgent = False
        self._icon_name = "info"
        self._kind = "info"
        self._shown: tuple[str, tuple[str, ...]] | None = None
        self._mark = QLabel(self)
        self.text = QLabel(self)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(GRID_PX)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 6, GRID_PX, 6)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._mark)
        layout.addWidget(self.text, 1)
        layout.addLayout(self._buttons)
        self.cross: QToolButton | None = None
        if dismissable:
            self.cross = QToolButton(self)
            self.cross.clicked.connect(self.hide)
            layout.addWidget(self.cross)
        self.retranslate()
        self.hide()

    def show_text(self, text: str, choices: tuple[Choice, ...] = (), *, kind: str = "info") -> None:
        """Show a sentence. `kind` is "info", "warning" or "error"; what failed is translated."""
        self.urgent = kind != "info"
        if self.urgent:
            text = error_words.in_words(text)
        self._icon_name = "info" if kind == "info" else "warning"
        self._kind = kind
        key = (text, tuple(words for words, _ in choices))
        if key != self._shown:
            self._shown = key
            self.text.setText(text)
            self.setAccessibleName(text)
            _empty(self._buttons)
            for words, action in choices:
                button = QPushButton(words, self)
                button.clicked.connect(lambda _checked=False, act=action: act())
                self._buttons.addWidget(button)
        self.set_theme(self._theme)
        self.show()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        colours = {"info": theme.accent, "warning": theme.warning, "error": theme.error}
        colour = colours[self._kind]
        self._mark.setPixmap(pixmap(self._icon_name, colour, 18, self.devicePixelRatioF()))
        if self.cross is not None:
            self.cross.setIcon(icon("close", theme))

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        if self.cross is not None:
            self.cross.setToolTip(self.tr("Dismiss"))
            self.cross.setAccessibleName(self.tr("Dismiss this message"))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


class Pill(QLabel):
    """A few gentle words at the lower edge of the video, such as "No face in view"."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        # On video, not on the window: the same in both themes.
        self.setStyleSheet(
            "background: rgba(15, 18, 22, 205); color: #e8ecf1; border-radius: 14px;"
            "padding: 6px 14px;"
        )
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def say(self, text: str) -> None:
        """Show the words, or hide with ""."""
        if not text:
            self.hide()
            return
        if text != self.text() or not self.isVisible():
            self.setText(text)
            self.adjustSize()
            self.show()
            self.raise_()
        self.place()

    def place(self) -> None:
        """Stand above the lower edge of the parent."""
        parent = self.parentWidget()
        if parent is not None:
            self.move(
                (parent.width() - self.width()) // 2, parent.height() - self.height() - 2 * GRID_PX
            )
