"""How fast labelled pictures come: decoded from their files, and cut once and cached."""

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from facecam.capture.pictures import read_picture
from facecam.errors import ManifestError, MediaFileError
from facecam.training.cutting import cut_manifest, widened
from facecam.training.data import CropBatches, LabelledCrops, head_labels, restrict
from facecam.training.manifest import Manifest, read_manifest
from facecam.training.recipe import Augmentation, Recipe
from facecam.types import ImageU8
from facecam.vision.crops import centre_matrix, cut

Progress = Callable[[int, int | None], None]

WANTED_RATIO = 11.0
"""Cached pictures must come at least this much faster than decoded ones."""
BATCH = 32
MARGIN = 1.2
WEBCAM = Augmentation(
    flip=0.5, rotation_deg=10, scale=0.1, shift=0.04, light=0.6, colour=0.3, grey=0.08, blur=0.12,
    lowres=0.15, jpeg=0.2, noise=0.1, occlusion=0.08,
)  # fmt: skip
"""What is measured where no recipe says how to augment: the webcam's faults, as in face-stats."""


def bench_data(
    source: Path,
    *,
    recipe: Recipe | None = None,
    size: int = 160,
    sample: int = 256,
    seconds: float = 3.0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure images a second in one thread, with the files in the system's cache.

    Cold decodes the original, cuts and resizes it, as a training without a cache of crops would do
    for every picture of every epoch (finding the face, which takes longer still, is left out).
    Cached draws batches from the crops, without and with augmentation.

    Args:
        source: Manifest, or a folder as `read_manifest` takes it.
        recipe: Says size and augmentation; a webcam's at `size` without it.
        size: Side of the model's view in pixels.
        sample: Pictures that are measured, spread over the manifest.
        seconds: How long each way is measured at least.
        progress: Called with (done, total) while the originals are decoded.

    Raises:
        ManifestError: The manifest is unusable, or none of the sample can be read.
    """
    manifest = read_manifest(source)
    count = min(sample, len(manifest))
    chosen = manifest.select(np.unique(np.linspace(0, len(manifest) - 1, count).astype(int)))
    recipe = recipe or _plain_recipe(size)
    cold, shapes, unreadable = _cold(chosen, recipe, seconds, progress)
    if not shapes:
        raise ManifestError(f"None of {len(chosen)} pictures of {source} can be read.")
    with tempfile.TemporaryDirectory(prefix="facecam-bench-") as folder:
        started = time.perf_counter()
        cache = cut_manifest(chosen, recipe.input_size, None, Path(folder), MARGIN)
        building = len(chosen) / (time.perf_counter() - started)
        everything = chosen.select(np.arange(len(chosen)))
        everything.split[:] = "train"
        labels = {head.name: head_labels(chosen, head) for head in recipe.heads}
        item = restrict(LabelledCrops(everything, cache, labels), "train")
        plain = recipe.model_copy(update={"augmentation": Augmentation()})
        cached = _batches_per_s(item, plain, seconds) * BATCH
        augmented = _batches_per_s(item, recipe, seconds) * BATCH
        del item, cache  # a mapped file cannot be removed on Windows
    return {
        "manifest": str(source),
        "pictures": len(manifest),
        "measured": len(shapes),
        "unreadable": unreadable,
        "median_size": [int(statistics.median(side)) for side in zip(*shapes, strict=True)],
        "input_size": list(recipe.input_wh),
        "images_per_s": {
            "cold": round(cold, 1),
            "building": round(building, 1),
            "cached": round(cached, 1),
            "cached_augmented": round(augmented, 1),
        },
        "ratio": round(cached / cold, 1),
        "ratio_augmented": round(augmented / cold, 1),
        "wanted_ratio": WANTED_RATIO,
    }


def _plain_recipe(size: int) -> Recipe:
    """Return a recipe that only says what the batches need."""
    return Recipe.model_validate(
        {
            "name": "bench",
            "target": "frame",
            "input_size": size,
            "backbone": {"name": "MobileNet"},
            "heads": [{"name": "none", "kind": "sigmoid", "classes": ["none"]}],
            "augmentation": WEBCAM.model_dump(),
            "training": {"phases": [{"epochs": 1, "learning_rate": 0.001}]},
        }
    )


def _cold(
    manifest: Manifest, recipe: Recipe, seconds: float, progress: Progress | None
) -> tuple[float, list[tuple[int, int]], int]:
    """Return images a second, the (width, height) of each picture, and how many are unreadable.

    A first round, which is not measured, brings the files into the system's cache.
    """
    shapes, readable = [], []
    for done, path in enumerate(manifest.paths, 1):
        try:
            picture = read_picture(path)
        except MediaFileError:
            continue
        finally:
            if progress:
                progress(done, len(manifest))
        readable.append(path)
        shapes.append((picture.shape[1], picture.shape[0]))
    started = time.perf_counter()
    for number, path in enumerate(itertools.cycle(readable), 1):
        _decode_and_cut(path, recipe)
        passed = time.perf_counter() - started
        whole = number >= len(readable) and passed >= seconds
        if whole or passed > 10 * seconds:
            return number / passed, shapes, len(manifest) - len(readable)
    return 0.0, shapes, len(manifest)


def _decode_and_cut(path: Path, recipe: Recipe) -> ImageU8:
    picture = read_picture(path)
    matrix = centre_matrix((picture.shape[1], picture.shape[0]), recipe.input_wh)
    wide, size_wh = widened(matrix, recipe.input_size, MARGIN)
    return cut(picture, wide, size_wh)


def _batches_per_s(item: LabelledCrops, recipe: Recipe, seconds: float) -> float:
    batches = CropBatches([item], recipe, BATCH, steps=1_000_000, seed=0)
    batches[0]  # the first one pays for reading the crops
    started, number = time.perf_counter(), 0
    while (passed := time.perf_counter() - started) < seconds or number < 3:
        number += 1
        batches[number]
    return number / passed
