"""What the window remembers between two starts: one JSON file in the user's config folder."""

import dataclasses
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import platformdirs

Language = Literal["system", "en", "ko"]
ThemeChoice = Literal["system", "light", "dark"]
MotionChoice = Literal["system", "full", "reduced"]
CamScale = Literal["fixed", "frame"]
CleanVideo = Literal["none", "lossy", "lossless"]

FILE_NAME = "settings.json"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is remembered. Every field has a default that works on a first start.

    Attributes:
        source: Source spec as `capture.opening.make_source` takes it; "" to look for a camera.
        model: Name or folder of the model package; "" for the first one there is.
        language: Language of the interface.
        theme: Colours of the interface.
        motion: Whether bars move smoothly.
        mirror: Show a camera as in a mirror.
        mirror_files: Show everything else as in a mirror.
        bars: Draw boxes and bars on the video.
        panel: Show the side panel.
        heads_hidden: Names of the heads that are not shown.
        geometry: Position and size of the window, as Qt saves it, in hexadecimal digits.
        pictures_dir: Folder of the last snapshot; "" for the system's pictures folder.
        cam: Show what a reading looks at (the class activation map).
        cam_head: Head that is explained; "" for the first one.
        cam_class: Class that is explained; "" for each face's own reading.
        cam_selected: Explain the selected face only, instead of all.
        cam_opacity: Opacity of the map in percent, 10 to 100.
        cam_colours: Name of its colours.
        cam_signed: Show what speaks against as well.
        cam_scale: Whether full colour means the same from frame to frame.
        ring: Draw the stats as a ring around each face.
        blur: Blur every face in what is shown and recorded.
        videos_dir: Folder of recordings; "" until a person has chosen one.
        record_overlay: Record the video with boxes and bars.
        record_clean: Record the video as the camera gave it as well.
        record_session: Keep the stats of a recording in a folder beside it, for replay.
        record_countdown: Count down from three before a recording begins.
    """

    source: str = ""
    model: str = ""
    language: Language = "system"
    theme: ThemeChoice = "system"
    motion: MotionChoice = "system"
    mirror: bool = True
    mirror_files: bool = False
    bars: bool = True
    panel: bool = True
    heads_hidden: tuple[str, ...] = ()
    geometry: str = ""
    pictures_dir: str = ""
    cam: bool = False
    cam_head: str = ""
    cam_class: str = ""
    cam_selected: bool = False
    cam_opacity: int = 55
    cam_colours: str = "cividis"
    cam_signed: bool = False
    cam_scale: CamScale = "fixed"
    ring: bool = False
    blur: bool = False
    videos_dir: str = ""
    record_overlay: bool = True
    record_clean: CleanVideo = "none"
    record_session: bool = True
    record_countdown: bool = False


_CHOICES: dict[str, tuple[str, ...]] = {
    "language": get_args(Language),
    "theme": get_args(ThemeChoice),
    "motion": get_args(MotionChoice),
    "cam_scale": get_args(CamScale),
    "record_clean": get_args(CleanVideo),
}


class SettingsStore:
    """Reads and writes the settings file; never raises. Owned by one thread.

    Args:
        path: The file; None for the user's own.
    """

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            path = Path(platformdirs.user_config_dir("facecam", appauthor=False)) / FILE_NAME
        self.path = path
        self._write_failed = False
        self._last: Settings | None = None

    def load(self) -> tuple[Settings, str | None]:
        """Return the settings and, when the file was damaged, one sentence about it.

        A damaged file is renamed to `settings.damaged.json`; values in it that make sense are kept.
        """
        try:
            text = self.path.read_text("utf-8")
        except FileNotFoundError:
            return Settings(), None
        except (OSError, UnicodeDecodeError) as error:
            return Settings(), self._keep_aside(str(error))
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError):
            raw = None
        if not isinstance(raw, dict):
            return Settings(), self._keep_aside("it is not a JSON object")
        settings, wrong = _checked(raw)
        if wrong:
            return settings, self._keep_aside("a wrong value for " + ", ".join(wrong))
        self._last = settings
        return settings, None

    def save(self, settings: Settings) -> str | None:
        """Write the settings at once or not at all; return one sentence the first time it fails."""
        if settings == self._last:
            return None
        text = json.dumps(dataclasses.asdict(settings), indent=2, ensure_ascii=False) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".settings-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                os.replace(name, self.path)
            except BaseException:
                os.unlink(name)
                raise
        except OSError as error:
            if self._write_failed:
                return None
            self._write_failed = True
            return (
                f"Settings cannot be written to {self.path} ({error.strerror or error}), so they "
                "last until the window closes: make the folder writable."
            )
        self._last = settings
        self._write_failed = False
        return None

    def _keep_aside(self, reason: str) -> str:
        aside = self.path.with_name(self.path.stem + ".damaged" + self.path.suffix)
        try:
            os.replace(self.path, aside)
        except OSError:
            return f"The settings file {self.path} cannot be used ({reason}): defaults are used."
        return (
            f"The settings file was damaged ({reason}) and was set aside as {aside}: check the "
            "settings, what could not be read is back at its default."
        )


def _checked(raw: dict[str, Any]) -> tuple[Settings, list[str]]:
    """Return settings from the values that fit, and the names of those that do not.

    Unknown names are ignored, so that an older version can read a newer file.
    """
    defaults = Settings()
    good: dict[str, Any] = {}
    wrong: list[str] = []
    for field in dataclasses.fields(Settings):
        if field.name not in raw:
            continue
        value = raw[field.name]
        default = getattr(defaults, field.name)
        if isinstance(default, tuple):
            fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
            value = tuple(value) if fits else value
        else:
            fits = type(value) is type(default)
            fits = fits and (field.name not in _CHOICES or value in _CHOICES[field.name])
        if fits:
            good[field.name] = value
        else:
            wrong.append(field.name)
    return dataclasses.replace(defaults, **good), wrong
