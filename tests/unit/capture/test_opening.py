"""What a person types leads to the right source, or to one sentence."""

import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from facecam.capture.camera import CameraSource
from facecam.capture.files import PictureSource, VideoFileSource
from facecam.capture.opening import DEMO_CLIP, make_source
from facecam.capture.stream import StreamSource
from facecam.capture.synthetic import SyntheticSource
from facecam.errors import CameraOpenError, MediaFileError, SourceError

from .conftest import WriteVideo, numbered


@pytest.mark.parametrize("spec", [0, "0", " 3 ", "/dev/video2", "Integrated Camera", "C920"])
def test_cameras(spec: str | int) -> None:
    source = make_source(spec, size_wh=(640, 480), fps=15)
    assert isinstance(source, CameraSource)
    assert source.info.asked == "MJPG 640x480 15 Hz"


@pytest.mark.parametrize("url", ["http://a/v", "https://a/v.mp4", "rtsp://a/live", "RTSP://a/l"])
def test_streams(url: str) -> None:
    assert isinstance(make_source(url), StreamSource)


@pytest.mark.parametrize("spec", ["clip.mp4", "./clip", "some/folder/clip.xyz", "~/gone.gif"])
def test_names_of_files_that_do_not_exist(spec: str) -> None:
    source = make_source(spec)
    with pytest.raises(MediaFileError, match="does not exist: check the name"):
        source.open()


def test_missing_picture() -> None:
    with pytest.raises(MediaFileError, match=r"picture gone\.jpg does not exist"):
        make_source("gone.jpg").open()


def test_word_that_is_no_camera_and_no_file() -> None:
    with pytest.raises(CameraOpenError, match="no camera and no file called nonsense: "):
        make_source("nonsense").open()


def test_files_and_folders(tmp_path: Path, write_video: WriteVideo) -> None:
    video = write_video()
    picture = tmp_path / "pictures" / "a.png"
    picture.parent.mkdir()
    cv2.imwrite(str(picture), numbered(1))
    assert isinstance(make_source(str(video)), VideoFileSource)
    assert isinstance(make_source(video.as_uri()), VideoFileSource)
    single, folder = make_source(str(picture)), make_source(str(picture.parent))
    assert isinstance(single, PictureSource)
    assert isinstance(folder, PictureSource)
    assert (single.info.kind, folder.info.kind) == ("image", "folder")


def test_picture_without_an_ending_is_recognised(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), numbered(1))
    bare = (tmp_path / "a.png").rename(tmp_path / "bare")
    assert isinstance(make_source(str(bare)), PictureSource)


def test_text_file(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Dear diary\n" * 20)
    source = make_source(str(tmp_path / "notes.txt"))
    with pytest.raises(MediaFileError, match=r"notes\.txt .* choose another file"):
        source.open()


def test_audio_file(tmp_path: Path) -> None:
    import av
    import numpy as np

    path = tmp_path / "song.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4000), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(MediaFileError, match=r"song\.wav .*choose another file"):
        make_source(str(path)).open()


@pytest.mark.parametrize("spec", ["", "  "])
def test_nothing(spec: str) -> None:
    with pytest.raises(SourceError, match="No source is named: give"):
        make_source(spec)


@pytest.mark.parametrize("spec", ["a\0b", "x" * 5000, "x" * 5000 + ".mp4"])
def test_names_that_no_file_system_takes(spec: str) -> None:
    with pytest.raises(SourceError) as caught:
        make_source(spec).open()
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("spec", ["99999999999", "9" * 5000, "/dev/video99999"])
def test_numbers_that_no_camera_has(spec: str) -> None:
    with pytest.raises(CameraOpenError, match=f"There is no camera {spec[:20]}: choose"):
        make_source(spec)


def test_address_that_cannot_be_parsed_is_told_without_its_password() -> None:
    with pytest.raises(SourceError, match=r"rtsp://192\.168\.0\.5/live cannot be used") as caught:
        make_source("rtsp://me:pa[ss@192.168.0.5/live")
    assert "pa[ss" not in str(caught.value)


def test_file_addresses_are_decoded_once(tmp_path: Path) -> None:
    with pytest.raises(MediaFileError, match=r"a%20b\.mp4 does not exist"):
        make_source((tmp_path / "a%20b.mp4").as_uri()).open()


def test_unknown_kind_of_url() -> None:
    with pytest.raises(SourceError, match=r"gopher://a/v cannot be opened: it has to begin with"):
        make_source("gopher://me:secret@a/v")


def test_synthetic_options() -> None:
    source = make_source("synthetic:faces=4,size=640x360,fps=15,seconds=2,seed=7,live=1")
    assert isinstance(source, SyntheticSource)
    info = source.info
    assert (info.size_wh, info.fps, info.frame_count, info.live) == ((640, 360), 15.0, 30, True)
    assert len(source.truth(0)) == 4


def test_synthetic_defaults_follow_what_is_asked_of_cameras() -> None:
    info = make_source("synthetic", size_wh=(640, 360), fps=10).info
    assert (info.size_wh, info.fps, info.live) == ((640, 360), 10.0, False)
    assert info.frame_count == 200
    assert make_source("synthetic:live=1").info.frame_count is None


@pytest.mark.parametrize(
    "options",
    ["faces=x", "size=12", "live=2", "colour=red", "faces", "faces=99", "fps=-1", "size=axb"],
)
def test_synthetic_options_that_make_no_sense(options: str) -> None:
    with pytest.raises(SourceError, match=r"synthetic"):
        make_source(f"synthetic:{options}")


def test_demo_clip_is_shipped() -> None:
    source = make_source(str(DEMO_CLIP))
    source.open()
    info = source.info
    assert (info.size_wh, info.fps) == ((1280, 720), 30.0)
    frame = source.read()
    source.close()
    assert frame is not None
    assert DEMO_CLIP.stat().st_size < 6e6


def test_bad_files_leave_nothing_on_stderr(tmp_path: Path, write_video: WriteVideo) -> None:
    """FFmpeg and OpenCV log on their own account unless told not to."""
    cut = write_video(frames=40, noise=True, options={"movflags": "+faststart"})
    cut.write_bytes(cut.read_bytes()[:30_000])
    (tmp_path / "noise.mp4").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(50))
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    script = """
import sys
from facecam.capture.opening import make_source
from facecam.errors import SourceError
for spec in sys.argv[1:]:
    try:
        source = make_source(spec)
        source.open()
        while source.read() is not None:
            pass
        source.close()
        print("read", spec)
    except SourceError as error:
        print(error)
"""
    specs = [str(tmp_path / name) for name in ("noise.mp4", "bad.jpg", "bad.png")]
    done = subprocess.run(
        [sys.executable, "-c", script, str(cut), *specs, "63"],
        capture_output=True,
        text=True,
        timeout=280,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 5
