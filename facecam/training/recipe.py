"""Recipes: one YAML file that says how a model is made, validated before anything runs."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from facecam.errors import RecipeError, reason
from facecam.training.complaints import complaint


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Side = Annotated[int, Field(ge=16, le=1024)]
SEEDS = 2**32
"""How many seeds there are: NumPy takes no larger ones."""
Pixels = Literal["caffe", "tf", "unit", "lite", "torch", "raw"]


class Crop(_Strict):
    """How pictures become crops; see `vision.crops.EyeTemplate` for the eye template."""

    method: Literal["eyes", "whole"] = "eyes"
    eye_span: Annotated[float, Field(gt=0.05, lt=0.6)] = 0.278
    eye_y: Annotated[float, Field(gt=0.1, lt=0.9)] = 0.44
    mouth_ratio: Annotated[float, Field(gt=0.5, lt=5)] = 1.45


class Backbone(_Strict):
    """A convolutional network without its top.

    `name` is one of `keras.applications`, `EfficientNetLite0`, `SmallCNN` or `SmallCNNPooled`.
    `weights` is a path to a Keras 3 weights file (relative to the recipe, or absolute), `imagenet`
    or `none`; `pixels` is what the network expects: `caffe` (BGR minus the ImageNet means), `tf`
    (v / 127.5 - 1), `unit` (v / 255), `lite` ((v - 127) / 128), `torch` (RGB, ImageNet's means and
    deviations), `raw` (0 to 255, the network scales by itself), or `auto`, by the name. `pooling`
    is what heads see of the feature maps: their `average`, or all of them (`flatten`). `until` ends
    the network at a layer: earlier feature maps are finer, and so are class activation maps.
    `freeze_batchnorm` keeps the normalisation of pretrained weights as it is.
    """

    name: str
    weights: str = "none"
    weights_size: Annotated[int, Field(ge=16, le=1024)] = 224
    pixels: Pixels | Literal["auto"] = "auto"
    pooling: Literal["average", "flatten"] = "average"
    until: str | None = None
    freeze_batchnorm: bool = True


class Goal(_Strict):
    """What a yes/no threshold has to reach on the validation pictures: one of the two."""

    sensitivity: Annotated[float, Field(gt=0, le=1)] | None = None
    specificity: Annotated[float, Field(gt=0, le=1)] | None = None


class Head(_Strict):
    """One output.

    `classes` names the classes; for `expectation`, the numbers; `auto` takes them from the training
    pictures. `class_weights` weighs the classes' losses: `balanced` (as if all were equally
    frequent) or a weight by class (1 for classes not named; of a sigmoid head the weight of yes).
    `column` is the manifest column
    (default: the head's name). A sigmoid head of one class reads 0/1, one of several reads a 0/1
    column per class. `label_sd` smooths expectation targets (Gaussian, in units of the classes);
    `l1` weighs the absolute error of the expectation beside the cross-entropy. `threshold` says how
    the threshold of a sigmoid head is found on the validation pictures: `youden` (the largest
    sensitivity + specificity), or a wanted sensitivity or specificity.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]
    title: dict[Literal["en", "ko"], str] = {}
    kind: Literal["softmax", "sigmoid", "expectation"]
    classes: list[str] | list[int] | Literal["auto"]
    labels: dict[Literal["en", "ko"], dict[str, str]] = {}
    unit: str | None = None
    column: str | None = None
    hidden: list[Annotated[int, Field(ge=1)]] = []
    weight: Annotated[float, Field(ge=0)] = 1.0
    class_weights: Literal["balanced"] | dict[str, Positive] | None = None
    label_sd: Annotated[float, Field(ge=0)] = 0.0
    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    l1: Annotated[float, Field(ge=0)] = 0.0
    threshold: Literal["youden"] | Goal = "youden"

    @property
    def threshold_rule(self) -> tuple[str, float]:
        """The threshold's rule as `weighted.RankedScores.threshold` takes it."""
        if isinstance(self.threshold, Goal):
            if self.threshold.sensitivity is not None:
                return "sensitivity", self.threshold.sensitivity
            return "specificity", self.threshold.specificity or 0.0
        return "youden", 0.0

    @field_validator("threshold", mode="before")
    @classmethod
    def _one_rule(cls, value: Any) -> Any:
        given = value if isinstance(value, dict) else {}
        named = [key for key, wanted in given.items() if wanted is not None]
        if value == "youden" or isinstance(value, Goal):
            return value
        if len(named) == 1 and named[0] in ("sensitivity", "specificity"):
            return Goal.model_validate(given)
        raise ValueError("takes youden, {sensitivity: 0.9} or {specificity: 0.95}")

    @model_validator(mode="after")
    def _check(self) -> "Head":
        if self.kind != "sigmoid" and self.threshold != "youden":
            raise ValueError("only a sigmoid head has a threshold")
        if self.kind == "expectation" and self.class_weights is not None:
            raise ValueError("an expectation head has no class_weights")
        if self.classes == "auto":
            if self.kind == "sigmoid":
                raise ValueError("a sigmoid head names its classes; auto is for the other kinds")
            return self
        if len(self.classes) != len(set(self.classes)) or not self.classes:
            raise ValueError("classes must be distinct and not empty")
        if isinstance(self.class_weights, dict):
            unknown = sorted(set(self.class_weights) - set(map(str, self.classes)))
            if unknown:
                raise ValueError(f"class_weights names '{unknown[0]}', which is no class")
        # A package takes no others, and that would come out after the training only.
        if self.kind == "expectation":
            numbers = [c for c in self.classes if isinstance(c, int)]
            if len(numbers) != len(self.classes):
                raise ValueError("an expectation head needs whole numbers as classes")
            if len(numbers) < 2 or any(b <= a for a, b in pairwise(numbers)):
                raise ValueError("an expectation head needs two or more rising numbers as classes")
            return self
        if not all(isinstance(c, str) and c for c in self.classes):
            raise ValueError("classes must be names")
        if self.kind == "softmax" and len(self.classes) < 2:
            raise ValueError("a softmax head needs two or more classes; sigmoid is for one")
        return self


class Data(_Strict):
    """Which manifests, and how often their pictures are drawn.

    `names` is a note for people: the data sets it was made for. `shares` maps the name of a data
    set (that of its folder) to its share of an epoch, `balance` a column to how much more evenly
    its values are drawn: with probability proportional to count ** -power, 0 as they come, 1 fully
    even.
    """

    names: list[str] = []
    group_by: list[str] = []
    subject_column: str = "subject"
    shares: dict[str, Share] = {}
    balance: dict[str, Share] = {}


class Augmentation(_Strict):
    """What a webcam does to pictures; every number is a probability unless its name says else."""

    flip: Share = 0.0
    flip_vertical: Share = 0.0
    quarter_turns: Share = 0.0
    """Probability of a turn by 90, 180 or 270 degrees."""
    rotation_deg: Annotated[float, Field(ge=0, le=180)] = 0.0
    shear_deg: Annotated[float, Field(ge=0, le=45)] = 0.0
    scale: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    shift: Annotated[float, Field(ge=0, le=0.3)] = 0.0
    brightness: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Largest change of brightness, up or down, as a share of it."""
    border: Literal["black", "reflect"] = "black"
    """What lies outside a picture that is moved; `reflect` is for whole pictures."""
    light: Share = 0.0
    colour: Share = 0.0
    grey: Share = 0.0
    blur: Share = 0.0
    lowres: Share = 0.0
    jpeg: Share = 0.0
    noise: Share = 0.0
    occlusion: Share = 0.0
    context: Share = 0.0
    """Fill what lies outside the source picture with the surroundings of another picture."""
    tight: Share = 0.0
    """Black out what lies outside a tight crop taken from another picture of the data."""

    def weakened(self, share: float) -> "Augmentation":
        """Return this with a share of its strengths.

        Turned and mirrored pictures, and what is done about the borders of tight crops, stay.
        """
        weaker = (
            "rotation_deg", "shear_deg", "scale", "shift", "brightness", "light", "colour", "grey",
            "blur", "lowres", "jpeg", "noise", "occlusion",
        )  # fmt: skip
        return self.model_copy(update={name: share * getattr(self, name) for name in weaker})


class Phase(_Strict):
    """One stretch of training.

    `freeze`: `all` trains the heads alone, on features computed once and without augmentation;
    `none` trains everything; a whole number or a layer's name trains the backbone from there on
    (numbers as in `keras.applications`, whose layer 0 is the input). With `stored_features: false`
    frozen backbones see augmented pictures. `schedule`: `step` multiplies the rate by 1, 0.2, 0.04
    and 0.008 in the four quarters, `cosine` warms up and falls to a hundredth, `plateau` multiplies
    it by `plateau_factor` after `plateau_patience` epochs without a better validation score.
    `patience` ends the phase after so many epochs without a better score. `augmentation` is the
    share of the augmentation's strengths: a last phase with weaker ones fits clean pictures better.
    `average`: the phase's best weights count towards the mean of all such phases, which is measured
    when the last phase is over (after Izmailov et al., "Averaging Weights Leads to Wider
    Optima and Better Generalization", UAI 2018, with a cycle of the learning rate a phase).
    """

    epochs: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0)]
    freeze: Literal["all", "none"] | int | str = "none"
    stored_features: bool = True
    schedule: Literal["constant", "step", "cosine", "plateau"] = "constant"
    warmup_share: Annotated[float, Field(ge=0, lt=1)] = 0.05
    plateau_factor: Annotated[float, Field(gt=0, lt=1)] = 0.3
    plateau_patience: Annotated[int, Field(ge=1)] = 3
    patience: Annotated[int, Field(ge=1)] | None = None
    batch_size: Annotated[int, Field(ge=1)] | None = None
    augmentation: Share = 1.0
    average: bool = False


class Training(_Strict):
    """How the weights are fitted."""

    optimizer: Literal["adam", "adamw", "sgd", "adadelta"] = "adam"
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    batch_size: Annotated[int, Field(ge=1)] = 32
    dropout: Share = 0.0
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Momentum of the running average of the weights that is kept as the result; 0 is off."""
    steps_per_epoch: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0, lt=SEEDS)] = 0
    phases: Annotated[list[Phase], Field(min_length=1)]


class Evaluation(_Strict):
    """How the figures of the card are made.

    `folds`: 0 measures the validation split; K of at least 2 measures every picture by a model
    that was fitted without the people on it (K folds grouped by subject), and then fits the model
    that is shipped on all people. That needs phases with `freeze: all` only. `gallery` puts the
    pictures of the worst mistakes into the report that ships: only for data that may be passed on.
    """

    folds: Annotated[int, Field(ge=0, le=20)] = 0
    gallery: bool = False

    @model_validator(mode="after")
    def _check(self) -> "Evaluation":
        if self.folds == 1:
            raise ValueError("folds takes 0 (none) or at least 2")
        return self


class Card(_Strict):
    """What the model card says that no number says; `warnings` stand above everything else.

    A warning is said in the window too: a text, or one for each language as in titles.
    """

    summary: str = ""
    warnings: list[str | dict[Literal["en", "ko"], str]] = []
    limits: list[str] = []
    data: list[str] = []
    licence: str = ""


class Recipe(_Strict):
    """A whole recipe."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
    version: str = "1.0.0"
    title: dict[Literal["en", "ko"], str] = {}
    target: Literal["face", "frame"] = "face"
    input_size: Side | tuple[Side, Side] = 128
    """Side of the model's square pictures, or [width, height], in pixels."""
    crop: Crop = Crop()
    backbone: Backbone
    trunk: list[Annotated[int, Field(ge=1)]] = []
    """Hidden layers that all heads share."""
    heads: Annotated[list[Head], Field(min_length=1)]
    data: Data = Data()
    augmentation: Augmentation = Augmentation()
    training: Training
    export_format: Literal["float32", "float16", "int8"] = "float32"
    export_keras: bool = False
    evaluation: Evaluation = Evaluation()
    card: Card = Card()

    @model_validator(mode="after")
    def _check(self) -> "Recipe":
        names = [head.name for head in self.heads]
        if len(names) != len(set(names)) or "features" in names:
            raise ValueError("head names must be distinct, and none may be 'features'")
        if "trunk" in names:
            raise ValueError("no head may be called 'trunk', which its shared layers are")
        upright = self.target == "frame" or self.crop.method == "whole"
        if self.augmentation.border == "reflect" and not upright:
            raise ValueError("augmentation.border: reflect is for whole pictures")
        return self

    @property
    def input_wh(self) -> tuple[int, int]:
        """Width and height of the model's pictures in pixels."""
        size = self.input_size
        return (size, size) if isinstance(size, int) else size


def load_recipe(path: Path, overrides: list[str] | None = None) -> Recipe:
    """Read and validate a recipe.

    Args:
        path: YAML file.
        overrides: KEY=VALUE pairs; a dotted key reaches inside, values are read as YAML, as in
            `training.phases.0.epochs=2`. A relative path of weights starts at the current folder
            here, and at the recipe's folder inside the recipe.

    Raises:
        RecipeError: Names the key and what is allowed.
    """
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = " ".join(reason(error).split())  # YAML's complaints have several lines
        raise RecipeError(
            f"The recipe {path} cannot be read ({why}): choose one like those in resources/recipes."
        ) from error
    if not isinstance(raw, dict):
        raise RecipeError(f"The recipe {path} is not a table of keys: see resources/recipes.")
    for override in overrides or []:
        _apply(raw, override)
    raw = _with_ranges(raw)
    try:
        recipe = Recipe.model_validate(raw)
    except ValidationError as error:
        what = complaint(error, raw, Recipe)
        raise RecipeError(f"The recipe {path} is not valid: {what.removesuffix('.')}.") from error
    weights = recipe.backbone.weights
    if weights in ("none", "imagenet") or Path(weights).is_absolute():
        return recipe
    typed = any(override.startswith("backbone.weights=") for override in overrides or [])
    found = ((Path() if typed else path.parent) / weights).resolve()
    backbone = recipe.backbone.model_copy(update={"weights": str(found)})
    return recipe.model_copy(update={"backbone": backbone})


def _with_ranges(raw: dict[str, Any]) -> dict[str, Any]:
    """Write out `classes: {from: 0, to: 100}` of expectation heads."""
    heads = raw.get("heads")
    if not isinstance(heads, list):
        return raw
    written = []
    for head in heads:
        classes = head.get("classes") if isinstance(head, dict) else None
        if isinstance(classes, dict) and set(classes) == {"from", "to"}:
            first, last = classes["from"], classes["to"]
            if isinstance(first, int) and isinstance(last, int):
                head = {**head, "classes": list(range(first, last + 1))}
        written.append(head)
    return {**raw, "heads": written}


def _apply(raw: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    if not equals:
        raise RecipeError(f"--set takes KEY=VALUE, not '{override}'.")
    target: Any = raw
    parts = key.split(".")
    try:
        for part in parts[:-1]:
            target = target[int(part)] if isinstance(target, list) else target.setdefault(part, {})
        last: Any = int(parts[-1]) if isinstance(target, list) else parts[-1]
        target[last] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise RecipeError(f"--set {override}: the value '{value}' is no YAML.") from error
    except IndexError as error:
        raise RecipeError(
            f"--set {override}: there is no key '{key}', its list has {len(target)} entries, "
            "counted from 0."
        ) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise RecipeError(f"--set {override}: there is no key '{key}' in the recipe.") from error
