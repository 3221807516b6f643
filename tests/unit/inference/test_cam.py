"""Maps are exactly what the formulas say."""

import numpy as np
import pytest
from numpy.typing import NDArray

from facecam.errors import ModelPackageError
from facecam.inference.cam import (
    GradientCam,
    LinearCam,
    cam_head,
    class_of_reading,
    full_scale,
    has_cam,
    parse_cam,
    typical_scale,
)
from facecam.inference.decode import expectation, probabilities
from facecam.types import (
    CamChoice,
    ExpectationReading,
    MultiSigmoidReading,
    SigmoidReading,
    SoftmaxReading,
)
from tests.made_cam import CHANNELS, TEMPERATURE, logits_of, made_package

PACKAGE = made_package()


def features_of(count: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return np.maximum(rng.normal(size=(count, 5, 4, CHANNELS)), 0).astype(np.float32)


@pytest.mark.parametrize(("head", "name"), [("smile", None), ("marks", "dot"), ("marks", "line")])
def test_a_linear_heads_map_is_the_classic_one(head: str, name: str | None) -> None:
    features = features_of(3)
    cam = cam_head(PACKAGE, head, name)
    assert isinstance(cam, LinearCam)
    kernel = PACKAGE.cam_arrays[f"{head}_0/kernel"][:, cam.column]
    bias = PACKAGE.cam_arrays[f"{head}_0/bias"][cam.column]
    np.testing.assert_allclose(cam.maps(features), features @ kernel, atol=1e-5)
    logits = logits_of(PACKAGE, head, features.mean(axis=(1, 2)))
    np.testing.assert_allclose(
        cam.maps(features).mean(axis=(1, 2)) + bias, logits[:, cam.column], atol=1e-5
    )


def answer(head: str, name: str | None, pooled: NDArray[np.float64]) -> NDArray[np.float64]:
    logits = logits_of(PACKAGE, head, pooled)
    spec = PACKAGE.head(head)
    if name is not None:
        return np.asarray(logits[:, list(map(str, spec.classes)).index(name)])
    return expectation(probabilities(spec, logits / TEMPERATURE, {}), spec.classes)[0]


@pytest.mark.parametrize(
    ("head", "name"), [("mood", "calm"), ("mood", "sad"), ("age", None), ("age", "3")]
)
def test_a_gradient_is_what_a_small_step_changes(head: str, name: str | None) -> None:
    cam = cam_head(PACKAGE, head, name)
    assert isinstance(cam, GradientCam)
    pooled = features_of(4).mean(axis=(1, 2)).astype(np.float64)
    step = 1e-5
    numeric = np.empty_like(pooled)
    for channel in range(CHANNELS):
        shift = np.zeros(CHANNELS)
        shift[channel] = step
        change = answer(head, name, pooled + shift) - answer(head, name, pooled - shift)
        numeric[:, channel] = change / (2 * step)
    np.testing.assert_allclose(cam.gradient(pooled.astype(np.float32)), numeric, atol=2e-5)


@pytest.mark.parametrize(("head", "name"), [("mood", "glad"), ("age", None), ("smile", None)])
def test_a_map_is_grad_cam_times_its_number_of_cells(head: str, name: str | None) -> None:
    features = features_of(2)
    cam = cam_head(PACKAGE, head, name)
    pooled = features.mean(axis=(1, 2))
    if isinstance(cam, GradientCam):
        slope = cam.gradient(pooled)
    else:
        slope = np.broadcast_to(cam.weights, pooled.shape)
    # Each cell of each feature counts 1/(h w) of the mean; Grad-CAM takes the mean over cells.
    alpha = slope / (5 * 4)
    grad_cam = np.einsum("nhwc,nc->nhw", features, alpha)
    np.testing.assert_allclose(cam.maps(features), 5 * 4 * grad_cam, atol=1e-5)


def test_faces_do_not_mix() -> None:
    features = features_of(5)
    for head, name in (("age", None), ("mood", "sad"), ("smile", None)):
        cam = cam_head(PACKAGE, head, name)
        one_by_one = np.concatenate([cam.maps(features[i : i + 1]) for i in range(5)])
        np.testing.assert_allclose(cam.maps(features), one_by_one, atol=1e-6)
        assert cam.maps(features[:0]).shape == (0, 5, 4)


def test_scores_are_what_the_map_explains() -> None:
    pooled = features_of(3).mean(axis=(1, 2)).astype(np.float64)
    for head, name in (("age", None), ("mood", "sad"), ("age", "2")):
        scores = cam_head(PACKAGE, head, name).scores(logits_of(PACKAGE, head, pooled))
        np.testing.assert_allclose(scores, answer(head, name, pooled), atol=1e-6)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("smile", CamChoice("smile")),
        ("smile:smile", CamChoice("smile", "smile")),
        ("mood", CamChoice("mood")),
        ("mood:sad", CamChoice("mood", "sad")),
        ("age", CamChoice("age")),
        ("age:3", CamChoice("age", "3")),
        ("marks:dot", CamChoice("marks", "dot")),
    ],
)
def test_a_choice_is_read_from_words(text: str, choice: CamChoice) -> None:
    assert parse_cam(text, PACKAGE) == choice


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hat", "has no head hat: it has age, mood, smile, marks."),
        ("mood:angry", "has no class angry: choose one of calm, glad, sad."),
        ("smile:no", "has no class no: choose one of smile."),
        ("", "has no head"),
    ],
)
def test_a_wrong_choice_names_the_choices(text: str, said: str) -> None:
    with pytest.raises(ModelPackageError, match=said):
        parse_cam(text, PACKAGE)


def test_a_package_without_weights_says_so() -> None:
    bare = made_package(layers={"smile": ["smile_0"]})
    assert has_cam(bare, "smile")
    assert not has_cam(bare, "mood")
    assert not has_cam(bare, "hat")
    with pytest.raises(ModelPackageError, match="no weights for a class activation map"):
        parse_cam("mood", bare)


def test_layers_that_do_not_fit_are_refused() -> None:
    crossed = made_package(layers={"mood": ["mood_0", "mood_2"]})
    with pytest.raises(ModelPackageError, match="no weights"):
        parse_cam("mood", crossed)


def test_several_classes_need_one_named() -> None:
    with pytest.raises(ModelPackageError, match="several classes: choose one of calm, glad, sad"):
        cam_head(PACKAGE, "mood")


def test_the_class_of_a_reading() -> None:
    age, mood, smile, marks = PACKAGE.heads
    assert class_of_reading(age, ExpectationReading(2.0, 1.0, 3.0)) is None
    assert class_of_reading(mood, SoftmaxReading("sad", 0.8, {})) == "sad"
    assert class_of_reading(smile, SigmoidReading(0.1, False)) == "smile"
    both = MultiSigmoidReading({"dot": 0.2, "line": 0.7}, ("line",))
    assert class_of_reading(marks, both) == "line"
    assert class_of_reading(age, None) is None


def test_the_fixed_scale_comes_from_the_package_or_the_kind_of_head() -> None:
    smile, age = cam_head(PACKAGE, "smile"), cam_head(PACKAGE, "age")
    assert full_scale(PACKAGE, smile) == 25.0
    assert full_scale(PACKAGE, age) == 1.0, "a quarter of its range"
    told = made_package(scale={"smile": {"smile": 7.5}, "age": {"": 3}})
    assert full_scale(told, smile) == 7.5
    assert full_scale(told, age) == 3.0
    for bad in ({"smile": {"smile": -1.0}}, {"smile": 3}, [], {"smile": {"smile": "x"}}):
        assert full_scale(made_package(scale=bad), smile) == 25.0


def test_a_typical_scale_is_one_that_few_faces_go_beyond() -> None:
    maps = np.zeros((100, 2, 2), np.float32)
    maps[:, 0, 0] = -np.arange(100)
    assert typical_scale(maps) == pytest.approx(89.1)
