"""Sources that read files: videos, single pictures, folders of pictures."""

import re
import threading
from collections.abc import Sequence
from pathlib import Path

import cv2

from facecam.capture.decoders import set_up_decoders
from facecam.capture.pictures import PICTURE_SUFFIXES, check_media_file, read_picture, to_bgr8
from facecam.capture.source import SourceInfo
from facecam.errors import MediaFileError, SourceError
from facecam.timing import Clock, monotonic_s
from facecam.types import Frame, ImageU8

_OPEN_TIMEOUT_MS = 8000
_FALLBACK_FPS = 25.0  # time step of a video that states neither rate nor times
FOLDER_STEP_S = 3.0
"""Source time between two pictures of a folder. Longer than the tracker's memory of 2.5 s, so that
unrelated pictures do not share identities, and long enough to look at each."""


class VideoFileSource:
    """A video file (or an animated GIF), read by OpenCV's FFmpeg.

    Frames come upright (rotation metadata is honoured) and carry their own presentation time,
    counted from the first frame. `open` and `read` belong to one thread, `close` to any.

    Args:
        path: The file.
        clock: Stamps frames.
    """

    def __init__(self, path: str | Path, *, clock: Clock = monotonic_s) -> None:
        self._path = Path(path).absolute()
        self._clock = clock
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._capture: cv2.VideoCapture | None = None
        self._first: tuple[ImageU8, float] | None = None
        self._info = SourceInfo(self._path.name, "file", False, (0, 0), 0.0)
        self._duration_s = 0.0  # 0.0: the file does not tell
        self._frame_id = 0
        self._zero_s = 0.0  # the file's own time of its first frame
        self._last_s = float("-inf")
        self._ended = False
        self._truncated = False

    @property
    def info(self) -> SourceInfo:
        """Facts about the file; complete after `open`."""
        return self._info

    @property
    def truncated(self) -> bool:
        """Whether the file ended clearly before the length that it states."""
        return self._truncated

    def open(self) -> None:
        """Open the file and decode its first frame. Raises `MediaFileError`."""
        if self._closed.is_set():
            raise SourceError(f"The video {self._path.name} was closed: open it anew.")
        set_up_decoders()
        check_media_file(self._path, "video")
        with self._lock:
            self._capture = capture = self._start()
            grabbed = self._decode(capture)
            if grabbed is None:
                self._release()
                raise MediaFileError(
                    f"The video {self._path} holds no picture that can be decoded: "
                    "it is damaged or not a video, choose another file."
                )
            image, self._zero_s = grabbed
            self._first = (image, self._zero_s)
            rate = capture.get(cv2.CAP_PROP_FPS)
            fps = float(rate) if 0 < rate < 1000 else 0.0
            stated = capture.get(cv2.CAP_PROP_FRAME_COUNT)
            count = int(stated) if 0 < stated < 1e9 else None
            # A raw stream states 1 or 2 frames; a length is only taken from a believable count.
            self._duration_s = count / fps if count and fps else 0.0
            self._info = SourceInfo(
                name=self._path.name,
                kind="file",
                live=False,
                size_wh=(image.shape[1], image.shape[0]),
                fps=fps,
                frame_count=count,
            )

    def _start(self) -> cv2.VideoCapture:
        # CAP_FFMPEG by name, so that no other backend takes a name like img_%03d.jpg for a pattern.
        options = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPEN_TIMEOUT_MS]
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG, options)
        if not capture.isOpened():
            raise MediaFileError(
                f"The video {self._path} cannot be opened: it is damaged, cut off or not a video, "
                "choose another file."
            )
        return capture

    @staticmethod
    def _decode(capture: cv2.VideoCapture) -> tuple[ImageU8, float] | None:
        """Return the next (H, W, 3) uint8 BGR picture and its time in the file in seconds."""
        try:
            ok, image = capture.read()
        except cv2.error:
            return None
        if not ok or image is None or image.size == 0:
            return None
        return to_bgr8(image), float(capture.get(cv2.CAP_PROP_POS_MSEC)) / 1e3

    def read(self) -> Frame | None:
        """Return the next frame, None at the end (see `truncated`) or once closed."""
        with self._lock:
            if self._closed.is_set() or self._ended:
                return None
            if self._capture is None:
                raise SourceError(f"The video {self._path.name} was read before it was opened.")
            if self._first is not None:
                grabbed: tuple[ImageU8, float] | None = self._first
                self._first = None
            else:
                grabbed = self._decode(self._capture)
            if grabbed is None:
                self._ended = True
                self._truncated = self._is_cut_off()
                self._release()
                return None
            return self._to_frame(*grabbed)

    def _to_frame(self, image: ImageU8, time_s: float) -> Frame:
        captured_s = self._clock()
        source_s = time_s - self._zero_s
        if not source_s > self._last_s:  # missing, repeated or NaN
            source_s = self._last_s + self._step_s
        self._last_s = source_s
        frame = Frame(image, self._frame_id, captured_s, source_s)
        self._frame_id += 1
        return frame

    @property
    def _step_s(self) -> float:
        return 1.0 / (self._info.fps or _FALLBACK_FPS)

    def _is_cut_off(self) -> bool:
        """Tell whether the frames end clearly before the stated length (by count and by time)."""
        stated = self._info.frame_count
        if not stated or not self._duration_s:
            return False
        missing_s = self._duration_s - (self._last_s + self._step_s)
        return stated - self._frame_id > 2 and missing_s > max(0.25, 0.02 * self._duration_s)

    def _release(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def close(self) -> None:
        """Release the file; a read in progress (milliseconds) ends first."""
        self._closed.set()
        with self._lock:
            self._first = None
            self._release()


class PictureSource:
    """Still pictures, one frame each, `FOLDER_STEP_S` apart in source time.

    A picture that cannot be read is passed over when there are others, and noted in `passed_over`.
    `open` and `read` belong to one thread, `close` to any. Frames may differ in size.

    Args:
        paths: The picture files, in order.
        name: Name for people.
        is_folder: Whether they are all of a folder, not one chosen picture.
        clock: Stamps frames.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        *,
        name: str,
        is_folder: bool = False,
        clock: Clock = monotonic_s,
    ) -> None:
        self._paths = tuple(Path(path) for path in paths)
        self._clock = clock
        self._closed = threading.Event()
        self._next = 0
        self._frame_id = 0
        self._pending: ImageU8 | None = None
        self._passed_over: list[MediaFileError] = []
        self._is_open = False
        self._info = SourceInfo(
            name=name,
            kind="folder" if is_folder else "image",
            live=False,
            size_wh=(0, 0),
            fps=1.0 / FOLDER_STEP_S,
            frame_count=len(self._paths),
        )

    @property
    def info(self) -> SourceInfo:
        """Facts about the pictures; the size is the first one's, known after `open`."""
        return self._info

    @property
    def passed_over(self) -> tuple[MediaFileError, ...]:
        """One error for every picture so far that could not be read."""
        return tuple(self._passed_over)

    def open(self) -> None:
        """Read the first readable picture. Raises `MediaFileError` when there is none."""
        if self._closed.is_set():
            raise SourceError(f"{self._info.name} was closed: open it anew.")
        set_up_decoders()
        self._is_open = True
        self._pending = self._read_next()
        if self._pending is None:
            if len(self._passed_over) == 1:
                raise self._passed_over[0]
            raise MediaFileError(
                f"None of the {len(self._paths)} pictures in {self._info.name} can be read: "
                "choose another folder."
            )
        info = self._info
        self._info = SourceInfo(
            name=info.name,
            kind=info.kind,
            live=False,
            size_wh=(self._pending.shape[1], self._pending.shape[0]),
            fps=info.fps,
            frame_count=info.frame_count,
        )

    def _read_next(self) -> ImageU8 | None:
        while self._next < len(self._paths) and not self._closed.is_set():
            path = self._paths[self._next]
            self._next += 1
            try:
                return read_picture(path)
            except MediaFileError as error:
                self._passed_over.append(error)
        return None

    def read(self) -> Frame | None:
        """Return the next picture that can be read; None after the last or once closed."""
        if not self._is_open:
            raise SourceError(f"{self._info.name} was read before it was opened.")
        image, self._pending = self._pending, None
        if image is None:
            image = self._read_next()
        if image is None or self._closed.is_set():
            return None
        frame = Frame(image, self._frame_id, self._clock(), self._frame_id * FOLDER_STEP_S)
        self._frame_id += 1
        return frame

    def close(self) -> None:
        """End the source; a picture being read is not delivered any more."""
        self._closed.set()
        self._pending = None


def picture_source(path: str | Path) -> PictureSource:
    """Return the source for one picture file."""
    return PictureSource([path], name=Path(path).name)


def folder_source(folder: str | Path) -> PictureSource:
    """Return the source for the pictures of a folder (not of its subfolders), in natural order.

    Raises:
        MediaFileError: The folder cannot be listed or holds no pictures.
    """
    folder = Path(folder)
    try:
        paths: list[Path] = [
            path
            for path in folder.iterdir()
            if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")
        ]
    except OSError as error:
        raise MediaFileError(
            f"The folder {folder} cannot be listed ({error.strerror}): check its name and "
            "permissions."
        ) from error
    if not paths:
        raise MediaFileError(
            f"The folder {folder} holds no pictures: choose one with JPEG, PNG or WebP files."
        )
    name = folder.name or str(folder)
    paths.sort(key=_natural_order)
    return PictureSource(paths, name=name, is_folder=True)


def _natural_order(path: Path) -> tuple[list[tuple[bool, int, str]], str]:
    """Sort key that puts frame2 before frame10."""
    parts = re.findall(r"\d+|\D+", path.name.casefold())
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts], (
        path.name
    )
