import dataclasses

import numpy as np
import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest

from facecam.gui.main_window import MainWindow
from facecam.types import CamChoice, CamTrust, FaceAnalysis, FaceMap, SigmoidReading
from tests.gui.fake_session import FakeSession, face
from tests.gui.waiting import wait_until

LEFT, RIGHT = (60.0, 80.0, 120.0, 140.0), (430.0, 80.0, 90.0, 110.0)


def play(window: MainWindow, session: FakeSession, *faces: FaceAnalysis) -> None:
    session.run(*faces)
    wait_until(lambda: window.frame is session.frame and window.stage.video.has_picture)
    window.refresh_status()


def press(window: MainWindow, key: str) -> None:
    QTest.keySequence(window, QKeySequence(key))


def with_map(one: FaceAnalysis, trust: CamTrust | None = None) -> FaceAnalysis:
    values = np.array([[0.0, 0.0], [0.0, 9.0]], np.float32)
    matrix = np.array([[0.5, 0.0, -20.0], [0.0, 0.5, -20.0]])
    cam = FaceMap("smile", "smile", values, (96, 96), 5.0, trust)
    return dataclasses.replace(one, cam=cam, crop_matrix=matrix)


def test_keys_explain_and_choose_a_stat(window: MainWindow, session: FakeSession) -> None:
    play(window, session, face(1, LEFT))
    assert session.cam is None
    press(window, "C")
    assert session.cam == CamChoice("age")
    assert window.settings.cam
    press(window, "3")
    assert session.cam == CamChoice("smile")
    assert window.panel.explain.head_combo.currentText() == "Smile"
    press(window, "9")
    assert session.cam == CamChoice("smile"), "there is no ninth stat"
    press(window, "C")
    assert session.cam is None
    press(window, "2")
    assert session.cam == CamChoice("gender"), "a number switches it on"


def test_choosers_follow_and_lead(window: MainWindow, session: FakeSession) -> None:
    play(window, session, face(1, LEFT), face(2, RIGHT))
    press(window, "2")
    panel = window.panel.explain
    assert panel.class_combo.isVisible()
    panel.class_combo.setCurrentIndex(2)
    panel.class_combo.activated.emit(2)
    assert session.cam == CamChoice("gender", "male")
    window.explaining.menu._faces.actions()[1].trigger()
    assert session.cam == CamChoice("gender", "male", 1)
    press(window, "]")
    window.refresh_status()
    assert session.cam == CamChoice("gender", "male", 2), "it follows the selection"
    press(window, "3")
    assert session.cam == CamChoice("smile", None, 2), "another stat has other answers"
    assert not panel.class_combo.isVisible()


def test_the_map_is_drawn_and_its_look_is_remembered(
    window: MainWindow, session: FakeSession
) -> None:
    play(window, session, with_map(face(1, LEFT)))
    options = window.show_options()
    assert options.cam is None
    press(window, "3")
    menu = window.explaining.menu
    menu._colours.actions()[4].trigger()
    menu._scales.actions()[1].trigger()
    menu._signs.actions()[1].trigger()
    menu.slider.setValue(80)
    look = window.show_options().cam
    assert look is not None
    assert (look.colours, look.per_frame, look.signed, look.opacity) == ("jet", True, True, 0.8)
    assert window.settings.cam_colours == "jet"
    assert window.settings.cam_opacity == 80
    press(window, "B")
    play(window, session, with_map(face(1, LEFT)))
    shown = window.stage.video._pixels
    assert shown is not None
    assert (shown != 90).any(), "the map is drawn without bars as well"


@pytest.mark.parametrize(
    ("trust", "words"),
    [
        (None, "Not checked yet"),
        (CamTrust(1.5, 0.01, True, "", 0.0), "Holds"),
        (CamTrust(0.1, 0.4, False, "Because.", 0.0), "Not better than chance"),
    ],
)
def test_trust_is_said_in_words(
    window: MainWindow, session: FakeSession, trust: CamTrust | None, words: str
) -> None:
    play(window, session, with_map(face(1, LEFT), trust))
    press(window, "3")
    panel = window.panel.explain
    assert panel.trust_label.text().startswith(words)
    if trust is not None and trust.reason:
        assert trust.reason in panel.trust_label.toolTip()
    panel.measure_button.click()
    assert session.asked[-1] == ("trust", 1)


def test_a_choice_outlasts_a_moment_without_model_or_face(
    window: MainWindow, session: FakeSession
) -> None:
    """A picture that is read again for its map has neither; asking for none would lose the map."""
    play(window, session, face(1, LEFT))
    press(window, "3")
    heads, session.model_heads = session.model_heads, ()
    window.refresh_status()
    assert session.cam == CamChoice("smile")
    session.model_heads = heads
    window.refresh_status()
    assert session.cam == CamChoice("smile")


def test_the_panel_says_what_hatches_a_map_and_what_the_ends_mean(
    window: MainWindow, session: FakeSession
) -> None:
    trust = CamTrust(1.5, 0.01, True, "", 0.0)
    small = dataclasses.replace(
        with_map(face(1, LEFT), trust), readings={"smile": SigmoidReading(0.9, True, "small")}
    )
    play(window, session, small)
    press(window, "3")
    panel = window.panel.explain
    assert "too small" in panel.trust_label.text()
    assert panel.legend._ends() == ("counts little", "speaks for")
    press(window, "1")
    assert panel.legend._ends() == ("counts little", "makes it higher")
    window.explaining.menu._signs.actions()[1].trigger()
    assert panel.legend._ends() == ("makes it lower", "makes it higher")


def test_a_stat_that_cannot_be_explained_says_so(window: MainWindow, session: FakeSession) -> None:
    play(window, session, face(1, LEFT))
    session.model_heads = tuple(
        dataclasses.replace(head, explainable=head.name != "smile") for head in session.model_heads
    )
    press(window, "3")
    window.refresh_status()
    panel = window.panel.explain
    assert panel.trust_label.text() == "This model holds nothing that could explain this stat."
    assert not panel.measure_button.isEnabled()
    press(window, "4")
    assert panel.trust_label.text() == "Comes with the next reading of a face."


def test_another_model_is_asked_anew(window: MainWindow, session: FakeSession) -> None:
    play(window, session, face(1, LEFT))
    press(window, "3")
    session.cam = None
    window.refresh_status()
    assert session.cam is None, "not asked again without need"
    session.view = dataclasses.replace(session.view, model="other")
    window.refresh_status()
    assert session.cam == CamChoice("smile")
