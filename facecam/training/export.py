"""Turn a training run into a model package, and refuse when the package would not be right."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.errors import FacecamError, TrainingError
from facecam.inference.package import load_package
from facecam.inference.runtime import LiteRtEstimator
from facecam.timing import monotonic_s
from facecam.training.calibration import fit_or_leave
from facecam.training.cam_document import (
    add_mask_figures,
    card_figures,
    randomization_of,
    write_face_maps,
)
from facecam.training.card import write_card
from facecam.training.conversion import (
    REPRESENTATIVE_PICTURES,
    Format,
    convert,
    sample_crops,
    save_keras,
)
from facecam.training.data import LabelledCrops, model_view, restrict
from facecam.training.evaluate import batched, evaluate_crops, write_evaluation
from facecam.training.fit import fitting_sets, load_sets, template_of
from facecam.training.folds import OutOfFold, all_people, fold_logits, out_of_fold
from facecam.training.head_arrays import cam_scales, write_cam_arrays
from facecam.training.limits import fit_limits
from facecam.training.network import Network, trained_network
from facecam.training.package_folder import check_target, package_name, whole_package
from facecam.training.package_metrics import VALIDATION, package_metrics
from facecam.training.package_spec import package_spec, read_spec, write_spec
from facecam.training.parity import keras_logits, measure_parity, metric_changes
from facecam.training.quick_metrics import quick_metrics
from facecam.training.recipe import Recipe
from facecam.training.run import Run
from facecam.training.tight_crops import tight_crop_shift
from facecam.types import ImageU8

PARITY_PICTURES = 128
TIMED_RUNS = 50
LIMITS_MS = 90_000.0
"""About how long the model may run on degraded pictures; a slow one sees fewer of them."""
LIMITS_ROUNDS = 20
Report = Callable[[str], None]
Logits = dict[str, NDArray[np.float32]]


def export_run(
    run_dir: Path,
    to: Path,
    format: Format | None = None,
    cache_dir: Path = Path(".cache/crops"),
    report: Report = print,
    *,
    keras_file: bool | None = None,
) -> Path:
    """Write the package of a run's best weights, with its evaluation and card; return its folder.

    Calibration, thresholds and limits are fitted on the validation split of the data sets that
    were trained on, through the very graph that is shipped; every data set of the run is evaluated.
    The folder appears whole or not at all; a package that was there is replaced.

    Args:
        run_dir: Folder of the run.
        to: Folder of the package.
        format: None takes the recipe's own.
        cache_dir: Of cut pictures.
        report: Receives one line at a time.
        keras_file: Whether model.keras is written as well; None takes the recipe's wish.

    Raises:
        TrainingError: The run is incomplete, something else than a package lies at `to`, or the
            package fails its checks.
    """
    check_target(to)
    run = Run(run_dir)
    recipe = run.recipe()
    network = trained_network(run)
    sets = load_sets(recipe, run.data(), cache_dir, report)
    kind = format or recipe.export_format
    making = Making(recipe, network, sets, kind, package_name(to, recipe.name), report)
    with whole_package(to) as part:
        if recipe.export_keras if keras_file is None else keras_file:
            save_keras(network, part / "model.keras")
        making.build(part)
        making.document(part)
        load_package(part)
    report(f"wrote {to}")
    return to


@dataclass(frozen=True)
class Shipped:
    """What one format's graph gives on the fitting pictures.

    Attributes:
        logits: (N, K) by head, one entry a data set.
        record: Size, median time of one face and watched figures, for "formats".
    """

    logits: list[Logits]
    record: dict[str, Any]


class Making:
    """Makes one package. Used once.

    Args:
        recipe: As it ran.
        network: With the weights that ship.
        sets: Every data set of the run, whole.
        format: Of the package.
        name: Of the package.
        report: Receives one line at a time.
    """

    def __init__(
        self,
        recipe: Recipe,
        network: Network,
        sets: list[LabelledCrops],
        format: Format,
        name: str,
        report: Report,
    ) -> None:
        self._recipe, self._network, self._sets = recipe, network, sets
        self._format, self._name, self._report = format, name, report
        self._folds: OutOfFold | None = None
        self._fitted = all_people(recipe, sets) if recipe.evaluation.folds else fitting_sets(sets)
        if not self._fitted:
            raise TrainingError(
                "The data have no readable picture in the split 'val', on which thresholds and "
                "calibration are fitted: add one to the manifest."
            )
        self._names = [head.name for head in recipe.heads]

    def build(self, folder: Path) -> None:
        """Convert, check and calibrate; compare with the float32 graph where another one ships."""
        recipe, sets = self._recipe, self._fitted
        crops = sample_crops(sets, recipe.input_size, PARITY_PICTURES)
        expected = keras_logits(self._network, crops)
        if recipe.evaluation.folds:
            self._folds = out_of_fold(recipe, self._network, sets, self._report)
        shipped: dict[Format, Shipped] = {}
        for kind in dict.fromkeys(("float32", self._format)):
            self._report(f"converting to {kind}")
            pictures = sample_crops(sets, recipe.input_size, REPRESENTATIVE_PICTURES)
            (folder / "model.tflite").write_bytes(convert(self._network, kind, pictures))
            write_cam_arrays(recipe, self._network, folder / "cam.npz")
            spec = package_spec(recipe, self._network, kind, self._name)
            write_spec(folder, spec)
            estimator = LiteRtEstimator(load_package(folder))
            try:
                got = batched(estimator, crops, [*self._names, "features"])
                parity = measure_parity(recipe, expected, got, kind)
                shipped[kind] = self._run(folder, estimator)
                if kind != self._format:
                    continue
                spec["parity"] = parity
                if kind != "float32":
                    spec["parity"]["changes"] = self._changes(shipped)
                self._calibrate(spec, estimator, shipped[kind])
                spec["formats"] = {name: part.record for name, part in shipped.items()}
                write_spec(folder, spec)
                spec["cam"]["scale"] = cam_scales(load_package(folder), got["features"])
                self._randomize(spec, crops)
                write_spec(folder, spec)
            finally:
                estimator.close()

    def document(self, folder: Path) -> None:
        """Evaluate on every data set; write report/, the metrics and CARD.md."""
        recipe = self._recipe
        package = load_package(folder)
        metrics: dict[str, Any] = {}
        tables: dict[str, Any] = {}
        measured = []
        for item, logits, protocol in self._measured():
            measured.append(item)
            evaluation = evaluate_crops(package, item, logits=logits, report=self._report)
            name = _unused(item.manifest.name, metrics)
            metrics[name] = {**evaluation.metrics, "protocol": protocol}
            tables[name] = evaluation.subgroups
            self._tried(add_mask_figures, package, metrics[name], item, self._report)
            write_evaluation(
                evaluation,
                package,
                folder / "report" / name,
                gallery=recipe.evaluation.gallery,
                notes=[f"Measured: {protocol}."],
            )
        trained_on = {s.manifest.name for s in self._sets if (s.manifest.split == "train").any()}
        spec = read_spec(folder)
        spec["metrics"] = package_metrics(metrics, trained_on)
        if self._folds is not None:
            spec["fitted_on_all"] = sorted({item.manifest.name for item in self._fitted})
        faces = self._tried(write_face_maps, package, folder, measured, self._report)
        if faces is not None:
            spec["cam"]["faces"] = faces
        write_spec(folder, spec)
        spec = read_spec(folder)
        card = write_card(recipe, spec, metrics, tables, card_figures(spec))
        (folder / "CARD.md").write_text(card, "utf-8")

    def _measured(self) -> Iterator[tuple[LabelledCrops, Logits | None, str]]:
        """Yield what is measured: pictures, logits where they are out of fold, how it was done."""
        if self._folds is not None:
            for item, logits in zip(self._fitted, self._folds.logits, strict=True):
                yield item, logits, self._folds.protocol
        for whole in self._sets:
            if self._folds is not None and (whole.manifest.split == "train").any():
                continue
            item = restrict(whole, "val")
            if len(item.manifest) and self._labelled(item):
                yield item, None, VALIDATION

    def _labelled(self, item: LabelledCrops) -> bool:
        if any(np.isfinite(values).any() for values in item.labels.values()):
            return True
        self._report(f"{item.manifest.name} has no label for any head and is not measured")
        return False

    def _views(self, item: LabelledCrops) -> ImageU8:
        return model_view(item.cache, np.arange(len(item.manifest)), self._recipe.input_size)

    def _run(self, folder: Path, estimator: LiteRtEstimator) -> Shipped:
        """Run the fitting pictures through one format's graph, and time one face."""
        crop = sample_crops(self._fitted, self._recipe.input_size, 1)[:1]
        times_ms = []
        for _ in range(TIMED_RUNS):
            start_s = monotonic_s()
            estimator.run(crop)
            times_ms.append((monotonic_s() - start_s) * 1e3)
        figures: dict[str, float] = {}
        logits = []
        for item in self._fitted:
            logits.append(batched(estimator, self._views(item), self._names))
            for key, value in quick_metrics(self._recipe, logits[-1], item.labels).items():
                figures[f"{item.manifest.name}.{key}"] = round(value, 4)
        record = {
            "bytes": (folder / "model.tflite").stat().st_size,
            "one_face_ms": round(float(np.median(times_ms)), 2),
            "figures": figures,
        }
        return Shipped(logits, record)

    def _changes(self, shipped: dict[Format, Shipped]) -> dict[str, Any]:
        """Return by data set what became of each figure against float32."""
        before, after = shipped["float32"], shipped[self._format]
        return {
            item.manifest.name: metric_changes(
                self._recipe.heads, old, new, item.labels, item.manifest.subject
            )
            for item, old, new in zip(self._fitted, before.logits, after.logits, strict=True)
        }

    def _calibrate(
        self, spec: dict[str, Any], estimator: LiteRtEstimator, shipped: Shipped
    ) -> None:
        """Fit calibration, thresholds and limits on the fitting pictures."""
        source = shipped.logits if self._folds is None else self._folds.logits
        self._report("calibrating")
        recipe, sets = self._recipe, self._fitted
        calibration: dict[str, dict[str, Any]] = {}
        notes = []
        for head, entry in zip(recipe.heads, spec["heads"], strict=True):
            labels = np.concatenate([item.labels[head.name] for item in sets])
            logits = np.concatenate([part[head.name] for part in source])
            fitted, complaints = fit_or_leave(head, logits, labels)
            notes += complaints
            thresholds = fitted.pop("thresholds", None)
            if thresholds is not None:
                entry["thresholds"] = [float(t) for t in thresholds]
            calibration[head.name] = fitted
        for note in notes:
            self._report(note)
        if notes:
            spec["notes"] = notes

        def predict(crops: ImageU8) -> Logits:
            return batched(estimator, crops, self._names)

        def predict_rows(crops: ImageU8, rows: NDArray[np.intp]) -> Logits:
            if self._folds is None:
                return predict(crops)
            maps = batched(estimator, crops, ["features"])["features"]
            return fold_logits(self._folds, self._network, maps, rows)

        template = template_of(recipe)
        if template is not None:
            self._report("degrading validation faces to find where the model stops being sure")
            one_ms = max(shipped.record["one_face_ms"], 0.01)
            most = int(np.clip(LIMITS_MS / LIMITS_ROUNDS / one_ms / len(sets), 150, 700))
            limits = fit_limits(
                recipe.heads,
                sets,
                predict_rows,
                calibration,
                template,
                recipe.input_size,
                most=most,
            )
            for name, found in limits.items():
                calibration[name]["limits"] = found
        spec["calibration"] = calibration
        spec["tight_crop_shift"] = tight_crop_shift(recipe, sets, predict)

    def _randomize(self, spec: dict[str, Any], crops: ImageU8) -> None:
        """Note whether class activation maps depend on the weights."""
        self._report("making maps with shuffled weights")
        found = self._tried(randomization_of, self._recipe, self._network, crops)
        if found is not None:
            spec["cam"]["randomization"] = found

    def _tried(self, explain: Callable[..., Any], *args: Any) -> Any:
        """Return what explains a model, or None with the reason said: the model works without."""
        try:
            return explain(*args)
        except FacecamError as error:
            self._report(f"left out: {error}")
            return None


def _unused(name: str, taken: dict[str, Any]) -> str:
    """Return the name, with a number where another data set has it already."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found
