"""Where a package is written: whole or not at all, under its folder's name."""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from facecam.errors import TrainingError, reason


def package_name(folder: Path, otherwise: str) -> str:
    """Return the name of a package in `folder`: the folder's, by which it is asked for."""
    usable = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", folder.name)
    return folder.name if usable else otherwise


def check_target(to: Path) -> None:
    """Raise `TrainingError` where writing a package would replace anything but a package.

    The working directory is no target either: it would be gone from under whoever stands in it.
    """
    if Path.cwd().is_relative_to(to.resolve()):
        raise TrainingError(
            f"{to} is the working directory or holds it, and cannot be replaced: choose another "
            "--to."
        )
    replaceable = (to / "model.json").is_file() or (to.is_dir() and not any(to.iterdir()))
    if to.exists() and not replaceable:
        raise TrainingError(f"{to} is there already and is no model package: choose another --to.")


@contextlib.contextmanager
def whole_package(to: Path) -> Iterator[Path]:
    """Yield an empty folder beside `to`, which takes its place when the block ends well.

    Raises:
        TrainingError: The folder cannot be written, in the block or after it; nothing is left.
    """
    part: Path | None = None
    to = to.resolve()  # a name of its own, also where it is given as `pack/sub/..`
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{to.name}-", dir=to.parent))
        part.chmod(0o755)  # mkdtemp's own 0700 would keep a shared folder from being read
        yield part
        _replace(part, to)
    except OSError as error:
        raise TrainingError(
            f"The package {to} cannot be written ({reason(error)}): choose another --to, or make "
            "room."
        ) from error
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)


def _replace(part: Path, to: Path) -> None:
    """Put `part` in the place of `to`, which stays where that fails."""
    old = to.with_name(f".{to.name}-old")
    shutil.rmtree(old, ignore_errors=True)
    there = to.exists()
    if there:
        to.rename(old)
    try:
        os.replace(part, to)
    except OSError:
        if there:
            old.rename(to)
        raise
    shutil.rmtree(old, ignore_errors=True)
