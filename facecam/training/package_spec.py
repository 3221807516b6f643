"""model.json of a package that is being made."""

import hashlib
import json
from pathlib import Path
from typing import Any

from facecam.training.conversion import Format
from facecam.training.fit import template_of
from facecam.training.head_arrays import cam_entry
from facecam.training.network import Network
from facecam.training.package_metrics import plain_numbers
from facecam.training.recipe import Goal, Head, Recipe

FILES = ("model.tflite", "cam.npz", "model.keras")


def package_spec(recipe: Recipe, network: Network, format: Format, name: str) -> dict[str, Any]:
    """Return model.json as far as the recipe and the network alone say it."""
    template = template_of(recipe)
    crop: dict[str, Any] = {"method": "whole"}
    if template:
        crop = {
            "method": "eyes",
            "eye_span": template.eye_span,
            "eye_y": template.eye_y,
            "mouth_ratio": template.mouth_ratio,
        }
    width, height = recipe.input_wh
    return {
        "schema": 1,
        "name": name,
        "version": recipe.version,
        "title": recipe.title or {"en": name},
        "target": recipe.target,
        "input": {"width": width, "height": height},
        "crop": crop,
        "heads": [_head(head) for head in recipe.heads],
        "outputs": {**{h.name: h.name for h in recipe.heads}, "features": "features"},
        "cam": cam_entry(recipe, network),
        "calibration": {},
        "metrics": {},
        "warnings": recipe.card.warnings,
        "data": recipe.card.data,
        "licence": recipe.card.licence,
        "recipe": recipe.name,
        "group_by": recipe.data.group_by,
        "subject_column": recipe.data.subject_column,
        "format": format,
    }


def _head(head: Head) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": head.name,
        "title": head.title or {"en": head.name},
        "kind": head.kind,
        "classes": list(head.classes),
    }
    for key in ("unit", "labels", "column"):
        if getattr(head, key):
            entry[key] = getattr(head, key)
    if isinstance(head.threshold, Goal):
        entry["threshold_rule"] = head.threshold.model_dump(exclude_none=True)
    return entry


def write_spec(folder: Path, spec: dict[str, Any]) -> None:
    """Write model.json with the size and sha256 of every file that lies beside it."""
    files = {}
    for name in FILES:
        if (folder / name).exists():
            content = (folder / name).read_bytes()
            files[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    whole = plain_numbers({**spec, "files": files})
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "model.json").write_text(text + "\n", "utf-8")


def read_spec(folder: Path) -> dict[str, Any]:
    """Return model.json of a package that was just written."""
    spec: dict[str, Any] = json.loads((folder / "model.json").read_text("utf-8"))
    return spec
