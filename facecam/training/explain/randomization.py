"""Do maps depend on what was learned? The model parameter randomisation test.

Adebayo et al., "Sanity checks for saliency maps" (NeurIPS 2018): a map that hardly changes when
the weights are replaced by random ones shows the picture, not the model. Weights are replaced from
the heads down (cascading), each tensor by its own values in random order: that keeps their scale,
so that a network without normalisation still gives numbers.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from facecam.training.explain.explained import LAST
from facecam.training.explain.keras_model import KerasModel
from facecam.training.explain.methods import GradientMethod, activation_maps
from facecam.training.explain.targets import WantedMap
from facecam.types import Float32Array, ImageU8

PICTURES = 24
SEEDS = 3
MOST_SIMILAR = 0.5
"""Chosen by eye: unrelated smooth maps on a grid of 5 x 5 have an absolute rank correlation of
about 0.3, the maps of two trainings of one network of 0.8 and more."""
STAGES = ("heads", "top half", "all")


def weight_randomization(
    model: KerasModel,
    crops_rgb: ImageU8,
    *,
    method: GradientMethod = "hirescam",
    seeds: int = SEEDS,
) -> dict[str, dict[str, Any]]:
    """Return head to {"similarity", "passed", "cascade"}, for model.json "cam"."randomization".

    `similarity` is the mean absolute rank correlation (Spearman) of the last layer's signed maps
    before and after all weights were replaced, over pictures and seeds; `cascade` holds it for the
    heads alone, the upper half of the layers and all. At the last layer in front of the average,
    `hirescam` ranks places as the live map does.

    Export makes it once: `spec["cam"]["randomization"] = weight_randomization(
    keras_model_of_network(recipe, network), crops)`. The weights are put back.

    Args:
        model: Trained; its weights are changed and put back.
        crops_rgb: (N, H, W, 3) uint8 RGB of real pictures; at most `PICTURES` are used.
        method: Which maps.
        seeds: How often the weights are replaced.
    """
    crops = crops_rgb[np.linspace(0, len(crops_rgb) - 1, min(PICTURES, len(crops_rgb))).astype(int)]
    before = _maps(model, crops, method, None)
    columns = {name: part[0] for name, part in before.items()}
    found: dict[str, dict[str, list[float]]] = {
        name: {stage: [] for stage in STAGES} for name in before
    }
    layers = [layer for layer in model.model.layers if layer.get_weights()]
    kept = [layer.get_weights() for layer in layers]
    try:
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            for stage, part in _cascade(model, len(layers)):
                for layer in layers[part]:
                    layer.set_weights([_shuffled(w, rng) for w in layer.get_weights()])
                after = _maps(model, crops, method, columns)
                for name, (_, maps) in after.items():
                    found[name][stage].append(map_similarity(before[name][1], maps))
            for layer, weights in zip(layers, kept, strict=True):
                layer.set_weights(weights)
    finally:
        for layer, weights in zip(layers, kept, strict=True):
            layer.set_weights(weights)
    result: dict[str, dict[str, Any]] = {}
    for name, stages in found.items():
        cascade = {stage: round(float(np.mean(values)), 4) for stage, values in stages.items()}
        result[name] = {
            "similarity": cascade["all"],
            "passed": bool(cascade["all"] <= MOST_SIMILAR),
            "cascade": cascade,
            "pictures": len(crops),
        }
    return result


def map_similarity(before: Float32Array, after: Float32Array) -> float:
    """Return the mean absolute rank correlation of maps (N, h, w), pair by pair.

    A map that is the same everywhere is like none: it counts as 0.
    """
    pairs = zip(before.reshape(len(before), -1), after.reshape(len(after), -1), strict=True)
    return float(np.mean([_rank_correlation(a, b) for a, b in pairs]))


def _rank_correlation(a: NDArray, b: NDArray) -> float:
    x, y = rankdata(a), rankdata(b)
    x, y = x - x.mean(), y - y.mean()
    size = float(np.linalg.norm(x) * np.linalg.norm(y))
    return abs(float(x @ y)) / size if size > 0 else 0.0


def _cascade(model: KerasModel, count: int) -> Iterator[tuple[str, slice]]:
    """Give each stage with the layers that it adds; the heads come after the last map."""
    names = [layer.name for layer in model.model.layers if layer.get_weights()]
    with_maps = [i for i, name in enumerate(names) if name in model.layers]
    first_head = with_maps[-1] + 1 if with_maps else count
    middle = first_head // 2
    yield STAGES[0], slice(first_head, count)
    yield STAGES[1], slice(middle, first_head)
    yield STAGES[2], slice(0, middle)


def _shuffled(weights: NDArray, rng: np.random.Generator) -> NDArray:
    flat = weights.reshape(-1).copy()
    rng.shuffle(flat)
    return flat.reshape(weights.shape)


def _maps(
    model: KerasModel,
    crops: ImageU8,
    method: GradientMethod,
    columns: dict[str, Sequence[int | None]] | None,
) -> dict[str, tuple[Sequence[int | None], Float32Array]]:
    """Return by head what was explained of each picture, and the signed maps (N, h, w).

    Args:
        model: In its present state.
        crops: Pictures.
        method: Which maps.
        columns: Class of each picture by head; None takes the one that it is read as.
    """
    logits = model.logits(crops) if columns is None else {}
    features = model.features(crops, LAST)
    out: dict[str, tuple[Sequence[int | None], Float32Array]] = {}
    for head in model.facts.heads:
        wanted = WantedMap(head, None)
        if columns is None:
            explained = [wanted.targets(row)[0].index for row in logits[head.name]]
        else:
            explained = list(columns[head.name])
        maps: list[Any] = [None] * len(crops)
        for index in dict.fromkeys(explained):
            these = [i for i, one in enumerate(explained) if one == index]
            gradients = model.last_gradients(features[these], wanted.target(index))
            made = activation_maps(method, features[these], gradients, signed=True)
            for i, values in zip(these, made, strict=True):
                maps[i] = values
        out[head.name] = (explained, np.stack(maps))
    return out
