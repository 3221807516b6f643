"""What export writes of where a model looks: for `training.export` and `training.card`.

Export calls, after it has evaluated a data set,

    add_mask_figures(package, metrics, item, report)

which puts "cam" under the heads of a data set with masks, and once for the whole package

    faces = write_face_maps(package, folder, sets, report)

which writes report/face-maps.png of a package for faces and returns its numbers, for model.json
"cam": {"faces": numbers}; `card_figures(spec)` gives the card's pictures and
`explain.face_maps.card_lines(numbers)` its lines. For the check with shuffled weights it calls

    spec["cam"]["randomization"] = randomization_of(recipe, network, crops)
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.errors import ModelPackageError
from facecam.inference.package import ModelPackage
from facecam.training.cam_evaluation import add_cams, has_masks
from facecam.training.data import LabelledCrops, model_view
from facecam.training.explain.face_maps import face_map_figures
from facecam.training.explain.keras_model import keras_model_of_network
from facecam.training.explain.methods import METHODS
from facecam.training.explain.randomization import weight_randomization
from facecam.training.network import Network
from facecam.training.recipe import Recipe
from facecam.types import ImageU8

FACE_MAPS = "face-maps.png"
CAPTION = (
    "Mean class activation maps in the aligned face frame: orange speaks for the answer, blue "
    "against it; crosses are the eyes, frames show where the answer is expected to be seen."
)
MOST_CROPS = 1500
Report = Callable[[str], None]


def add_mask_figures(
    package: ModelPackage,
    metrics: dict[str, Any],
    item: LabelledCrops,
    report: Report = lambda line: None,
) -> None:
    """Put "cam" under the heads of `metrics` where the data set has masks; else do nothing.

    Args:
        package: What is explained.
        metrics: What `evaluate --json` prints of the data set; changed in place.
        item: Its pictures.
        report: Receives one line at a time.
    """
    if has_masks(item) and package.cam.get("layers"):
        add_cams(package, metrics, item, METHODS, report=report)


def write_face_maps(
    package: ModelPackage,
    folder: Path,
    sets: Sequence[LabelledCrops],
    report: Report = lambda line: None,
) -> dict[str, Any] | None:
    """Write report/face-maps.png into a package's folder; return its numbers.

    None where the package is not for faces, holds no weights for maps, or has too few faces.

    Args:
        package: What is explained.
        folder: Of the package.
        sets: Validation pictures of every data set.
        report: Receives one line at a time.
    """
    total = sum(len(item.manifest) for item in sets)
    if package.crop is None or not package.cam.get("layers") or not total:
        return None
    crops: list[ImageU8] = []
    labels: dict[str, list[NDArray[np.float32]]] = {head.name: [] for head in package.heads}
    for item in sets:
        share = max(1, round(MOST_CROPS * len(item.manifest) / max(total, MOST_CROPS)))
        rows = np.linspace(0, len(item.manifest) - 1, min(share, len(item.manifest))).astype(int)
        crops.append(model_view(item.cache, rows, package.size_wh))
        for name, parts in labels.items():
            parts.append(item.labels[name][rows])
    joined = {name: np.concatenate(parts) for name, parts in labels.items()}
    try:
        found = face_map_figures(package, np.concatenate(crops), joined, report=report)
    except ModelPackageError as error:
        report(f"no mean maps: {error}")
        return None
    if found is None:
        return None
    (folder / "report").mkdir(exist_ok=True)
    (folder / "report" / FACE_MAPS).write_bytes(found.figure_png)
    return found.numbers


def card_figures(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return caption to path of the card's pictures of where a model looks."""
    return {CAPTION: f"report/{FACE_MAPS}"} if spec["cam"].get("faces") else {}


def randomization_of(recipe: Recipe, network: Network, crops_rgb: ImageU8) -> dict[str, Any]:
    """Return whether the maps of each head depend on the weights (`explain.randomization`)."""
    return weight_randomization(keras_model_of_network(recipe, network), crops_rgb)
