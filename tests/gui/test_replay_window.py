import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from facecam.gui import replay_commands
from facecam.gui.choosers import Choosable
from facecam.gui.icons import icon
from facecam.gui.look import Look
from facecam.gui.main_window import MainWindow
from facecam.gui.replay_analysis import Reanalysis
from facecam.gui.replay_loading import load_recording
from facecam.gui.replay_timeline import Recording
from facecam.gui.replay_window import ReplayWindow
from facecam.gui.theme import DARK, LIGHT, Theme
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.settings import Settings
from tests.fakes import FakeDetector, FakeEstimator, FakePackage, FakeTracker, detection_at
from tests.gui.conftest import delete_now
from tests.gui.fake_recording import FPS, write_session
from tests.gui.waiting import wait_until

Open = Callable[..., ReplayWindow]
MODELS = (Choosable("fake", "Fake"), Choosable("broken", "Broken", "It is damaged."))


def analyze_with_fakes(video: Path, model: str, expected_s: float) -> Reanalysis:
    return Reanalysis(
        video,
        model,
        expected_s,
        load_model=lambda name: FakeEstimator(FakePackage(name=name)),
        make_analyzer=lambda estimator: FrameAnalyzer(
            FakeDetector((detection_at(40, 40, 64),)), FakeTracker(), estimator
        ),
    )


@pytest.fixture
def open_replay(app: QApplication, look: Look) -> Iterator[Open]:
    windows: list[ReplayWindow] = []

    def opened(path: Path, analyze: object = analyze_with_fakes) -> ReplayWindow:
        window = ReplayWindow(path, Settings(), look.theme, lambda: MODELS, analyze)  # type: ignore[arg-type]
        windows.append(window)
        window.show()
        wait_until(lambda: not window.loading.running)
        app.processEvents()
        return window

    yield opened
    for window in windows:
        window.close()
    delete_now()


def press(window: ReplayWindow, key: str) -> None:
    QTest.keySequence(window, QKeySequence(key))


def shows(window: ReplayWindow, number: int) -> bool:
    """Return whether frame `number` of the recording is shown with its stats."""
    shown = window._shown
    if shown is None or not shown.exact or round(shown.t_s * FPS) != number:
        return False
    window.panel.refresh(force=True)
    return window.panel.big_value.text() == str(20 + number)


def test_the_first_picture_comes_with_its_stats(open_replay: Open, tmp_path: Path) -> None:
    window = open_replay(write_session(tmp_path))
    wait_until(lambda: shows(window, 0))
    assert window.panel.face_label.text() == "Face 1"
    assert window.windowTitle() == "party – facecam"
    assert window.transport.time_label.text().startswith("0:00.0 / 0:00")
    pixels = window.stage.video._pixels
    assert pixels is not None
    assert (pixels > 200).any(), "boxes and bars are drawn on the clean video"
    window.actions_["bars"].setChecked(False)
    wait_until(lambda: bool((window.stage.video._pixels < 60).all()))


def test_steps_and_jumps_show_the_stats_of_that_moment(open_replay: Open, tmp_path: Path) -> None:
    window = open_replay(write_session(tmp_path))
    wait_until(lambda: shows(window, 0))
    press(window, ".")
    wait_until(lambda: shows(window, 1))
    press(window, ".")
    wait_until(lambda: shows(window, 2))
    press(window, ",")
    wait_until(lambda: shows(window, 1))
    window.transport.scrub.scrubbed.emit(15.5 / FPS)
    wait_until(lambda: shows(window, 15))
    assert len(window.presenter.faces) == 2
    window.transport.scrub.scrubbed.emit(0.0)
    wait_until(lambda: shows(window, 0))
    press(window, "PgDown")
    wait_until(lambda: window.presenter.selected == 2)
    assert window.player.position_s == pytest.approx(10 / FPS, abs=0.02)
    press(window, "PgUp")
    wait_until(lambda: window.presenter.selected == 1)


def test_it_plays_to_the_end_and_begins_anew(open_replay: Open, tmp_path: Path) -> None:
    window = open_replay(write_session(tmp_path))
    wait_until(lambda: shows(window, 0))
    press(window, "+")
    assert window.transport.speed_button.text() == "1.5×"
    press(window, "Space")
    assert window.player.playing
    assert window.transport.findChildren(type(window.transport.again_button))
    wait_until(lambda: shows(window, 19))
    wait_until(lambda: not window.player.playing)
    stands_s = window.player._clock()
    window.player._clock = lambda: stands_s
    press(window, "Space")
    assert window.player.playing
    assert window.player.position_s == 0.0


def test_another_model_is_compared_side_by_side(open_replay: Open, tmp_path: Path) -> None:
    window = open_replay(write_session(tmp_path))
    wait_until(lambda: shows(window, 0))
    wait_until(lambda: window.actions_.model_menu.actions()[0].text() == "Fake")
    assert not window.actions_.model_menu.actions()[1].isEnabled()
    window.actions_.model_menu.actions()[0].trigger()
    wait_until(lambda: window.compare_panel.isVisible())
    assert not window.panel.isVisible()
    assert "Fake, analysed again" in window.compare_panel.second_label.text(), "its title"
    window._refresh_panel()
    rows = {row._comparison.title: row for row in window.compare_panel._rows if row._comparison}
    age = rows["Age"]._comparison
    assert age is not None
    assert age.first is not None
    assert age.second is not None
    assert (round(age.first.value), round(age.second.value)) == (20, 40)
    assert "Age: 20, then 40 (+20)" in rows["Age"].accessibleName()
    window.actions_["end_comparison"].trigger()
    assert window.panel.isVisible()
    assert not window.compare_panel.isVisible()


def test_an_analysis_shows_its_progress_and_can_be_cancelled(
    open_replay: Open, tmp_path: Path
) -> None:
    gate = threading.Event()

    def slow(video: Path, model: str, expected_s: float) -> Reanalysis:
        def load(name: str) -> FakeEstimator:
            assert gate.wait(60.0)
            return FakeEstimator(FakePackage(name=name))

        return Reanalysis(video, model, expected_s, load_model=load)

    window = open_replay(write_session(tmp_path), slow)
    wait_until(lambda: shows(window, 0))
    window.begin_comparison("fake")
    assert window.transport.progress.isVisible()
    assert "Fake" in window.transport.progress_label.text()
    window.resize(800, 520)
    delete_now()
    for part in (window.transport.progress_label, window.transport.time_label):
        assert part.width() >= part.sizeHint().width(), "its words are whole"
    run = window.run
    assert run is not None
    gate.set()
    window.transport.cancel_button.click()
    assert run.cancelled
    assert window.run is None
    window.pull()
    assert not window.transport.progress.isVisible()
    assert window.panel.isVisible()


def test_a_model_that_fails_is_a_message(open_replay: Open, tmp_path: Path) -> None:
    def failing(video: Path, model: str, expected_s: float) -> Reanalysis:
        def load(name: str) -> FakeEstimator:
            raise RuntimeError("out of memory")

        return Reanalysis(video, model, expected_s, load_model=load)

    window = open_replay(write_session(tmp_path), failing)
    window.begin_comparison("fake")
    wait_until(lambda: "out of memory" in window.stage.notice.text.text())
    assert window.panel.isVisible()


def test_a_video_with_bars_gets_no_second_ones(open_replay: Open, tmp_path: Path) -> None:
    window = open_replay(write_session(tmp_path, clean=False))
    wait_until(lambda: shows(window, 0))
    assert not window.actions_["bars"].isEnabled()
    assert bool((window.stage.video._pixels < 60).all())


def test_a_recording_without_video_or_end_says_so(open_replay: Open, tmp_path: Path) -> None:
    window = open_replay(write_session(tmp_path, video=False, ended=False))
    wait_until(lambda: window.stage.card.isVisible())
    assert window.stage.card.title.text() == "No video"
    assert "cut off" in window.stage.notice.text.text()
    window.seek(5 / FPS)
    window.panel.refresh(force=True)
    assert window.panel.big_value.text() == "25"


def test_what_is_no_recording_is_said_and_another_can_be_opened(
    open_replay: Open, tmp_path: Path
) -> None:
    window = open_replay(tmp_path)
    assert "no recording" in window.stage.card.text.text()
    window.open(write_session(tmp_path))
    wait_until(lambda: shows(window, 0))
    assert not window.stage.card.isVisible()


def test_stats_are_exported(
    open_replay: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(replay_commands, "_open_folder", opened.append)
    window = open_replay(write_session(tmp_path))
    target = tmp_path / "elsewhere" / "party.csv"
    target.parent.mkdir()
    window.commands.export(target, "csv")
    wait_until(target.exists)
    wait_until(lambda: "party.csv" in window.stage.notice.text.text())
    assert target.read_text("utf-8").startswith("frame,")
    show = next(b for b in window.stage.notice.findChildren(QPushButton) if "folder" in b.text())
    show.click()
    assert opened == [target.parent]


def test_the_language_changes_while_it_is_open(
    open_replay: Open, look: Look, tmp_path: Path
) -> None:
    window = open_replay(write_session(tmp_path))
    wait_until(lambda: shows(window, 0))
    look.apply(Settings(language="ko"))
    wait_until(lambda: window.actions_.play_menu.title().startswith("재생"))
    look.apply(Settings(language="en"))


def test_the_main_window_opens_a_dropped_recording_and_closes_it_with_itself(
    window: MainWindow, tmp_path: Path, app: QApplication
) -> None:
    window.commands.open_dropped(write_session(tmp_path))
    replay = window.commands._replays[0]
    assert replay.isVisible()
    wait_until(lambda: replay.recording is not None)
    window.close()
    assert window.commands._replays == []
    app.processEvents()


def test_cancelling_an_analysis_does_not_wait_for_its_end(
    open_replay: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facecam.gui.replay_analysis._JOIN_S", 120.0)
    gate = threading.Event()

    def stuck(video: Path, model: str, expected_s: float) -> Reanalysis:
        def load(name: str) -> FakeEstimator:
            gate.wait(20.0)
            return FakeEstimator(FakePackage(name=name))

        return Reanalysis(video, model, expected_s, load_model=load)

    window = open_replay(write_session(tmp_path), stuck)
    window.begin_comparison("fake")
    run = window.run
    assert run is not None
    window.end_comparison()
    assert run.cancelled
    assert not run.done.is_set(), "it still loads the model"
    gate.set()
    wait_until(run.done.is_set)


def test_a_recording_chosen_while_another_is_read_is_shown_in_the_end(
    open_replay: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, begun = threading.Event(), threading.Event()

    def slow(path: Path) -> Recording:
        begun.set()
        assert gate.wait(60.0)
        return load_recording(path)

    good = write_session(tmp_path / "one")
    write_session(tmp_path / "two").rename(tmp_path / "two" / "dance.session")
    monkeypatch.setattr("facecam.gui.replay_window.load_recording", slow)
    gate.set()
    window = open_replay(good)
    assert window.windowTitle() == "party – facecam"
    gate.clear()
    begun.clear()
    window.open(good)
    assert begun.wait(60.0)
    window.open(tmp_path / "two" / "dance.session")
    assert window.windowTitle() == "party – facecam", "the other one is not there yet"
    gate.set()
    wait_until(lambda: window.windowTitle() == "dance – facecam")
    assert not window.stage.card.isVisible()


def test_every_export_that_was_asked_for_is_made(
    open_replay: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def slow(session: Path, path: Path, kind: str) -> None:
        assert gate.wait(60.0)
        path.write_text(kind, "utf-8")

    monkeypatch.setattr("facecam.recording.exports.export_session", slow)
    window = open_replay(write_session(tmp_path))
    wanted = {tmp_path / "a.csv": "csv", tmp_path / "b.html": "html", tmp_path / "c.csv": "csv"}
    for path, kind in wanted.items():
        window.commands.export(path, kind)
    gate.set()
    wait_until(lambda: "c.csv" in window.stage.notice.text.text())
    assert {path: path.read_text("utf-8") for path in wanted} == wanted


def test_the_pin_is_up_again_when_another_face_is_chosen(open_replay: Open, tmp_path: Path) -> None:
    window = open_replay(write_session(tmp_path))
    window.seek(15.5 / FPS)
    press(window, "K")
    assert window.presenter.pinned
    press(window, "]")
    assert not window.presenter.pinned
    assert not window.actions_["pin"].isChecked()


def test_what_was_wrong_with_a_video_goes_with_its_recording(
    open_replay: Open, tmp_path: Path
) -> None:
    bad = write_session(tmp_path / "bad")
    (bad / "clean.mp4").write_bytes(b"no video")
    window = open_replay(bad)
    wait_until(lambda: bool(window._error))
    assert window.stage.notice.isVisible()
    window.open(write_session(tmp_path / "good"))
    wait_until(lambda: shows(window, 0))
    window.pull()
    assert not window.stage.notice.isVisible()


def test_the_play_button_offers_to_pause_after_the_colours_changed(
    open_replay: Open, tmp_path: Path
) -> None:
    def play_icon(theme: Theme, name: str) -> bool:
        shown = window.actions_["play"].icon().pixmap(20, 20).toImage()
        return bool(shown == icon(name, theme).pixmap(20, 20).toImage())

    window = open_replay(write_session(tmp_path))
    stands_s = window.player._clock()
    window.player._clock = lambda: stands_s
    press(window, "Space")
    window.pull()
    assert play_icon(DARK, "freeze")
    window.set_theme(LIGHT)
    window.pull()
    assert window.actions_["play"].text() == "&Pause"
    assert play_icon(LIGHT, "freeze")


def test_the_tool_tip_of_the_bars_follows_the_recording(open_replay: Open, tmp_path: Path) -> None:
    window = open_replay(write_session(tmp_path / "one", clean=False))
    assert "already" in window.actions_["bars"].toolTip()
    window.open(write_session(tmp_path / "two"))
    wait_until(lambda: window.can_draw)
    assert window.actions_["bars"].toolTip() == "Draw boxes and bars beside each face (B)"
