"""Exit codes, and what goes to stdout and stderr."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from facecam.__main__ import main as program
from facecam.capture.opening import DEMO_CLIP
from facecam.commands.cli import app, run
from facecam.commands.output import HeadWords, describe_reading, ends_well, english_words
from facecam.errors import MediaFileError
from facecam.inference.package import HeadSpec
from tests.tiny_package import copy_package, spec, tiny_package_dir, write_spec

ROOT = Path(__file__).resolve().parents[3]


def facecam(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "facecam", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def is_one_sentence(text: str) -> bool:
    return text.count("\n") == 1 and "Traceback" not in text and text.strip().endswith(".")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing-like-that"],
        ["analyze"],
        ["analyze", "0", "--max-frames", "0"],
        ["bench", "--fps", "fast"],
        ["models", "show"],
        ["export", "runs/x", "--to", "y", "--format", "int3"],
        ["predict", "a.png", "--no-such-option"],
    ],
)
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


@pytest.mark.parametrize(
    "command",
    ["analyze", "predict", "models", "doctor", "bench", "train", "evaluate", "export"],
)
def test_help_of_every_command_teaches(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert "facecam " in result.stdout


def every_command(group: Any, *path: str) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from every_command(command, *path, name)
        else:
            yield (*path, name), command.help


COMMANDS = list(every_command(typer.main.get_command(app)))


@pytest.mark.parametrize(("path", "text"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_examples_are_shown_as_they_are_to_be_typed(path: tuple[str, ...], text: str) -> None:
    examples = " ".join(text.split()).split("python -m facecam")[1:]
    shown = CliRunner(env={"COLUMNS": "300"}).invoke(app, [*path, "--help"]).stdout
    for example in examples:
        assert f"python -m facecam{example}".strip() in " ".join(shown.split())


@pytest.fixture(scope="module")
def model() -> Path:
    return Path(tiny_package_dir())


def test_a_file_that_is_missing_is_one_sentence(model: Path, tmp_path: Path) -> None:
    done = facecam("analyze", tmp_path / "no-such-file.mp4", "--model", model, "--json")
    assert done.returncode == 1
    assert done.stdout == ""
    assert is_one_sentence(done.stderr), done.stderr
    assert "no-such-file.mp4" in done.stderr


def test_what_a_model_warns_of_stands_below_its_readings(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = copy_package(tmp_path / "game")
    write_spec(folder, {**spec(), "warnings": ["A party game."]})
    picture = tmp_path / "grey.png"
    cv2.imwrite(str(picture), np.full((40, 40, 3), 128, np.uint8))
    assert run(["predict", str(picture), "--model", str(folder)]) == 0
    assert capsys.readouterr().out == f"{picture}: no faces\nA party game.\n"


def test_a_model_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    done = facecam("predict", tmp_path / "a.png", "--model", tmp_path / "no-model", "--json")
    assert done.returncode == 1
    assert done.stdout == ""
    assert is_one_sentence(done.stderr), done.stderr


def test_a_camera_that_is_missing_is_one_sentence(model: Path) -> None:
    done = facecam("bench", "--source", "97", "--model", model, "--json")
    assert done.returncode == 1
    assert done.stdout == ""
    assert is_one_sentence(done.stderr), done.stderr
    assert "camera 97" in done.stderr


def test_a_video_that_is_cut_off_is_one_sentence(model: Path, tmp_path: Path) -> None:
    clip = tmp_path / "cut.mp4"
    clip.write_bytes(DEMO_CLIP.read_bytes()[:200_000])
    stats = tmp_path / "cut.jsonl"
    done = facecam("analyze", clip, "--model", model, "--stats", stats)
    assert done.returncode == 1
    assert is_one_sentence(done.stderr), done.stderr
    assert "cut off" in done.stderr
    assert len(stats.read_text("utf-8").splitlines()) > 2, "what there was is kept"


def test_an_output_that_cannot_be_written_is_one_sentence(model: Path, tmp_path: Path) -> None:
    picture = tmp_path / "grey.png"
    cv2.imwrite(str(picture), np.full((40, 40, 3), 128, np.uint8))
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", "utf-8")
    done = facecam("analyze", picture, "--model", model, "--stats", blocked / "x.jsonl", "--json")
    assert done.returncode == 1
    assert done.stdout == ""
    assert is_one_sentence(done.stderr), done.stderr


def test_what_is_read_is_never_replaced(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    picture, link, table = tmp_path / "me.png", tmp_path / "link.mp4", tmp_path / "pets.csv"
    cv2.imwrite(str(picture), np.full((40, 40, 3), 128, np.uint8))
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(DEMO_CLIP.read_bytes())
    link.symlink_to(clip)
    table.write_text("image,pet\nme.png,cat\n", "utf-8")
    before = {path: path.read_bytes() for path in (picture, clip, table)}
    for arguments in (
        ["analyze", clip, "--out", clip],
        ["analyze", clip, "--out", link],
        ["cam", picture, "--head", "smile", "--out", picture],
        ["manifest", "csv", table, "--out", table],
    ):
        assert run([str(argument) for argument in arguments]) == 1
        said = capsys.readouterr().err
        assert "would replace what is read" in said
        assert is_one_sentence(said)
    assert {path: path.read_bytes() for path in before} == before


def test_models_prints_one_json_object() -> None:
    done = facecam("models", "--json")
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout)["models"], list)
    assert done.stderr == ""


def invoke(error: BaseException | None) -> tuple[int, str]:
    small = typer.Typer()

    @small.command()
    @ends_well
    def work() -> None:
        if error is not None:
            raise error

    result = CliRunner().invoke(small, [])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_behind_stdout_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "facecam", "models", "--json"],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=280, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert is_one_sentence(done.stderr), done.stderr
    assert "No space left on device" in done.stderr


def test_success_exits_0() -> None:
    assert invoke(None) == (0, "")


def test_a_known_error_exits_1_with_its_sentence() -> None:
    assert invoke(MediaFileError("x.png is empty: choose another.")) == (
        1,
        "x.png is empty: choose another.\n",
    )


def test_ctrl_c_exits_130_with_a_short_line() -> None:
    assert invoke(KeyboardInterrupt()) == (130, "Stopped.\n")


def test_a_mistake_in_the_program_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        invoke(ZeroDivisionError())


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        ({"value": 33.6, "low": 28.4, "high": 39.1}, "34 (28-39)"),
        ({"value": 33.6, "low": 1, "high": 99, "unsure": "blurred"}, "can't tell (blurred)"),
        ({"label": "male", "p": 0.93, "probs": {}}, "male 93%"),
        ({"p": 0.1, "on": False}, "no 10%"),
        ({"probs": {"a": 0.9, "b": 0.1}, "on": ["a"]}, "a"),
        ({"probs": {"a": 0.2}, "on": []}, "none"),
        ({"label": "nv", "p": 0.5, "probs": {}}, "mole 50%"),
        ({"probs": {"nv": 0.9}, "on": ["nv"]}, "mole"),
    ],
)
def test_readings_in_words(reading: dict[str, object], words: str) -> None:
    assert describe_reading(reading, HeadWords("Looks like", {"nv": "mole"})) == words


def test_heads_are_called_as_in_the_window() -> None:
    bare = HeadSpec("skin_type", "softmax", ("very_dry", "oily"))
    assert english_words([bare])["skin_type"].title == "Skin type"
    assert english_words([bare])["skin_type"].of("very_dry") == "very dry"
    titled = HeadSpec(
        "dx", "softmax", ("nv",), title={"en": "Looks like"}, labels={"en": {"nv": "Mole"}}
    )
    assert english_words([titled])["dx"] == HeadWords("Looks like", {"nv": "Mole"})


@pytest.mark.parametrize("json_wanted", [[], ["--json"]])
def test_packages_that_are_refused_are_named_on_stderr(
    tmp_path: Path, json_wanted: list[str]
) -> None:
    (tmp_path / "broken").mkdir()
    result = CliRunner().invoke(app, ["models", "verify", str(tmp_path / "broken"), *json_wanted])
    assert result.exit_code == 1
    assert is_one_sentence(result.stderr)
    assert "broken" in result.stderr


def test_ctrl_c_while_commands_are_imported_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setenv("FACECAM_VERBOSE", "1")  # no child process for what is printed
    monkeypatch.setattr("facecam.commands.logs.set_up_logging", lambda: None)
    monkeypatch.setattr("facecam.commands.cli.run", interrupted)
    assert program() == 130
    assert capsys.readouterr().err == "Stopped.\n"
