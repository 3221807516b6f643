"""The main window: puts the parts together and pulls the session by timer."""

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QHBoxLayout, QMainWindow, QWidget

from facecam.gui import words
from facecam.gui.actions import WindowActions
from facecam.gui.choosers import Choosers, ListCall
from facecam.gui.closing import Closing
from facecam.gui.composing import Composer, ShowOptions
from facecam.gui.dropping import TakesFiles
from facecam.gui.explain_choice import cam_look
from facecam.gui.explaining import Explaining
from facecam.gui.live_session import LiveSession
from facecam.gui.presenter import Presenter
from facecam.gui.recording_control import RecordingControl
from facecam.gui.stage import Stage
from facecam.gui.stat_panel import StatPanel
from facecam.gui.status_line import StatusLine
from facecam.gui.theme import Theme
from facecam.gui.window_commands import WindowCommands
from facecam.gui.window_modes import WindowModes
from facecam.gui.window_status import WindowStatus
from facecam.settings import Settings
from facecam.timing import monotonic_s
from facecam.types import Analysis, Frame

PULL_MS = 12
STATUS_MS = 250
_PANEL_EVERY_S = 1 / 15
_LONE_ANALYSIS_S = 0.1
_STOP_S = 1.0


class MainWindow(TakesFiles, QMainWindow):
    """Shows a `LiveSession`. Everything here runs on the Qt thread.

    Args:
        session: What plays; stopped when the window closes.
        settings: What was remembered.
        theme: The colours to begin with.
        list_cameras, list_models: Called on other threads, for the choosers.

    Signals:
        settings_changed: The settings as they are now.
    """

    settings_changed = Signal(object)

    def __init__(
        self,
        session: LiveSession,
        settings: Settings,
        theme: Theme,
        list_cameras: ListCall,
        list_models: ListCall,
    ) -> None:
        super().__init__()
        self.session = session
        self.settings = settings
        self.theme = theme
        self.list_models = list_models
        self.presenter = Presenter()
        self.presenter.hidden = frozenset(settings.heads_hidden)
        self.frame: Frame | None = None
        self.analysis: Analysis | None = None
        self.frozen = False
        self.no_camera = False
        self._composer = Composer()
        self._drawn_frame: Frame | None = None
        self._drawn_analysis: Analysis | None = None
        self._drawn_look: tuple[object, ...] = ()
        self._drawn_s = self._panel_s = 0.0
        self.setWindowTitle("facecam")
        self.setMinimumSize(800, 520)
        self.setAcceptDrops(True)
        self.actions_ = WindowActions(self)
        self.choosers = Choosers(self.actions_, list_cameras, list_models, self)
        self._build()
        self.commands = WindowCommands(self)
        self.modes = WindowModes(self)
        self.explaining = Explaining(self)
        self.recording = RecordingControl(self)
        self.closing = Closing(self)
        self.status = WindowStatus(self)
        self._restore()
        self.set_theme(theme)
        self.retranslate()
        self.stage.video.setFocus()  # not the first button, or Space would press that
        self._pull_timer = self._timer(PULL_MS, self._pull)
        self._status_timer = self._timer(STATUS_MS, self.refresh_status)

    def _timer(self, interval_ms: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(slot)
        timer.start(interval_ms)
        return timer

    def _build(self) -> None:
        self.stage = Stage(self.theme, self)
        self.panel = StatPanel(self.presenter, self.theme, self)
        self.status_line = StatusLine(self)
        middle = QWidget(self)
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.stage, 1)
        row.addWidget(self.panel)
        self.setCentralWidget(middle)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addPermanentWidget(self.status_line, 1)
        self.statusBar().setContentsMargins(0, 0, 0, 0)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.activated.connect(self._on_escape)
        self.panel.previous_button.setDefaultAction(self.actions_["previous_face"])
        self.panel.next_button.setDefaultAction(self.actions_["next_face"])
        self.panel.pin_button.setDefaultAction(self.actions_["pin"])

    def _restore(self) -> None:
        settings = self.settings
        for name in ("mirror", "bars", "panel", "ring"):
            self.actions_[name].setChecked(getattr(settings, name))
        self.panel.setVisible(settings.panel)
        geometry = QByteArray.fromHex(settings.geometry.encode("ascii", "replace"))
        if not settings.geometry or not self.restoreGeometry(geometry):
            self.resize(QSize(1180, 740).boundedTo(self.screen().availableSize()))

    # What the session gives.

    def _pull(self) -> None:
        """Show the newest frame, if there is one that was not shown."""
        if self.isMinimized() or not self.isVisible():
            return
        if not self.frozen:
            frame, analysis = self.session.latest()
            if analysis is not None and analysis is not self.analysis:
                self.presenter.take(analysis)
            self.frame, self.analysis = frame, analysis
        now_s = monotonic_s()
        self._draw_frame(now_s)
        if now_s - self._panel_s >= _PANEL_EVERY_S:
            self._panel_s = now_s
            self.panel.refresh()

    def _draw_frame(self, now_s: float) -> None:
        frame = self.frame
        if frame is None:
            return
        video = self.stage.video
        height, width = frame.image_bgr.shape[:2]
        size_wh = video.target_size((width, height))
        options = self.show_options()
        heads = self.presenter.heads
        look = (size_wh, options, heads)
        if frame is self._drawn_frame and look == self._drawn_look:
            # The analysis of this very frame comes a little later; the next frame will show it,
            # unless there is none (a picture, or the end of a file).
            same = self._drawn_analysis is self.analysis
            if same or now_s - self._drawn_s < _LONE_ANALYSIS_S:
                return
        picture = self._composer.compose(frame, self.analysis, heads, size_wh, options)
        video.show_picture(picture, (width, height))
        self._drawn_frame, self._drawn_look, self._drawn_analysis = frame, look, self.analysis
        self._drawn_s = now_s

    @property
    def mirrored(self) -> bool:
        """Whether what plays now is shown as in a mirror."""
        return bool(getattr(self.settings, self.mirror_setting))

    @property
    def mirror_setting(self) -> str:
        """Name of the setting that counts now: people mirror themselves, not a film."""
        source = self.presenter.status.source
        return "mirror" if source is None or source.kind == "camera" else "mirror_files"

    def show_options(self) -> ShowOptions:
        """Return how frames are shown now."""
        return ShowOptions(
            mirror=self.mirrored,
            bars=self.settings.bars,
            lang=words.language_code(),
            selected=self.presenter.selected if len(self.presenter.faces) > 1 else None,
            hidden=self.presenter.hidden,
            ratio=self.devicePixelRatioF(),
            cam=cam_look(self.settings),
            ring=self.settings.ring and words.can_ring(self.presenter.heads),
            blur=self.settings.blur,
        )

    @property
    def controls_hidden(self) -> bool:
        """Whether only the video is shown."""
        return self.modes.controls_hidden or self.isFullScreen()

    def refresh_status(self) -> None:
        """Show how the session is doing."""
        self.status.refresh()
        self.actions_.fit_toolbar(self.width())
        self.modes.keep_size()
        self.closing.refresh()

    # What a person does.

    def change(self, **fields: object) -> None:
        """Change settings and act on them."""
        self.settings = dataclasses.replace(self.settings, **fields)  # type: ignore[arg-type]
        self.settings_changed.emit(self.settings)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours; the style sheet is the application's business."""
        self.theme = theme
        self.actions_.set_theme(theme)
        self.stage.set_theme(theme)
        self.panel.set_theme(theme)
        self.explaining.set_theme()
        self.commands.set_theme()

    def set_reduced_motion(self, reduced: bool) -> None:
        """Let bars jump instead of glide."""
        self.panel.reduced_motion = reduced

    def _on_escape(self) -> None:
        if self.recording.cancel_countdown() or self.modes.leave():
            return
        self.stage.notice.hide()

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        self.actions_.retranslate()
        self.choosers.fill()
        self.explaining.retranslate()
        self.stage.video.setAccessibleName(self.tr("Video"))
        self.refresh_status()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "status"):
            self.retranslate()
        super().changeEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Space and Return press the focused button, whatever Space does elsewhere."""
        if isinstance(event, QKeyEvent) and isinstance(watched, QAbstractButton):
            key, kind = event.key(), event.type()
            if kind == QEvent.Type.ShortcutOverride and key == Qt.Key.Key_Space:
                event.accept()
                return True
            enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if kind == QEvent.Type.KeyPress and enter and watched.isEnabled():
                watched.click()
                return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the toolbar to the new width."""
        super().resizeEvent(event)
        self.actions_.fit_toolbar(event.size().width())

    def take_file(self, path: Path) -> None:
        """Play what was dropped, or open it as a recording."""
        self.commands.open_dropped(path)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Finish a recording, then close within 2 s, whatever the session does."""
        if not self.closing.may_close():
            event.ignore()
            return
        if not self.isFullScreen() and self.modes.video_size is None:
            self.settings = dataclasses.replace(
                self.settings, geometry=bytes(self.saveGeometry().toHex().data()).decode("ascii")
            )
        self.settings_changed.emit(self.settings)
        self._pull_timer.stop()
        self._status_timer.stop()
        self.commands.close_replays()
        self.hide()
        QApplication.processEvents()
        stopper = threading.Thread(
            target=self.session.stop, args=(_STOP_S,), name="facecam-stop", daemon=True
        )
        stopper.start()
        stopper.join(_STOP_S + 0.1)
        super().closeEvent(event)
