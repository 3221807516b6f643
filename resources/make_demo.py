"""Make resources/demo.mp4, the clip that is shown where there is no camera.

Run with `python resources/make_demo.py [OUT.mp4] [--check]`; it needs nothing but the shipped
portraits (`make_portraits.py` makes those). `--check` counts the faces that the detector finds.

    0 - 5 s    two people look about, roll and come nearer
    5 - 9 s    they change sides, one passes behind the other
    9 - 12 s   one comes close, one goes far, a third looks in
    12 - 13 s  all leave
    13 - 16 s  nobody
    16 - 22 s  the first two come back, a cloud dims the light, and all is as at the beginning
"""

import argparse
import math
import sys
from collections.abc import Sequence
from contextlib import closing
from fractions import Fraction
from itertools import groupby
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from facecam.capture.opening import DEMO_CLIP  # noqa: E402
from facecam.capture.scene import Actor, Pose, Scene, load_sprite  # noqa: E402

SIZE_WH = (1280, 720)
FPS = 30
SECONDS = 22
SEED = 3
FloatArray = NDArray[np.float64]

# Time in s, centre of the face in px, side of its box in px, roll in degrees; AWAY: not there
# until the next key.
AWAY = None
COLLINS = (
    (0.0, 400, 405, 165, -4),
    (1.5, 350, 375, 175, 9),
    (3.2, 450, 425, 195, -14),
    (5.0, 390, 395, 170, 3),
    (6.8, 650, 420, 150, 8),
    (8.6, 900, 395, 145, -6),
    (10.2, 990, 330, 100, 6),
    (11.8, 960, 310, 84, -5),
    (12.8, 1150, 375, 120, -10),
    (13.8, 1620, 405, 150, -12),
    AWAY,
    (15.4, -420, 415, 160, 14),
    (17.6, 250, 425, 165, 10),
    (19.2, 380, 395, 185, -9),
    (20.6, 430, 415, 175, 6),
    (22.0, 400, 405, 165, -4),
)
HOPPER = (
    (0.0, 880, 485, 190, 5),
    (1.6, 930, 505, 200, -8),
    (3.3, 850, 465, 225, 10),
    (5.0, 900, 485, 195, -3),
    (6.8, 640, 490, 205, -9),
    (8.6, 380, 485, 210, 6),
    (10.4, 430, 450, 310, -4),
    (11.8, 400, 440, 300, 5),
    (12.9, 120, 460, 260, 12),
    (13.9, -520, 480, 240, 14),
    AWAY,
    (15.8, 1800, 505, 210, -12),
    (17.4, 1010, 495, 200, -8),
    (19.4, 860, 470, 215, 10),
    (20.8, 900, 495, 200, -5),
    (22.0, 880, 485, 190, 5),
)
THIRD = (
    (9.2, 760, 1200, 120, 0),
    (10.4, 735, 330, 125, 10),
    (11.6, 720, 300, 130, -8),
    (12.4, 725, 420, 130, -4),
    (13.4, 740, 1200, 120, 0),
)


Key = tuple[float, float, float, float, float]


class KeyedPath:
    """A smooth path through key poses (cubic Hermite, slopes from the neighbours)."""

    def __init__(self, keys: Sequence[Key | None]) -> None:
        self._pieces: list[tuple[FloatArray, FloatArray, FloatArray]] = []
        for is_there, group in groupby(keys, key=lambda key: key is not AWAY):
            if is_there:
                table = np.array(list(group), float)
                times, values = table[:, 0], table[:, 1:]
                slopes = np.gradient(values, times, axis=0)
                slopes[[0, -1]] = 0.0  # at rest where the loop closes
                self._pieces.append((times, values, slopes))

    def __call__(self, t_s: float) -> Pose | None:
        """Return the pose at a time, None while away."""
        for times, values, slopes in self._pieces:
            if times[0] <= t_s <= times[-1]:
                i = min(int(np.searchsorted(times, t_s, "right")) - 1, len(times) - 2)
                span = times[i + 1] - times[i]
                u = (t_s - times[i]) / span
                value = (
                    (1 + 2 * u) * (1 - u) ** 2 * values[i]
                    + u * (1 - u) ** 2 * span * slopes[i]
                    + u * u * (3 - 2 * u) * values[i + 1]
                    + u * u * (u - 1) * span * slopes[i + 1]
                )
                return Pose(*(float(number) for number in value))
        return None


def light(t_s: float) -> float:
    """Return the brightness: a cloud passes between 17 and 20.5 s."""
    if not 17.0 < t_s < 20.5:
        return 1.0
    return 1.0 - 0.55 * math.sin(math.pi * (t_s - 17.0) / 3.5) ** 2


def demo_scene() -> Scene:
    """Return the choreographed scene."""
    actors = [
        Actor(load_sprite("collins", True, "warm"), KeyedPath(THIRD)),
        Actor(load_sprite("collins"), KeyedPath(COLLINS)),
        Actor(load_sprite("hopper"), KeyedPath(HOPPER)),
    ]
    return Scene(SIZE_WH, actors, seed=SEED, light=light)


def write(path: Path) -> None:
    """Encode the clip as H.264 in MP4, playable everywhere, its index in front."""
    scene = demo_scene()
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height = SIZE_WH
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.options = {"crf": "21", "preset": "slow", "g": "60"}
        for index in range(SECONDS * FPS):
            frame = av.VideoFrame.from_ndarray(scene.render(index / FPS), format="bgr24")
            frame.pts = index
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def check(path: Path) -> None:
    """Print, second by second, how many faces are there and how many the detector finds."""
    from facecam.capture.files import VideoFileSource
    from facecam.vision.mediapipe_detector import MediaPipeDetector

    scene = demo_scene()
    source = VideoFileSource(path)
    source.open()
    found = np.zeros(SECONDS, int)
    there = np.zeros(SECONDS, int)
    with closing(MediaPipeDetector()) as detector:
        while (frame := source.read()) is not None:
            second = min(int(frame.source_s), SECONDS - 1)
            found[second] += len(detector.detect(frame.image_bgr, frame.source_s))
            there[second] += sum(face.visible > 0.6 for face in scene.truth(frame.source_s))
    source.close()
    for second in range(SECONDS):
        print(f"{second:3d} s  found {found[second]:4d}  visible {there[second]:4d}")
    print(f"all    found {found.sum():4d}  visible {there.sum():4d}")


def main() -> None:
    """Write the clip, and check it when asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", nargs="?", type=Path, default=DEMO_CLIP)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    write(options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB")
    if options.check:
        check(options.out)


if __name__ == "__main__":
    main()
