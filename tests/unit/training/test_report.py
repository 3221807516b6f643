import base64
import io
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from facecam.errors import MediaFileError, TrainingError
from facecam.training import plots
from facecam.training.metrics import cross_fit, evaluate_head, subgroup_table
from facecam.training.plots import DARK, LIGHT, head_plots, render, render_pair
from facecam.training.report import write_report
from tests.unit.training.made_heads import (
    AGE,
    GENDER,
    SMILE,
    STATS,
    MadeHead,
    ages,
    classes,
    yes_no,
)

N = 160


@pytest.fixture(autouse=True)
def coarse_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw few pixels: most of a report's time goes into its plots."""
    monkeypatch.setattr(plots, "_DPI", 50)


def made(head: MadeHead) -> tuple[np.ndarray, np.ndarray]:
    if head is AGE:
        return ages(N)
    if head.kind == "softmax":
        return classes(N, len(head.classes))
    parts = [yes_no(N, seed=i) for i in range(len(head.classes))]
    return np.hstack([logits for logits, _ in parts]), np.column_stack([y for _, y in parts])


def evaluated(*heads: MadeHead) -> dict[str, Any]:
    """Return what `write_report` takes, for made predictions of these heads."""
    metrics: dict[str, Any] = {"images": N, "faces_found": N - 3, "heads": {}, "subgroups": {}}
    logits, labels = {}, {}
    for head in heads:
        z, y = logits[head.name], labels[head.name] = made(head)
        metrics["heads"][head.name] = evaluate_head(head, z, y, n_boot=20)
        groups = {"group": ["one", "two"] * (N // 2)}
        rows = subgroup_table(head, cross_fit(head, z, y), y, groups, n_boot=20)
        metrics["subgroups"][head.name] = rows
    return {"metrics": metrics, "heads": heads, "logits": logits, "labels": labels, "n_boot": 20}


class Page(HTMLParser):
    """Collects tags, text and the sources of pictures; fails on tags that are not closed."""

    VOID = frozenset({"meta", "img", "source", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.sources: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "img":
            self.images.append(values)
        self.sources += [v for k, v in attrs if k in ("src", "srcset", "href") and v]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def test_report_holds_every_head_and_needs_no_other_file(tmp_path: Path) -> None:
    content = evaluated(AGE, GENDER, SMILE, STATS)
    path = write_report(tmp_path / "new", title="Made data", **content)
    found = page(path)
    text = " ".join(found.words)
    for word in ("Made data", "Age", "Gender", "Smile", "Stats: professor", "157 faces found"):
        assert word in text
    assert "always the median" in text  # baselines stand beside the figures
    assert "By group" in text
    assert all(s.startswith(("data:image/", "#")) for s in found.sources)
    assert all(image["alt"] for image in found.images)
    assert "prefers-color-scheme: dark" in path.read_text(encoding="utf-8")


def test_metrics_json_is_what_was_evaluated_with_the_tables(tmp_path: Path) -> None:
    content = evaluated(GENDER)
    write_report(tmp_path, title="t", **content)
    stored = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert stored == content["metrics"]
    assert [row["group"] for row in stored["subgroups"]["gender"]] == ["one", "two"]


def test_plots_are_readable_files_and_nothing_is_left_half_written(tmp_path: Path) -> None:
    content = evaluated(AGE, SMILE)
    write_report(tmp_path, title="t", **content)
    names = sorted(path.name for path in (tmp_path / "plots").iterdir())
    assert names == ["age-errors.png", "smile-curves.png", "smile-decisions.png"]
    for name in names:
        with Image.open(tmp_path / "plots" / name) as picture:
            picture.load()
            assert picture.width > 150
    assert not list(tmp_path.rglob("*.part"))


def test_dark_and_light_plots_have_the_colours_of_the_page() -> None:
    content = evaluated(SMILE)
    fit = cross_fit(SMILE, content["logits"]["smile"], content["labels"]["smile"])
    plot = head_plots(SMILE, fit)[0]
    for theme in (LIGHT, DARK):
        with Image.open(io.BytesIO(render(plot, theme))) as picture:
            corner = picture.convert("RGB").getpixel((2, 2))
        wanted = tuple(int(theme.panel[i : i + 2], 16) for i in (1, 3, 5))
        assert np.abs(np.subtract(corner, wanted)).max() <= 3


def test_an_accuracy_no_better_than_the_majority_is_marked(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(N) < 0.2).astype(float)
    logits = np.column_stack([np.full(N, 4.0), rng.normal(size=N)])  # always class 0
    content = {
        "metrics": {"heads": {"gender": evaluate_head(GENDER, logits, labels, n_boot=50)}},
        "heads": [GENDER],
        "logits": {"gender": logits},
        "labels": {"gender": labels},
    }
    text = write_report(tmp_path, title="t", **content).read_text("utf-8")
    assert re.search(r'Accuracy<small>.*?<td class="poor">.*?no clear gain', text)


def test_gallery_shows_the_worst_mistakes_and_survives_a_lost_picture(tmp_path: Path) -> None:
    asked = []

    def load(row: int) -> np.ndarray:
        asked.append(row)
        if len(asked) == 2:
            raise MediaFileError("gone")
        return np.full((300, 200, 3), (0, 0, 255), np.uint8)  # blue

    content = evaluated(AGE)
    path = write_report(tmp_path, title="t", **content, load_image=load, gallery=3)
    found = page(path)
    fit = cross_fit(AGE, content["logits"]["age"], content["labels"]["age"])
    assert asked == np.argsort(-np.abs(fit.value - fit.labels))[:3].tolist()
    assert "picture cannot be read" in " ".join(found.words)
    thumbs = [i["src"] for i in found.images if i["src"].startswith("data:image/jpeg")]
    assert len(thumbs) == 2
    with Image.open(io.BytesIO(base64.b64decode(thumbs[0].split(",")[1]))) as thumb:
        assert thumb.size == (85, 128)
        red, _, blue = thumb.convert("RGB").getpixel((40, 60))
    assert blue > 200 > 50 > red


def test_text_from_the_data_cannot_break_the_page(tmp_path: Path) -> None:
    head = MadeHead("odd", "sigmoid", ["<b>a/b", "../c"])
    logits, labels = made(STATS)
    path = write_report(
        tmp_path,
        title="<script>",
        metrics={"heads": {"odd": evaluate_head(head, logits, labels, n_boot=10)}},
        heads=[head],
        logits={"odd": logits},
        labels={"odd": labels},
        notes=["a & b <i>"],
    )
    assert "<b>a/b" in " ".join(page(path).words)
    assert "<script>" not in path.read_text(encoding="utf-8")
    names = sorted(p.name for p in (tmp_path / "plots").iterdir())
    assert names == [
        "odd-1-b-a-b-curves.png",
        "odd-1-b-a-b-decisions.png",
        "odd-2-c-curves.png",
        "odd-2-c-decisions.png",
    ]


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_heads_with_hardly_any_label_still_give_a_report(tmp_path: Path, kept: int) -> None:
    content = evaluated(AGE, GENDER, STATS)
    for head in (AGE, GENDER, STATS):
        labels = content["labels"][head.name].astype(float)
        labels[kept:] = np.nan
        z = content["logits"][head.name]
        content["labels"][head.name] = labels
        content["metrics"]["heads"][head.name] = evaluate_head(head, z, labels, n_boot=10)
    path = write_report(tmp_path, title="t", **content)
    text = " ".join(page(path).words)
    assert f"{kept} labelled pictures" in text
    assert "not known" in text


def test_a_head_that_was_not_evaluated_is_left_out(tmp_path: Path) -> None:
    content = evaluated(SMILE, GENDER)
    del content["metrics"]["heads"]["gender"]
    path = write_report(tmp_path, title="t", **content)
    assert "Gender" not in page(path).words


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    content = evaluated(SMILE)
    with pytest.raises(TrainingError, match=r"cannot be written to .*file.*choose another folder"):
        write_report(tmp_path / "file", title="t", **content)


def test_matplotlib_is_not_imported_with_the_module() -> None:
    import subprocess

    code = "import sys, facecam.training.report; print('matplotlib' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_the_dark_plot_of_a_pair_is_laid_out_like_its_own() -> None:
    content = evaluated(SMILE)
    fit = cross_fit(SMILE, content["logits"]["smile"], content["labels"]["smile"])
    for plot in head_plots(SMILE, fit):
        light, dark = render_pair(plot)
        assert light == render(plot, LIGHT)
        with Image.open(io.BytesIO(dark)) as a, Image.open(io.BytesIO(render(plot, DARK))) as b:
            difference = np.abs(
                np.asarray(a.convert("RGB"), int) - np.asarray(b.convert("RGB"), int)
            )
        assert (difference > 24).mean() < 0.01
