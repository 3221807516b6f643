"""What every face detector promises, and how faces of still pictures are found with one."""

from typing import Protocol

import cv2
import numpy as np

from facecam.types import Detection, ImageU8

LONGEST_SIDE = 2048
"""Pixels; larger pictures are reduced before detectors look at them."""
_BORDER = 0.5  # share of the longer side: with it every tight portrait that was tried is found


class FaceDetector(Protocol):
    """Finds faces in pictures of a video, in time order. Owned by one thread."""

    def detect(self, image_bgr: ImageU8, t_s: float) -> tuple[Detection, ...]:
        """Return the faces of one picture, best first; empty when there is none.

        Args:
            image_bgr: (H, W, 3) uint8 BGR, any size from 1x1.
            t_s: Time of the picture in seconds; a time that does not grow is taken as 1 ms later.
        """
        ...

    def close(self) -> None:
        """Release the detector; further calls of `close` do nothing."""
        ...


def find_faces(detector: FaceDetector, image_bgr: ImageU8, t_s: float) -> tuple[Detection, ...]:
    """Return the faces of a picture, trying again with a 50% border when there is none.

    A face that fills the picture is found only with some space around it.

    Args:
        detector: Any detector.
        image_bgr: (H, W, 3) uint8 BGR.
        t_s: Detection time in seconds, growing from picture to picture; the second try is 1 ms
            later.
    """
    found = detector.detect(image_bgr, t_s)
    if found:
        return found
    image_bgr, factor = reduced(image_bgr)  # with its border a large one would fill the memory
    pad = int(max(image_bgr.shape[:2]) * _BORDER)
    if not pad:
        return ()
    framed = cv2.copyMakeBorder(image_bgr, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    return tuple(
        enlarged(
            Detection(
                (face.box_xywh[0] - pad, face.box_xywh[1] - pad, *face.box_xywh[2:]),
                face.score,
                (face.keypoints - np.float32(pad)).astype(np.float32),
            ),
            factor,
        )
        for face in detector.detect(framed.astype(np.uint8, copy=False), t_s + 1e-3)
    )


def reduced(image_bgr: ImageU8) -> tuple[ImageU8, int]:
    """Return a picture of at most `LONGEST_SIDE`, and the whole factor by which it was reduced.

    Args:
        image_bgr: (H, W, 3) uint8; averaged over squares, returned as it is where it is small.
    """
    height, width = image_bgr.shape[:2]
    factor = -(-max(height, width) // LONGEST_SIDE)
    if factor == 1:
        return image_bgr, 1
    # Cut to whole squares, so that a place in the small picture is that place times the factor.
    columns, rows = max(width // factor, 1), max(height // factor, 1)
    whole = image_bgr[: rows * factor, : columns * factor]
    small = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False), factor


def enlarged(face: Detection, factor: int) -> Detection:
    """Return a face of a reduced picture in pixels of the whole one."""
    if factor == 1:
        return face
    x, y, w, h = (value * factor for value in face.box_xywh)
    return Detection((x, y, w, h), face.score, face.keypoints * np.float32(factor))
