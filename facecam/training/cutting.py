"""Cut labelled pictures once, with the app's own crop routine, into a cache on disk."""

import contextlib
import hashlib
import itertools
import json
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.capture.pictures import read_picture
from facecam.errors import MediaFileError, TrainingError
from facecam.training.crop_store import load_entry, write_entry
from facecam.training.manifest import Manifest
from facecam.training.manifest_draft import counted, listing
from facecam.types import Detection, Float32Array, ImageU8
from facecam.vision.crops import EyeTemplate, centre_matrix, crop_matrix, cut
from facecam.vision.detector import FaceDetector, find_faces
from facecam.vision.refined_detector import face_detector

CACHE_VERSION = 2
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

    Raises:
        TrainingError: The cache cannot be written, because the disk is full for example.
    """
    key = _cache_key(manifest, size, template, margin)
    shown = "x".join(map(str, dict.fromkeys(as_wh(size))))
    folder = cache_dir / f"{manifest.name}-{shown}-{key}"
    _, (width, height) = widened(np.eye(2, 3), size, margin)
    shape = len(manifest), height, width, 3
    entry = load_entry(folder, shape)
    if entry is None:
        facts = _empty_facts(len(manifest))
        crops = _crops(manifest, size, template, margin, facts, progress)
        with contextlib.closing(crops):
            write_entry(folder, shape, crops, facts)
        entry = load_entry(folder, shape)
    if entry is None:
        raise TrainingError(f"The cut pictures {folder} cannot be read again: check the disk.")
    stored, arrays = entry
    return CropCache(crops=CropRows(stored, np.arange(len(stored))), margin=margin, **arrays)


def bad_files(manifest: Manifest, cache: CropCache) -> list[str]:
    """Return a sentence on pictures that are missing, and one on those that cannot be read."""
    bad = [path for path, ok in zip(manifest.paths, cache.readable, strict=True) if not ok]
    missing = [manifest.shown(path) for path in bad if not path.exists()]
    broken = [manifest.shown(path) for path in bad if path.exists()]
    return [
        f"{counted(len(names), what)} in {manifest.name} left out: {listing(names)}."
        for names, what in ((missing, "missing picture"), (broken, "unreadable picture"))
        if names
    ]


def _cache_key(manifest: Manifest, size: Size, template: EyeTemplate | None, margin: float) -> str:
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


def _empty_facts(total: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of `CropCache`, as they are for pictures that cannot be read."""
    return {
        "matrices": np.zeros((total, 2, 3)),
        "picture_wh": np.zeros((total, 2), np.int32),
        "found": np.zeros(total, bool),
        "readable": np.zeros(total, bool),
        "keypoints": np.full((total, 6, 2), np.nan, np.float32),
    }


def _crops(
    manifest: Manifest,
    size: Size,
    template: EyeTemplate | None,
    margin: float,
    facts: dict[str, NDArray[Any]],
    progress: Progress | None,
) -> Generator[ImageU8, None, None]:
    """Cut one picture after the other; fill `facts` on the way. Black where there is no picture."""
    total = len(manifest)
    _, wide_wh = widened(np.eye(2, 3), size, margin)
    black = np.zeros((wide_wh[1], wide_wh[0], 3), np.uint8)
    detector = face_detector() if template else None  # whole pictures need no detector
    try:
        for i, picture in enumerate(pictures_ahead(manifest.paths)):
            if progress and (i % 50 == 49 or i == total - 1):
                progress(i + 1, total)
            if picture is None:
                yield black
                continue
            facts["readable"][i] = True
            facts["picture_wh"][i] = picture.shape[1], picture.shape[0]
            face = find_face(detector, picture, i * 0.01) if detector else None
            if face and template:
                facts["found"][i], facts["keypoints"][i] = True, face.keypoints
                matrix = crop_matrix(face.keypoints, as_wh(size), template)
            else:
                matrix = centre_matrix((picture.shape[1], picture.shape[0]), as_wh(size))
            facts["matrices"][i] = matrix
            wide, _ = widened(matrix, size, margin)
            yield cut(picture, wide, wide_wh)[..., ::-1]
    finally:
        if detector:
            detector.close()


def pictures_ahead(paths: Sequence[Path], ahead: int = 4) -> Iterator[ImageU8 | None]:
    """Yield each picture (None: it cannot be read), decoding a few ahead in another thread.

    Args:
        paths: Picture files.
        ahead: How many decoded pictures may wait.
    """
    waiting: deque[Future[ImageU8 | None]] = deque()
    rest = iter(paths)
    with ThreadPoolExecutor(1, thread_name_prefix="decode") as pool:
        try:
            for path in itertools.islice(rest, ahead):
                waiting.append(pool.submit(_read, path))
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(_read, path) for path in itertools.islice(rest, 1))
        finally:
            for future in waiting:
                future.cancel()


def _read(path: Path) -> ImageU8 | None:
    try:
        return read_picture(path)
    except MediaFileError:
        return None
