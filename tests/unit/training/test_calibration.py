import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from facecam.errors import TrainingError
from facecam.inference.decode import reading
from facecam.training.calibration import (
    apply_calibration,
    cross_fit,
    fit_calibration,
    fit_or_leave,
)
from facecam.training.predictions import cluster_ids, split_halves
from tests.unit.training.made_heads import (
    AGE,
    GENDER,
    PET,
    SMILE,
    STATS,
    ages,
    classes,
    yes_no,
)


def test_temperature_finds_how_much_too_sure_the_logits_are() -> None:
    logits, labels = classes(8000, temperature=2.5)
    assert fit_calibration(PET, logits, labels)["temperature"] == pytest.approx(2.5, rel=0.06)


def test_temperature_stays_finite_without_a_single_mistake() -> None:
    labels = np.arange(100) % 2
    fitted = fit_calibration(GENDER, np.eye(2)[labels] * 5, labels)
    p = apply_calibration(GENDER, np.eye(2)[labels] * 5, labels, fitted).probs.max(axis=1)
    assert p == pytest.approx(101 / 102, abs=1e-4)  # Platt's softened target


def test_scale_and_shift_equal_a_logistic_regression() -> None:
    logits, labels = yes_no(4000)
    fitted = fit_calibration(SMILE, logits, labels)
    plain = LogisticRegression(C=1e9).fit(logits, labels)
    assert fitted["scale"][0] == pytest.approx(plain.coef_[0, 0], rel=0.02)
    assert fitted["shift"][0] == pytest.approx(plain.intercept_[0], abs=0.03)
    assert fitted["scale"][0] == pytest.approx(0.5, rel=0.1)  # the truth the data were made with
    assert fitted["shift"][0] == pytest.approx(-1.0, abs=0.15)


def test_scale_never_turns_the_order_round() -> None:
    logits, labels = yes_no(300)
    fitted = fit_calibration(SMILE, -logits, labels)
    assert fitted["scale"][0] > 0


def test_constant_scores_get_the_base_rate() -> None:
    labels = np.repeat([1.0, 0.0, 0.0, 0.0], 50)
    fitted = fit_calibration(SMILE, np.full((200, 1), 3.7), labels)
    p = apply_calibration(SMILE, np.full((200, 1), 3.7), labels, fitted).probs
    assert p == pytest.approx(0.25, abs=0.01)


def test_each_class_of_a_sigmoid_head_uses_its_own_labels() -> None:
    one, labels_one = yes_no(600, seed=1)
    two, labels_two = yes_no(600, seed=2)
    labels = np.column_stack([labels_one, labels_two])
    labels[:300, 1] = np.nan
    both = fit_calibration(STATS, np.hstack([one, two]), labels)
    alone = fit_calibration(SMILE, two[300:], labels_two[300:])
    for key in ("scale", "shift", "thresholds"):
        assert both[key][1] == pytest.approx(alone[key][0], rel=1e-6)


def test_wanted_sensitivity_moves_the_threshold_down() -> None:
    logits, labels = yes_no(2000)
    fitted = fit_calibration(SMILE, logits, labels, threshold_rule=("sensitivity", 0.99))
    p = apply_calibration(SMILE, logits, labels, fitted).probs[:, 0]
    assert (p >= fitted["thresholds"][0])[labels == 1].mean() >= 0.99
    youden = fit_calibration(SMILE, logits, labels)
    assert fitted["thresholds"][0] < youden["thresholds"][0]


def test_interval_holds_four_in_five_with_equal_tails() -> None:
    logits, labels = ages(4000)
    fitted = fit_calibration(AGE, logits, labels)
    fresh, truth = ages(4000, seed=9)
    made = apply_calibration(AGE, fresh, truth, fitted)
    assert ((made.low <= truth) & (truth <= made.high)).mean() == pytest.approx(0.8, abs=0.025)
    assert (truth < made.low).mean() == pytest.approx(0.1, abs=0.02)
    assert (truth > made.high).mean() == pytest.approx(0.1, abs=0.02)
    assert fitted["interval"]["coverage"] == 0.8


def test_interval_of_skewed_errors_is_not_symmetric() -> None:
    logits, labels = ages(3000)
    late = labels + np.random.default_rng(0).exponential(10, 3000)  # truth is mostly above
    fitted = fit_calibration(AGE, logits, late)["interval"]
    assert fitted["q_high"] > 1.5 * fitted["q_low"] >= 0


def test_interval_is_clipped_to_the_classes_and_at_least_one_unit_of_spread() -> None:
    sure = np.full((2, 101), -50.0)
    sure[0, 40] = sure[1, 100] = 50.0
    made = apply_calibration(
        AGE, sure, [40, 100], {"temperature": 1.0, "interval": {"q_low": 2.0, "q_high": 3.0}}
    )
    assert made.value == pytest.approx([40, 100])
    assert made.low == pytest.approx([38, 98])
    assert made.high == pytest.approx([43, 100])


def test_intervals_are_those_that_a_reading_shows() -> None:
    logits, labels = ages(50)
    for stored in (fit_calibration(AGE, logits, labels), {}):
        made = apply_calibration(AGE, logits, labels, stored)
        shown = [reading(AGE, row, stored) for row in made.probs]
        assert made.value == pytest.approx([r.value for r in shown])
        assert made.low == pytest.approx([r.low for r in shown])
        assert made.high == pytest.approx([r.high for r in shown])


def test_temperature_of_an_expectation_never_costs_accuracy() -> None:
    logits, labels = ages(1500)
    skew = logits + np.arange(101)[None, :] * 0.05
    fitted = fit_calibration(AGE, skew, labels)
    plain = apply_calibration(AGE, skew, labels, {"temperature": 1.0}).value
    made = apply_calibration(AGE, skew, labels, fitted).value
    assert np.abs(made - labels).mean() <= np.abs(plain - labels).mean() + 1e-9


# Halves


def test_halves_never_part_a_subject_and_both_see_every_label() -> None:
    rng = np.random.default_rng(0)
    clusters = rng.integers(0, 80, 400)
    keys = (clusters < 3).astype(float)  # three rare subjects
    for seed in range(20):
        half = split_halves(clusters, keys, seed)
        for subject in np.unique(clusters):
            assert len(set(half[clusters == subject])) == 1
        assert set(half[keys == 1]) == {0, 1}
        sizes = np.bincount(half)
        assert abs(sizes[0] - sizes[1]) < 100


def test_subjects_without_a_name_are_their_own() -> None:
    found = cluster_ids(["a", "", None, "a", float("nan"), "b", ""], 7)
    assert found[0] == found[3]
    assert len(set(found)) == 6
    with pytest.raises(TrainingError, match="2 subjects for 3 pictures"):
        cluster_ids(["a", "b"], 3)


def test_cross_fit_predicts_each_half_with_the_other() -> None:
    logits, labels = yes_no(500)
    who = np.arange(500) // 2
    made = cross_fit(SMILE, logits, labels, who, seed=4)
    half = made.half[:, 0]
    assert (half[::2] == half[1::2]).all()
    for side in (0, 1):
        rows = half == side
        fitted = fit_calibration(SMILE, logits[~rows], labels[~rows])
        wanted = apply_calibration(SMILE, logits[rows], labels[rows], fitted)
        assert made.probs[rows] == pytest.approx(wanted.probs)
        assert made.thresholds[rows] == pytest.approx(wanted.thresholds)


def test_cross_fit_leaves_unlabelled_rows_empty() -> None:
    logits, labels = ages(60)
    labels[5] = np.nan
    made = cross_fit(AGE, logits, labels)
    assert made.half[5, 0] == -1
    assert np.isnan([made.value[5], made.low[5], made.high[5]]).all()
    assert np.isfinite(np.delete(made.value, 5)).all()


# Refusals


def test_no_label_at_all_is_refused() -> None:
    with pytest.raises(TrainingError, match="'gender' has no label among 3 pictures"):
        fit_calibration(GENDER, np.zeros((3, 2)), [np.nan] * 3)


def test_one_answer_only_is_refused_with_its_counts() -> None:
    labels = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, np.nan]])
    with pytest.raises(TrainingError, match="'professor' of head 'stats' has 0 yes and 2 no"):
        fit_calibration(STATS, np.zeros((3, 2)), labels)


def test_a_class_that_cannot_be_fitted_is_left_and_named() -> None:
    one, labels_one = yes_no(300)
    labels = np.column_stack([labels_one, np.zeros(300)])
    fitted, complaints = fit_or_leave(STATS, np.hstack([one, one]), labels)
    alone = fit_calibration(SMILE, one, labels_one)
    assert fitted["scale"] == [alone["scale"][0], 1.0]
    assert fitted["thresholds"] == [alone["thresholds"][0], 0.5]
    assert len(complaints) == 1
    assert "'professor'" in complaints[0]
    assert complaints[0].endswith("Its threshold stays at 0.5.")
    assert fit_or_leave(GENDER, np.zeros((3, 2)), [np.nan] * 3)[0] == {}
