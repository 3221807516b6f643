"""The report says where maps lie, beside what knows nothing of the picture."""

from pathlib import Path
from typing import Any

from facecam.training.report import write_report
from facecam.training.report_maps import map_tables
from tests.unit.training.test_report import GENDER, evaluated, page

KEYS = ("pointing", "mass_in_mask", "iou", "iou_fixed")


def figures(value: float, gain: tuple[float, float], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"n": 40, "ci": {}}
    for key in KEYS:
        found |= {key: value, f"{key}_baseline": 0.25, f"{key}_uniform": 0.125}
        found["ci"] |= {key: [value - 0.05, value + 0.05], f"{key}_gain": list(gain)}
    return {**found, **more}


def test_the_report_shows_the_figures_of_maps_with_baselines_and_intervals(tmp_path: Path) -> None:
    content = evaluated(GENDER)
    subsets = {"small": figures(0.375, (0.01, 0.2))}
    content["metrics"]["heads"]["gender"]["cam"] = {
        "layercam": figures(0.75, (0.4, 0.6), follows=0.91, subsets=subsets),
        "scorecam": figures(0.2, (-0.1, 0.02)),
    }
    found = page(write_report(tmp_path, title="Made data", **content))
    text = " ".join(found.words)
    for words in (
        "Where its maps lie", "LayerCAM", "0.750", "0.700 to 0.800", "middle 0.250", "even 0.125",
        "Where the middle is a bad guess", "small (below a tenth of the picture)", "0.375",
        "LayerCAM 0.91",
    ):  # fmt: skip
        assert words in text, words


def test_what_is_not_clearly_above_the_middle_is_marked() -> None:
    good = map_tables({"layercam": figures(0.75, (0.4, 0.6))})
    bad = map_tables({"scorecam": figures(0.2, (-0.1, 0.02))})
    assert 'class="poor"' not in good
    assert bad.count('class="poor"') == len(KEYS)


def test_methods_that_rank_alike_stand_in_the_main_table_alone() -> None:
    part = {"shifted": figures(0.5, (0.1, 0.3))}
    tables = map_tables(
        {
            "cam": figures(0.5, (0.1, 0.3), subsets=part),
            "gradcam": figures(0.5, (0.1, 0.3), subsets=part),
        }
    )
    assert tables.count(">Grad-CAM<") == 1
    assert tables.count(">CAM<") == 2


def test_a_report_without_masks_has_no_such_table(tmp_path: Path) -> None:
    assert map_tables({}) == ""
    found = page(write_report(tmp_path, title="Made data", **evaluated(GENDER)))
    assert "Where its maps lie" not in " ".join(found.words)
