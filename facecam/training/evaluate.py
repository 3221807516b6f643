"""Evaluate a package on a labelled manifest, through the graph that runs live."""

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.errors import ManifestError
from facecam.inference.package import ModelPackage, load_package
from facecam.inference.runtime import LiteRtEstimator
from facecam.training.cutting import CropCache, bad_files, cut_manifest
from facecam.training.data import LabelledCrops, head_labels, model_view, restrict
from facecam.training.labels import REFERENCES, package_heads, reference_labels, with_column
from facecam.training.manifest import Manifest, read_manifest
from facecam.training.metrics import age_bands, cross_fit, evaluate_head, subgroup_table
from facecam.training.predictions import Predictions
from facecam.training.recipe import Head
from facecam.training.report import check_writable
from facecam.types import ImageU8
from facecam.vision.crops import EyeTemplate

Report = Callable[[str], None]
BATCH = 4
CHUNK = 256  # pictures in memory at once


@dataclass
class Evaluation:
    """Everything that an evaluation found.

    Attributes:
        metrics: What `evaluate --json` prints, without the sub-group tables.
        subgroups: Rows of the sub-group tables by head.
        heads: Heads as the package has them.
        logits: (N, K) by head.
        labels: As `data.head_labels` gives them, by head.
        item: The evaluated pictures.
        predictions: Cross-fitted predictions by head, for the plots.
    """

    metrics: dict[str, Any]
    subgroups: dict[str, list[dict[str, Any]]]
    heads: list[Head]
    logits: dict[str, NDArray[np.float32]]
    labels: dict[str, NDArray[np.float32]]
    item: LabelledCrops
    predictions: dict[str, Predictions]


def square_or_pair(size_wh: tuple[int, int]) -> Any:
    """Return the side of a square, or width and height, as the cutting takes them."""
    width, height = size_wh
    return width if width == height else (width, height)


def batched(
    estimator: LiteRtEstimator, crops: ImageU8, heads: list[str], batch: int = BATCH
) -> dict[str, NDArray[np.float32]]:
    """Return the logits (N, K) of `heads` for any number of crops (N, H, W, 3) uint8 RGB."""
    parts: dict[str, list[NDArray[np.float32]]] = {name: [] for name in heads}
    for start in range(0, len(crops), batch):
        out = estimator.run(crops[start : start + batch])
        for name in heads:
            parts[name].append(np.array(out[name]))
    return {name: np.concatenate(values) for name, values in parts.items()}


def evaluate_package(
    package: ModelPackage,
    manifest_path: Path,
    *,
    split: str = "val",
    cache_dir: Path,
    n_boot: int = 1000,
    report: Report = lambda line: None,
) -> Evaluation:
    """Evaluate every head that has labels.

    Raises:
        ManifestError: The manifest is unusable, or has no readable picture in the split or no
            label.
    """
    whole = read_manifest(
        manifest_path, subject_column=str(package.spec.get("subject_column") or "subject")
    )
    wanted = np.flatnonzero(whole.split == split)
    if len(wanted) == 0:
        counts = Counter(whole.split.tolist())
        there = ", ".join(f"{name} ({count})" for name, count in counts.items())
        raise ManifestError(
            f"The manifest {manifest_path} has no picture in the split '{split}': it has {there}."
        )
    heads = [with_column(head, whole) for head in package_heads(package)]
    # Of the whole manifest, so that a complaint about a cell names its row.
    labels = {head.name: head_labels(whole, head)[wanted] for head in heads}
    manifest = whole.select(wanted)
    cache = _cut(manifest, square_or_pair(package.size_wh), package.crop, cache_dir, report)
    item = restrict(LabelledCrops(manifest, cache, labels), split)
    notes = bad_files(manifest, cache)
    if manifest.name in package.spec.get("fitted_on_all", ()):
        notes.append(
            f"{package.name} was fitted on all people of {manifest.name}, so figures on them "
            "flatter it: the figures of its card are out of fold."
        )
    return evaluate_crops(package, item, n_boot=n_boot, report=report, notes=notes)


def evaluate_crops(
    package: ModelPackage,
    item: LabelledCrops,
    *,
    logits: Mapping[str, NDArray[np.float32]] | None = None,
    n_boot: int = 1000,
    report: Report = lambda line: None,
    notes: Sequence[str] = (),
) -> Evaluation:
    """Evaluate every head that has labels, on pictures that are cut already.

    Args:
        package: What to evaluate.
        item: The pictures.
        logits: (N, K) by head where they come from elsewhere (out-of-fold predictions); default
            made by the package's own graph.
        n_boot: Resamples for the intervals.
        report: Receives one line at a time.
        notes: What has to be said of the pictures; stands under "notes".

    Raises:
        ManifestError: No picture is left, or no head has a label.
        ModelPackageError: The graph gives numbers that are not finite.
    """
    heads = [with_column(head, item.manifest) for head in package_heads(package)]
    manifest = item.manifest
    if not len(manifest):
        raise ManifestError(f"The data set {manifest.name} has no readable picture to evaluate.")
    unlabelled = [h.name for h in heads if not np.isfinite(item.labels[h.name]).any()]
    if len(unlabelled) == len(heads):
        raise ManifestError(
            f"The data set {manifest.name} has no label for any of: {', '.join(unlabelled)}."
        )
    if unlabelled:
        notes = [*notes, f"Not measured, for want of labels: {', '.join(unlabelled)}."]
    for note in notes:
        report(note)
    if logits is None:
        logits = package_logits(package, item, report)
    return _measure(heads, dict(logits), item, package, n_boot, report, list(notes))


def package_logits(
    package: ModelPackage, item: LabelledCrops, report: Report = lambda line: None
) -> dict[str, NDArray[np.float32]]:
    """Return the logits (N, K) by head that a package's graph gives for cut pictures."""
    names = [head.name for head in package.heads]
    size = square_or_pair(package.size_wh)
    parts: dict[str, list[NDArray[np.float32]]] = {name: [] for name in names}
    estimator = LiteRtEstimator(package)
    report(f"running {len(item.manifest)} pictures of {item.manifest.name}")
    try:
        for start in range(0, len(item.manifest), CHUNK):
            index = np.arange(start, min(start + CHUNK, len(item.manifest)))
            out = batched(estimator, model_view(item.cache, index, size), names)
            for name, values in out.items():
                parts[name].append(values)
    finally:
        estimator.close()
    return {name: np.concatenate(values) for name, values in parts.items()}


def _cut(
    manifest: Manifest,
    size: Any,
    template: EyeTemplate | None,
    cache_dir: Path,
    report: Report,
) -> CropCache:
    def progress(done: int, total: int) -> None:
        if done % 1000 < 50 or done == total:
            report(f"cutting {manifest.name}: {done} of {total}")

    return cut_manifest(manifest, size, template, cache_dir, progress=progress)


def _measure(
    heads: list[Head],
    logits: dict[str, NDArray[np.float32]],
    item: LabelledCrops,
    package: ModelPackage,
    n_boot: int,
    report: Report,
    notes: list[str],
) -> Evaluation:
    manifest = item.manifest
    figures: dict[str, Any] = {}
    tables: dict[str, list[dict[str, Any]]] = {}
    made: dict[str, Predictions] = {}
    groups = _groups(manifest, list(package.spec.get("group_by", [])))
    for head in heads:
        y = item.labels[head.name]
        if not np.isfinite(y).any():
            continue
        report(f"measuring {head.name}")
        z = logits[head.name]
        rule = head.threshold_rule
        figures[head.name] = evaluate_head(
            head, z, y, manifest.subject, n_boot=n_boot, threshold_rule=rule
        )
        against = {
            column: evaluate_head(head, z, values, manifest.subject, n_boot=n_boot)
            for column, values in reference_labels(head, manifest).items()
        }
        if against:
            figures[head.name]["against"] = against
        made[head.name] = cross_fit(head, z, y, manifest.subject, threshold_rule=rule)
        tables[head.name] = subgroup_table(
            head, made[head.name], y, groups, manifest.subject, n_boot=min(n_boot, 300), min_n=20
        )
    metrics: dict[str, Any] = {
        "images": len(manifest),
        "faces_found": int(item.cache.found.sum()),
        "heads": figures,
    }
    if notes:
        metrics["notes"] = notes
    return Evaluation(metrics, tables, heads, logits, item.labels, item, made)


def _groups(manifest: Manifest, columns: list[str]) -> dict[str, NDArray[Any]]:
    groups: dict[str, NDArray[Any]] = {
        name: manifest.columns[name] for name in columns if name in manifest.columns
    }
    for name in ("age", *(f"{kind}_age" for kind in REFERENCES)):
        ages = _numbers(manifest.columns.get(name))
        if ages is not None:
            groups["age band"] = age_bands(ages)
            break
    return groups


def _numbers(cells: NDArray[np.str_] | None) -> NDArray[np.float64] | None:
    """Return a column as numbers, NaN where a cell is empty; None for one that holds others."""
    if cells is None:
        return None
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells.tolist()])
    except ValueError:
        return None


def evaluate_command(
    model: str,
    manifest: Path,
    split: str = "val",
    report: Path | None = None,
    cache_dir: Path | None = None,
    progress: Report = lambda line: None,
    cam: Sequence[str] | None = None,
    max_images: int | None = None,
) -> dict[str, Any]:
    """Do what `python -m facecam evaluate` does; return the object that `--json` prints.

    Args:
        model: Name or folder of a package.
        manifest: CSV, or the folder that holds `manifest.csv`.
        split: Which split to evaluate.
        report: Folder for the HTML report and `metrics.json`, or None.
        cache_dir: Keeps the cut pictures between runs; None keeps nothing.
        progress: Receives one line at a time.
        cam: Methods whose maps are compared with the manifest's masks, none meaning all quick ones;
            None compares nothing.
        max_images: Score-CAM takes no more pictures than that.
    """
    package = load_package(model)
    if report is not None:
        check_writable(report)
    with tempfile.TemporaryDirectory(prefix="facecam-crops-") as scratch:
        evaluation = evaluate_package(
            package, manifest, split=split, cache_dir=cache_dir or Path(scratch), report=progress
        )
        if cam is not None:
            from facecam.training.cam_evaluation import SCORE_CAM_PICTURES, add_cams

            most = max_images or SCORE_CAM_PICTURES
            add_cams(
                package,
                evaluation.metrics,
                evaluation.item,
                cam,
                max_images=most,
                report=progress,
            )
        if report is not None:
            write_evaluation(evaluation, package, report)
        record = {**evaluation.metrics, "subgroups": evaluation.subgroups}
        del evaluation  # its crops lie in the scratch folder, and Windows keeps what is in use
    return record


def write_evaluation(
    evaluation: Evaluation,
    package: ModelPackage,
    folder: Path,
    *,
    gallery: bool = True,
    notes: Sequence[str] = (),
) -> None:
    """Write the HTML report with its plots and `metrics.json`.

    Args:
        evaluation: What was found.
        package: The evaluated package.
        folder: Where to write.
        gallery: Also show the pictures of the worst mistakes. Off for a report that travels with a
            package: the data may not be passed on.
        notes: Sentences to stand above those of the evaluation itself.
    """
    from facecam.training.report import write_report

    def load_image(row: int) -> ImageU8:
        size = square_or_pair(package.size_wh)
        return model_view(evaluation.item.cache, np.array([row]), size)[0]

    write_report(
        folder,
        title=f"{package.name} {package.version} on {evaluation.item.manifest.name}",
        metrics={**evaluation.metrics, "subgroups": evaluation.subgroups},
        heads=evaluation.heads,
        logits=evaluation.logits,
        labels=evaluation.labels,
        subjects=evaluation.item.manifest.subject,
        predictions=evaluation.predictions,
        load_image=load_image if gallery else None,
        notes=[*notes, *evaluation.metrics.get("notes", ())],
    )
