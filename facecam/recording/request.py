"""What is asked of a recording, and what it says of itself."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from facecam.vision.overlay import OverlayOptions

CleanVideo = Literal["none", "lossy", "lossless"]
RecordingState = Literal["starting", "recording", "paused", "stopping", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class RecordingRequest:
    """What is to be recorded.

    Attributes:
        path: The video with the overlay (.mp4, .mov, .mkv); the session folder lies beside it as
            NAME.session. Nothing that exists is written over.
        overlay: Write the video with boxes, cards and maps burnt in.
        clean: Write the pictures as they came, too ("lossless": bit for bit, which takes about a
            hundred times the space). Lies in the session folder, or beside `path` without one.
        session_folder: Write the session folder (statistics, ledger, clean video).
        blur: Blur every face before anything is encoded, in all videos of this recording.
        lang: Language of the words in the overlay.
        mirror: Mirror the video with the overlay; the clean one never is.
        overlay_options: How to draw; `lang` and `mirror` above count more.
        source_spec: What was asked for as the source, to be noted; "" notes its name.
    """

    path: Path
    overlay: bool = True
    clean: CleanVideo = "none"
    session_folder: bool = True
    blur: bool = False
    lang: str = "en"
    mirror: bool = False
    overlay_options: OverlayOptions | None = None
    source_spec: str = ""

    @property
    def folder(self) -> Path:
        """The session folder."""
        return self.path.with_name(f"{self.path.stem}.session")

    @property
    def drawing(self) -> OverlayOptions:
        """How the overlay is to be drawn."""
        options = self.overlay_options or OverlayOptions()
        return replace(options, lang=self.lang, mirror=self.mirror)


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """A snapshot of a recording.

    Attributes:
        state: Where it is in its life; "stopped" and "failed" stay to be looked at.
        path: The video, or the session folder where no video with overlay is wanted.
        elapsed_s: Seconds recorded, without pauses.
        frames_written: Pictures in the video.
        frames_dropped: Pictures that are missing in it because the encoder or the disk was slow.
        dropped: Every captured picture that is not in the video, by reason ("encoder", "disk",
            "paused", "stopped", ...).
        disk_free_bytes: Free space where it is written.
        disk_left_s: Seconds until recording would be stopped for want of space at the rate so far;
            None while that is not known.
        encoder: Encoder in use ("libx264"); "" before the first picture.
        message: One sentence for the user: what it became, or why it failed; "" while it runs well.
    """

    state: RecordingState
    path: Path
    elapsed_s: float = 0.0
    frames_written: int = 0
    frames_dropped: int = 0
    dropped: tuple[tuple[str, int], ...] = ()
    disk_free_bytes: int = 0
    disk_left_s: float | None = None
    encoder: str = ""
    message: str = ""

    @property
    def running(self) -> bool:
        """Whether anything is still being written."""
        return self.state in ("starting", "recording", "paused", "stopping")


@dataclass(frozen=True, slots=True)
class RecentStatus:
    """A snapshot of what is kept of the last seconds.

    Attributes:
        seconds: How much there is to save.
        bytes: Memory that it takes.
        saving: A clip is being written.
        saved: The last clip that was written, or None.
        message: One sentence about the last clip: where it is, or why there is none.
    """

    seconds: float = 0.0
    bytes: int = 0
    saving: bool = False
    saved: Path | None = None
    message: str = ""
