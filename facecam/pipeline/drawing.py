"""The overlay on recorded pictures."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from facecam.inference.package import ModelPackage
from facecam.types import Analysis, ImageU8
from facecam.vision.overlay import OverlayOptions


class RecordedDrawing:
    """Draws the overlay on one picture after another. Owned by one thread.

    Args:
        options: How to draw.
        package: Returns the model package of a name, or None.

    Attributes:
        options: How to draw; may be changed from any thread and acts from the next picture on.
    """

    def __init__(
        self, options: OverlayOptions, package: Callable[[str], ModelPackage | None]
    ) -> None:
        self.options = replace(options, blur=False)  # done before, for all videos alike
        self._package = package
        self._painter: Any = None

    def draw(self, image_bgr: ImageU8, analysis: Analysis | None) -> ImageU8:
        """Return the picture with boxes and cards; without an analysis only mirrored."""
        if self._painter is None:
            from facecam.vision.overlay import OverlayPainter  # loads fonts

            self._painter = OverlayPainter()
        if analysis is None:
            height, width = image_bgr.shape[:2]
            analysis = Analysis(0, 0.0, 0.0, 0.0, (), (width, height))
        package = self._package(analysis.model)
        heads = package.heads if package is not None else ()
        drawn: ImageU8 = self._painter.draw(image_bgr, analysis, heads, options=self.options)
        return drawn
