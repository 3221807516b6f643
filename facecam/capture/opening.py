"""Turn what a person typed into a source."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import cv2

from facecam.capture.camera import CameraSource
from facecam.capture.decoders import set_up_decoders
from facecam.capture.files import VideoFileSource, folder_source, picture_source
from facecam.capture.pictures import PICTURE_SUFFIXES
from facecam.capture.source import FrameSource, without_password
from facecam.capture.stream import STREAM_SCHEMES, StreamSource
from facecam.errors import CameraOpenError, MediaFileError, SourceError

DEMO_CLIP = Path(__file__).resolve().parents[2] / "resources" / "demo.mp4"
VIDEO_SUFFIXES = frozenset(
    "." + ending
    for ending in (
        *("3gp", "avi", "flv", "gif", "h264", "h265", "hevc", "m4v", "mjpeg", "mjpg", "mkv"),
        *("mov", "mp4", "mpeg", "mpg", "mts", "ogv", "ts", "webm", "wmv", "y4m"),
    )
)
"""File name endings that are read as videos; other files are looked into."""

_MOST_DIGITS = 4  # of a camera's number
_SYNTHETIC_OPTIONS = "faces=0..8, size=WxH, fps=N, seconds=N, seed=N, live=0|1"


def make_source(
    spec: str | int, *, size_wh: tuple[int, int] = (1280, 720), fps: float = 30.0
) -> FrameSource:
    """Return the source that `spec` names, not opened yet.

    Args:
        spec: Camera index, camera name or a part of it, picture or video file, folder of pictures,
            URL, or "synthetic" with options as in "synthetic:faces=4,live=1".
        size_wh: Size to ask of a camera, and of the synthetic source unless its options say else.
        fps: Rate to ask of them.

    Raises:
        SourceError: The options or the kind of URL are unknown, or a folder holds no pictures.
    """
    if isinstance(spec, int):
        return CameraSource(spec, size_wh=size_wh, fps=fps)
    spec = spec.strip()
    if not spec:
        raise SourceError(
            "No source is named: give a camera index or name, a file, a folder or a URL."
        )
    number = re.fullmatch(r"(?:/dev/video)?(\d+)", spec)
    if number:
        if len(number[1]) > _MOST_DIGITS:
            raise CameraOpenError(f"There is no camera {spec:.20}: choose one that `doctor` lists.")
        return CameraSource(int(number[1]), size_wh=size_wh, fps=fps)
    if spec == "synthetic" or spec.startswith("synthetic:"):
        return _synthetic(spec.partition(":")[2], size_wh, fps)
    if "://" in spec:
        return _from_url(spec)
    path = Path(spec).expanduser()
    if _looks_like_path(spec, path):
        return _from_path(path)
    return CameraSource(spec, size_wh=size_wh, fps=fps)


def _looks_like_path(spec: str, path: Path) -> bool:
    """Tell a file name, existing or not, from the name of a camera."""
    try:
        if path.exists():
            return True
    except (OSError, ValueError):  # too long, or a zero byte in it
        return True
    has_separator = any(mark and mark in spec for mark in (os.sep, os.altsep))
    return has_separator or path.suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES


def _from_path(path: Path) -> FrameSource:
    try:
        if path.is_dir():
            return folder_source(path)
        is_file = path.is_file()
    except (OSError, ValueError) as error:
        raise MediaFileError(f"The file name {path!s:.80} cannot be used: {error}.") from error
    suffix = path.suffix.lower()
    if suffix in PICTURE_SUFFIXES:
        return picture_source(path)
    if suffix not in VIDEO_SUFFIXES and is_file:
        set_up_decoders()
        try:
            if cv2.haveImageReader(str(path)):
                return picture_source(path)
        except cv2.error:
            pass
    return VideoFileSource(path)


def _from_url(url: str) -> FrameSource:
    try:
        parts = urlsplit(url)
    except ValueError as error:  # such as a bracket that is not closed
        raise SourceError(
            f"The address {without_password(url)} cannot be used ({error}): write signs like [ in "
            "a password as %5B."
        ) from error
    scheme = parts.scheme.lower()
    if scheme == "file":
        return _from_path(Path(url2pathname(parts.path)))
    if scheme not in STREAM_SCHEMES:
        raise SourceError(
            f"The address {without_password(url)} cannot be opened: it has to begin with "
            "http://, https:// or rtsp://."
        )
    return StreamSource(url)


def _synthetic(options: str, size_wh: tuple[int, int], fps: float) -> FrameSource:
    """Return the synthetic source that options like "faces=4,live=1" describe."""
    # Here, not above: a window on a camera never needs the portraits.
    from facecam.capture.synthetic import SyntheticSource

    values: dict[str, str] = {}
    for item in filter(None, (part.strip() for part in options.split(","))):
        key, separator, value = item.partition("=")
        if not separator or key not in {"faces", "size", "fps", "seconds", "seed", "live"}:
            raise SourceError(
                f"The synthetic source does not know the option {item}: use {_SYNTHETIC_OPTIONS}."
            )
        values[key] = value
    try:
        width, _, height = values.get("size", f"{size_wh[0]}x{size_wh[1]}").partition("x")
        live = {"0": False, "1": True}[values.get("live", "0")]
        return SyntheticSource(
            int(values.get("faces", "2")),
            size_wh=(int(width), int(height)),
            fps=float(values.get("fps", fps)),
            seconds=float(values.get("seconds", "0" if live else "20")),
            seed=int(values.get("seed", "0")),
            live=live,
        )
    except (ValueError, KeyError, OverflowError) as error:
        raise SourceError(
            f"An option in synthetic:{options} has no usable value: use {_SYNTHETIC_OPTIONS}."
        ) from error
