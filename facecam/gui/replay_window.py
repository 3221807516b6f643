"""A recording with its stats: scrub, play, compare with another model, export."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from facecam.gui import error_words, words
from facecam.gui.background import BackgroundCall
from facecam.gui.choosers import Choosable
from facecam.gui.compare_panel import ComparePanel
from facecam.gui.composing import Composer, ShowOptions
from facecam.gui.dropping import TakesFiles
from facecam.gui.live_session import ModelPhase, SessionView, SourcePhase
from facecam.gui.presenter import HISTORY_S, HISTORY_STEP_S, Presenter
from facecam.gui.replay_actions import ReplayActions
from facecam.gui.replay_analysis import Reanalysis
from facecam.gui.replay_commands import ReplayCommands
from facecam.gui.replay_compare import compare, same_face
from facecam.gui.replay_loading import load_recording
from facecam.gui.replay_player import Player
from facecam.gui.replay_timeline import Recording, Timeline
from facecam.gui.replay_transport import Transport
from facecam.gui.replay_video import ShownFrame, VideoReader
from facecam.gui.stage import Stage
from facecam.gui.stat_panel import StatPanel
from facecam.gui.theme import Theme
from facecam.settings import Settings
from facecam.types import Analysis, Frame

PULL_MS = 12
_PANEL_EVERY = 5  # pulls
_JUMP_S = 1.0

Analyze = Callable[[Path, str, float], Reanalysis]


class ReplayWindow(TakesFiles, QMainWindow):
    """Shows one recording at a time. Everything here runs on the Qt thread.

    Args:
        path: A session folder, a file in it, or the video beside it.
        settings: Language and colours.
        theme: The colours to begin with.
        list_models: Called on another thread, for the menu of models.
        analyze: Begins an analysis with another model.

    Signals:
        closed: The window has closed.
    """

    closed = Signal()

    def __init__(
        self,
        path: Path,
        settings: Settings,
        theme: Theme,
        list_models: Callable[[], tuple[Choosable, ...]] = tuple,
        analyze: Analyze = Reanalysis,
    ) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptDrops(True)
        self.setMinimumSize(800, 520)
        self.settings, self.theme = settings, theme
        self.recording: Recording | None = None
        self.player = Player(0.0)
        self.presenter = Presenter(lambda: self._shown_s)
        self.presenter.status = SessionView(SourcePhase.RUNNING, ModelPhase.READY)
        self.run: Reanalysis | None = None
        self.actions_ = ReplayActions(self)
        self._analyze = analyze
        self._reader: VideoReader | None = None
        self._composer = Composer()
        self._shown: ShownFrame | None = None
        self._drawn: tuple[object, ...] = ()
        self._shown_s, self._pulls, self._error = 0.0, 0, ""
        self._runs: list[Reanalysis] = []  # that may have a thread
        self.setWindowTitle("facecam")
        self._build()
        self.loading = BackgroundCall("facecam-replay-load", load_recording, self)
        self.loading.finished.connect(self._on_loaded)
        self.loading.failed.connect(self._on_not_loaded)
        self.commands = ReplayCommands(self, list_models)
        self.set_theme(theme)
        self.retranslate()
        self.resize(QSize(1180, 760).boundedTo(self.screen().availableSize()))
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.pull)
        self._timer.start(PULL_MS)
        self.open(path)

    def _build(self) -> None:
        self.stage = Stage(self.theme, self)
        self.panel = StatPanel(self.presenter, self.theme, self)
        self.panel.explain.hide()
        self.compare_panel = ComparePanel(self.theme, self)
        self.compare_panel.hide()
        self.transport = Transport(self.actions_, self.theme, self)
        for button, name in (
            (self.panel.previous_button, "previous_face"),
            (self.panel.next_button, "next_face"),
            (self.panel.pin_button, "pin"),
            (self.compare_panel.close_button, "end_comparison"),
        ):
            button.setDefaultAction(self.actions_[name])
        middle = QWidget(self)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self.stage, 1)
        left.addWidget(self.transport)
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(self.panel)
        row.addWidget(self.compare_panel)
        self.setCentralWidget(middle)
        self.actions_["bars"].setChecked(self.settings.bars)
        self.transport.scrub.scrubbed.connect(self.seek)
        self.transport.scrub.track_chosen.connect(self.select)
        self.stage.video.clicked.connect(self._on_video_clicked)

    # Opening.

    def take_file(self, path: Path) -> None:
        """Show the recording that was dropped."""
        self.open(path)

    def open(self, path: Path) -> None:
        """Show another recording; it is read on another thread."""
        self._path = path
        self.stage.card.show_state(self.tr("Opening the recording"), str(path), busy=True)
        self.loading.start_after(path)

    def _on_not_loaded(self, message: str) -> None:
        if self.loading.waiting:  # another one was chosen meanwhile
            return
        self.stage.card.hide()
        if self.recording is None:
            self.setWindowTitle(f"{self._path.name.removesuffix('.session')} – facecam")
            self.stage.card.show_state(
                self.tr("This recording could not be opened"),
                error_words.in_words(message),
                ((self.tr("Open another…"), self.commands.open_recording),),
            )
        else:
            self.stage.notice.show_text(message, kind="error")

    def _on_loaded(self, recording: Recording) -> None:
        if self.loading.waiting:
            return
        self.stage.card.hide()
        self.stage.notice.hide()  # about the recording before
        self.end_comparison()
        self._close_reader()
        self.recording = recording
        self.player = Player(recording.duration_s)
        self.player.set_speed(self.actions_.speeds.checkedAction().data())
        self.presenter.reset()
        self.presenter.set_heads(recording.heads)
        self._shown, self._drawn, self._shown_s, self._error = None, (), 0.0, ""
        self.stage.video.clear()
        self.transport.scrub.set_recording(recording)
        self.setWindowTitle(f"{recording.name} – facecam")
        if recording.video is None:
            self.stage.card.show_state(
                self.tr("No video"),
                self.tr("The video of this recording is gone; its stats are still here."),
            )
        else:
            self._reader = VideoReader(recording.video)
            self._reader.show(0.0)
        if not recording.whole:
            self.stage.notice.show_text(
                self.tr("This recording was cut off; what was written until then is here."),
                kind="warning",
            )
        self.commands.enable()
        self._show_stats()

    # Time.

    def seek(self, t_s: float) -> None:
        """Go to a time in seconds."""
        self.player.seek(t_s)
        self._shown_s = self.player.position_s
        if self._reader is not None:
            self._reader.show(self.player.position_s)
        self._show_stats()

    def step_frame(self, step: int) -> None:
        """Go one picture on or back; that ends playing."""
        self.player.pause()
        if self._reader is None or self._shown is None:
            return
        if step > 0:
            self._reader.show_next()
        else:
            self._reader.show(max(self._shown.t_s - 1e-3, 0.0))

    def pull(self) -> None:
        """Show what the time and the reader give now."""
        recording, reader = self.recording, self._reader
        self.commands.refresh_run()
        if recording is None:
            return
        playing = self.player.playing
        position_s = self.player.position_s
        if reader is not None:
            self._take_length(reader)
            if playing:
                reader.show(position_s)
            newest = reader.newest
            if newest is not None and newest is not self._shown:
                self._shown = newest
                if not playing and newest.exact:
                    # The time is that of the picture, after steps and jumps.
                    self.player.seek(newest.t_s)
                    position_s = self.player.position_s
            if reader.error != self._error:
                self._error = reader.error
                self.stage.notice.show_text(self._error, kind="error")
        shown_s = position_s if self._shown is None else self._shown.t_s
        moved = shown_s != self._shown_s
        self._shown_s = shown_s
        if moved:
            self._show_stats()
        self._draw()
        self._pulls += 1
        if self._pulls % _PANEL_EVERY == 0:
            self._refresh_panel()
        self.transport.show_time(position_s, self.player.duration_s)
        self.transport.scrub.show_position(position_s, self.presenter.selected)
        self.actions_.show_playing(self.player.playing, self.theme)

    def _take_length(self, reader: VideoReader) -> None:
        """Lengthen the time to that of the video, which may go on after the last stats."""
        length_s = reader.duration_s
        recording = self.recording
        if length_s is None or recording is None or length_s <= recording.duration_s + 0.05:
            return
        self.recording = dataclasses.replace(recording, duration_s=length_s)
        self.player.duration_s = length_s
        self.transport.scrub.set_recording(self.recording)

    # Stats.

    @property
    def timeline(self) -> Timeline:
        """The stats as they were recorded."""
        return self.recording.timeline if self.recording is not None else Timeline(())

    def _show_stats(self) -> None:
        """Bring the presenter to the time that is shown."""
        t_s = self._shown_s
        analysis = self.timeline.at(t_s)
        before = self.presenter.analysis
        if analysis is None:
            analysis = Analysis(-1, t_s, t_s, t_s, (), (0, 0))
        if before is not None and 0 <= analysis.captured_s - before.captured_s <= _JUMP_S:
            if analysis is not before:
                self.presenter.take(analysis)
            return
        selected, pinned = self.presenter.selected, self.presenter.pinned
        self.presenter.reset()
        for item in self.timeline.before(t_s, HISTORY_S, HISTORY_STEP_S):
            self.presenter.take(item)
        self.presenter.take(analysis)
        if any(face.track == selected for face in analysis.faces) or pinned:
            self.presenter.select(selected)
            self.presenter.pinned = pinned
        elif analysis.faces and not self.presenter.face_in_view:
            self.presenter.select(analysis.faces[0].track)
        self._refresh_panel()

    def select(self, track: int) -> None:
        """Show the stats of a face."""
        self.presenter.select(track)
        self._refresh_panel()

    def _refresh_panel(self) -> None:
        self.actions_["pin"].setChecked(self.presenter.pinned)
        again = self.run.result if self.run is not None else None
        if again is None:
            self.panel.refresh()
            return
        presenter = self.presenter
        mine = presenter.face if presenter.face_in_view else None
        other = same_face(mine, again.timeline.at(self._shown_s))
        rows = compare(presenter.heads, mine, again.heads, other, words.language_code())
        missed = mine is not None and other is None
        self.compare_panel.show_face(presenter.selected if mine is not None else None, rows, missed)

    def begin_comparison(self, model: str) -> None:
        """Analyse the video again with another model."""
        recording = self.recording
        if recording is None or recording.video is None:
            return
        self.end_comparison()
        self.run = self._analyze(recording.video, model, recording.duration_s)
        self._runs = [run for run in self._runs if not run.done.is_set()] + [self.run]
        self.commands.refresh_run()

    def show_comparison(self) -> None:
        """Show both models side by side, once the second one is done."""
        if self.run is None or self.run.result is None or self.recording is None:
            return
        models = (self.recording.model or "–", self.run.result.model)
        self.compare_panel.set_models(*map(self.commands.model_title, models))
        self.panel.hide()
        self.compare_panel.show()
        self._refresh_panel()

    def end_comparison(self) -> None:
        """Show the stats as they were recorded."""
        if self.run is not None:
            self.run.cancel()  # not waited for: the window goes on
            self.run = None
        self.compare_panel.hide()
        self.panel.setVisible(not self.isFullScreen())
        self.panel.refresh(force=True)

    # Pictures.

    @property
    def can_draw(self) -> bool:
        """Whether bars can be drawn: the video has none of its own."""
        return self.recording is not None and self.recording.clean

    def _draw(self) -> None:
        shown = self._shown
        if shown is None:
            return
        video = self.stage.video
        height, width = shown.image_bgr.shape[:2]
        size_wh = video.target_size((width, height))
        analysis = self.timeline.at(shown.t_s)
        many = analysis is not None and len(analysis.faces) > 1
        options = ShowOptions(
            bars=self.can_draw and self.actions_["bars"].isChecked(),
            lang=words.language_code(),
            selected=self.presenter.selected if many else None,
            ratio=self.devicePixelRatioF(),
        )
        drawn = (shown.number, id(analysis), size_wh, options, self.presenter.heads)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        frame = Frame(shown.image_bgr, shown.number, shown.t_s, shown.t_s)
        picture = self._composer.compose(frame, analysis, self.presenter.heads, size_wh, options)
        video.show_picture(picture, (width, height))

    def _on_video_clicked(self, x: float, y: float) -> None:
        if self.presenter.select_at(x, y):
            self._refresh_panel()

    # Looks and the end.

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.theme = theme
        parts = (self.actions_, self.stage, self.panel, self.compare_panel, self.transport)
        for part in parts:
            part.set_theme(theme)

    def retranslate(self) -> None:
        """Put all words in the language that is installed now."""
        self.actions_.retranslate()
        self.commands.enable()
        self.stage.video.setAccessibleName(self.tr("Video"))

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "commands"):
            self.retranslate()
        super().changeEvent(event)

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the threads, each within two seconds."""
        self._timer.stop()
        self.hide()
        for run in self._runs:
            run.cancel()
        for run in self._runs:
            run.close()
        self._close_reader()
        self.closed.emit()
        super().closeEvent(event)
