"""Cut pictures on disk: one folder an entry, which is whole or absent."""

import os
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from facecam.errors import TrainingError, reason
from facecam.types import ImageU8

CROPS, FACTS = "crops.npy", "facts.npz"
SPARE_BYTES = 64 << 20
"""Room that is left on the disk beside the cut pictures, for checkpoints and logs."""


def load_entry(
    folder: Path, shape: tuple[int, ...]
) -> tuple[NDArray[np.uint8], dict[str, NDArray[Any]]] | None:
    """Return an entry, or None where there is no whole one of this shape.

    Args:
        folder: The entry.
        shape: (N, H, W, 3) that its crops must have.

    Returns:
        Memory-mapped crops, and arrays of N rows by name.
    """
    try:
        # Opened here, because np.load leaves a file open that turns out to be broken.
        with (folder / FACTS).open("rb") as file, np.load(file, allow_pickle=False) as stored:
            facts = {name: stored[name] for name in stored.files}
        crops = np.load(folder / CROPS, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
    return (crops, facts) if crops.shape == shape and crops.dtype == np.uint8 else None


def write_entry(
    folder: Path,
    shape: tuple[int, ...],
    crops: Iterable[ImageU8],
    facts: Mapping[str, NDArray[Any]],
) -> None:
    """Write an entry beside its place, then move it there.

    Plain writes, not a memory map: on a full disk the former say so, the latter end the process.

    Args:
        folder: The entry.
        shape: (N, H, W, 3).
        crops: N pictures (H, W, 3); taken one by one.
        facts: Arrays by name; read when the last picture was taken.

    Raises:
        TrainingError: The disk is full or the folder cannot be written; nothing is left behind.
    """
    part = folder.with_name(f"{folder.name}.part-{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        _check_room(folder, int(np.prod(shape)))
        part.mkdir()
        with (part / CROPS).open("wb") as file:
            np.lib.format.write_array_header_1_0(  # what np.save writes
                file, {"descr": "|u1", "fortran_order": False, "shape": shape}
            )
            for crop in crops:
                file.write(np.ascontiguousarray(crop).data)
        np.savez(part / FACTS, **facts)  # type: ignore[arg-type]
        shutil.rmtree(folder, ignore_errors=True)  # a broken entry, or one of another process
        os.replace(part, folder)
    except OSError as error:
        raise TrainingError(
            f"The cut pictures {folder} cannot be written ({reason(error)}): make room on the "
            "disk, or check the permissions of its folder."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder.parent).free
    if free < needed + SPARE_BYTES:
        raise TrainingError(
            f"The cut pictures {folder} need {needed / 1e9:.2f} GB and {free / 1e9:.2f} GB are "
            "free: make room on the disk, or use a smaller input_size."
        )


def _remove_abandoned(folder: Path) -> None:
    """Remove what processes that were killed left beside an entry."""
    for part in folder.parent.glob(f"{folder.name}.part-*"):
        number = part.name.rpartition("-")[2]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            shutil.rmtree(part, ignore_errors=True)
