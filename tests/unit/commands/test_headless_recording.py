"""Recording without a window."""

from pathlib import Path

import pytest

from facecam.commands.headless_recording import record_without_window
from facecam.errors import ModelPackageError


def test_an_address_is_printed_without_its_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ModelPackageError):
        record_without_window(
            "", tmp_path / "x.mp4", model="no-such-model", source="rtsp://me:secret@porch/door"
        )
    printed = capsys.readouterr().out
    assert "rtsp://porch/door" in printed
    assert "secret" not in printed
