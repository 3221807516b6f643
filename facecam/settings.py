"""What the window remembers between two starts: one JSON file in the user's config folder."""

import contextlib
import dataclasses
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
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
SCHEMA = 1
"""Grows when a value changes its meaning; new names alone need no new number."""

_LARGEST_BYTES = 1_000_000  # the file has some hundred bytes per setting


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
        keep_recent: Keep the last ten seconds in memory, to be saved when asked.
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
    cam_colours: str = "viridis"
    cam_signed: bool = False
    cam_scale: CamScale = "fixed"
    ring: bool = False
    blur: bool = False
    videos_dir: str = ""
    record_overlay: bool = True
    record_clean: CleanVideo = "none"
    record_session: bool = True
    record_countdown: bool = False
    keep_recent: bool = True


_CHOICES: dict[str, tuple[str, ...]] = {
    "language": get_args(Language),
    "theme": get_args(ThemeChoice),
    "motion": get_args(MotionChoice),
    "cam_scale": get_args(CamScale),
    "record_clean": get_args(CleanVideo),
}
_RANGES: dict[str, tuple[int, int]] = {"cam_opacity": (10, 100)}


class SettingsStore:
    """Reads and writes the settings file; never raises. Owned by one thread.

    Several windows may be open at once: each writes what was changed in it and leaves alone what
    others have changed since, as well as names that only a newer version knows.

    Args:
        path: The file; None for the user's own.
    """

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            path = Path(platformdirs.user_config_dir("facecam", appauthor=False)) / FILE_NAME
        self.path = path
        self._write_failed = False
        self._last: Settings | None = None  # as it is on the disk, as far as is known
        self._base: Settings | None = None  # as this window had it at its last load or save

    def load(self) -> tuple[Settings, str | None]:
        """Return the settings and, when the file could not be used whole, one sentence about it.

        A damaged file is renamed to `settings.damaged.json`, so that only the first call finds it;
        values in it that make sense are kept. One of a newer version is copied to
        `settings.newer.json` before it is written over.
        """
        settings, message = self._load()
        self._base = settings
        return settings, message

    def peek(self) -> Settings:
        """Return the settings as far as they can be used, and leave the file as it is."""
        try:
            raw = _read(self.path)
        except (OSError, ValueError, RecursionError):
            return Settings()
        return Settings() if _is_newer(raw) else _checked(raw)[0]

    def _load(self) -> tuple[Settings, str | None]:
        try:
            raw = _read(self.path)
        except FileNotFoundError:
            return Settings(), None
        except (OSError, ValueError, RecursionError) as error:
            return Settings(), self._keep_aside(_reason(error))
        if _is_newer(raw):
            aside = self._copy_aside()
            return Settings(), (
                f"The settings file {self.path} is of a newer version of this program: defaults "
                f"are used{f', and the file is kept as {aside}' if aside else ''}."
            )
        settings, wrong = _checked(raw)
        if wrong:
            return settings, self._keep_aside("a wrong value for " + ", ".join(wrong))
        self._last = settings
        return settings, None

    def save(self, settings: Settings) -> str | None:
        """Write the settings at once or not at all; return one sentence the first time it fails."""
        if settings == self._last:
            return None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with _alone_in(self.path.parent):
                self._write(self._merged(settings))
        except OSError as error:
            if self._write_failed:
                return None
            self._write_failed = True
            return (
                f"Settings cannot be written to {self.path} ({_reason(error)}), so they "
                "last until the window closes: make the folder writable."
            )
        self._last = self._base = settings
        self._write_failed = False
        return None

    def _merged(self, settings: Settings) -> dict[str, Any]:
        """Return what is to be written: what is on the disk, with what was changed here."""
        ours = dataclasses.asdict(settings)
        try:
            raw = _read(self.path)
        except (OSError, ValueError, RecursionError):
            raw = {}
        if _is_newer(raw):
            self._copy_aside()
            raw = {}
        theirs, _ = _checked(raw)
        if self._base is not None and raw:
            for name in ours:
                if ours[name] == getattr(self._base, name):
                    ours[name] = getattr(theirs, name)
        unknown = {name: value for name, value in raw.items() if name not in ours}
        return {"schema": SCHEMA, **ours, **{k: v for k, v in unknown.items() if k != "schema"}}

    def _write(self, record: dict[str, Any]) -> None:
        text = json.dumps(record, indent=2, ensure_ascii=True) + "\n"
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".settings-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(name, self.path)
        except BaseException:
            os.unlink(name)
            raise

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

    def _copy_aside(self) -> Path | None:
        aside = self.path.with_name(self.path.stem + ".newer" + self.path.suffix)
        try:
            shutil.copyfile(self.path, aside)
        except OSError:
            return None
        return aside


def _read(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no JSON object, or too large for one of settings.
        RecursionError: It is nested too deeply.
    """
    with path.open("rb") as file:
        content = file.read(_LARGEST_BYTES + 1)
    if len(content) > _LARGEST_BYTES:
        raise ValueError("it is too large")
    try:
        raw = json.loads(content.decode("utf-8"))
    except ValueError as error:
        raise ValueError("it is not a JSON object") from error
    if not isinstance(raw, dict):
        raise ValueError("it is not a JSON object")
    return raw


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "it is not a JSON object" if isinstance(error, RecursionError) else str(error)


def _is_newer(raw: dict[str, Any]) -> bool:
    schema = raw.get("schema", SCHEMA)
    return isinstance(schema, int) and schema > SCHEMA


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other windows from writing in a folder for the milliseconds that this one needs.

    Where the system has no such lock, or somebody holds it for long, the block runs all the same:
    what could be lost is one setting that two windows changed in the same instant.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        for _ in range(25):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                time.sleep(0.01)
        yield
    finally:
        os.close(handle)


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
        if fits and field.name in _RANGES:
            low, high = _RANGES[field.name]
            fits = low <= value <= high
        fits = fits and _is_clean(value)
        if fits:
            good[field.name] = value
        else:
            wrong.append(field.name)
    return dataclasses.replace(defaults, **good), wrong


def _is_clean(value: Any) -> bool:
    """Whether every text in a value can be a file name: no zero byte, no half of a character."""
    texts = value if isinstance(value, tuple) else (value,)
    try:
        joined = "".join(text for text in texts if isinstance(text, str)).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return b"\0" not in joined
