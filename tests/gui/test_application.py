import json
from pathlib import Path

import pytest

from facecam.errors import ModelPackageError
from facecam.gui import application
from facecam.gui.application import WindowOptions, first_model, first_source
from facecam.gui.live_session import DEMO_SPEC
from facecam.settings import SettingsStore
from tests.tiny_package import tiny_package_dir


@pytest.mark.parametrize(
    ("options", "remembered", "cameras", "expected"),
    [
        (WindowOptions(source="x.mp4"), "0", ("0",), ("x.mp4", False)),
        (WindowOptions(demo=True), "0", ("0",), (DEMO_SPEC, False)),
        (WindowOptions(), "2", ("0", "2"), ("2", False)),
        (WindowOptions(), "", ("4",), ("4", False)),
        (WindowOptions(), "rtsp://x/y", (), ("rtsp://x/y", False)),
        (WindowOptions(), "0", (), (DEMO_SPEC, True)),
        (WindowOptions(), "", (), (DEMO_SPEC, True)),
    ],
)
def test_what_plays_first(
    options: WindowOptions,
    remembered: str,
    cameras: tuple[str, ...],
    expected: tuple[str, bool],
) -> None:
    assert first_source(options, remembered, cameras) == expected


@pytest.mark.parametrize(
    ("options", "remembered", "models", "expected"),
    [
        (WindowOptions(model="mine"), "mood", ("face-stats", "mood"), "mine"),
        (WindowOptions(), "mood", ("face-stats", "mood"), "mood"),
        (WindowOptions(), "gone", ("face-stats", "age"), "face-stats"),
        (WindowOptions(), "", ("mood", "age"), "age"),
        (WindowOptions(), "gone", (), ""),
    ],
)
def test_which_model_is_used_first(
    tmp_path: Path,
    options: WindowOptions,
    remembered: str,
    models: tuple[str, ...],
    expected: str,
) -> None:
    for name in (*models, "detectors"):
        (tmp_path / name).mkdir()
        if name != "detectors":
            (tmp_path / name / "model.json").write_text("{}")
    assert first_model(options, remembered, tmp_path) == expected


def test_a_remembered_folder_elsewhere_is_used(tmp_path: Path) -> None:
    assert first_model(WindowOptions(), str(tmp_path), tmp_path / "models") == str(tmp_path)


def test_a_wrong_cam_does_not_cost_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.json"
    damaged = json.dumps({"theme": "pink", "model": str(tiny_package_dir()), "bars": False})
    path.write_text(damaged, "utf-8")
    monkeypatch.setattr(application, "SettingsStore", lambda: SettingsStore(path))
    with pytest.raises(ModelPackageError, match="nonsense"):
        application.run_window(WindowOptions(cam="nonsense"))
    assert path.read_text("utf-8") == damaged
    assert "pink" not in str(SettingsStore(path).peek())
    settings, message = SettingsStore(path).load()
    assert not settings.bars
    assert message is not None, "the window says it"
