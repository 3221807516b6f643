"""The videos of one recording: with overlay, clean, or both, in step."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from facecam.errors import RecordingError
from facecam.recording.encoders import Purpose, lossless_suffix
from facecam.recording.request import RecordingRequest
from facecam.recording.video_writer import VideoWriter
from facecam.types import ImageU8

Draw = Callable[[], ImageU8]


class VideoPair:
    """Writes the same frames to the videos of a recording. Owned by one thread.

    Args:
        request: What is wanted.
        size_wh: Size of the first picture.
        fps: Nominal rate in hertz; 0.0 when unknown.

    Attributes:
        overlay: The video with boxes, or None.
        clean: The video without, or None.

    Raises:
        RecordingError: One of them cannot be made; nothing is left of the other.
    """

    def __init__(self, request: RecordingRequest, size_wh: tuple[int, int], fps: float) -> None:
        self.overlay: VideoWriter | None = None
        self.clean: VideoWriter | None = None
        self._first_s: float | None = None
        if request.overlay:
            self.overlay = VideoWriter(request.path, size_wh, fps, purpose="live")
        clean = clean_path(request)
        if clean is not None:
            purpose: Purpose = "lossless" if request.clean == "lossless" else "live"
            try:
                self.clean = VideoWriter(clean, size_wh, fps, purpose=purpose)
            except RecordingError:
                if self.overlay is not None:
                    self.overlay.discard()
                raise

    @property
    def writers(self) -> list[VideoWriter]:
        """Those that there are."""
        return [writer for writer in (self.overlay, self.clean) if writer is not None]

    @property
    def codecs(self) -> str:
        """Names of the encoders in use, for people: "libx264 + libx264rgb"."""
        return " + ".join(dict.fromkeys(writer.codec for writer in self.writers))

    @property
    def busy_with(self) -> str:
        """What they are waiting for right now; from any thread."""
        return "disk" if any(item.busy_with == "disk" for item in self.writers) else "encoder"

    @property
    def size_bytes(self) -> int:
        """Bytes written."""
        return sum(writer.size_bytes for writer in self.writers)

    def write(self, clean_bgr: ImageU8, draw: Draw, t_s: float) -> float:
        """Append one picture to each and return its time in the videos, in seconds.

        Args:
            clean_bgr: (H, W, 3) uint8 BGR.
            draw: Gives the picture with overlay; only called where one is wanted.
            t_s: Its time in seconds of any origin, pauses left out.
        """
        if self._first_s is None:
            self._first_s = t_s
        video_s = t_s - self._first_s
        if self.clean is not None:
            video_s = self.clean.write(clean_bgr, t_s)
        if self.overlay is not None:
            video_s = self.overlay.write(draw(), t_s)
        return video_s

    def check_place(self) -> None:
        """Raise `RecordingError` when one of the files was taken away."""
        for writer in self.writers:
            writer.check_place()

    def close(self) -> None:
        """Finish all, also when finishing one of them fails; raises what failed first."""
        with contextlib.ExitStack() as stack:
            for writer in self.writers:
                stack.callback(writer.close)


def clean_path(request: RecordingRequest) -> Path | None:
    """Return where the clean video of a recording lies, or None."""
    if request.clean == "none":
        return None
    suffix = lossless_suffix() if request.clean == "lossless" else ".mp4"
    if not request.session_folder:  # beside the other video
        return request.path.with_name(f"{request.path.stem}-clean{suffix}")
    return request.folder / f"clean{suffix}"
