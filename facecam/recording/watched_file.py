"""A file an encoder writes to: what is in it stays whole when disk or program fails."""

import contextlib
import os
from pathlib import Path

from facecam.errors import RecordingError


class WatchedFile:
    """An unbuffered new file, with what is needed to judge and to save a recording.

    Written by one thread; `writing` and the counters may be read from any. FFmpeg sees it as a
    Python file object.

    - What overwrites earlier bytes is held back until `close`. FFmpeg turns a file of fragments
      into an ordinary one by overwriting its head before it writes the new index: whoever is
      killed in between would leave neither.
    - After `freeze` nothing reaches the disk any more: closing a container writes its end, and
      half an end spoils what was whole.

    Args:
        path: Must not exist yet.

    Attributes:
        writing: Whether a call into the operating system is under way right now.
        size: Bytes in the file.
        error: What the disk said when it failed, or None.

    Raises:
        OSError: The file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writing = False
        self.size = 0
        self.error: OSError | None = None
        self._frozen = False
        self._whole = 0  # up to here every fragment is complete
        self._position = 0
        self._held_back: list[tuple[int, bytes]] = []
        self._file = path.open("xb", buffering=0)
        self._identity = _identity(os.fstat(self._file.fileno()))

    @property
    def frozen(self) -> bool:
        """Whether the file takes nothing any more."""
        return self._frozen

    def write(self, data: bytes) -> int:
        """Take all of `data` at the position and return how many bytes that were.

        Raises:
            OSError: The disk did not take it.
        """
        taken = len(data)
        end = self._position + taken
        if not self._frozen:
            ahead = self.size - self._position
            if ahead > 0:
                self._held_back.append((self._position, bytes(data[:ahead])))
                data = data[ahead:]
            self._put(max(self._position, self.size), data)
            self.size = max(self.size, end)
        self._position = end
        return taken

    def _put(self, position: int, data: bytes) -> None:
        self.writing = True
        try:
            self._file.seek(position)
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) or 0 :]
        except OSError as error:
            self.error = error
            self.freeze()
            raise
        finally:
            self.writing = False

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move the position, as files do."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def note_whole(self) -> None:
        """Say that the file ends with a complete fragment right now."""
        if not self._frozen:
            self._whole = self.size

    def freeze(self) -> None:
        """Let nothing more reach the disk, and cut off what is not a whole fragment."""
        if self._frozen:
            return
        self._frozen = True
        with contextlib.suppress(OSError):  # a torn end is passed over by players
            self._file.truncate(self._whole)
            self.size = self._whole

    def check_place(self) -> None:
        """Raise `RecordingError` when the file is no longer where it was made."""
        try:
            there = _identity(self.path.stat())
        except OSError as error:
            raise RecordingError(
                f"{self.path} is gone while it was being recorded ({error.strerror}): the disk "
                "was taken out or the file removed, so record to another place."
            ) from error
        if there != self._identity:
            raise RecordingError(
                f"{self.path} was replaced by another file while it was being recorded: record "
                "again under another name."
            )

    def close(self) -> None:
        """Put what was held back, give everything to the disk and close; again does nothing.

        Raises:
            OSError: The disk failed; what was recorded is still playable.
        """
        if self._file.closed:
            return
        try:
            if not self._frozen:
                self._sync()  # the new index first, then the head that points past the fragments
                for position, data in self._held_back:
                    self._put(position, data)
                self._sync()
        finally:
            self._file.close()

    def _sync(self) -> None:
        self.writing = True
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            self.error = error
            raise
        finally:
            self.writing = False


def _identity(stat: os.stat_result) -> tuple[int, int]:
    return stat.st_dev, stat.st_ino
