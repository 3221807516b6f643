"""Blur the faces of frames that wait for their analyses; when in doubt, blur everything."""

from collections.abc import Sequence
from dataclasses import replace

from facecam.pipeline.frame_row import Due
from facecam.types import Analysis, FaceAnalysis, ImageU8
from facecam.vision.privacy import FaceBlur, blur_whole

NEAR_S = 0.25
"""An analysis so little older than a frame still says where its faces are."""
AROUND_S = 1.0
"""Two analyses this far apart still enclose what happens between them."""

_SIZES_A_S = 3.0
"""So many of its sizes a second a face may have moved besides: mostly it slows down once it is in
view. Half a metre a second; chosen on the demo clip, where a face comes up fast."""


class FaceHider:
    """Hides faces in one frame after another. Owned by one thread."""

    def __init__(self) -> None:
        self._blur = FaceBlur()

    def hide(self, due: Due, image_bgr: ImageU8) -> ImageU8:
        """Return a copy with every face blurred, or all of it where nobody knows where they are.

        Args:
            due: The frame, with the analyses around it: what either saw is blurred, and where those
                that follow found a new face, as far as it can have moved.
            image_bgr: (H, W, 3) uint8 BGR.
        """
        row, before, after = due.row, due.before, due.after
        if row.place.new_source:
            self._blur.forget()
        if before is not None and after is not None:
            known = after.source_s - before.source_s <= AROUND_S
        else:
            known = before is not None and row.place.t_s - before.source_s <= NEAR_S
        faces = [face for item in (before, after) if item is not None for face in item.faces]
        sizes = {item.size_wh for item in (before, after) if item is not None}
        # A model that looks at whole pictures looks for no faces.
        if not known or len(sizes) > 1 or any(face.score is None for face in faces):
            result = image_bgr.copy()
            blur_whole(result)
            return result
        size_wh = sizes.pop()
        ahead = [item for item in due.ahead if item.size_wh == size_wh]
        faces += _still_to_be_found(faces, ahead, row.place.t_s)
        found = [box for item in (before, after) if item is not None for box in item.found_xywh]
        return self._blur.apply(image_bgr, faces, row.place.t_s, also=found, from_wh=size_wh)


def _still_to_be_found(
    faces: Sequence[FaceAnalysis], ahead: Sequence[Analysis], t_s: float
) -> list[FaceAnalysis]:
    """Return faces that are first found after a frame, with boxes that hold them on it.

    A box holds the first place at which the face was found, and where it came from at the speed of
    its next places, with a margin that grows with the time between.

    Args:
        faces: Those that are known on the frame.
        ahead: What was found after it, oldest first.
        t_s: Time of the frame, in seconds of the analyses.
    """
    places: dict[int, list[tuple[float, FaceAnalysis]]] = {}
    for item in ahead:
        for face in item.faces:
            places.setdefault(face.track, []).append((item.source_s, face))
    known = {face.track for face in faces}
    return [_reaching_back(seen, t_s) for track, seen in places.items() if track not in known]


def _reaching_back(seen: list[tuple[float, FaceAnalysis]], t_s: float) -> FaceAnalysis:
    (first_s, first), (last_s, last) = seen[0], seen[-1]
    x, y, w, h = first.box_xywh
    share = (first_s - t_s) / (last_s - first_s) if last_s > first_s else 0.0
    reach = _SIZES_A_S * (first_s - t_s) * max(w, h)
    from_x = x - share * (last.box_xywh[0] - x)
    from_y = y - share * (last.box_xywh[1] - y)
    left, top = min(x, from_x) - reach, min(y, from_y) - reach
    across, down = w + abs(from_x - x) + 2 * reach, h + abs(from_y - y) + 2 * reach
    box = (left, top, across, down)
    return replace(first, box_xywh=box)
