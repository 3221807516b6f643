"""What the actions of a replay window do."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QFileDialog

from facecam.gui.background import BackgroundCall
from facecam.gui.choosers import Choosable
from facecam.gui.replay_player import SPEEDS

if TYPE_CHECKING:
    from facecam.gui.replay_window import ReplayWindow

_SKIP_S = 5.0


class ReplayCommands(QObject):
    """Connects the window's actions and carries them out. Lives as long as the window."""

    def __init__(
        self, window: "ReplayWindow", list_models: Callable[[], tuple[Choosable, ...]]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._models: tuple[Choosable, ...] = ()
        self._told = False
        actions = window.actions_
        for name, slot in (
            ("open", self.open_recording),
            ("export_csv", lambda: self._ask_export("csv")),
            ("export_parquet", lambda: self._ask_export("parquet")),
            ("export_html", lambda: self._ask_export("html")),
            ("show_folder", self.show_folder),
            ("close", self._close_or_leave),
            ("play", self.play_or_pause),
            ("previous_frame", lambda: window.step_frame(-1)),
            ("next_frame", lambda: window.step_frame(1)),
            ("back", lambda: self.skip(-_SKIP_S)),
            ("ahead", lambda: self.skip(_SKIP_S)),
            ("previous_start", lambda: self.go_to_start(-1)),
            ("next_start", lambda: self.go_to_start(1)),
            ("slower", lambda: self.change_speed(-1)),
            ("faster", lambda: self.change_speed(1)),
            ("previous_face", lambda: self.step_face(-1)),
            ("next_face", lambda: self.step_face(1)),
            ("end_comparison", window.end_comparison),
        ):
            actions[name].triggered.connect(lambda _checked=False, act=slot: act())
        actions["pin"].toggled.connect(self._on_pin)
        actions["full_screen"].triggered.connect(self._on_full_screen)
        actions.speeds.triggered.connect(lambda action: self.set_speed(action.data()))
        window.transport.cancel_button.clicked.connect(lambda: window.end_comparison())
        self._listing = BackgroundCall("facecam-list-models", list_models, self)
        self._listing.finished.connect(self._on_models)
        self._exporting = BackgroundCall("facecam-export", _export, self)
        self._exporting.finished.connect(self._on_exported)
        self._exporting.failed.connect(
            lambda message: window.stage.notice.show_text(message, kind="error")
        )
        actions.model_menu.aboutToShow.connect(self._listing.start)
        self._listing.start()
        self._fill_models()

    # Playing.

    def play_or_pause(self) -> None:
        """Play, or hold."""
        player = self._window.player
        if player.playing:
            player.pause()
        else:
            player.play()

    def skip(self, seconds: float) -> None:
        """Go some seconds on or back."""
        self._window.seek(self._window.player.position_s + seconds)

    def go_to_start(self, step: int) -> None:
        """Go to where a face came into view, and select it."""
        window = self._window
        span = window.timeline.next_start(window.player.position_s, step)
        if span is not None:
            window.seek(span.start_s)
            window.select(span.track)
        elif step < 0:
            window.seek(0.0)

    def change_speed(self, step: int) -> None:
        """Go to the next speed up or down."""
        place = SPEEDS.index(self._window.player.speed) + step
        self.set_speed(SPEEDS[min(max(place, 0), len(SPEEDS) - 1)])

    def set_speed(self, speed: float) -> None:
        """Play at another speed."""
        self._window.player.set_speed(speed)
        self._window.transport.show_speed(speed)
        for action in self._window.actions_.speeds.actions():
            action.setChecked(action.data() == speed)

    # Faces.

    def step_face(self, step: int) -> None:
        """Go to the next or previous face in view."""
        self._window.presenter.select_next(step)
        selected = self._window.presenter.selected
        if selected is not None:
            self._window.select(selected)

    def _on_pin(self, on: bool) -> None:
        self._window.presenter.pinned = on

    def _on_full_screen(self, full: bool) -> None:
        window = self._window
        window.menuBar().setVisible(not full)
        comparing = window.run is not None and window.run.result is not None
        window.panel.setVisible(not full and not comparing)
        window.compare_panel.setVisible(not full and comparing)
        if full:
            window.showFullScreen()
        else:
            window.showNormal()

    def _close_or_leave(self) -> None:
        if self._window.isFullScreen():
            self._window.actions_["full_screen"].trigger()
        else:
            self._window.close()

    # Files.

    def open_recording(self) -> None:
        """Ask for the folder of a recording and show it."""
        window = self._window
        dialog = QFileDialog(window, self.tr("Open a recording: its .session folder"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setLabelText(QFileDialog.DialogLabel.LookIn, self.tr("Folder:"))
        dialog.setLabelText(QFileDialog.DialogLabel.FileType, self.tr("Kind:"))
        folder = window.recording.folder.parent if window.recording is not None else Path.home()
        dialog.setDirectory(str(folder))
        dialog.fileSelected.connect(lambda path: window.open(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def show_folder(self) -> None:
        """Open the folder that the recording lies in."""
        if self._window.recording is not None:
            _open_folder(self._window.recording.folder.parent)

    def _ask_export(self, kind: str) -> None:
        window = self._window
        recording = window.recording
        if recording is None:
            return
        dialog = QFileDialog(window, self.tr("Export"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.setLabelText(QFileDialog.DialogLabel.LookIn, self.tr("Folder:"))
        dialog.setLabelText(QFileDialog.DialogLabel.FileType, self.tr("Kind:"))
        dialog.setDirectory(str(recording.folder.parent))
        dialog.selectFile(f"{recording.name}.{kind}")
        dialog.fileSelected.connect(lambda path: self.export(Path(path), kind))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def export(self, path: Path, kind: str) -> None:
        """Write the stats on another thread, as "csv", "parquet" or "html"."""
        recording = self._window.recording
        if recording is not None:
            self._exporting.start_after(recording.folder, path, kind)

    def _on_exported(self, path: Path) -> None:
        self._window.stage.notice.show_text(
            self.tr("Saved as {path}").format(path=path),
            ((self.tr("Show in folder"), lambda: _open_folder(path.parent)),),
        )

    # Another model.

    def _on_models(self, models: object) -> None:
        self._models = models if isinstance(models, tuple) else ()
        self._fill_models()

    def _fill_models(self) -> None:
        menu = self._window.actions_.model_menu
        menu.clear()
        for model in self._models:
            action = QAction(model.name.replace("&", "&&"), menu)
            action.setEnabled(not model.problem)
            action.triggered.connect(
                lambda _checked=False, spec=model.spec: self._window.begin_comparison(spec)
            )
            menu.addAction(action)
        if not self._models:
            menu.addAction(self.tr("No model found")).setEnabled(False)

    def model_title(self, name: str) -> str:
        """Return what a model is called for people; its name where it is not installed here."""
        return next((model.name for model in self._models if model.spec == name), name)

    def refresh_run(self) -> None:
        """Show how far the analysis is, and what came of it."""
        window, run = self._window, self._window.run
        if run is None:
            self._told = False
            window.transport.show_progress("", None)
            return
        if not run.done.is_set():
            text = self.tr("Analysing with {model}…").format(model=self.model_title(run.model))
            window.transport.show_progress(text, run.progress)
            self._told = False
            return
        window.transport.show_progress("", None)
        if self._told:
            return
        self._told = True
        if run.error:
            window.stage.notice.show_text(run.error, kind="error")
            window.end_comparison()
        elif run.result is not None:
            window.show_comparison()
            if not window.can_draw:
                window.stage.notice.show_text(
                    self.tr(
                        "The video has bars in it, which the second model saw as well: record "
                        "the camera's own video, too, for a fair comparison."
                    ),
                    kind="warning",
                )
        self.enable()

    def enable(self) -> None:
        """Enable what can be done now."""
        window = self._window
        actions = window.actions_
        recording = window.recording
        there = recording is not None
        has_video = recording is not None and recording.video is not None
        for name in ("export_csv", "export_parquet", "export_html", "show_folder", "play"):
            actions[name].setEnabled(there)
        for name in ("previous_start", "next_start", "back", "ahead"):
            actions[name].setEnabled(there)
        for name in ("previous_frame", "next_frame"):
            actions[name].setEnabled(has_video)
        actions["bars"].setEnabled(window.can_draw)
        burnt_in = there and not window.can_draw
        tip = self.tr("Bars are part of this video already") if burnt_in else ""
        actions.set_tip("bars", tip)
        actions.model_menu.setEnabled(has_video)
        window.transport.again_button.setEnabled(has_video)
        actions["end_comparison"].setEnabled(
            window.run is not None and window.run.result is not None
        )


def _export(session: Path, path: Path, kind: str) -> Path:
    from facecam.recording.exports import export_session

    export_session(session, path, kind)
    return path


def _open_folder(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
