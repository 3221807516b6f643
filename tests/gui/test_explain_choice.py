import dataclasses

import numpy as np

from facecam.gui.explain_choice import (
    COLOURS,
    TrustState,
    cam_choice,
    cam_look,
    class_options,
    explained_head,
    trust_of,
    unsure_of,
)
from facecam.settings import Settings
from facecam.types import CamChoice, CamTrust, FaceMap, SigmoidReading
from facecam.vision.cam_colours import CAM_COLOURS
from tests.gui.fake_session import HEADS, face

ON = Settings(cam=True)


def test_the_colours_offered_are_those_that_can_be_drawn() -> None:
    assert COLOURS == CAM_COLOURS


def test_nothing_is_asked_for_while_it_is_off_or_no_model_is_there() -> None:
    assert cam_choice(Settings(), HEADS, 1) is None
    assert cam_choice(ON, (), 1) is None
    assert cam_look(Settings()) is None


def test_a_head_of_another_model_falls_back_to_the_first() -> None:
    head = explained_head(dataclasses.replace(ON, cam_head="gone"), HEADS)
    assert head is HEADS[0]
    assert explained_head(dataclasses.replace(ON, cam_head="smile"), HEADS) is HEADS[2]


def test_a_class_can_be_chosen_where_there_are_several() -> None:
    assert class_options(HEADS[0], "en") == (), "an expectation has one map"
    assert class_options(HEADS[2], "en") == (), "and so has one yes/no answer"
    options = class_options(HEADS[1], "ko")
    assert [option.words for option in options] == ["", "여성", "남성"]
    chosen = dataclasses.replace(ON, cam_head="gender", cam_class="male")
    assert cam_choice(chosen, HEADS, None) == CamChoice("gender", "male")
    unknown = dataclasses.replace(chosen, cam_class="left over from another head")
    assert cam_choice(unknown, HEADS, None) == CamChoice("gender", None)


def test_only_the_selected_face_may_be_explained() -> None:
    one = dataclasses.replace(ON, cam_selected=True)
    assert cam_choice(one, HEADS, 7) == CamChoice("age", None, 7)
    assert cam_choice(one, HEADS, None) is None
    assert cam_choice(ON, HEADS, 7) == CamChoice("age", None, None)


def test_a_look_that_was_damaged_in_the_settings_is_mended() -> None:
    look = cam_look(dataclasses.replace(ON, cam_opacity=900, cam_colours="mauve"))
    assert look is not None
    assert (look.opacity, look.colours) == (1.0, "viridis")


def test_trust_is_told_apart_in_four_states() -> None:
    def with_map(trust: CamTrust | None) -> TrustState:
        values = np.zeros((4, 4), np.float32)
        one = dataclasses.replace(face(1), cam=FaceMap("smile", "", values, (96, 96), 1.0, trust))
        return trust_of(one)[0]

    assert trust_of(None)[0] is TrustState.NO_MAP
    assert trust_of(face(1))[0] is TrustState.NO_MAP
    assert with_map(None) is TrustState.UNMEASURED
    assert with_map(CamTrust(2.0, 0.01, True, "", 0.0)) is TrustState.TRUSTED
    assert with_map(CamTrust(0.0, 0.4, False, "Why.", 0.0)) is TrustState.UNTRUSTED


def test_a_head_that_the_model_cannot_explain_is_told_apart() -> None:
    head = dataclasses.replace(HEADS[2], explainable=False)
    assert trust_of(face(1), head)[0] is TrustState.IMPOSSIBLE
    assert trust_of(face(1), HEADS[2])[0] is TrustState.NO_MAP


def test_a_map_of_a_reading_that_is_not_to_be_believed_is_not_either() -> None:
    trust = CamTrust(2.0, 0.01, True, "", 0.0)
    cam = FaceMap("smile", "", np.zeros((4, 4), np.float32), (96, 96), 1.0, trust)
    small = dataclasses.replace(
        face(1), cam=cam, readings={"smile": SigmoidReading(0.9, True, "small")}
    )
    assert trust_of(small) == (TrustState.UNTRUSTED, trust)
    assert unsure_of(small) == "small"
    assert unsure_of(dataclasses.replace(small, readings={})) is None
    assert unsure_of(None) is None
