"""Which column of a manifest a package's head is measured against.

A head is measured against its own column. Where a data set says how old people look and how old
they are (as APPA-REAL does), the columns `apparent_NAME` and `real_NAME` of an expectation head
NAME are measured too, each on its own; and where the manifest has no column NAME, the apparent
one takes its place (a model judges looks), else the real one.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.inference.package import ModelPackage
from facecam.training.data import head_labels
from facecam.training.manifest import Manifest
from facecam.training.recipe import Head

REFERENCES = ("apparent", "real")


def package_heads(package: ModelPackage) -> list[Head]:
    """Return the heads of a package as a recipe states them."""
    stored = {entry["name"]: entry for entry in package.spec["heads"]}
    heads = []
    for head in package.heads:
        entry: dict[str, Any] = {
            "name": head.name,
            "title": {k: v for k, v in head.title.items() if k in ("en", "ko")},
            "kind": head.kind,
            "classes": [int(c) if isinstance(c, float) else c for c in head.classes],
            "unit": head.unit,
            "column": stored[head.name].get("column"),
        }
        if head.kind == "sigmoid":
            entry["threshold"] = stored[head.name].get("threshold_rule") or "youden"
        heads.append(Head.model_validate(entry))
    return heads


def with_column(head: Head, manifest: Manifest) -> Head:
    """Return the head, pointed at the column that takes the place of one that is not there."""
    if head.kind != "expectation" or (head.column or head.name) in manifest.columns:
        return head
    for column in _references(head):
        if column in manifest.columns:
            return head.model_copy(update={"column": column})
    return head


def reference_labels(head: Head, manifest: Manifest) -> dict[str, NDArray[np.float32]]:
    """Return the labels (N,) of the apparent and the real column that a manifest has, by column."""
    if head.kind != "expectation":
        return {}
    found = {
        column: head_labels(manifest, head.model_copy(update={"column": column}))
        for column in _references(head)
        if column in manifest.columns
    }
    return {column: y for column, y in found.items() if np.isfinite(y).any()}


def _references(head: Head) -> list[str]:
    return [f"{kind}_{head.name}" for kind in REFERENCES]
