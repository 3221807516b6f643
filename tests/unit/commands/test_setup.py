"""The set-up: which Python it takes, what it installs, and what it says when it may not."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell script")


@pytest.fixture(scope="module")
def setup() -> ModuleType:
    spec = importlib.util.spec_from_file_location("facecam_setup", ROOT / "scripts" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    path_before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = path_before
    return module


def write_program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)


def find_python(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(ROOT / "scripts" / "find_python.sh")],
        env={"PATH": str(path), "HOME": str(path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@posix_only
def test_shims_that_do_not_work_are_passed_over(tmp_path: Path) -> None:
    write_program(tmp_path / "python3", "echo 'pyenv: python3: command not found' >&2; exit 127")
    write_program(tmp_path / "python3.13", "echo Python 3.13.0; exit 127")
    write_program(tmp_path / "python3.12", f'exec {sys.executable} "$@"')
    done = find_python(tmp_path)
    assert done.returncode == 0
    assert Path(done.stdout.strip()).samefile(sys.executable)


@posix_only
def test_a_python_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    write_program(tmp_path / "python3", 'test "$1" = --version && echo Python 3.8.1; true')
    write_program(tmp_path / "python3.11", f'exec {sys.executable} "$@"')
    assert Path(find_python(tmp_path).stdout.strip()).samefile(sys.executable)


@posix_only
def test_the_python_that_is_named_comes_first(tmp_path: Path) -> None:
    write_program(tmp_path / "mine", f'exec {sys.executable} "$@"')
    done = find_python(tmp_path, PYTHON=str(tmp_path / "mine"))
    assert Path(done.stdout.strip()).samefile(sys.executable)


class Commands:
    """Records the commands that would run, and answers with an exit code."""

    def __init__(self, answers: dict[str, int] | None = None) -> None:
        self.answers = answers or {}
        self.ran: list[list[str]] = []

    def __call__(self, command: Sequence[Any], **_: Any) -> SimpleNamespace:
        words = [str(word) for word in command]
        self.ran.append(words)
        code = next((code for key, code in self.answers.items() if key in " ".join(words)), 0)
        return SimpleNamespace(returncode=code, stdout="", stderr="")


def as_user(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, *, root: bool, sudo: bool
) -> Commands:
    commands = Commands({} if sudo else {"sudo -n true": 1})
    monkeypatch.setattr(setup.os, "geteuid", lambda: 0 if root else 1000, raising=False)
    monkeypatch.setattr(setup.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(setup.subprocess, "run", commands)
    return commands


def test_root_installs_system_packages(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = as_user(setup, monkeypatch, root=True, sudo=False)
    assert setup.install_system_packages(["libegl1"])
    assert commands.ran == [["apt-get", "install", "-y", "--no-install-recommends", "libegl1"]]


def test_passwordless_sudo_is_used(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = as_user(setup, monkeypatch, root=False, sudo=True)
    assert setup.install_system_packages(["libegl1"])
    assert commands.ran[-1][:2] == ["sudo", "-n"]
    assert commands.ran[-1][-1] == "libegl1"


def test_without_rights_the_exact_line_is_printed(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = as_user(setup, monkeypatch, root=False, sudo=False)
    assert not setup.install_system_packages(["libegl1", "libgles2"])
    assert (
        "sudo apt-get install -y --no-install-recommends libegl1 libgles2"
        in capsys.readouterr().out
    )
    assert commands.ran == [["sudo", "-n", "true"]]


def test_package_lists_are_fetched_when_the_first_try_fails(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = as_user(setup, monkeypatch, root=True, sudo=False)
    commands.answers = {"install": 100}
    assert not setup.install_system_packages(["libegl1"])
    assert [words[1] for words in commands.ran] == ["install", "update", "install"]


def test_a_second_set_up_installs_nothing(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed: list[bool] = []
    monkeypatch.setattr(setup, "missing_system_packages", lambda **_: [])
    monkeypatch.setattr(setup, "ensure_venv", lambda venv: Path(sys.executable))
    monkeypatch.setattr(setup, "install_packages", lambda python, *, dev: installed.append(dev))
    venv = ["--venv", str(tmp_path)]
    assert setup.main([*venv, "--dev"]) == 0
    assert setup.main([*venv, "--dev"]) == 0
    assert setup.main(venv) == 0, "what tests need includes what the app needs"
    assert installed == [True]
    monkeypatch.setattr(setup, "fingerprint", lambda dev: "other requirements")
    assert setup.main(venv) == 0
    assert installed == [True, False]


def test_a_folder_that_is_no_virtual_environment_is_never_emptied(
    setup: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("the only copy", "utf-8")
    with pytest.raises(setup.SetupError, match="is no virtual environment"):
        setup.ensure_venv(tmp_path)
    assert (tmp_path / "thesis.txt").read_text("utf-8") == "the only copy"


def test_a_failure_is_one_sentence(
    setup: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(venv: Path) -> Path:
        raise setup.SetupError("no way: do this.")

    monkeypatch.setattr(setup, "missing_system_packages", lambda **_: [])
    monkeypatch.setattr(setup, "ensure_venv", refuse)
    assert setup.main(["--venv", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "facecam: no way: do this.\n"


def test_constraints_name_every_requirement() -> None:
    def names(file: str, separators: str) -> set[str]:
        lines = (ROOT / file).read_text("utf-8").splitlines()
        found = set()
        for line in lines:
            if line and line[0].isalpha():
                for separator in separators:
                    line = line.partition(separator)[0]
                found.add(line.strip().lower().replace("_", "-"))
        return found

    pinned = names("constraints.txt", "=")
    assert names("requirements.txt", "<>=~") <= pinned
    assert names("requirements-dev.txt", "<>=~") <= pinned


@pytest.mark.skipif(os.name == "nt", reason="make is not there")
def test_make_says_what_there_is() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "make run" in done.stdout
    assert "make test" in done.stdout
