"""Names of files that nobody has taken yet."""

from datetime import datetime
from pathlib import Path


def free_name(folder: Path, now: datetime, suffix: str = ".png", ending: str = "") -> Path:
    """Return a path in `folder` that names the time and is not taken.

    Args:
        folder: Where it is to lie.
        now: The time to name.
        suffix: Of the file, with its dot. A video's session folder counts as well.
        ending: Words after the time.
    """
    stem = now.strftime("facecam-%Y%m%d-%H%M%S") + ending
    name = stem
    number = 2
    while (folder / f"{name}{suffix}").exists() or (folder / f"{name}.session").exists():
        name = f"{stem}-{number}"
        number += 1
    return folder / f"{name}{suffix}"
