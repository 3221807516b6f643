"""Looks at every file of a manifest: is it there, can it be read, is it there twice."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.capture.pictures import read_picture
from facecam.errors import MediaFileError
from facecam.types import ImageU8

HASH_SIDE = 16
NEAR_BITS = 20
SAME_LIGHT = 0.97
"""Pictures whose hashes differ in at most this many of 256 bits, and whose small grey versions
correlate at least this much, count as nearly the same. Of 70 such pairs of aligned faces (UTKFace)
all were one photograph, from 24 bits on some were not. The correlation tells skin lesions apart (up
to 0.95 between different ones, 0.97 and more between most pictures of one) whose hashes agree on
the round shadow of the lens."""
MOST_COMPARED = 60_000
"""Beyond this many pictures, comparing each with each takes minutes, and is left out."""
BLOCK = 1024
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class PictureChecks:
    """What looking at the files gave.

    Attributes:
        missing: Indices of files that are not there.
        unreadable: Indices of files that are no pictures.
        identical: Groups of indices whose files have the same bytes.
        similar: Groups of indices whose pictures look nearly the same (bytes may differ), without
            those that are identical; None where there were too many to compare.
    """

    missing: list[int]
    unreadable: list[int]
    identical: list[list[int]]
    similar: list[list[int]] | None


def check_pictures(paths: Sequence[Path], progress: Progress | None = None) -> PictureChecks:
    """Read and decode every file once.

    Args:
        paths: Files.
        progress: Called with (done, total).
    """
    digests: list[bytes | None] = []
    looks: list[ImageU8 | None] = []
    with ThreadPoolExecutor(max_workers=2) as pool:  # decoding does not hold Python's lock
        for digest, look in pool.map(_check_one, paths):
            digests.append(digest)
            looks.append(look)
            if progress and (len(digests) % 100 == 0 or len(digests) == len(paths)):
                progress(len(digests), len(paths))
    missing = [i for i, digest in enumerate(digests) if digest is None]
    unreadable = [i for i, look in enumerate(looks) if look is None and digests[i] is not None]
    same: dict[bytes, list[int]] = defaultdict(list)
    for i, digest in enumerate(digests):
        if digest is not None and looks[i] is not None:
            same[digest].append(i)
    identical = [group for group in same.values() if len(group) > 1]
    first = [group[0] for group in same.values()]
    similar = None
    if len(first) <= MOST_COMPARED:
        small = [look for i in first if (look := looks[i]) is not None]
        similar = [[first[i] for i in group] for group in _near(small)]
    return PictureChecks(missing, unreadable, identical, similar)


def small_grey(picture_bgr: ImageU8) -> ImageU8:
    """Return the (16, 17) uint8 grey version of a (H, W, 3) picture, each cell an average."""
    grey = cv2.cvtColor(picture_bgr, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (HASH_SIDE + 1, HASH_SIDE), interpolation=cv2.INTER_AREA)


def difference_hash(small: ImageU8) -> NDArray[np.bool_]:
    """Return 256 bits that change little when a picture is scaled, recompressed or relit.

    Each bit says whether a cell is brighter than its left neighbour (dHash,
    http://www.hackerfactor.com/blog/index.php?/archives/529-Kind-of-Like-That.html).

    Args:
        small: (..., 16, 17) uint8 as `small_grey` gives it.
    """
    bits: NDArray[np.bool_] = small[..., 1:] > small[..., :-1]
    return bits.reshape(*small.shape[:-2], -1)


def _check_one(path: Path) -> tuple[bytes | None, ImageU8 | None]:
    """Return the hash of a file's bytes (None: not there) and its small look (None: no picture)."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
    except (OSError, ValueError):
        return None, None
    try:
        return digest, small_grey(read_picture(path))
    except MediaFileError:
        return digest, None


def _near(looks: Sequence[ImageU8]) -> list[list[int]]:
    """Return groups of pictures that look nearly as the first of the group does.

    A hash with few ones or zeros belongs to a flat picture and says nothing.

    Args:
        looks: (16, 17) uint8 each, as `small_grey` gives them.
    """
    if not looks:
        return []
    small = np.stack(looks)
    bits = difference_hash(small)
    ones, total = bits.sum(axis=1), bits.shape[1]
    telling = np.flatnonzero((ones > 2 * NEAR_BITS) & (ones < total - 2 * NEAR_BITS))
    signs = np.where(bits[telling], np.float32(1), np.float32(-1))
    least = total - 2 * NEAR_BITS  # a product of signs counts equal less unequal bits
    light = _standardised(small[telling])
    taken: set[int] = set()
    groups = []
    for start in range(0, len(signs), BLOCK):
        close = signs[start : start + BLOCK] @ signs[start:].T >= least
        for row in np.flatnonzero(close.sum(axis=1) > 1):
            i = start + int(row)
            others = [start + int(j) for j in np.flatnonzero(close[row]) if start + j > i]
            group = [j for j in others if j not in taken and light[i] @ light[j] >= SAME_LIGHT]
            if group and i not in taken:
                groups.append([int(telling[i]), *(int(telling[j]) for j in group)])
                taken.update([i, *group])
    return groups


def _standardised(small: ImageU8) -> NDArray[np.float32]:
    """Return (N, 272) rows of mean 0 and length 1, whose products are correlations."""
    rows = small.reshape(len(small), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
