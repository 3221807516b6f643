"""Make resources/portraits from public-domain photographs that installed packages carry.

Run with `python resources/make_portraits.py`; needs scikit-image and matplotlib (both only for the
pictures in them) and the face detector of this project. The outlines below were drawn by hand;
GrabCut refines them by a few pixels.
"""

import json
import sys
from contextlib import closing
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from facecam.types import ImageU8  # noqa: E402
from facecam.vision.mediapipe_detector import MediaPipeDetector  # noqa: E402

FOLDER = ROOT / "resources" / "portraits"
BAND_PX = 7  # how far GrabCut may move the outline
FADE_SHARE = 0.16  # of the height: the bust fades out below


class Original(NamedTuple):
    """A photograph in an installed package and the outline of the person in it (pixels)."""

    name: str
    package: str
    file: str
    outline: tuple[tuple[int, int], ...]


# fmt: off
ORIGINALS = (
    Original(
        "collins", "scikit-image", "skimage/data/astronaut.png",
        ((187, 178), (183, 137), (170, 128), (158, 112), (153, 88), (157, 62), (174, 35), (200, 18),
         (230, 15), (262, 23), (286, 40), (297, 65), (302, 95), (297, 118), (282, 129), (268, 137),
         (262, 160), (278, 178), (297, 203), (306, 230), (304, 243), (330, 258), (350, 285),
         (358, 320), (361, 346), (22, 346), (28, 325), (40, 285), (70, 250), (105, 226), (116, 207),
         (114, 192), (126, 173), (150, 156), (183, 149)),
    ),
    Original(
        "hopper", "matplotlib", "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
        ((153, 95), (172, 80), (183, 57), (214, 38), (232, 25), (262, 23), (290, 29), (306, 42),
         (335, 55), (351, 85), (373, 91), (373, 130), (370, 160), (374, 182), (376, 202),
         (368, 228), (364, 262), (361, 288), (346, 302), (332, 316), (345, 328), (400, 350),
         (480, 380), (496, 400), (507, 440), (511, 480), (25, 480), (33, 440), (45, 400),
         (60, 385), (130, 355), (180, 335), (200, 318), (190, 300), (166, 282), (161, 252),
         (153, 208), (153, 182), (164, 152), (153, 137)),
    ),
)
# fmt: on


def refine(image: ImageU8, outline: tuple[tuple[int, int], ...]) -> NDArray[np.float32]:
    """Return the (H, W) float32 opacity, 0 to 1, of the person inside a rough outline."""
    inside = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.array(outline, np.int32)], 1)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * BAND_PX + 1, 2 * BAND_PX + 1))
    surely, maybe = cv2.erode(inside, brush), cv2.dilate(inside, brush)
    state = np.where(inside > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    state[surely > 0] = cv2.GC_FGD
    state[maybe == 0] = cv2.GC_BGD
    cv2.setRNGSeed(0)
    cv2.grabCut(image, state, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    person = np.isin(state, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    person = cv2.morphologyEx(person, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    person = cv2.morphologyEx(person, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    person = cv2.medianBlur(person, 9)
    soft = cv2.GaussianBlur(person.astype(np.float32), (0, 0), 1.6)
    return np.clip((soft - 0.35) / 0.6, 0, 1)  # a little inside, away from the old background


def without_old_background(image: ImageU8, alpha: NDArray[np.float32]) -> ImageU8:
    """Give every pixel that is not fully the person the colour of the nearest one that is."""
    solid = alpha > 0.98
    _, labels = cv2.distanceTransformWithLabels(
        (~solid).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colour_of = np.zeros((int(labels.max()) + 1, 3), np.uint8)
    colour_of[labels[solid]] = image[solid]
    smooth = cv2.GaussianBlur(colour_of[labels], (0, 0), 1.5)
    return np.where(solid[:, :, None], image, smooth)


def cut_out(original: Original) -> tuple[NDArray[np.uint8], dict[str, object]]:
    """Return the (H, W, 4) uint8 BGRA cut-out and where its face is."""
    path = distribution(original.package).locate_file(original.file)
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert image is not None, path
    with closing(MediaPipeDetector()) as detector:
        face = detector.detect(image, 0.0)[0]
    alpha = refine(image, original.outline)
    bottom = max(y for _, y in original.outline)
    fade = np.clip((bottom - 2 - np.arange(image.shape[0])) / (FADE_SHARE * bottom), 0, 1)
    person = without_old_background(image, alpha)
    alpha = alpha * (fade * fade * (3 - 2 * fade))[:, None].astype(np.float32)
    rows, columns = np.nonzero(alpha > 0.004)
    x0, y0 = max(int(columns.min()) - 2, 0), max(int(rows.min()) - 2, 0)
    window = np.s_[y0 : int(rows.max()) + 3, x0 : int(columns.max()) + 3]
    sprite = np.dstack([person[window], np.rint(alpha[window] * 255).astype(np.uint8)])
    x, y, width, height = face.box_xywh
    return sprite, {
        "name": original.name,
        "file": f"{original.name}.webp",
        "box_xywh": [round(value, 1) for value in (x - x0, y - y0, width, height)],
        "keypoints": np.round(face.keypoints - (x0, y0), 1).tolist(),
    }


def main() -> None:
    """Write one WebP a portrait and portraits.json with the faces in them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    entries = []
    for original in ORIGINALS:
        sprite, entry = cut_out(original)
        ok, content = cv2.imencode(".webp", sprite, [cv2.IMWRITE_WEBP_QUALITY, 95])
        assert ok
        (FOLDER / str(entry["file"])).write_bytes(content.tobytes())
        entries.append(entry)
        print(entry["file"], sprite.shape, len(content), entry["box_xywh"])
    lines = ",\n".join("  " + json.dumps(entry) for entry in entries)
    (FOLDER / "portraits.json").write_text('{"portraits": [\n' + lines + "\n]}\n", "utf-8")


if __name__ == "__main__":
    main()
