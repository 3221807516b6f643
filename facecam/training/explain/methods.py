"""Class activation maps from feature maps and gradients, in NumPy.

With A the feature maps of a layer (h x w x C), y the explained number and G = dy/dA:

    cam         sum_k w_k A_k with w_k = dy / d mean(A_k) = h w G_k, at the layer that the heads
                average: the map that is shown live. For a linear head w are its weights, and this
                is the classic map (Zhou et al. 2016)
    gradcam     relu(sum_k mean(G_k) A_k)                        (Selvaraju et al. 2017)
    gradcam++   relu(sum_k sum(a_k relu(G_k)) A_k), a_k = G_k^2 / (2 G_k^2 + sum(A_k) G_k^3), each
                channel's a_k divided by their sum, as in the authors' code
                (Chattopadhyay et al. 2018)
    hirescam    relu(sum_k G_k A_k)                              (Draelos and Carin 2020)
    layercam    relu(sum_k relu(G_k) A_k)                        (Jiang et al. 2021)

Behind global average pooling G is the same at every place: there hirescam is gradcam times h w,
and gradcam++ and layercam differ by the factor h w only.
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from facecam.errors import TrainingError
from facecam.types import Float32Array

GradientMethod = Literal["cam", "gradcam", "gradcam++", "hirescam", "layercam"]
Method = Literal[
    "cam", "gradcam", "gradcam++", "hirescam", "layercam", "scorecam", "scorecam-blurred"
]
GRADIENT_METHODS: tuple[GradientMethod, ...] = get_args(GradientMethod)
METHODS: tuple[Method, ...] = get_args(Method)
_SAME = 1e-4  # of the largest gradient: rounding of float32 sums
TITLES: dict[str, str] = {
    "cam": "CAM",
    "gradcam": "Grad-CAM",
    "gradcam++": "Grad-CAM++",
    "hirescam": "HiResCAM",
    "layercam": "LayerCAM",
    "scorecam": "Score-CAM",
    "scorecam-blurred": "Score-CAM on a blur",
}


def parse_method(text: str) -> Method:
    """Return the method of that name; case and hyphens do not matter.

    Raises:
        TrainingError: There is none; the sentence names them all.
    """
    plain = text.lower().replace("-", "").replace("_", "")
    others = {
        "gradcampp": "gradcam++",
        "gradcamplusplus": "gradcam++",
        "scorecamblurred": "scorecam-blurred",
    }
    plain = others.get(plain, plain)
    for method in METHODS:
        if plain == method:
            return method
    raise TrainingError(f"There is no method '{text}': choose one of {', '.join(METHODS)}.")


def activation_maps(
    method: GradientMethod,
    features: NDArray[np.floating],
    gradients: NDArray[np.floating],
    *,
    signed: bool = False,
) -> Float32Array:
    """Return (N, h, w) float32 maps.

    Args:
        method: Which formula.
        features: (N, h, w, C).
        gradients: (N, h, w, C), derivative of the explained number by the features.
        signed: Leave out the last relu, so that the map also shows what speaks against the class.

    Raises:
        TrainingError: `cam` is asked for at a layer that is not averaged by the heads.
    """
    a = np.asarray(features, np.float64)
    g = np.asarray(gradients, np.float64)
    if method == "cam":
        if np.ptp(g, axis=(1, 2)).max(initial=0.0) > _SAME * np.abs(g).max(initial=0.0):
            raise TrainingError(
                "The method cam exists only at the layer that the heads average: choose the layer "
                "'last', or another method such as layercam."
            )
        maps = (a * (g.mean(axis=(1, 2), keepdims=True) * a.shape[1] * a.shape[2])).sum(axis=-1)
    elif method == "gradcam":
        maps = (a * g.mean(axis=(1, 2), keepdims=True)).sum(axis=-1)
    elif method == "gradcam++":
        maps = (a * _plus_plus_weights(a, g)).sum(axis=-1)
    elif method == "hirescam":
        maps = (a * g).sum(axis=-1)
    else:
        maps = (a * np.maximum(g, 0.0)).sum(axis=-1)
    return (maps if signed else np.maximum(maps, 0.0)).astype(np.float32)


def _plus_plus_weights(a: NDArray[np.float64], g: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N, 1, 1, C) weights of Grad-CAM++."""
    squares = g**2
    below = 2.0 * squares + g**3 * a.sum(axis=(1, 2), keepdims=True)
    shares = squares / np.where(squares == 0.0, 1.0, below)
    total = shares.sum(axis=(1, 2), keepdims=True)
    shares = shares / np.where(total == 0.0, 1.0, total)
    return (shares * np.maximum(g, 0.0)).sum(axis=(1, 2), keepdims=True)
