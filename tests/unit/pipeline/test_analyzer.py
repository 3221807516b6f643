"""From a frame to its analysis."""

import itertools
from typing import Any

import numpy as np
import pytest

from facecam.errors import DetectorError, ModelPackageError, SourceError
from facecam.pipeline.analyzer import FrameAnalyzer
from facecam.pipeline.detection_policy import DetectionConfig
from facecam.types import Detection, ExpectationReading, SigmoidReading, SoftmaxReading
from facecam.vision.overlay import OverlayOptions, OverlayPainter
from facecam.vision.smoothing import ReadingSmoother
from facecam.vision.tracker import FaceTracker
from tests.fakes import (
    FRAME_HEADS,
    FakeClock,
    FakeDetector,
    FakeEstimator,
    FakePackage,
    FakeTracker,
    detection_at,
    failing_run,
    frame_at,
    picture,
)

TWO = (detection_at(20, 40, 80), detection_at(180, 60, 90))
ALWAYS = DetectionConfig(every_frame=True)


def analyzer_of(
    detector: FakeDetector | None = None,
    estimator: Any = None,
    tracker: Any = None,
    **kwargs: Any,
) -> FrameAnalyzer:
    kwargs.setdefault("detection", ALWAYS)
    return FrameAnalyzer(
        detector or FakeDetector(TWO), tracker or FakeTracker(), estimator, **kwargs
    )


def test_faces_get_tracks_boxes_and_readings() -> None:
    estimator = FakeEstimator()
    analysis = analyzer_of(estimator=estimator).step(frame_at(7))
    assert (analysis.frame_id, analysis.size_wh) == (7, (320, 240))
    assert analysis.detected
    assert analysis.model == "fake"
    assert [face.track for face in analysis.faces] == [1, 2]
    face = analysis.faces[0]
    assert face.box_xywh == TWO[0].box_xywh
    age, gender, smile = (face.readings[name] for name in ("age", "gender", "smile"))
    assert isinstance(age, ExpectationReading)
    assert age.value == pytest.approx(40.0, abs=0.1)
    assert age.low < age.value < age.high
    assert isinstance(gender, SoftmaxReading)
    assert gender.label == "male"
    assert isinstance(smile, SigmoidReading)
    assert smile.on
    assert face.crop_matrix is not None
    assert face.crop_matrix.shape == (2, 3)
    assert estimator.batches == [2], "one invocation for all faces"


def test_stages_are_timed_by_name() -> None:
    analyzer = analyzer_of(estimator=FakeEstimator(), smoother=ReadingSmoother())
    analysis = analyzer.step(frame_at(0))
    stages = {"detect", "track", "crop", "infer", "decode", "smooth"}
    assert set(analysis.stages_ms) == stages


def test_result_is_ready_by_the_analyzers_clock() -> None:
    clock = FakeClock(123.0)
    assert analyzer_of(clock=clock).step(frame_at(0)).ready_s == 123.0


def test_crops_are_rgb() -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    image[..., 0] = 250  # blue
    estimator = FakeEstimator()
    analyzer_of(estimator=estimator).step(frame_at(0, image))
    assert estimator.last_crops_rgb is not None
    middle = estimator.last_crops_rgb[0, 16, 16]
    assert middle.tolist() == [0, 0, 250]


def test_no_face_is_an_empty_tuple_and_runs_no_model() -> None:
    estimator = FakeEstimator()
    analysis = analyzer_of(FakeDetector(), estimator).step(frame_at(0))
    assert analysis.faces == ()
    assert estimator.batches == []


def test_without_a_model_there_are_boxes_without_readings() -> None:
    analysis = analyzer_of().step(frame_at(0))
    assert len(analysis.faces) == 2
    assert all(not face.readings for face in analysis.faces)
    assert analysis.model == ""


def test_model_can_be_exchanged_between_steps() -> None:
    tracker = FakeTracker()
    analyzer = analyzer_of(tracker=tracker, smoother=ReadingSmoother())
    first, second = FakeEstimator(), FakeEstimator(FakePackage(name="other"))
    assert analyzer.set_estimator(first) is None
    assert analyzer.step(frame_at(0)).model == "fake"
    assert analyzer.set_estimator(second) is first
    assert tracker.features_forgotten == 2, "features of one model mean nothing to another"
    analysis = analyzer.step(frame_at(1))
    assert analysis.model == "other"
    assert first.closed == 0, "who made it closes it"


def test_buffers_grow_with_the_number_of_faces() -> None:
    many = tuple(detection_at(10 * i, 20, 50) for i in range(9))
    estimator = FakeEstimator()
    analyzer = analyzer_of(FakeDetector(lambda n: many[: n * 4 + 1]), estimator)
    for number in range(3):
        analyzer.step(frame_at(number))
    assert estimator.batches == [1, 5, 9]


def test_face_that_was_looked_for_and_not_found_keeps_its_readings() -> None:
    detector = FakeDetector(lambda n: TWO if n == 0 else TWO[:1])
    estimator = FakeEstimator()
    analyzer = analyzer_of(detector, estimator)
    before = analyzer.step(frame_at(0)).faces[1]
    after = analyzer.step(frame_at(1)).faces[1]
    assert after.predicted
    assert after.readings == before.readings
    assert estimator.batches == [2, 1], "no reading of what hides the face"


def test_small_faces_are_marked_per_head() -> None:
    package = FakePackage(calibration={"age": {"limits": {"eye_span_px": 40.0}}})
    analyzer = analyzer_of(FakeDetector((detection_at(20, 40, 60),)), FakeEstimator(package))
    (face,) = analyzer.step(frame_at(0)).faces
    assert face.readings["age"].unsure == "small"
    assert face.readings["smile"].unsure is None


def test_a_face_at_its_limit_does_not_blink() -> None:
    sizes = [60, 63, 70, 66, 60]
    detector = FakeDetector(lambda call: (detection_at(20, 40, sizes[call]),))
    eyes = detection_at(20, 40, 60).keypoints
    span = float(np.hypot(*(eyes[1] - eyes[0])))
    package = FakePackage(calibration={"age": {"limits": {"eye_span_px": span * 1.02}}})
    analyzer = analyzer_of(detector, FakeEstimator(package))
    reasons = [analyzer.step(frame_at(i)).faces[0].readings["age"].unsure for i in range(5)]
    assert reasons == ["small", "small", None, None, "small"]


def test_a_face_that_left_the_picture_is_not_predicted_beyond_its_edge() -> None:
    def faces(call: int) -> tuple[Detection, ...]:
        return (detection_at(100 + 15 * call, 60, 60),) if call < 13 else ()

    analyzer = analyzer_of(FakeDetector(faces), tracker=FaceTracker())
    shown = [analyzer.step(frame_at(i)).faces for i in range(20)]
    assert all(len(found) == 1 for found in shown[:13])
    centres = [face.box_xywh[0] + 30 for found in shown[13:] for face in found]
    assert all(centre <= 320 for centre in centres)
    assert shown[-1] == ()


def test_readings_are_smoothed_in_time() -> None:
    def flip(number: int, outputs: dict[str, Any]) -> None:
        if number:
            outputs["smile"][:] = -8.0

    analyzer = analyzer_of(
        FakeDetector(TWO[:1]), FakeEstimator(spoil=flip), smoother=ReadingSmoother()
    )
    values = [analyzer.step(frame_at(n)).faces[0].readings["smile"] for n in range(3)]
    probabilities = [value.p for value in values if isinstance(value, SigmoidReading)]
    assert probabilities == sorted(probabilities, reverse=True)
    assert probabilities[1] > 0.3, "one step does not take it down at once"


def test_tracker_gets_features_of_unit_length() -> None:
    tracker = FakeTracker()
    tracker.ask_for_features = True
    estimator = FakeEstimator()
    analyzer_of(estimator=estimator, tracker=tracker).step(frame_at(0))
    assert len(tracker.embedded) == 2
    assert tracker.features[1] == pytest.approx(np.full(4, 0.5))
    assert np.linalg.norm(tracker.embedded[0]) == pytest.approx(1.0)
    assert estimator.batches == [1, 1, 2]


def test_model_without_features_is_fine() -> None:
    tracker = FakeTracker()
    analyzer_of(estimator=FakeEstimator(features=False), tracker=tracker).step(frame_at(0))
    assert tracker.features == {}


def test_whole_frame_model_needs_no_detector() -> None:
    detector = FakeDetector(error=DetectorError("must not be asked"))
    package = FakePackage(target="frame", heads=FRAME_HEADS)
    analysis = analyzer_of(detector, FakeEstimator(package)).step(frame_at(0))
    (face,) = analysis.faces
    assert (face.track, face.score, face.box_xywh) == (0, None, (0.0, 0.0, 320.0, 240.0))
    assert set(face.readings) == {"scene"}
    assert not analysis.detected
    assert detector.calls == 0


def test_change_between_face_and_frame_models() -> None:
    analyzer = analyzer_of(estimator=FakeEstimator(FakePackage(target="frame", heads=FRAME_HEADS)))
    assert analyzer.step(frame_at(0)).faces[0].track == 0
    analyzer.set_estimator(FakeEstimator())
    assert [face.track for face in analyzer.step(frame_at(1)).faces] == [1, 2]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    def spoil(number: int, outputs: dict[str, Any]) -> None:
        outputs["gender"][0, 0] = value

    with pytest.raises(ModelPackageError, match="fake gave unusable numbers for its head gender"):
        analyzer_of(estimator=FakeEstimator(spoil=spoil)).step(frame_at(0))


def test_missing_output_and_wrong_shape_are_refused() -> None:
    def missing(number: int, outputs: dict[str, Any]) -> None:
        del outputs["smile"]

    def flat(number: int, outputs: dict[str, Any]) -> None:
        outputs["age"] = outputs["age"][:, :5]

    for spoil in (missing, flat):
        with pytest.raises(ModelPackageError, match="unusable"):
            analyzer_of(estimator=FakeEstimator(spoil=spoil)).step(frame_at(0))


def test_failing_model_is_one_sentence_and_the_analyzer_goes_on() -> None:
    analyzer = analyzer_of(estimator=FakeEstimator(spoil=failing_run()))
    with pytest.raises(ModelPackageError, match=r"fake failed on a frame \(delegate crashed\)"):
        analyzer.step(frame_at(0))
    analyzer.set_estimator(None)
    assert len(analyzer.step(frame_at(1)).faces) == 2


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.uint16),
        np.zeros((0, 4, 3), np.uint8),
        None,
    ],
)
def test_picture_that_is_not_8_bit_colour_is_refused(image: Any) -> None:
    frame = frame_at(0)
    object.__setattr__(frame, "image_bgr", image)
    with pytest.raises(SourceError, match="8-bit"):
        analyzer_of().step(frame)


@pytest.mark.parametrize("size_wh", [(1, 1), (2, 500), (4000, 3000)])
def test_any_size_of_picture(size_wh: tuple[int, int]) -> None:
    image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    analysis = analyzer_of(estimator=FakeEstimator()).step(frame_at(0, image))
    assert analysis.size_wh == size_wh


def test_source_that_lies_about_time_gives_the_tracker_growing_times() -> None:
    tracker, detector = FakeTracker(), FakeDetector(TWO)
    analyzer = analyzer_of(detector, tracker=tracker)
    for number, t_s in enumerate([5.0, 5.0, float("nan"), 1.0, 1.5, float("inf"), 1.6]):
        frame = frame_at(number)
        object.__setattr__(frame, "source_s", t_s)
        analyzer.step(frame)
    times_s = tracker.times_s
    assert all(b > a for a, b in itertools.pairwise(times_s))
    assert times_s[4] - times_s[3] == pytest.approx(0.5), "steps after a jump count again"
    assert detector.times_s == times_s


def test_picture_is_never_written_to() -> None:
    image = picture()
    image.setflags(write=False)
    analyzer_of(estimator=FakeEstimator()).step(frame_at(0, image))


def test_reset_forgets_tracks() -> None:
    tracker = FakeTracker()
    analyzer = analyzer_of(tracker=tracker, estimator=FakeEstimator())
    analyzer.step(frame_at(0))
    analyzer.reset()
    assert tracker.resets == 1


def test_close_releases_the_detector_not_the_model() -> None:
    detector, estimator = FakeDetector(), FakeEstimator()
    analyzer = analyzer_of(detector, estimator)
    analyzer.close()
    assert (detector.closed, estimator.closed) == (1, 0)


def test_with_the_real_tracker_one_face_keeps_one_track_between_detections() -> None:
    detector = FakeDetector(lambda n: (detection_at(20 + n, 40, 80),))
    ticks = itertools.count()
    analyzer = FrameAnalyzer(
        detector,
        FaceTracker(),
        FakeEstimator(),
        ReadingSmoother(),
        detection=DetectionConfig(budget=1e-9),
        clock=lambda: next(ticks) * 1e-3,
    )
    analyses = [analyzer.step(frame_at(number)) for number in range(60)]
    tracks = {face.track for analysis in analyses for face in analysis.faces}
    assert tracks == {1}
    assert all(len(analysis.faces) == 1 for analysis in analyses[20:])
    between = [analysis for analysis in analyses[20:] if not analysis.detected]
    assert between, "the detector rests on some frames"
    assert all(face.predicted and face.readings for a in between for face in a.faces)


def test_what_is_found_is_told_before_it_is_shown_so_that_it_can_be_blurred() -> None:
    detector = FakeDetector(lambda call: TWO if call > 10 else ())
    analyzer = analyzer_of(detector, tracker=FaceTracker())
    analyses = [analyzer.step(frame_at(number)) for number in range(12)]
    assert analyses[-2].found_xywh == ()
    new = analyses[-1]
    assert new.faces == (), "one detection proves nothing"
    assert new.found_xywh == tuple(item.box_xywh for item in TWO)
    image = frame_at(11).image_bgr
    out = OverlayPainter().draw(image, new, (), options=OverlayOptions(blur=True))
    for detection in TWO:
        x, y, w, h = (round(value) for value in detection.box_xywh)
        assert out[y : y + h, x : x + w].std() < 0.3 * image[y : y + h, x : x + w].std()
