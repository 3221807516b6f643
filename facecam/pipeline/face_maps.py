"""Class activation maps of the faces of each frame: which class, how steady, how far to trust."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecam.errors import ModelPackageError
from facecam.inference.cam import HeadCam, cam_head, class_of_reading, full_scale
from facecam.inference.faithfulness import NOT_LEARNED
from facecam.inference.package import ModelPackage
from facecam.pipeline.cam_trust import CamKey, CamTrustProbe, TrustSample
from facecam.pipeline.readings import Readings
from facecam.types import CamChoice, CamTrust, FaceMap, Float32Array, ImageU8

_SMOOTH_S = 0.2  # time constant, chosen by eye: a map follows a smile and does not shimmer
_RESTART_S = 1.0  # after a gap as long, the next map passes through
_LEAD = 0.1  # of probability that another class needs before its map takes the place of the old
_STEADY = 0.25  # crop widths a second that a face may move at while its map is measured


@dataclass(slots=True)
class _Kept:
    """What is kept of a track from frame to frame."""

    cam: HeadCam
    values: Float32Array
    t_s: float
    matrix: NDArray[np.float64]


class FaceMaps:
    """Makes the wanted map of every face of a frame. Owned by the thread that analyses.

    A model that cannot give what is wanted (no such head, no weights, no feature maps) gives no
    maps; `inference.cam.parse_cam` says why.

    Args:
        probe: Measures now and then, on another thread, how far maps can be trusted.
    """

    def __init__(self, probe: CamTrustProbe | None = None) -> None:
        self.choice: CamChoice | None = None
        self.probe = probe
        self._kept: dict[int, _Kept] = {}
        self._package: ModelPackage | None = None
        self._cams: dict[str | None, HeadCam | None] = {}

    def set_choice(self, choice: CamChoice | None) -> None:
        """Want another map, or none, from the next frame on."""
        if choice == self.choice:
            return
        before, self.choice = self.choice, choice
        if choice is None or before is None or choice.head != before.head:
            self._cams.clear()
            self._kept.clear()

    def forget(self, track: int) -> None:
        """Drop what is kept of a track; an unknown one is no error."""
        self._kept.pop(track, None)
        if self.probe is not None:
            self.probe.forget(track)

    def make(
        self,
        package: ModelPackage,
        features: NDArray[Any] | None,
        tracks: Sequence[int],
        readings: Mapping[int, Readings],
        crops_rgb: ImageU8,
        matrices: Sequence[NDArray[np.float64]],
        t_s: float,
    ) -> dict[int, FaceMap]:
        """Return the maps by track.

        Args:
            package: The model in use.
            features: (N, h, w, C) float32 feature maps, or None.
            tracks: N identities, in the order of the features.
            readings: Of this frame, by track.
            crops_rgb: (N, H, W, 3) uint8 RGB, what the model saw.
            matrices: N (2, 3) matrices, picture to crop pixels.
            t_s: Time of the frame in seconds.
        """
        choice = self.choice
        if choice is None or features is None or features.ndim != 4:
            return {}
        if package is not self._package:
            self._package = package
            self._cams.clear()
            self._kept.clear()
        wanted: dict[str | None, list[int]] = {}
        for row, track in enumerate(tracks):
            if choice.track in (None, track):
                name = self._class_of(package, choice, track, readings.get(track, {}))
                wanted.setdefault(name, []).append(row)
        maps: dict[int, FaceMap] = {}
        for name, rows in wanted.items():
            cam = self._cam(package, choice.head, name)
            if cam is None or cam.channels != features.shape[3]:
                continue  # nothing was checked against the graph itself when the package was read
            for row, raw in zip(rows, cam.maps(features[rows]), strict=True):
                track = tracks[row]
                last = self._kept.get(track)
                values = _smoothed(last, cam, raw, t_s)
                self._offer(package, cam, track, last, values, crops_rgb[row], matrices[row], t_s)
                self._kept[track] = _Kept(cam, values, t_s, matrices[row])
                maps[track] = FaceMap(
                    head=cam.head,
                    class_name=cam.class_name,
                    values=values,
                    crop_wh=package.size_wh,
                    full_scale=full_scale(package, cam),
                    trust=self._trust(package, (track, cam.head, cam.class_name)),
                )
        return maps

    def _class_of(
        self, package: ModelPackage, choice: CamChoice, track: int, readings: Readings
    ) -> str | None:
        """Return the class whose map a face gets."""
        if choice.class_name is not None:
            return choice.class_name
        head = next((head for head in package.heads if head.name == choice.head), None)
        if head is None:
            return None
        reading = readings.get(choice.head)
        name = class_of_reading(head, reading)
        kept = self._kept.get(track)
        probs: Mapping[str, float] = getattr(reading, "probs", {})
        if kept is not None and name is not None and kept.cam.class_name in probs:
            before = kept.cam.class_name
            if probs[before] + _LEAD > probs.get(name, 0.0):
                return before
        return name

    def _cam(self, package: ModelPackage, head: str, class_name: str | None) -> HeadCam | None:
        if class_name not in self._cams:
            try:
                self._cams[class_name] = cam_head(package, head, class_name)
            except ModelPackageError:
                self._cams[class_name] = None
        return self._cams[class_name]

    def _offer(
        self,
        package: ModelPackage,
        cam: HeadCam,
        track: int,
        last: _Kept | None,
        values: Float32Array,
        crop_rgb: ImageU8,
        matrix: NDArray[np.float64],
        t_s: float,
    ) -> None:
        """Let the map be measured when it is time and the face is steady."""
        key = (track, cam.head, cam.class_name)
        if self.probe is None or not self.probe.due(key):
            return
        if self.probe.requested(track) or _speed(last, matrix, package.size_wh, t_s) < _STEADY:
            self.probe.offer(TrustSample(key, package, cam, crop_rgb.copy(), values))

    def _trust(self, package: ModelPackage, key: CamKey) -> CamTrust | None:
        """Return the newest figure; a head that failed its check when it was exported stays so."""
        measured = self.probe.result(key) if self.probe is not None else None
        checks = package.cam.get("randomization")
        check = checks.get(key[1]) if isinstance(checks, Mapping) else None
        if isinstance(check, Mapping) and check.get("passed") is False:
            score, p, at_s = 0.0, 1.0, 0.0
            if measured is not None:
                score, p, at_s = measured.score, measured.p_value, measured.measured_s
            return CamTrust(score, p, False, NOT_LEARNED, at_s)
        return measured


def _smoothed(last: _Kept | None, cam: HeadCam, raw: Float32Array, t_s: float) -> Float32Array:
    """Return the map, low-passed with a time constant in seconds."""
    if last is None or last.cam is not cam or last.values.shape != raw.shape:
        return raw
    gap_s = t_s - last.t_s
    if not 0.0 <= gap_s <= _RESTART_S:
        return raw
    kept = np.float32(math.exp(-gap_s / _SMOOTH_S))
    return raw + kept * (last.values - raw)


def _speed(
    last: _Kept | None, matrix: NDArray[np.float64], size_wh: tuple[int, int], t_s: float
) -> float:
    """Return how fast a face moves over the picture, in crop widths a second."""
    if last is None or t_s <= last.t_s:
        return math.inf
    middle = np.array([size_wh[0] / 2.0, size_wh[1] / 2.0])
    try:
        at = np.linalg.solve(last.matrix[:, :2], middle - last.matrix[:, 2])
    except np.linalg.LinAlgError:
        return math.inf
    moved = matrix[:, :2] @ at + matrix[:, 2] - middle
    return float(np.hypot(*moved)) / size_wh[0] / (t_s - last.t_s)
