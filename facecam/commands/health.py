"""The checks of `doctor`. Each returns a finding and says how to mend what it found."""

import importlib.metadata
import math
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from facecam.commands.cv2_files import read_cv2_state
from facecam.commands.system_libraries import install_line, missing_libraries
from facecam.errors import DetectorError, ModelPackageError, SourceError

SELF_TEST_S = 2.0
CAMERA_TEST_S = 2.0
_QT_TIMEOUT_S = 20.0
_SETUP = "run: make setup"
_PACKAGES = (
    "opencv-contrib-python", "mediapipe", "ai-edge-litert", "PySide6-Essentials", "av", "tensorflow"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        status: "warning" is worth knowing but nothing is broken.
        detail: What was found, in words.
        mend: What to do about it; "" when there is nothing to do.
        facts: The same for programs.
    """

    status: Literal["ok", "warning", "failed"]
    detail: str
    mend: str = ""
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def record(self) -> dict[str, Any]:
        """Return the finding as a JSON object."""
        return {
            "status": self.status,
            "detail": self.detail,
            "mend": self.mend,
            "facts": dict(self.facts),
        }


def check_python() -> Finding:
    """Compare the Python with the ones that are tested."""
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding("ok", f"{version} at {sys.executable}")
    return Finding("failed", f"{version} is not 3.11 to 3.13", "remove .venv and run: make setup")


def check_packages() -> Finding:
    """Look for the packages that do the work."""
    versions, missing = {}, []
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("failed", f"not installed: {', '.join(missing)}", _SETUP, versions)
    shown = ", ".join(f"{name} {version}" for name, version in versions.items())
    return Finding("ok", shown, facts=versions)


def check_cv2() -> Finding:
    """Check that the two OpenCV packages left one consistent cv2."""
    state = read_cv2_state(Path(sysconfig.get_paths()["platlib"]))
    facts = {"version": state.version, "altered": list(state.altered)}
    if state.whole:
        return Finding("ok", state.describe(), facts=facts)
    version = f"=={state.version}" if state.version else ""
    mend = (
        f"{sys.executable} -m pip install --force-reinstall --no-deps opencv-python{version} && "
        f"{sys.executable} -m pip install --force-reinstall --no-deps "
        f"opencv-contrib-python{version}"
    )
    return Finding("failed", state.describe(), mend, facts)


def check_libraries() -> Finding:
    """Check the system libraries of Qt, mediapipe and OpenCV."""
    missing = missing_libraries()
    if not missing:
        return Finding("ok", "all system libraries of Qt, mediapipe and OpenCV load")
    packages = list(dict.fromkeys(missing.values()))
    detail = f"missing: {', '.join(missing)}"
    return Finding("failed", detail, install_line(packages), {"missing": missing})


def check_display() -> Finding:
    """Start Qt for real, in a process of its own because it aborts when it cannot."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    named = {name: os.environ[name] for name in names if os.environ.get(name)}
    if sys.platform.startswith("linux") and not named:
        return Finding(
            "warning",
            "no display: app.py runs the demo clip into out/ instead of opening a window",
            "start it in a desktop session, or with: ssh -X",
        )
    code = (
        "from PySide6.QtGui import QGuiApplication as A; a = A([]); "
        "s = a.primaryScreen(); g = s.geometry(); "
        "print(a.platformName(), f'{g.width()}x{g.height()}', s.devicePixelRatio())"
    )
    environment = {k: v for k, v in os.environ.items() if "cv2" not in Path(v).parts}
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=_QT_TIMEOUT_S,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Finding("failed", f"Qt did not start within {_QT_TIMEOUT_S:.0f} s", "", named)
    if done.returncode == 0:
        platform, size, ratio = done.stdout.split()
        return Finding(
            "ok", f"Qt opens windows through {platform}, {size} at {ratio}x", facts=named
        )
    words = " ".join(done.stderr.split())[:300]
    return Finding(
        "failed",
        f"Qt cannot open a window: {words}",
        "make setup installs its libraries; check that the display named above answers",
        named,
    )


def check_cameras() -> Finding:
    """Open every camera, and compare what it was asked for with what came."""
    from facecam.capture.devices import list_cameras

    devices = list_cameras()
    if not devices:
        return Finding(
            "warning",
            "no camera",
            "plug one in, or give the app a file: python app.py --source FILE",
            {"cameras": []},
        )
    records = [_measure_camera(device.index, device.name) for device in devices]
    shown = "; ".join(str(record["words"]) for record in records)
    working = [record for record in records if not record["error"]]
    mend = "" if len(working) == len(records) else _camera_mend()
    return Finding("ok" if working else "warning", shown, mend, {"cameras": records})


def _camera_mend() -> str:
    access = {
        "linux": "if access is refused: sudo usermod -aG video $USER, then log in again",
        "darwin": "allow it in System Settings, Privacy & Security, Camera",
        "win32": "allow it in Settings, Privacy & security, Camera",
    }
    return f"close programs that use the camera; {access.get(sys.platform, 'allow access to it')}"


def _measure_camera(index: int, name: str) -> dict[str, Any]:
    from facecam.capture.opening import make_source

    record: dict[str, Any] = {"index": index, "name": name, "error": None}
    source = make_source(index)
    try:
        source.open()
        asked = source.info.asked
        source.read()  # the first picture comes late
        begin_s, frames, size_wh = time.perf_counter(), 0, source.info.size_wh
        while time.perf_counter() - begin_s < CAMERA_TEST_S:
            frame = source.read()
            if frame is None:
                break
            frames += 1
            size_wh = (frame.image_bgr.shape[1], frame.image_bgr.shape[0])
        rate_hz = (frames - 1) / (time.perf_counter() - begin_s) if frames > 1 else 0.0
    except SourceError as error:
        record |= {"error": str(error), "words": f"{index} {name}: {error}"}
    else:
        got = f"{size_wh[0]}x{size_wh[1]} at {rate_hz:.1f} Hz"
        record |= {"asked": asked, "got": got, "size_wh": list(size_wh), "rate_hz": rate_hz}
        record["words"] = f"{index} {name}: asked for {asked}, got {got}"
    finally:
        source.close()
    return record


def check_detectors() -> Finding:
    """Compare the detector files with their hashes."""
    import json

    from facecam.vision.mediapipe_detector import DETECTORS_DIR, verify_detector

    try:
        names = list(json.loads((DETECTORS_DIR / "detectors.json").read_text("utf-8"))["detectors"])
        for name in names:
            verify_detector(name)
    except (OSError, ValueError, KeyError, DetectorError) as error:
        return Finding("failed", str(error), "git checkout -- models/detectors")
    return Finding("ok", f"{', '.join(names)}: sha256 as shipped", facts={"detectors": names})


def check_models() -> Finding:
    """Load every model package, which checks its files, and let it run once."""
    from facecam.commands.models import package_entries

    entries = package_entries(run=True)
    refused = [entry for entry in entries if entry["error"]]
    if not entries:
        return Finding("failed", "there is no model package", "git checkout -- models")
    if refused:
        detail = " ".join(str(entry["error"]) for entry in refused)
        return Finding("failed", detail, "restore the folder, or remove it", {"models": entries})
    shown = ", ".join(f"{entry['name']} {entry['version']}" for entry in entries)
    return Finding("ok", f"{shown}: files as described, run once", facts={"models": entries})


def check_settings() -> Finding:
    """Check that the window can remember its settings."""
    from facecam.settings import SettingsStore

    path = SettingsStore().path
    folder = next(parent for parent in path.parents if parent.exists())
    if os.access(folder, os.W_OK) and (not path.exists() or os.access(path, os.W_OK)):
        return Finding("ok", f"kept in {path}")
    return Finding(
        "warning", f"{path} cannot be written: settings are not remembered", f"allow it: {folder}"
    )


def check_pipeline() -> Finding:
    """Run the whole pipeline over the demo clip for two seconds."""
    from facecam.capture.opening import DEMO_CLIP, make_source
    from facecam.commands.pipeline_parts import analyzer_for_files, load_estimator

    try:
        estimator = load_estimator(None)
    except ModelPackageError:
        estimator = None  # a finding of its own; the rest can still be tested
    analyzer = analyzer_for_files(estimator)
    source = make_source(str(DEMO_CLIP))
    frames = faces = readings = 0
    try:
        source.open()
        begin_s = math.inf
        while frames == 0 or time.perf_counter() - begin_s < SELF_TEST_S:
            frame = source.read()
            if frame is None:
                break
            analysis = analyzer.step(frame)
            if frames == 0:  # which loaded everything: no part of the time or the rate
                begin_s = time.perf_counter()
            frames += 1
            faces += len(analysis.faces)
            readings += sum(len(face.readings) for face in analysis.faces)
        rate_hz = (frames - 1) / (time.perf_counter() - begin_s) if frames > 1 else 0.0
    except (SourceError, DetectorError, ModelPackageError) as error:
        return Finding(
            "failed", str(error), "see the findings above; then: git checkout -- resources"
        )
    finally:
        source.close()
        analyzer.close()
        if estimator is not None:
            estimator.close()
    facts = {"frames": frames, "faces": faces, "readings": readings, "rate_hz": rate_hz}
    detail = f"{frames} frames of the demo clip, {faces} faces, {rate_hz:.0f} frames a second"
    if faces and (readings or estimator is None):
        return Finding("ok", detail, facts=facts)
    return Finding("failed", detail, "git checkout -- models resources", facts)
