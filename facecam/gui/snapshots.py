"""Saving what is on the screen as a PNG file."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from facecam.errors import RecordingError, reason
from facecam.gui.composing import ShowOptions, draw_at_full_size, showable
from facecam.gui.stat_rows import HeadView
from facecam.types import Analysis, Frame, ImageU8


def snapshot_picture(
    frame: Frame,
    analysis: Analysis | None,
    heads: Sequence[HeadView],
    options: ShowOptions,
) -> ImageU8:
    """Return the frame at its full size, unmirrored, with what `options` want drawn on it."""
    image = showable(frame, analysis, options)
    if analysis is None or not options.draws:
        return image
    return draw_at_full_size(image, analysis, heads, options)


def write_png(path: Path, image_bgr: ImageU8) -> None:
    """Write a PNG file, whole or not at all.

    Raises:
        RecordingError: The file cannot be written.
    """
    import cv2

    good, data = cv2.imencode(".png", image_bgr)
    if not good:
        raise RecordingError(f"The picture cannot be encoded for {path}: try again.")
    # Through bytes: cv2.imwrite cannot open paths with non-ASCII names on Windows.
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".facecam-", suffix=".png")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data.tobytes())
            os.chmod(name, 0o644)  # mkstemp's own 0600 would keep a shared folder from reading it
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise RecordingError(
            f"The snapshot cannot be written to {path} ({reason(error)}): choose another folder."
        ) from error
