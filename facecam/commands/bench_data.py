"""`bench-data`: how fast labelled pictures come to a training."""

from pathlib import Path
from typing import Annotated

import typer

from facecam.commands.machine import describe_machine
from facecam.commands.output import ends_well, only_json_on_stdout, print_json, progress


@ends_well
def bench_data(
    manifest: Annotated[
        Path, typer.Argument(help="Labelled pictures: manifest.csv, its folder, class folders.")
    ],
    recipe: Annotated[
        Path | None,
        typer.Option(
            help="Takes size and augmentation from it; without it, those of a webcam model."
        ),
    ] = None,
    size: Annotated[int, typer.Option(min=16, max=1024, help="Side in pixels.")] = 160,
    sample: Annotated[int, typer.Option(min=1, help="Pictures to measure.")] = 256,
    seconds: Annotated[float, typer.Option(min=0.1, max=60, help="Duration of each part.")] = 3.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure images a second from the original files and from the cache of cut pictures.

    Example:

      python -m facecam bench-data cats/manifest.csv --json
    """
    with only_json_on_stdout(json):
        from facecam.training.bench_data import bench_data as measure
        from facecam.training.recipe import load_recipe

        with progress("Decoding", "pictures") as report:
            record = measure(
                manifest,
                recipe=load_recipe(recipe) if recipe else None,
                size=size,
                sample=sample,
                seconds=seconds,
                progress=report,
            )
    record["machine"] = describe_machine()
    if json:
        print_json(record)
        return
    speeds = record["images_per_s"]
    width, height = record["median_size"]
    typer.echo(f"{record['measured']} of {record['pictures']} pictures, {width}x{height} px")
    typer.echo(f"decoding, cutting and resizing originals: {speeds['cold']:,.0f} images/s")
    typer.echo(f"cached: {speeds['cached']:,.0f} images/s, {record['ratio']:.0f} times as fast")
    typer.echo(
        f"cached and augmented: {speeds['cached_augmented']:,.0f} images/s, "
        f"{record['ratio_augmented']:.1f} times as fast"
    )
    if record["unreadable"]:
        typer.echo(f"{record['unreadable']} pictures of the sample cannot be read.")
    typer.echo(f"one thread on {record['machine']}")
