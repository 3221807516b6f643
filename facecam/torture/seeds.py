"""Sound files to damage: small, one of each kind that the app reads."""

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.capture.decoders import set_up_decoders
from facecam.capture.synthetic import SyntheticSource
from facecam.inference.package import MODELS_DIR
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.pipeline.session import Session
from facecam.pipeline.status import SessionOptions
from facecam.recording.request import RecordingRequest
from facecam.recording.session_folder import STATS_FILE
from facecam.settings import Settings, SettingsStore
from facecam.torture.knowing_detector import KnowingDetector
from facecam.torture.resources import wait_until
from facecam.types import ImageU8
from facecam.vision.tracker import FaceTracker

# Container and name of an encoder that PyAV's FFmpeg has, with the pixel format it takes.
_VIDEOS = (
    ("mp4", "libx264", "yuv420p"),
    ("mp4", "mpeg4", "yuv420p"),
    ("mkv", "ffv1", "yuv420p10le"),
    ("mkv", "libx265", "yuv420p"),
    ("webm", "libvpx-vp9", "yuv420p"),
    ("avi", "mjpeg", "yuvj420p"),
    ("mov", "prores_ks", "yuv422p10le"),
    ("ts", "mpeg2video", "yuv420p"),
    ("gif", "gif", "rgb8"),
    ("flv", "flv1", "yuv420p"),
    ("mjpeg", "mjpeg", "yuvj420p"),
    ("y4m", "wrapped_avframe", "yuv420p"),
)
_READINGS = {
    "age": {"value": 31.5, "low": 25.0, "high": 40.0},
    "gender": {"label": "female", "p": 0.8, "probs": {"female": 0.8, "male": 0.2}},
    "smile": {"p": 0.3, "on": False, "unsure": "small"},
    "marks": {"probs": {"hat": 0.2, "beard": 0.9}, "on": ["beard"]},
}
_PICTURES = ("jpg", "png", "webp", "bmp", "tiff", "ppm", "jp2", "hdr", "avif")


def moving_picture(number: int, size_wh: tuple[int, int] = (64, 48)) -> ImageU8:
    """Return a picture with edges and colours that moves with its number."""
    width, height = size_wh
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    planes = [(x * 3 + number * 7) % 256, (y * 5 + number * 3) % 256, (x * y + number) % 256]
    return np.ascontiguousarray(np.stack(planes, axis=2).astype(np.uint8))


def make_videos(folder: Path, frames: int = 12) -> list[Path]:
    """Write one video of each kind whose encoder is there; return them."""
    import av

    made = []
    for number, (suffix, codec, pixel_format) in enumerate(_VIDEOS):
        path = folder / f"video{number}.{suffix}"
        try:
            with av.open(str(path), "w") as container:
                stream: Any = container.add_stream(codec, rate=Fraction(20))
                stream.width, stream.height = 64, 48
                stream.pix_fmt = pixel_format
                if codec == "libx265":
                    stream.options = {"x265-params": "log-level=none"}
                for index in range(frames):
                    picture = av.VideoFrame.from_ndarray(moving_picture(index), format="bgr24")
                    picture.pts = index
                    container.mux(stream.encode(picture))
                container.mux(stream.encode(None))
        except (av.FFmpegError, ValueError):
            path.unlink(missing_ok=True)  # an encoder or a container that is not built in
        else:
            made.append(path)
    return made


def make_pictures(folder: Path) -> list[Path]:
    """Write pictures of each kind that OpenCV writes, also deep, grey and transparent ones."""
    set_up_decoders()  # keeps OpenCV quiet about kinds that do not take such pixels
    colour = moving_picture(1)
    alpha = np.dstack([colour, colour[:, :, :1]])
    variants: dict[str, NDArray[Any]] = {
        "colour": colour,
        "grey": colour[:, :, 0],
        "alpha": alpha,
        "deep": colour.astype(np.uint16) * 257,
    }
    made = []
    for suffix in _PICTURES:
        for name, picture in variants.items():
            path = folder / f"{name}.{suffix}"
            try:
                if cv2.imwrite(str(path), picture):
                    made.append(path)
            except cv2.error:
                path.unlink(missing_ok=True)
    jpeg = folder / "colour.jpg"
    turned = folder / "turned.jpg"
    # An EXIF block that asks for a quarter turn.
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    block = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    content = jpeg.read_bytes()
    turned.write_bytes(content[:2] + block + content[2:])
    return [*made, turned]


def make_settings(folder: Path) -> list[Path]:
    """Write a settings file in which every value is set."""
    path = folder / "settings.json"
    store = SettingsStore(path)
    store.save(Settings(source="0", model="face-stats", heads_hidden=("age", "gender")))
    return [path]


def make_session(folder: Path, frames: int = 40) -> list[Path]:
    """Record a session folder, with readings written into its statistics."""
    source = SyntheticSource(2, size_wh=(160, 90), fps=20.0, seconds=frames / 20.0)
    session = Session(
        lambda: source,
        lambda: FrameAnalyzer(KnowingDetector(source, 20.0), FaceTracker()),
        options=SessionOptions(as_fast_as_possible=True),
    )
    request = RecordingRequest(folder / "made.mp4")
    session.start_recording(request)
    session.start()
    wait_until(lambda: _is_recorded(session), 60.0)
    session.stop()
    stats = request.folder / STATS_FILE
    lines = [json.loads(line) for line in stats.read_text("utf-8").splitlines()]
    for face in (face for line in lines for face in line.get("faces", [])):
        face["heads"] = _READINGS
    stats.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return [request.folder]


def _is_recorded(session: Session) -> bool:
    recording = session.status().recording
    return recording is not None and not recording.running


def make_recipes(folder: Path) -> list[Path]:
    """Copy the shipped recipes."""
    recipes = sorted((MODELS_DIR.parent / "resources" / "recipes").glob("*.yaml"))
    return [Path(shutil.copy(recipe, folder)) for recipe in recipes]


def make_package(folder: Path) -> list[Path]:
    """Copy the shipped model package."""
    package = folder / "package"
    shutil.copytree(MODELS_DIR / "face-stats", package, ignore=shutil.ignore_patterns("report"))
    return [package]


def make_manifest(folder: Path) -> list[Path]:
    """Write a manifest of a few pictures, which lie beside it."""
    rows = ["path,split,subject,gender,age,mask"]
    for index in range(12):
        name = f"face{index}.jpg"
        cv2.imwrite(str(folder / name), moving_picture(index))
        split = ("train", "val", "test")[index % 3]
        rows.append(f"{name},{split},s{index},{('female', 'male')[index % 2]},{20 + index},")
    path = folder / "manifest.csv"
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return [path]
