"""Out-of-fold evaluation: every picture is judged by heads that never saw who is on it.

For small data with few people (`evaluation: {folds: 5}` in a recipe). The people are dealt into K
folds, stratified by their labels; heads are fitted K times on the stored features of a frozen
backbone, each time without one fold, and predict that fold. Thresholds, calibration and all figures
come from these predictions; the model that ships is then fitted on all people.

The heads of a fold train for exactly the epochs of the recipe: no fold chooses its best epoch by
the pictures it is measured on. The predictions of all folds are pooled for the AUC; the folds'
scores differ a little in scale, which can only lower it.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from facecam.errors import ManifestError, RecipeError
from facecam.training.callbacks import Report
from facecam.training.data import LabelledCrops
from facecam.training.fitting import compile_model
from facecam.training.network import Network, build_network
from facecam.training.predictions import cluster_ids
from facecam.training.recipe import Recipe
from facecam.training.stages import FeatureBatches, Logits, features, in_batches

WORDS = {2: "two", 3: "three", 4: "four", 5: "five", 10: "ten"}
NUMBER_BINS = 5  # of an expectation's labels, for stratifying


@dataclass(frozen=True)
class OutOfFold:
    """Predictions of heads that never saw the people they predict.

    Attributes:
        logits: (N, K) by head, one entry a data set.
        fold: (N,) fold of each picture, one entry a data set.
        weights: Weights of `Network.top` that were fitted without each fold.
        protocol: How they were made, in words.
    """

    logits: list[Logits]
    fold: list[NDArray[np.intp]]
    weights: list[list[NDArray[np.float32]]]
    protocol: str


def check_folds(recipe: Recipe) -> None:
    """Refuse a recipe whose training cannot be repeated for each fold.

    Raises:
        RecipeError: A phase trains the backbone, or ends by what it measures.
    """
    for number, phase in enumerate(recipe.training.phases):
        at = f"The recipe {recipe.name} is not valid at 'training.phases.{number}'"
        if phase.freeze != "all" or not phase.stored_features:
            raise RecipeError(
                f"{at}: evaluation.folds needs `freeze: all` and stored features in every phase, "
                "since the heads are fitted again for each fold."
            )
        if phase.patience is not None or phase.schedule == "plateau":
            raise RecipeError(
                f"{at}: evaluation.folds needs a fixed number of epochs, without patience and "
                "plateau, since there is no picture left to choose by."
            )


def all_people(recipe: Recipe, sets: Sequence[LabelledCrops]) -> list[LabelledCrops]:
    """Return every readable picture with a label, whatever its split, of the sets to train on."""
    found = []
    for item in sets:
        if not (item.manifest.split == "train").any():
            continue
        known = np.zeros(len(item.manifest), bool)
        for head in recipe.heads:
            y = item.labels[head.name].reshape(len(item.manifest), -1)
            known |= np.isfinite(y).any(axis=1)
        keep = np.flatnonzero(known & item.cache.readable)
        if len(keep):
            labels = {name: values[keep] for name, values in item.labels.items()}
            found.append(LabelledCrops(item.manifest.select(keep), item.cache.select(keep), labels))
    if not found:
        raise ManifestError("The data have no readable picture with a label to train on.")
    return found


def deal_folds(recipe: Recipe, sets: Sequence[LabelledCrops], folds: int) -> list[NDArray[np.intp]]:
    """Return the fold (N,) of each picture of each set; nobody is in two folds.

    Raises:
        ManifestError: There are fewer people than folds.
    """
    people = cluster_ids(np.concatenate([item.manifest.subject for item in sets]), _total(sets))
    count = len(np.unique(people))
    if count < folds:
        raise ManifestError(
            f"evaluation.folds: {folds} folds need at least as many people (or other subjects), "
            f"and the data have {count}."
        )
    keys = _strata(recipe, sets)
    fold = np.empty(len(people), np.intp)
    seed = recipe.training.seed
    try:
        with warnings.catch_warnings():
            # A rare combination of labels cannot be in every fold; that is no reason to stop.
            warnings.filterwarnings("ignore", "The least populated class", UserWarning)
            dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
            parts = list(dealer.split(keys, keys, people))
    except ValueError:  # no combination of labels is found as often as there are folds
        dealer = GroupKFold(folds, shuffle=True, random_state=seed)
        parts = list(dealer.split(keys, keys, people))
    for number, (_, rows) in enumerate(parts):
        fold[rows] = number
    return np.split(fold, np.cumsum([len(item.manifest) for item in sets])[:-1])


def out_of_fold(
    recipe: Recipe, network: Network, sets: Sequence[LabelledCrops], report: Report
) -> OutOfFold:
    """Fit the heads once for each fold and predict it.

    Args:
        recipe: With `evaluation.folds` and phases that pass `check_folds`.
        network: Its backbone gives the features; its heads are left as they are.
        sets: All people.
        report: Receives one line at a time.
    """
    check_folds(recipe)
    folds = recipe.evaluation.folds
    dealt = deal_folds(recipe, sets, folds)
    fold = np.concatenate(dealt)
    report(f"features of {_total(sets)} pictures for {folds} folds")
    x = np.concatenate([features(network, item, recipe.input_size) for item in sets])
    labels = {
        head.name: np.concatenate([item.labels[head.name] for item in sets])
        for head in recipe.heads
    }
    plain = recipe.backbone.model_copy(update={"weights": "none"})
    top = build_network(recipe.model_copy(update={"backbone": plain})).top
    fresh = top.get_weights()
    made: Logits = {}
    fitted = []
    for number in range(folds):
        top.set_weights(fresh)
        seen, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        report(f"fold {number + 1} of {folds}: fitted on {len(seen)}, predicting {len(held)}")
        _fit(recipe, top, x[seen], {name: y[seen] for name, y in labels.items()})
        for name, values in in_batches(top, x[held]).items():
            made.setdefault(name, np.full((len(x), values.shape[1]), np.nan, np.float32))
            made[name][held] = values
        fitted.append(top.get_weights())
    ends = np.cumsum([len(item.manifest) for item in sets])[:-1]
    parts = {name: np.split(values, ends) for name, values in made.items()}
    logits = [{name: part[i] for name, part in parts.items()} for i in range(len(sets))]
    return OutOfFold(logits, dealt, fitted, protocol_of(folds))


def protocol_of(folds: int) -> str:
    """Return how the figures are made, in words."""
    count = WORDS.get(folds, str(folds))
    return f"out of fold, {count} folds grouped by person"


def fold_logits(
    made: OutOfFold, network: Network, maps: NDArray[np.float32], rows: NDArray[np.intp]
) -> Logits:
    """Return the logits (M, K) by head that each picture's own fold gives for feature maps.

    Args:
        made: Of `out_of_fold`.
        network: Lends its `top`, whose weights are put back.
        maps: (M, h, w, C) feature maps of pictures, possibly degraded ones.
        rows: (M,) which pictures they are, counted through all sets.
    """
    pooled = maps.mean(axis=(1, 2))
    if network.top.inputs[0].shape[1] != pooled.shape[1]:
        pooled = maps.reshape(len(maps), -1)
    fold = np.concatenate(made.fold)[rows]
    kept = network.top.get_weights()
    out: Logits = {}
    for number, weights in enumerate(made.weights):
        held = np.flatnonzero(fold == number)
        if not len(held):
            continue
        network.top.set_weights(weights)
        for name, values in in_batches(network.top, pooled[held]).items():
            out.setdefault(name, np.zeros((len(maps), values.shape[1]), np.float32))
            out[name][held] = values
    network.top.set_weights(kept)
    return out


def _fit(recipe: Recipe, top: keras.Model, x: NDArray[np.float32], labels: Logits) -> None:
    """Run the phases of a recipe on stored features."""
    for number, phase in enumerate(recipe.training.phases):
        batch = phase.batch_size or recipe.training.batch_size
        compile_model(top, recipe, phase, -(-len(x) // batch), labels)
        seed = recipe.training.seed * 1000 + number
        for epoch in range(phase.epochs):
            batches = FeatureBatches(x, labels, batch, (seed, epoch))
            for index in range(len(batches)):  # a call of `fit` costs more than such an epoch
                features_in, truth, weights = batches[index]
                top.train_on_batch(features_in, truth, sample_weight=weights)


def _strata(recipe: Recipe, sets: Sequence[LabelledCrops]) -> NDArray[np.str_]:
    """Return the labels (N,) of each picture as one text, numbers in a few bins."""
    columns = []
    for head in recipe.heads:
        y = np.concatenate([item.labels[head.name] for item in sets])
        if head.kind == "expectation" and np.isfinite(y).any():
            edges = np.nanquantile(y, np.linspace(0, 1, NUMBER_BINS + 1)[1:-1])
            y = np.where(np.isfinite(y), np.searchsorted(edges, y), np.nan)
        columns.append(y.reshape(len(y), -1))
    table = np.concatenate(columns, axis=1)
    return np.array([" ".join(f"{value:g}" for value in row) for row in table])


def _total(sets: Sequence[LabelledCrops]) -> int:
    return sum(len(item.manifest) for item in sets)
