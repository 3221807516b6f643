"""Recording as a person meets it: where files go, countdown, pause, what became of it."""

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from facecam.capture.source import without_password
from facecam.gui import recording_words, words
from facecam.gui.composing import overlay_options
from facecam.gui.live_session import SourcePhase
from facecam.gui.messages import Choice
from facecam.gui.output_names import free_name
from facecam.settings import CleanVideo

if TYPE_CHECKING:
    from facecam.gui.main_window import MainWindow
    from facecam.recording.request import RecordingStatus
    from facecam.vision.overlay import OverlayOptions

RECENT_S = 10.0
COUNTDOWN_S = 3
_SECOND_MS = 1000


class RecordingControl(QObject):
    """Carries out what the recording menu offers. Lives as long as the window."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._told: tuple[Path, str] | None = None
        self._stop_asked = False
        self._recent_told: Path | None = None
        self._recent_message = ""
        self._left = 0
        self._look: OverlayOptions | None = None  # of the recording that runs
        self._timer = QTimer(self)
        self._timer.setInterval(_SECOND_MS)
        self._timer.timeout.connect(self._count_down)
        self._restore()  # before the menu is listened to: half of it restored is no choice
        actions = window.actions_
        actions["record"].triggered.connect(lambda _=False: self.toggle())
        actions["pause_recording"].triggered.connect(lambda _=False: self.pause_or_resume())
        actions["save_recent"].triggered.connect(lambda _=False: self.save_recent())
        actions["recordings_folder"].triggered.connect(lambda _=False: self.show_folder())
        actions["choose_folder"].triggered.connect(lambda _=False: self.ask_folder())
        actions["blur"].toggled.connect(self._on_blur)
        actions["record_session"].toggled.connect(lambda on: window.change(record_session=on))
        actions["record_countdown"].toggled.connect(lambda on: window.change(record_countdown=on))
        actions["keep_recent"].toggled.connect(self._on_keep_recent)
        actions["record_lossless"].toggled.connect(lambda _: self._on_kind())
        actions.record_kinds.triggered.connect(lambda _: self._on_kind())

    def _restore(self) -> None:
        settings, actions = self._window.settings, self._window.actions_
        actions["record_session"].setChecked(settings.record_session)
        actions["record_countdown"].setChecked(settings.record_countdown)
        actions["record_lossless"].setChecked(settings.record_clean == "lossless")
        kind = "overlay" if settings.record_clean == "none" else "both"
        kind = kind if settings.record_overlay else "clean"
        for action in actions.record_kinds.actions():
            action.setChecked(action.data() == kind)
        actions["keep_recent"].setChecked(settings.keep_recent)
        self._window.session.keep_recent(RECENT_S if settings.keep_recent else 0.0)
        actions["blur"].setChecked(settings.blur)
        self._on_blur(settings.blur)

    def _on_blur(self, on: bool) -> None:
        window = self._window
        window.session.set_blur(on)
        window.stage.badges.show_blur(on)
        if on != window.settings.blur:
            window.change(blur=on)

    def _on_keep_recent(self, on: bool) -> None:
        self._window.session.keep_recent(RECENT_S if on else 0.0)
        self._window.change(keep_recent=on)

    def _on_kind(self) -> None:
        actions = self._window.actions_
        chosen = actions.record_kinds.checkedAction()
        kind = chosen.data() if chosen is not None else "overlay"
        clean: CleanVideo = "none"
        if kind != "overlay":
            clean = "lossless" if actions["record_lossless"].isChecked() else "lossy"
        self._window.change(record_overlay=kind != "clean", record_clean=clean)
        self._enable()

    # Begin and end.

    @property
    def status(self) -> "RecordingStatus | None":
        """How the recording is doing, as it was last seen."""
        return self._window.presenter.status.recording

    @property
    def running(self) -> bool:
        """Whether a recording has begun and not ended."""
        return self.status is not None and self.status.running

    def toggle(self) -> None:
        """Begin to record, or stop, or leave off counting down."""
        if self.cancel_countdown():
            return
        if self.running:
            self.stop()
        elif self._folder_is_known():
            self._begin()
        else:
            self.ask_folder(then_record=True)

    def cancel_countdown(self) -> bool:
        """Leave off counting down; return whether that was under way."""
        if not self._timer.isActive():
            return False
        self._timer.stop()
        self._window.stage.countdown.say(0)
        self._enable()
        return True

    def stop(self) -> None:
        """Finish the file."""
        self._stop_asked = True
        self._window.session.stop_recording()
        self._window.refresh_status()

    def pause_or_resume(self) -> None:
        """Leave out what comes, or go on."""
        status = self.status
        if status is None or not status.running:
            return
        if status.state == "paused":
            self._window.session.resume_recording()
        else:
            self._window.session.pause_recording()
        self._window.refresh_status()

    def _begin(self) -> None:
        if not self._window.settings.record_countdown:
            self._start_as_chosen()
            return
        self._left = COUNTDOWN_S
        self._window.stage.countdown.say(self._left)
        self._timer.start()
        self._enable()

    def _count_down(self) -> None:
        self._left -= 1
        self._window.stage.countdown.say(self._left)
        if self._left <= 0:
            self._timer.stop()
            self._start_as_chosen()

    def begin_into(self, path: Path) -> None:
        """Record into a file that was named on the command line, from the first frame on.

        That file and its session folder come about whatever the menu was left at.
        """
        self._start(path, overlay=True, session_folder=True)

    def _start_as_chosen(self) -> None:
        settings = self._window.settings
        self._start(
            free_name(Path(settings.videos_dir), datetime.now(), ".mp4"),
            overlay=settings.record_overlay,
            session_folder=settings.record_session or settings.record_clean != "none",
        )

    def _start(self, path: Path, *, overlay: bool, session_folder: bool) -> None:
        from facecam.recording.request import RecordingRequest  # late: cv2

        window = self._window
        settings = window.settings
        self._stop_asked = False
        self._told = None
        window.stage.notice.hide()  # what became of the recording before
        self._look = self._drawing()
        window.session.start_recording(
            RecordingRequest(
                path=path,
                overlay=overlay,
                clean=settings.record_clean,
                session_folder=session_folder,
                blur=settings.blur,
                lang=words.language_code(),
                overlay_options=self._look,
                source_spec=without_password(window.session.status().source_spec),
            )
        )
        window.refresh_status()

    def _follow_look(self) -> None:
        """Let a recording that runs show what the window shows from now on."""
        look = self._drawing()
        if look != self._look:
            self._look = look
            self._window.session.set_recording_look(look)

    def _drawing(self) -> "OverlayOptions":
        """Return how recordings are drawn: as in the window, but as others see the person."""
        window = self._window
        show = dataclasses.replace(
            window.show_options(), mirror=False, bars=True, selected=None, ratio=1.0
        )
        return overlay_options(window.presenter.heads, show)

    def save_recent(self) -> None:
        """Write a video of the last seconds."""
        if not self._folder_is_known():
            self.ask_folder()
            return
        folder = Path(self._window.settings.videos_dir)
        path = free_name(folder, datetime.now(), ".mp4", f"-last{RECENT_S:.0f}s")
        self._window.stage.notice.show_text(self.tr("Saving the last seconds…"))
        self._window.session.save_recent(path, RECENT_S, self._drawing())
        self._window.refresh_status()

    # Where files go.

    def _folder_is_known(self) -> bool:
        folder = self._window.settings.videos_dir
        return bool(folder) and Path(folder).is_dir()

    def ask_folder(self, *, then_record: bool = False) -> None:
        """Ask once where recordings go; the system's videos folder is offered."""
        window = self._window
        dialog = window.commands.file_dialog(self.tr("Where recordings go"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        folder = Path(window.settings.videos_dir or _videos_dir())
        dialog.setDirectory(str(folder if folder.is_dir() else Path.home()))
        dialog.setLabelText(QFileDialog.DialogLabel.Accept, self.tr("Use this folder"))

        def take(path: str) -> None:
            window.change(videos_dir=path)
            self._enable()
            if then_record:
                self._begin()

        dialog.fileSelected.connect(take)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def show_folder(self, path: Path | None = None) -> None:
        """Open the folder of recordings, or the one that `path` lies in."""
        folder = path.parent if path is not None else Path(self._window.settings.videos_dir)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    # What the session says.

    def refresh(self) -> None:
        """Show how the recording is doing, and say once how it ended."""
        status = self.status
        lost = self._window.presenter.status.source_phase is SourcePhase.LOST
        self._window.stage.badges.show_recording(status, waiting=lost)
        if self.running:
            self._follow_look()
        self._enable()
        told = (status.path, status.state) if status is not None else None
        if status is not None and not status.running and told != self._told:
            self._tell_end(status)
        self._told = told
        self._tell_recent()

    def _tell_end(self, status: "RecordingStatus") -> None:
        notice = self._window.stage.notice
        choices: list[Choice] = []
        if status.path.exists():
            choices.append((self.tr("Show in folder"), lambda: self.show_folder(status.path)))
            session = status.path.with_name(f"{status.path.stem}.session")
            # One that failed at once, because the name is taken, is not what lies there.
            ours = status.state != "failed" or status.frames_written > 0
            if ours and session.is_dir():
                choices.append(
                    (self.tr("Replay"), lambda: self._window.commands.open_recording_at(session))
                )
        if status.state == "failed":
            if not choices:  # nothing could be written there
                choices.append((self.tr("Choose another folder…"), self.ask_folder))
            notice.show_text(status.message, tuple(choices), kind="error")
        elif not self._stop_asked and status.message:
            notice.show_text(status.message, tuple(choices), kind="warning")
        else:
            notice.show_text(recording_words.saved_text(status), tuple(choices))

    def _tell_recent(self) -> None:
        recent = self._window.presenter.status.recent
        if recent is None or recent.saving:
            return
        notice = self._window.stage.notice
        saved = recent.saved
        if saved is not None and saved != self._recent_told:
            self._recent_told = saved
            notice.show_text(
                self.tr("The last seconds are in {path}").format(path=saved),
                ((self.tr("Show in folder"), lambda: self.show_folder(saved)),),
            )
        elif saved is None and recent.message and recent.message != self._recent_message:
            notice.show_text(recent.message, kind="error")
        self._recent_message = recent.message

    def _enable(self) -> None:
        window = self._window
        actions = window.actions_
        status = self.status
        running = self.running
        counting = self._timer.isActive()
        stopping = status is not None and status.state == "stopping"
        actions["record"].setEnabled(
            (window.frame is not None or running or counting) and not stopping
        )
        paused = status is not None and status.state == "paused"
        actions.show_recording_state(running=running or counting, paused=paused, theme=window.theme)
        actions["pause_recording"].setEnabled(running and not stopping)
        actions["recordings_folder"].setEnabled(self._folder_is_known())
        recent = window.presenter.status.recent
        kept = recent is not None and not recent.saving and recent.seconds > 0
        actions["save_recent"].setEnabled(kept)
        clean = window.settings.record_clean != "none"
        actions["record_lossless"].setEnabled(clean)
        # The clean video lies in the session folder, so it brings that along.
        actions["record_session"].setEnabled(not clean)


def _videos_dir() -> str:
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
