"""Where a face model looks on average: mean maps in the aligned face frame, as figure and numbers.

Every face is cut with its eyes in the same places, so that maps of many faces may be averaged. For
answers whose place in a face is known, the share of the positive mass there stands beside that of
a map that is the same everywhere. For `training.card` and `training.export`: call
`face_map_figures(package, crops_rgb, labels)` with the validation crops of all data sets, write
`figure_png` into the package's report folder and `numbers` into its metrics; `card_lines(numbers)`
gives the lines for the card.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.inference.faithfulness import measure_faithfulness, random_like
from facecam.inference.package import ModelPackage
from facecam.training.explain.explained import LAST
from facecam.training.explain.methods import TITLES, activation_maps
from facecam.training.explain.package_model import PackageModel
from facecam.training.explain.panels import Look, coloured, new_figure, png_of, scaled, show
from facecam.training.explain.pictures import scorer
from facecam.training.explain.placing import on_crop
from facecam.training.explain.score_cam import score_map
from facecam.training.explain.targets import CamTarget, WantedMap
from facecam.training.predictions import HeadLike
from facecam.types import Float32Array, ImageU8
from facecam.vision.crops import EyeTemplate

MOST_FACES = 400
FEWEST_FACES = 8
TESTED_FACES = 16
"""Faces of each class on which deletion and insertion are measured."""
SCORE_CAM_CHANNELS = 64
SHOWN_SIDE = 160
# Left, top, right and bottom in eye distances from the point between the eyes, x to the right and
# y down; chosen from where these things are on upright portraits (mouth 1.3, chin 2.0 below the
# eyes), before any map was seen.
REGIONS: Mapping[str, tuple[float, float, float, float]] = {
    "glasses": (-1.1, -0.45, 1.1, 0.55),
    "smile": (-0.9, 0.7, 0.9, 1.7),
    "moustache": (-0.7, 0.6, 0.7, 1.4),
    "beard": (-1.1, 0.9, 1.1, 2.2),
    "headwear": (-1.8, -1.8, 1.8, -0.5),
}
Report = Callable[[str], None]
Boxes = tuple[float, float, float, float]


@dataclass(frozen=True)
class FaceMaps:
    """What was found.

    Attributes:
        figure_png: Mean maps of every head, averages over many people.
        numbers: {"heads": {HEAD or HEAD:CLASS: {"n", "region", "mass_in_region", "uniform",
            "pointing"}}, "methods": {HEAD...: {METHOD: {"deletion", "insertion", "score"}}},
            "tested"}.
    """

    figure_png: bytes
    numbers: dict[str, Any]


def face_map_figures(
    package: ModelPackage,
    crops_rgb: ImageU8,
    labels: Mapping[str, NDArray[np.floating]] | None = None,
    *,
    tested: int = TESTED_FACES,
    report: Report = lambda line: None,
) -> FaceMaps | None:
    """Return mean maps and their numbers, or None where the package shows no faces.

    Args:
        package: A package for faces.
        crops_rgb: (N, H, W, 3) uint8 RGB as the model sees them, of many people.
        labels: By head as `data.head_labels` gives them, NaN where missing: only faces that have a
            class are averaged for it. Without them, those that are read as it.
        tested: Faces of each class on which methods are compared; 0 compares none.
        report: Receives one line at a time.
    """
    if package.crop is None or len(crops_rgb) < FEWEST_FACES:
        return None
    model = PackageModel(package)
    try:
        features, logits = model.both(crops_rgb)
        drawn: list[tuple[str, str, Float32Array, str]] = []
        heads: dict[str, Any] = {}
        methods: dict[str, Any] = {}
        for head in package.heads:
            for target, rows in _classes(model, head, logits[head.name], (labels or {})):
                if len(rows) < FEWEST_FACES:
                    continue
                report(f"averaging the maps of {target.label} over {len(rows)} faces")
                seen = model.last_gradients(features[rows], target)
                maps = activation_maps("hirescam", features[rows], seen, signed=True)
                maps = maps * np.float32(maps.shape[1] * maps.shape[2])  # the live scale
                heads[target.label] = _region_numbers(head.name, maps, package.crop)
                drawn.append((target.label, head.name, maps.mean(axis=0), f"{len(rows)} faces"))
                if tested:
                    some = rows[np.linspace(0, len(rows) - 1, min(tested, len(rows))).astype(int)]
                    methods[target.label] = compare_methods(model, crops_rgb[some], target)
        if not drawn:
            return None
        mean_face = crops_rgb.mean(axis=0)
        figure = _figure(drawn, heads, mean_face, package.crop)
        return FaceMaps(figure, {"heads": heads, "methods": methods, "tested": tested})
    finally:
        model.close()


def region_mask(head_name: str, side: int, template: EyeTemplate) -> NDArray[np.bool_] | None:
    """Return (side, side) where the answer of a head is expected to be seen, or None."""
    if head_name not in REGIONS:
        return None
    left, top, right, bottom = _box(REGIONS[head_name], template)
    at = (np.arange(side) + 0.5) / side
    return np.logical_and.outer((at >= top) & (at <= bottom), (at >= left) & (at <= right))


def compare_methods(
    model: PackageModel, crops_rgb: ImageU8, target: CamTarget
) -> dict[str, dict[str, float]]:
    """Return deletion, insertion and their difference by method, means over crops.

    Behind the average over the last maps Grad-CAM, HiResCAM and CAM rank places alike, and so do
    Grad-CAM++ and LayerCAM: each group is measured once. `random` are maps of the same smoothness
    that know nothing.
    """
    score = scorer(model, target)
    rows: dict[str, list[tuple[float, float]]] = {}
    for number, crop in enumerate(crops_rgb):
        seen = model.activations(crop[None], LAST, target)
        maps: dict[str, Float32Array] = {
            method: activation_maps(method, seen.features, seen.gradients, signed=True)[0]
            for method in ("cam", "layercam")
        }
        maps["scorecam"] = score_map(
            seen.features[0], crop, score, signed=True, max_channels=SCORE_CAM_CHANNELS, batch=8
        )
        maps["random"] = random_like(maps["cam"], 1, seed=number)[0]
        for name, values in maps.items():
            found = measure_faithfulness(score, crop, values, random_maps=0)
            if found is not None:
                rows.setdefault(name, []).append((found.deletion, found.insertion))
    return {
        name: {
            "deletion": float(np.mean([d for d, _ in pairs])),
            "insertion": float(np.mean([i for _, i in pairs])),
            "score": float(np.mean([i - d for d, i in pairs])),
        }
        for name, pairs in rows.items()
    }


def card_lines(numbers: Mapping[str, Any]) -> list[str]:
    """Return Markdown for a card, without heading and figure, of the numbers of `FaceMaps`."""
    lines = ["Means over many faces that have the class (the map that is shown live)."]
    expected = {name: row for name, row in numbers["heads"].items() if row["region"]}
    if expected:
        lines += [
            "`in region`: share of what speaks for the class that lies where the thing is expected "
            "to be seen (the frame in the figure); `uniform`: that of a map that is the same "
            "everywhere.",
            "",
            "| answer | faces | in region | uniform | highest point in region |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {name} | {row['n']} | {row['mass_in_region']:.2f} | {row['uniform']:.2f} "
            f"| {row['pointing']:.0%} |"
            for name, row in expected.items()
        ]
    if numbers["methods"]:
        lines += [
            "",
            "Deletion and insertion: the answer (logit, or expected value) while the highest parts "
            "of a map are blurred, and while they alone are sharp; the lower the first and the "
            "higher the second, the better the map. Grad-CAM and HiResCAM rank places as CAM does, "
            f"Grad-CAM++ as LayerCAM. Means over {numbers['tested']} faces; random maps are as "
            "smooth.",
            "",
            "| answer | method | deletion | insertion | insertion - deletion |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {name} | {TITLES.get(method, method)} | {row['deletion']:.2f} "
            f"| {row['insertion']:.2f} | {row['score']:.2f} |"
            for name, part in numbers["methods"].items()
            for method, row in part.items()
        ]
    return [*lines, ""]


def _classes(
    model: PackageModel,
    head: HeadLike,
    logits: NDArray[np.floating],
    labels: Mapping[str, NDArray[np.floating]],
) -> list[tuple[CamTarget, NDArray[np.intp]]]:
    """Return what to explain of a head, each with the faces that it is averaged over."""
    wanted = WantedMap(head, None, temperature=model.facts.temperatures.get(head.name, 1.0))
    everybody = np.arange(len(logits))
    if head.kind == "expectation":
        return [(wanted.target(None), _thinned(everybody))]
    known = labels.get(head.name)
    found = []
    for k in range(len(head.classes)):
        if known is not None and np.isfinite(known).any():
            column = known if known.ndim == 1 else known[:, k]
            rows = np.flatnonzero(column == (k if head.kind == "softmax" else 1))
        elif head.kind == "softmax":
            rows = np.flatnonzero(logits.argmax(axis=1) == k)
        else:
            rows = np.flatnonzero(logits[:, k] > 0)
        found.append((wanted.target(k), _thinned(rows)))
    return found


def _thinned(rows: NDArray[np.intp]) -> NDArray[np.intp]:
    if len(rows) <= MOST_FACES:
        return rows
    return rows[np.linspace(0, len(rows) - 1, MOST_FACES).astype(int)]


def _region_numbers(head_name: str, maps: Float32Array, template: EyeTemplate) -> dict[str, Any]:
    """Return the numbers of one class: means over its faces of each face's own share."""
    mask = region_mask(head_name, SHOWN_SIDE, template)
    numbers: dict[str, Any] = {"n": len(maps), "region": mask is not None}
    if mask is None:
        return numbers
    shares, points = [], []
    for values in maps:
        grown = np.maximum(on_crop(values, (SHOWN_SIDE, SHOWN_SIDE)), 0.0)
        total = float(grown.sum())
        shares.append(float(grown[mask].sum()) / total if total > 0 else 0.0)
        points.append(float(mask.reshape(-1)[int(np.argmax(grown))]))
    error = float(np.std(shares) / np.sqrt(len(shares)))
    numbers["mass_in_region"] = float(np.mean(shares))
    numbers["uniform"] = float(mask.mean())
    numbers["pointing"] = float(np.mean(points))
    low, high = numbers["mass_in_region"] - 1.96 * error, numbers["mass_in_region"] + 1.96 * error
    numbers["ci"] = {"mass_in_region": [low, high]}
    return numbers


def _box(region: Boxes, template: EyeTemplate) -> Boxes:
    """Return a region as shares of the crop: left, top, right, bottom."""
    span = template.eye_span
    left, top, right, bottom = region
    return (
        0.5 + left * span,
        template.eye_y + top * span,
        0.5 + right * span,
        template.eye_y + bottom * span,
    )


def _figure(
    drawn: Sequence[tuple[str, str, Float32Array, str]],
    heads: Mapping[str, Any],
    mean_face: NDArray[np.floating],
    template: EyeTemplate,
) -> bytes:
    """Draw every mean map over the mean face, in grey, with the region and the eyes marked."""
    from matplotlib.patches import Rectangle

    columns = min(4, len(drawn))
    rows = -(-len(drawn) // columns)
    figure = new_figure(columns, rows, "Mean class activation maps in the aligned face frame")
    grey = mean_face.mean(axis=-1)
    side = grey.shape[0]
    for number, (label, head_name, mean_map, count) in enumerate(drawn):
        axes = figure.add_subplot(rows, columns, number + 1)
        share = on_crop(scaled(mean_map), (grey.shape[1], side))
        over = coloured(share, Look(signed=True)).astype(np.float32)
        alpha = np.clip(np.abs(share), 0.0, 1.0)[..., None] * 0.75
        mixed = grey[..., None] * (1.0 - alpha) + over[..., ::-1] * alpha
        show(axes, np.rint(np.clip(mixed, 0, 255)).astype(np.uint8), f"{label}, {count}")
        for sign in (-0.5, 0.5):
            x, y = 0.5 + sign * template.eye_span, template.eye_y
            axes.plot(x * side, y * side, "+", color="white", markersize=6)
        if head_name in REGIONS:
            left, top, right, bottom = _box(REGIONS[head_name], template)
            left, top = max(left, 0.005), max(top, 0.005)
            right, bottom = min(right, 0.985), min(bottom, 0.985)
            axes.add_patch(
                Rectangle(
                    (left * side, top * side),
                    (right - left) * side,
                    (bottom - top) * side,
                    fill=False,
                    edgecolor="white",
                    linestyle="--",
                    linewidth=1.0,
                )
            )
            row = heads[label]
            words = f"{row['mass_in_region']:.0%} in frame (uniform {row['uniform']:.0%})"
            axes.set_xlabel(words, fontsize=8)
    return png_of(figure)
