import json
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from facecam.settings import Settings, SettingsStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "설정" / "settings.json"


def test_first_start_gives_defaults_and_says_nothing(path: Path) -> None:
    assert SettingsStore(path).load() == (Settings(), None)


def test_everything_that_is_saved_comes_back(path: Path) -> None:
    settings = Settings(
        source="rtsp://뜰/stream",
        model="face-stats",
        language="ko",
        theme="light",
        motion="reduced",
        mirror=False,
        bars=False,
        panel=False,
        heads_hidden=("beard", "gender"),
        geometry="01d9",
        pictures_dir="/tmp/사진",
    )
    assert SettingsStore(path).save(settings) is None
    assert SettingsStore(path).load() == (settings, None)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1, 2]", b"null", b'"x"', b"\xff\xfe\x00", b"[" * 100_000],
    ids=["empty", "cut", "list", "null", "string", "not-utf8", "deep"],
)
def test_a_damaged_file_is_set_aside_and_defaults_are_used(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    settings, message = SettingsStore(path).load()
    assert settings == Settings()
    assert message is not None
    assert "settings.damaged.json" in message
    assert path.with_name("settings.damaged.json").read_bytes() == content
    assert SettingsStore(path).load() == (Settings(), None), "said once"


def test_looking_leaves_a_damaged_or_newer_file_alone(path: Path) -> None:
    assert SettingsStore(path).peek() == Settings()
    path.parent.mkdir()
    for content in ('{"theme": "pink", "bars": false}', '{"schema": 99, "bars": false}', "{"):
        path.write_text(content, "utf-8")
        seen = SettingsStore(path).peek()
        assert seen == (Settings(bars=False) if "pink" in content else Settings())
        assert path.read_text("utf-8") == content
        assert list(path.parent.iterdir()) == [path]


def test_one_wrong_value_does_not_cost_the_others(path: Path) -> None:
    path.parent.mkdir()
    raw = {"theme": "pink", "mirror": 1, "bars": False, "heads_hidden": ["age"], "new_one": 3}
    path.write_text(json.dumps(raw), "utf-8")
    settings, message = SettingsStore(path).load()
    assert settings == Settings(bars=False, heads_hidden=("age",))
    assert message is not None
    assert "mirror" in message
    assert "theme" in message


def test_names_of_a_newer_version_are_ignored(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"hologram": true, "language": "ko"}', "utf-8")
    assert SettingsStore(path).load() == (Settings(language="ko"), None)


def test_a_folder_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    store = SettingsStore(blocker / "settings.json")
    settings, message = store.load()
    assert settings == Settings()
    assert message is None or "cannot" in message
    first = store.save(Settings(mirror=False))
    assert first is not None
    assert "cannot be written" in first
    assert store.save(Settings(bars=False)) is None


def test_a_failed_write_leaves_the_old_file_and_no_litter(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SettingsStore(path)
    store.save(Settings(language="ko"))

    def fail(_source: str, _target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    assert "No space left" in (store.save(Settings(language="en")) or "")
    monkeypatch.undo()
    assert [item.name for item in path.parent.iterdir()] == ["settings.json"]
    assert SettingsStore(path).load()[0].language == "ko"


def test_nothing_is_written_when_nothing_changed(path: Path) -> None:
    store = SettingsStore(path)
    store.save(Settings(bars=False))
    path.unlink()
    store.save(Settings(bars=False))
    assert not path.exists()


def test_a_file_of_a_newer_version_is_kept_and_defaults_are_used(path: Path) -> None:
    path.parent.mkdir()
    newer = json.dumps({"schema": 2, "mirror": "sometimes", "theme": "dark"})
    path.write_text(newer, "utf-8")
    store = SettingsStore(path)
    settings, message = store.load()
    assert settings == Settings()
    assert message is not None
    assert "newer version" in message
    assert "settings.newer.json" in message
    assert store.save(Settings(bars=False)) is None
    assert path.with_name("settings.newer.json").read_text("utf-8") == newer
    assert SettingsStore(path).load() == (Settings(bars=False), None), "said once"


def test_two_windows_do_not_undo_each_other(path: Path) -> None:
    SettingsStore(path).save(Settings(theme="dark"))
    one, other = SettingsStore(path), SettingsStore(path)
    of_one, _ = one.load()
    of_other, _ = other.load()
    one.save(replace(of_one, language="ko"))
    other.save(replace(of_other, bars=False))
    assert SettingsStore(path).load()[0] == Settings(theme="dark", language="ko", bars=False)
    one.save(replace(of_one, language="ko", theme="light"))
    other.save(replace(of_other, bars=True))
    assert SettingsStore(path).load()[0] == Settings(theme="light", language="ko")


def test_two_windows_that_start_without_a_file(path: Path) -> None:
    one, other = SettingsStore(path), SettingsStore(path)
    one.load()
    other.load()
    one.save(Settings(language="ko"))
    other.save(Settings(bars=False))
    assert SettingsStore(path).load()[0] == Settings(language="ko", bars=False)


def test_many_windows_that_write_at_the_same_time_lose_nothing(path: Path) -> None:
    SettingsStore(path).save(Settings())
    changes: list[dict[str, Any]] = [
        {"bars": False},
        {"panel": False},
        {"mirror": False},
        {"language": "ko"},
        {"theme": "dark"},
        {"heads_hidden": ("age",)},
    ]
    stores = [SettingsStore(path) for _ in changes]
    loaded = [store.load()[0] for store in stores]
    barrier = threading.Barrier(len(stores))

    def change(number: int) -> None:
        barrier.wait()
        stores[number].save(replace(loaded[number], **changes[number]))

    threads = [threading.Thread(target=change, args=(number,)) for number in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = Settings()
    for item in changes:
        expected = replace(expected, **item)
    assert SettingsStore(path).load()[0] == expected


def test_names_that_only_a_newer_version_knows_are_kept(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"hologram": true, "language": "ko"}', "utf-8")
    store = SettingsStore(path)
    settings, _ = store.load()
    store.save(replace(settings, bars=False))
    assert json.loads(path.read_text("utf-8"))["hologram"] is True


@pytest.mark.parametrize(
    "raw",
    [
        '{"source": "\\ud800.mp4"}',
        '{"source": "a\\u0000b"}',
        '{"heads_hidden": ["\\udfff"]}',
        '{"cam_opacity": 100000}',
        '{"cam_opacity": ' + "9" * 6000 + "}",
        '{"theme": "dark", "big": "' + "x" * 1_100_000 + '"}',
    ],
    ids=["half a character", "zero byte", "in a list", "out of range", "huge number", "huge file"],
)
def test_values_that_would_break_later_are_refused(path: Path, raw: str) -> None:
    path.parent.mkdir()
    path.write_text(raw, "utf-8")
    store = SettingsStore(path)
    settings, message = store.load()
    assert settings == Settings()
    assert message is not None
    assert store.save(Settings(bars=False)) is None
