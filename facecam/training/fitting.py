"""The phases of a recipe: fit, validate, keep the best, save, and go on after an interruption."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from facecam.errors import TrainingError
from facecam.training.backbones import freeze
from facecam.training.callbacks import Progress, Report, RunningAverage, Watch
from facecam.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, save_weights
from facecam.training.data import LabelledCrops
from facecam.training.distribute import Alone, Distribution
from facecam.training.network import Network, head_loss
from facecam.training.quick_metrics import quick_metrics, score
from facecam.training.recipe import SEEDS, Phase, Recipe
from facecam.training.run import Run
from facecam.training.run_log import RunLog
from facecam.training.schedules import Plateau, make_optimizer
from facecam.training.stages import AugmentedPictures, Stage, StoredFeatures


def compile_model(
    model: keras.Model,
    recipe: Recipe,
    phase: Phase,
    steps: int,
    labels: Mapping[str, NDArray[np.float32]],
) -> None:
    """Give a model (whole, or the heads alone) the optimizer and the losses of a phase.

    Args:
        model: What is fitted; its outputs are the recipe's heads.
        recipe: Whose losses and weights.
        phase: Whose learning rate and schedule.
        steps: Batches an epoch.
        labels: Training labels by head, for balanced class weights.
    """
    # XLA's CPU depthwise convolutions are ten times slower; JAX cannot do without it.
    compiled = False if keras.backend.backend() == "tensorflow" else "auto"
    model.compile(
        make_optimizer(recipe.training, phase, steps),
        loss={head.name: head_loss(head, labels[head.name]) for head in recipe.heads},
        loss_weights={head.name: head.weight for head in recipe.heads},
        jit_compile=compiled,
    )


class Fitting:
    """Runs the phases of a recipe. Used once, by one thread.

    Whatever is random is drawn from the seed, the phase and the epoch alone, so that a run that
    goes on behind its last saved epoch ends like one that was never interrupted.

    Args:
        recipe: With the classes of every head known.
        network: Fresh, of this recipe.
        train_sets: Training pictures.
        val_sets: Validation pictures, which choose the best epoch.
        run: Where everything is written.
        report: Receives one line at a time.
        progress: Receives every step, or None.
        distribution: Who fits; one process by default.
    """

    def __init__(
        self,
        recipe: Recipe,
        network: Network,
        train_sets: list[LabelledCrops],
        val_sets: list[LabelledCrops],
        run: Run,
        report: Report,
        progress: Progress | None = None,
        distribution: Distribution | None = None,
    ) -> None:
        self._distribution = distribution or Alone()
        self._recipe, self._network, self._run = recipe, network, run
        self._report, self._progress = report, progress
        self._train_sets, self._val_sets = train_sets, val_sets
        self._log = RunLog(run.folder)
        self._state = Checkpoint()

    def run(self) -> None:
        """Train every phase, going on behind the last complete epoch of an earlier run."""
        self._restore()
        try:
            for number, phase in enumerate(self._recipe.training.phases):
                first = self._state.epoch if number == self._state.phase else 0
                if number < self._state.phase or first >= phase.epochs:
                    continue
                self._fit_phase(number, phase, first)
            self._average_phases()
        finally:
            self._log.close()

    def _restore(self) -> None:
        state = load_checkpoint(self._run.checkpoint)
        if state is None:
            return
        try:
            self._network.model.set_weights(state.weights)
        except ValueError as error:
            raise TrainingError(
                f"The checkpoint {self._run.checkpoint} is of another network: choose another "
                "--out or remove it."
            ) from error
        self._state = replace(state, weights=[])
        if state.phase < len(self._recipe.training.phases):
            self._report(f"going on behind phase {state.phase + 1}, epoch {state.epoch}")

    def _fit_phase(self, number: int, phase: Phase, first: int) -> None:
        spec = self._recipe.backbone
        pretrained = spec.weights != "none"  # nothing to keep in a network that starts from chance
        freeze(
            self._network.backbone,
            phase.freeze,
            freeze_batchnorm=spec.freeze_batchnorm and pretrained,
        )
        stage = self._stage(number, phase)
        model = stage.model
        labels = {
            head.name: np.concatenate([item.labels[head.name] for item in self._train_sets])
            for head in self._recipe.heads
        }
        with self._distribution.scope():
            compile_model(model, self._recipe, phase, stage.steps, labels)
        self._distribution.agree(self._network.model, (number, first))
        whole = model is self._network.model
        average = RunningAverage(model, self._recipe.training.ema if whole else 0.0)
        watch = Plateau(phase, self._state.watch if first else None)
        if first:
            model.optimizer.build(model.trainable_variables)
            saved = self._state.optimizer
            for variable, value in zip(model.optimizer.variables, saved, strict=True):
                variable.assign(value)
            average.restore(self._state.average, self._state.average_steps)
        for epoch in range(first, phase.epochs):
            label = f"phase {number + 1} epoch {epoch + 1}"
            self._reseed(model, number, epoch)
            watchers = [average, Watch(label, stage.steps, self._report, self._progress)]
            losses = self._distribution.fit_epoch(model, stage.batches(epoch), watchers)
            if phase.schedule != "constant":
                losses["learning_rate"] = float(np.asarray(model.optimizer.learning_rate))
            value = self._validate(number, epoch + 1, stage, average.weights(), losses)
            if watch.note(value):
                rate = float(np.asarray(model.optimizer.learning_rate)) * phase.plateau_factor
                model.optimizer.learning_rate = rate
                self._report(f"{label}: no better score, the learning rate falls to {rate:.2g}")
            if phase.average:
                self._keep_best(number, epoch, value, model, average.weights())
            self._save(number, phase.epochs if watch.over else epoch + 1, model, average, watch)
            if watch.over:
                self._report(f"{label}: no better score for {phase.patience} epochs, phase ends")
                return

    def _keep_best(
        self,
        number: int,
        epoch: int,
        value: float,
        model: keras.Model,
        weights: list[NDArray[Any]],
    ) -> None:
        """Keep the network, with `weights` in the phase's model, if it is the phase's best."""
        path = self._run.best_of_phase(number)
        before = load_checkpoint(path) if epoch else None
        if before is not None and value < before.best:
            return
        with _holding(model, weights):
            whole = self._network.model.get_weights()
        save_checkpoint(path, Checkpoint(number, epoch + 1, value, weights=whole))

    def _average_phases(self) -> None:
        """Measure the mean of the best weights of phases; keep it if it is the best of the run."""
        phases = self._recipe.training.phases
        numbers = [number for number, phase in enumerate(phases) if phase.average]
        if len(numbers) < 2 or self._state.phase == len(phases):
            return
        bests = [load_checkpoint(self._run.best_of_phase(number)) for number in numbers]
        kept = [best.weights for best in bests if best is not None]
        mean = [np.mean(parts, axis=0) for parts in zip(*kept, strict=True)]
        listed = ", ".join(str(number + 1) for number in numbers)
        self._report(f"averaging the best weights of phases {listed}")
        parts = (self._recipe, phases[-1], self._network, self._train_sets, self._val_sets)
        self._validate(len(phases), 1, AugmentedPictures(*parts, seed=0), mean, {})
        self._state = Checkpoint(len(phases), 1, self._state.best)
        self._write_state()

    def _stage(self, number: int, phase: Phase) -> Stage:
        seed = self._recipe.training.seed * 1000 + number
        parts = (self._recipe, phase, self._network, self._train_sets, self._val_sets, seed)
        if phase.freeze == "all" and phase.stored_features:
            return StoredFeatures(*parts, report=self._report)
        return AugmentedPictures(*parts)

    def _reseed(self, model: keras.Model, phase: int, epoch: int) -> None:
        """Let dropout draw from the epoch alone; its generators count on otherwise."""
        seed = self._recipe.training.seed * 1000 + phase
        keras.utils.set_random_seed((seed * 1000 + epoch) % SEEDS)
        for number, layer in enumerate(model.layers):
            generator = getattr(layer, "seed_generator", None)
            if generator is not None:
                state = [(seed + 7919 * number) % SEEDS, (epoch << 16) % SEEDS]
                generator.state.assign(np.array(state))

    def _validate(
        self,
        phase: int,
        epoch: int,
        stage: Stage,
        weights: list[NDArray[Any]],
        losses: dict[str, float],
    ) -> float:
        """Measure `weights`, keep them if they are the best so far, log the epoch; return a score.

        Args:
            phase: Index of the phase.
            epoch: Epochs of it that are done.
            stage: What is being fitted.
            weights: Of the stage's model.
            losses: Of the epoch.
        """
        figures: dict[str, float] = {}
        with _holding(stage.model, weights):
            for number, item in enumerate(self._val_sets):
                measured = quick_metrics(self._recipe, stage.logits(number), item.labels)
                figures |= {f"{item.manifest.name}.{key}": value for key, value in measured.items()}
            value = score(self._recipe, figures)
            unmeasured = not np.isfinite(self._state.best)  # until then the newest are the best
            if value > self._state.best or unmeasured or not self._run.best.exists():
                self._state.best = value
                save_weights(self._network.model, self._run.best)
        shown = " ".join(f"{k}={v:.4f}" for k, v in figures.items())
        self._report(f"phase {phase + 1} epoch {epoch}: {shown} score={value:.4f}")
        self._log.add({"phase": phase, "epoch": epoch, "score": value, **figures, **losses})
        return value

    def _save(
        self, phase: int, epoch: int, model: keras.Model, average: RunningAverage, watch: Plateau
    ) -> None:
        """Write what a resumed run needs."""
        ended = epoch >= self._recipe.training.phases[phase].epochs
        self._state = Checkpoint(phase, epoch, self._state.best, watch.memory)
        if not ended:
            self._state.optimizer = [np.asarray(v) for v in model.optimizer.variables]
            self._state.average = average.kept
            self._state.average_steps = average.steps
        self._write_state()

    def _write_state(self) -> None:
        whole = replace(self._state, weights=self._network.model.get_weights())
        save_checkpoint(self._run.checkpoint, whole)


@contextlib.contextmanager
def _holding(model: keras.Model, weights: list[NDArray[Any]]) -> Iterator[None]:
    """Let a model have other weights for a while."""
    current = model.get_weights()
    model.set_weights(weights)
    try:
        yield
    finally:
        model.set_weights(current)
