"""Recordings: playable whenever they end, whole afterwards, and bit for bit where asked."""

import contextlib
import errno
import os
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from facecam.errors import RecordingError
from facecam.recording import encoders, video_writer
from facecam.recording.video_writer import VideoWriter, make_seekable
from facecam.recording.watched_file import WatchedFile
from facecam.types import ImageU8
from tests.kill_trial import kill_while_recording, look_at


def noise(size_wh: tuple[int, int], seed: int = 0) -> ImageU8:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (size_wh[1], size_wh[0], 3), dtype=np.uint8)


def frames_of(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def boxes_of(path: Path) -> list[str]:
    """Return the names of the outermost boxes of an MP4 file."""
    data, at, names = path.read_bytes(), 0, []
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        names.append(data[at + 4 : at + 8].decode("latin1"))
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        at += max(size, 8)
    return names


@pytest.mark.parametrize("purpose", ["live", "lossless"])
@pytest.mark.parametrize("after_frames", [40, 97])
def test_killed_recording_is_playable_and_lost_less_than_a_second(
    tmp_path: Path, purpose: Any, after_frames: int
) -> None:
    trial = kill_while_recording(tmp_path / "a.mp4", after_frames, purpose=purpose)
    assert trial.playable, trial.problem
    assert trial.written_s >= (after_frames - 1) / 30
    assert trial.lost_s <= 1.0


@pytest.mark.parametrize("purpose", ["live", "lossless"])
def test_recording_is_playable_from_its_second_picture_on(tmp_path: Path, purpose: Any) -> None:
    path = tmp_path / "a.mp4"
    writer = VideoWriter(path, (64, 48), 30.0, purpose=purpose)
    writer.write(noise((64, 48)), 0.0)
    for number in range(1, 20):
        writer.write(noise((64, 48), number), number / 30)
        trial = look_at(path, writer.last_s)
        assert trial.playable, trial
        assert trial.lost_s <= 0.3
    writer.close()


def test_killed_recording_of_a_slow_source_lost_less_than_a_second(tmp_path: Path) -> None:
    trial = kill_while_recording(tmp_path / "a.mp4", 23, hz=5.0)
    assert trial.playable, trial.problem
    assert trial.lost_s <= 1.0


def test_killed_matroska_is_playable(tmp_path: Path) -> None:
    trial = kill_while_recording(tmp_path / "a.mkv", 61)
    assert trial.playable, trial.problem
    assert trial.lost_s <= 1.0


def test_file_is_playable_before_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    writer = VideoWriter(path, (64, 48), 30.0, purpose="live")
    for number in range(45):
        writer.write(noise((64, 48), number), number / 30)
    assert look_at(path, writer.last_s).lost_s <= 0.5
    writer.close()
    assert look_at(path, writer.last_s).lost_s == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("hybrid", [True, False])
def test_closed_recording_is_an_ordinary_file_with_true_times(
    tmp_path: Path, hybrid: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hybrid:
        for module in (encoders, video_writer):
            name = "has_hybrid" if module is encoders else "has_hybrid_fragments"
            monkeypatch.setattr(module, name, lambda: False)
    path = tmp_path / "a.mp4"
    rng = np.random.default_rng(1)
    times_s = np.cumsum(rng.uniform(0.004, 0.3, 60))
    with VideoWriter(path, (64, 48), 30.0, purpose="live") as writer:
        for number, t_s in enumerate(times_s):
            writer.write(noise((64, 48), number), float(t_s))
    assert "moof" not in boxes_of(path)
    assert boxes_of(path).count("moov") == 1
    got_s = [float(frame.time) for frame in frames_of(path)]
    assert got_s == pytest.approx(list(times_s - times_s[0]), abs=1e-5)
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == 60
        assert float(container.duration) / 1e6 == pytest.approx(got_s[-1], abs=0.4)
        container.seek(int(got_s[40] * 1e6))
        after = next(container.decode(video=0))
        assert got_s[40] - 0.9 <= float(after.time) <= got_s[40]
    assert list(tmp_path.iterdir()) == [path]


def test_killed_while_the_end_is_written_leaves_the_fragments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head is only overwritten once the new index is on the disk."""
    path = tmp_path / "a.mp4"
    writer = VideoWriter(path, (64, 48), 30.0, purpose="live")
    for number in range(45):
        writer.write(noise((64, 48), number), number / 30)
    monkeypatch.setattr(WatchedFile, "_sync", lambda self: (_ for _ in ()).throw(OSError("dead")))
    with pytest.raises(RecordingError):
        writer.close()
    assert look_at(path, 44 / 30).lost_s <= 0.05
    assert "moof" in boxes_of(path)


def test_an_hour_of_uneven_times_does_not_drift(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    times_s = [number * 7.2007 for number in range(501)]
    with VideoWriter(path, (32, 32), 30.0, purpose="live") as writer:
        for t_s in times_s:
            writer.write(noise((32, 32)), 12345.678 + t_s)
    got_s = [float(frame.time) for frame in frames_of(path)]
    assert got_s == pytest.approx(times_s, abs=1e-5)


@pytest.mark.parametrize("size_wh", [(64, 48), (63, 47), (1, 1), (321, 7)])
def test_lossless_video_gives_back_every_bit(tmp_path: Path, size_wh: tuple[int, int]) -> None:
    path = tmp_path / f"a{encoders.lossless_suffix()}"
    images = [noise(size_wh, seed) for seed in range(20)]
    with VideoWriter(path, size_wh, 30.0, purpose="lossless") as writer:
        for number, image in enumerate(images):
            writer.write(image, number / 30)
    got = [frame.to_ndarray(format="bgr24") for frame in frames_of(path)]
    assert len(got) == 20
    assert all(np.array_equal(a, b) for a, b in zip(images, got, strict=True))
    assert "rgb" in writer.codec


def test_lossless_without_x264_is_ffv1(tmp_path: Path) -> None:
    images = [noise((63, 47), seed) for seed in range(5)]
    path = tmp_path / "a.mkv"
    with VideoWriter(path, (63, 47), 30.0, purpose="lossless", codec="ffv1") as writer:
        for number, image in enumerate(images):
            writer.write(image, number / 30)
    got = [frame.to_ndarray(format="bgr24") for frame in frames_of(path)]
    assert writer.codec == "ffv1"
    assert all(np.array_equal(a, b) for a, b in zip(images, got, strict=True))


def test_opencv_reads_the_same_bits(tmp_path: Path) -> None:
    path = tmp_path / f"a{encoders.lossless_suffix()}"
    image = noise((64, 48))
    with VideoWriter(path, (64, 48), 30.0, purpose="lossless") as writer:
        writer.write(image, 0.0)
    capture = cv2.VideoCapture(str(path))
    good, got = capture.read()
    capture.release()
    assert good
    assert np.array_equal(image, got)


def test_smaller_picture_in_a_lossless_video_keeps_its_pixels(tmp_path: Path) -> None:
    path = tmp_path / f"a{encoders.lossless_suffix()}"
    small = noise((40, 30))
    with VideoWriter(path, (64, 48), 30.0, purpose="lossless") as writer:
        writer.write(noise((64, 48)), 0.0)
        writer.write(small, 0.1)
        writer.write(noise((128, 96)), 0.2)
    _, second, third = (frame.to_ndarray(format="bgr24") for frame in frames_of(path))
    assert np.array_equal(second[:30, :40], small)
    assert not second[30:].any()
    assert third.shape == (48, 64, 3)


@pytest.mark.parametrize("after_bytes", [0, 30_000, 200_000])
def test_full_disk_leaves_what_was_written(
    tmp_path: Path, after_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.mp4"
    put = WatchedFile._put

    def full(self: WatchedFile, position: int, data: bytes) -> None:
        if position + len(data) > after_bytes:
            self._file.write(data[: max(after_bytes - position, 0)])  # as a disk does
            self.error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.freeze()
            raise self.error
        put(self, position, data)

    writer = VideoWriter(path, (64, 48), 30.0, purpose="live")
    monkeypatch.setattr(WatchedFile, "_put", full)

    def fill() -> None:
        for number in range(200):
            writer.write(noise((64, 48), number), number / 30)

    with pytest.raises(RecordingError, match="No space left on device"):
        fill()
    with contextlib.suppress(RecordingError):
        writer.close()
    if after_bytes == 0:
        assert not path.exists()
        return
    assert path.stat().st_size <= after_bytes
    trial = look_at(path, writer.last_s)
    assert trial.playable, trial.problem
    assert trial.lost_s <= 1.0


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_recording_grows_beyond_two_gibibytes(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sizes that do not fit into 32 bits; the file is sparse, so that it takes no room."""
    path = tmp_path / name
    writer = VideoWriter(path, (64, 48), 30.0, purpose="live")
    writer.write(noise((64, 48)), 0.0)
    file = writer._file
    assert file is not None
    file._position = file.size = 2**31 - 500
    for number in range(1, 40):
        writer.write(noise((64, 48), number), number / 30)
    assert file.size > 2**31
    writer.discard()


def test_disk_that_fills_up_at_the_very_end_leaves_the_fragments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.mp4"
    writer = VideoWriter(path, (64, 48), 30.0, purpose="live")
    for number in range(60):
        writer.write(noise((64, 48), number), number / 30)

    def full(self: WatchedFile, position: int, data: bytes) -> None:
        self.error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.freeze()
        raise self.error

    monkeypatch.setattr(WatchedFile, "_put", full)
    with pytest.raises(RecordingError, match="No space left"):
        writer.close()
    trial = look_at(path, writer.last_s)
    assert trial.playable, trial.problem
    assert trial.lost_s <= 0.5


def test_existing_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"mine")
    with pytest.raises(RecordingError, match="exists already"):
        VideoWriter(path, (64, 48), 30.0, purpose="live")
    assert path.read_bytes() == b"mine"


def test_file_that_was_taken_away_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    writer = VideoWriter(path, (64, 48), 30.0, purpose="live")
    writer.check_place()
    path.unlink()
    with pytest.raises(RecordingError, match="is gone"):
        writer.check_place()
    path.write_bytes(b"other")
    with pytest.raises(RecordingError, match="replaced"):
        writer.check_place()
    writer.discard()


def test_encoder_that_does_not_start_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An FFmpeg may know encoders whose hardware or driver is not there."""
    broken = encoders.Encoder("h264_nvenc", rate_by_size=True)
    monkeypatch.setitem(
        encoders._ENCODERS, "live", (broken, encoders.Encoder("mpeg4", ticks=60000))
    )
    path = tmp_path / "a.mp4"
    with VideoWriter(path, (64, 48), 30.0, purpose="live") as writer:
        writer.write(noise((64, 48)), 0.0)
    assert writer.codec == "mpeg4"
    assert len(frames_of(path)) == 1


def test_what_a_killed_program_left_can_be_made_seekable(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    trial = kill_while_recording(path, 50)
    assert "moof" in boxes_of(path)
    make_seekable(path)
    assert "moof" not in boxes_of(path)
    after = look_at(path, trial.written_s)
    assert (after.frames, after.found_s) == (trial.frames, pytest.approx(trial.found_s, abs=1e-4))
