"""Make docs/cam.png: frames of the demo clip with the maps of two heads, as the window draws them.

    .venv/bin/python docs/make_cam_picture.py [MODEL]

The portraits in the clip are in the public domain (resources/portraits).
"""

import sys
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from facecam.capture.opening import DEMO_CLIP, make_source  # noqa: E402
from facecam.commands.pipeline_parts import analyzer_for_files, load_estimator  # noqa: E402
from facecam.types import CamChoice, ImageU8  # noqa: E402
from facecam.vision.cam_overlay import CamStyle  # noqa: E402
from facecam.vision.overlay import OverlayOptions, OverlayPainter  # noqa: E402

OUT = ROOT / "docs" / "cam.png"
SHOWN = ("smile", "glasses")
FRAME = 150  # both portraits are in view
BEFORE = 20  # frames to settle trackers and smoothing on
WIDTH = 640  # of each of the two


def explained_frame(head: str, model: str | None) -> ImageU8:
    """Return one frame of the demo clip with the map of a head, (720, 1280, 3) uint8 BGR."""
    estimator = load_estimator(model)
    analyzer = analyzer_for_files(estimator)
    analyzer.set_cam(CamChoice(head))
    painter = OverlayPainter()
    options = OverlayOptions(heads=frozenset({head}), cam=CamStyle(), scale=1.5)
    source = make_source(str(DEMO_CLIP))
    source.open()
    try:
        while (frame := source.read()) is not None:
            if frame.frame_id < FRAME - BEFORE:
                continue
            analysis = analyzer.step(frame)
            if frame.frame_id == FRAME:
                heads = estimator.package.heads
                return painter.draw(frame.image_bgr, analysis, heads, options=options)
    finally:
        source.close()
        analyzer.close()
        estimator.close()
    raise SystemExit(f"{DEMO_CLIP} has no frame {FRAME}.")


def main() -> None:
    """Write the picture."""
    model = sys.argv[1] if len(sys.argv) > 1 else None
    height = WIDTH * 9 // 16
    pictures = [
        cv2.resize(explained_frame(head, model), (WIDTH, height), interpolation=cv2.INTER_AREA)
        for head in SHOWN
    ]
    cv2.imwrite(str(OUT), np.hstack(pictures), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(OUT)


if __name__ == "__main__":
    main()
