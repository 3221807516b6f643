"""The face backbone out of its published form: every array lands in its layer."""

import importlib.util
import io
import json
import tarfile
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = ROOT / "scripts" / "convert_face_backbone.py"
    spec = importlib.util.spec_from_file_location("convert_face_backbone", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pack(path: Path, arrays: dict[str, np.ndarray], *, lack: int = 0) -> Path:
    """Write arrays as the package holds them, `lack` bytes short."""
    listed = [
        {"name": name, "shape": list(item.shape), "dtype": str(item.dtype)}
        for name, item in arrays.items()
    ]
    data = b"".join(item.tobytes() for item in arrays.values())
    content = {
        "json": json.dumps({"weightsManifest": [{"weights": listed}]}).encode(),
        "bin": data[: len(data) - lack],
    }
    with tarfile.open(path, "w:gz", compresslevel=1) as files:
        for kind, part in content.items():
            info = tarfile.TarInfo(f"package/models/faceres-deep.{kind}")
            info.size = len(part)
            files.addfile(info, io.BytesIO(part))
    return path


def test_every_array_lands_in_its_layer(script: ModuleType, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    network = keras.applications.MobileNet(
        input_shape=(224, 224, 3), include_top=False, weights=None
    )
    arrays: dict[str, np.ndarray] = {"axes": np.array([1, 2], np.int32)}
    for layer in network.layers:
        shapes = [weight.shape for weight in layer.get_weights()]
        made = [rng.normal(0, 0.1, shape).astype(np.float32) for shape in shapes]
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            arrays[f"{layer.name}/depthwise_kernel"] = made[0]
        elif isinstance(layer, keras.layers.Conv2D):
            arrays[f"{layer.name}/convolution/merged_input"] = made[0]
        elif isinstance(layer, keras.layers.BatchNormalization):
            made[2:] = np.zeros_like(made[2]), np.full_like(made[3], 1.0 - layer.epsilon)
            arrays[f"{layer.name}/batchnorm_1/sub"] = made[1]
            if "dw" in layer.name:
                arrays[f"{layer.name}/batchnorm_1/mul"] = made[0]
            else:
                made[0] = np.ones_like(made[0])
        if made:
            layer.set_weights(made)
    out = tmp_path / "faces.weights.h5"
    script.convert(pack(tmp_path / "a.tgz", arrays), out)
    again = keras.applications.MobileNet(input_shape=(224, 224, 3), include_top=False, weights=None)
    again.load_weights(out)
    for one, other in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_package_that_is_cut_off_is_refused(script: ModuleType, tmp_path: Path) -> None:
    arrays = {"a": np.zeros((3, 4), np.float32)}
    with pytest.raises(SystemExit, match="has 46 bytes instead of 48"):
        script.read_arrays(pack(tmp_path / "a.tgz", arrays, lack=2))
