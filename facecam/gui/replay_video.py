"""The pictures of a recording, decoded on a thread of their own."""

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from facecam.errors import FacecamError, MediaFileError
from facecam.types import ImageU8

_AHEAD_S = 1.5
"""A jump ahead of up to this is decoded through, which is faster than to seek (chosen by eye)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """One decoded picture.

    Attributes:
        image_bgr: (H, W, 3) uint8 BGR; not to be written to.
        t_s: Its time in seconds from the first frame.
        exact: Whether it is the very one that was asked for, not a key frame on the way.
        number: Grows with every picture.
    """

    image_bgr: ImageU8
    t_s: float
    exact: bool
    number: int


@dataclass(frozen=True, slots=True)
class _Wish:
    kind: Literal["at", "next"]
    t_s: float


class VideoReader:
    """Decodes what is asked for; the newest wish wins. Every method may be called from any thread.

    A jump gives the nearest key frame before it at once and then the exact frame, unless something
    else is wanted by then. `close` ends the thread; it does not wait longer than a second.

    Args:
        path: The video.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._wish: _Wish | None = None
        self._closed = False
        self._shown: ShownFrame | None = None
        self._error = ""
        self._duration_s: float | None = None
        self._number = 0
        self._thread = threading.Thread(target=self._run, name="facecam-replay-video", daemon=True)
        self._thread.start()

    @property
    def newest(self) -> ShownFrame | None:
        """The picture that was decoded last."""
        with self._changed:
            return self._shown

    @property
    def error(self) -> str:
        """One sentence when the video cannot be read, else ""."""
        with self._changed:
            return self._error

    @property
    def duration_s(self) -> float | None:
        """Length of the video in seconds; None while it is not known."""
        with self._changed:
            return self._duration_s

    def show(self, t_s: float) -> None:
        """Ask for the frame at a time: the last one that is not later."""
        self._want(_Wish("at", t_s))

    def show_next(self) -> None:
        """Ask for the frame after the one that was decoded last."""
        self._want(_Wish("next", 0.0))

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(1.0)

    def _want(self, wish: _Wish) -> None:
        with self._changed:
            self._wish = wish
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            decoder = _Decoder(self._path)
        except (OSError, FacecamError) as error:
            self._fail(error)
            return
        try:
            with self._changed:
                self._duration_s = decoder.duration_s
            while (wish := self._next_wish()) is not None:
                self._fulfil(decoder, wish)
        except Exception as error:
            log.exception("replay of %s", self._path)
            self._fail(error)
        finally:
            decoder.close()

    def _fail(self, error: Exception) -> None:
        text = (
            str(error)
            if isinstance(error, FacecamError)
            else f"The video {self._path} cannot be read on ({error}): check the file."
        )
        with self._changed:
            self._error = text

    def _next_wish(self) -> _Wish | None:
        with self._changed:
            while self._wish is None and not self._closed:
                self._changed.wait()
            wish, self._wish = self._wish, None
            return None if self._closed else wish

    def _overtaken(self) -> bool:
        with self._changed:
            return self._closed or self._wish is not None

    def _fulfil(self, decoder: "_Decoder", wish: _Wish) -> None:
        if wish.kind == "next":
            if decoder.advance():
                self._publish(decoder, exact=True)
            return
        now_s = decoder.t_s
        if now_s is None or not now_s <= wish.t_s <= now_s + _AHEAD_S:
            decoder.seek(wish.t_s)
            if decoder.t_s is not None and decoder.next_s is not None:
                later = decoder.next_s <= wish.t_s
                self._publish(decoder, exact=not later)
        moved = False
        while decoder.next_s is not None and decoder.next_s <= wish.t_s + 1e-6:
            if self._overtaken():
                break
            decoder.advance()
            moved = True
        shown = self._shown
        if moved or shown is None or not shown.exact or shown.t_s != decoder.t_s:
            self._publish(decoder, exact=not self._overtaken())

    def _publish(self, decoder: "_Decoder", *, exact: bool) -> None:
        image, t_s = decoder.picture(), decoder.t_s
        if image is None or t_s is None:
            return
        with self._changed:
            self._number += 1
            self._shown = ShownFrame(image, t_s, exact, self._number)


class _Decoder:
    """One open video with the frame it stands at and the one after. Owned by one thread."""

    def __init__(self, path: Path) -> None:
        import av  # late: a tenth of a second, and only here is it needed

        try:
            self._container: Any = av.open(str(path))
        except (av.FFmpegError, OSError) as error:
            raise MediaFileError(
                f"The video {path} cannot be opened ({error}): check that it is there and whole."
            ) from error
        if not self._container.streams.video:
            self._container.close()
            raise MediaFileError(f"{path} holds no video: choose another recording.")
        self._av: Any = av
        self._stream: Any = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._frame: Any = None
        self._next: Any = None
        self._frames: Any = None
        self._zero_s = 0.0
        self._start()
        first = self._next
        self._zero_s = float(first.time or 0.0) if first is not None else 0.0
        self.advance()
        duration: Any = self._stream.duration
        tick: Any = self._stream.time_base
        whole = self._container.duration
        if duration is not None:
            self.duration_s: float | None = float(duration * tick)
        else:
            self.duration_s = whole / 1e6 if whole else None

    def _start(self) -> None:
        self._frames = self._container.decode(self._stream)
        self._frame, self._next = None, self._pull()

    def _pull(self) -> Any:
        try:
            return next(self._frames, None)
        except self._av.FFmpegError as error:
            log.info("decoding ended: %s", error)
            return None

    @property
    def t_s(self) -> float | None:
        """Time of the frame it stands at."""
        return self._time(self._frame)

    @property
    def next_s(self) -> float | None:
        """Time of the frame after; None at the end."""
        return self._time(self._next)

    def _time(self, frame: Any) -> float | None:
        return None if frame is None else float(frame.time or 0.0) - self._zero_s

    def advance(self) -> bool:
        """Go to the next frame; return whether there was one."""
        if self._next is None:
            return False
        self._frame, self._next = self._next, self._pull()
        return True

    def seek(self, t_s: float) -> None:
        """Stand at the last key frame that is not later than a time."""
        at_s = max(t_s, 0.0) + self._zero_s
        try:
            self._container.seek(
                int(at_s / self._stream.time_base), stream=self._stream, backward=True
            )
        except self._av.FFmpegError as error:
            log.info("no seek to %.3f s: %s", at_s, error)
            self._container.seek(0)
        self._start()
        self.advance()

    def picture(self) -> ImageU8 | None:
        """Return the frame it stands at, (H, W, 3) uint8 BGR."""
        if self._frame is None:
            return None
        image: ImageU8 = self._frame.to_ndarray(format="bgr24")
        return image

    def close(self) -> None:
        """Close the file."""
        self._container.close()
