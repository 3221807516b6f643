"""Cut labelled pictures once, with the app's own crop routine, into a cache on disk."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.capture.pictures import read_picture
from facecam.errors import MediaFileError, TrainingError
from facecam.training.manifest import Manifest
from facecam.types import Detection, Float32Array, ImageU8
from facecam.vision.crops import EyeTemplate, centre_matrix, crop_matrix, cut
from facecam.vision.detector import FaceDetector, find_faces
from facecam.vision.mediapipe_detector import MediaPipeDetector

CACHE_VERSION = 1
Progress = Callable[[int, int], None]
Size = int | tuple[int, int]
"""Side of a square, or width and height, in pixels."""


class CropRows:
    """Some rows of a memory-mapped array of crops, read only when asked for.

    Args:
        array: (M, H, W, 3) uint8, memory-mapped.
        index: (N,) rows that count.
    """

    def __init__(self, array: NDArray[np.uint8], index: NDArray[np.intp]) -> None:
        self._array, self._index = array, index
        self.size_wh = int(array.shape[2]), int(array.shape[1])

    def __getitem__(self, key: Any) -> ImageU8:
        """Return one crop (an integer) or several (an index array), full size."""
        return self._array[self._index[key]]

    def select(self, index: NDArray[np.intp]) -> "CropRows":
        """Return some of these rows."""
        return CropRows(self._array, self._index[index])


@dataclass(frozen=True)
class CropCache:
    """Crops of one manifest.

    Attributes:
        crops: N crops (H, W, 3) uint8 RGB on disk. The model's view is the middle
            `1 / margin` of it; the rest is for shifting and turning in augmentation.
        matrices: (N, 2, 3) float64, picture pixels to pixels of the model's view.
        picture_wh: (N, 2) size of each picture.
        found: (N,) whether the detector found a face.
        readable: (N,) False where the picture could not be read (its crop is black).
        keypoints: (N, 6, 2) float32 pixels of the picture, NaN where no face was found.
        margin: How much wider than the model's view the crops are.
    """

    crops: "CropRows"
    matrices: NDArray[np.float64]
    picture_wh: NDArray[np.int32]
    found: NDArray[np.bool_]
    readable: NDArray[np.bool_]
    keypoints: Float32Array
    margin: float

    def select(self, index: NDArray[np.intp]) -> "CropCache":
        """Return some of the pictures; their crops stay on disk until they are asked for."""
        return replace(
            self,
            crops=self.crops.select(index),
            matrices=self.matrices[index],
            picture_wh=self.picture_wh[index],
            found=self.found[index],
            readable=self.readable[index],
            keypoints=self.keypoints[index],
        )


def find_face(detector: FaceDetector, picture_bgr: ImageU8, t_s: float) -> Detection | None:
    """Return the most central face of a labelled picture, or None (see `find_faces`).

    Args:
        detector: Any detector.
        picture_bgr: (H, W, 3) uint8 BGR.
        t_s: Detection time in seconds; the second try is 1 ms later.
    """
    height, width = picture_bgr.shape[:2]

    def from_centre(face: Detection) -> float:
        x, y, w, h = face.box_xywh
        return float(np.hypot(x + (w - width) / 2, y + (h - height) / 2))

    return min(find_faces(detector, picture_bgr, t_s), key=from_centre, default=None)


def as_wh(size: Size) -> tuple[int, int]:
    """Return width and height of a size."""
    return (size, size) if isinstance(size, int) else size


def widened(
    matrix: NDArray[np.float64], size: Size, margin: float
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return matrix and size (w, h) of a crop with the same pixels that reaches further out."""
    width, height = as_wh(size)
    # The same whole number of pixels on both sides, so that the middle is the model's view.
    edges = round(width * (margin - 1) / 2), round(height * (margin - 1) / 2)
    wide = matrix.copy()
    wide[:, 2] += edges
    return wide, (width + 2 * edges[0], height + 2 * edges[1])


def cut_manifest(
    manifest: Manifest,
    size: Size,
    template: EyeTemplate | None,
    cache_dir: Path,
    margin: float = 1.2,
    progress: Progress | None = None,
) -> CropCache:
    """Return the crops of a manifest, from the cache when the same pictures were cut before.

    Args:
        manifest: Pictures to cut.
        size: Of the model's view.
        template: Where the eyes go, or None for whole pictures.
        cache_dir: Folder of the cache; an entry is complete or absent.
        margin: How much wider than the model's view the stored crops are.
        progress: Called with (done, total).
    """
    key = _cache_key(manifest, size, template, margin)
    shown = "x".join(map(str, dict.fromkeys(as_wh(size))))
    folder = cache_dir / f"{manifest.name}-{shown}-{key}"
    if not (folder / "facts.npz").exists():
        _cut_all(manifest, size, template, folder, margin, progress)
    with np.load(folder / "facts.npz", allow_pickle=False) as facts:
        arrays = {name: facts[name] for name in facts.files}
    crops = np.load(folder / "crops.npy", mmap_mode="r")
    rows = CropRows(crops, np.arange(len(crops)))
    return CropCache(crops=rows, margin=margin, **arrays)


def _cache_key(
    manifest: Manifest, size: Size, template: EyeTemplate | None, margin: float
) -> str:
    digest = hashlib.sha256()
    settings: dict[str, Any] = {"v": CACHE_VERSION, "size": size, "margin": margin}
    settings["template"] = asdict(template) if template else None
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for path in manifest.paths:
        try:
            stat = path.stat()
            digest.update(f"{path}|{stat.st_size}|{stat.st_mtime_ns}".encode())
        except OSError:
            digest.update(f"{path}|missing".encode())
    return digest.hexdigest()[:16]


def _cut_all(
    manifest: Manifest,
    size: Size,
    template: EyeTemplate | None,
    folder: Path,
    margin: float,
    progress: Progress | None,
) -> None:
    total = len(manifest)
    _, (width, height) = widened(np.eye(2, 3), size, margin)
    matrices = np.zeros((total, 2, 3))
    picture_wh = np.zeros((total, 2), np.int32)
    found = np.zeros(total, bool)
    readable = np.ones(total, bool)
    keypoints = np.full((total, 6, 2), np.nan, np.float32)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "facts.npz").unlink(missing_ok=True)
        crops = np.lib.format.open_memmap(
            folder / "crops.npy", mode="w+", dtype=np.uint8, shape=(total, height, width, 3)
        )
        detector = MediaPipeDetector() if template else None
        for i, path in enumerate(manifest.paths):
            try:
                picture = read_picture(path)
            except MediaFileError:
                readable[i] = False
                continue
            picture_wh[i] = picture.shape[1], picture.shape[0]
            face = find_face(detector, picture, i * 0.01) if detector else None
            if face and template:
                found[i], keypoints[i] = True, face.keypoints
                matrices[i] = crop_matrix(face.keypoints, as_wh(size), template)
            else:
                matrices[i] = centre_matrix((picture.shape[1], picture.shape[0]), as_wh(size))
            wide, _ = widened(matrices[i], size, margin)
            crops[i] = cut(picture, wide, (width, height))[..., ::-1]
            if progress and (i % 50 == 49 or i == total - 1):
                progress(i + 1, total)
        crops.flush()
        if detector:
            detector.close()
        facts = {
            "matrices": matrices,
            "picture_wh": picture_wh,
            "found": found,
            "readable": readable,
            "keypoints": keypoints,
        }
        np.savez(folder / "part.npz", **facts)
        os.replace(folder / "part.npz", folder / "facts.npz")
    except OSError as error:
        raise TrainingError(
            f"The cache of cut pictures {folder} cannot be written: {error}."
        ) from error
