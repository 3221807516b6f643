"""Class activation maps on pictures: taken back through the crop's own transform.

A map is a few cells on a side. It is made larger and coloured while it is small, and one warp
takes it to its place in the picture, so that it costs little however large the face is.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.types import Analysis, BoxXywh, FaceAnalysis, FaceMap, Float32Array, ImageU8
from facecam.vision.blending import lay_over
from facecam.vision.cam_colours import CamColours, cam_colours
from facecam.vision.palette import CARD, TEXT, bgr

Matrix = NDArray[np.float64]

_SIDE = 48  # of the coloured map, in pixels
_WARPED_SIDE = 96  # of the warped map at most
_HATCHED_SIDE = 192  # stripes need to be sharper
_STRIPES = 14  # along a side
_STRIPE_WIDTH = 0.2  # of the distance between two
_FADE_S = 0.3  # a map whose face is hidden fades over so long, and does not blink
_FLOOR = 0.12  # of the fixed scale: on a scale of its own, a face's noise is not blown up further
_HATCHED_SHARE = 0.45  # of its colour that an untrusted map keeps
_STRIPE_SHARE = 0.32


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
    ) -> tuple[FaceAnalysis, ...]:
        """Draw the maps of all faces in place; return the faces with the maps that were drawn.

        A face that is hidden for a moment keeps its last map, which fades.

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
                matrix = follow_box(matrix, item.face.box_xywh, face.box_xywh)
            to_picture = crop_to_picture(matrix, analysis.size_wh, (out.shape[1], out.shape[0]))
            if mirror:
                to_picture[0] *= -1.0
                to_picture[0, 2] += out.shape[1] - 1
            hatched = style.hatch_untrusted and why_untrusted(face, cam) != ""
            draw_map(out, cam, to_picture, style, strength, hatched, face.score is None)
        self._shown = shown
        return tuple(
            replace(face, cam=shown[face.track].face.cam) if face.track in shown else face
            for face in analysis.faces
        )

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
    back = np.asarray(cv2.invertAffineTransform(crop_matrix), np.float64)
    if to_wh == from_wh:
        return back
    across, down = to_wh[0] / max(from_wh[0], 1), to_wh[1] / max(from_wh[1], 1)
    # Pixel centres lie at whole numbers, so sizes scale around -0.5.
    back[0] *= across
    back[1] *= down
    back[0, 2] += 0.5 * across - 0.5
    back[1, 2] += 0.5 * down - 0.5
    return back


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
    layer = (hatched_layer if hatched else coloured)(cam, style, opacity, whole)
    # Only where there is colour at all; one cell more on each side, for the interpolation.
    x, y, w, h = cv2.boundingRect(cv2.extractChannel(layer, 3))
    if not w:
        return
    ends = [(u, v) for u in (x - 1, x + w) for v in (y - 1, y + h)]
    # Plain numbers: NumPy takes microseconds for each step, and there are many.
    (xu, xv, x0), (yu, yv, y0) = (to_picture @ _grid(cam.crop_wh, layer.shape[0])).tolist()
    xs, ys = [xu * u + xv * v + x0 for u, v in ends], [yu * u + yv * v + y0 for u, v in ends]
    left, top = max(math.floor(min(xs)), 0), max(math.floor(min(ys)), 0)
    right = min(math.ceil(max(xs)) + 1, out.shape[1])
    bottom = min(math.ceil(max(ys)) + 1, out.shape[0])
    width, height = right - left, bottom - top
    if width < 2 or height < 2:
        return
    # A warp costs several times what a resize costs, and the map has no fine detail.
    shrink = min((_HATCHED_SIDE if hatched else _WARPED_SIDE) / max(width, height), 1.0)
    few_wh = (max(round(width * shrink), 1), max(round(height * shrink), 1))
    across, down = few_wh[0] / width, few_wh[1] / height
    to_few = np.array(
        [
            [across * xu, across * xv, across * (x0 - left + 0.5) - 0.5],
            [down * yu, down * yv, down * (y0 - top + 0.5) - 0.5],
        ]
    )
    few = cv2.warpAffine(layer, to_few, few_wh, flags=cv2.INTER_LINEAR)
    over = cv2.cvtColor(few, cv2.COLOR_BGRA2BGR)
    under = cv2.bitwise_not(cv2.extractChannel(few, 3))
    if few_wh != (width, height):
        over, under = cv2.resize(over, (width, height)), cv2.resize(under, (width, height))
    view = out[top:bottom, left:right]
    lay_over(view, cast(ImageU8, over), cast(ImageU8, cv2.merge((under, under, under))))


def coloured(cam: FaceMap, style: CamStyle, opacity: float, whole: bool = False) -> ImageU8:
    """Return a map over its crop, (S, S, 4) uint8: BGR times share, and share.

    A share of 255 hides the picture.
    """
    values, scale = cam.values, scale_of(cam, style)
    if not style.signed:
        values = np.maximum(values, 0.0)  # first: bicubic rings around what speaks against
    large = cv2.resize(values, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
    step, middle = (127.5 / scale, 127.5) if style.signed else (255.0 / scale, 0.0)
    index = cv2.addWeighted(large, step, large, 0.0, middle, dtype=cv2.CV_8U)  # rounds, clips
    table = _shared_colours(style.colours, style.signed)
    layer = table[index].view(np.uint8).reshape(_SIDE, _SIDE, 4)
    return cast(ImageU8, cv2.multiply(layer, _region(_SIDE, whole), scale=opacity / 255.0))


def scale_of(cam: FaceMap, style: CamStyle) -> float:
    """Return the value that gets full colour."""
    if style.scale == "fixed":
        return cam.full_scale
    return max(strongest(cam, style), _FLOOR * cam.full_scale)


def strongest(cam: FaceMap, style: CamStyle) -> float:
    """Return the largest of the values that are shown."""
    return float(np.abs(cam.values).max() if style.signed else cam.values.max())


def hatched_layer(cam: FaceMap, style: CamStyle, opacity: float, whole: bool = False) -> ImageU8:
    """Return a map that should not be believed as `coloured` returns others: pale, with stripes."""
    pale = coloured(cam, style, opacity * _HATCHED_SHARE, whole)
    stripes, gaps = _stripes(whole)
    layer = cv2.resize(pale, (_HATCHED_SIDE, _HATCHED_SIDE))
    return cast(ImageU8, cv2.add(cv2.multiply(layer, gaps, scale=1.0 / 255.0), stripes))


@lru_cache(maxsize=2)
def _stripes(whole: bool) -> tuple[ImageU8, ImageU8]:
    """Return diagonal stripes over a crop, as `coloured` returns a map, and what they leave.

    Both (S, S, 4) uint8; the latter is 255 less the stripes' share in each channel. Stripes are
    light with a dark edge, so that they are seen on any skin and any wall.
    """
    at = np.arange(_HATCHED_SIDE)
    phase = (at[None] + at[:, None]) * (_STRIPES / _HATCHED_SIDE) % 1.0
    edge = _HATCHED_SIDE / _STRIPES / 2.0
    drawn = np.zeros((_HATCHED_SIDE, _HATCHED_SIDE, 4))
    for middle, colour in ((0.5 - _STRIPE_WIDTH / 2.0, TEXT), (0.5 + _STRIPE_WIDTH / 2.0, CARD)):
        stripe = np.clip((_STRIPE_WIDTH / 2.0 - np.abs(phase - middle)) * edge + 0.5, 0.0, 1.0)
        drawn += stripe[..., None] * np.array([*bgr(colour), 255.0])
    share = region_mask(_HATCHED_SIDE, whole) * _STRIPE_SHARE
    layer: ImageU8 = np.rint(drawn * share[..., None]).astype(np.uint8)
    return layer, np.repeat(255 - layer[..., 3:], 4, axis=2)


@lru_cache(maxsize=32)
def _shared_colours(colours: CamColours, signed: bool) -> NDArray[np.uint32]:
    """Return (256,) of four bytes each: BGR times share, and share (see `cam_colours`)."""
    table, shares = cam_colours(colours, signed)
    layer = np.concatenate([table[:, 0] * shares, 255.0 * shares], axis=1)
    return np.ascontiguousarray(np.rint(layer).astype(np.uint8)).view(np.uint32)[:, 0]


@lru_cache(maxsize=8)
def _region(side: int, whole: bool) -> ImageU8:
    """Return `region_mask` in 0 to 255, (side, side, 4) uint8."""
    return cast(
        ImageU8, cv2.merge((np.rint(255.0 * region_mask(side, whole)).astype(np.uint8),) * 4)
    )


@lru_cache(maxsize=16)
def _grid(crop_wh: tuple[int, int], side: int) -> Matrix:
    """Return the (3, 3) matrix from a grid of `side` cells over a crop to its pixels."""
    across, down = crop_wh[0] / side, crop_wh[1] / side
    return np.array(
        [[across, 0.0, 0.5 * across - 0.5], [0.0, down, 0.5 * down - 0.5], [0.0, 0.0, 1.0]]
    )


@lru_cache(maxsize=8)
def region_mask(side: int, whole: bool = False) -> Float32Array:
    """Return (side, side) float32: 1 within the crop, falling softly to 0 in the outermost cells.

    A rounded square for a face; for a whole picture the whole crop.
    """
    x = np.abs((np.arange(side) + 0.5) / side * 2.0 - 1.0)
    power = 12.0 if whole else 3.5
    radius = (x[None] ** power + x[:, None] ** power) ** (1.0 / power)
    soft = 0.04 if whole else 0.25
    t = np.clip((1.0 - 1.0 / side - radius) / soft, 0.0, 1.0)
    mask: Float32Array = (t * t * (3.0 - 2.0 * t)).astype(np.float32)
    mask.flags.writeable = False
    return mask


def follow_box(matrix: Matrix, before: BoxXywh, now: BoxXywh) -> Matrix:
    """Return a crop matrix that follows a box on from where it was cut."""
    (x0, y0, w0, h0), (x1, y1, w1, h1) = before, now
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
