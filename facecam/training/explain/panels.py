"""Pictures of maps: heat map, overlay, and panels of several side by side."""

import io
import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.training.explain.methods import TITLES
from facecam.training.explain.pictures import ExplainedFace, ExplainedMap
from facecam.training.explain.placing import on_crop, on_picture
from facecam.types import Float32Array, ImageU8

OPACITY = 0.75  # chosen by eye: the face stays readable under full colour
HEAT_SIDE = 320
_COLOURS = {"cividis": cv2.COLORMAP_CIVIDIS, "inferno": cv2.COLORMAP_INFERNO}
_COLOURS |= {"viridis": cv2.COLORMAP_VIRIDIS, "jet": cv2.COLORMAP_JET}
COLOURS = tuple(_COLOURS)
_FOR, _AGAINST = (40, 120, 235), (220, 130, 30)  # BGR orange and blue, told apart by everybody


def coloured(share: Float32Array, colours: str = "inferno", *, signed: bool = False) -> ImageU8:
    """Return (H, W, 3) uint8 BGR of a map (H, W) whose full scale is 1 (and -1 when signed)."""
    if not signed:
        grey = np.rint(np.clip(share, 0.0, 1.0) * 255).astype(np.uint8)
        return np.asarray(cv2.applyColorMap(grey, _COLOURS[colours]), np.uint8)
    strength = np.clip(np.abs(share), 0.0, 1.0)[..., None]
    end = np.where(share[..., None] >= 0, np.array(_FOR), np.array(_AGAINST))
    return np.rint(255 + (end - 255) * strength).astype(np.uint8)


def overlay(
    image_bgr: ImageU8,
    share: Float32Array,
    cover: Float32Array | None = None,
    colours: str = "inferno",
    *,
    signed: bool = False,
) -> ImageU8:
    """Return the picture with a map over it; what is near zero stays as it is.

    Args:
        image_bgr: (H, W, 3) uint8.
        share: (H, W) map whose full scale is 1.
        cover: (H, W) 0..1, where the map holds; None is everywhere.
        colours: One of `COLOURS`.
        signed: Also show what is negative.
    """
    strength = np.abs(share) if signed else np.maximum(share, 0.0)
    alpha = OPACITY * np.clip(strength, 0.0, 1.0) ** 0.7
    if cover is not None:
        alpha = alpha * cover
    over = coloured(share, colours, signed=signed).astype(np.float32)
    if signed:  # white would fog what is near zero: full colour, the strength is in alpha
        over = np.where(share[..., None] >= 0, np.array(_FOR), np.array(_AGAINST)).astype(
            np.float32
        )
    mixed = image_bgr + (over - image_bgr) * alpha[..., None]
    return np.rint(mixed).astype(np.uint8)


def scaled(values: Float32Array) -> Float32Array:
    """Return a map divided by its largest absolute value, or all zeros.

    Of the absolute ones: where hardly anything speaks for a class and much against it, a map that
    shows only the former stays dark, as it should.
    """
    top = float(np.abs(values).max())
    return values / top if top > 0 else np.zeros_like(values)


def heat_picture(item: ExplainedMap, colours: str, *, signed: bool) -> ImageU8:
    """Return a map alone as a square BGR picture."""
    share = scaled(item.values)
    return coloured(on_crop(share, (HEAT_SIDE, HEAT_SIDE)), colours, signed=signed)


def crop_overlay(face: ExplainedFace, item: ExplainedMap, colours: str, *, signed: bool) -> ImageU8:
    """Return the crop with a map over it, BGR."""
    side = (face.crop_rgb.shape[1], face.crop_rgb.shape[0])
    share = on_crop(scaled(item.values), side)
    return overlay(face.crop_rgb[..., ::-1], share, None, colours, signed=signed)


def picture_overlay(
    image_bgr: ImageU8, face: ExplainedFace, item: ExplainedMap, colours: str, *, signed: bool
) -> ImageU8:
    """Return the whole picture with a map over its face, BGR."""
    side = (face.crop_rgb.shape[1], face.crop_rgb.shape[0])
    share = on_crop(scaled(item.values), side)
    height, width = image_bgr.shape[:2]
    placed, cover = on_picture(share, face.matrix, (width, height))
    return overlay(image_bgr, placed, cover, colours, signed=signed)


def panel(
    faces: Sequence[ExplainedFace], *, title: str, colours: str = "inferno", signed: bool = False
) -> bytes:
    """Return one PNG: a row for each face and class, a column for each method and layer.

    With a single method and layer the row is picture, heat map, overlay; with more it is the
    picture and the overlays.
    """
    rows = [(face, row) for face in faces for row in _by_class(face)]
    ways = [(item.method, item.layer) for item in rows[0][1]]
    single = len(ways) == 1
    columns = 3 if single else 1 + len(ways)
    figure = new_figure(columns, len(rows), title)
    several_layers = len({layer for _, layer in ways}) > 1
    for r, (face, maps) in enumerate(rows):
        cells: list[tuple[Any, str]] = [(face.crop_rgb, "picture")]
        for item in maps:
            name = TITLES[item.method] + (f"\n{item.layer}" if several_layers else "")
            over = crop_overlay(face, item, colours, signed=signed)[..., ::-1]
            if single:
                cells.append((heat_picture(item, colours, signed=signed)[..., ::-1], name))
                cells.append((over, "overlay"))
            else:
                cells.append((over, name))
        for c, (picture, name) in enumerate(cells):
            axes = figure.add_subplot(len(rows), columns, r * columns + c + 1)
            show(axes, picture, name if r == 0 else "")
            if c == 0:
                axes.set_ylabel(f"{maps[0].target.label}\n{_value(maps[0])}", fontsize=9)
    return png_of(figure)


def _by_class(face: ExplainedFace) -> list[list[ExplainedMap]]:
    rows: dict[str, list[ExplainedMap]] = {}
    for item in face.maps:
        rows.setdefault(f"{item.target.head.name}:{item.target.class_name}", []).append(item)
    return list(rows.values())


def _value(item: ExplainedMap) -> str:
    unit = getattr(item.target.head, "unit", None)
    if item.target.explains == "expected value":
        return f"{item.value:.1f} {unit or ''}".strip()
    return f"{item.target.explains} {item.value:.2f}"


def new_figure(columns: int, rows: int, title: str, *, cell: float = 1.9) -> Any:
    """Return an empty matplotlib figure for a grid of pictures; needs no display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(cell * columns + 0.7, cell * rows + 0.75), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=10)
    return figure


def show(axes: Any, picture_rgb: NDArray, title: str) -> None:
    """Draw one picture without ticks."""
    axes.imshow(picture_rgb)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    if title:
        axes.set_title(title, fontsize=9)


def png_of(figure: Any) -> bytes:
    """Return a figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()


def grid_shape(count: int) -> tuple[int, int]:
    """Return columns and rows that hold `count` cells in about a square."""
    columns = max(1, math.ceil(math.sqrt(count)))
    return columns, math.ceil(count / columns)
