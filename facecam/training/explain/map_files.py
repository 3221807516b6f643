"""Which pictures are explained, and the files that are written of them."""

import re
from collections.abc import Sequence
from pathlib import Path

import cv2

from facecam.capture.pictures import PICTURE_SUFFIXES
from facecam.errors import MediaFileError, RecordingError
from facecam.training.explain.panels import Look, heat_picture, panel, picture_overlay
from facecam.training.explain.pictures import ExplainedFace
from facecam.types import ImageU8


def pictures_in(path: Path) -> list[Path]:
    """Return the picture files of a folder by name, or the one file.

    Raises:
        MediaFileError: The folder holds none.
    """
    if not path.is_dir():
        return [path]
    found = sorted(
        item
        for item in path.iterdir()
        if item.suffix.lower() in PICTURE_SUFFIXES and not item.name.startswith(".")
    )
    if not found:
        raise MediaFileError(f"The folder {path} holds no pictures: choose another folder.")
    return found


class MapFiles:
    """Writes what was found of pictures: one panel, or a folder of pictures.

    Args:
        out: A name that ends in .png takes the panel alone. Any other is a folder, made when it is
            not there, that takes for each picture NAME-panel.png and for each face and map
            NAME-FACE-HEAD-CLASS-METHOD-LAYER-heat.png and -overlay.png.
        several: Whether several pictures come, which need a folder.

    Raises:
        RecordingError: Nothing can be written there.
    """

    def __init__(self, out: Path, *, several: bool) -> None:
        self._one = out.suffix.lower() == ".png" and not out.is_dir()
        self._out = out
        self.written: list[Path] = []
        if self._one and several:
            raise RecordingError(
                f"The maps of a whole folder do not fit into {out}: give --out a folder."
            )
        if not self._one and out.suffix and not out.exists():
            raise RecordingError(
                f"Maps cannot be written as {out.suffix}: give --out a name that ends in .png, or "
                "a folder."
            )
        folder = out.parent if self._one else out
        try:
            if not self._one:
                folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".facecam-{out.stem}.part"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise _unwritable(out, error) from error

    def write(
        self, path: Path, image_bgr: ImageU8, faces: Sequence[ExplainedFace], look: Look
    ) -> None:
        """Write the files of one picture with at least one face."""
        drawn = panel(faces, title=path.name, look=look)
        if self._one:
            self._save(self._out, drawn)
            return
        self._save(self._out / f"{path.stem}-panel.png", drawn)
        for number, face in enumerate(faces, 1):
            for item in face.maps:
                parts = (item.target.label, item.method, item.layer)
                name = "-".join([path.stem, str(number), *(_plain(part) for part in parts)])
                heat = heat_picture(face, item, look)
                over = picture_overlay(image_bgr, face, item, look)
                self._save(self._out / f"{name}-heat.png", _png(heat))
                self._save(self._out / f"{name}-overlay.png", _png(over))

    def _save(self, path: Path, content: bytes) -> None:
        try:
            path.write_bytes(content)
        except OSError as error:
            raise _unwritable(path, error) from error
        self.written.append(path)


def _png(image_bgr: ImageU8) -> bytes:
    good, data = cv2.imencode(".png", image_bgr)
    assert good, "OpenCV encodes every uint8 picture"
    return data.tobytes()


def _plain(text: str) -> str:
    """Return a text as part of a file name."""
    return re.sub(r"[^\w+.]+", "-", text).strip("-")


def _unwritable(path: Path, error: OSError) -> RecordingError:
    reason = error.strerror or str(error)
    return RecordingError(f"The maps cannot be written to {path} ({reason}): choose another place.")
