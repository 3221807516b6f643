"""The pictures of a recorded video, one after another, bit for bit where it is lossless."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from facecam.errors import MediaFileError
from facecam.types import ImageU8


def read_pictures(path: Path) -> Iterator[tuple[ImageU8, float]]:
    """Yield each picture, (H, W, 3) uint8 BGR, with its time in the video in seconds.

    A file whose program was killed ends where it was torn; that is no error.

    Raises:
        MediaFileError: The file is missing or cannot be decoded from its beginning.
    """
    import av

    given = 0
    try:
        with av.open(str(path)) as container:
            for picture in container.decode(video=0):
                yield _bgr(picture), float(picture.time or 0.0)
                given += 1
    except (av.FFmpegError, OSError, IndexError, ValueError) as error:
        if not given:
            raise MediaFileError(
                f"{path} cannot be read ({error}): record again, or choose another session."
            ) from error


def _bgr(picture: Any) -> ImageU8:
    if "rgb" in picture.format.name or "gbr" in picture.format.name or "bgr" in picture.format.name:
        plain: ImageU8 = picture.to_ndarray(format="bgr24")
        return plain
    image: ImageU8 = picture.reformat(
        format="bgr24", src_colorspace="ITU709", src_color_range="MPEG"
    ).to_ndarray()
    return image
