import dataclasses

import pytest

from facecam.gui import words
from facecam.gui.live_session import SessionView, SourcePhase
from facecam.gui.presenter import HISTORY_S, Presenter, Scene
from facecam.gui.stat_rows import HeadView, rows_of
from facecam.types import Analysis, FaceAnalysis, MultiSigmoidReading
from tests.gui.fake_session import HEADS, face


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def analysis(clock: Clock, *faces: FaceAnalysis) -> Analysis:
    now_s = clock.now_s
    return Analysis(0, now_s, now_s, now_s, faces, (640, 360))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def presenter(clock: Clock) -> Presenter:
    made = Presenter(clock)
    made.set_heads(HEADS)
    made.status = SessionView(SourcePhase.RUNNING)
    return made


SMALL, LARGE = (10.0, 10.0, 40.0, 50.0), (200.0, 50.0, 150.0, 180.0)


def test_nothing_is_selected_without_faces(presenter: Presenter, clock: Clock) -> None:
    presenter.take(analysis(clock))
    assert presenter.selected is None
    assert presenter.face is None
    assert all(row.fraction is None for row in presenter.rows("en"))


def test_the_largest_face_is_selected_by_itself(presenter: Presenter, clock: Clock) -> None:
    presenter.take(analysis(clock, face(1, SMALL), face(2, LARGE)))
    assert presenter.selected == 2


def test_a_larger_newcomer_does_not_take_the_selection(presenter: Presenter, clock: Clock) -> None:
    presenter.take(analysis(clock, face(1, SMALL)))
    presenter.take(analysis(clock, face(1, SMALL), face(2, LARGE)))
    assert presenter.selected == 1


def test_next_and_previous_go_around(presenter: Presenter, clock: Clock) -> None:
    presenter.take(analysis(clock, face(1, LARGE), face(4, SMALL), face(9, SMALL)))
    seen = []
    for _ in range(3):
        presenter.select_next(1)
        seen.append(presenter.selected)
    assert seen == [4, 9, 1]
    presenter.select_next(-1)
    assert presenter.selected == 9


def test_a_click_selects_the_smallest_face_under_it(presenter: Presenter, clock: Clock) -> None:
    inner = (240.0, 80.0, 30.0, 30.0)
    presenter.take(analysis(clock, face(1, LARGE), face(2, inner)))
    assert presenter.select_at(250, 90)
    assert presenter.selected == 2
    assert not presenter.select_at(2, 2)
    assert presenter.selected == 2


def test_a_short_absence_keeps_the_face_and_a_long_one_moves_on(
    presenter: Presenter, clock: Clock
) -> None:
    presenter.take(analysis(clock, face(1, LARGE), face(2, SMALL)))
    clock.now_s += 1.0
    presenter.take(analysis(clock, face(2, SMALL)))
    assert presenter.selected == 1
    assert not presenter.face_in_view
    clock.now_s += 1.5
    presenter.take(analysis(clock, face(2, SMALL)))
    assert presenter.selected == 2


def test_a_pinned_face_stays_however_long_it_is_away(presenter: Presenter, clock: Clock) -> None:
    presenter.take(analysis(clock, face(1, LARGE), face(2, SMALL)))
    presenter.pinned = True
    clock.now_s += 120.0
    presenter.take(analysis(clock, face(2, SMALL)))
    assert presenter.selected == 1
    presenter.select(2)
    assert not presenter.pinned


def test_history_is_of_the_last_thirty_seconds_and_has_gaps_where_unsure(
    presenter: Presenter, clock: Clock
) -> None:
    for step in range(200):
        unsure = "blurred" if 150 <= step < 160 else None
        presenter.take(analysis(clock, face(1, LARGE, age=40, unsure=unsure)))
        clock.now_s += 0.25
    line = presenter.history("age")
    assert line[0][0] <= HISTORY_S
    assert line[-1][0] == 0.0
    assert sum(value is None for _, value in line) == 10
    assert line[-1][1] == pytest.approx(0.4)


def test_history_grows_at_most_five_times_a_second(presenter: Presenter, clock: Clock) -> None:
    for _ in range(60):
        presenter.take(analysis(clock, face(1, LARGE)))
        clock.now_s += 1 / 60
    assert len(presenter.history("age")) <= 6


def test_hidden_heads_have_no_rows_and_leave_the_colours_alone(
    presenter: Presenter, clock: Clock
) -> None:
    presenter.take(analysis(clock, face(1)))
    before = {row.key: row.hue for row in presenter.rows("en")}
    presenter.hidden = frozenset({"gender"})
    after = {row.key: row.hue for row in presenter.rows("en")}
    assert "gender" not in after
    assert all(before[key] == hue for key, hue in after.items())


def test_no_face_is_said_only_after_two_seconds(presenter: Presenter, clock: Clock) -> None:
    presenter.take(analysis(clock))
    assert presenter.scene() is Scene.LIVE
    clock.now_s += 2.0
    assert presenter.scene() is Scene.NO_FACE
    presenter.take(analysis(clock, face(1)))
    assert presenter.scene() is Scene.LIVE


@pytest.mark.parametrize(
    ("phase", "scene"),
    [
        (SourcePhase.NONE, Scene.CHOOSE),
        (SourcePhase.STARTING, Scene.STARTING),
        (SourcePhase.LOST, Scene.LOST),
        (SourcePhase.ENDED, Scene.ENDED),
        (SourcePhase.FAILED, Scene.FAILED),
    ],
)
def test_each_ending_has_its_own_scene(
    presenter: Presenter, phase: SourcePhase, scene: Scene
) -> None:
    presenter.status = SessionView(phase)
    assert presenter.scene() is scene


def test_age_row_lies_on_the_scale_of_its_classes() -> None:
    (row,) = rows_of(HEADS[0], 0, face(1, age=34.0), "en")
    assert (row.fraction, row.low, row.high) == pytest.approx((0.34, 0.29, 0.40))
    assert row.title == "Age"


def test_titles_and_labels_follow_the_language() -> None:
    (row,) = rows_of(HEADS[1], 1, face(1), "ko")
    assert row.title == "겉보기 성별"
    assert row.label == "여성"
    (row,) = rows_of(HEADS[1], 1, face(1), "fr")
    assert row.label == "Female"


def test_several_yes_no_answers_of_one_head_are_a_row_each() -> None:
    head = HeadView("traits", "sigmoid", ("bangs", "wavy_hair"), thresholds=(0.3, 0.6))
    reading = MultiSigmoidReading({"bangs": 0.7, "wavy_hair": 0.5}, ("bangs",))
    someone = dataclasses.replace(face(1), readings={"traits": reading})
    rows = rows_of(head, 4, someone, "en")
    assert [(row.key, row.title, row.on, row.threshold) for row in rows] == [
        ("traits:bangs", "bangs", True, 0.3),
        ("traits:wavy_hair", "wavy hair", False, 0.6),
    ]
    assert [row.key for row in rows_of(head, 4, None, "en")] == [row.key for row in rows]


def test_a_stat_says_what_its_measure_is_worth() -> None:
    head = HeadView(
        "traits",
        "sigmoid",
        ("calm", "bold"),
        auc={"calm": 0.52, "bold": 0.81},
        chance=frozenset({"calm"}),
    )
    one = FaceAnalysis(
        1, SMALL, 0.9, {"traits": MultiSigmoidReading({"calm": 0.7, "bold": 0.2}, ("calm",))}
    )
    calm, bold = rows_of(head, 0, one, "en")
    assert calm.chance
    assert not bold.chance
    assert "AUC 0.52" in words.row_sentence(calm)
    assert "no better than chance" in words.row_sentence(calm)
    assert "AUC 0.81" in words.row_sentence(bold)
    assert "chance" not in words.row_sentence(bold)
    waiting, _ = rows_of(head, 0, None, "en")
    assert waiting.chance, "it is known before the first reading"
