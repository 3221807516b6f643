"""Write under a temporary name beside the target, rename when whole."""

import contextlib
import itertools
import os
from collections.abc import Iterable
from pathlib import Path

from facecam.errors import RecordingError, reason


def prepare_output(path: str | Path) -> Path:
    """Return the temporary name under which `path` is to be written, after trying it out.

    Makes the folder when it is missing. The temporary file exists (empty) afterwards; it lies in
    the same folder and keeps the suffix, so that renaming is atomic and encoders know the format.

    Raises:
        RecordingError: Nothing can be written there.
    """
    path = Path(path)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        if path.is_dir():
            raise IsADirectoryError("it is a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb"):
            pass
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from error
    return partial


def refuse_to_replace(inputs: Iterable[str | Path], outputs: Iterable[str | Path | None]) -> None:
    """Raise `RecordingError` where an output is a file that is still to be read."""
    for output, given in itertools.product(outputs, inputs):
        if output is None:
            continue
        try:
            same = Path(output).samefile(given)
        except (OSError, ValueError):  # one of them is no file yet, or an address
            continue
        if same and Path(given).is_file():
            raise RecordingError(
                f"{output} would replace what is read from {given}: choose another file."
            )


def publish_output(partial: Path, path: Path) -> None:
    """Give a finished file its name, replacing an older one.

    Raises:
        RecordingError: The file could not be renamed; it stays under its temporary name.
    """
    try:
        partial.replace(path)
    except OSError as error:
        raise RecordingError(
            f"{path} could not be replaced ({reason(error)}): the recording is whole and lies at "
            f"{partial}."
        ) from error


def remove_quietly(partial: Path) -> None:
    """Remove an unfinished file, where the disk allows it."""
    with contextlib.suppress(OSError):
        partial.unlink(missing_ok=True)


def unwritable(path: Path, error: Exception) -> RecordingError:
    """Return the error for a file that cannot be written."""
    return RecordingError(
        f"{path} cannot be written ({reason(error)}): choose another file, or free space or "
        "permission there."
    )
