"""Where faces were on a frame that was not analysed, from the analyses around it."""

from dataclasses import replace

import numpy as np

from facecam.types import Analysis, BoxXywh, FaceAnalysis

MAX_SPAN_S = 1.0
"""Two analyses further apart say nothing of what lies between."""


def in_between(before: Analysis | None, after: Analysis | None, t_s: float) -> Analysis | None:
    """Return what to draw on the frame of time `t_s`; None when nothing is known.

    Boxes of faces that are in both move on a straight line; readings are those of `before`.

    Args:
        before: The newest analysis up to the frame.
        after: The first one from the frame on; the same as `before` when it is the frame's own.
        t_s: Time of the frame in seconds of the analyses.
    """
    if before is None:
        return None
    if after is None or after.frame_id == before.frame_id or after.size_wh != before.size_wh:
        return before
    span_s = after.source_s - before.source_s
    if not 0 < span_s <= MAX_SPAN_S:
        return before
    share = min(max((t_s - before.source_s) / span_s, 0.0), 1.0)
    later = {face.track: face for face in after.faces}
    faces = tuple(
        _moved(face, later[face.track], share) if face.track in later else face
        for face in before.faces
        if face.track in later or share < 0.5
    )
    return replace(before, faces=faces)


def _moved(face: FaceAnalysis, later: FaceAnalysis, share: float) -> FaceAnalysis:
    x, y, w, h = (
        (1 - share) * a + share * b for a, b in zip(face.box_xywh, later.box_xywh, strict=True)
    )
    box: BoxXywh = (x, y, w, h)
    keypoints, matrix = face.keypoints, face.crop_matrix
    if keypoints is not None and later.keypoints is not None:
        keypoints = ((1 - share) * keypoints + share * later.keypoints).astype(np.float32)
    if matrix is not None and later.crop_matrix is not None:
        matrix = (1 - share) * matrix + share * later.crop_matrix
    elif matrix is not None:  # hidden by then
        from facecam.vision.cam_overlay import follow_box  # late: it brings cv2

        matrix = follow_box(matrix, face.box_xywh, box)
    return replace(face, box_xywh=box, keypoints=keypoints, crop_matrix=matrix)
