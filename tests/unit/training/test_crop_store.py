"""Cut pictures on disk: whole or absent, on a full disk and after an interruption too."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facecam.errors import TrainingError
from facecam.training.crop_store import CROPS, FACTS, load_entry, write_entry

SHAPE = (3, 4, 5, 3)


def crops() -> Iterator[np.ndarray]:
    yield from (np.full(SHAPE[1:], i + 1, np.uint8) for i in range(SHAPE[0]))


def facts() -> dict[str, np.ndarray]:
    return {"found": np.array([True, False, True])}


def test_an_entry_comes_back_as_it_was(tmp_path: Path) -> None:
    write_entry(tmp_path / "a", SHAPE, crops(), facts())
    entry = load_entry(tmp_path / "a", SHAPE)
    assert entry is not None
    np.testing.assert_array_equal(entry[0], np.stack(list(crops())))
    np.testing.assert_array_equal(entry[1]["found"], [True, False, True])
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_colours_may_be_a_reversed_view(tmp_path: Path) -> None:
    picture = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    write_entry(tmp_path / "a", (1, 4, 5, 3), iter([picture[..., ::-1]]), {})
    entry = load_entry(tmp_path / "a", (1, 4, 5, 3))
    assert entry is not None
    np.testing.assert_array_equal(entry[0][0], picture[..., ::-1])


@pytest.mark.parametrize("damage", ["no facts", "short crops", "broken facts", "other shape"])
def test_a_broken_entry_counts_as_absent_and_is_replaced(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "a"
    write_entry(folder, SHAPE, crops(), facts())
    if damage == "no facts":
        (folder / FACTS).unlink()
    elif damage == "short crops":
        content = (folder / CROPS).read_bytes()
        (folder / CROPS).write_bytes(content[:-9])
    elif damage == "broken facts":
        (folder / FACTS).write_bytes(b"PK\3\4 half")
    shape = (3, 4, 6, 3) if damage == "other shape" else SHAPE
    assert load_entry(folder, shape) is None
    write_entry(folder, SHAPE, crops(), facts())
    assert load_entry(folder, SHAPE) is not None


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> Iterator[np.ndarray]:
        yield np.zeros(SHAPE[1:], np.uint8)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_entry(tmp_path / "a", SHAPE, interrupted(), facts())
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    left = tmp_path / f"a.part-{killed.stdout.strip()}"
    alive = tmp_path / f"a.part-{os.getppid()}"
    left.mkdir()
    alive.mkdir()
    write_entry(tmp_path / "a", SHAPE, crops(), facts())
    assert not left.exists()
    assert alive.exists()


def test_too_little_room_is_said_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10 << 20))
    with pytest.raises(TrainingError, match=r"need 0.00 GB and 0.01 GB are free: make room"):
        write_entry(tmp_path / "a", SHAPE, crops(), facts())
    assert list(tmp_path.iterdir()) == []


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from facecam.errors import TrainingError
from facecam.training.crop_store import write_entry
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
pictures = (np.zeros((100, 100, 3), np.uint8) for _ in range(50))
try:
    write_entry(Path(sys.argv[1]) / "a", (50, 100, 100, 3), pictures, {})
except TrainingError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_disk_that_fills_up_is_an_error_and_not_the_end(tmp_path: Path) -> None:
    # A memory-mapped file would end the process with SIGBUS here.
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert "cannot be written (File too large): make room on the disk" in run.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="cannot be written"):
        write_entry(tmp_path / "file" / "a", SHAPE, crops(), facts())
