"""One epoch of fitting: alone, on several devices, or by several workers.

Several devices of one machine: `tf.distribute.MirroredStrategy`, under which Keras fits by itself.
Several workers, described by TF_CONFIG: `tf.distribute.MultiWorkerMirroredStrategy`. Keras 3 cannot
fit under it (keras-team/keras issue 20585, open), so a loop of our own adds the gradients up. Every
worker has the whole data, prepares the same batches and takes its part of each, so that together
they do what one would do alone. Each leaves a run folder of its own; worker 0 has the result.
"""

import json
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Literal, Protocol

import keras
import numpy as np

from facecam.errors import TrainingError

Kind = Literal["mirrored", "multiworker"]
Callbacks = Sequence[keras.callbacks.Callback]


class Distribution(Protocol):
    """Who fits.

    Attributes:
        rank: Number of this worker; 0 is the one whose results count.
    """

    rank: int

    def scope(self) -> AbstractContextManager[Any]:
        """Return what the network is built and compiled in."""

    def agree(self, model: keras.Model, place: tuple[int, int]) -> None:
        """Give all workers the same weights; `place` is (phase, epochs done)."""

    def fit_epoch(
        self, model: keras.Model, batches: keras.utils.PyDataset, callbacks: Callbacks
    ) -> dict[str, float]:
        """Fit one epoch; return its mean losses."""


class Alone:
    """One process on one device."""

    rank = 0

    def scope(self) -> AbstractContextManager[Any]:
        """Return a scope that changes nothing."""
        return nullcontext()

    def agree(self, model: keras.Model, place: tuple[int, int]) -> None:
        """There is nobody to agree with."""

    def fit_epoch(
        self, model: keras.Model, batches: keras.utils.PyDataset, callbacks: Callbacks
    ) -> dict[str, float]:
        """Fit one epoch by Keras."""
        history = model.fit(batches, epochs=1, shuffle=False, verbose=0, callbacks=list(callbacks))
        return {key: float(values[-1]) for key, values in history.history.items()}


class Mirrored(Alone):
    """One process on all GPUs of this machine, or on the devices named."""

    def __init__(self, devices: list[str] | None = None) -> None:
        import tensorflow as tf

        self._strategy = tf.distribute.MirroredStrategy(devices)

    def scope(self) -> AbstractContextManager[Any]:
        """Return the strategy's scope."""
        return self._strategy.scope()

    def fit_epoch(
        self, model: keras.Model, batches: keras.utils.PyDataset, callbacks: Callbacks
    ) -> dict[str, float]:
        """Fit one epoch by Keras, which needs as many rows on each device."""
        count = self._strategy.num_replicas_in_sync
        return super().fit_epoch(model, EvenBatches(batches, count), callbacks)


class EvenBatches(keras.utils.PyDataset):
    """Batches of a multiple of some number of rows, filled up with rows that weigh nothing.

    Args:
        batches: Pictures or features, labels and weights by head.
        count: Every batch becomes a multiple of it.
    """

    def __init__(self, batches: keras.utils.PyDataset, count: int) -> None:
        super().__init__(workers=batches.workers, max_queue_size=batches.max_queue_size)
        self._batches, self._count = batches, count

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """Return the batch with the same sums: losses are means over the rows."""
        x, y, weights = self._batches[index]
        size = len(x)
        filled = -(-size // self._count) * self._count
        if filled == size:
            return x, y, weights
        rows = np.minimum(np.arange(filled), size - 1)
        factor = np.where(np.arange(filled) < size, filled / size, 0.0).astype(np.float32)
        weights = {name: values[rows] * factor for name, values in weights.items()}
        return x[rows], _take(y, rows), weights


class Workers:
    """One of several processes, on one machine or several, as TF_CONFIG says.

    Made before TensorFlow has done anything else in the process.
    """

    def __init__(self) -> None:
        self.rank, self.count = _place_in_cluster()
        import tensorflow as tf

        self._tf = tf
        try:
            self._strategy = tf.distribute.MultiWorkerMirroredStrategy()
        except (tf.errors.OpError, RuntimeError, ValueError) as error:
            raise TrainingError(_unreachable(error)) from error
        self._model: keras.Model | None = None
        self._gradients: Any = None
        self._apply: Any = None

    def scope(self) -> AbstractContextManager[Any]:
        """Each worker has variables of its own; only gradients are exchanged."""
        return nullcontext()

    def agree(self, model: keras.Model, place: tuple[int, int]) -> None:
        """Take over the weights of worker 0, if all stand behind the same epoch."""
        places = np.zeros((self.count, 2), np.float32)
        places[self.rank] = place
        gathered = self._summed([places])[0]
        if (gathered != gathered[0]).any():
            raise TrainingError(
                "The workers stand behind different epochs: copy the folder state of worker 0's "
                "run to the others, or remove it everywhere."
            )
        weights = model.get_weights()
        mine = weights if self.rank == 0 else [np.zeros_like(w) for w in weights]
        model.set_weights(self._summed(mine))

    def fit_epoch(
        self, model: keras.Model, batches: keras.utils.PyDataset, callbacks: Callbacks
    ) -> dict[str, float]:
        """Fit one epoch, adding up the gradients of all workers at every step."""
        if model is not self._model:
            self._trace(model)
        total, seen = 0.0, 0
        try:
            for number in range(len(batches)):
                x, y, weights = batches[number]
                rows, factor = self._part(len(x))
                part = x[rows], _take(y, rows), _take(weights, rows)
                loss, gradients = self._gradients(*part, factor)
                self._apply(gradients)
                total, seen = total + float(loss) * len(x), seen + len(x)
                for callback in callbacks:
                    callback.on_train_batch_end(number, {"loss": total / seen})
            self._share_statistics(model)
        except self._tf.errors.OpError as error:
            raise TrainingError(_unreachable(error)) from error
        return {"loss": total / seen}

    def _part(self, size: int) -> tuple[Any, np.float32]:
        """Return this worker's rows of a batch, and the weight of their mean loss.

        Keras' losses divide by the number of workers, which is right where all have as many rows.
        """
        if size < self.count:  # too few to go round: everybody does all of it
            return slice(None), np.float32(1.0)
        rows = np.arange(self.rank, size, self.count)
        return rows, np.float32(len(rows) / size * self.count)

    def _trace(self, model: keras.Model) -> None:
        tf = self._tf
        variables = model.trainable_variables
        model.optimizer.build(variables)

        def step(x: Any, y: Any, weights: Any, factor: Any) -> tuple[Any, Any]:
            with tf.GradientTape() as tape:
                outputs = model(x, training=True)
                loss = factor * model.compute_loss(
                    x=x, y=y, y_pred=outputs, sample_weight=weights, training=True
                )
            made = [tf.identity(gradient) for gradient in tape.gradient(loss, variables)]
            replica = tf.distribute.get_replica_context()
            return replica.all_reduce("SUM", loss), replica.all_reduce("SUM", made)

        @tf.function  # type: ignore[untyped-decorator]
        def gradients(*batch: Any) -> tuple[Any, Any]:
            return self._strategy.run(step, batch)

        @tf.function  # type: ignore[untyped-decorator]
        def apply(made: Any) -> None:
            model.optimizer.apply(made, variables)

        self._model, self._gradients, self._apply = model, gradients, apply

    def _share_statistics(self, model: keras.Model) -> None:
        """Average what normalisation layers have counted."""
        variables = [v for v in model.non_trainable_weights if v.dtype == "float32"]
        if variables:
            summed = self._summed([np.asarray(v) for v in variables])
            for variable, value in zip(variables, summed, strict=True):
                variable.assign(value / self.count)

    def _summed(self, arrays: list[Any]) -> list[Any]:
        tf = self._tf

        def add(values: Any) -> Any:
            placed = [tf.identity(value) for value in values]  # on this replica's device
            return tf.distribute.get_replica_context().all_reduce("SUM", placed)

        try:
            run = tf.function(lambda values: self._strategy.run(add, (values,)))
            made = run([tf.constant(a) for a in arrays])
        except tf.errors.OpError as error:
            raise TrainingError(_unreachable(error)) from error
        return [np.asarray(value) for value in made]


def make_distribution(kind: Kind | None) -> Distribution:
    """Return who fits.

    Raises:
        TrainingError: The backend is not TensorFlow, TF_CONFIG says nothing usable, or another
            worker cannot be reached.
    """
    if kind is None:
        return Alone()
    if keras.backend.backend() != "tensorflow":
        raise TrainingError(
            f"--distribute {kind} needs the TensorFlow backend, and KERAS_BACKEND is "
            f"{keras.backend.backend()}: leave one of them out."
        )
    return Workers() if kind == "multiworker" else Mirrored()


def folder_of(out: Path, distribution: Distribution) -> Path:
    """Return the run folder of this worker."""
    return out if distribution.rank == 0 else out.with_name(f"{out.name}.worker{distribution.rank}")


def _place_in_cluster() -> tuple[int, int]:
    """Return the number of this worker and how many there are."""
    text = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(text)
        workers, task = config["cluster"]["worker"], config["task"]
        rank = int(task["index"])
        if task["type"] == "worker" and 0 <= rank < len(workers):
            return rank, len(workers)
    except (ValueError, KeyError, TypeError):
        pass
    raise TrainingError(
        "--distribute multiworker needs the environment variable TF_CONFIG, as in "
        '{"cluster": {"worker": ["host1:9000", "host2:9000"]}, "task": {"type": "worker", '
        f'"index": 0}}}}; it is {text[:80] or "not set"}.'
    )


def _take(by_head: dict[str, Any], rows: Any) -> dict[str, Any]:
    return {name: values[rows] for name, values in by_head.items()}


def _unreachable(error: Exception) -> str:
    reason = str(error).splitlines()[0].rstrip(".")[:200]
    return (
        f"The workers have lost each other ({reason}): start all of them again with the same "
        "command, they go on behind the last epoch that was saved."
    )
