"""What is explained, its derivative, and how it is asked for."""

import numpy as np
import pytest

from facecam.errors import ModelPackageError, TrainingError
from facecam.training.explain.methods import parse_method
from facecam.training.explain.targets import CamTarget, parse_wanted
from facecam.training.recipe import Head
from tests.unit.training.explain.small_models import AGE, HAT, KIND

SIGNS = Head(name="signs", kind="sigmoid", classes=["hat", "scarf", "beard"])
HEADS = (AGE, HAT, KIND, SIGNS)


@pytest.mark.parametrize(
    "target",
    [
        CamTarget(KIND, 1),
        CamTarget(KIND, 1, on_probability=True, temperature=1.4),
        CamTarget(HAT, 0, on_probability=True),
        CamTarget(SIGNS, 2, on_probability=True),
        CamTarget(AGE, None, temperature=0.8),
        CamTarget(AGE, 3, on_probability=True),
    ],
    ids=lambda target: f"{target.label} {target.explains}",
)
def test_the_derivative_is_that_of_the_value(target: CamTarget) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (4, len(target.head.classes)))
    step = 1e-6
    numeric = np.empty_like(logits)
    for k in range(logits.shape[1]):
        moved = np.zeros_like(logits)
        moved[:, k] = step
        numeric[:, k] = (target.value(logits + moved) - target.value(logits - moved)) / (2 * step)
    np.testing.assert_allclose(target.gradient(logits), numeric, atol=1e-7)


def test_without_a_class_the_face_decides() -> None:
    logits = np.array([0.1, 2.0, -1.0])
    assert [t.class_name for t in parse_wanted("kind", HEADS).targets(logits)] == ["dog"]
    assert [t.class_name for t in parse_wanted("signs", HEADS).targets(logits)] == ["scarf"]
    (age,) = parse_wanted("age", HEADS).targets(np.zeros(10))
    assert (age.index, age.explains, age.label) == (None, "expected value", "age")
    (hat,) = parse_wanted("hat", HEADS).targets(np.zeros(1))
    assert (hat.index, hat.label) == (0, "hat")


def test_a_class_or_all_classes_can_be_named() -> None:
    assert [t.index for t in parse_wanted("kind:owl", HEADS).targets(np.zeros(3))] == [2]
    assert [t.label for t in parse_wanted("kind:*", HEADS).targets(np.zeros(3))] == [
        "kind:cat",
        "kind:dog",
        "kind:owl",
    ]
    assert [t.index for t in parse_wanted("age:27", HEADS).targets(np.zeros(10))] == [9]
    assert [t.index for t in parse_wanted("age:*", HEADS).targets(np.zeros(10))] == [None]


def test_what_does_not_exist_is_answered_with_what_does() -> None:
    with pytest.raises(ModelPackageError, match="no head 'mood'.*age, hat, kind, signs"):
        parse_wanted("mood", HEADS)
    with pytest.raises(ModelPackageError, match="no class 'fox'.*cat, dog, owl"):
        parse_wanted("kind:fox", HEADS)
    with pytest.raises(TrainingError, match="no method 'magic'.*gradcam, gradcam.*scorecam"):
        parse_method("magic")


def test_methods_are_known_by_the_names_of_their_papers() -> None:
    assert parse_method("Grad-CAM++") == "gradcam++"
    assert parse_method("Score-CAM") == "scorecam"
    assert parse_method("Score-CAM-blurred") == "scorecam-blurred"
    assert parse_method("HiResCAM") == "hirescam"
