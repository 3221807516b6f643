"""Videos: true times, odd sizes, colours, and files that are whole or absent."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from facecam.errors import RecordingError
from facecam.recording.video_writer import VideoWriter
from facecam.types import ImageU8


def plain(size_wh: tuple[int, int], bgr: tuple[int, int, int] = (200, 120, 40)) -> ImageU8:
    return np.full((size_wh[1], size_wh[0], 3), bgr, np.uint8)


def frames_of(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize("codec", [None, "mpeg4"])
def test_times_are_kept(tmp_path: Path, codec: str | None) -> None:
    path = tmp_path / "out.mp4"
    times_s = [5.0, 5.0333, 5.1, 5.1041, 6.5]
    with VideoWriter(path, (64, 48), 30.0, codec=codec) as writer:
        for t_s in times_s:
            writer.write(plain((64, 48)), t_s)
        assert not path.exists(), "the file gets its name at the end"
    got_s = [float(frame.time) for frame in frames_of(path)]
    assert got_s == pytest.approx([t_s - 5.0 for t_s in times_s], abs=2e-5)
    assert writer.frames == 5
    assert writer.codec == (codec or writer.codec)
    assert list(tmp_path.iterdir()) == [path]


def test_times_that_do_not_grow_still_give_every_frame(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, (64, 48), 30.0) as writer:
        for t_s in [1.0, 1.0, 0.5, float("nan"), 1.2]:
            writer.write(plain((64, 48)), t_s)
    got = [frame.time for frame in frames_of(path)]
    assert len(got) == 5
    assert got == sorted(set(got))
    assert got[-1] == pytest.approx(0.2, abs=1e-4)


@pytest.mark.parametrize("size_wh", [(1, 1), (63, 48), (64, 47), (321, 241)])
def test_odd_sizes_become_even(tmp_path: Path, size_wh: tuple[int, int]) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, size_wh, 30.0) as writer:
        writer.write(plain(size_wh), 0.0)
    (frame,) = frames_of(path)
    assert (frame.width, frame.height) == tuple(side + side % 2 for side in size_wh)
    corner = frame.to_ndarray(format="bgr24")[-1, -1].astype(int)
    assert np.abs(corner - (200, 120, 40)).max() <= 8, "the added line repeats the picture"


def test_colours_come_back(tmp_path: Path) -> None:
    path = tmp_path / "out.mkv"
    with VideoWriter(path, (64, 48), 0.0) as writer:
        writer.write(plain((64, 48)), 0.0)
    (frame,) = frames_of(path)
    assert int(frame.colorspace) == 1, "tagged as BT.709"
    shown = frame.to_ndarray(format="bgr24")[24, 32].astype(int)
    assert np.abs(shown - (200, 120, 40)).max() <= 8


def test_picture_of_another_size_is_fitted_inside(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, (64, 48), 30.0) as writer:
        writer.write(plain((64, 48)), 0.0)
        writer.write(plain((48, 96)), 0.1)
    second = frames_of(path)[1].to_ndarray(format="bgr24").astype(int)
    assert second.shape == (48, 64, 3)
    assert second[24, 2].max() < 20, "black beside it"
    assert np.abs(second[24, 32] - (200, 120, 40)).max() <= 12


def test_given_picture_is_not_changed(tmp_path: Path) -> None:
    image = plain((63, 47))
    image.setflags(write=False)
    with VideoWriter(tmp_path / "out.mp4", (63, 47), 30.0) as writer:
        writer.write(image, 0.0)


def test_discard_leaves_nothing(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", (64, 48), 30.0)
    writer.write(plain((64, 48)), 0.0)
    writer.discard()
    writer.close()
    assert not list(tmp_path.iterdir())


def test_no_frame_leaves_no_file(tmp_path: Path) -> None:
    VideoWriter(tmp_path / "out.mp4", (64, 48), 30.0).close()
    assert not list(tmp_path.iterdir())


def test_closing_twice_and_writing_afterwards(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", (64, 48), 30.0)
    writer.write(plain((64, 48)), 0.0)
    writer.close()
    writer.close()
    with pytest.raises(RecordingError, match="closed"):
        writer.write(plain((64, 48)), 1.0)


def test_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"\.mp4"):
        VideoWriter(tmp_path / "out.txt", (64, 48), 30.0)


def test_unwritable_place_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RecordingError, match="choose another file"):
        VideoWriter(tmp_path / "file" / "out.mp4", (64, 48), 30.0)


def test_missing_encoder_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no_such_encoder"):
        VideoWriter(tmp_path / "out.mp4", (64, 48), 30.0, codec="no_such_encoder")
    assert not list(tmp_path.iterdir())


def test_picture_that_cannot_be_encoded_is_a_recording_error(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", (64, 48), 30.0)
    with pytest.raises(RecordingError, match="cannot be written"):
        writer.write(np.zeros((48, 64), np.uint8), 0.0)
    writer.discard()


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from facecam.errors import RecordingError
from facecam.recording.stats_writer import open_stats_writer
from facecam.recording.video_writer import VideoWriter
from tests.fakes import analysis_at
from tests.unit.recording.test_stats_writer import FACE, HEADER
path, close = Path(sys.argv[1]), sys.argv[2]
rng = np.random.default_rng(0)
if path.suffix == ".mp4":
    writer = VideoWriter(path, (320, 240), 30.0)
    item = lambda n: (rng.integers(0, 256, (240, 320, 3), dtype=np.uint8), n / 30)
else:
    writer = open_stats_writer(path, HEADER)
    item = lambda n: (analysis_at(n, FACE),)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
try:
    for number in range(60):
        writer.write(*item(number))
    writer.close()
except RecordingError as error:
    print(error)
getattr(writer, close)()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
@pytest.mark.parametrize("suffix", [".mp4", ".jsonl", ".csv", ".parquet"])
@pytest.mark.parametrize("close", ["close", "discard"])
def test_full_disk_is_said_and_leaves_nothing_unfinished(
    tmp_path: Path, suffix: str, close: str
) -> None:
    path = tmp_path / f"a{suffix}"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path), close],
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout.startswith(f"{path} cannot be written ("), done.stderr
    assert "File too large" in done.stdout
    if close == "discard":
        assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
