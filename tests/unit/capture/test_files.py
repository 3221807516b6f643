"""Video files, pictures and folders as sources."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from facecam.capture.files import (
    FOLDER_STEP_S,
    VideoFileSource,
    folder_source,
    picture_source,
)
from facecam.errors import MediaFileError
from facecam.types import Frame
from tests.fakes import FakeClock

from .conftest import WriteVideo, number_of, numbered


def read_all(source: VideoFileSource) -> list[Frame]:
    source.open()
    frames: list[Frame] = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    return frames


def test_video_gives_every_frame_once_in_order(write_video: WriteVideo) -> None:
    clock = FakeClock()
    source = VideoFileSource(write_video(frames=10, fps=20), clock=clock)
    frames = read_all(source)
    assert [number_of(frame.image_bgr) for frame in frames] == list(range(10))
    assert [frame.frame_id for frame in frames] == list(range(10))
    assert [frame.source_s for frame in frames] == pytest.approx([i / 20 for i in range(10)])
    assert {frame.captured_s for frame in frames} == {clock.now_s}
    assert not source.truncated


def test_info_of_a_video(write_video: WriteVideo) -> None:
    source = VideoFileSource(write_video(frames=10, fps=20))
    source.open()
    source.close()
    info = source.info
    assert (info.name, info.kind, info.live) == ("clip.mp4", "file", False)
    assert (info.size_wh, info.fps, info.frame_count) == ((64, 48), 20.0, 10)


def test_presentation_times_of_uneven_frames_are_kept(write_video: WriteVideo) -> None:
    pts = [0, 1, 2, 10, 11, 30, 31, 32]
    path = write_video("uneven.mkv", frames=8, fps=20, pts=pts)
    times = [frame.source_s for frame in read_all(VideoFileSource(path))]
    assert times == pytest.approx([tick / 20 for tick in pts], abs=2e-3)


def test_times_count_from_the_first_frame(write_video: WriteVideo) -> None:
    path = write_video("late.mkv", frames=4, fps=20, pts=[100, 101, 102, 103])
    times = [frame.source_s for frame in read_all(VideoFileSource(path))]
    assert times == pytest.approx([0.0, 0.05, 0.1, 0.15], abs=2e-3)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mov", "mpeg4"), ("a.avi", "mjpeg"), ("a.gif", "gif"), ("a.mkv", "mpeg4")],
)
def test_other_containers(write_video: WriteVideo, name: str, codec: str) -> None:
    frames = read_all(VideoFileSource(write_video(name, codec=codec, frames=6)))
    assert len(frames) == 6
    assert all(frame.image_bgr.shape == (48, 64, 3) for frame in frames)
    times = [frame.source_s for frame in frames]
    assert times == pytest.approx([i / 20 for i in range(6)], abs=0.011)


def test_raw_stream_without_duration_or_times(write_video: WriteVideo) -> None:
    path = write_video("raw.m4v", frames=9)
    source = VideoFileSource(path)
    times = [frame.source_s for frame in read_all(source)]
    assert len(times) == 9
    assert times == sorted(set(times))
    assert not source.truncated


def test_matroska_without_duration(tmp_path: Path, write_video: WriteVideo) -> None:
    """As a recorder that was killed leaves it: live Matroska states no length."""
    path = write_video("live.mkv", frames=9, options={"live": "1"})
    source = VideoFileSource(path)
    frames = read_all(source)
    assert len(frames) == 9
    assert source.info.frame_count is None
    assert not source.truncated


@pytest.mark.parametrize(
    ("degrees", "matrix", "corner"),
    [
        (90, (0, 1, -1, 0), "top right"),
        (180, (-1, 0, 0, -1), "bottom right"),
        (270, (0, -1, 1, 0), "bottom left"),
    ],
)
def test_rotation_metadata_is_honoured(
    tmp_path: Path, degrees: int, matrix: tuple[int, ...], corner: str
) -> None:
    """A telephone held upright writes lying frames and a rotation into the track's header."""
    import av

    path = tmp_path / "phone.mp4"
    image = np.zeros((64, 96, 3), np.uint8)
    image[:32, :32] = 255  # the top left of the stored frames
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for index in range(3):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    content = bytearray(path.read_bytes())
    # The track header's matrix: 40 bytes after its version field (ISO 14496-12, version 0).
    at = content.index(b"tkhd") + 4 + 40
    a, b, c, d = (value << 16 for value in matrix)
    content[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)

    source = VideoFileSource(path)
    frames = read_all(source)
    upright = frames[0].image_bgr
    expected = (96, 64) if degrees in (90, 270) else (64, 96)
    assert upright.shape[:2] == expected
    assert source.info.size_wh == (expected[1], expected[0])
    patch = {
        "top right": upright[4:28, -28:-4],
        "bottom right": upright[-28:-4, -28:-4],
        "bottom left": upright[-28:-4, 4:28],
    }[corner]
    assert patch.mean() > 200
    assert upright.mean() < 100


def test_cut_off_video_ends_cleanly_and_says_so(write_video: WriteVideo) -> None:
    path = write_video(frames=60, noise=True, options={"movflags": "+faststart"})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    source = VideoFileSource(path)
    frames = read_all(source)
    assert 10 < len(frames) < 50
    assert source.truncated
    assert source.read() is None


def test_cut_off_matroska(write_video: WriteVideo) -> None:
    path = write_video("cut.mkv", frames=60, noise=True)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    source = VideoFileSource(path)
    assert 10 < len(read_all(source)) < 50
    assert source.truncated


def test_video_whose_index_was_cut_off(write_video: WriteVideo) -> None:
    path = write_video(frames=60, noise=True)  # the index is at the end
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(MediaFileError, match=r"clip\.mp4 cannot be opened: it is damaged, cut off"):
        VideoFileSource(path).open()


def test_missing_video(tmp_path: Path) -> None:
    with pytest.raises(MediaFileError, match=r"gone\.mp4 does not exist: check the name"):
        VideoFileSource(tmp_path / "gone.mp4").open()


def test_empty_video(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(MediaFileError, match=r"empty\.mp4 is empty \(0 bytes\)"):
        VideoFileSource(tmp_path / "empty.mp4").open()


def test_noise_in_place_of_a_video(tmp_path: Path) -> None:
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(MediaFileError, match=r"noise\.mp4 .*not a video, choose another file"):
        VideoFileSource(tmp_path / "noise.mp4").open()


def test_one_pixel_video(write_video: WriteVideo) -> None:
    path = write_video("dot.mov", frames=3, codec="png", size_wh=(1, 1))
    frames = read_all(VideoFileSource(path))
    assert [frame.image_bgr.shape for frame in frames] == [(1, 1, 3)] * 3


def test_8k_video(write_video: WriteVideo) -> None:
    path = write_video("8k.avi", frames=1, codec="mjpeg", size_wh=(7680, 4320))
    frames = read_all(VideoFileSource(path))
    assert [frame.image_bgr.shape for frame in frames] == [(4320, 7680, 3)]


def test_single_picture_is_one_frame(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), numbered(3))
    source = picture_source(tmp_path / "a.png")
    source.open()
    assert (source.info.kind, source.info.size_wh, source.info.frame_count) == (
        "image",
        (64, 48),
        1,
    )
    frame = source.read()
    assert frame is not None
    assert (number_of(frame.image_bgr), frame.frame_id, frame.source_s) == (3, 0, 0.0)
    assert source.read() is None
    source.close()


def test_unreadable_single_picture(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no")
    with pytest.raises(MediaFileError, match=r"a\.png cannot be decoded"):
        picture_source(tmp_path / "a.png").open()


def test_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    for index in (10, 2, 1):
        cv2.imwrite(str(tmp_path / f"shot{index}.png"), numbered(index))
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / ".hidden.png").write_text("not shown")
    source = folder_source(tmp_path)
    source.open()
    frames = [source.read() for _ in range(4)]
    source.close()
    assert [number_of(frame.image_bgr) for frame in frames[:3] if frame] == [1, 2, 10]
    assert [frame.source_s for frame in frames[:3] if frame] == [
        0,
        FOLDER_STEP_S,
        2 * FOLDER_STEP_S,
    ]
    assert frames[3] is None
    assert (source.info.kind, source.info.frame_count) == ("folder", 3)


def test_folder_passes_over_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    cv2.imwrite(str(tmp_path / "b.png"), numbered(1))
    (tmp_path / "c.png").write_text("no")
    cv2.imwrite(str(tmp_path / "d.png"), numbered(2))
    source = folder_source(tmp_path)
    source.open()
    frames = [source.read() for _ in range(3)]
    source.close()
    assert [number_of(frame.image_bgr) for frame in frames[:2] if frame] == [1, 2]
    assert frames[2] is None
    assert [str(error).split(" is ")[0][-5:] for error in source.passed_over[:1]] == ["a.jpg"]
    assert len(source.passed_over) == 2


def test_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(MediaFileError, match="holds no pictures: choose one with"):
        folder_source(tmp_path)


def test_folder_whose_pictures_are_all_unreadable(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_text("no")
    source = folder_source(tmp_path)
    with pytest.raises(MediaFileError, match="None of the 2 pictures in .* can be read"):
        source.open()
