"""Class activation maps on pictures: taken back through the crop's own transform.

A map is a few cells on a side. It is made larger and coloured while it is small, and one warp
takes it to its place in the picture, so that it costs little however large the face is.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.types import Analysis, FaceAnalysis, FaceMap, Float32Array, ImageU8
from facecam.vision.cam_colours import CamColours, cam_colours
from facecam.vision.palette import TEXT, bgr

Matrix = NDArray[np.float64]
Size = tuple[int, int]

_SIDE = 64  # of the coloured map, in pixels
_WARPED_SIDE = 128  # of the warped map at most
_HATCHED_SIDE = 192  # stripes need to be sharper
_STRIPES = 14  # along a side
_STRIPE_WIDTH = 0.22  # of the distance between two
_FADE_S = 0.3  # a map whose face is hidden fades over so long, and does not blink
_FLOOR = 0.12  # of the fixed scale: on a scale of its own, a face's noise is not blown up further
_HATCHED_SHARE = 0.45  # of its colour that an untrusted map keeps
_STRIPE_SHARE = 0.38


@dataclass(frozen=True, slots=True)
class CamStyle:
    """How maps are drawn.

    Attributes:
        opacity: Of the strongest colour, 0 to 1.
        colours: Which colours; signed maps have their own (blue against, orange for).
        signed: Show what speaks against too.
        scale: `fixed` makes faces and frames comparable; `frame` gives each face the whole range.
        hatch_untrusted: Hatch maps that should not be believed, and say why.
        legend: Draw what the colours mean.
    """

    opacity: float = 0.55
    colours: CamColours = "viridis"
    signed: bool = False
    scale: Literal["fixed", "frame"] = "fixed"
    hatch_untrusted: bool = True
    legend: bool = True


@dataclass(slots=True)
class _Shown:
    """The map that a face had last."""

    face: FaceAnalysis
    t_s: float


class CamPainter:
    """Draws maps on one picture after another. Owned by one thread."""

    def __init__(self) -> None:
        self._shown: dict[int, _Shown] = {}

    def draw(
        self, out: ImageU8, analysis: Analysis, style: CamStyle, *, mirror: bool = False
    ) -> None:
        """Draw the maps of all faces in place.

        Args:
            out: (H, W, 3) uint8 BGR of any size, mirrored already if `mirror`.
            analysis: Of this picture.
            style: How to draw.
            mirror: Whether the picture is mirrored.
        """
        t_s = analysis.source_s
        shown: dict[int, _Shown] = {}
        for face in analysis.faces:
            item, strength = _Shown(face, t_s), 1.0
            if face.cam is None or face.crop_matrix is None:
                last = self._shown.get(face.track)
                strength = 1.0 - abs(t_s - last.t_s) / _FADE_S if last else 0.0
                if last is None or strength <= 0.0:
                    continue
                item = last
            shown[face.track] = item
            cam, matrix = item.face.cam, item.face.crop_matrix
            if cam is None or matrix is None:
                continue
            if item.face is not face:
                matrix = _moved(matrix, item.face, face)
            to_picture = crop_to_picture(matrix, analysis.size_wh, (out.shape[1], out.shape[0]))
            if mirror:
                to_picture[0] *= -1.0
                to_picture[0, 2] += out.shape[1] - 1
            hatched = style.hatch_untrusted and why_untrusted(face, cam) != ""
            draw_map(out, cam, to_picture, style, strength, hatched, face.score is None)
        self._shown = shown

    def forget(self) -> None:
        """Forget the maps drawn last, when none are wanted any more."""
        self._shown = {}


def why_untrusted(face: FaceAnalysis, cam: FaceMap) -> str:
    """Return why a map should not be believed: a reason to be unsure, a sentence, or ""."""
    reading = face.readings.get(cam.head)
    if reading is not None and reading.unsure is not None:
        return reading.unsure
    return cam.trust.reason if cam.trust is not None and not cam.trust.trusted else ""


def crop_to_picture(
    crop_matrix: Matrix, from_wh: tuple[int, int], to_wh: tuple[int, int]
) -> Matrix:
    """Return the (2, 3) matrix from crop pixels to pixels of a picture that may be resized.

    Args:
        crop_matrix: Pixels of the analysed picture to crop pixels.
        from_wh: Size of the analysed picture.
        to_wh: Size of the picture that is drawn on.
    """
    back = cv2.invertAffineTransform(crop_matrix)
    across, down = to_wh[0] / max(from_wh[0], 1), to_wh[1] / max(from_wh[1], 1)
    # Pixel centres lie at whole numbers, so sizes scale around -0.5.
    back[0] *= across
    back[1] *= down
    back[0, 2] += 0.5 * across - 0.5
    back[1, 2] += 0.5 * down - 0.5
    return np.asarray(back, np.float64)


def draw_map(
    out: ImageU8,
    cam: FaceMap,
    to_picture: Matrix,
    style: CamStyle,
    strength: float = 1.0,
    hatched: bool = False,
    whole: bool = False,
) -> None:
    """Draw one map in place.

    Args:
        out: (H, W, 3) uint8 BGR.
        cam: The map.
        to_picture: (2, 3) crop pixels to pixels of `out`.
        style: How to draw.
        strength: Share of the opacity.
        hatched: Whether it should not be believed.
        whole: Whether it covers the picture instead of a face.
    """
    opacity = style.opacity * strength
    colour, share = coloured(cam, style, opacity * (_HATCHED_SHARE if hatched else 1.0), whole)
    stripes = hatching(whole) if hatched else None
    shown = share if stripes is None else region_mask(share.shape[0], whole)
    columns, rows = np.flatnonzero(shown.any(axis=0)), np.flatnonzero(shown.any(axis=1))
    if not columns.size:
        return
    # Only where there is colour at all; one cell more on each side, for the interpolation.
    left, right, top, bottom = columns[0] - 1, columns[-1] + 1, rows[0] - 1, rows[-1] + 1
    matrix = to_picture @ _grid(cam.crop_wh, share.shape[0])
    corners = matrix @ np.array([[left, right] * 2, [top, top, bottom, bottom], [1] * 4], float)
    x0, y0 = np.maximum(np.floor(corners.min(axis=1)).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(corners.max(axis=1)).astype(int) + 1, out.shape[1::-1])
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    region = out[y0:y1, x0:x1]
    size_wh = (int(x1 - x0), int(y1 - y0))
    # A warp costs several times what a resize costs, and the map has no fine detail.
    shrink = min((_HATCHED_SIDE if hatched else _WARPED_SIDE) / max(size_wh), 1.0)
    few_wh = (max(round(size_wh[0] * shrink), 1), max(round(size_wh[1] * shrink), 1))
    across, down = few_wh[0] / size_wh[0], few_wh[1] / size_wh[1]
    to_few = np.array([[across, 0.0, 0.0], [0.0, down, 0.0]]) @ np.vstack([to_picture, [0, 0, 1]])
    to_few[:, 2] += np.array([across, down]) * (0.5 - np.array([x0, y0])) - 0.5
    over, under = _warped(colour, share, to_few, cam.crop_wh, few_wh)
    if stripes is not None:
        above, below = _warped(*stripes, to_few, cam.crop_wh, few_wh)
        cv2.add(cv2.multiply(over, _thrice(below), scale=1.0 / 255.0), above, dst=over)
        cv2.multiply(under, below, dst=under, scale=1.0 / 255.0)
    if few_wh != size_wh:
        over = cast(ImageU8, cv2.resize(over, size_wh))
        under = cast(ImageU8, cv2.resize(under, size_wh))
    # 8-bit products are several times faster than cv2.blendLinear with its weights in floats.
    cv2.multiply(region, _thrice(under), dst=region, scale=1.0 / 255.0)
    cv2.add(region, over, dst=region)


def coloured(
    cam: FaceMap, style: CamStyle, opacity: float, whole: bool = False
) -> tuple[ImageU8, ImageU8]:
    """Return a map over its crop: colour times share (S, S, 3), and share (S, S), uint8.

    The colour is BGR; a share of 255 hides the picture.
    """
    values, scale = cam.values, cam.full_scale
    if style.scale == "frame":
        most = np.abs(values).max() if style.signed else values.max()
        scale = max(float(most), _FLOOR * scale)
    if not style.signed:
        values = np.maximum(values, 0.0)  # first: bicubic rings around what speaks against
    large = cv2.resize(values, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
    steps = 127.5 / scale * large + 127.5 if style.signed else 255.0 / scale * large
    index = np.clip(steps, 0.0, 255.0).astype(np.uint8)
    table, shares = cam_colours(style.colours, style.signed)
    share = shares[:, 0][index] * (region_mask(_SIDE, whole) * np.float32(opacity))
    colour = cv2.applyColorMap(index, table) * share[..., None]
    return np.rint(colour).astype(np.uint8), np.rint(255.0 * share).astype(np.uint8)


@lru_cache(maxsize=2)
def hatching(whole: bool = False) -> tuple[ImageU8, ImageU8]:
    """Return light diagonal stripes over a crop, as `coloured` returns a map."""
    at = np.arange(_HATCHED_SIDE)
    phase = (at[None] + at[:, None]) * (_STRIPES / _HATCHED_SIDE) % 1.0
    edge = _HATCHED_SIDE / _STRIPES / 2.0
    stripes = np.clip((_STRIPE_WIDTH / 2.0 - np.abs(phase - 0.5)) * edge + 0.5, 0.0, 1.0)
    share = stripes * region_mask(_HATCHED_SIDE, whole) * _STRIPE_SHARE
    colour = share[..., None] * np.array(bgr(TEXT), np.float32)
    return np.rint(colour).astype(np.uint8), np.rint(255.0 * share).astype(np.uint8)


def _warped(
    colour: ImageU8, share: ImageU8, to_few: Matrix, crop_wh: tuple[int, int], size_wh: Size
) -> tuple[ImageU8, ImageU8]:
    """Return (h, w, 3) of what is added and (h, w) of how much of the picture stays, uint8."""
    matrix = to_few @ _grid(crop_wh, share.shape[0])
    over = cv2.warpAffine(colour, matrix, size_wh, flags=cv2.INTER_LINEAR)
    under = cv2.bitwise_not(cv2.warpAffine(share, matrix, size_wh, flags=cv2.INTER_LINEAR))
    return cast(ImageU8, over), cast(ImageU8, under)


def _grid(crop_wh: tuple[int, int], side: int) -> Matrix:
    """Return the (3, 3) matrix from a grid of `side` cells over a crop to its pixels."""
    across, down = crop_wh[0] / side, crop_wh[1] / side
    return np.array(
        [[across, 0.0, 0.5 * across - 0.5], [0.0, down, 0.5 * down - 0.5], [0.0, 0.0, 1.0]]
    )


def _thrice(single: ImageU8) -> ImageU8:
    return cast(ImageU8, cv2.merge((single, single, single)))


@lru_cache(maxsize=8)
def region_mask(side: int, whole: bool = False) -> Float32Array:
    """Return (side, side) float32: 1 within the crop, falling softly to 0 at its edge.

    A rounded square for a face; for a whole picture the whole crop.
    """
    x = np.abs((np.arange(side) + 0.5) / side * 2.0 - 1.0)
    power = 12.0 if whole else 3.5
    radius = (x[None] ** power + x[:, None] ** power) ** (1.0 / power)
    soft = 0.04 if whole else 0.25
    t = np.clip((1.0 - radius) / soft, 0.0, 1.0)
    mask: Float32Array = (t * t * (3.0 - 2.0 * t)).astype(np.float32)
    mask.flags.writeable = False
    return mask


def _moved(matrix: Matrix, before: FaceAnalysis, now: FaceAnalysis) -> Matrix:
    """Return a crop matrix that follows a box on from where it was cut."""
    (x0, y0, w0, h0), (x1, y1, w1, h1) = before.box_xywh, now.box_xywh
    scale = ((w0 / max(w1, 1.0)) * (h0 / max(h1, 1.0))) ** 0.5
    # From this picture to the one before: around the boxes' middles.
    back = np.array(
        [
            [scale, 0.0, x0 + w0 / 2 - scale * (x1 + w1 / 2)],
            [0.0, scale, y0 + h0 / 2 - scale * (y1 + h1 / 2)],
            [0.0, 0.0, 1.0],
        ]
    )
    return np.asarray(matrix @ back, np.float64)
