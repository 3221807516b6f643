"""Files that are dragged onto a window."""

from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QDragEnterEvent, QDropEvent


class TakesFiles:
    """A window that takes files of this machine, the first of several. Comes before Qt's class."""

    def take_file(self, path: Path) -> None:
        """Do what is done with a file or folder that was dropped."""
        raise NotImplementedError

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Say whether a drop would be taken."""
        if local_file(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take what was dropped."""
        path = local_file(event.mimeData())
        if path is not None:
            self.take_file(path)


def local_file(dragged: QMimeData) -> Path | None:
    """Return the first file that is dragged, or None where it is none of this machine."""
    urls = dragged.urls()
    return Path(urls[0].toLocalFile()) if urls and urls[0].isLocalFile() else None
