"""Pictures of maps: heat map, overlay, and panels of several side by side."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.training.explain.methods import TITLES
from facecam.training.explain.pictures import ExplainedFace, ExplainedMap
from facecam.training.explain.placing import on_crop
from facecam.types import FaceMap, Float32Array, ImageU8
from facecam.vision.cam_colours import CamColours, cam_colours
from facecam.vision.cam_overlay import CamStyle, crop_to_picture, draw_map

HEAT_SIDE = 320
_OPACITY = 0.65  # a little more than live, where the face behind matters more


@dataclass(frozen=True)
class Look:
    """How maps are drawn: their colours, and whether what speaks against is shown too."""

    colours: CamColours = "viridis"
    signed: bool = False


def heat_picture(face: ExplainedFace, item: ExplainedMap, look: Look) -> ImageU8:
    """Return a map alone as a BGR picture of the crop's shape."""
    height, width = face.crop_rgb.shape[:2]
    scale = HEAT_SIDE / max(width, height)
    size_wh = (round(width * scale), round(height * scale))
    return coloured(on_crop(scaled(item.values), size_wh), look)


def coloured(share: Float32Array, look: Look) -> ImageU8:
    """Return (H, W, 3) uint8 BGR of a map (H, W) whose full scale is 1 (and -1 when signed)."""
    steps = 127.5 * share + 127.5 if look.signed else 255.0 * share
    index = np.clip(steps, 0.0, 255.0).astype(np.uint8)
    table, _ = cam_colours(look.colours, look.signed)
    return np.asarray(cv2.applyColorMap(index, table), np.uint8)


def scaled(values: Float32Array) -> Float32Array:
    """Return a map divided by its largest absolute value, or all zeros.

    Of the absolute ones: where hardly anything speaks for a class and much against it, a map that
    shows only the former stays dark, as it should.
    """
    return values / _full_scale(values)


def crop_overlay(face: ExplainedFace, item: ExplainedMap, look: Look) -> ImageU8:
    """Return the crop with a map over it, BGR."""
    out = np.ascontiguousarray(face.crop_rgb[..., ::-1])
    _draw(out, face, item, np.eye(2, 3), look, whole=True)
    return out


def picture_overlay(
    image_bgr: ImageU8, face: ExplainedFace, item: ExplainedMap, look: Look
) -> ImageU8:
    """Return the whole picture with a map over its face, BGR, drawn as it is live."""
    out = image_bgr.copy()
    size_wh = (out.shape[1], out.shape[0])
    back = crop_to_picture(face.matrix, size_wh, size_wh)
    _draw(out, face, item, back, look, whole=face.score is None)
    return out


def _draw(
    out: ImageU8,
    face: ExplainedFace,
    item: ExplainedMap,
    to_picture: NDArray[np.float64],
    look: Look,
    *,
    whole: bool,
) -> None:
    crop_wh = (face.crop_rgb.shape[1], face.crop_rgb.shape[0])
    scale = _full_scale(item.values)
    head = item.target.head.name
    style = CamStyle(opacity=_OPACITY, colours=look.colours, signed=look.signed)
    cam = FaceMap(head, item.target.class_name, item.values, crop_wh, scale)
    draw_map(out, cam, to_picture, style, whole=whole)


def _full_scale(values: Float32Array) -> float:
    return float(np.abs(values).max()) or 1.0


def panel(faces: Sequence[ExplainedFace], *, title: str, look: Look = Look()) -> bytes:
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
            over = crop_overlay(face, item, look)[..., ::-1]
            if single:
                cells.append((heat_picture(face, item, look)[..., ::-1], name))
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
