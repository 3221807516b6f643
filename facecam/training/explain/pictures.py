"""Explain the faces of a picture: find and cut them, make their maps, say what these are worth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.errors import MediaFileError
from facecam.inference.faithfulness import Faithfulness, measure_faithfulness
from facecam.training.explain.explained import LAST, ExplainedModel
from facecam.training.explain.methods import GRADIENT_METHODS, Method, activation_maps
from facecam.training.explain.score_cam import score_ground, score_map
from facecam.training.explain.statistics import map_statistics
from facecam.training.explain.targets import CamTarget, WantedMap
from facecam.types import Detection, Float32Array, ImageU8
from facecam.vision.crops import centre_matrix, crop_matrix, cut
from facecam.vision.detector import FaceDetector, find_faces

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ExplainedMap:
    """One map of one face.

    Attributes:
        target: What it explains.
        method, layer: How, and where.
        value: The explained number of this face.
        values: (h, w) float32, signed.
        faithfulness: What the map is worth on this face, when it was measured.
    """

    target: CamTarget
    method: Method
    layer: str
    value: float
    values: Float32Array
    faithfulness: Faithfulness | None = None


@dataclass(frozen=True)
class ExplainedFace:
    """One face, or the whole picture, with its maps.

    Attributes:
        box_xywh: Pixels of the picture.
        score: Detector's confidence; None for a whole picture.
        crop_rgb: (H, W, 3) uint8 RGB, what the model saw.
        matrix: (2, 3) picture pixels to crop pixels.
        maps: Ordered by what was wanted, then method, then layer.
    """

    box_xywh: tuple[float, float, float, float]
    score: float | None
    crop_rgb: ImageU8
    matrix: NDArray[np.float64]
    maps: tuple[ExplainedMap, ...]


@dataclass(frozen=True)
class MapRequest:
    """Which maps are to be made.

    Attributes:
        wanted: Heads and classes.
        methods, layers: Every one of each is made.
        faithfulness: Measure what each map is worth.
        max_channels: Bounds the work of Score-CAM; None uses every channel.
    """

    wanted: tuple[WantedMap, ...]
    methods: tuple[Method, ...] = ("cam",)
    layers: tuple[str, ...] = (LAST,)
    faithfulness: bool = False
    max_channels: int | None = None


def explain_picture(
    image_bgr: ImageU8,
    detector: FaceDetector | None,
    model: ExplainedModel,
    request: MapRequest,
    *,
    t_s: float = 0.0,
    progress: Progress | None = None,
) -> list[ExplainedFace]:
    """Return the faces of a picture with their maps; no face gives an empty list.

    Args:
        image_bgr: (H, W, 3) uint8 BGR.
        detector: Finds faces; not asked by a model for whole pictures.
        model: What is explained.
        request: Which maps.
        t_s: Time for the detector, growing from picture to picture.
        progress: Called with (runs done, runs in all) while Score-CAM works on one map.
    """
    size_wh, template = model.facts.size_wh, model.facts.template
    height, width = image_bgr.shape[:2]
    found: Sequence[tuple[tuple[float, ...], float | None, NDArray[np.float64]]]
    if template is None:
        whole = (0.0, 0.0, float(width), float(height))
        found = [(whole, None, centre_matrix((width, height), size_wh))]
    else:
        faces: tuple[Detection, ...] = ()
        if detector is not None:
            faces = find_faces(detector, image_bgr, t_s)
        found = [
            (face.box_xywh, float(face.score), crop_matrix(face.keypoints, size_wh, template))
            for face in faces
        ]
    explained = []
    for box, score, matrix in found:
        crop = np.ascontiguousarray(cut(image_bgr, matrix, size_wh)[..., ::-1])
        maps = explain_crop(crop, model, request, progress=progress)
        explained.append(ExplainedFace(box, score, crop, matrix, tuple(maps)))
    return explained


def explain_crop(
    crop_rgb: ImageU8,
    model: ExplainedModel,
    request: MapRequest,
    *,
    progress: Progress | None = None,
) -> list[ExplainedMap]:
    """Return the maps of one crop (H, W, 3) uint8 RGB of the model's size."""
    logits = model.logits(crop_rgb[None])
    maps = []
    for wanted in request.wanted:
        for target in wanted.targets(logits[wanted.head.name][0]):
            value = float(target.value(logits[target.head.name])[0])
            for method in request.methods:
                for layer in request.layers:
                    values = class_map(
                        crop_rgb,
                        model,
                        target,
                        method,
                        layer,
                        max_channels=request.max_channels,
                        progress=progress,
                    )
                    worth = None
                    if request.faithfulness:
                        worth = measure_faithfulness(scorer(model, target), crop_rgb, values)
                    name = model.layer(layer)
                    maps.append(ExplainedMap(target, method, name, value, values, worth))
    return maps


def class_map(
    crop_rgb: ImageU8,
    model: ExplainedModel,
    target: CamTarget,
    method: Method,
    layer: str = LAST,
    *,
    max_channels: int | None = None,
    progress: Progress | None = None,
) -> Float32Array:
    """Return one signed map (h, w) float32 of one crop."""
    if method in GRADIENT_METHODS:
        seen = model.activations(crop_rgb[None], layer, target)
        return activation_maps(method, seen.features, seen.gradients, signed=True)[0]
    return score_map(
        model.features(crop_rgb[None], layer)[0],
        crop_rgb,
        scorer(model, target),
        signed=True,
        ground=score_ground(method, crop_rgb),
        max_channels=max_channels,
        progress=progress,
    )


def scorer(model: ExplainedModel, target: CamTarget) -> Callable[[ImageU8], NDArray[np.float64]]:
    """Return what gives the explained number (N,) of crops (N, H, W, 3)."""

    def score(crops_rgb: ImageU8) -> NDArray[np.float64]:
        return target.value(model.logits(crops_rgb)[target.head.name])

    return score


def face_record(face: ExplainedFace) -> dict[str, Any]:
    """Return what `cam --json` says of one face."""
    return {
        "box_xywh": [round(float(value), 2) for value in face.box_xywh],
        "score": None if face.score is None else round(face.score, 5),
        "maps": [_map_record(item, face) for item in face.maps],
    }


def _map_record(item: ExplainedMap, face: ExplainedFace) -> dict[str, Any]:
    size_wh = (face.crop_rgb.shape[1], face.crop_rgb.shape[0])
    record: dict[str, Any] = {
        "head": item.target.head.name,
        "class": item.target.class_name,
        "explains": item.target.explains,
        "value": item.value,
        "method": item.method,
        "layer": item.layer,
        **map_statistics(item.values, size_wh, face.matrix),
    }
    worth = item.faithfulness
    if worth is not None:
        record["faithfulness"] = {
            "deletion": worth.deletion,
            "insertion": worth.insertion,
            "score": worth.score,
            "p_value": worth.p_value,
            "trusted": worth.trusted,
            "reason": worth.reason,
        }
    return record


def no_face(path: object) -> MediaFileError:
    """Return the error for a picture in which nobody was found."""
    return MediaFileError(
        f"No face was found in the picture {path}: choose one in which a face is larger, upright "
        "and not hidden."
    )
