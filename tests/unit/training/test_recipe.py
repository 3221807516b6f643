"""Recipes: what is refused, and how overrides reach inside."""

from pathlib import Path

import pytest

from facecam.errors import RecipeError
from facecam.training.recipe import Recipe, load_recipe

RECIPE = """
name: tiny
target: frame
input_size: 32
backbone: {name: MobileNet}
heads:
  - {name: colour, kind: softmax, classes: [red, blue]}
  - {name: size, kind: expectation, classes: {from: 0, to: 10}}
training: {phases: [{epochs: 2, learning_rate: 0.001}]}
"""


@pytest.fixture
def recipe_path(tmp_path: Path) -> Path:
    """Return a small valid recipe."""
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE, "utf-8")
    return path


def test_a_range_of_classes_is_written_out(recipe_path: Path) -> None:
    assert load_recipe(recipe_path).heads[1].classes == list(range(11))


def test_overrides_reach_into_tables_and_lists(recipe_path: Path) -> None:
    recipe = load_recipe(recipe_path, ["training.phases.0.epochs=7", "augmentation.flip=0.25"])
    assert recipe.training.phases[0].epochs == 7
    assert recipe.augmentation.flip == 0.25


def test_relative_weights_start_at_the_recipe_and_in_an_override_where_one_stands(
    recipe_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    recipe = load_recipe(recipe_path, ["backbone.weights=w.h5"])
    assert recipe.backbone.weights == str(elsewhere.resolve() / "w.h5")
    recipe_path.write_text(RECIPE.replace("MobileNet}", "MobileNet, weights: w.h5}"), "utf-8")
    assert load_recipe(recipe_path).backbone.weights == str(recipe_path.parent.resolve() / "w.h5")


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("training.optimiser=adam", "training.optimiser"),
        ("training.optimizer=adamax", "training.optimizer"),
        ("heads.0.kind=maximum", "heads.0.kind"),
        ("heads.0.classes=[red, red]", "heads.0"),
        ("heads.1.name=colour", "distinct"),
        ("training.phases.9.epochs=1", "training.phases.9.epochs"),
        ("nonsense", "KEY=VALUE"),
    ],
)
def test_a_wrong_key_or_value_is_named(recipe_path: Path, override: str, named: str) -> None:
    with pytest.raises(RecipeError, match=named.replace(".", r"\.")):
        load_recipe(recipe_path, [override])


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("training.optimiser=adam", "no key 'training.optimiser', the nearest is "
         "'training.optimizer'"),
        ("epoch=3", "there is no key 'epoch': allowed are name, version, title, target"),
        ("heads.0.clases=[a, b]", "no key 'heads.0.clases', the nearest is 'heads.0.classes'"),
        ("training.phases.0.epochs=0", "'training.phases.0.epochs' is 0 and should be greater"),
        ("training.optimizer=adamax", "'training.optimizer' is 'adamax' and should be 'adam', "
         "'adamw', 'sgd' or 'adadelta'"),
        ("input_size=large", "'input_size' is 'large' and should be an integer or a tuple"),
        ("heads.0.classes=3", "'heads.0.classes' is 3 and should be a list or 'auto'"),
        ("heads.1.threshold=0.5", "at 'heads.1.threshold': takes youden"),
        ("heads.0.class_weights={green: 2}", "names 'green', which is no class"),
        ("heads.1.class_weights=balanced", "an expectation head has no class_weights"),
        ("target=face", None),
        ("training.phases.3.epochs=1", "its list has 1 entries, counted from 0"),
        ("heads.0.name=trunk", "no head may be called 'trunk'"),
        ("heads=[]", "'heads' is [] and should have at least 1 item."),
        ("name=Big", "'name' is 'Big' and should match pattern"),
        # What a package would refuse, but only after the training:
        ("heads.0.classes=[red]", "a softmax head needs two or more classes"),
        ("heads.0.classes=[red, '']", "classes must be names"),
        ("heads.1.classes=[2, 1]", "two or more rising numbers"),
        (f"heads.0.name={'a' * 65}", "should have at most 64 characters"),
        ("training.seed=-1", "'training.seed' is -1 and should be greater than or equal to 0"),
        # What would end in a traceback, before or in the training:
        ("training.seed=4294967296", "and should be less than 4294967296"),
        ("heads.0.hidden=[8, 0]", "'heads.0.hidden.1' is 0 and should be greater than or equal"),
        ("training.phases.0.warmup_share=1.0", "is 1.0 and should be less than 1"),
    ],
)  # fmt: skip
def test_a_complaint_names_the_key_the_value_and_what_is_allowed(
    recipe_path: Path, override: str, said: str | None
) -> None:
    if said is None:
        assert load_recipe(recipe_path, [override])
        return
    with pytest.raises(RecipeError) as caught:
        load_recipe(recipe_path, [override])
    message = str(caught.value)
    assert said in message
    assert "\n" not in message
    assert message.endswith(".")


def test_a_missing_key_and_broken_yaml_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    for text, said in (
        ("name: x\nheads: []\n", "the key 'backbone' is missing"),
        ("name: [x\nheads: 3", "cannot be read"),
        ("just words", "is not a table of keys"),
    ):
        path.write_text(text, "utf-8")
        with pytest.raises(RecipeError, match=said) as caught:
            load_recipe(path)
        assert "\n" not in str(caught.value)


def test_a_recipe_survives_its_json(recipe_path: Path) -> None:
    overrides = ["input_size=[59, 72]", "heads.0.classes=auto", "trunk=[64]"]
    recipe = load_recipe(recipe_path, overrides)
    assert recipe.input_wh == (59, 72)
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_a_recipe_of_an_earlier_version_is_read(recipe_path: Path) -> None:
    """Keys that came later have defaults that mean what was done before them."""
    recipe = load_recipe(recipe_path)
    old = recipe.model_dump(exclude={"trunk": True, "evaluation": True, "export_keras": True})
    for phase in old["training"]["phases"]:
        for key in ("stored_features", "plateau_factor", "plateau_patience", "patience"):
            del phase[key]
    old["backbone"]["pixels"] = "tf"
    del old["backbone"]["pooling"]
    again = Recipe.model_validate(old)
    assert again.training == recipe.training
    assert again.backbone.pooling == "average"
