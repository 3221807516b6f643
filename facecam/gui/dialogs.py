"""The small windows: keys, figures, settings, about."""

import re
from collections.abc import Callable, Iterable

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

import facecam
from facecam.gui import words
from facecam.gui.actions import WindowActions
from facecam.gui.icons import pixmap
from facecam.gui.live_session import SessionView
from facecam.gui.stat_row_widget import tabular
from facecam.gui.theme import GRID_PX
from facecam.settings import Settings


class _Plain(QDialog):
    """A dialog with a column of content and one button that closes it."""

    _close_button: QPushButton | None = None

    def __init__(self, parent: QWidget, title: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(3 * GRID_PX, 3 * GRID_PX, 3 * GRID_PX, 2 * GRID_PX)
        self.column.setSpacing(2 * GRID_PX)

    def add_close(self) -> None:
        """Add the button at the end."""
        box = QDialogButtonBox(self)
        button = self._close_button = QPushButton(self)
        box.addButton(button, QDialogButtonBox.ButtonRole.RejectRole)
        button.clicked.connect(self.close)
        self.column.addWidget(box)
        self._name_close()

    def _name_close(self) -> None:
        if self._close_button is not None:
            self._close_button.setText(QCoreApplication.translate("dialogs", "Close"))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._name_close()
        super().changeEvent(event)


class KeysDialog(_Plain):
    """All keyboard shortcuts, in two columns."""

    def __init__(self, parent: QWidget, actions: WindowActions) -> None:
        super().__init__(parent, QCoreApplication.translate("dialogs", "Keys"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * GRID_PX)
        grid.setVerticalSpacing(GRID_PX)
        listed = _keys_of(actions.by_name.values())
        size = _plain(actions.size_menu.title())
        listed += [(k, f"{size}: {text}") for k, text in _keys_of(actions.sizes.actions())]
        one_to_nine = QCoreApplication.translate("dialogs", "Explain a stat")
        listed.append(("1 – 9", one_to_nine))
        half = (len(listed) + 1) // 2
        for index, (keys, text) in enumerate(listed):
            key_label = QLabel(keys, self)
            key_label.setFont(tabular(self.font(), 13, bold=True))
            row, column = index % half, 2 * (index // half)
            grid.addWidget(key_label, row, column, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(QLabel(text, self), row, column + 1)
        self.column.addLayout(grid)
        self.add_close()


def _plain(text: str) -> str:
    """Return words without what marks the letter to press: "&File", or in Korean "(&F)"."""
    return re.sub(r"\(&.\)|&", "", text).removesuffix("…")


def _keys_of(actions: Iterable[QAction]) -> list[tuple[str, str]]:
    listed = []
    for action in actions:
        keys = [key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts()]
        if keys:
            listed.append((", ".join(keys), _plain(action.text())))
    return listed


class FiguresDialog(_Plain):
    """All measured rates and times, kept up to date while it is open."""

    def __init__(self, parent: QWidget, status: Callable[[], SessionView]) -> None:
        super().__init__(parent, QCoreApplication.translate("dialogs", "Figures"))
        self._status = status
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(3 * GRID_PX)
        self._grid.setVerticalSpacing(GRID_PX // 2)
        self._labels: list[tuple[QLabel, QLabel]] = []
        self.column.addLayout(self._grid)
        self.add_close()
        self.setMinimumWidth(420)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._refresh)
        self._timer.start(500)
        self._refresh()

    def _refresh(self) -> None:
        figures = _figures(self._status())
        for place, (name, value) in enumerate(figures):
            if place == len(self._labels):
                pair = QLabel(self), QLabel(self)
                pair[0].setProperty("role", "muted")
                pair[1].setFont(tabular(self.font(), 13))
                pair[1].setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                self._grid.addWidget(pair[0], place, 0)
                self._grid.addWidget(pair[1], place, 1)
                self._labels.append(pair)
            self._labels[place][0].setText(name)
            self._labels[place][1].setText(value)
        for place, pair in enumerate(self._labels):
            for label in pair:
                label.setVisible(place < len(figures))


def _figures(status: SessionView) -> list[tuple[str, str]]:
    translate = QCoreApplication.translate
    info = status.source
    hertz = translate("dialogs", "{rate} a second")
    rows = [
        (translate("dialogs", "Source"), info.name if info else "–"),
        (translate("dialogs", "Asked for"), info.asked if info and info.asked else "–"),
        (
            translate("dialogs", "Picture size"),
            f"{info.size_wh[0]} × {info.size_wh[1]}" if info else "–",
        ),
        (
            translate("dialogs", "Pictures from the source"),
            hertz.format(rate=words.rate_text(status.source_hz)),
        ),
        (
            translate("dialogs", "Analysed"),
            hertz.format(rate=words.rate_text(status.analysis_hz)),
        ),
        (
            translate("dialogs", "Faces looked for"),
            hertz.format(rate=words.rate_text(status.detector_hz)),
        ),
        (
            translate("dialogs", "Behind, mostly"),
            f"{words.rate_text(status.latency_ms)} ms",
        ),
        (
            translate("dialogs", "Behind, 19 of 20 at most"),
            f"{words.rate_text(status.latency_p95_ms)} ms",
        ),
        (
            translate("dialogs", "Pictures taken, analysed, skipped"),
            f"{status.captured}, {status.analyzed}, {status.skipped}",
        ),
        (translate("dialogs", "Model"), status.model or "–"),
    ]
    names = {
        "detect": translate("dialogs", "Finding faces"),
        "track": translate("dialogs", "Following faces"),
        "crop": translate("dialogs", "Cutting out"),
        "infer": translate("dialogs", "Reading"),
        "decode": translate("dialogs", "Turning into stats"),
        "smooth": translate("dialogs", "Steadying"),
        "cam": translate("dialogs", "Explaining"),
    }
    rows += [
        (names.get(stage, stage), f"{words.rate_text(ms)} ms")
        for stage, ms in status.stages_ms.items()
    ]
    return rows


class SettingsDialog(_Plain):
    """Language, colours and motion; each change acts at once.

    Args:
        parent: The window.
        settings: To begin with.
        changed: Called with the name of a setting and its new value.
    """

    def __init__(
        self, parent: QWidget, settings: Settings, changed: Callable[[str, str], None]
    ) -> None:
        super().__init__(parent, QCoreApplication.translate("dialogs", "Settings"))
        self._settings = settings
        self._changed = changed
        self._combos = {
            field: self._combo(field, values)
            for field, values in (
                ("language", ("system", "en", "ko")),
                ("theme", ("system", "light", "dark")),
                ("motion", ("system", "full", "reduced")),
            )
        }
        form = QFormLayout()
        form.setHorizontalSpacing(3 * GRID_PX)
        form.setVerticalSpacing(GRID_PX)
        self._labels = {field: QLabel(self) for field in self._combos}
        for field, combo in self._combos.items():
            self._labels[field].setBuddy(combo)
            form.addRow(self._labels[field], combo)
        self.column.addLayout(form)
        self.add_close()
        self.setMinimumWidth(360)
        self.retranslate()

    def _combo(self, field: str, values: tuple[str, ...]) -> QComboBox:
        combo = QComboBox(self)
        for value in values:
            combo.addItem("", value)
        combo.setCurrentIndex(combo.findData(getattr(self._settings, field)))
        combo.currentIndexChanged.connect(lambda _: self._choose(field, combo.currentData()))
        return combo

    def _choose(self, field: str, value: str) -> None:
        if value != getattr(self._settings, field):
            self._changed(field, value)

    def take(self, settings: Settings) -> None:
        """Show the settings as they are now, wherever they were changed."""
        self._settings = settings
        for field, combo in self._combos.items():
            combo.setCurrentIndex(combo.findData(getattr(settings, field)))

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        translate = QCoreApplication.translate
        self.setWindowTitle(translate("dialogs", "Settings"))
        self._labels["language"].setText(translate("dialogs", "&Language"))
        self._labels["theme"].setText(translate("dialogs", "&Colours"))
        self._labels["motion"].setText(translate("dialogs", "&Motion"))
        texts = {
            ("theme", "light"): translate("dialogs", "Light"),
            ("theme", "dark"): translate("dialogs", "Dark"),
            ("motion", "full"): translate("dialogs", "Bars glide"),
            ("motion", "reduced"): translate("dialogs", "Bars jump"),
            ("language", "en"): "English",
            ("language", "ko"): "한국어",
        }
        like_system = translate("dialogs", "Like the system")
        for field, combo in self._combos.items():
            for index in range(combo.count()):
                combo.setItemText(index, texts.get((field, combo.itemData(index)), like_system))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language, which may have been made right here."""
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "_labels"):
            self.retranslate()
        super().changeEvent(event)


class ModelDialog(_Plain):
    """What the numbers of a model mean: its card, as it came with the package."""

    def __init__(self, parent: QWidget, title: str, card_markdown: str) -> None:
        super().__init__(parent, QCoreApplication.translate("dialogs", "What do the numbers mean?"))
        heading = QLabel(title, self)
        heading.setProperty("role", "title")
        browser = QTextBrowser(self)
        browser.setOpenExternalLinks(True)
        browser.setMarkdown(card_markdown)
        browser.setAccessibleName(title)
        self.column.addWidget(heading)
        self.column.addWidget(browser, 1)
        self.add_close()
        self.resize(640, 560)


class AddressDialog(_Plain):
    """Asks for the address of a stream."""

    def __init__(self, parent: QWidget, chosen: Callable[[str], None]) -> None:
        super().__init__(parent, QCoreApplication.translate("dialogs", "Open address"))
        translate = QCoreApplication.translate
        self._chosen = chosen
        self.edit = QLineEdit(self)
        self.edit.setPlaceholderText("rtsp://192.168.0.20/stream")
        self.edit.setAccessibleName(translate("dialogs", "Address"))
        label = QLabel(
            translate("dialogs", "Address of a camera or video, from http, https or rtsp:"), self
        )
        label.setBuddy(self.edit)
        box = QDialogButtonBox(self)
        self.open_button = box.addButton(
            translate("dialogs", "Open"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        cancel = box.addButton(
            translate("dialogs", "Cancel"), QDialogButtonBox.ButtonRole.RejectRole
        )
        self.open_button.setEnabled(False)
        self.edit.textChanged.connect(self._on_text_changed)
        self.open_button.clicked.connect(self._on_open)
        cancel.clicked.connect(self.close)
        self.column.addWidget(label)
        self.column.addWidget(self.edit)
        self.column.addWidget(box)
        self.setMinimumWidth(460)

    def _on_text_changed(self, text: str) -> None:
        start = text.strip().lower()
        known = start.startswith(("http://", "https://", "rtsp://"))
        self.open_button.setEnabled(known and len(start) > 8)

    def _on_open(self) -> None:
        address = self.edit.text().strip()
        self.close()
        self._chosen(address)


class AboutDialog(_Plain):
    """Version and licences."""

    def __init__(self, parent: QWidget) -> None:
        translate = QCoreApplication.translate
        super().__init__(parent, translate("dialogs", "About facecam"))
        mark = QLabel(self)
        mark.setPixmap(pixmap("facecam", "#000000", 64, self.devicePixelRatioF()))
        title = QLabel(f"facecam {getattr(facecam, '__version__', '')}".strip(), self)
        title.setProperty("role", "title")
        text = QLabel(
            translate(
                "dialogs",
                "Steady, honest stat bars beside every face. Everything is worked out on this "
                "computer; no picture leaves it.\n\n"
                "Built with Qt (LGPL 3), OpenCV, MediaPipe and LiteRT (Apache 2.0).",
            ),
            self,
        )
        text.setWordWrap(True)
        text.setMinimumWidth(360)
        for widget in (mark, title, text):
            self.column.addWidget(widget)
        self.add_close()
