import json

import numpy as np
import pytest
from sklearn import metrics as sk

from facecam.errors import TrainingError
from facecam.training.calibration import cross_fit
from facecam.training.metrics import (
    age_bands,
    evaluate_head,
    subgroup_table,
    worst_mistakes,
)
from facecam.training.weighted import (
    RankedScores,
    calibration_errors,
    equal_mass_bins,
    estimate,
    mean,
    resamples,
)
from tests.unit.training.made_heads import AGE, GENDER, PET, SMILE, STATS, ages, classes, yes_no


def ones(n: int) -> np.ndarray:
    return np.ones((1, n))


# Weighted figures against scikit-learn


@pytest.mark.parametrize("decimals", [0, 1, 6])  # 0 and 1 make many ties
def test_weighted_auc_and_average_precision_equal_scikit_learn(decimals: int) -> None:
    logits, labels = yes_no(300)
    scores = np.round(logits[:, 0], decimals)
    weights = np.random.default_rng(1).integers(0, 4, (5, 300)).astype(float)
    ranked = RankedScores(scores, labels == 1)
    for row, auc, ap in zip(
        weights, ranked.auc(weights), ranked.average_precision(weights), strict=True
    ):
        assert auc == pytest.approx(sk.roc_auc_score(labels, scores, sample_weight=row))
        assert ap == pytest.approx(sk.average_precision_score(labels, scores, sample_weight=row))


def test_auc_of_constant_scores_is_a_half_and_of_one_class_is_undefined() -> None:
    assert RankedScores(np.zeros(6), [1, 0, 0, 1, 0, 0]).auc(ones(6))[0] == 0.5
    assert np.isnan(RankedScores(np.arange(3), [1, 1, 1]).auc(ones(3))[0])
    assert np.isnan(RankedScores([], []).auc(np.ones((1, 0)))[0])


def test_youden_threshold_is_where_scikit_learns_roc_is_highest() -> None:
    logits, labels = yes_no(400, seed=3)
    false, true, cuts = sk.roc_curve(labels, logits[:, 0], drop_intermediate=False)
    limit = RankedScores(logits[:, 0], labels == 1).threshold(ones(400), ("youden", 0))[0]
    said = logits[:, 0] >= limit
    gained = said[labels == 1].mean() - said[labels == 0].mean()
    assert gained == pytest.approx((true - false).max())
    assert limit < cuts[np.argmax(true - false)]  # midway to the next score below


def test_threshold_rules_reach_the_wanted_sensitivity_or_specificity() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    yes = np.array([0, 0, 1, 0, 1, 0, 1, 1], bool)
    ranked = RankedScores(scores, yes)
    assert ranked.threshold(ones(8), ("sensitivity", 0.75))[0] == pytest.approx(0.45)
    assert ranked.threshold(ones(8), ("sensitivity", 1.0))[0] == pytest.approx(0.25)
    assert ranked.threshold(ones(8), ("specificity", 1.0))[0] == pytest.approx(0.65)
    assert ranked.threshold(ones(8), ("specificity", 0.5))[0] == pytest.approx(0.25)


# Calibration error


def test_equal_mass_bins_hold_equally_many_and_never_part_equal_values() -> None:
    p = np.random.default_rng(0).random(1000)
    assert np.bincount(equal_mass_bins(p)).tolist() == [100] * 10
    assert set(equal_mass_bins(np.full(50, 0.7))) == {0}
    assert set(equal_mass_bins([0.2, 0.9, 0.5])) == {0, 1, 2}
    mixed = np.array([0.1] * 60 + [0.9] * 40)
    assert equal_mass_bins(mixed).tolist() == [0] * 60 + [1] * 40


def test_calibration_errors_equal_hand_computed_values() -> None:
    p = np.array([0.2] * 10 + [0.9] * 10)
    y = np.array([1] * 4 + [0] * 6 + [1] * 8 + [0] * 2)
    errors = calibration_errors(ones(20), p, y)
    # gaps -0.2 and 0.1, outcome rates 0.4 and 0.8, ten pictures in each bin
    square = 0.5 * (0.04 - 0.24 / 9) + 0.5 * (0.01 - 0.16 / 9)
    assert errors["mean_square"][0] == pytest.approx(square)
    rng = np.random.default_rng(0)  # Kumar et al. draw the normal; the closed form must agree
    drawn = 0.0
    for gap, rate in ((-0.2, 0.4), (0.1, 0.8)):
        spread = np.sqrt(rate * (1 - rate) / 10)
        drawn += 0.5 * np.abs(gap - rng.normal(0, spread, 400_000)).mean()
    assert errors["ece"][0] == pytest.approx(2 * 0.15 - drawn, abs=1e-3)


def test_debiasing_brings_the_error_of_calibrated_scores_near_zero() -> None:
    rng = np.random.default_rng(5)
    plain, debiased, square = [], [], []
    for _ in range(200):
        p = rng.random(300)
        y = rng.random(300) < p
        errors = calibration_errors(ones(300), p, y)
        bins = equal_mass_bins(p)
        gaps = [abs(p[bins == b].mean() - y[bins == b].mean()) for b in range(10)]
        plain.append(np.mean(gaps))
        debiased.append(errors["ece"][0])
        square.append(errors["mean_square"][0])
    assert np.mean(plain) > 0.045
    assert np.mean(debiased) < 0.65 * np.mean(plain)
    assert abs(np.mean(square)) < 2e-4  # unbiased: the plain squared error is near 0.004


def test_ece_finds_a_known_miscalibration() -> None:
    rng = np.random.default_rng(2)
    p = rng.uniform(0.3, 0.7, 40_000)
    y = rng.random(40_000) < p + 0.2
    errors = calibration_errors(ones(40_000), p, y)
    assert errors["ece"][0] == pytest.approx(0.2, abs=0.01)
    assert np.sqrt(errors["mean_square"][0]) == pytest.approx(0.2, abs=0.01)


# Bootstrap


def test_resamples_draw_whole_clusters_and_repeat_with_the_seed() -> None:
    clusters = np.array([0, 0, 1, 2, 2, 2])
    drawn = np.concatenate(list(resamples(clusters, 50, 7)))
    assert drawn.shape == (50, 6)
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, 3] == drawn[:, 5]).all()
    assert (drawn[:, [0, 2, 3]].sum(axis=1) == 3).all()
    assert (drawn == np.concatenate(list(resamples(clusters, 50, 7)))).all()


def test_bootstrap_interval_of_a_mean_has_the_width_theory_gives() -> None:
    values = np.random.default_rng(0).normal(0, 1, 400)
    points, limits = estimate(
        lambda w: {"mean": mean(w, values)}, np.arange(400), n_boot=4000, seed=1
    )
    low, high = limits["mean"]
    wanted = 2 * 1.96 * values.std() / np.sqrt(400)
    assert high - low == pytest.approx(wanted, rel=0.06)
    assert low < points["mean"] < high


def test_copies_of_one_subject_widen_the_interval() -> None:
    logits, labels = yes_no(150)
    once = evaluate_head(SMILE, logits, labels)
    who = np.repeat(np.arange(150), 4)
    copied = evaluate_head(SMILE, np.repeat(logits, 4, axis=0), np.repeat(labels, 4), who)
    fooled = evaluate_head(SMILE, np.repeat(logits, 4, axis=0), np.repeat(labels, 4))

    def width(figures: dict) -> float:
        low, high = figures["ci"]["auc"]
        return high - low

    assert copied["auc"] == once["auc"]
    assert width(copied) == pytest.approx(width(once), rel=0.15)
    assert width(fooled) < 0.65 * width(copied)


# evaluate_head: the contract


def test_softmax_figures_equal_scikit_learn_and_carry_baselines() -> None:
    logits, labels = classes(3000)
    found = evaluate_head(PET, logits, labels)
    said = logits.argmax(axis=1)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert found["n"] == 3000
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(labels, said), abs=1e-6)
    assert found["balanced_accuracy"] == pytest.approx(
        sk.balanced_accuracy_score(labels, said), abs=1e-6
    )
    assert found["auc"] == pytest.approx(sk.roc_auc_score(labels, p, multi_class="ovr"), abs=1e-6)
    most = np.bincount(labels.astype(int)).max() / 3000
    assert found["majority_baseline"] == pytest.approx(most, abs=1e-6)
    assert found["baselines"]["balanced_accuracy"] == pytest.approx(1 / 3, abs=1e-6)
    assert found["confusion"] == sk.confusion_matrix(labels, said).tolist()
    assert found["ece"] < 0.03  # although the logits are twice too sure
    for name in ("accuracy", "balanced_accuracy", "majority_baseline", "auc", "ece"):
        low, high = found["ci"][name]
        assert low <= found[name] <= high


def test_sigmoid_figures_stand_directly_under_a_head_of_one_class() -> None:
    logits, labels = yes_no(800)
    found = evaluate_head(SMILE, logits, labels)
    fit = cross_fit(SMILE, logits, labels)
    said = fit.probs[:, 0] >= fit.thresholds[:, 0]
    assert found["n"] == 800
    assert found["n_positive"] == int(labels.sum())
    assert found["auc"] == pytest.approx(sk.roc_auc_score(labels, logits[:, 0]), abs=1e-6)
    assert found["average_precision"] == pytest.approx(
        sk.average_precision_score(labels, logits[:, 0]), abs=1e-6
    )
    assert found["precision"] == pytest.approx(sk.precision_score(labels, said), abs=1e-6)
    assert found["recall"] == pytest.approx(sk.recall_score(labels, said), abs=1e-6)
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(labels, said), abs=1e-6)
    assert found["confusion"] == sk.confusion_matrix(labels, said).tolist()
    assert found["baselines"]["average_precision"] == pytest.approx(labels.mean(), abs=1e-6)
    assert found["majority_baseline"] == pytest.approx(1 - labels.mean(), abs=1e-6)
    wanted = {"auc", "average_precision", "threshold", "precision", "recall", "accuracy", "ece"}
    assert wanted | {"majority_baseline"} <= set(found["ci"])
    low, high = found["ci"]["threshold"]
    assert low <= found["threshold"] <= high


def test_several_sigmoid_classes_stand_under_classes_with_their_own_n() -> None:
    one, labels_one = yes_no(300, seed=1)
    two, labels_two = yes_no(300, seed=2)
    labels = np.column_stack([labels_one, labels_two])
    labels[:100, 1] = np.nan
    labels[:40, 0] = np.nan
    found = evaluate_head(STATS, np.hstack([one, two]), labels, n_boot=50)
    assert found["n"] == 260
    assert found["classes"]["athlete"]["n"] == 260
    assert found["classes"]["professor"]["n"] == 200
    alone = evaluate_head(SMILE, two[100:], labels_two[100:], n_boot=50)
    assert found["classes"]["professor"]["auc"] == alone["auc"]


def test_expectation_figures_equal_hand_computed_values() -> None:
    logits, labels = ages(1200)
    found = evaluate_head(AGE, logits, labels)
    fit = cross_fit(AGE, logits, labels)
    off = np.abs(fit.value - labels)
    assert found["mae"] == pytest.approx(off.mean(), abs=1e-6)
    assert found["cs5"] == pytest.approx((off <= 5).mean(), abs=1e-6)
    median = np.abs(labels - np.median(labels)).mean()
    assert found["median_baseline_mae"] == pytest.approx(median, abs=1e-6)
    assert found["interval_coverage"] == pytest.approx(0.8, abs=0.03)
    assert set(found["ci"]) >= {"mae", "median_baseline_mae", "cs5", "interval_coverage"}


def test_an_expectation_is_the_mean_of_the_softmax() -> None:
    logits = np.full((4, 101), -1e3)
    logits[:, 20] = 0.0
    logits[2:, 30] = 0.0  # half 20, half 30
    found = evaluate_head(AGE, logits, [20, 21, 25, 31], n_boot=0)
    assert found["mae"] == pytest.approx((0 + 1 + 0 + 6) / 4)
    assert found["cs5"] == 0.75
    assert found["ci"]["mae"] is None


def test_what_is_fitted_is_not_scored_on_the_same_subjects() -> None:
    """Scores without information: a threshold scored on its own pictures looks better than even."""
    rng = np.random.default_rng(0)
    gains, cheats = [], []
    for seed in range(40):
        scores, labels = rng.normal(size=(60, 1)), rng.permutation(np.repeat([0.0, 1.0], 30))
        gains.append(evaluate_head(SMILE, scores, labels, seed=seed, n_boot=0)["balanced_accuracy"])
        ranked = RankedScores(scores[:, 0], labels == 1)
        said = scores[:, 0] >= ranked.threshold(ones(60), ("youden", 0))[0]
        cheats.append(sk.balanced_accuracy_score(labels, said))
    assert np.mean(gains) == pytest.approx(0.5, abs=0.03)
    assert np.mean(cheats) > 0.57


def test_missing_labels_count_nowhere() -> None:
    logits, labels = classes(400)
    gaps = labels.copy()
    gaps[::2] = np.nan
    assert evaluate_head(PET, logits, gaps) == evaluate_head(PET, logits[1::2], labels[1::2])
    gaps[::2] = -1
    assert evaluate_head(PET, logits, gaps)["n"] == 200


# Degenerate input


@pytest.mark.parametrize("head", [AGE, GENDER, SMILE, STATS])
@pytest.mark.parametrize("n", [0, 5])
def test_a_head_without_labels_gives_nulls(head, n: int) -> None:
    k = len(head.classes)
    shape = (n, k) if head.kind == "sigmoid" else (n,)
    found = evaluate_head(head, np.zeros((n, k)), np.full(shape, np.nan))
    assert found["n"] == 0
    json.dumps(found, allow_nan=False)
    figures = found["classes"]["athlete"] if "classes" in found else found
    assert all(value is None for value in figures["ci"].values())
    assert figures.get("auc") is None
    assert figures.get("mae") is None


def test_one_class_only_gives_nulls_where_two_are_needed() -> None:
    found = evaluate_head(SMILE, np.arange(20.0)[:, None], np.zeros(20))
    assert (found["n"], found["n_positive"]) == (20, 0)
    assert found["auc"] is None
    assert found["threshold"] is None
    assert found["accuracy"] is None
    assert found["majority_baseline"] == 1.0
    logits, _ = classes(30, 2)
    one = evaluate_head(GENDER, logits, np.ones(30))
    assert one["auc"] is None
    assert one["majority_baseline"] == 1.0
    assert one["accuracy"] is not None


def test_a_single_positive_subject_cannot_be_cross_fitted() -> None:
    labels = np.zeros(30)
    labels[4] = 1
    found = evaluate_head(SMILE, np.arange(30.0)[:, None], labels)
    assert found["auc"] is not None
    assert found["precision"] is None
    assert found["confusion"] is None


def test_constant_scores_are_no_better_than_their_baseline() -> None:
    labels = np.repeat([0.0, 1.0, 0.0], 20)
    found = evaluate_head(SMILE, np.zeros((60, 1)), labels)
    assert found["auc"] == 0.5
    assert found["average_precision"] == pytest.approx(1 / 3, abs=1e-6)
    assert found["ece"] <= 0.1
    json.dumps(found, allow_nan=False)


def test_one_subject_alone_has_no_interval() -> None:
    logits, labels = classes(40, 2)
    found = evaluate_head(GENDER, logits, labels, ["same"] * 40)
    assert found["ci"]["accuracy"] is None
    assert found["ece"] is None


def test_nan_logits_are_refused_with_their_number_and_place() -> None:
    logits, labels = yes_no(50)
    logits[7] = np.nan
    with pytest.raises(TrainingError, match=r"'smile'.*1 of 50 .*row 7"):
        evaluate_head(SMILE, logits, labels)


@pytest.mark.parametrize(
    ("head", "labels", "words"),
    [
        (GENDER, [0, 2], "label 2: allowed is a class index from 0 to 1"),
        (GENDER, [0, 0.5], "label 0.5"),
        (SMILE, [0, 3], "label 3: allowed is 0 or 1"),
        (AGE, [0, np.inf], "label inf"),
        (AGE, [0, 1, 2], "shape"),
    ],
)
def test_labels_that_do_not_fit_are_refused(head, labels, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        evaluate_head(head, np.zeros((2, len(head.classes))), labels)


def test_outputs_that_do_not_fit_the_classes_are_refused() -> None:
    with pytest.raises(TrainingError, match="2 classes"):
        evaluate_head(GENDER, np.zeros((4, 3)), np.zeros(4))


# Tables and mistakes


def test_subgroup_rows_equal_the_figures_of_their_pictures() -> None:
    logits, labels = ages(600)
    fit = cross_fit(AGE, logits, labels)
    bands = age_bands(labels)
    rows = subgroup_table(AGE, fit, labels, {"age_band": bands}, n_boot=100)
    assert [row["group"] for row in rows] == [
        "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "70+",
    ]  # fmt: skip
    for row in rows:
        inside = bands == row["group"]
        assert row["n"] == inside.sum()
        assert row["mae"] == pytest.approx(np.abs(fit.value - labels)[inside].mean(), abs=1e-6)
        low, high = row["ci"]["mae"]
        assert low < row["mae"] < high


def test_subgroups_leave_out_empty_cells_and_name_the_class() -> None:
    logits, labels = yes_no(100)
    columns = {"gender": ["female"] * 40 + ["male"] * 50 + [""] * 10, "group": [None] * 100}
    two = np.hstack([logits, logits])
    fit = cross_fit(STATS, two, np.column_stack([labels, labels]))
    rows = subgroup_table(STATS, fit, labels, columns, n_boot=10)
    assert [(row["group"], row["class"], row["n"]) for row in rows] == [
        ("female", "athlete", 40),
        ("female", "professor", 40),
        ("male", "athlete", 50),
        ("male", "professor", 50),
    ]
    assert "threshold" not in rows[0]


def test_a_group_column_of_the_wrong_length_is_refused() -> None:
    logits, labels = yes_no(20)
    fit = cross_fit(SMILE, logits, labels)
    with pytest.raises(TrainingError, match="'group' has 3 values for 20"):
        subgroup_table(SMILE, fit, labels, {"group": ["a", "b", "c"]})


def test_age_bands_hold_their_edges() -> None:
    assert age_bands([0, 2, 3, 9, 10, 69.9, 70, 116, np.nan]).tolist() == [
        "0-2", "0-2", "3-9", "3-9", "10-19", "60-69", "70+", "70+", "",
    ]  # fmt: skip


def test_worst_mistakes_come_worst_first_and_leave_out_right_answers() -> None:
    logits, labels = classes(200, 2)
    fit = cross_fit(GENDER, logits, labels)
    worst = worst_mistakes(GENDER, fit, 10)
    true_p = fit.probs[worst, labels[worst].astype(int)]
    assert (true_p < 0.5).all()
    assert (np.diff(true_p) >= 0).all()
    assert true_p[0] == fit.probs[np.arange(200), labels.astype(int)].min()

    perfect = cross_fit(GENDER, np.eye(2)[[0, 1] * 20] * 9, [0, 1] * 20)
    assert len(worst_mistakes(GENDER, perfect)) == 0


def test_worst_mistakes_of_numbers_and_of_yes_no() -> None:
    logits, labels = ages(100)
    fit = cross_fit(AGE, logits, labels)
    assert worst_mistakes(AGE, fit, 1)[0] == np.argmax(np.abs(fit.value - labels))
    logits, labels = yes_no(100)
    labels[3] = np.nan
    fit = cross_fit(SMILE, logits, labels)
    worst = worst_mistakes(SMILE, fit, 100)
    assert 3 not in worst
    said = fit.probs[worst, 0] >= fit.thresholds[worst, 0]
    assert (said != (labels[worst] == 1)).all()
