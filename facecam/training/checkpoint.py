"""What a run that was interrupted goes on from: one file, whole or absent."""

import errno
import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from facecam.errors import TrainingError, reason

Arrays = list[NDArray[Any]]
PROGRESS, WATCH, AVERAGE_STEPS = "progress", "watch", "average_steps"
OLD_AVERAGE_STEPS = 10_000  # of checkpoints that did not say
HDF5_OVERHEAD = 200_000  # bytes of an HDF5 file beside its numbers, with some to spare


@dataclass
class Checkpoint:
    """The state of a run behind an epoch.

    Attributes:
        phase: Index of the phase.
        epoch: Epochs of it that are done; a phase that ended early has all of them done.
        best: Best validation score of the run.
        watch: Memory of the phase's `schedules.Plateau`, or None.
        weights: Of the whole network, as `get_weights` gives them.
        optimizer: Variables of the optimizer; empty behind a phase.
        average: Running average of the weights; empty where there is none.
        average_steps: Steps that the average has seen.
    """

    phase: int = 0
    epoch: int = 0
    best: float = -np.inf
    watch: tuple[float, float, float] | None = None
    weights: Arrays = field(default_factory=list)
    optimizer: Arrays = field(default_factory=list)
    average: Arrays = field(default_factory=list)
    average_steps: int = 0


def save_checkpoint(path: Path, state: Checkpoint) -> None:
    """Write a checkpoint; the one that was there stays until the new one is whole.

    Raises:
        TrainingError: It cannot be written, as on a full disk.
    """
    arrays: dict[str, Any] = {
        PROGRESS: np.array([state.phase, state.epoch, state.best]),
        AVERAGE_STEPS: np.array(state.average_steps),
    }
    if state.watch is not None:
        arrays[WATCH] = np.array(state.watch)
    for name in ("weight", "optimizer", "average"):
        values = state.weights if name == "weight" else getattr(state, name)
        arrays |= {f"{name}{i}": value for i, value in enumerate(values)}

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())

    write_whole(path, path.with_name("part.npz"), write, "checkpoint")


def load_checkpoint(path: Path) -> Checkpoint | None:
    """Return the checkpoint, or None where there is none.

    Raises:
        TrainingError: The file is not a checkpoint.
    """
    if not path.exists():
        return None
    try:
        # Opened here, because np.load leaves a file open that turns out to be broken.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in saved.files}
        phase, epoch, best = (float(value) for value in arrays[PROGRESS])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise TrainingError(
            f"The checkpoint {path} cannot be read ({reason(error)}): remove the folder "
            f"{path.parent} to train from the start."
        ) from error
    watch = arrays.get(WATCH)
    return Checkpoint(
        phase=int(phase),
        epoch=int(epoch),
        best=best,
        watch=None if watch is None else (float(watch[0]), float(watch[1]), float(watch[2])),
        weights=_listed(arrays, "weight"),
        optimizer=_listed(arrays, "optimizer"),
        average=_listed(arrays, "average"),
        average_steps=int(arrays.get(AVERAGE_STEPS, OLD_AVERAGE_STEPS)),
    )


def _listed(arrays: dict[str, NDArray[Any]], name: str) -> Arrays:
    found: Arrays = []
    while f"{name}{len(found)}" in arrays:
        found.append(arrays[f"{name}{len(found)}"])
    return found


def save_weights(model: keras.Model, path: Path) -> None:
    """Write the weights of a model as a Keras file, whole or not at all.

    HDF5 stumbles again over a file that it could not finish, whenever that is cleaned up later, so
    the room on the disk is looked at before.

    Raises:
        TrainingError: The disk is full or the folder cannot be written.
    """

    def write(part: Path) -> None:
        needed = sum(value.nbytes for value in model.get_weights()) * 1.05 + HDF5_OVERHEAD
        if shutil.disk_usage(part.parent).free < needed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        model.save_weights(part)

    write_whole(path, path.with_name("part.weights.h5"), write, "weights file")


def write_whole(path: Path, part: Path, write: Callable[[Path], None], what: str) -> None:
    """Let `write` fill the file `part`, then put it in the place of `path` in one step.

    Raises:
        TrainingError: The disk is full or the folder cannot be written; `path` is as it was.
    """
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        os.replace(part, path)
    except (OSError, RuntimeError) as error:  # HDF5 wraps what the disk says in a RuntimeError
        part.unlink(missing_ok=True)
        raise TrainingError(
            f"The {what} {path} cannot be written ({reason(error)}): make room and run the same "
            "command again, it goes on behind the last epoch that was saved."
        ) from error
