"""Carries what the session says of itself into the parts of the main window."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from facecam.capture.source import without_password
from facecam.gui import error_words, words
from facecam.gui.live_session import ModelPhase, SourcePhase
from facecam.gui.messages import Choice
from facecam.gui.presenter import Scene

if TYPE_CHECKING:
    from facecam.gui.main_window import MainWindow

_NAME_PX = 150
_BACK_MS = 6000


class WindowStatus(QObject):
    """Refreshes the window a few times a second. Lives as long as the window."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._errors_seen = 0
        self._lost_s: float | None = None  # for how long the source is gone; None while it is not
        self._spec = ""
        self._warned_of = ""  # the model whose warnings were shown last

    def refresh(self) -> None:
        """Show how the session is doing."""
        window = self._window
        presenter, session = window.presenter, window.session
        status = presenter.status = session.status()
        if status.source_spec != self._spec:
            self._spec = status.source_spec
            self._lost_s = None
            presenter.reset()
            _, analysis = session.latest()
            if analysis is not None:
                presenter.take(analysis)
        lang = words.language_code()
        heads = session.heads()
        if heads != presenter.heads:
            presenter.set_heads(heads)
            window.panel.refresh(force=True)
        window.choosers.set_heads(heads, presenter.hidden, lang)
        window.choosers.set_current(status.source_spec, status.model)
        window.commands.remember_what_works()
        window.explaining.refresh()
        self._show_warnings()
        self._show_errors()
        self._show_loss()
        window.recording.refresh()
        self._show_scene()
        title = session.model_title(lang)
        window.status_line.show_status(status, self.source_name(), title)
        self._show_names(title)
        self._enable_actions()

    def source_name(self) -> str:
        """Return what the source is called."""
        status = self._window.presenter.status
        if status.demo:
            return self.tr("Demo clip")
        if status.source is not None and status.source.name:
            return status.source.name
        for camera in self._window.choosers.cameras:
            if camera.spec == status.source_spec:
                return camera.name
        spec = status.source_spec
        if spec.isdecimal():
            return self.tr("Camera {number}").format(number=spec)
        if "://" in spec:  # as the opened stream calls itself: without a password
            return without_password(spec)
        return Path(spec).name or spec

    def _show_names(self, model_title: str) -> None:
        window = self._window
        name = self.source_name()
        for button, text in (
            (window.actions_.camera_button, name or self.tr("Camera")),
            (window.actions_.model_button, model_title or self.tr("Model")),
        ):
            metrics = button.fontMetrics()
            short = metrics.elidedText(text, Qt.TextElideMode.ElideRight, _NAME_PX)
            if button.text() != short:
                button.setText(short.replace("&", "&&"))
        title = f"{name} – facecam" if name else "facecam"
        recording = window.presenter.status.recording
        if recording is not None and recording.running:
            # Seen in the task bar as well, where the window itself is not.
            title = f"● {title}"
        window.setWindowTitle(title)

    def _show_warnings(self) -> None:
        """Say what a model is not, each time one is taken that warns of something."""
        window = self._window
        status = window.presenter.status
        if status.model_phase is not ModelPhase.READY or status.model == self._warned_of:
            return
        self._warned_of = status.model
        listed = window.session.model_warnings(words.language_code())
        text = " ".join(listed).replace("`", "")  # Markdown, for the card
        if text:
            about = (self.tr("About this model"), window.commands.show_model)
            window.stage.notice.show_text(text, (about,), kind="warning")

    def _show_errors(self) -> None:
        status = self._window.presenter.status
        scene = self._window.presenter.scene()
        notice = self._window.stage.notice
        if scene is Scene.FAILED and notice.text.text() == error_words.in_words(status.error):
            notice.hide()  # the error may be known a moment before the source has failed by it
        if status.error_count <= self._errors_seen:
            return
        self._errors_seen = status.error_count
        # The card in the middle says what is lost, for as long as it is.
        told = scene is Scene.FAILED or (scene is Scene.LOST and self._lost_s is None)
        if status.error and not told:
            notice.show_text(status.error, kind="error")

    def _show_loss(self) -> None:
        """Say of a source that was gone that it is back."""
        window = self._window
        status = window.presenter.status
        if window.presenter.scene() is Scene.LOST:
            self._lost_s = max(status.health_s, self._lost_s or 0.0)
            return
        lost_s, self._lost_s = self._lost_s, None
        if lost_s is None or status.source_phase is not SourcePhase.RUNNING:
            return
        text = self.tr("{name} is back after {n} s.").format(
            name=self.source_name(), n=max(round(lost_s), 1)
        )
        if window.recording.running:
            text += " " + self.tr("The gap is marked in the recording.")
        window.stage.hint(text, _BACK_MS)

    def _show_scene(self) -> None:
        window = self._window
        status = window.presenter.status
        choices = self.choices()
        window.stage.show_scene(
            window.presenter.scene(),
            status,
            source_name=self.source_name(),
            model_loading=status.model_phase is ModelPhase.LOADING and not status.model,
            frozen=window.frozen,
            choices=choices,
        )
        ribbon = window.stage.ribbon
        if not status.demo or window.controls_hidden:
            ribbon.hide()
            return
        text = self.tr("This is the demo clip, not a camera.")
        if window.no_camera:
            text = self.tr("No camera was found, so this is the demo clip.")
        camera = choices["again"] if window.no_camera else choices["camera"]
        ribbon.show_text(text, (camera, choices["open"]))

    def choices(self) -> dict[str, Choice]:
        """Return what a person can do next, by name."""
        commands = self._window.commands
        return {
            "demo": (self.tr("Play the demo clip"), commands.play_demo),
            "open": (self.tr("Open a file…"), commands.open_file),
            "again": (self.tr("Try the camera again"), commands.look_for_camera),
            "camera": (self.tr("Use the camera"), commands.look_for_camera),
            "retry": (self.tr("Try again"), commands.replay),
            "replay": (self.tr("Play again"), commands.replay),
        }

    def _enable_actions(self) -> None:
        window = self._window
        actions, presenter = window.actions_, window.presenter
        has_picture = window.frame is not None
        many = len(presenter.faces) > 1
        for name in ("snapshot", "snapshot_plain", "freeze"):
            actions[name].setEnabled(has_picture)
        actions.snapshot_button.setEnabled(has_picture)
        for name in ("previous_face", "next_face"):
            actions[name].setEnabled(many)
        actions["pin"].setEnabled(presenter.selected is not None)
        actions["pin"].setChecked(presenter.pinned)
        actions["about_model"].setEnabled(bool(presenter.status.model))
        actions["mirror"].setChecked(window.mirrored)
        actions["replay"].setEnabled(bool(presenter.status.source_spec))
        actions["ring"].setEnabled(words.can_ring(presenter.heads))
