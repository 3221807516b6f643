"""Video files with the true time of every frame, whole whenever the program ends."""

import contextlib
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import cv2
import numpy as np

from facecam.errors import RecordingError
from facecam.recording.encoders import KEY_S, Encoder, Purpose, encoders_for, fragment_options
from facecam.recording.encoders import has_hybrid as has_hybrid_fragments
from facecam.recording.output_file import prepare_output, publish_output, unwritable
from facecam.recording.watched_file import WatchedFile
from facecam.types import ImageU8

SUFFIXES = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
_BT709 = 1  # ISO/IEC 23091-2 code, the same for primaries, transfer and matrix
_KEY_PICTURE = 1  # AV_PICTURE_TYPE_I
_MANY_PIXELS = 1280 * 720
_BUFFER = 1 << 20  # a fragment in one write


def check_video_suffix(path: Path) -> None:
    """Refuse a name whose suffix says no known container."""
    if path.suffix.lower() not in SUFFIXES:
        raise RecordingError(
            f"{path} has no known kind of video file: end its name in .mp4, .mov or .mkv."
        )


class VideoWriter:
    """Writes pictures with the times at which they are to be shown. Owned by one thread.

    For a file ("file") the name comes at the end; until then it lies beside it under a temporary
    one. A recording ("live", "lossless") has its name from the start, must not exist yet, and is
    playable at every moment: it is written in fragments of a quarter of a second, and `close`
    makes an ordinary file of them that can be jumped about in.

    Args:
        path: The file, by its suffix .mp4, .mov, .m4v or .mkv.
        size_wh: Size of the pictures in pixels. An odd side is made even by repeating its last row
            or column (4:2:0 colour needs even sides; a lossless video keeps the size); a picture
            of another size is fitted inside.
        fps: Nominal rate in hertz, a hint for players; 0.0 when unknown.
        codec: Name of an encoder of FFmpeg; None takes the best that can be started.
        purpose: What it is for.

    Attributes:
        codec: The encoder in use ("libx264", or "mpeg4" where FFmpeg has no H.264).
        frames: Number of pictures written.
        last_s: Time of the last picture in the file, in seconds.

    Raises:
        RecordingError: The file cannot be written, or no encoder can be started.
    """

    def __init__(
        self,
        path: str | Path,
        size_wh: tuple[int, int],
        fps: float,
        *,
        codec: str | None = None,
        purpose: Purpose = "file",
    ) -> None:
        import av  # costs 100 ms, and not everybody records

        self.path = Path(path)
        check_video_suffix(self.path)
        self.codec = ""
        self.frames = 0
        self.last_s = 0.0
        self._av: Any = av
        self._purpose = purpose
        self._given_wh = size_wh
        self._size_wh = size_wh
        self._rate = Fraction(fps).limit_denominator(1001) if 0.5 <= fps <= 1000 else Fraction(30)
        self._first_s: float | None = None
        self._last_tick = -1
        self._key_tick = 0
        self._file: WatchedFile | None = None
        self._partial = self.path
        if purpose == "file":
            self._partial = prepare_output(self.path)
        else:
            self._file = new_file(self.path)
        try:
            self._container: Any = self._start(encoders_for(purpose, codec), codec)
        except RecordingError:
            self._remove()
            raise

    def _start(self, encoders: tuple[Encoder, ...], wanted: str | None) -> Any:
        """Return a container with the first encoder that can be started."""
        kind = SUFFIXES[self.path.suffix.lower()]
        usable = [item for item in encoders if not item.containers or kind in item.containers]
        failure: Exception = ValueError("this FFmpeg has no such encoder")
        for encoder in usable:
            try:
                return self._open(encoder, kind)
            except (self._av.FFmpegError, OSError, ValueError) as error:
                failure = error
        names = ", ".join(item.name for item in usable) or wanted or "any known one"
        raise RecordingError(
            f"{self.path} cannot be recorded with the encoder {names} ({failure}): choose another "
            "size or kind of file."
        ) from failure

    def _open(self, encoder: Encoder, kind: str) -> Any:
        self._encoder = encoder
        live = self._file is not None
        width, height = self._given_wh
        if "420" in encoder.pixels or encoder.pixels == "nv12":
            width, height = width + width % 2, height + height % 2
        self._size_wh = (width, height)
        container = self._av.open(
            self._file or str(self._partial),
            "w",
            format=kind,
            buffer_size=_BUFFER,
            container_options=fragment_options(kind) if live else {},
        )
        try:
            stream = container.add_stream(
                encoder.name, rate=self._rate, options=dict(encoder.options)
            )
            stream.width, stream.height = width, height
            stream.pix_fmt = encoder.pixels
            context = stream.codec_context
            context.time_base = Fraction(1, encoder.ticks)
            if encoder.pixels in ("yuv420p", "nv12"):
                context.colorspace = context.color_primaries = context.color_trc = _BT709
                context.color_range = 1  # 16 to 235, what players expect
            if encoder.rate_by_size:
                context.bit_rate = max(int(width * height * float(self._rate) * 0.15), 400_000)
            if live:
                # A small picture is done sooner by one thread than by two that wait for each other
                # on cores that the analysis keeps busy.
                many = self._purpose == "lossless" or width * height > _MANY_PIXELS
                context.thread_count = 2 if many else 1
                context.gop_size = max(round(KEY_S * float(self._rate)), 1)
                context.max_b_frames = 0
            context.open()
        except BaseException:
            container.close()
            raise
        self._stream: Any = stream
        self.codec = encoder.name
        return container

    @property
    def size_bytes(self) -> int:
        """Bytes in the file of a recording."""
        return self._file.size if self._file is not None else 0

    @property
    def busy_with(self) -> Literal["disk", "encoder"]:
        """What a recording is waiting for right now. May be asked from any thread."""
        return "disk" if self._file is not None and self._file.writing else "encoder"

    def check_place(self) -> None:
        """Raise `RecordingError` when a recording's file was taken away."""
        if self._file is not None:
            self._file.check_place()

    def write(self, image_bgr: ImageU8, t_s: float) -> float:
        """Append one picture and return its time in the file, in seconds.

        Args:
            image_bgr: (H, W, 3) uint8 BGR.
            t_s: Time of the picture in seconds of any origin; a time that does not grow is taken
                as one tick after the last one.

        Raises:
            RecordingError: The picture could not be encoded or written.
        """
        if self._container is None:
            raise RecordingError(f"{self.path} was closed: nothing more can be written to it.")
        if self._first_s is None:
            self._first_s = t_s if np.isfinite(t_s) else 0.0
        ticks = self._encoder.ticks
        elapsed_s = t_s - self._first_s
        tick = round(elapsed_s * ticks) if np.isfinite(elapsed_s) else 0
        tick = max(tick, self._last_tick + 1)
        av = self._av
        try:
            picture = av.VideoFrame.from_ndarray(self._fitted(image_bgr), format="bgr24")
            if self._encoder.pixels in ("yuv420p", "nv12"):
                picture = picture.reformat(
                    format=self._encoder.pixels, dst_colorspace="ITU709", dst_color_range="MPEG"
                )
            elif self._encoder.pixels != "bgr24":
                picture = picture.reformat(format=self._encoder.pixels)
            picture.pts, picture.time_base = tick, Fraction(1, ticks)
            # By time, not by count: a slow source must not make its fragments long. The second
            # picture is one so that the first is on the disk at once.
            late = tick - self._key_tick >= KEY_S * ticks
            if self._file is not None and (late or self.frames == 1):
                picture.pict_type = _KEY_PICTURE
                self._key_tick = tick
            for packet in self._stream.encode(picture):
                self._container.mux(packet)
                if self._file is not None:
                    self._file.note_whole()
        except (av.FFmpegError, OSError, ValueError) as error:
            raise unwritable(self.path, self._cause(error)) from error
        self._last_tick = tick
        self.frames += 1
        self.last_s = tick / ticks
        return self.last_s

    def _cause(self, error: Exception) -> Exception:
        """Return what the disk said rather than what FFmpeg made of it."""
        return (self._file and self._file.error) or error

    def _fitted(self, image_bgr: ImageU8) -> ImageU8:
        """Return the picture in the size of the video, contiguous."""
        height, width = image_bgr.shape[:2]
        if (width, height) == self._size_wh:
            return np.ascontiguousarray(image_bgr)
        across, down = self._size_wh[0] - width, self._size_wh[1] - height
        if (width, height) == self._given_wh:
            how = cv2.BORDER_REPLICATE
        elif self._purpose == "lossless" and across >= 0 and down >= 0:
            how = cv2.BORDER_CONSTANT  # black around its own pixels, in the upper left
        else:
            return np.ascontiguousarray(_letterboxed(image_bgr, self._size_wh))
        grown = cv2.copyMakeBorder(image_bgr, 0, down, 0, across, how)
        return np.ascontiguousarray(grown.astype(np.uint8, copy=False))

    def close(self) -> None:
        """Write what the encoder still holds and finish the file; again does nothing.

        A writer that never got a picture leaves no file.

        Raises:
            RecordingError: The end of the file could not be written. A recording is still playable
                up to its last fragment.
        """
        container, self._container = self._container, None
        if container is None:
            return
        if not self.frames:
            container.close()
            self._remove()
            return
        try:
            self._finish(container)
        except (self._av.FFmpegError, OSError, ValueError) as error:
            if self._file is None or not self._file.size:
                self._remove()  # a file is whole or not there, a recording at least not empty
            raise unwritable(self.path, self._cause(error)) from error
        if self._file is None:
            publish_output(self._partial, self.path)
        elif not has_hybrid_fragments() and self.path.suffix.lower() != ".mkv":
            make_seekable(self.path)

    def _finish(self, container: Any) -> None:
        file = self._file
        if file is None:
            try:
                container.mux(self._stream.encode(None))
            finally:
                container.close()
            return
        try:
            if not file.frozen:
                container.mux(self._stream.encode(None))
        finally:
            try:
                container.close()
            finally:
                file.close()
        if file.error is not None:
            raise file.error

    def discard(self) -> None:
        """Stop without leaving a file."""
        container, self._container = self._container, None
        if container is None:
            return
        if self._file is not None:
            self._file.freeze()
        with contextlib.suppress(self._av.FFmpegError, OSError, ValueError):
            container.close()
        self._remove()

    def _remove(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        with contextlib.suppress(OSError):
            self._partial.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def new_file(path: Path) -> WatchedFile:
    """Return a new file for a recording.

    Raises:
        RecordingError: It exists already, or nothing can be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return WatchedFile(path)
    except FileExistsError as error:
        raise RecordingError(
            f"{path} exists already: record under another name, or remove it first."
        ) from error
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from error


def make_seekable(path: Path) -> None:
    """Turn a file of fragments into an ordinary one, in place, without encoding anything anew.

    Also for what a killed program left. The file stays as it was until the new one is whole.

    Raises:
        RecordingError: It cannot be read, or there is no room for the new one.
    """
    import av

    partial = prepare_output(path)
    try:
        with (
            av.open(str(path)) as old,
            av.open(str(partial), "w", format=SUFFIXES[path.suffix.lower()]) as new,
        ):
            source = old.streams.video[0]
            target = new.add_stream_from_template(source)
            for packet in old.demux(source):
                if packet.dts is None:  # the mark of the end
                    continue
                packet.stream = target
                new.mux(packet)
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        partial.unlink(missing_ok=True)
        raise unwritable(path, error) from error
    publish_output(partial, path)


def _letterboxed(image_bgr: ImageU8, size_wh: tuple[int, int]) -> ImageU8:
    """Return the picture fitted into a black one of `size_wh`, its aspect kept."""
    x, y, inner_w, inner_h = letterbox((image_bgr.shape[1], image_bgr.shape[0]), size_wh)
    how = cv2.INTER_AREA if inner_w < image_bgr.shape[1] else cv2.INTER_LINEAR
    result = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    result[y : y + inner_h, x : x + inner_w] = cv2.resize(
        image_bgr, (inner_w, inner_h), interpolation=how
    )
    return result


def letterbox(picture_wh: tuple[int, int], video_wh: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return where a picture of another size lies in a video, as (x, y, width, height)."""
    width, height = video_wh
    scale = min(width / picture_wh[0], height / picture_wh[1])
    inner_w = min(max(round(picture_wh[0] * scale), 1), width)
    inner_h = min(max(round(picture_wh[1] * scale), 1), height)
    return (width - inner_w) // 2, (height - inner_h) // 2, inner_w, inner_h
