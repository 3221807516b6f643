"""Lay a translucent layer over a part of a picture."""

import cv2

from facecam.types import ImageU8


def lay_over(view: ImageU8, over: ImageU8, under: ImageU8) -> None:
    """Mix in place: `under` / 255 of the picture stays, and `over` is added.

    8-bit products take a quarter of the time of cv2.blendLinear with its weights in floats.

    Args:
        view: (H, W, 3) uint8 BGR, a part of the picture.
        over: (H, W, 3) uint8 BGR, the layer's colour times its share.
        under: (H, W, 3) uint8, 255 less 255 times the layer's share, the same in each channel.
    """
    cv2.multiply(view, under, dst=view, scale=1.0 / 255.0)
    cv2.add(view, over, dst=view)
