"""Frames made ready to be shown: resized to the screen's own pixels, mirrored, drawn upon.

The overlay is drawn after resizing, so that its lines and words are as sharp and as large in a
small window as in a big one. It is drawn by `facecam.vision.overlay`, as in recordings.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from facecam.gui.stat_rows import HeadView
from facecam.types import Analysis, Frame, ImageU8

if TYPE_CHECKING:
    from facecam.vision.cam_colours import CamColours
    from facecam.vision.cam_overlay import CamStyle
    from facecam.vision.overlay import OverlayOptions, OverlayPainter

_OLD_S = 0.5  # a face has moved on from where it was so long ago (chosen by eye)
_LEAST, _MOST = 0.85, 1.5
_OVERLAY_LEAST = 0.76  # below this share of 1280x720 the overlay's own words grow no smaller


@dataclass(frozen=True, slots=True)
class CamLook:
    """How class activation maps look.

    Attributes:
        opacity: Of full colour, 0 to 1.
        colours: Name of the colour map.
        signed: What speaks against is drawn as well.
        per_frame: Full colour is each map's own maximum instead of a fixed amount.
    """

    opacity: float = 0.55
    colours: "CamColours" = "viridis"
    signed: bool = False
    per_frame: bool = False


@dataclass(frozen=True, slots=True)
class ShowOptions:
    """How a frame is shown.

    Attributes:
        mirror: As in a mirror; words stay readable.
        bars: With boxes and bars.
        lang: Language of the words in the picture.
        selected: Track whose box stands out, or None.
        hidden: Names of the heads that are not drawn.
        ratio: Device pixels per logical pixel.
        cam: How the maps of what a reading looks at are drawn; None for no maps.
        ring: Draw the stats as a ring around each face instead of a card beside it.
        blur: Blur every face.
    """

    mirror: bool = False
    bars: bool = True
    lang: str = "en"
    selected: int | None = None
    hidden: frozenset[str] = frozenset()
    ratio: float = 1.0
    cam: CamLook | None = None
    ring: bool = False
    blur: bool = False

    @property
    def draws(self) -> bool:
        """Whether anything at all is drawn on the video."""
        return self.bars or self.cam is not None or self.blur


class Composer:
    """Makes one shown picture after another. Owned by the Qt thread."""

    def __init__(self) -> None:
        self._painter: OverlayPainter | None = None

    def compose(
        self,
        frame: Frame,
        analysis: Analysis | None,
        heads: Sequence[HeadView],
        size_wh: tuple[int, int],
        options: ShowOptions,
    ) -> ImageU8:
        """Return a (height, width, 3) uint8 BGR picture of `size_wh` pixels.

        It may be the frame's own picture, so it is not to be written to.

        Args:
            frame: What the source gave; never written to.
            analysis: Newest analysis, of this or of an older frame.
            heads: All heads of the model; their order gives the colours.
            size_wh: Size in device pixels.
            options: How to show it.
        """
        import cv2  # late: the window is on the screen before cv2 is needed

        image = showable(frame, analysis, options)
        height, width = image.shape[:2]
        own = (width, height) != size_wh
        if own:
            shrinks = size_wh[0] < 0.6 * width
            way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            image = cast("ImageU8", cv2.resize(image, size_wh, interpolation=way))
        if analysis is None or not options.draws:
            return cast("ImageU8", cv2.flip(image, 1)) if options.mirror else image
        if self._painter is None:
            from facecam.vision.overlay import OverlayPainter

            self._painter = OverlayPainter()
        return self._painter.draw(
            image,
            analysis,
            heads,
            options=overlay_options(heads, options, _scale(size_wh, options.ratio)),
            out=image if own else None,
        )


def showable(frame: Frame, analysis: Analysis | None, options: ShowOptions) -> ImageU8:
    """Return a frame's own picture, or where faces are to be blurred an unrecognisable one.

    The latter while nobody knows where faces are now: nothing is shown that could be one.
    """
    if options.blur and (analysis is None or frame.captured_s - analysis.captured_s > _OLD_S):
        return unrecognisable(frame.image_bgr)
    return frame.image_bgr


def unrecognisable(image_bgr: ImageU8) -> ImageU8:
    """Return a picture of the same size in which nobody can be recognised anywhere.

    Args:
        image_bgr: (H, W, 3) uint8 BGR; not written to.
    """
    import cv2

    height, width = image_bgr.shape[:2]
    # 16 cells across: a face that fills a third of the picture is left with five.
    cells = (min(16, width), max(1, min(round(16 * height / width), height)))
    small = cv2.resize(image_bgr, cells, interpolation=cv2.INTER_AREA)
    return cast("ImageU8", cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def draw_at_full_size(
    image_bgr: ImageU8, analysis: Analysis, heads: Sequence[HeadView], options: ShowOptions
) -> ImageU8:
    """Return a copy of a frame's picture with boxes and bars, as a recording has them."""
    from facecam.vision.overlay import draw_overlay

    return draw_overlay(image_bgr, analysis, heads, options=overlay_options(heads, options))


def overlay_options(
    heads: Sequence[HeadView], options: ShowOptions, scale: float = 1.0
) -> "OverlayOptions":
    """Return what the overlay is told, in the window and in recordings alike."""
    from facecam.vision.overlay import OverlayOptions

    names = frozenset(head.name for head in heads)
    return OverlayOptions(
        # All of them by None, which holds for the next model as well.
        heads=names - options.hidden if names & options.hidden else None,
        show_boxes=options.bars,
        show_bars=options.bars,
        lang=options.lang,
        mirror=options.mirror,
        scale=scale,
        selected=options.selected,
        cam=_cam_style(options.cam),
        ring=_ring(heads) - options.hidden if options.ring else frozenset(),
        blur=options.blur,
    )


def _ring(heads: Sequence[HeadView]) -> frozenset[str]:
    return frozenset(head.name for head in heads if head.kind == "sigmoid")


def _cam_style(look: CamLook | None) -> "CamStyle | None":
    from facecam.vision.cam_overlay import CamStyle

    if look is None:
        return None
    return CamStyle(
        opacity=look.opacity,
        colours=look.colours,
        signed=look.signed,
        scale="frame" if look.per_frame else "fixed",
    )


def _scale(size_wh: tuple[int, int], ratio: float) -> float:
    """Return the overlay's scale that keeps its words readable on this screen.

    The overlay suits its words to the number of pixels; on a screen what counts is their size in
    logical pixels, which is kept between those of a small and of a large window.
    """
    natural = math.sqrt(size_wh[0] * size_wh[1] / (1280 * 720))
    wanted = ratio * min(max(natural / ratio, _LEAST), _MOST)
    return wanted / max(natural, _OVERLAY_LEAST)
