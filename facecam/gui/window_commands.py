"""What the actions of the main window do."""

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, Qt
from PySide6.QtWidgets import QFileDialog

from facecam.errors import FacecamError
from facecam.gui import dialogs, words
from facecam.gui.dialogs import SettingsDialog
from facecam.gui.live_session import DEMO_SPEC, ModelPhase, SourcePhase
from facecam.gui.output_names import free_name
from facecam.gui.snapshots import snapshot_picture, write_png

if TYPE_CHECKING:
    from facecam.gui.main_window import MainWindow
    from facecam.gui.replay_window import ReplayWindow

_VIDEOS = "*.mp4 *.mov *.avi *.mkv *.webm *.gif *.m4v"
_PICTURES = "*.png *.jpg *.jpeg *.bmp *.tif *.tiff *.webp"


class WindowCommands(QObject):
    """Connects the window's actions and carries them out. Lives as long as the window."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._source_to_remember = ""
        self._model_to_remember = ""
        self._looking_for_camera = False
        self._replays: list[ReplayWindow] = []
        actions = window.actions_
        for name, slot in (
            ("open", self.open_file),
            ("open_address", self.open_address),
            ("demo", self.play_demo),
            ("open_recording", self.open_recording),
            ("replay", self.replay),
            ("snapshot", lambda: self.snapshot(bars=True)),
            ("snapshot_plain", lambda: self.snapshot(bars=False)),
            ("settings", self.show_settings),
            ("quit", window.close),
            ("previous_face", lambda: self.step_face(-1)),
            ("next_face", lambda: self.step_face(1)),
            ("about_model", self.show_model),
            ("details", self.show_figures),
            ("keys", self.show_keys),
            ("about", self.show_about),
        ):
            actions[name].triggered.connect(lambda _checked=False, act=slot: act())
        actions["mirror"].triggered.connect(self._on_mirror)
        actions["bars"].toggled.connect(lambda on: window.change(bars=on))
        actions["panel"].toggled.connect(self._on_panel)
        actions["freeze"].toggled.connect(self._on_freeze)
        actions["pin"].toggled.connect(self._on_pin)
        actions["ring"].toggled.connect(lambda on: window.change(ring=on))
        actions.themes.triggered.connect(lambda action: window.change(theme=action.data()))
        actions.languages.triggered.connect(lambda action: window.change(language=action.data()))
        choosers = window.choosers
        choosers.source_chosen.connect(self.play)
        choosers.model_chosen.connect(self.use_model)
        choosers.hidden_changed.connect(self._on_hidden)
        window.status_line.details_wanted.connect(self.show_figures)
        window.stage.video.clicked.connect(self._on_video_clicked)

    # Sources and models.

    def play(self, spec: str, *, remember: bool = True) -> None:
        """Go over to another source."""
        window = self._window
        window.no_camera = False
        window.actions_["freeze"].setChecked(False)
        window.stage.notice.hide()
        self._source_to_remember = spec if remember and spec != DEMO_SPEC else ""
        window.session.change_source(spec)
        window.refresh_status()

    def play_demo(self) -> None:
        """Play the clip that comes with facecam."""
        self.play(DEMO_SPEC)

    def replay(self) -> None:
        """Play the current source from its beginning."""
        spec = self._window.presenter.status.source_spec
        if spec:
            self.play(spec, remember=False)

    def look_for_camera(self) -> None:
        """Look for cameras again and play the first there is."""
        if self._looking_for_camera:
            return
        self._looking_for_camera = True
        choosers = self._window.choosers
        choosers.cameras_listed.connect(
            self._on_cameras_again, Qt.ConnectionType.SingleShotConnection
        )
        choosers.camera_scan.start()

    def _on_cameras_again(self, cameras: object) -> None:
        self._looking_for_camera = False
        window = self._window
        if isinstance(cameras, tuple) and cameras:
            self.play(cameras[0].spec)
        else:
            window.stage.notice.show_text(
                self.tr("Still no camera was found: plug one in and try again."), kind="warning"
            )

    def use_model(self, name: str) -> None:
        """Go over to another model; the video plays on."""
        self._window.stage.notice.hide()
        self._model_to_remember = name
        self._window.session.change_model(name)
        self._window.refresh_status()

    def remember_what_works(self) -> None:
        """Remember a source or model that was chosen here, once it plays."""
        status = self._window.presenter.status
        playing = status.source_phase in (SourcePhase.RUNNING, SourcePhase.ENDED)
        if playing and status.source_spec == self._source_to_remember != "":
            self._window.change(source=self._source_to_remember)
            self._source_to_remember = ""
        ready = status.model_phase is ModelPhase.READY
        if ready and status.model == self._model_to_remember != "":
            self._window.change(model=self._model_to_remember)
            self._model_to_remember = ""

    def open_file(self) -> None:
        """Ask for a video or picture and play it."""
        dialog = self.file_dialog(self.tr("Open a video or picture"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(
            [
                self.tr("Videos and pictures") + f" ({_VIDEOS} {_PICTURES})",
                self.tr("All files") + " (*)",
            ]
        )
        dialog.fileSelected.connect(self.play)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open_recording(self) -> None:
        """Ask for the folder of a recording and show it."""
        dialog = self.file_dialog(self.tr("Open a recording: its .session folder"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        folder = Path(self._window.settings.videos_dir or Path.home())
        dialog.setDirectory(str(folder if folder.is_dir() else Path.home()))
        dialog.fileSelected.connect(lambda path: self.open_recording_at(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open_recording_at(self, path: Path) -> None:
        """Show a recording in a window of its own."""
        from facecam.gui.replay_window import ReplayWindow  # late: most never open one

        window = self._window
        replay = ReplayWindow(path, window.settings, window.theme, window.list_models)
        replay.panel.reduced_motion = window.panel.reduced_motion
        self._replays.append(replay)
        replay.closed.connect(lambda: self._replays.remove(replay))
        replay.show()

    def open_dropped(self, path: Path) -> None:
        """Open a recording, or play a file."""
        from facecam.recording.session_files import is_session

        if is_session(path) or is_session(path.parent):
            self.open_recording_at(path)
        else:
            self.play(str(path))

    def set_theme(self) -> None:
        """Give replays the colours of the window."""
        for replay in self._replays:
            replay.set_theme(self._window.theme)

    def close_replays(self) -> None:
        """Close the windows of recordings."""
        for replay in list(self._replays):
            replay.close()

    def file_dialog(self, title: str) -> QFileDialog:
        """Return a dialog that asks for a file or folder, in all words of the language."""
        dialog = QFileDialog(self._window, title)
        dialog.setOption(QFileDialog.Option.HideNameFilterDetails)
        # Qt's own Korean translation (6.11) leaves these two out.
        dialog.setLabelText(QFileDialog.DialogLabel.LookIn, self.tr("Folder:"))
        dialog.setLabelText(QFileDialog.DialogLabel.FileType, self.tr("Kind:"))
        return dialog

    def open_address(self) -> None:
        """Ask for the address of a stream and play it."""
        dialogs.AddressDialog(self._window, self.play).open()

    # Snapshots.

    def snapshot(self, *, bars: bool) -> None:
        """Keep the picture of this moment, then ask where to save it."""
        window = self._window
        if window.frame is None:
            return
        options = dataclasses.replace(
            window.show_options(), mirror=False, bars=bars, selected=None, ratio=1.0
        )
        if not bars:
            options = dataclasses.replace(options, cam=None)
        # Taken now: the video goes on while the person looks for a folder.
        picture = snapshot_picture(window.frame, window.analysis, window.presenter.heads, options)
        folder = Path(window.settings.pictures_dir or _pictures_dir())
        if not folder.is_dir():
            folder = Path.home()
        dialog = self.file_dialog(self.tr("Save the snapshot"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(self.tr("PNG pictures") + " (*.png)")
        dialog.setDefaultSuffix("png")
        dialog.setDirectory(str(folder))
        dialog.selectFile(free_name(folder, datetime.now()).name)
        dialog.fileSelected.connect(lambda path: self._save(Path(path), picture))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _save(self, path: Path, picture: object) -> None:
        window = self._window
        try:
            write_png(path, picture)  # type: ignore[arg-type]
        except FacecamError as error:
            window.stage.notice.show_text(str(error), kind="error")
            return
        window.change(pictures_dir=str(path.parent))
        window.stage.notice.show_text(self.tr("Saved as {path}").format(path=path))

    # Faces and looks.

    def step_face(self, step: int) -> None:
        """Go to the next or previous face."""
        self._window.presenter.select_next(step)
        self._after_selection()

    def _on_video_clicked(self, x: float, y: float) -> None:
        window = self._window
        if window.mirrored and window.frame is not None:
            x = window.frame.image_bgr.shape[1] - x
        if window.presenter.select_at(x, y):
            self._after_selection()

    def _after_selection(self) -> None:
        self._window.panel.refresh(force=True)
        self._window.actions_["pin"].setChecked(self._window.presenter.pinned)

    def _on_pin(self, on: bool) -> None:
        self._window.presenter.pinned = on

    def _on_mirror(self, on: bool) -> None:
        self._window.change(**{self._window.mirror_setting: on})

    def _on_freeze(self, on: bool) -> None:
        self._window.frozen = on
        self._window.refresh_status()

    def _on_panel(self, on: bool) -> None:
        self._window.change(panel=on)
        self._window.panel.setVisible(on and not self._window.controls_hidden)

    def _on_hidden(self, hidden: frozenset[str]) -> None:
        window = self._window
        window.presenter.hidden = hidden
        window.change(heads_hidden=tuple(sorted(hidden)))
        window.panel.refresh(force=True)

    # Small windows.

    def show_settings(self) -> None:
        """Show language, colours and motion; where they are shown already, in front."""
        window = self._window
        dialog = next((d for d in window.findChildren(SettingsDialog) if d.isVisible()), None)
        if dialog is None:
            dialog = SettingsDialog(
                window, window.settings, lambda name, value: window.change(**{name: value})
            )
            window.settings_changed.connect(dialog.take)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def show_figures(self) -> None:
        """Show all measured rates and times."""
        dialogs.FiguresDialog(self._window, self._window.session.status).show()

    def show_keys(self) -> None:
        """Show all keyboard shortcuts."""
        dialogs.KeysDialog(self._window, self._window.actions_).show()

    def show_about(self) -> None:
        """Show version and licences."""
        dialogs.AboutDialog(self._window).show()

    def show_model(self) -> None:
        """Show what the numbers of the running model mean."""
        session = self._window.session
        title = session.model_title(words.language_code())
        card = session.model_card() or self.tr("This model came without a card.")
        dialogs.ModelDialog(self._window, title, card).show()


def _pictures_dir() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
