"""The part of the side panel that explains a reading: what is asked, a legend, how far to trust."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QLinearGradient, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from facecam.gui import words
from facecam.gui.composing import CamLook
from facecam.gui.explain_choice import ClassOption, TrustState
from facecam.gui.icons import icon
from facecam.gui.stat_rows import HeadView
from facecam.gui.theme import GRID_PX, Theme
from facecam.titles import title_of
from facecam.types import CamTrust, Unsure

_TWO_LINES_PX = 34  # so that the panel does not jump between short and longer sentences


class ExplainPanel(QFrame):
    """Controls and words only; what they do is `Explaining`'s business.

    Signals:
        head_chosen, class_chosen: The name; of a class "" for each face's own reading.
        measure_wanted: "Check now" was pressed.
    """

    head_chosen = Signal(str)
    class_chosen = Signal(str)
    measure_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("explain")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._heads: tuple[tuple[str, str], ...] = ()
        self._classes: tuple[ClassOption, ...] = ()
        self._trust: tuple[TrustState, CamTrust | None, Unsure | None]
        self._trust = (TrustState.NO_MAP, None, None)
        self.switch = QToolButton(self)
        self.switch.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head_combo = self._combo()
        self.class_combo = self._combo()
        self.look_button = QToolButton(self)
        self.look_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.look_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.look_button.setProperty("role", "quiet")
        self.legend = Legend(self)
        self.mark = TrustMark(theme, self)
        self.trust_label = QLabel(self)
        self.trust_label.setWordWrap(True)
        self.trust_label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.trust_label.setProperty("role", "muted")
        self.measure_button = QToolButton(self)
        self.measure_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.measure_button.clicked.connect(self.measure_wanted)
        self.head_combo.activated.connect(
            lambda index: self.head_chosen.emit(self.head_combo.itemData(index))
        )
        self.class_combo.activated.connect(
            lambda index: self.class_chosen.emit(self.class_combo.itemData(index))
        )
        self._lay_out()
        self.set_theme(theme)
        self.retranslate()

    def _combo(self) -> QComboBox:
        combo = Chooser(self)
        combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        combo.setMinimumWidth(80)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        return combo

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(GRID_PX)
        top.addWidget(self.switch)
        top.addWidget(self.head_combo, 1)
        top.addWidget(self.look_button)
        foot = QHBoxLayout()
        foot.setSpacing(GRID_PX)
        foot.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        foot.addWidget(self.trust_label, 1)
        foot.addWidget(self.measure_button, 0, Qt.AlignmentFlag.AlignTop)
        self.details = QWidget(self)
        inner = QVBoxLayout(self.details)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(GRID_PX)
        inner.addWidget(self.class_combo)
        inner.addWidget(self.legend)
        inner.addLayout(foot)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID_PX, GRID_PX, 0)
        layout.setSpacing(GRID_PX)
        layout.addLayout(top)
        layout.addWidget(self.details)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.look_button.setIcon(icon("look", theme))
        self.measure_button.setIcon(icon("again", theme))
        self.legend.set_theme(theme)
        self.mark.set_theme(theme)

    def show_choice(
        self,
        on: bool,
        heads: tuple[HeadView, ...],
        head: str,
        classes: tuple[ClassOption, ...],
        class_name: str,
    ) -> None:
        """Show what can be chosen and what is.

        Args:
            on: Whether readings are explained now.
            heads: All heads of the model.
            head: Name of the one that is explained.
            classes: What can be chosen of it; none hides the chooser.
            class_name: Name of the chosen class; "" for the own reading.
        """
        lang = words.language_code()
        entries = tuple((item.name, title_of(item, lang)) for item in heads)
        if entries != self._heads:
            self._heads = entries
            self.head_combo.clear()
            for name, title in entries:
                self.head_combo.addItem(title, name)
        if classes != self._classes:
            self._classes = classes
            self.class_combo.clear()
            for option in classes:
                text = option.words if option.name else self.tr("What each face itself shows")
                self.class_combo.addItem(text, option.name)
        self.head_combo.setCurrentIndex(self.head_combo.findData(head))
        self.class_combo.setCurrentIndex(max(self.class_combo.findData(class_name), 0))
        for widget in (self.switch, self.head_combo, self.look_button):
            widget.setEnabled(bool(heads))
        self.class_combo.setVisible(bool(classes))
        self.details.setVisible(on and bool(heads))

    def show_trust(
        self, state: TrustState, trust: CamTrust | None, unsure: Unsure | None = None
    ) -> None:
        """Say how far the map of the selected face can be believed.

        Args:
            state: What is known.
            trust: The figures, where there are some.
            unsure: Why the reading itself is not to be believed, or None.
        """
        self._trust = (state, trust, unsure)
        self.mark.show_state(state)
        self.trust_label.setText(self._trust_text(state))
        self.trust_label.setToolTip(self._trust_tip(trust))
        possible = state not in (TrustState.NO_MAP, TrustState.IMPOSSIBLE)
        self.measure_button.setEnabled(possible)
        self._fit_words()

    def _fit_words(self) -> None:
        """Give the sentence the height that it needs: layouts would cut it."""
        label = self.trust_label
        beside = self.mark.width() + self.measure_button.sizeHint().width() + 3 * GRID_PX
        width = max(self.width() - beside, 80)
        label.setFixedHeight(max(label.heightForWidth(width), _TWO_LINES_PX))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the words to the new width."""
        super().resizeEvent(event)
        self._fit_words()

    def _trust_text(self, state: TrustState) -> str:
        match state:
            case TrustState.TRUSTED:
                return self.tr("Holds: hiding the marked places changes the answer.")
            case TrustState.UNTRUSTED:
                return self._distrust_text()
            case TrustState.UNMEASURED:
                return self.tr("Not checked yet; that takes a few seconds.")
            case TrustState.IMPOSSIBLE:
                return self.tr("This model holds nothing that could explain this stat.")
        return self.tr("Comes with the next reading of a face.")

    def _distrust_text(self) -> str:
        from facecam.inference.faithfulness import FLAT, NOT_LEARNED  # late: cv2

        _, trust, unsure = self._trust
        if unsure is not None:
            return words.unsure_help(unsure)
        if trust is not None and trust.reason == FLAT:
            return self.tr("The same everywhere, so it is hatched: it points at nothing.")
        if trust is not None and trust.reason == NOT_LEARNED:
            return self.tr("Hatched: a model that has learned nothing gives nearly the same map.")
        return self.tr("Not better than chance, so it is hatched: other places matter as much.")

    def _trust_tip(self, trust: CamTrust | None) -> str:
        if trust is None:
            return ""
        figures = self.tr(
            "Score {score}; {share} of random maps of the same smoothness do as well. It counts "
            "as better than chance up to 5%."
        ).format(score=words.rate_text(trust.score), share=words.share_text(trust.p_value))
        return f"{figures}\n{trust.reason}" if trust.reason else figures

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        self.setAccessibleName(self.tr("Explain a reading"))
        self.head_combo.setAccessibleName(self.tr("Stat that is explained"))
        self.head_combo.setToolTip(self.tr("Which stat to explain (keys 1 to 9)"))
        self.class_combo.setAccessibleName(self.tr("Answer that is explained"))
        self.class_combo.setToolTip(self.tr("Which of its answers to explain"))
        self.look_button.setAccessibleName(self.tr("Look of the explanation"))
        self.look_button.setToolTip(self.tr("Faces, colours, opacity and scale"))
        self.measure_button.setText(self.tr("Check now"))
        self.measure_button.setToolTip(
            self.tr(
                "Check now: hide parts of the face from the model and see whether the map was right"
            )
        )
        self.legend.retranslate()
        self._heads = ()
        self._classes = ()
        self.show_trust(*self._trust)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


class Chooser(QComboBox):
    """A combo box that ends with an ellipsis where its words find no room."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it with shortened words, which Qt itself cuts off."""
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        box = QStyle.ComplexControl.CC_ComboBox
        painter.drawComplexControl(box, option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        width = self.style().subControlRect(box, option, part, self).width()
        mode = Qt.TextElideMode.ElideRight
        option.currentText = self.fontMetrics().elidedText(option.currentText, mode, width)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class Legend(QWidget):
    """The colours of the map, from "little" to "much", or from "against" to "for"."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = CamLook()
        self._expected = False
        self._stops: tuple[str, ...] = ()
        self._text = QColor("#000000")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the height of the strip and its words."""
        return QSize(200, 30)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours for the words."""
        self._text = QColor(theme.muted)
        self.update()

    def show_look(self, look: CamLook, stops: tuple[str, ...], expected: bool) -> None:
        """Show another map of colours ("#rrggbb" from the least to the most).

        Args:
            look: How maps are drawn.
            stops: Their colours.
            expected: Whether an expected value is explained, which has no yes or no.
        """
        if (look, stops, expected) != (self._look, self._stops, self._expected):
            self._look, self._stops, self._expected = look, stops, expected
            self.retranslate()

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        low, high = self._ends()
        scale = (
            self.tr("Full colour is the most of each picture.")
            if self._look.per_frame
            else self.tr("Full colour always means the same amount.")
        )
        self.setAccessibleName(
            self.tr("Colours of the explanation: {low} to {high}").format(low=low, high=high)
        )
        self.setToolTip(scale)
        self.update()

    def _ends(self) -> tuple[str, str]:
        if self._expected:
            low = self.tr("makes it lower") if self._look.signed else self.tr("counts little")
            return low, self.tr("makes it higher")
        if self._look.signed:
            return self.tr("speaks against"), self.tr("speaks for")
        return self.tr("counts little"), self.tr("speaks for")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the strip and the words at its ends."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        strip = QRectF(0, 0, self.width(), 8)
        gradient = QLinearGradient(QPointF(0, 0), QPointF(self.width(), 0))
        for index, colour in enumerate(self._stops):
            gradient.setColorAt(index / max(len(self._stops) - 1, 1), QColor(colour))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(gradient))
        painter.drawRoundedRect(strip, 4, 4)
        font = self.font()
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(self._text)
        low, high = self._ends()
        area = QRectF(0, 11, self.width(), 18)
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, low)
        painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, high)
        painter.end()


class TrustMark(QWidget):
    """A small square that is drawn as the map is: plain when it holds, hatched when not."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._state = TrustState.NO_MAP
        self.setFixedSize(14, 18)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        self.update()

    def show_state(self, state: TrustState) -> None:
        """Show another state."""
        if state is not self._state:
            self._state = state
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the square."""
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        square = QRectF(1, 3, 12, 12)
        painter.setPen(QColor(theme.muted))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._state is TrustState.TRUSTED:
            painter.setPen(QColor(theme.accent))
            painter.setBrush(QColor(theme.accent))
        elif self._state is TrustState.UNTRUSTED:
            painter.setPen(QColor(theme.warning))
            painter.setBrush(QBrush(QColor(theme.warning), Qt.BrushStyle.BDiagPattern))
        painter.drawRoundedRect(square, 3, 3)
        painter.end()
