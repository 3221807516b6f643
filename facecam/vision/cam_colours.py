"""Colours of class activation maps: from a value to a colour and how much of it is seen.

Little is shown with little colour, so that the face stays visible where the map says nothing.
"""

from functools import lru_cache
from typing import Literal, cast

import cv2
import numpy as np

from facecam.types import Float32Array, ImageU8
from facecam.vision.palette import bgr

CamColours = Literal["viridis", "cividis", "inferno", "turbo", "jet"]
CAM_COLOURS: tuple[CamColours, ...] = ("viridis", "cividis", "inferno", "turbo", "jet")
"""The first three rise evenly in lightness, so that they are read right by colour-blind eyes, and
in grey; cividis is the same to most of them (Nuñez et al. 2018), but its middle is a grey that is
hardly seen on skin, where viridis stands out. The last two are not ordered."""

_MAPS = {
    "viridis": cv2.COLORMAP_VIRIDIS,
    "cividis": cv2.COLORMAP_CIVIDIS,
    "inferno": cv2.COLORMAP_INFERNO,
    "turbo": cv2.COLORMAP_TURBO,
    "jet": cv2.COLORMAP_JET,
}
_LOW = {"cividis": 0.0, "viridis": 0.08, "inferno": 0.2, "turbo": 0.0, "jet": 0.0}
_COVERING = ("turbo", "jet")  # the familiar pictures cover the face even where the map is low
_COVER = 0.4
# Signed maps: Okabe and Ito's blue against, their vermilion for; told apart by everybody.
_AGAINST = ("#08306b", "#0072b2", "#56b4e9")
_FOR = ("#7f2704", "#d55e00", "#ffb000")


@lru_cache(maxsize=32)
def cam_colours(colours: CamColours, signed: bool) -> tuple[ImageU8, Float32Array]:
    """Return (256, 1, 3) uint8 BGR and (256, 1) float32 shares of it, 0 to 1, for values 0 to 255.

    Args:
        colours: Which colours.
        signed: Whether 0 is the middle: 0 speaks against, 255 for.
    """
    if signed:
        ramp = np.concatenate([_ramp(_AGAINST, 128)[::-1], _ramp(_FOR, 128)])
        strength = np.abs(np.linspace(-1.0, 1.0, 256))
        share = _smoothstep(strength, 0.03, 0.55)
    else:
        low = _LOW[colours]
        steps = np.linspace(255.0 * low, 255.0, 256).round().astype(np.uint8).reshape(256, 1)
        ramp = cv2.applyColorMap(steps, _MAPS[colours]).reshape(256, 3)
        strength = np.linspace(0.0, 1.0, 256)
        share = _smoothstep(strength, 0.03, 0.55)
        if colours in _COVERING:
            share = _COVER + (1.0 - _COVER) * strength
    table, shares = ramp.reshape(256, 1, 3), share.astype(np.float32).reshape(256, 1)
    table.flags.writeable = shares.flags.writeable = False
    return cast(ImageU8, table), shares


def _ramp(stops: tuple[str, ...], count: int) -> ImageU8:
    at = np.linspace(0.0, 1.0, len(stops))
    x = np.linspace(0.0, 1.0, count)
    channels = np.array([bgr(stop) for stop in stops], float)
    rows = [np.interp(x, at, channels[:, channel]) for channel in range(3)]
    return np.stack(rows, axis=1).round().astype(np.uint8)


def _smoothstep(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return 0 below `low`, 1 above `high`, and a smooth rise between."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
