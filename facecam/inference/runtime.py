"""LiteRT: the runtime of the live path."""

import os
from typing import Any

import numpy as np

from facecam.errors import ModelPackageError
from facecam.inference.litert import litert_quiet
from facecam.inference.package import MODEL_FILE, ModelPackage
from facecam.types import Float32Array, ImageU8

FEATURES = "features"
MAX_BATCH = 8  # bounds the memory of the activations; more faces take several invocations
WARM_BATCH = 4


class LiteRtEstimator:
    """Runs a package with LiteRT and XNNPACK. Owned by the thread that calls `run`.

    One interpreter and one invocation for all faces of a frame. Measured with MobileNet at 160 px
    and 2 threads on 2 cores that were also training: two faces together take 4.0 to 6.8 ms and one
    by one 6.0 to 7.6 (least and lower quartile of 25 rounds), four 10.5 to 14.2 against 11.8 to
    17.5; with 1 thread there is little between them. The batch is resized to the very number of
    faces: going back to a size no larger than one used before costs 0.1 ms, so padding or an
    interpreter for each size gains nothing; only growing costs (5 to 10 ms), which is done once,
    when it is built.

    Args:
        package: What to run.
        threads: Threads of XNNPACK.

    Raises:
        ModelPackageError: The graph does not load, or is not what the package says.
    """

    def __init__(self, package: ModelPackage, threads: int = 2) -> None:
        self.package = package
        content = package.read(MODEL_FILE)
        try:
            with litert_quiet():
                from ai_edge_litert.interpreter import Interpreter

                self._interpreter: Any = Interpreter(
                    model_content=content, num_threads=max(1, min(threads, os.cpu_count() or 1))
                )
        except (ValueError, RuntimeError) as error:
            raise self._refused(
                f"its {MODEL_FILE} cannot be loaded ({_one_line(error)})"
            ) from error
        self._input, self._outputs = self._check_signature()
        self._batch = 0
        width, height = package.size_wh
        with litert_quiet():  # the delegate announces itself at the first allocation
            for count in (WARM_BATCH, 1):
                self._check_shapes(self._invoke(np.zeros((count, height, width, 3), np.uint8)))

    def run(self, crops_rgb: ImageU8) -> dict[str, Float32Array]:
        """Return logits by head and the feature maps (see `Estimator.run`)."""
        if self._interpreter is None:
            raise ModelPackageError(f"The model {self.package.name} was closed: load it again.")
        width, height = self.package.size_wh
        if crops_rgb.ndim != 4 or crops_rgb.shape[1:] != (height, width, 3):
            raise ModelPackageError(
                f"The model {self.package.name} looks at pictures of {width}x{height} pixels and "
                f"was given an array of shape {crops_rgb.shape}."
            )
        count = len(crops_rgb)
        if count == 0:
            none = self._invoke(np.zeros((1, height, width, 3), np.uint8))
            return {name: array[:0] for name, array in none.items()}
        parts = [
            self._invoke(crops_rgb[start : start + MAX_BATCH])
            for start in range(0, count, MAX_BATCH)
        ]
        if len(parts) == 1:
            return parts[0]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def close(self) -> None:
        """Release the model."""
        self._interpreter = None

    def _invoke(self, crops_rgb: ImageU8) -> dict[str, Float32Array]:
        interpreter, count = self._interpreter, len(crops_rgb)
        try:
            if count != self._batch:
                interpreter.resize_tensor_input(self._input, crops_rgb.shape)
                interpreter.allocate_tensors()
                self._batch = count
            interpreter.set_tensor(self._input, crops_rgb)
            interpreter.invoke()
            outputs = {name: interpreter.get_tensor(i) for name, i in self._outputs.items()}
        except (ValueError, RuntimeError) as error:
            self._batch = 0
            raise self._refused(f"it fails on {count} pictures ({_one_line(error)})") from error
        for head in self.package.heads:
            if not np.isfinite(outputs[head.name]).all():
                raise self._refused(f"its head {head.name} gives numbers that are not finite")
        return outputs

    def _check_signature(self) -> tuple[int, dict[str, int]]:
        """Return the tensor index of the input and of each output, found by name."""
        signatures = self._interpreter.get_signature_list()
        if len(signatures) != 1:
            raise self._refused(f"its graph has {len(signatures)} signatures instead of one")
        # The runner holds a reference that forbids resizing: it is dropped with this call.
        runner = self._interpreter.get_signature_runner(next(iter(signatures)))
        inputs, outputs = runner.get_input_details(), runner.get_output_details()
        if len(inputs) != 1:
            raise self._refused(f"its graph has {len(inputs)} inputs instead of one")
        entry = next(iter(inputs.values()))
        width, height = self.package.size_wh
        shape = tuple(int(size) for size in entry["shape"])
        if entry["dtype"] is not np.uint8 or shape[1:] != (height, width, 3):
            raise self._refused(
                f"its graph takes {np.dtype(entry['dtype'])} of shape {shape} where model.json "
                f"says uint8 of height {height} and width {width}"
            )
        found = {}
        for meaning, name in self.package.outputs.items():
            if name not in outputs:
                names = ", ".join(sorted(outputs))
                raise self._refused(
                    f"its graph has no output {name}, which model.json names for {meaning} (it "
                    f"has {names})"
                )
            if outputs[name]["dtype"] is not np.float32:
                kind = np.dtype(outputs[name]["dtype"])
                raise self._refused(f"its output {name} is {kind} instead of float32")
            found[meaning] = int(outputs[name]["index"])
        return int(entry["index"]), found

    def _check_shapes(self, outputs: dict[str, Float32Array]) -> None:
        for head in self.package.heads:
            shape, wanted = outputs[head.name].shape, (self._batch, len(head.classes))
            if shape != wanted:
                raise self._refused(
                    f"its head {head.name} gives an array of shape {shape} where "
                    f"{self._batch} pictures and {len(head.classes)} classes call for {wanted}"
                )
        features = outputs.get(FEATURES)
        if features is not None and (features.ndim != 4 or len(features) != self._batch):
            raise self._refused(f"its features have the shape {features.shape}, which is no map")

    def _refused(self, what: str) -> ModelPackageError:
        return ModelPackageError(
            f"The model package {self.package.dir} is refused because {what}: export it again, "
            "or choose another model."
        )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
