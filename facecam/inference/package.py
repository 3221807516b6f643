"""Model packages: what a folder `models/NAME` promises, checked before anything of it is used."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from facecam.errors import ModelPackageError, reason
from facecam.titles import words_in
from facecam.vision.crops import EyeTemplate

MODELS_DIR = Path(__file__).resolve().parents[2] / "models"
MODEL_FILE = "model.tflite"
CAM_FILE = "cam.npz"
SPEC_FILE = "model.json"
HeadKind = Literal["softmax", "sigmoid", "expectation"]
Target = Literal["face", "frame"]
_NO_NUMBERS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """One output of a model and how to read it.

    Attributes:
        kind: `softmax` one of N; `sigmoid` each of N on its own; `expectation` a softmax over
            ordered numbers.
        classes: Names, or the rising numbers of an expectation.
        title: Language code to the words for people.
        unit: Unit of an expectation ("years").
        thresholds: One a class of a sigmoid head, on the calibrated probability.
        labels: Language code to class to the words for people.
    """

    name: str
    kind: HeadKind
    classes: tuple[Any, ...]
    title: Mapping[str, str] = field(default_factory=dict)
    unit: str | None = None
    thresholds: tuple[float, ...] | None = None
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """A model package that kept its contract. Immutable; any thread may read it.

    Attributes:
        title: Language code to the words for people.
        target: What it looks at: each face, or the whole picture.
        size_wh: Width and height of its input in pixels; uint8 RGB, NHWC.
        crop: Where the eyes go in a crop; None for whole pictures.
        outputs: Head name, and "features", to the name of the graph's output.
        calibration: Head name to what `decode` needs of it.
        cam: What model.json says about class activation maps.
        cam_arrays: The arrays of cam.npz.
        dir: The folder.
        spec: All of model.json, as it stands there.
    """

    name: str
    title: Mapping[str, str]
    version: str
    target: Target
    size_wh: tuple[int, int]
    crop: EyeTemplate | None
    heads: tuple[HeadSpec, ...]
    outputs: Mapping[str, str]
    calibration: Mapping[str, Mapping[str, Any]]
    cam: Mapping[str, Any]
    cam_arrays: Mapping[str, NDArray[np.generic]]
    dir: Path
    spec: Mapping[str, Any]

    def head(self, name: str) -> HeadSpec:
        """Return the head `name`.

        Raises:
            ModelPackageError: There is none of that name.
        """
        for head in self.heads:
            if head.name == name:
                return head
        names = ", ".join(head.name for head in self.heads)
        raise ModelPackageError(f"The model {self.name} has no head {name}: it has {names}.")

    def limits(self, head_name: str) -> Mapping[str, float]:
        """Return the quality beyond which a head can't tell (see `vision.quality`)."""
        limits = self.calibration.get(head_name, {}).get("limits")
        return limits if limits else _NO_NUMBERS

    def warnings(self, lang: str) -> tuple[str, ...]:
        """Return what everybody who sees its readings should know, in `lang` where it has that."""
        return tuple(words_in(text, lang) for text in self.spec.get("warnings", ()))

    def read(self, file_name: str) -> bytes:
        """Return the content of one of its files after comparing it with its hash once more.

        Raises:
            ModelPackageError: It is missing or altered.
        """
        return read_verified(self.dir, file_name, self.spec["files"][file_name])


@dataclass(frozen=True, slots=True)
class ListedPackage:
    """What can be said of a package without loading its graph.

    Attributes:
        name: What `load_package` takes.
        error: Why it would be refused, or None. Hashes are compared only when it is loaded.
    """

    name: str
    dir: Path
    title: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    target: str = ""
    error: str | None = None


def load_package(name_or_dir: str | Path, models_dir: Path | None = None) -> ModelPackage:
    """Read and check a package: its model.json, files, hashes and CAM arrays.

    Nothing in it is executed; the graph itself is checked by the runtime that loads it.

    Args:
        name_or_dir: Name of a package in `models_dir`, or a folder.
        models_dir: Where names are looked up; the shipped `models` by default.

    Raises:
        ModelPackageError: It is missing or breaks its contract; one sentence says where.
    """
    from facecam.inference.package_file import check_arrays, read_spec

    folder = _find(name_or_dir, models_dir or MODELS_DIR)
    raw, spec = read_spec(folder)
    arrays: dict[str, NDArray[np.generic]] = {}
    for file_name, fact in spec.files.items():
        content = read_verified(folder, file_name, fact.model_dump())
        if file_name == CAM_FILE:
            arrays = _read_arrays(folder, content)
    check_arrays(folder, spec, arrays)
    return ModelPackage(
        name=spec.name,
        title=MappingProxyType(dict(spec.title)),
        version=spec.version,
        target=spec.target,
        size_wh=(spec.input.width, spec.input.height),
        crop=spec.eye_template(),
        heads=tuple(
            HeadSpec(
                name=head.name,
                kind=head.kind,
                classes=head.classes,
                title=head.title,
                unit=head.unit,
                thresholds=head.thresholds,
                labels=head.labels,
            )
            for head in spec.heads
        ),
        outputs=MappingProxyType(dict(spec.outputs)),
        calibration=MappingProxyType(
            {name: item.model_dump(exclude_none=True) for name, item in spec.calibration.items()}
        ),
        cam=MappingProxyType(dict(spec.cam)),
        cam_arrays=MappingProxyType(arrays),
        dir=folder,
        spec=MappingProxyType(raw),
    )


def list_packages(models_dir: Path | None = None) -> tuple[ListedPackage, ...]:
    """Return every package of a folder by name, those that would be refused with the reason.

    Args:
        models_dir: Where to look; the shipped `models` by default.
    """
    from facecam.inference.package_file import read_spec

    found = []
    root = models_dir or MODELS_DIR
    folders = sorted(root.iterdir()) if root.is_dir() else []
    for folder in folders:
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        if not any((folder / name).exists() for name in (SPEC_FILE, MODEL_FILE)):
            continue  # models/detectors and the like
        # A folder that load_package would not find by name is listed with its path.
        name = folder.name if root == MODELS_DIR else str(folder)
        try:
            _, spec = read_spec(folder)
            for file_name, fact in spec.files.items():
                _check_size(folder, file_name, fact.bytes)
        except ModelPackageError as error:
            found.append(ListedPackage(name, folder, error=str(error)))
        else:
            found.append(ListedPackage(name, folder, dict(spec.title), spec.version, spec.target))
    return tuple(found)


def read_verified(folder: Path, file_name: str, fact: Mapping[str, Any]) -> bytes:
    """Return the content of a file whose size and sha256 are as promised.

    Raises:
        ModelPackageError: It is missing, unreadable or altered.
    """
    _check_size(folder, file_name, fact["bytes"])
    try:
        content = (folder / file_name).read_bytes()
    except OSError as error:
        raise _unreadable(folder, file_name, error) from error
    if hashlib.sha256(content).hexdigest() != fact["sha256"]:
        raise ModelPackageError(
            f"The model package {folder} has a {file_name} whose sha256 differs from the one in "
            "model.json: restore the file, or export the package again."
        )
    return content


def _check_size(folder: Path, file_name: str, size: int) -> None:
    path = folder / file_name
    try:
        found = path.stat().st_size
    except FileNotFoundError:
        raise ModelPackageError(
            f"The model package {folder} lacks its file {file_name}: restore it, or export the "
            "package again."
        ) from None
    except OSError as error:
        raise _unreadable(folder, file_name, error) from error
    if path.resolve().parent != folder.resolve():
        raise ModelPackageError(
            f"The model package {folder} has a {file_name} that leads outside of the folder: "
            "put the file itself there."
        )
    if found != size:
        raise ModelPackageError(
            f"The model package {folder} has a {file_name} of {found} bytes instead of {size}: "
            "restore the file, or export the package again."
        )


def _find(name_or_dir: str | Path, models_dir: Path) -> Path:
    """Return the folder that is meant, which holds a model.json."""
    given = Path(name_or_dir)
    plain = isinstance(name_or_dir, str) and given.name == name_or_dir
    candidates = [models_dir / given, given] if plain else [given]
    for folder in candidates:
        if (folder / SPEC_FILE).is_file():
            return folder
    if given.name == SPEC_FILE and given.is_file():
        return given.parent
    for folder in candidates:
        if folder.is_dir():
            raise ModelPackageError(
                f"The model package {folder} lacks its file {SPEC_FILE}: restore it, or choose "
                "another model."
            )
    names = ", ".join(item.name for item in list_packages(models_dir)) or "none"
    raise ModelPackageError(
        f"There is no model package {name_or_dir}: give a folder, or one of those in {models_dir} "
        f"({names})."
    )


def _read_arrays(folder: Path, content: bytes) -> dict[str, NDArray[np.generic]]:
    import io

    try:
        # allow_pickle=False: an array of objects would run code from the file.
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            if not isinstance(stored, np.lib.npyio.NpzFile):
                raise ValueError("it is a single array")
            return {name: stored[name] for name in stored.files}
    except Exception as error:  # damaged archives fail in many ways inside zipfile and NumPy
        raise ModelPackageError(
            f"The model package {folder} has a {CAM_FILE} that is not a plain archive of numbers "
            f"({error}): export the package again."
        ) from error


def _unreadable(folder: Path, file_name: str, error: OSError) -> ModelPackageError:
    return ModelPackageError(
        f"The model package {folder} has a {file_name} that cannot be read "
        f"({reason(error)}): check its permissions."
    )


def parse_json(folder: Path) -> dict[str, Any]:
    """Return model.json as a dictionary.

    Raises:
        ModelPackageError: It is missing, unreadable, or no JSON object.
    """
    try:
        raw = json.loads((folder / SPEC_FILE).read_text("utf-8"))
    except FileNotFoundError:
        raise ModelPackageError(
            f"The model package {folder} lacks its file {SPEC_FILE}: restore it, or choose "
            "another model."
        ) from None
    except OSError as error:
        raise _unreadable(folder, SPEC_FILE, error) from error
    except (ValueError, RecursionError) as error:
        raise ModelPackageError(
            f"The model package {folder} has a {SPEC_FILE} that is not JSON ({error}): restore "
            "it, or export the package again."
        ) from error
    if not isinstance(raw, dict):
        raise ModelPackageError(
            f"The model package {folder} has a {SPEC_FILE} that holds no JSON object: restore it, "
            "or export the package again."
        )
    return raw
