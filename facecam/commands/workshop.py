"""`train`, `evaluate`, `export`: the commands that load TensorFlow."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from facecam.commands.output import INTERRUPTED, ends_well, only_json_on_stdout, print_json
from facecam.commands.training_progress import training_progress


def _say(line: str) -> None:
    print(line, flush=True)  # typer.echo would write past the progress bar, into its line


@contextlib.contextmanager
def _stops_well() -> Iterator[None]:
    """Say how a training goes on that was stopped with Ctrl+C."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(
            "Stopped; the same command goes on behind the last epoch that was reported.", err=True
        )
        raise typer.Exit(INTERRUPTED) from None


@ends_well
def train(
    recipe: Annotated[Path, typer.Argument(help="Recipe, as resources/recipes/face-stats.yaml.")],
    data: Annotated[
        list[Path] | None,
        typer.Option(metavar="MANIFEST|FOLDER", help="Labelled pictures; may be given repeatedly."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Folder of the run; runs/NAME if left out.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(metavar="models/NAME", help="Evaluate and export there when done."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change the recipe: --set input_size=96."),
    ] = None,
    distribute: Annotated[
        Literal["mirrored", "multiworker"] | None,
        typer.Option(
            help="Fit on all GPUs of this machine, or with the workers that TF_CONFIG names."
        ),
    ] = None,
) -> None:
    """Train a model from a recipe and labelled pictures; goes on where an earlier run stopped.

    Example:

      python -m facecam train resources/recipes/face-stats.yaml --data utkface --data lfw
      --to models/face-stats
    """
    from facecam.training.fit import train as fit

    if to is not None:
        from facecam.training.package_folder import check_target

        check_target(to)  # now, not after hours of training
    with _stops_well(), training_progress() as progress:
        run = fit(
            recipe,
            list(data or ()),
            out=out,
            overrides=list(overrides or ()),
            report=_say,
            progress=progress,
            distribute=distribute,
        )
    if to is not None and run.folder.suffix.startswith(".worker"):
        typer.echo("Worker 0 exports the model.")
        return
    if to is None:
        typer.echo(f"The run is in {run.folder}; python -m facecam export {run.folder} --to DIR")
        return
    from facecam.training.export import export_run

    export_run(run.folder, to, report=_say)


@ends_well
def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a training run.")],
    to: Annotated[Path, typer.Option(metavar="models/NAME", help="Folder of the new package.")],
    format: Annotated[
        Literal["float32", "float16", "int8"] | None,
        typer.Option(help="How weights are kept; the recipe's choice if left out."),
    ] = None,
    keras: Annotated[
        bool, typer.Option("--keras", help="Also write model.keras, for split and cam.")
    ] = False,
) -> None:
    """Make a model package of a training run: convert, check, calibrate, evaluate, write the card.

    Example:

      python -m facecam export runs/face-stats --to models/face-stats --format int8
    """
    from facecam.training.export import export_run

    export_run(run, to, format, report=_say, keras_file=True if keras else None)


@ends_well
def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name or folder of a package.")],
    manifest: Annotated[
        Path, typer.Argument(help="Labelled pictures: manifest.csv, its folder, or class folders.")
    ],
    split: Annotated[str, typer.Option(metavar="S", help="Which split.")] = "val",
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a report with plots there.")
    ] = None,
    cam: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[METHOD]...",
            help="Compare class activation maps with the masks that the manifest names: cam, "
            "gradcam, gradcam++, hirescam, layercam (all of these if none is named), scorecam, "
            "scorecam-blurred.",
        ),
    ] = None,
    max_images: Annotated[
        int | None, typer.Option(min=2, metavar="N", help="Pictures for scorecam; 60 if left out.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure a model on labelled pictures that it was not trained on.

    Example:

      python -m facecam evaluate face-stats lfw/manifest.csv --split val --report out/report
      python -m facecam evaluate skin-lesions ham10000 --cam layercam scorecam --json
    """
    from facecam.training.evaluate import evaluate_command

    with only_json_on_stdout(json):
        metrics = evaluate_command(
            model,
            manifest,
            split=split,
            report=report,
            progress=_say,
            cam=None if cam is None else [name for name in cam if name],
            max_images=max_images,
        )
    if json:
        print_json(metrics)
        return
    for line in _figures(metrics):
        typer.echo(line)


def _figures(metrics: dict[str, Any]) -> list[str]:
    lines = [f"{metrics['images']} pictures, face found in {metrics['faces_found']}"]
    for head, figures in metrics["heads"].items():
        rows = figures.get("classes") or figures.get("against") or {"": figures}
        for name, row in rows.items():
            shown = ", ".join(
                f"{key} {value:.3f}" for key, value in row.items() if isinstance(value, float)
            )
            lines.append(
                f"{head}{'.' if name else ''}{name} (n {row.get('n', figures['n'])}): {shown}"
            )
            lines += [f"  {words}" for words in row.get("verdicts", ())]
        lines += _cam_lines(head, figures.get("cam") or {})
    return lines


def _cam_lines(head: str, methods: dict[str, Any]) -> list[str]:
    """Return where the maps of a head lie, each figure beside that of a centred Gaussian."""
    lines = []
    for method, whole in methods.items():
        for name, part in {"all": whole, **whole["subsets"]}.items():
            shown = ", ".join(
                f"{key.replace('_', ' ')} {part[key]:.3f} (centre {part[key + '_baseline']:.3f})"
                for key in ("pointing", "mass_in_mask", "iou", "iou_fixed")
            )
            lines.append(f"{head} {method}, {name.replace('_', ' ')} (n {part['n']}): {shown}")
    return lines
