from typing import Any

import numpy as np

from facecam.training.card import write_card
from facecam.training.metrics import cross_fit, evaluate_head, subgroup_table
from facecam.training.package_metrics import package_metrics
from facecam.training.recipe import Recipe
from tests.unit.training.made_heads import ages, classes, yes_no

HEADS: list[dict[str, Any]] = [
    {"name": "age", "kind": "expectation", "classes": list(range(101)), "unit": "years"},
    {"name": "pet", "kind": "softmax", "classes": ["cat", "dog", "fish"]},
    {"name": "smile", "kind": "sigmoid", "classes": ["smile"]},
    {"name": "luck", "kind": "sigmoid", "classes": ["luck"]},
]


def recipe() -> Recipe:
    return Recipe.model_validate(
        {
            "name": "made-up",
            "backbone": {"name": "SmallCNN"},
            "heads": HEADS,
            "training": {"phases": [{"epochs": 1, "learning_rate": 0.1}]},
            "card": {
                "summary": "What it says.",
                "warnings": ["Not a medical device."],
                "limits": ["Nothing about who somebody is."],
                "data": ["Made up."],
                "licence": "Do what you like.",
            },
        }
    )


def evaluation(protocol: str = "validation split") -> tuple[dict[str, Any], dict[str, Any]]:
    rng = np.random.default_rng(0)
    made = {"age": ages(300), "pet": classes(300), "smile": yes_no(300)}
    made["luck"] = rng.normal(size=(300, 1)), (rng.random(300) < 0.2).astype(float)
    heads, tables = {}, {}
    for head in recipe().heads:
        z, y = made[head.name]
        heads[head.name] = evaluate_head(head, z, y, n_boot=60)
        fit = cross_fit(head, z, y)
        groups = {"place": ["in", "out"] * 150}
        tables[head.name] = subgroup_table(head, fit, y, groups, n_boot=20)
    metrics = {"images": 300, "faces_found": 299, "heads": heads, "protocol": protocol}
    return metrics, tables


def spec(metrics: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": "made-up",
        "target": "face",
        "heads": HEADS,
        "input": {"width": 64, "height": 48},
        "format": "int8",
        "cam": {},
        "calibration": {"age": {"limits": {"eye_span_px": 12.0}}},
        "metrics": package_metrics({"set": metrics}, {"set"}),
        "files": {"model.tflite": {"bytes": 1_500_000}},
        "parity": {
            "pictures": 9,
            "heads": {"smile": {"logits": 0.02, "probabilities": 0.004}},
            "changes": {"set": {"smile": {"auc": [0.912, 0.9098]}}},
        },
        **more,
    }


def card(protocol: str = "validation split", **more: Any) -> str:
    metrics, tables = evaluation(protocol)
    return write_card(recipe(), spec(metrics, **more), {"set": metrics}, {"set": tables})


def test_the_skeleton_is_there_in_order_with_warnings_first() -> None:
    text = card()
    words = [
        "# made-up", "> **Not a medical device.**", "no better than chance on unseen pictures:",
        "What it says.", "## What it does", "## What the numbers do not mean", "## Figures",
        "## Figures by group", "## When it says that it cannot tell", "## The package",
        "## Data and terms", "Do what you like.",
    ]  # fmt: skip
    places = [text.index(word) for word in words]
    assert places == sorted(places)
    assert "a number from 0 to 100 years, with an interval" in text
    assert "one of cat, dog, fish" in text


def test_figures_stand_with_intervals_beside_their_trivial_answers() -> None:
    metrics, _ = evaluation()
    text = card()
    smile = metrics["heads"]["smile"]
    low, high = smile["ci"]["auc"]
    assert f"{smile['auc']:.3f} ({low:.3f} to {high:.3f})" in text
    assert f"always answering no: {smile['majority_baseline']:.3f}" in text
    assert f"{metrics['heads']['age']['median_baseline_mae']:.2f}" in text
    assert "**luck is no better than chance** on unseen pictures" in text
    assert "than always answering no" in text[text.index("**luck is no better") :]
    assert "smile is no better" not in text
    assert "python -m facecam evaluate made-up set --split val" in text


def test_out_of_fold_figures_say_so_and_name_their_own_command() -> None:
    text = card("out of fold, 5 folds grouped by person")
    assert "### set: out of fold, 5 folds grouped by person (300 pictures" in text
    assert "python -m facecam export runs/made-up --to models/made-up" in text


def test_int8_lists_the_change_of_each_figure() -> None:
    text = card()
    assert "| smile | 0.02 | 0.004 |" in text
    assert "| smile | auc | 0.9120 | 0.9098 | -0.0022 |" in text


def test_where_it_looks_has_masks_shuffled_weights_and_pictures() -> None:
    assert "Where it looks" not in card()
    metrics, tables = evaluation()
    metrics["heads"]["pet"]["cam"] = {
        "gradcam": {"n": 7, "pointing": 0.9, "pointing_baseline": 0.8, "ci": {"pointing": [0.7, 1]}}
    }
    random = {"pet": {"similarity": 0.31, "passed": True}, "age": {"similarity": 0.9}}
    text = write_card(
        recipe(),
        spec(metrics, cam={"randomization": random}),
        {"set": metrics},
        {"set": tables},
        {"Mean maps.": "report/cam/mean.png"},
    )
    assert "| gradcam | 7 | 0.900 (0.700 to 1.000) [0.800] |" in text
    assert "| pet | 0.31 | yes |" in text
    assert "| age | 0.90 | **no** |" in text
    assert "![Mean maps.](report/cam/mean.png)" in text
