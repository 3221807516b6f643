"""The middle of the window: ribbon and message above, video, and what there is to say over it."""

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from facecam.gui import error_words, words
from facecam.gui.badges import Badges, Countdown
from facecam.gui.live_session import SessionView
from facecam.gui.messages import Bar, Choice, Pill, StateCard
from facecam.gui.presenter import Scene
from facecam.gui.theme import Theme
from facecam.gui.video_view import VideoView


class Stage(QWidget):
    """Holds the video view and everything that is shown around and over it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ribbon = Bar("ribbon", theme, dismissable=False, parent=self)
        self.notice = Bar("notice", theme, dismissable=True, parent=self)
        self.video = VideoView(self)
        self.card = StateCard(self.video)
        self.pill = Pill(self.video)
        self.badges = Badges(self.video)
        self.countdown = Countdown(self.video)
        self._hint = ""
        self._hint_timer = QTimer(self)
        self._hint_timer.setSingleShot(True)
        self._hint_timer.timeout.connect(self._forget_hint)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.ribbon)
        layout.addWidget(self.notice)
        layout.addWidget(self.video, 1)
        self.video.installEventFilter(self)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.video.set_letterbox("#08090b" if theme.dark else "#e4e7eb")
        self.ribbon.set_theme(theme)
        self.notice.set_theme(theme)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep card and pill in their place when the video changes size."""
        if watched is self.video and event.type() == QEvent.Type.Resize:
            self.card.place()
            self.pill.place()
            self.countdown.place()
        return super().eventFilter(watched, event)

    def hint(self, text: str, duration_ms: int) -> None:
        """Say something at the lower edge of the video for a while."""
        self._hint = text
        self._hint_timer.start(duration_ms)

    def _forget_hint(self) -> None:
        if self.pill.text() == self._hint:
            self.pill.say("")
        self._hint = ""

    def show_scene(
        self,
        scene: Scene,
        status: SessionView,
        *,
        source_name: str,
        model_loading: bool,
        frozen: bool,
        choices: dict[str, Choice],
    ) -> None:
        """Show what the scene asks for.

        Args:
            scene: Which one.
            status: How the session is doing.
            source_name: Name of the source for people.
            model_loading: Whether the stats are still to come.
            frozen: Whether the picture is held.
            choices: What can be done next: "demo", "open", "again", "retry", "camera", "replay".
        """
        card = self.card
        pill = ""
        self.video.set_dimmed(status.picture_is_old)
        match scene:
            case Scene.CHOOSE:
                card.show_state(
                    self.tr("Nothing to show yet"),
                    self.tr(
                        "No camera was found. Plug one in and look again, play the demo clip, "
                        "or open a video or picture of your own."
                    ),
                    (choices["demo"], choices["open"], choices["again"]),
                )
            case Scene.STARTING:
                if self.video.has_picture:
                    card.hide()
                    pill = self.tr("Opening {name}…").format(name=source_name)
                else:
                    card.show_state(
                        self.tr("Starting"),
                        self.tr("Opening {name}…").format(name=source_name),
                        busy=True,
                    )
            case Scene.LOST:
                card.show_state(
                    self.tr("{name} is gone").format(name=source_name),
                    self._waiting_text(status),
                    (choices["open"], choices["demo"]),
                    busy=True,
                )
            case Scene.ENDED:
                card.show_state(
                    self.tr("The end"),
                    self.tr("{name} has been played to its end.").format(name=source_name),
                    (choices["replay"], choices["open"]),
                )
            case Scene.FAILED:
                card.show_state(
                    self.tr("This could not be played"),
                    error_words.in_words(status.error),
                    (choices["retry"], choices["open"], choices["demo"]),
                )
            case _:
                card.hide()
                if frozen:
                    pill = self.tr("Frozen: press Space to go on")
                elif status.health != "ok":
                    pill = words.health_text(status.health, status.health_s)
                    self._hint = ""  # what ails the picture now is worth more
                elif model_loading:
                    pill = self.tr("Stats are coming: the model is being loaded")
                elif scene is Scene.NO_FACE:
                    pill = self.tr("No face in view")
        self.pill.say(self._hint or pill)

    def _waiting_text(self, status: SessionView) -> str:
        text = self.tr("Waiting for it to come back: check the plug or the network.")
        if status.health_s >= 1:
            text = self.tr(
                "Waiting for it to come back, for {n} s now: check the plug or the network."
            ).format(n=int(status.health_s))
        if status.recording is not None and status.recording.running:
            text += " " + self.tr("The recording goes on; the gap is marked in it.")
        return text
