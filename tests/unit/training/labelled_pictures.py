"""Small made pictures for tests of the data."""

from pathlib import Path

import cv2
import numpy as np


def write_picture(path: Path, seed: int = 0, size_wh: tuple[int, int] = (40, 32)) -> Path:
    """Write a smooth picture that differs from seed to seed; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rough = np.random.default_rng(seed).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    cv2.imwrite(str(path), cv2.resize(rough, size_wh, interpolation=cv2.INTER_CUBIC))
    return path


def write_pictures(folder: Path, names: list[str]) -> list[Path]:
    """Write one picture a name, all different."""
    return [write_picture(folder / name, seed) for seed, name in enumerate(names)]
