"""Set everything up: system libraries, a virtual environment, the packages, one whole cv2.

Run by `make setup` with any Python 3.11 to 3.13; works on Linux, macOS and Windows, uses only the
standard library, and does nothing (in well under a second) when everything stands already.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from facecam.commands.cv2_files import Cv2State, read_cv2_state  # noqa: E402
from facecam.commands.system_libraries import install_line, missing_libraries  # noqa: E402

STAMP = ".facecam-setup.json"

PROGRAMS_FOR_TESTS = {"Xvfb": "xvfb", "xvfb-run": "xvfb", "xauth": "xauth"}
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")


class SetupError(Exception):
    """Set-up cannot go on; the message says what to do."""


def say(text: str) -> None:
    """Print one line at once, also into a pipe."""
    print(f"facecam: {text}", flush=True)


def missing_system_packages(*, for_tests: bool) -> list[str]:
    """Return the Debian packages whose libraries, fonts or programs are not there."""
    if not sys.platform.startswith("linux"):
        return []
    packages = list(missing_libraries().values())
    if not any(next(Path(folder).rglob("*.[to]t[fc]"), None) for folder in FONT_FOLDERS):
        packages.append("fonts-dejavu-core")
    if for_tests:
        packages += [p for name, p in PROGRAMS_FOR_TESTS.items() if shutil.which(name) is None]
    return list(dict.fromkeys(packages))


def install_system_packages(packages: Sequence[str]) -> bool:
    """Install Debian packages where that is allowed; else print the exact line. Return success."""
    apt = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        say(
            "these system libraries are missing (names of the Debian packages that hold them): "
            + " ".join(packages)
        )
        return False
    prefix = _root_prefix()
    if prefix is None:
        say("system libraries are missing; have them installed with:")
        print(f"    sudo apt-get update && {install_line(list(packages))}", flush=True)
        return False
    say(f"installing system packages: {' '.join(packages)}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (apt, ["apt-get", "update"], apt):
        if prefix:
            command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", *command]
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if done.returncode == 0 and "install" in command:
            return True
    say("apt-get could not install them; see what it says to:")
    print(f"    {install_line(list(packages))}", flush=True)
    return False


def _root_prefix() -> list[str] | None:
    """Return what to put before a command to run it as root, or None where that is not allowed."""
    if os.geteuid() == 0:  # type: ignore[attr-defined,unused-ignore]  # Linux only, not on Windows
        return []
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if asked.returncode == 0 else None


def venv_python(venv: Path) -> Path:
    """Return where the interpreter of a virtual environment lies."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ensure_venv(venv: Path) -> Path:
    """Make the virtual environment unless a working one stands there; return its interpreter."""
    python = venv_python(venv)
    if python.exists():
        check = "import sys, pip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))"
        if subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0:
            return python
        say(f"{venv} holds no working Python 3.11 to 3.13 with pip; making it anew")
    elif venv.is_dir() and any(venv.iterdir()) and not (venv / "pyvenv.cfg").exists():
        raise SetupError(
            f"{venv} is no virtual environment, and making one there would empty it: choose "
            "another folder (make VENV=DIR)."
        )
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if importlib.util.find_spec("ensurepip") is None:  # Debian keeps it in a package of its own
        package = f"python{version}-venv"
        if not (sys.platform.startswith("linux") and install_system_packages([package])):
            raise SetupError(
                f"{sys.executable} cannot make virtual environments: install {package} and try "
                "again."
            )
    say(f"making {venv} with Python {sys.version.split()[0]}")
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetupError(f"{' '.join(command)} failed: {(done.stderr or done.stdout).strip()}")
    return python


def fingerprint(dev: bool) -> str:
    """Return a hash over everything that decides what is installed."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    names = ["requirements.txt", "constraints.txt"] + (["requirements-dev.txt"] if dev else [])
    for name in names:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def site_packages(python: Path) -> Path:
    """Return the folder where the packages of an interpreter lie."""
    code = "import sysconfig; print(sysconfig.get_paths()['platlib'])"
    return Path(subprocess.check_output([python, "-c", code], text=True).strip())


def install_packages(python: Path, *, dev: bool) -> None:
    """Install the requirements at the exact versions, then see to cv2."""
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    if not sys.stdout.isatty():
        pip += ["--quiet", "--progress-bar", "off"]
    requirements = "requirements-dev.txt" if dev else "requirements.txt"
    say("installing the packages (3.5 GB on disk; some minutes the first time)")
    _check(
        [*pip, "-r", str(ROOT / requirements), "-c", str(ROOT / "constraints.txt")],
        "pip could not install the packages; see what it said above and try again.",
    )
    state = mend_cv2(python, pip)
    if not state.whole:
        raise SetupError(f"cv2 is not consistent: {state.describe()}.")


def mend_cv2(python: Path, pip: Sequence[str]) -> Cv2State:
    """Unpack opencv-contrib-python once more when another package wrote over its files."""
    folder = site_packages(python)
    state = read_cv2_state(folder)
    if state.altered:
        say(f"unpacking opencv-contrib-python {state.version} last, so that cv2 is one whole")
        _check(
            [
                *pip,
                "--force-reinstall",
                "--no-deps",
                f"opencv-contrib-python=={state.version}",
            ],
            "pip could not reinstall opencv-contrib-python; see what it said above.",
        )
        state = read_cv2_state(folder)
    return state


def _check(command: Sequence[str], failure: str) -> None:
    if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise SetupError(failure)


def read_stamp(venv: Path) -> dict[str, str]:
    """Return which kinds of set-up are done, by their fingerprints."""
    try:
        stamp = json.loads((venv / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is missing; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", metavar="DIR")
    parser.add_argument("--force", action="store_true", help="install even if it looks done")
    options = parser.parse_args(arguments)
    try:
        packages = missing_system_packages(for_tests=options.dev)
        if packages:
            install_system_packages(packages)
        python = ensure_venv(options.venv)
        kind, wanted = ("dev" if options.dev else "run"), fingerprint(options.dev)
        stamp = read_stamp(options.venv)
        if options.force or stamp.get(kind) != wanted:
            install_packages(python, dev=options.dev)
            stamp[kind] = wanted
            if options.dev:
                stamp["run"] = fingerprint(False)
            (options.venv / STAMP).write_text(json.dumps(stamp, indent=1), "utf-8")
            say("ready")
    except (SetupError, OSError) as error:
        print(f"facecam: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("facecam: stopped; `make setup` goes on where it was.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
