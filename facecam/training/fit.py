"""Train a recipe: read the data, settle the classes, build the network, fit."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from facecam.errors import ManifestError, RecipeError, TrainingError
from facecam.training.backbones import freeze
from facecam.training.callbacks import Progress, Report
from facecam.training.checkpoint import write_whole
from facecam.training.complaints import complaint
from facecam.training.cutting import bad_files, cut_manifest
from facecam.training.data import LabelledCrops, check_shares, head_labels, restrict
from facecam.training.distribute import Kind, folder_of, make_distribution
from facecam.training.fitting import Fitting
from facecam.training.folds import all_people, check_folds
from facecam.training.label_cells import check_labels
from facecam.training.manifest import Manifest, read_manifest
from facecam.training.network import build_network
from facecam.training.recipe import Head, Recipe, load_recipe
from facecam.training.run import Run
from facecam.training.stages import predict_logits
from facecam.vision.crops import EyeTemplate

__all__ = ["fitting_sets", "load_sets", "predict_logits", "template_of", "train"]

MOST_NUMBERS = 1000  # classes of an expectation that are taken from the data


def template_of(recipe: Recipe) -> EyeTemplate | None:
    """Return the eye template of a recipe, or None where it looks at whole pictures."""
    crop = recipe.crop
    if crop.method == "whole" or recipe.target == "frame":
        return None
    return EyeTemplate(crop.eye_span, crop.eye_y, crop.mouth_ratio)


def load_sets(
    recipe: Recipe, data: list[Path], cache_dir: Path, report: Report
) -> list[LabelledCrops]:
    """Read and cut every manifest; unreadable pictures are counted, named and left out."""
    return _cut_sets(recipe, _read_manifests(recipe, data), cache_dir, report)


def _read_manifests(recipe: Recipe, data: list[Path]) -> list[Manifest]:
    return [read_manifest(path, subject_column=recipe.data.subject_column) for path in data]


def _cut_sets(
    recipe: Recipe,
    manifests: list[Manifest],
    cache_dir: Path,
    report: Report,
    progress: Progress | None = None,
) -> list[LabelledCrops]:
    sets = []
    for manifest in manifests:
        for note in manifest.notes:
            report(f"{manifest.name}: {note}")
        labels = {head.name: head_labels(manifest, head, report) for head in recipe.heads}

        def cut(done: int, total: int, name: str = manifest.name) -> None:
            if progress is not None:
                progress(f"cutting {name}", done, total)
            elif done % 2000 < 50 or done == total:
                report(f"cutting {name}: {done} of {total}")

        cache = cut_manifest(
            manifest, recipe.input_size, template_of(recipe), cache_dir, progress=cut
        )
        for note in bad_files(manifest, cache):
            report(note)
        found = f", face found in {int(cache.found.sum())}" if template_of(recipe) else ""
        report(f"{manifest.name}: {len(manifest)} pictures{found}")
        sets.append(LabelledCrops(manifest, cache, labels))
    return sets


def train(
    recipe_path: Path,
    data: list[Path],
    out: Path | None = None,
    overrides: list[str] | None = None,
    cache_dir: Path = Path(".cache/crops"),
    report: Report = print,
    progress: Progress | None = None,
    distribute: Kind | None = None,
) -> Run:
    """Train a recipe and return its run; a run folder with the same recipe is resumed.

    Args:
        recipe_path: YAML recipe.
        data: Manifests, folders that hold one, or folders of class folders.
        out: Run folder; `runs/NAME` by default.
        overrides: KEY=VALUE changes to the recipe.
        cache_dir: Where cut pictures are kept.
        report: Receives one line at a time.
        progress: Receives (what, done, total) at every step, where somebody watches.
        distribute: Fit on several devices, or with several workers; see `distribute`.

    Raises:
        RecipeError, ManifestError, TrainingError: With one sentence.
    """
    recipe = load_recipe(recipe_path, overrides)
    if recipe.evaluation.folds:
        check_folds(recipe)
    if not data:
        raise ManifestError("Nothing to train on: give one or more --data MANIFEST.")
    distribution = make_distribution(distribute)
    manifests = _read_manifests(recipe, data)
    check_shares(recipe, [item.name for item in manifests if (item.split == "train").any()])
    recipe = with_classes(recipe, manifests)
    run = Run(folder_of(out or Path("runs") / recipe.name, distribution))
    _start(run, recipe, data, manifests)
    with distribution.scope():
        network = build_network(recipe)  # before the cutting, which may take long
    for phase in recipe.training.phases:  # each phase freezes again; a wrong layer is named now
        freeze(network.backbone, phase.freeze, freeze_batchnorm=False)
    sets = _cut_sets(recipe, manifests, cache_dir, report, progress)
    if recipe.evaluation.folds:  # all people are fitted; the figures come from folds, at export
        train_sets = val_sets = all_people(recipe, sets)
    else:
        train_sets = [restrict(item, "train") for item in sets]
        train_sets = [item for item in train_sets if len(item.manifest)]
        val_sets = fitting_sets(sets)
    _check_splits(train_sets, val_sets)
    for note in check_labels(
        recipe.heads, [item.labels for item in train_sets], [item.labels for item in val_sets]
    ):
        report(note)
    Fitting(recipe, network, train_sets, val_sets, run, report, progress, distribution).run()
    return run


def _start(run: Run, recipe: Recipe, data: list[Path], manifests: Sequence[Manifest]) -> None:
    """Write what the run is made of into its folder, or refuse one that was trained otherwise."""
    pictures = _fingerprint(recipe, manifests)
    if run.checkpoint.exists():  # before that there is nothing to go on from
        begun = run.pictures()
        if run.recipe() != recipe:
            raise TrainingError(
                f"{run.folder} holds a run of another recipe: choose another --out or remove it."
            )
        if begun and begun != pictures:
            raise TrainingError(
                f"{run.folder} holds a run on other pictures or labels ({begun['count']} pictures "
                f"then, {pictures['count']} now): choose another --out, or remove it to train anew."
            )
    sources = json.dumps([str(p.resolve()) for p in data])
    texts = {
        "recipe.json": recipe.model_dump_json(indent=2),
        "data.json": sources,
        "pictures.json": json.dumps(pictures),
    }
    for name, text in texts.items():
        target = run.folder / name
        write_whole(target, run.folder / f"part-{name}", _writer(text), "run's description")


def _fingerprint(recipe: Recipe, manifests: Sequence[Manifest]) -> dict[str, int | str]:
    """Return the number of pictures, and a hash of their names, splits and labels.

    Where the data lie does not count, so that they may be moved while a run rests.
    """
    digest = hashlib.sha256()
    for manifest in manifests:
        for path, split in zip(manifest.paths, manifest.split.tolist(), strict=True):
            digest.update(f"{'/'.join(path.parts[-2:])}|{split}\n".encode())
        for head in recipe.heads:
            digest.update(head_labels(manifest, head).tobytes())
    return {"count": sum(map(len, manifests)), "sha256": digest.hexdigest()}


def _writer(text: str):  # type: ignore[no-untyped-def]
    return lambda part: part.write_text(text, "utf-8")


def with_classes(recipe: Recipe, manifests: Sequence[Manifest]) -> Recipe:
    """Return the recipe with `classes: auto` replaced by what the training pictures carry.

    Raises:
        ManifestError: There are fewer than two classes, or numbers that are none.
        RecipeError: The recipe speaks of a class that the pictures do not carry.
    """
    heads = [
        head.model_copy(update={"classes": _classes(head, manifests)})
        if head.classes == "auto"
        else head
        for head in recipe.heads
    ]
    made = {**recipe.model_dump(), "heads": [head.model_dump() for head in heads]}
    try:
        return Recipe.model_validate(made)
    except ValidationError as error:
        what = complaint(error, made, Recipe)
        raise RecipeError(f"The recipe {recipe.name} does not fit the data: {what}.") from error


def _classes(head: Head, manifests: Sequence[Manifest]) -> list[str] | list[int]:
    column = head.column or head.name
    found: set[str] = set()
    for manifest in manifests:
        cells = manifest.cells(column)
        if cells is not None:
            found |= set(cells[manifest.split == "train"].tolist()) - {""}
    if len(found) < 2:
        seen = f"only '{found.pop()}'" if found else "nothing"
        raise ManifestError(
            f"The head '{head.name}' takes its classes from the column '{column}', where the "
            f"training pictures have {seen}: two classes are the least."
        )
    if head.kind == "softmax":
        return sorted(found)
    numbers = []
    for cell in sorted(found):
        try:
            numbers.append(float(cell))
            int(numbers[-1])  # nan and inf are no numbers here
        except (ValueError, OverflowError):
            raise ManifestError(
                f"The head '{head.name}' needs numbers, and the column '{column}' holds '{cell}'."
            ) from None
    first, last = int(np.floor(min(numbers))), int(np.ceil(max(numbers)))
    if last - first >= MOST_NUMBERS:
        raise ManifestError(
            f"The column '{column}' goes from {first} to {last}, too far for a class at every "
            f"whole number: give the head '{head.name}' its classes, or other units."
        )
    return list(range(first, last + 1))


def fitting_sets(sets: list[LabelledCrops]) -> list[LabelledCrops]:
    """Return the validation pictures of the data sets that were trained on.

    A data set without a training split is a source the model never saw: it chooses no checkpoint
    and fits no calibration, it is only evaluated.
    """
    seen = [item for item in sets if (item.manifest.split == "train").any()]
    picked = [restrict(item, "val") for item in seen]
    return [item for item in picked if len(item.manifest)]


def _check_splits(train_sets: list[LabelledCrops], val_sets: list[LabelledCrops]) -> None:
    for split, sets in (("train", train_sets), ("val", val_sets)):
        if not sets:
            raise ManifestError(f"The data have no readable picture in the split '{split}'.")
