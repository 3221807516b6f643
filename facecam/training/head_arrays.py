"""What a package holds for class activation maps: the dense layers of its heads, and scales.

"cam" of model.json:

    {"layer": name of the layer whose output is "features",
     "layers": {HEAD: [layer, ...]},      # dense layers from pooled features to logits, trunk first
     "pool": {HEAD: "average" | "flatten"},
     "scale": {HEAD: {CLASS, or "" for an expected value: full colour}}}

cam.npz holds "LAYER/kernel" (in, out) and "LAYER/bias" (out,) of each layer named; there is a ReLU
between each two layers of a head. A head on flattened maps stands in "pool" only: its first layer
sees every place of the map apart, and the classic map does not hold for it.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.errors import ModelPackageError
from facecam.inference.cam import cam_head, typical_scale
from facecam.inference.package import ModelPackage
from facecam.training.network import Network, head_layers, trunk_layers
from facecam.training.recipe import Head, Recipe
from facecam.types import Float32Array

MOST_CLASSES = 20  # scales of more classes than that would only fill model.json


def cam_layers(recipe: Recipe, head: Head) -> list[str]:
    """Return the names of the dense layers from pooled features to a head's logits, in order."""
    return [*trunk_layers(recipe), *head_layers(head)]


def cam_entry(recipe: Recipe, network: Network) -> dict[str, Any]:
    """Return "cam" of model.json, without scales."""
    pool = recipe.backbone.pooling
    named = recipe.heads if pool == "average" else []
    return {
        "layer": network.backbone.layers[-1].name,
        "layers": {head.name: cam_layers(recipe, head) for head in named},
        "pool": {head.name: pool for head in recipe.heads},
    }


def write_cam_arrays(recipe: Recipe, network: Network, path: Path) -> None:
    """Write kernel and bias of every dense layer that "layers" names."""
    arrays: dict[str, NDArray[np.float32]] = {}
    for names in cam_entry(recipe, network)["layers"].values():
        for name in names:
            kernel, bias = network.model.get_layer(name).get_weights()
            arrays[f"{name}/kernel"], arrays[f"{name}/bias"] = kernel, bias
    np.savez(path, **arrays)


def cam_scales(package: ModelPackage, features: Float32Array) -> dict[str, dict[str, float]]:
    """Return what counts as full colour, from the maps of real pictures.

    Args:
        package: With its CAM arrays.
        features: (N, h, w, C) feature maps of pictures.
    """
    scales: dict[str, dict[str, float]] = {}
    for head in package.heads:
        names: list[str | None] = [None]
        if head.kind != "expectation" and len(head.classes) > 1:
            names = [str(name) for name in head.classes][:MOST_CLASSES]
        for name in names:
            try:
                cam = cam_head(package, head.name, name)
            except ModelPackageError:  # no weights: flattened maps
                continue
            value = typical_scale(cam.maps(features))
            if np.isfinite(value) and value > 0:
                scales.setdefault(head.name, {})[cam.class_name] = round(value, 4)
    return scales
