"""What can be explained and what is, worked out without Qt."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from facecam.gui.composing import CamLook
from facecam.gui.stat_rows import HeadView
from facecam.settings import Settings
from facecam.titles import label_of
from facecam.types import CamChoice, CamTrust, FaceAnalysis, FaceMap, Unsure

if TYPE_CHECKING:
    from facecam.vision.cam_colours import CamColours

COLOURS = ("viridis", "cividis", "inferno", "turbo", "jet")
"""`vision.cam_colours.CAM_COLOURS`, without cv2; the first three suit colour-blind eyes."""

OPACITY_PERCENT = (10, 100)


class TrustState(enum.Enum):
    """What is known about how far the map of the selected face can be believed."""

    IMPOSSIBLE = "impossible"
    NO_MAP = "no_map"
    UNMEASURED = "unmeasured"
    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True)
class ClassOption:
    """One entry of the class chooser.

    Attributes:
        name: Name of the class; "" for the class that each face's own reading gives.
        words: How people call it; "" for the entry of the own reading.
    """

    name: str
    words: str


def explained_head(settings: Settings, heads: Sequence[HeadView]) -> HeadView | None:
    """Return the head that is explained: the chosen one, else the model's first."""
    named = (head for head in heads if head.name == settings.cam_head)
    return next(named, heads[0] if heads else None)


def class_options(head: HeadView | None, lang: str) -> tuple[ClassOption, ...]:
    """Return what the class chooser offers; empty where there is nothing to choose.

    A head with one yes/no answer has one map, and so has an expectation: what moves the expected
    value up.
    """
    if head is None or head.kind == "expectation" or len(head.classes) < 2:
        return ()
    own = ClassOption("", "")
    return (own, *(ClassOption(name, label_of(head, name, lang)) for name in head.classes))


def cam_choice(
    settings: Settings, heads: Sequence[HeadView], selected: int | None
) -> CamChoice | None:
    """Return what to ask the session for.

    Args:
        settings: What was chosen.
        heads: Of the running model; a choice that is not among them falls back.
        selected: Track of the face in the panel, or None.
    """
    head = explained_head(settings, heads)
    if not settings.cam or head is None or (settings.cam_selected and selected is None):
        return None
    names = {option.name for option in class_options(head, "en")}
    class_name = settings.cam_class if settings.cam_class in names else ""
    track = selected if settings.cam_selected else None
    return CamChoice(head.name, class_name or None, track)


def cam_look(settings: Settings) -> CamLook | None:
    """Return how the maps are drawn; None for no maps."""
    if not settings.cam:
        return None
    low, high = OPACITY_PERCENT
    colours = settings.cam_colours if settings.cam_colours in COLOURS else COLOURS[0]
    return CamLook(
        opacity=min(max(settings.cam_opacity, low), high) / 100.0,
        colours=cast("CamColours", colours),
        signed=settings.cam_signed,
        per_frame=settings.cam_scale == "frame",
    )


def map_of(face: FaceAnalysis | None) -> FaceMap | None:
    """Return the map of a face, if it has one."""
    return face.cam if face is not None else None


def trust_of(
    face: FaceAnalysis | None, head: HeadView | None = None
) -> tuple[TrustState, CamTrust | None]:
    """Return what is known about the map of a face, and the figures where there are some.

    Args:
        face: With its map, or None.
        head: The head that is explained, or None.
    """
    if head is not None and not head.explainable:
        return TrustState.IMPOSSIBLE, None
    face_map = map_of(face)
    if face_map is None:
        return TrustState.NO_MAP, None
    trust = face_map.trust
    if unsure_of(face) is not None:
        return TrustState.UNTRUSTED, trust
    if trust is None:
        return TrustState.UNMEASURED, None
    return (TrustState.TRUSTED if trust.trusted else TrustState.UNTRUSTED), trust


def unsure_of(face: FaceAnalysis | None) -> Unsure | None:
    """Return why the explained reading of a face is itself not to be believed, or None."""
    face_map = map_of(face)
    reading = face.readings.get(face_map.head) if face is not None and face_map else None
    return reading.unsure if reading is not None else None
