"""`python app.py` where no window can be opened."""

import contextlib
import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import cv2
import pytest

import app
from facecam.capture.opening import DEMO_CLIP
from facecam.commands import streams
from facecam.recording.video_writer import VideoWriter

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 25


@pytest.fixture
def short_clip(tmp_path: Path) -> Path:
    """The first frames with faces of the demo clip: the whole of it takes too long here."""
    path = tmp_path / "clip.mp4"
    capture = cv2.VideoCapture(str(DEMO_CLIP))
    capture.set(cv2.CAP_PROP_POS_FRAMES, 45)
    pictures = (capture.read()[1] for _ in range(FRAMES))
    writer = VideoWriter(path, (1280, 720), 30.0)
    for number, image in enumerate(islice(pictures, FRAMES)):
        writer.write(image, number / 30)
    writer.close()
    capture.release()
    return path


def test_it_says_so_and_runs_the_demo_into_files(
    short_clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys, "argv", ["app.py"])
    monkeypatch.setattr("facecam.capture.opening.DEMO_CLIP", short_clip)
    # The filter forks, which a test process with threads must not do.
    monkeypatch.setattr(streams, "guard_native_output", contextlib.nullcontext)
    monkeypatch.chdir(tmp_path)

    assert app.main() == 0

    said = capsys.readouterr().out
    assert said.startswith("There is no display")
    assert str(Path("out/demo.mp4")) in said
    assert str(Path("out/demo.jsonl")) in said
    lines = (tmp_path / "out/demo.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[0])["schema"] == "facecam-stats-1"
    assert len(lines) == FRAMES + 1
    assert any(json.loads(line)["faces"] for line in lines[1:])
    video = cv2.VideoCapture(str(tmp_path / "out/demo.mp4"))
    assert int(video.get(cv2.CAP_PROP_FRAME_COUNT)) == FRAMES
    video.release()


def test_an_out_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way", "utf-8")
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "--no-window"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].endswith(".")
    assert "out" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("arguments", [["--lang", "fr"], ["--no-such-option"], ["extra"]])
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app.parse_options(arguments)
    assert ended.value.code == 2
