"""The video: edge to edge, aspect kept, sharp on every screen."""

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from facecam.types import ImageU8


class VideoView(QWidget):
    """Shows pictures that were made to measure (`target_size`).

    Signals:
        clicked: Point of the frame, in its own pixels as shown (mirrored when it is).
    """

    clicked = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._pixels: ImageU8 | None = None
        self._frame_wh = (0, 0)
        self._letterbox = QColor("#000000")
        self._dimmed = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 180)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_letterbox(self, colour: str) -> None:
        """Take the colour of what the video does not cover."""
        self._letterbox = QColor(colour)
        self.update()

    def set_dimmed(self, dimmed: bool) -> None:
        """Say that the picture is an old one by showing it darker."""
        if dimmed != self._dimmed:
            self._dimmed = dimmed
            self.update()

    def target_size(self, frame_wh: tuple[int, int]) -> tuple[int, int]:
        """Return the size in device pixels at which a frame fills the view, aspect kept."""
        ratio = self.devicePixelRatioF()
        room_w, room_h = self.width() * ratio, self.height() * ratio
        frame_w, frame_h = max(frame_wh[0], 1), max(frame_wh[1], 1)
        scale = min(room_w / frame_w, room_h / frame_h)
        return max(1, round(frame_w * scale)), max(1, round(frame_h * scale))

    def show_picture(self, picture_bgr: ImageU8, frame_wh: tuple[int, int]) -> None:
        """Show a picture.

        Args:
            picture_bgr: (H, W, 3) uint8 BGR, C-contiguous; not copied, so not to be written to.
            frame_wh: Size of the frame that it was made from.
        """
        height, width = picture_bgr.shape[:2]
        # QImage reads the array's own memory; `_pixels` keeps it alive as long as the image.
        self._pixels = picture_bgr
        stride = picture_bgr.strides[0]
        self._image = QImage(picture_bgr.data, width, height, stride, QImage.Format.Format_BGR888)
        self._frame_wh = frame_wh
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._image = self._pixels = None
        self._frame_wh = (0, 0)
        self.update()

    @property
    def has_picture(self) -> bool:
        """Whether a picture is shown."""
        return self._image is not None

    def picture_rect(self) -> QRect:
        """Return where the picture lies, in logical pixels of the widget."""
        width, height = self.target_size(self._frame_wh)
        ratio = self.devicePixelRatioF()
        logical_w, logical_h = round(width / ratio), round(height / ratio)
        return QRect(
            (self.width() - logical_w) // 2, (self.height() - logical_h) // 2, logical_w, logical_h
        )

    def frame_point(self, point: QPoint) -> tuple[float, float] | None:
        """Return the point of the frame under a point of the widget, or None beside it."""
        rect = self.picture_rect()
        if self._image is None or not rect.contains(point):
            return None
        x = (point.x() - rect.left() + 0.5) / rect.width() * self._frame_wh[0]
        y = (point.y() - rect.top() + 0.5) / rect.height() * self._frame_wh[1]
        return x, y

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture and the bars around it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._letterbox)
        image = self._image
        if image is not None:
            rect = self.picture_rect()
            if (image.width(), image.height()) == self.target_size(self._frame_wh):
                image.setDevicePixelRatio(self.devicePixelRatioF())
                painter.drawImage(rect.topLeft(), image)
            else:  # made for another size, until the next frame comes
                image.setDevicePixelRatio(1.0)
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(rect, image)
            if self._dimmed:
                painter.fillRect(rect, QColor(8, 9, 11, 140))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Report a click on the picture."""
        point = self.frame_point(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and point is not None:
            self.clicked.emit(*point)
        super().mousePressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.setAccessibleName(self.tr("Video"))
        super().changeEvent(event)
