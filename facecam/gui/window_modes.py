"""How much of the window is there: full screen, no controls, video of a fixed size."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from facecam.gui.main_window import MainWindow

_HINT_MS = 4000
_LARGEST_PX = 16777215  # QWIDGETSIZE_MAX, which PySide does not have


class WindowModes(QObject):
    """Changes what of the window is shown. Lives as long as the window.

    Attributes:
        controls_hidden: Whether only the video is shown, in a window of its own.
        video_size: Size of the video area in device pixels; None when it fills the window.
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self.controls_hidden = False
        self.video_size: tuple[int, int] | None = None
        self._least: tuple[QSize, QSize] | None = None
        window.actions_["full_screen"].triggered.connect(self.set_full_screen)
        window.actions_["hide_controls"].toggled.connect(self.hide_controls)
        window.actions_.sizes.triggered.connect(self._on_size)

    def set_full_screen(self, full: bool) -> None:
        """Show only the video on the whole screen, or everything again."""
        window = self._window
        if full and self.video_size is not None:
            self.fix_video(None)
        self._show_controls(not full and not self.controls_hidden)
        if full:
            window.showFullScreen()
        else:
            window.setWindowState(window.windowState() & ~Qt.WindowState.WindowFullScreen)
        window.actions_["full_screen"].setChecked(full)

    def hide_controls(self, hidden: bool) -> None:
        """Show only the video in the window, for those who record the screen, or all again."""
        window = self._window
        self.controls_hidden = hidden
        self._show_controls(not hidden and not window.isFullScreen())
        if hidden:
            if not window.stage.notice.urgent:
                window.stage.notice.hide()
            window.stage.hint(self.tr("Controls are hidden: press H to show them"), _HINT_MS)
        window.refresh_status()
        self.keep_size()

    def leave(self) -> bool:
        """Go back one step towards everything; return whether there was one."""
        if self._window.isFullScreen():
            self.set_full_screen(False)
        elif self.controls_hidden:
            self._window.actions_["hide_controls"].setChecked(False)
        else:
            return False
        return True

    def _show_controls(self, shown: bool) -> None:
        window = self._window
        window.menuBar().setVisible(shown)
        window.actions_.toolbar.setVisible(shown)
        window.statusBar().setVisible(shown)
        window.panel.setVisible(shown and window.settings.panel)

    def _on_size(self, action: "QAction") -> None:
        width, _, height = str(action.data()).partition("x")
        self.fix_video((int(width), int(height)) if height else None)

    def fix_video(self, size_wh: tuple[int, int] | None) -> None:
        """Give the video area a size in device pixels, or let it fill the window."""
        window = self._window
        if size_wh is not None and not self._fits(size_wh):
            window.stage.notice.show_text(
                self.tr("{width}×{height} is larger than this screen.").format(
                    width=size_wh[0], height=size_wh[1]
                ),
                kind="warning",
            )
            size_wh = self.video_size
        elif size_wh is not None and window.isFullScreen():
            self.set_full_screen(False)
        self.video_size = size_wh
        wanted = f"{size_wh[0]}x{size_wh[1]}" if size_wh else ""
        for action in window.actions_.sizes.actions():
            action.setChecked(action.data() == wanted)
        video = window.stage.video
        if self._least is None:
            self._least = (window.minimumSize(), video.minimumSize())
        if size_wh is None:
            video.setMaximumSize(_LARGEST_PX, _LARGEST_PX)
            video.setMinimumSize(self._least[1])
            window.setMaximumSize(_LARGEST_PX, _LARGEST_PX)
            window.setMinimumSize(self._least[0])
            return
        ratio = window.devicePixelRatioF()
        video.setFixedSize(round(size_wh[0] / ratio), round(size_wh[1] / ratio))
        self.keep_size()

    def _fits(self, size_wh: tuple[int, int]) -> bool:
        window = self._window
        room = window.screen().size() * window.devicePixelRatioF()
        return size_wh[0] <= room.width() and size_wh[1] <= room.height()

    def keep_size(self) -> None:
        """Suit the window to the fixed video, as bars above it come and go."""
        window = self._window
        if self.video_size is None or window.isFullScreen():
            return
        layout = window.layout()
        if layout is not None:
            layout.activate()
        wanted = window.sizeHint()
        # Only where it changes: each call asks the window manager, whose late answers to earlier
        # calls would otherwise be answered in turn, and the window swing between two sizes.
        if window.minimumSize() != wanted or window.maximumSize() != wanted:
            window.setFixedSize(wanted)
