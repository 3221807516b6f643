"""Measure beside the frame's way how far class activation maps can be trusted."""

import contextlib
import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from facecam.errors import FacecamError
from facecam.inference.cam import HeadCam
from facecam.inference.estimator import Estimator
from facecam.inference.faithfulness import Faithfulness, measure_faithfulness
from facecam.inference.package import ModelPackage
from facecam.pipeline.worker import Worker
from facecam.timing import Clock, monotonic_s
from facecam.types import CamTrust, Float32Array, ImageU8

log = logging.getLogger(__name__)

CamKey = tuple[int, str, str]
"""Track, head and class of a map."""
TrustEstimatorFactory = Callable[[ModelPackage], Estimator]

EVERY_S = 6.0  # one map: as long apart; several faces take turns
_PAUSE_S = 3.0  # between two measurements of any map
_SHARE = 0.1  # of the time that measuring maps again may take: one takes a second of a core
_PATIENCE_S = 5.0  # a request for a face that is not seen keeps the others waiting so long at most
_GIVE_UP = 4  # random maps that were as good: with 40 in all, two are too many already
_QUEUE = 8  # faces of a picture that stands still
_RECENT = 3  # measurements of a map whose median counts
_NICENESS = 15


@dataclass(frozen=True, slots=True)
class TrustSample:
    """A crop and its map.

    Attributes:
        key: Whose map it is.
        package: The model.
        cam: What made the map.
        crop_rgb: (H, W, 3) uint8 RGB, nobody else's.
        values: (h, w) float32 map.
    """

    key: CamKey
    package: ModelPackage
    cam: HeadCam
    crop_rgb: ImageU8
    values: Float32Array


class CamTrustProbe:
    """Measures one offered map at a time, on a thread of its own with a model of its own.

    `due`, `offer`, `result` and `forget` are for the thread that analyses; they take microseconds
    and never wait for a measurement. `request` may be called from any thread. The session starts
    and stops `worker`, which ends between two batches of the model (some 10 ms).

    Args:
        factory: Loads the model; called on the thread, once a model.
        every_s: Least seconds between two measurements of the same map.
        pause_s: Least seconds between any two measurements. A map that has a figure waits longer
            (see `_SHARE`).
        clock: Monotonic seconds.

    Attributes:
        still: Whether the picture stands still, so that faces need not prove that they do, and
            queue to be measured: no other frame comes.
        measured: Called on the thread with each figure.
    """

    def __init__(
        self,
        factory: TrustEstimatorFactory | None = None,
        *,
        every_s: float = EVERY_S,
        pause_s: float = _PAUSE_S,
        clock: Clock = monotonic_s,
    ) -> None:
        self._factory = factory or _second_estimator
        self._every_s = every_s
        self._pause_s = pause_s
        self._clock = clock
        self.still = False
        self.measured: Callable[[CamKey, CamTrust], None] = lambda key, trust: None
        self._changed = threading.Condition()
        self._waiting: deque[TrustSample] = deque()
        self._busy = False
        self._track: int | None = None  # whose map is being measured
        self._ended_s = float("-inf")
        self._took_s = 0.0  # the last measurement
        self._requested: dict[int, float] = {}
        self._results: dict[CamKey, CamTrust] = {}
        self._recent: dict[CamKey, list[Faithfulness]] = {}
        self._package: ModelPackage | None = None
        self._broken: ModelPackage | None = None
        self.worker = Worker("facecam-trust", self._run, lambda error: None, self._wake)

    def request(self, track: int) -> None:
        """Have the map of a face measured next, steady or not."""
        with self._changed:
            self._requested[track] = self._clock()

    def requested(self, track: int) -> bool:
        """Return whether the figure of this face is wanted now, be the face steady or not."""
        return self.still or track in self._requested

    def knows(self, track: int) -> bool:
        """Return whether there is a figure of a face, or one is being measured."""
        with self._changed:
            keys = [*self._results, *(sample.key for sample in self._waiting)]
            return self._track == track or any(key[0] == track for key in keys)

    def due(self, key: CamKey) -> bool:
        """Return whether a map should be offered now."""
        if self.still:
            return len(self._waiting) < _QUEUE and not self.knows(key[0])
        if self._busy or self._waiting:
            return False
        now_s = self._clock()
        if self._requested:
            with self._changed:
                for track, asked_s in list(self._requested.items()):
                    if now_s - asked_s > _PATIENCE_S:
                        del self._requested[track]
            if self._requested:
                return key[0] in self._requested
        last = self._results.get(key)
        rested_s = now_s - self._ended_s
        if rested_s < self._pause_s or last is None:
            return rested_s >= self._pause_s
        again_s = self._took_s * (1.0 / _SHARE - 1.0)
        return rested_s >= again_s and now_s - last.measured_s >= self._every_s

    def offer(self, sample: TrustSample) -> None:
        """Have a map measured, unless another one is being measured."""
        with self._changed:
            occupied = self._busy or bool(self._waiting)
            if sample.package is self._broken or (occupied and not self.still):
                return
            if sample.package is not self._package:
                self._package = sample.package
                self._results.clear()
                self._recent.clear()
                self._waiting.clear()
            self._requested.pop(sample.key[0], None)
            self._waiting.append(sample)
            self._changed.notify_all()

    def result(self, key: CamKey) -> CamTrust | None:
        """Return the newest figure of a map."""
        with self._changed:
            return self._results.get(key)

    def forget(self, track: int) -> None:
        """Drop what is known of a face."""
        with self._changed:
            self._requested.pop(track, None)
            for key in [key for key in self._results if key[0] == track]:
                del self._results[key], self._recent[key]

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _run(self, stop: threading.Event) -> None:
        _step_back()
        estimator: Estimator | None = None
        try:
            while (sample := self._next(stop)) is not None:
                began_s = self._clock()
                try:
                    if estimator is None or estimator.package is not sample.package:
                        if estimator is not None:
                            estimator.close()
                            estimator = None
                        estimator = self._factory(sample.package)
                    self._measure(estimator, sample, stop)
                except FacecamError as error:
                    log.warning("The trust of a map was not measured: %s", error)
                    with self._changed:
                        self._broken = sample.package
                finally:
                    with self._changed:
                        self._busy, self._track = False, None
                        self._ended_s = self._clock()
                        self._took_s = self._ended_s - began_s
                        self._changed.notify_all()
        finally:
            if estimator is not None:
                estimator.close()

    def _next(self, stop: threading.Event) -> TrustSample | None:
        with self._changed:
            while not self._waiting and not stop.is_set():
                self._changed.wait()
            if stop.is_set():
                return None
            sample = self._waiting.popleft()
            self._busy, self._track = True, sample.key[0]
            return sample

    def _measure(self, estimator: Estimator, sample: TrustSample, stop: threading.Event) -> None:
        def score(crops_rgb: ImageU8) -> NDArray[Any]:
            return sample.cam.scores(estimator.run(crops_rgb)[sample.cam.head])

        measured = measure_faithfulness(
            score,
            sample.crop_rgb,
            sample.values,
            give_up=_GIVE_UP,
            stopped=stop.is_set,
        )
        if measured is None:
            return
        with self._changed:
            if sample.package is not self._package:
                return
            recent = [*self._recent.get(sample.key, ()), measured][-_RECENT:]
            self._recent[sample.key] = recent
            # The measurement whose p-value is the median of the last: a map at the limit does not
            # change its look with every one of them.
            middle = sorted(recent, key=lambda item: item.p_value)[len(recent) // 2]
            trust = self._results[sample.key] = CamTrust(
                score=middle.score,
                p_value=middle.p_value,
                trusted=middle.trusted,
                reason=middle.reason,
                measured_s=self._clock(),
            )
        self.measured(sample.key, trust)


def _second_estimator(package: ModelPackage) -> Estimator:
    from facecam.inference.runtime import LiteRtEstimator  # loads LiteRT

    return LiteRtEstimator(package, threads=1)


def _step_back() -> None:
    """Let every other thread go first, where the system has priorities of threads (Linux)."""
    with contextlib.suppress(AttributeError, OSError):
        # On Linux a thread's own id stands for that thread alone.
        if os.uname().sysname == "Linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
