"""Make faces unrecognisable in a picture, before it is shown or encoded."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from facecam.types import BoxXywh, FaceAnalysis, ImageU8

MARGIN = 0.35
"""Added on each side, as a share of the box: hair, ears and chin, and a box that lags behind."""
BLOCKS = 8
"""A face is left with this many blocks along its longer side at most."""
HOLD_S = 1.0
"""For so long after a face was last seen the place where it was stays blurred."""


class FaceBlur:
    """Blurs the faces of one picture after another. Owned by one thread.

    A face that is only predicted is blurred like any other, and its place stays blurred for a
    second after it was last seen: a detector that misses a face for a moment must not show it.

    Args:
        hold_s: Seconds of the source for which a place stays blurred.
    """

    def __init__(self, hold_s: float = HOLD_S) -> None:
        self._hold_s = hold_s
        self._seen: dict[int, tuple[float, BoxXywh]] = {}

    def apply(
        self,
        image_bgr: ImageU8,
        faces: Iterable[FaceAnalysis],
        t_s: float,
        *,
        also: Iterable[BoxXywh] = (),
        from_wh: tuple[int, int] | None = None,
        out: ImageU8 | None = None,
    ) -> ImageU8:
        """Return a copy of the picture with every face blurred.

        Args:
            image_bgr: (H, W, 3) uint8 BGR, unmirrored; never written to unless it is `out`.
            faces: Faces of this picture.
            t_s: Time of the picture in seconds of the source.
            also: Further boxes that may hold faces, blurred on this picture alone.
            from_wh: Size of the picture that the boxes belong to; None when it is this one's.
            out: (H, W, 3) uint8 to write into and return; `image_bgr` itself works in place.
        """
        height, width = image_bgr.shape[:2]
        across, down = (1.0, 1.0)
        if from_wh is not None:
            across, down = width / max(from_wh[0], 1), height / max(from_wh[1], 1)
        boxes = [(x * across, y * down, w * across, h * down) for x, y, w, h in also]
        for face in faces:
            if face.score is None:  # the whole picture of a `frame` target is no face
                continue
            x, y, w, h = face.box_xywh
            box = (x * across, y * down, w * across, h * down)
            self._seen[face.track] = (t_s, box)
            boxes.append(box)
        for track, (seen_s, box) in list(self._seen.items()):
            if not 0 <= t_s - seen_s <= self._hold_s:
                del self._seen[track]
            elif seen_s != t_s:
                boxes.append(box)
        if out is None:
            out = image_bgr.copy()
        elif out is not image_bgr:
            np.copyto(out, image_bgr)
        blur_boxes(out, boxes)
        return out

    def forget(self) -> None:
        """Forget every place, as when the source changes."""
        self._seen.clear()


def blur_boxes(image_bgr: ImageU8, boxes: Sequence[BoxXywh], margin: float = MARGIN) -> None:
    """Blur boxes of a picture in place, each with a margin.

    Averaging to a few blocks destroys what identifies a face (a Gaussian alone can be undone in
    part); going smoothly from block to block only pleases the eye.
    """
    height, width = image_bgr.shape[:2]
    for x, y, w, h in boxes:
        if not np.isfinite((x, y, w, h)).all():
            blur_whole(image_bgr)
            return
        x0, x1 = (
            max(int(np.floor(x - margin * w)), 0),
            min(int(np.ceil(x + w * (1 + margin))), width),
        )
        y0 = max(int(np.floor(y - margin * h)), 0)
        y1 = min(int(np.ceil(y + h * (1 + margin))), height)
        if x1 > x0 and y1 > y0:
            _blur_region(image_bgr[y0:y1, x0:x1])


def blur_whole(image_bgr: ImageU8) -> None:
    """Blur a whole picture in place, for when nothing is known of its faces."""
    _blur_region(image_bgr)


def _blur_region(region: ImageU8) -> None:
    height, width = region.shape[:2]
    scale = BLOCKS / max(height, width, BLOCKS)
    few_wh = (max(round(width * scale), 1), max(round(height * scale), 1))
    few = cv2.resize(region, few_wh, interpolation=cv2.INTER_AREA)
    region[...] = cv2.resize(few, (width, height), interpolation=cv2.INTER_LINEAR)
