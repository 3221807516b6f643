"""Read still pictures as the upright 8-bit BGR that every later stage expects."""

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.capture.decoders import set_up_decoders
from facecam.errors import MediaFileError
from facecam.types import ImageU8

PICTURE_SUFFIXES = frozenset(
    "." + ending
    for ending in (
        *("avif", "bmp", "dib", "hdr", "jp2", "jpe", "jpeg", "jpg"),
        *("pbm", "pgm", "png", "pnm", "ppm", "tif", "tiff", "webp"),
    )
)
"""File name endings that are read as still pictures (a GIF is read as a video)."""

BACKDROP = 128
"""Grey value shown behind transparent pixels: neutral, so that no edge looks like hair or light."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_SLACK_BYTES = 1_000_000  # a file that was merely cut off is left to the decoder
_EXIF_ORIENTATION = 0x0112
_EXIF_SHORT = 3


def read_picture(path: str | Path) -> ImageU8:
    """Read one picture file.

    Args:
        path: A file in any format that OpenCV decodes; grey, palette, 16-bit, floating point and
            transparent pictures are converted, and turned upright as their EXIF data asks.

    Returns:
        (H, W, 3) uint8, BGR, upright, transparent parts over mid grey.

    Raises:
        MediaFileError: The file is missing, empty, not permitted, or not a picture.
    """
    path = Path(path)
    content = _read_bytes(path)
    set_up_decoders()
    buffer = np.frombuffer(content, np.uint8)
    image: NDArray[Any] | None = None
    kinds: Any = ()
    blocks: Any = ()
    try:
        if png_overruns(content):
            raise cv2.error("a part of it claims to be larger than the file")
        # IMREAD_UNCHANGED keeps depth and alpha but ignores EXIF, hence the turning below.
        image, kinds, blocks = cv2.imdecodeWithMetadata(buffer, cv2.IMREAD_UNCHANGED)
    except (cv2.error, MemoryError):
        image = None
    if image is None or image.size == 0:
        hint = (
            "save it as JPEG or PNG"
            if path.suffix.lower() in {".heic", ".heif"}
            else "it is damaged or not a picture, choose another file"
        )
        raise MediaFileError(f"The picture {path} cannot be decoded: {hint}.")
    exif = next(
        (
            np.asarray(block, np.uint8).tobytes()
            for kind, block in zip(kinds, blocks, strict=False)
            if int(kind) == cv2.IMAGE_METADATA_EXIF
        ),
        b"",
    )
    return turn_upright(to_bgr8(image), exif_orientation(exif))


def png_overruns(content: bytes) -> bool:
    """Whether a chunk of a PNG file claims to be far larger than what is left of the file.

    OpenCV 5.0 believes it: image data that claims a gigabyte keeps its decoder busy for minutes.
    To be dropped once that is mended there (a file from `torture`, see tests).
    """
    if not content.startswith(_PNG_SIGNATURE):
        return False
    at = len(_PNG_SIGNATURE)
    while at + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        if length > len(content) - at + _PNG_SLACK_BYTES:
            return True
        at += 12 + length
    return False


def _read_bytes(path: Path) -> bytes:
    """Return a file's bytes; OpenCV's own file reading cannot take every name on Windows."""
    check_media_file(path, "picture")
    try:
        return path.read_bytes()
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or "not enough memory"
        raise MediaFileError(
            f"The picture {path} cannot be read ({reason}): check the file and its permissions."
        ) from error


def check_media_file(path: Path, what: str) -> None:
    """Raise `MediaFileError` with one sentence unless `path` is a non-empty readable file."""
    try:
        if not path.exists():
            raise MediaFileError(f"The {what} {path} does not exist: check the name.")
        if not path.is_file():
            raise MediaFileError(f"{path} is not a file: choose a {what} file.")
        if path.stat().st_size == 0:
            raise MediaFileError(f"The {what} {path} is empty (0 bytes): choose another file.")
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaFileError(
            f"The {what} {path} cannot be read ({reason}): check the file and its permissions."
        ) from error


def to_bgr8(image: NDArray[Any]) -> ImageU8:
    """Convert whatever a decoder gave to (H, W, 3) uint8 BGR.

    Args:
        image: (H, W) or (H, W, 1..4), grey, grey+alpha, BGR or BGRA. Integers fill the range of
            their type, floating point numbers 0 to 1 (brighter ones are clipped).
    """
    pixels = _to_8_bit(image)
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    channels = pixels.shape[2]
    if channels == 3:
        return np.ascontiguousarray(pixels)
    if channels == 1:
        return _as_u8(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_GRAY2BGR))
    colour = pixels[:, :, :1].repeat(3, axis=2) if channels == 2 else pixels[:, :, :3]
    alpha = np.ascontiguousarray(pixels[:, :, channels - 1])
    if int(alpha.min()) == 255:
        return np.ascontiguousarray(colour)
    weight = cv2.merge([alpha, alpha, alpha])
    over = cv2.multiply(np.ascontiguousarray(colour), weight, scale=1 / 255)
    under = cv2.multiply(cv2.bitwise_not(weight), np.full_like(weight, BACKDROP), scale=1 / 255)
    return _as_u8(cv2.add(over, under))


def _as_u8(image: Any) -> ImageU8:
    """State the type that cv2's stubs leave open; copies nothing."""
    return np.asarray(image, np.uint8)


def _to_8_bit(image: NDArray[Any]) -> ImageU8:
    """Scale the range of an array's type to 0..255, rounding."""
    if image.dtype == np.uint8:
        return np.asarray(image, np.uint8)
    top = 1.0 if image.dtype.kind == "f" else float(np.iinfo(image.dtype).max)
    scaled = np.nan_to_num(image.astype(np.float32), nan=0.0, posinf=top) * np.float32(255.0 / top)
    pixels: ImageU8 = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return pixels


def exif_orientation(exif: bytes) -> int:
    """Return the orientation (1 to 8) that an EXIF block states; 1 when it states none.

    Args:
        exif: The block as stored in a file, with or without its "Exif" prefix. A damaged block
            counts as stating nothing.
    """
    if exif.startswith(b"Exif\0\0"):
        exif = exif[6:]
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(order + "I", exif, 4)
        (entries,) = struct.unpack_from(order + "H", exif, directory)
        for entry in range(entries):
            at = directory + 2 + 12 * entry
            tag, kind = struct.unpack_from(order + "HH", exif, at)
            if tag == _EXIF_ORIENTATION and kind == _EXIF_SHORT:
                (value,) = struct.unpack_from(order + "H", exif, at + 8)
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def turn_upright(image: ImageU8, orientation: int) -> ImageU8:
    """Return the picture as a person sees it, given its EXIF orientation (1 to 8)."""
    if orientation in (5, 6, 7, 8):
        image = _as_u8(cv2.transpose(image))
    flips = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}
    return _as_u8(cv2.flip(image, flips[orientation])) if orientation in flips else image
