"""Blur the faces of frames that wait for their analyses; when in doubt, blur everything."""

from facecam.pipeline.frame_row import Due
from facecam.types import ImageU8
from facecam.vision.privacy import FaceBlur, blur_whole

NEAR_S = 0.25
"""An analysis so little older than a frame still says where its faces are."""
AROUND_S = 1.0
"""Two analyses this far apart still enclose what happens between them."""


class FaceHider:
    """Hides faces in one frame after another. Owned by one thread."""

    def __init__(self) -> None:
        self._blur = FaceBlur()

    def hide(self, due: Due, image_bgr: ImageU8) -> ImageU8:
        """Return a copy with every face blurred, or all of it where nobody knows where they are.

        Args:
            due: The frame, with the analyses around it: what either saw is blurred.
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
        return self._blur.apply(image_bgr, faces, row.place.t_s, from_wh=sizes.pop())
