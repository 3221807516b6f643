"""Videos that are deep, odd, damaged in the middle or cut off: what can be played is played."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from facecam.capture.files import VideoFileSource
from facecam.types import Frame

from .conftest import WriteVideo, number_of, numbered


def frames_of(path: Path) -> tuple[list[Frame], VideoFileSource]:
    source = VideoFileSource(path)
    source.open()
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    return frames, source


def write(
    path: Path, codec: str, pixels: str, size_wh: tuple[int, int], frames: int = 8, **options: str
) -> Path:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=Fraction(20))
        stream.width, stream.height = size_wh
        stream.pix_fmt = pixels
        stream.options = options
        for index in range(frames):
            picture = av.VideoFrame.from_ndarray(numbered(index, size_wh), format="bgr24")
            picture.pts = index
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("deep.mkv", "ffv1", "yuv420p10le"),
        ("deep.mov", "prores_ks", "yuv422p10le"),
        ("grey.mkv", "ffv1", "gray16le"),
        ("full.mkv", "ffv1", "yuv444p12le"),
    ],
)
def test_deep_colour_comes_as_8_bit(tmp_path: Path, name: str, codec: str, pixels: str) -> None:
    frames, source = frames_of(write(tmp_path / name, codec, pixels, (64, 48)))
    assert [number_of(frame.image_bgr) for frame in frames] == list(range(8))
    assert [frame.source_s for frame in frames] == pytest.approx([i / 20 for i in range(8)])
    assert all(frame.image_bgr.dtype == np.uint8 for frame in frames)
    assert not source.truncated


@pytest.mark.parametrize("size_wh", [(65, 47), (3, 9), (63, 2), (321, 5)])
def test_odd_sizes_stay_as_they_are(tmp_path: Path, size_wh: tuple[int, int]) -> None:
    frames, source = frames_of(write(tmp_path / "odd.mkv", "ffv1", "yuv444p", size_wh))
    assert source.info.size_wh == size_wh
    assert len(frames) == 8
    assert {frame.image_bgr.shape for frame in frames} == {(size_wh[1], size_wh[0], 3)}


@pytest.mark.parametrize("name", ["clip.avi", "clip.mkv", "clip.mp4", "clip.ts"])
def test_damage_in_the_middle_costs_a_few_frames_and_keeps_the_times(
    write_video: WriteVideo, name: str
) -> None:
    codec = "mpeg2video" if name.endswith("ts") else "mjpeg"
    path = write_video(name, frames=60, fps=20, codec=codec, size_wh=(160, 120), noise=True)
    content = bytearray(path.read_bytes())
    at = len(content) // 2
    content[at : at + 2000] = np.random.default_rng(1).bytes(2000)
    path.write_bytes(content)
    frames, _ = frames_of(path)
    assert len(frames) >= 50
    times = [frame.source_s for frame in frames]
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(59 / 20, abs=0.11), "the end is where it was"


def test_variable_rate_with_a_long_pause(write_video: WriteVideo) -> None:
    pts = [0, 1, 2, 40, 41, 100]
    frames, source = frames_of(write_video("vfr.mkv", frames=6, fps=20, codec="mjpeg", pts=pts))
    assert [frame.source_s for frame in frames] == pytest.approx([p / 20 for p in pts], abs=1e-3)
    assert not source.truncated
