"""Take one head out of a package, into a package of its own with identical outputs."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from facecam.errors import TrainingError
from facecam.inference.package import CAM_FILE, MODEL_FILE, ModelPackage, load_package
from facecam.inference.package_file import cam_keys
from facecam.inference.runtime import LiteRtEstimator
from facecam.titles import text_in
from facecam.training.callbacks import Report
from facecam.training.graph_outputs import keep_outputs
from facecam.training.package_folder import package_name, whole_package
from facecam.training.package_spec import write_spec
from facecam.types import ImageU8

KERAS_FILE = "model.keras"
COMPARED_PICTURES = 4


def split_head(
    source: str | Path,
    head: str,
    to: Path,
    cache_dir: Path = Path(".cache/crops"),
    report: Report = print,
) -> Path:
    """Write the package of one head; return its folder.

    The graph is not converted again: operators that only other heads need are left out. Where the
    source has a `model.keras`, so has the new package. A run is exported first.

    Args:
        source: Name or folder of a package, or folder of a run.
        head: Name of the head.
        to: Folder of the new package, which must not exist.
        cache_dir: Of cut pictures, for a run.
        report: Receives one line at a time.

    Raises:
        ModelPackageError: The source is no package, or its Keras model cannot be loaded.
        TrainingError: There is no such head, the folder exists or cannot be written, or the new
            package does not say what the old one says.
    """
    if to.exists():
        raise TrainingError(f"{to} exists already: remove it, or choose another --to.")
    with tempfile.TemporaryDirectory(prefix="facecam-split-") as scratch:
        if (Path(source) / "recipe.json").is_file():
            source = _exported(Path(source), head, Path(scratch), cache_dir, report)
        package = load_package(source)
        names = [known.name for known in package.heads]
        if head not in names:
            raise TrainingError(_no_head(package.name, head, names))
        with whole_package(to) as part:
            _write(package, head, part, to.name)
            _compare(package, load_package(part), head)
    report(f"wrote {to}: {head} of {package.name} {package.version}")
    return to


def _no_head(name: str, head: str, names: list[str]) -> str:
    return f"{name} has no head '{head}': it has {', '.join(names)}."


def _exported(run_dir: Path, head: str, scratch: Path, cache_dir: Path, report: Report) -> Path:
    from facecam.training.export import export_run
    from facecam.training.run import Run

    recipe = Run(run_dir).recipe()
    names = [known.name for known in recipe.heads]
    if head not in names:
        raise TrainingError(_no_head(str(run_dir), head, names))
    return export_run(
        run_dir, scratch / recipe.name, cache_dir=cache_dir, report=report, keras_file=True
    )


def _write(package: ModelPackage, head: str, folder: Path, name: str) -> None:
    """Write graph, arrays, card, report, Keras model and model.json into `folder`."""
    outputs = [package.outputs[head], package.outputs["features"]]
    (folder / MODEL_FILE).write_bytes(keep_outputs(package.read(MODEL_FILE), outputs))
    keys = [key for pair in cam_keys(package.cam, head) for key in pair]
    with (folder / CAM_FILE).open("wb") as file:
        np.savez(file, **{key: package.cam_arrays[key] for key in keys})
    if KERAS_FILE in package.spec["files"]:
        _write_keras(package, head, folder / KERAS_FILE)
    if (package.dir / "report").is_dir():
        shutil.copytree(package.dir / "report", folder / "report")
    spec = split_spec(package.spec, head, name)
    write_spec(folder, spec)
    (folder / "CARD.md").write_text(_card(package, spec, head), "utf-8")


def _write_keras(package: ModelPackage, head: str, path: Path) -> None:
    import keras

    from facecam.training.explain.keras_model import load_keras_file

    whole = load_keras_file(package)
    keras.Model(whole.inputs, {head: whole.output[head]}, name=f"{whole.name}_{head}").save(path)


def split_spec(spec: Mapping[str, Any], head: str, name: str) -> dict[str, Any]:
    """Return model.json of the head's own package, without "files".

    Args:
        spec: Of the whole package.
        head: Which head stays.
        name: Of the new folder; becomes the package's name where it can be one.
    """
    names = {entry["name"] for entry in spec["heads"]}
    entry = next(entry for entry in spec["heads"] if entry["name"] == head)
    made = {
        key: _of_head(value, head, names)
        for key, value in spec.items()
        if key not in ("files", "heads", "metrics", "formats")
    }
    made |= {
        "name": package_name(Path(name), f"{spec['name']}-{head}"),
        "title": entry.get("title") or {"en": head},
        "heads": [entry],
        "metrics": _metrics(spec.get("metrics", {}), head, names),
        "formats": {
            kind: {**record, "figures": _figures(record.get("figures", {}), head)}
            for kind, record in spec.get("formats", {}).items()
        },
        "split_from": {
            "name": spec["name"],
            "version": spec["version"],
            "sha256": spec["files"][MODEL_FILE]["sha256"],
            "heads": sorted(names),
        },
    }
    return made


def _metrics(metrics: Mapping[str, Any], head: str, names: set[str]) -> dict[str, Any]:
    """Keep this head's figures of every data set, which may have a head's name."""
    sets = metrics.get("sets", metrics)  # packages of before have them directly there
    kept = {name: _evaluation(item, head, names) for name, item in sets.items()}
    if sets is metrics:
        return kept
    rest = {key: value for key, value in metrics.items() if key != "sets"}
    return {**_evaluation(rest, head, names), "sets": kept}


def _evaluation(item: Mapping[str, Any], head: str, names: set[str]) -> dict[str, Any]:
    """Keep what "heads" says of this head; the rest may have tables by heads."""
    made = {key: _of_head(value, head, names) for key, value in item.items() if key != "heads"}
    if "heads" in item:
        made["heads"] = {key: value for key, value in item["heads"].items() if key == head}
    return made


def _of_head(value: Any, head: str, names: set[str]) -> Any:
    """Leave out of every table by heads what is not of this head."""
    if isinstance(value, list):
        return [_of_head(item, head, names) for item in value]
    if not isinstance(value, dict):
        return value
    by_head = bool(value) and set(value) <= names | {"features"}
    return {
        key: _of_head(item, head, names)
        for key, item in value.items()
        if not by_head or key in (head, "features")
    }


def _figures(figures: Mapping[str, Any], head: str) -> dict[str, Any]:
    """Keep the figures DATA.HEAD.FIGURE of this head."""
    return {key: value for key, value in figures.items() if key.split(".")[-2:-1] == [head]}


def _card(package: ModelPackage, spec: Mapping[str, Any], head: str) -> str:
    """Return a card of its own, with that of the whole model below it."""
    others = [known.name for known in package.heads if known.name != head]
    lines = [
        f"# {spec['title'].get('en', head)} {package.version}",
        "",
        f"The head `{head}` of {text_in(package.title, 'en', package.name)} {package.version} "
        f"(`{package.name}`), taken out with `python -m facecam split`; its outputs are those of "
        f"the whole model, number by number. Left out: {', '.join(others) or 'nothing'}.",
        "",
        f"- Graph {spec['split_from']['sha256'][:16]}... of the whole model, "
        f"{spec.get('format', 'float32')} weights.",
        f"- Licence: {spec.get('licence') or 'see below'}",
        "",
        "What was measured, on which data, and what the numbers do not mean, stands in the card of "
        "the whole model:",
        "",
    ]
    original = package.dir / "CARD.md"
    if original.is_file():
        text = original.read_text("utf-8")
        lines += [f"#{line}" if line.startswith("#") else line for line in text.splitlines()]
    return "\n".join(lines) + "\n"


def _compare(whole: ModelPackage, part: ModelPackage, head: str) -> None:
    """Refuse a package that does not say exactly what the whole model says."""
    width, height = whole.size_wh
    rng = np.random.default_rng(0)
    pictures: ImageU8 = rng.integers(0, 256, (COMPARED_PICTURES, height, width, 3), np.uint8)
    answers = []
    for package in (whole, part):
        estimator = LiteRtEstimator(package)
        try:
            out = estimator.run(pictures)
            answers.append({name: np.array(out[name]) for name in (head, "features")})
        finally:
            estimator.close()
    for name, expected in answers[0].items():
        if not np.array_equal(expected, answers[1][name]):
            worst = float(np.abs(expected - answers[1][name]).max())
            raise TrainingError(
                f"The head '{head}' would say something else on its own ({name} differs by "
                f"{worst:.2g}): nothing is written."
            )
