"""What every source of frames promises."""

import re
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from facecam.types import Frame

SourceKind = Literal["camera", "file", "image", "folder", "stream", "synthetic"]


def without_password(url: str) -> str:
    """Return a URL fit for screens and logs: user and password are left out.

    What is no URL, such as the name of a file, stays as it is.
    """
    if "://" not in url:
        return url
    return re.sub(r"(?<=://)[^/?#]*@", "", url).partition("#")[0]


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source says of itself.

    Attributes:
        name: Name for people ("Integrated Camera", "demo.mp4").
        kind: What it is.
        live: True when frames come in real time and the newest one wins.
        size_wh: Size of the frames in pixels.
        fps: Nominal rate in hertz; 0.0 when unknown.
        frame_count: Number of frames, or None when unknown or endless.
        asked: What was asked of a camera, as in "MJPG 1280x720 30 Hz"; "" elsewhere.
        given: What the camera says it gives instead or indeed, in the same words; "" elsewhere.
        identity: Tells one camera from every other, whatever its index is at the moment; ""
            elsewhere and where the system tells nothing.
    """

    name: str
    kind: SourceKind
    live: bool
    size_wh: tuple[int, int]
    fps: float
    frame_count: int | None = None
    asked: str = ""
    given: str = ""
    identity: str = ""


class FrameSource(Protocol):
    """Gives frames, one at a time, to one thread.

    Life cycle: `open`, then `read` until None, then `close`; `close` may be called from any thread,
    more than once, and before `open`. A source that was closed does not open again.
    """

    @property
    def info(self) -> SourceInfo:
        """Facts about the source; complete after `open`."""
        ...

    def open(self) -> None:
        """Open it. Raises a `SourceError` with one sentence; never waits longer than 10 s."""
        ...

    def read(self) -> Frame | None:
        """Return the next frame, or None at the end of a finite source or once it was closed.

        Raises `SourceError` when the source broke. A file source reads as fast as it is asked;
        pacing it to real time is the session's business.
        """
        ...

    def close(self) -> None:
        """Release everything; a pending `read` returns None or raises soon."""
        ...


@runtime_checkable
class FollowingSource(Protocol):
    """A source whose device may turn up elsewhere after it was lost."""

    def follow(self, info: SourceInfo) -> None:
        """Open the very device that gave this info, not another in its place; before `open`."""
        ...
