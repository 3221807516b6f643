"""Which encoders there are for which purpose, best first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from io import BytesIO
from types import MappingProxyType
from typing import Any, Literal

Purpose = Literal["file", "live", "lossless"]

KEY_S = 0.5
"""Seconds between pictures that can be jumped to, in a recording."""
FRAGMENT_S = 0.25
"""Seconds of video that are written at once, in a recording; as much is lost with the program."""

_FRAGMENTED = "+frag_keyframe+empty_moov+default_base_moof"
_HYBRID = "+hybrid_fragmented+frag_keyframe"


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder of FFmpeg and how to use it.

    Attributes:
        name: Its name.
        pixels: Format of the pictures it is given.
        ticks: Ticks a second of its clock.
        options: Its own options.
        containers: Formats it is put into; empty for all.
        rate_by_size: Whether it needs to be told a bit rate.
    """

    name: str
    pixels: str = "yuv420p"
    ticks: int = 90_000
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    containers: tuple[str, ...] = ()
    rate_by_size: bool = False


# Measured on two slow cores, 1280x720, a picture: x264 ultrafast 8 ms, superfast 15 ms, veryfast
# 17 ms; lossless x264 18 ms and 1.5 MB, FFV1 46 ms and 1.4 MB. The recorder shares the cores with
# the analysis, so it takes the quickest, and no picture waits inside it (zerolatency).
_QUICK = {"preset": "ultrafast", "tune": "zerolatency", "crf": "20", "forced-idr": "1"}
_LOSSLESS = {"preset": "ultrafast", "tune": "zerolatency", "qp": "0", "forced-idr": "1"}
_OTHERS = (
    Encoder("libopenh264", rate_by_size=True),
    Encoder("h264_videotoolbox", rate_by_size=True),
    Encoder("h264_mf", pixels="nv12", rate_by_size=True),
    Encoder("h264_nvenc", rate_by_size=True, options={"forced-idr": "1"}),
    Encoder("h264_qsv", pixels="nv12", rate_by_size=True),
    Encoder("h264_amf", rate_by_size=True),
    # MPEG-4 part 2 allows at most 65535 ticks.
    Encoder("mpeg4", ticks=60_000, rate_by_size=True),
)
_ENCODERS: dict[Purpose, tuple[Encoder, ...]] = {
    "file": (Encoder("libx264", options={"crf": "20", "preset": "veryfast"}), *_OTHERS),
    "live": (Encoder("libx264", options=_QUICK), *_OTHERS),
    "lossless": (
        Encoder("libx264rgb", pixels="bgr24", options=_LOSSLESS),
        Encoder(
            "ffv1",
            pixels="bgr0",
            options={"level": "3", "slices": "4", "coder": "0"},
            containers=("matroska",),
        ),
    ),
}


def encoders_for(purpose: Purpose, name: str | None = None) -> tuple[Encoder, ...]:
    """Return the encoders that this FFmpeg knows, best first.

    That it knows one does not mean that the machine has what it needs: try them in order.

    Args:
        purpose: "file" weighs size more, "live" speed; "lossless" gives back every bit.
        name: The only one that is wanted, or None.
    """
    import av

    known = _ENCODERS[purpose]
    if name is not None:
        known = tuple(item for item in known if item.name == name) or (
            Encoder(name, ticks=60_000, rate_by_size=True),
        )
    return tuple(item for item in known if item.name in av.codecs_available)


def lossless_suffix() -> str:
    """Return the suffix of a lossless video that this FFmpeg can write."""
    first = next(iter(encoders_for("lossless")), None)
    return ".mkv" if first is None or first.containers else ".mp4"


def fragment_options(container: str) -> dict[str, str]:
    """Return the options that make a container playable at any moment while it is written."""
    if container == "matroska":
        return {"cluster_time_limit": str(int(FRAGMENT_S * 1e3)), "flush_packets": "1"}
    return {
        "movflags": _HYBRID if has_hybrid() else _FRAGMENTED,
        "frag_duration": str(int(FRAGMENT_S * 1e6)),
        "flush_packets": "1",
    }


@cache
def has_hybrid() -> bool:
    """Return whether this FFmpeg can turn a file of fragments into an ordinary one at its end.

    Newer ones can (movflags=hybrid_fragmented); an unknown flag is refused when the head
    of the file is written.
    """
    import av

    try:
        container: Any = av.open(
            BytesIO(), "w", format="mp4", container_options={"movflags": _HYBRID}
        )
        stream = container.add_stream("mpeg4", rate=30)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        picture = av.VideoFrame(16, 16, "yuv420p")
        picture.pts, picture.time_base = 0, Fraction(1, 30)
        # A container that was begun and is closed without a picture crashes PyAV 18.
        container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
        container.close()
    except (av.FFmpegError, ValueError):
        return False
    return True
