"""The import rules of ARCHITECTURE.md, checked in the source and in a running interpreter."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BOTTOM = {"types", "errors", "settings", "timing", "titles"}
DEVICES = {"capture", "vision", "inference"}
RUNNING = {"pipeline", "recording"}
# Part of the package to the parts it may import; a part may always import itself.
MAY_IMPORT = {
    **dict.fromkeys(BOTTOM, BOTTOM),
    **dict.fromkeys(DEVICES, BOTTOM | DEVICES),
    **dict.fromkeys(RUNNING, BOTTOM | DEVICES | RUNNING),
    "gui": BOTTOM | DEVICES | RUNNING,
    "training": BOTTOM | {"capture.pictures", "vision", "inference"},
    "torture": BOTTOM | DEVICES | RUNNING | {"training"},
    "commands": BOTTOM | DEVICES | RUNNING | {"gui", "training", "torture"},
    "__main__": BOTTOM | {"commands"},
    "app": BOTTOM | {"commands", "gui"},
}
# Third-party package to the only places that may import it.
ONLY_IN = {
    "PySide6": "facecam.gui",
    "tensorflow": "facecam.training",
    "keras": "facecam.training",
    "mediapipe": "facecam.vision.mediapipe_detector",
    "typer": "facecam.commands",
}


@dataclass(frozen=True)
class Import:
    """One import statement: who, what, and whether it stands inside a function."""

    module: str
    target: str
    in_function: bool

    def __str__(self) -> str:
        return f"{self.module} imports {self.target}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[Import]:
    module = module_name(path)

    def visit(node: ast.AST, in_function: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(module, alias.name, in_function)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{module} uses a relative import"
                base = child.module or ""
                for alias in child.names:
                    whole = f"{base}.{alias.name}"
                    is_module = (ROOT / whole.replace(".", "/")).with_suffix(".py").exists()
                    is_package = (ROOT / whole.replace(".", "/")).is_dir()
                    yield Import(module, whole if is_module or is_package else base, in_function)
            inside = in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from visit(child, inside)

    yield from visit(ast.parse(path.read_text("utf-8")), False)


SOURCES = sorted([*(ROOT / "facecam").rglob("*.py"), ROOT / "app.py"])
IMPORTS = [item for path in SOURCES for item in imports_of(path)]


def part_of(module: str) -> str:
    """Return the part of the package: "capture" of "facecam.capture.source", "" of "facecam"."""
    first, _, rest = module.partition(".")
    return rest.partition(".")[0] if first == "facecam" else first


def allowed(item: Import) -> bool:
    part = part_of(item.module)
    if part == "":  # facecam/__init__.py
        return False
    inside = item.target.removeprefix("facecam").removeprefix(".")
    rules = MAY_IMPORT[part] | {part}
    is_version = not inside  # `from facecam import __version__`
    return is_version or any(f"{inside}.".startswith(f"{rule}.") for rule in rules)


def test_every_part_has_a_rule() -> None:
    assert {part_of(module_name(path)) for path in SOURCES} - {""} <= set(MAY_IMPORT)


def test_imports_point_down_only() -> None:
    ours = [item for item in IMPORTS if item.target.partition(".")[0] == "facecam"]
    assert len(ours) > 50
    assert [str(item) for item in ours if not allowed(item)] == []


def test_app_is_imported_by_nobody() -> None:
    assert [str(item) for item in IMPORTS if item.target.partition(".")[0] == "app"] == []


def test_only_the_command_torture_imports_the_drills_and_only_when_it_runs() -> None:
    users = [
        item
        for item in IMPORTS
        if item.target.startswith("facecam.torture") and part_of(item.module) != "torture"
    ]
    assert {item.module for item in users} == {"facecam.commands.torture"}
    assert [str(item) for item in users if not item.in_function] == []


@pytest.mark.parametrize(("package", "place"), ONLY_IN.items())
def test_heavy_package_is_imported_in_its_place_only(package: str, place: str) -> None:
    users = [item for item in IMPORTS if item.target.partition(".")[0] == package]
    outside = [item for item in users if not f"{item.module}.".startswith(f"{place}.")]
    assert users
    assert [str(item) for item in outside] == []


def test_training_and_mediapipe_are_imported_inside_functions_by_others() -> None:
    late = [
        item
        for item in IMPORTS
        if item.target.startswith(("facecam.training", "mediapipe"))
        and part_of(item.module) != "training"
    ]
    assert late
    assert [str(item) for item in late if not item.in_function] == []


def loaded_by(code: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has loaded after running `code`."""
    program = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    names = json.loads(done.stdout.splitlines()[-1])
    return {name.partition(".")[0] for name in names if isinstance(name, str)}


TENSORFLOW = {"tensorflow", "keras", "mediapipe", "sklearn", "matplotlib"}


def test_importing_the_whole_pipeline_loads_no_tensorflow_and_no_mediapipe() -> None:
    parts = ("capture", "vision", "inference", "pipeline", "recording")
    modules = [module_name(path) for path in SOURCES if part_of(module_name(path)) in parts]
    loaded = loaded_by("\n".join(f"import {module}" for module in modules))
    assert loaded & (TENSORFLOW | {"PySide6"}) == set()


def test_importing_the_window_loads_no_tensorflow_and_no_mediapipe() -> None:
    loaded = loaded_by("import facecam.gui.application, facecam.gui.main_window")
    assert "PySide6" in loaded
    assert loaded & (TENSORFLOW | {"pyarrow", "av"}) == set()


def test_building_the_detector_loads_mediapipe_without_what_it_does_not_need() -> None:
    detector = (
        "from facecam.vision.mediapipe_detector import MediaPipeDetector\n"
        "MediaPipeDetector().close()\n"
    )
    loaded = loaded_by(detector)
    assert "mediapipe" in loaded
    assert loaded & {"tensorflow", "matplotlib"} == set()
    # Later imports find the real ones.
    assert "matplotlib" in loaded_by(detector + "from matplotlib.figure import Figure")


def test_listing_the_commands_loads_nothing_heavy() -> None:
    loaded = loaded_by("from facecam.commands.cli import run\nassert run(['--help']) == 0")
    assert loaded & (TENSORFLOW | {"numpy", "cv2", "PySide6"}) == set()


def test_reading_the_options_of_the_app_loads_nothing_heavy() -> None:
    loaded = loaded_by("import app\napp.parse_options(['--demo'])")
    assert loaded & (TENSORFLOW | {"numpy", "cv2", "PySide6", "typer", "rich"}) == set()


def test_no_module_is_called_utils() -> None:
    vague = {"utils", "util", "helpers", "misc", "manager", "common"}
    assert [path for path in SOURCES if path.stem in vague] == []
