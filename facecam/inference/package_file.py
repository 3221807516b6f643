"""The schema of model.json. Apart from `package` so that pydantic loads only with a package."""

import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from facecam.errors import ModelPackageError
from facecam.inference.package import CAM_FILE, MODEL_FILE, SPEC_FILE, parse_json
from facecam.vision.crops import EyeTemplate

SCHEMA = 1

Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1)]
Words = dict[str, str]


class _Part(BaseModel):
    # Keys that this version does not know are kept and ignored: a newer one may have added them.
    model_config = ConfigDict(frozen=True, extra="allow")


class Input(_Part):
    """Size of the model's input in pixels."""

    width: Annotated[int, Field(ge=8, le=4096)]
    height: Annotated[int, Field(ge=8, le=4096)]


class EyesCrop(_Part):
    """A crop by the eyes; see `vision.crops.EyeTemplate`."""

    method: Literal["eyes"]
    eye_span: Annotated[float, Field(gt=0.01, lt=1)]
    eye_y: Annotated[float, Field(gt=0, lt=1)]
    mouth_ratio: Annotated[float, Field(gt=0.1, lt=10)]


class WholeCrop(_Part):
    """The whole picture."""

    method: Literal["whole"]


class Head(_Part):
    """One output; see `package.HeadSpec`."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
    title: Words = {}
    kind: Literal["softmax", "sigmoid", "expectation"]
    classes: Annotated[tuple[str | int | float, ...], Field(min_length=1)]
    unit: str | None = None
    thresholds: tuple[Number, ...] | None = None
    labels: dict[str, Words] = {}

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Head":
        count = len(self.classes)
        if self.kind == "expectation":
            numbers = [c for c in self.classes if isinstance(c, int | float)]
            if len(numbers) != count or not all(math.isfinite(c) for c in numbers):
                raise ValueError("has classes that are not all numbers")
            if count < 2 or any(b <= a for a, b in pairwise(numbers)):
                raise ValueError("needs two or more rising numbers as classes")
        elif not all(isinstance(c, str) and c for c in self.classes):
            raise ValueError("has classes that are not all names")
        elif len(set(self.classes)) != count:
            raise ValueError("names a class twice")
        elif self.kind == "softmax" and count < 2:
            raise ValueError("needs two or more classes")
        if self.thresholds is None:
            return self
        if self.kind != "sigmoid":
            raise ValueError(f"has thresholds, which a head of kind {self.kind} cannot have")
        if len(self.thresholds) != count:
            raise ValueError(f"has {len(self.thresholds)} thresholds for {count} classes")
        if not all(0 <= value <= 1 for value in self.thresholds):
            raise ValueError("has a threshold that is not between 0 and 1")
        return self


class Interval(_Part):
    """Interval of an expectation, in standard deviations of its distribution."""

    coverage: Annotated[float, Field(gt=0, lt=1)] = 0.8
    q_low: NotNegative
    q_high: NotNegative


class Limits(_Part):
    """Quality beyond which a head can't tell; see `vision.quality`."""

    eye_span_px: NotNegative | None = None
    sharpness: NotNegative | None = None
    turn: NotNegative | None = None


class Calibration(_Part):
    """What makes probabilities out of a head's logits; see `decode`."""

    temperature: Positive | None = None
    scale: tuple[Number, ...] | None = None
    shift: tuple[Number, ...] | None = None
    interval: Interval | None = None
    limits: Limits | None = None


class FileFact(_Part):
    """Size and hash of a file."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=0)]


class PackageFile(_Part):
    """All of model.json that this version reads."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
    version: Name
    title: Words = {}
    target: Literal["face", "frame"]
    input: Input
    crop: Annotated[EyesCrop | WholeCrop, Field(discriminator="method")]
    heads: Annotated[tuple[Head, ...], Field(min_length=1)]
    outputs: dict[str, Name]
    cam: dict[str, Any] = {}
    calibration: dict[str, Calibration] = {}
    warnings: tuple[str | Words, ...] = ()
    files: dict[str, FileFact]

    @field_validator("heads")
    @classmethod
    def _one_of_each(cls, heads: tuple[Head, ...]) -> tuple[Head, ...]:
        names = [head.name for head in heads]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"has two heads of the name {name}")
            if name == "features":
                raise ValueError("has a head of the name features, which means the feature map")
        return heads

    @field_validator("outputs")
    @classmethod
    def _all_named(cls, outputs: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        for head in info.data.get("heads", ()):
            if head.name not in outputs:
                raise ValueError(f"does not say which output the head {head.name} is")
        if len(set(outputs.values())) != len(outputs):
            raise ValueError("gives one output two meanings")
        return outputs

    @field_validator("files")
    @classmethod
    def _plain_names(cls, files: dict[str, FileFact]) -> dict[str, FileFact]:
        for name in files:
            if name in ("", ".", "..") or any(sign in name for sign in "/\\:\0"):
                raise ValueError(f"names {name!r}, which is not a plain file name")
        for name in (MODEL_FILE, CAM_FILE):
            if name not in files:
                raise ValueError(f"does not list {name}")
        return files

    @model_validator(mode="after")
    def _fits_together(self) -> "PackageFile":
        if self.target == "face" and not isinstance(self.crop, EyesCrop):
            raise ValueError("has the target face, which needs the crop method eyes")
        heads = {head.name: head for head in self.heads}
        for name, item in self.calibration.items():
            if name not in heads:
                raise ValueError(f"calibrates the head {name}, which it does not have")
            count = len(heads[name].classes)
            if (item.scale is None) != (item.shift is None):
                raise ValueError(f"has only one of scale and shift for the head {name}")
            for values in (item.scale, item.shift):
                if values is not None and len(values) != count:
                    raise ValueError(
                        f"calibrates the head {name} with {len(values)} numbers for {count} classes"
                    )
        return self

    def eye_template(self) -> EyeTemplate | None:
        """Return where the eyes go, or None for whole pictures."""
        if isinstance(self.crop, EyesCrop):
            return EyeTemplate(self.crop.eye_span, self.crop.eye_y, self.crop.mouth_ratio)
        return None


def read_spec(folder: Path) -> tuple[dict[str, Any], PackageFile]:
    """Return model.json as it stands there and as checked.

    Raises:
        ModelPackageError: It is missing or breaks the contract.
    """
    raw = parse_json(folder)
    schema = raw.get("schema")
    if schema != SCHEMA or isinstance(schema, bool):
        newer = isinstance(schema, int) and schema > SCHEMA
        remedy = "update this program" if newer else "export the package again"
        raise ModelPackageError(
            f"The model package {folder} has a {SPEC_FILE} of schema {_shown(schema)}, and this "
            f"version reads schema {SCHEMA}: {remedy}."
        )
    try:
        return raw, PackageFile.model_validate(raw)
    except ValidationError as error:
        raise refused(folder, _complaint(error)) from error


def check_arrays(
    folder: Path, spec: PackageFile, arrays: Mapping[str, NDArray[np.generic]]
) -> None:
    """Check that the arrays that "cam" speaks of are there, finite, and fit the heads.

    Raises:
        ModelPackageError: They do not.
    """
    for name, array in arrays.items():
        if not np.issubdtype(array.dtype, np.floating) or not np.isfinite(array).all():
            raise refused(folder, f"{CAM_FILE} has the array {name} that is not of finite numbers")
    for head in spec.heads:
        before: int | None = None
        for kernel, bias in cam_keys(spec.cam, head.name):
            for key in (kernel, bias):
                if key not in arrays:
                    raise refused(folder, f"{CAM_FILE} lacks the array {key}")
            weights, offsets = arrays[kernel], arrays[bias]
            fits = weights.ndim == 2 and offsets.shape == weights.shape[1:]
            if not fits or before not in (None, len(weights)):
                raise refused(
                    folder,
                    f"{CAM_FILE} has arrays {kernel} of shape {weights.shape} and {bias} of shape "
                    f"{offsets.shape}, which do not follow each other",
                )
            before = weights.shape[1]
        if before not in (None, len(head.classes)):
            raise refused(
                folder,
                f"{CAM_FILE} has arrays of shape {weights.shape} and {offsets.shape} for the "
                f"{len(head.classes)} classes of the head {head.name}",
            )


def cam_keys(cam: Mapping[str, Any], head_name: str) -> list[tuple[str, str]]:
    """Return the keys of kernel and bias in cam.npz of each layer of a head, in order.

    "cam" has either "layers", the head's layers by name ("NAME/kernel", "NAME/bias" in cam.npz), or
    "arrays", the two keys of a head with a single layer.
    """
    layers, arrays = cam.get("layers"), cam.get("arrays")
    if isinstance(layers, Mapping) and isinstance(layers.get(head_name), list):
        return [(f"{layer}/kernel", f"{layer}/bias") for layer in layers[head_name]]
    if isinstance(arrays, Mapping) and isinstance(arrays.get(head_name), Mapping):
        item = arrays[head_name]
        return [(str(item.get("kernel")), str(item.get("bias")))]
    return []


def refused(folder: Path, what: str) -> ModelPackageError:
    """Return the error of a package that breaks its contract."""
    return ModelPackageError(
        f"The model package {folder} is refused because {what}: export it again, or choose "
        "another model."
    )


def _complaint(error: ValidationError) -> str:
    """Say in words what is first wrong with model.json."""
    first = error.errors(include_url=False)[0]
    place = ""
    for step in first["loc"]:
        if step in ("eyes", "whole") or str(step).startswith(("function-", "tuple[")):
            continue  # pydantic's own steps through unions
        place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else str(step)
    where = f"{SPEC_FILE}: {place}" if place else SPEC_FILE
    if first["type"] == "missing":
        return f"{where} is missing"
    if first["type"] == "value_error":
        return f"{where} {first['ctx']['error']}"
    what = str(first["msg"]).removeprefix("Input should ")
    if what.startswith("be "):
        return f"{where} should {what}, but is {_shown(first.get('input'))}"
    return f"{where} is {_shown(first.get('input'))} ({first['msg']})"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
