"""Is the model looking at the right thing? Class activation maps against masks of a manifest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecam.capture.pictures import read_picture
from facecam.errors import ManifestError, MediaFileError
from facecam.inference.package import ModelPackage
from facecam.training.data import LabelledCrops, model_view
from facecam.training.explain.explained import LAST, ExplainedModel
from facecam.training.explain.localization import Hits, gather, hit, localization_figures
from facecam.training.explain.methods import (
    GRADIENT_METHODS,
    Method,
    activation_maps,
    parse_method,
)
from facecam.training.explain.package_model import PackageModel
from facecam.training.explain.pictures import scorer
from facecam.training.explain.placing import on_crop
from facecam.training.explain.score_cam import score_ground, score_map
from facecam.training.explain.targets import CamTarget
from facecam.training.predictions import HeadLike, cluster_ids
from facecam.types import Float32Array, ImageU8

MASK_COLUMN = "mask"
SCORE_CAM_PICTURES = 60
SCORE_CAM_CHANNELS = 128
"""Score-CAM costs a run of the model for every channel of every picture: it is measured on some
pictures and, as in Faster Score-CAM, with the channels that vary most over each map."""
SMALL_AREA = 0.1
OFF_CENTRE = 0.12
SHIFT = 0.25
_MEASURED_SIDE = 112  # maps are compared with masks at no finer a grid
_BATCH = 8
Report = Callable[[str], None]


@dataclass(frozen=True)
class MaskedPictures:
    """Pictures with a mask and the class to explain.

    Attributes:
        rows: (M,) which of the evaluated pictures.
        columns: (M,) class index to explain; -1 is the expected value.
        masks: M masks over the crop.
        clusters: (M,) subject of each.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    masks: list[NDArray[np.bool_]]
    clusters: NDArray[np.int64]

    def select(self, keep: NDArray[np.bool_]) -> "MaskedPictures":
        """Return some of them."""
        index = np.flatnonzero(keep)
        _, clusters = np.unique(self.clusters[index], return_inverse=True)
        masks = [self.masks[i] for i in index]
        return MaskedPictures(self.rows[index], self.columns[index], masks, clusters)


def evaluate_cams(
    model: ExplainedModel,
    item: LabelledCrops,
    methods: Sequence[Method] = GRADIENT_METHODS,
    *,
    max_images: int = SCORE_CAM_PICTURES,
    n_boot: int = 1000,
    report: Report = lambda line: None,
) -> dict[str, dict[Method, dict[str, Any]]]:
    """Return head to method to the figures of `explain.localization`.

    Explained is the labelled class (of a head of independent classes every class that is there; of
    an expectation the expected value). Beside all pictures stand, under "subsets", those whose mask
    is small (below a tenth of the crop), those whose mask lies off centre (its centre more than
    0.12 of the crop's side away), and all of them shifted by a quarter of the crop's width, half of
    them to each side. `follows` is how far the maps' centres move with that shift: 1 is all the
    way, 0 not at all.

    Args:
        model: What is explained, at its last layer.
        item: Cut pictures with labels; the manifest has a column `mask`.
        methods: Which maps.
        max_images: Score-CAM takes no more pictures than that, spread over all.
        n_boot: Resamples for the intervals.
        report: Receives one line at a time.

    Raises:
        ManifestError: There is no mask, or one cannot be read.
    """
    if not has_masks(item):
        raise ManifestError(
            f"The data set {item.manifest.name} has no masks: give its manifest a column "
            f"'{MASK_COLUMN}' with paths of mask pictures, or leave out --cam."
        )
    cells = item.manifest.columns[MASK_COLUMN]
    folder = item.manifest.folder
    masks = {
        int(i): read_mask(folder / str(cells[i]), item.cache.matrices[i], model.facts.size_wh)
        for i in np.flatnonzero(cells != "")
        if item.cache.readable[i]
    }
    figures: dict[str, dict[Method, dict[str, Any]]] = {}
    for head in model.facts.heads:
        pictures = _to_explain(head, item, masks)
        if pictures is None:
            continue
        figures[head.name] = {}
        found = _all_hits(model, head, item, pictures, methods, max_images, report)
        for method, (subset, straight, shifted) in found.items():
            figures[head.name][method] = _method_figures(subset, straight, shifted, n_boot)
    return figures


def read_mask(
    path: Path, matrix: NDArray[np.float64], size_wh: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return a mask over the crop, at most `_MEASURED_SIDE` pixels wide.

    Args:
        path: Picture that is bright where the mask is.
        matrix: (2, 3) picture pixels to crop pixels.
        size_wh: Size of the crop.

    Raises:
        ManifestError: It cannot be read.
    """
    try:
        picture = read_picture(path)[..., 0]
    except MediaFileError as error:
        raise ManifestError(f"A mask of the manifest is unusable: {error}") from error
    whole = (picture > 127).astype(np.float32)
    width, height = size_wh
    scale = min(1.0, _MEASURED_SIDE / max(width, height))
    cut = cv2.warpAffine(whole, matrix, size_wh, flags=cv2.INTER_LINEAR)
    small = cv2.resize(
        cut, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA
    )
    return np.asarray(small >= 0.5)


def shifted_right(picture: NDArray[Any], share: float) -> NDArray[Any]:
    """Return a picture moved to the right by a share of its width, its edge mirrored."""
    matrix = np.array([[1.0, 0.0, share * picture.shape[1]], [0.0, 1.0, 0.0]])
    return np.asarray(
        cv2.warpAffine(
            picture,
            matrix,
            (picture.shape[1], picture.shape[0]),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        ),
        picture.dtype,
    )


def _to_explain(
    head: HeadLike, item: LabelledCrops, masks: dict[int, NDArray[np.bool_]]
) -> MaskedPictures | None:
    """Return every labelled picture with a mask that is not empty, with the class to explain."""
    labels = item.labels[head.name]
    pairs: list[tuple[int, int]] = []
    for i, mask in masks.items():
        if not mask.any():
            continue
        if head.kind == "sigmoid":
            pairs += [(i, int(k)) for k in np.flatnonzero(np.atleast_1d(labels[i]) == 1)]
        elif np.isfinite(labels[i]):
            pairs.append((i, -1 if head.kind == "expectation" else int(labels[i])))
    if not pairs:
        return None
    rows, columns = (np.array(values, np.intp) for values in zip(*pairs, strict=True))
    clusters = cluster_ids(item.manifest.subject[rows], len(rows))
    return MaskedPictures(rows, columns, [masks[int(i)] for i in rows], clusters)


def _all_hits(
    model: ExplainedModel,
    head: HeadLike,
    item: LabelledCrops,
    pictures: MaskedPictures,
    methods: Sequence[Method],
    max_images: int,
    report: Report,
) -> dict[Method, tuple[MaskedPictures, Hits, tuple[MaskedPictures, Hits]]]:
    """Return by method the pictures it was measured on, and its hits as they are and shifted."""
    out: dict[Method, tuple[MaskedPictures, Hits, tuple[MaskedPictures, Hits]]] = {}
    for group in (
        [m for m in methods if m in GRADIENT_METHODS],
        [m for m in methods if m not in GRADIENT_METHODS],
    ):
        if not group:
            continue
        chosen = pictures
        if group[0] not in GRADIENT_METHODS and len(pictures.rows) > max_images:
            keep = np.zeros(len(pictures.rows), bool)
            keep[np.linspace(0, len(keep) - 1, max_images).astype(int)] = True
            chosen = pictures.select(keep)
        report(f"explaining {head.name} of {len(chosen.rows)} pictures by {', '.join(group)}")
        straight = _hits(model, head, item, chosen, group, None)
        signs = np.where(np.arange(len(chosen.rows)) % 2 == 0, SHIFT, -SHIFT)
        report(f"explaining {head.name} of the same pictures shifted by a quarter")
        moved = [
            shifted_right(mask.astype(np.uint8), share) > 0
            for mask, share in zip(chosen.masks, signs, strict=True)
        ]
        aside = MaskedPictures(chosen.rows, chosen.columns, moved, chosen.clusters)
        shifted = _hits(model, head, item, aside, group, signs)
        for method in group:
            out[method] = (chosen, straight[method], (aside, shifted[method]))
    return out


def _hits(
    model: ExplainedModel,
    head: HeadLike,
    item: LabelledCrops,
    pictures: MaskedPictures,
    methods: Sequence[Method],
    shares: NDArray[np.float64] | None,
) -> dict[Method, Hits]:
    rows: dict[Method, list[Any]] = {method: [None] * len(pictures.rows) for method in methods}
    for column in np.unique(pictures.columns):
        index = None if column < 0 else int(column)
        temperature = model.facts.temperatures.get(head.name, 1.0)
        target = CamTarget(head, index, temperature=temperature)
        these = np.flatnonzero(pictures.columns == column)
        for start in range(0, len(these), _BATCH):
            part = these[start : start + _BATCH]
            crops = model_view(item.cache, pictures.rows[part], model.facts.size_wh)
            if shares is not None:
                moved = zip(crops, shares[part], strict=True)
                crops = np.stack([shifted_right(crop, share) for crop, share in moved])
            for method, maps in _maps(model, crops, target, methods).items():
                for i, values in zip(part, maps, strict=True):
                    mask = pictures.masks[i]
                    size_wh = (mask.shape[1], mask.shape[0])
                    rows[method][i] = hit(on_crop(values, size_wh), mask)
    return {method: gather(found) for method, found in rows.items()}


def _maps(
    model: ExplainedModel, crops: ImageU8, target: CamTarget, methods: Sequence[Method]
) -> dict[Method, Float32Array]:
    """Return by method the signed maps (N, h, w) of crops."""
    maps: dict[Method, Float32Array] = {}
    if any(method in GRADIENT_METHODS for method in methods):
        seen = model.activations(crops, LAST, target)
        for method in methods:
            if method in GRADIENT_METHODS:
                maps[method] = activation_maps(method, seen.features, seen.gradients, signed=True)
    scored = [method for method in methods if method not in GRADIENT_METHODS]
    if scored:
        score, seen_features = scorer(model, target), model.features(crops, LAST)
    for method in scored:
        maps[method] = np.stack(
            [
                score_map(
                    features,
                    crop,
                    score,
                    signed=True,
                    ground=score_ground(method, crop),
                    max_channels=SCORE_CAM_CHANNELS,
                )
                for features, crop in zip(seen_features, crops, strict=True)
            ]
        )
    return maps


def _method_figures(
    pictures: MaskedPictures,
    straight: Hits,
    shifted: tuple[MaskedPictures, Hits],
    n_boot: int,
) -> dict[str, Any]:
    figures = localization_figures(straight, pictures.masks, pictures.clusters, n_boot=n_boot)
    area = np.array([mask.mean() for mask in pictures.masks])
    away = np.array([_from_centre(mask) for mask in pictures.masks])
    subsets: dict[str, Any] = {}
    for name, keep in (("small", area < SMALL_AREA), ("off_centre", away > OFF_CENTRE)):
        if keep.sum() >= 2:
            some = pictures.select(keep)
            subsets[name] = localization_figures(
                straight.select(keep), some.masks, some.clusters, n_boot=n_boot
            )
    aside, moved = shifted
    there = np.array([mask.any() for mask in aside.masks])  # not pushed out of the picture
    if there.sum() >= 2:
        left = aside.select(there)
        subsets["shifted"] = localization_figures(
            moved.select(there), left.masks, left.clusters, n_boot=n_boot
        )
    signs = np.where(np.arange(len(area)) % 2 == 0, SHIFT, -SHIFT)
    way = (moved.centre_xy[:, 0] - straight.centre_xy[:, 0]) / signs
    known = np.isfinite(way)
    figures["follows"] = float(way[known].mean()) if known.any() else None
    figures["subsets"] = subsets
    return figures


def _from_centre(mask: NDArray[np.bool_]) -> float:
    """Return how far the mask's centre is from the crop's, as a share of its side."""
    ys, xs = np.nonzero(mask)
    height, width = mask.shape
    x, y = (xs.mean() + 0.5) / width - 0.5, (ys.mean() + 0.5) / height - 0.5
    return float(np.hypot(x, y))


def add_cams(
    package: ModelPackage,
    metrics: dict[str, Any],
    item: LabelledCrops,
    methods: Sequence[str] = (),
    *,
    max_images: int = SCORE_CAM_PICTURES,
    n_boot: int = 1000,
    report: Report = lambda line: None,
) -> None:
    """Put "cam": {method: figures} under every head of `metrics` that has masks and labels.

    Args:
        package: What is explained; its own graph is enough.
        metrics: What `evaluate --json` prints; changed in place.
        item: The pictures that it was made from.
        methods: Names of methods; none means all that need no further runs of the model.
        max_images: Score-CAM takes no more pictures than that.
        n_boot: Resamples for the intervals.
        report: Receives one line at a time.
    """
    chosen = tuple(dict.fromkeys(parse_method(name) for name in methods)) or GRADIENT_METHODS
    model = PackageModel(package)
    try:
        found = evaluate_cams(
            model, item, chosen, max_images=max_images, n_boot=n_boot, report=report
        )
    finally:
        model.close()
    for head, figures in found.items():
        metrics["heads"].setdefault(head, {})["cam"] = figures


def has_masks(item: LabelledCrops) -> bool:
    """Return whether a data set has masks to compare maps with."""
    cells = item.manifest.columns.get(MASK_COLUMN)
    return cells is not None and bool((cells != "").any())
