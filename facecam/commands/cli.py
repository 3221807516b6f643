"""The command line: registers the commands and runs one."""

from collections.abc import Sequence
from typing import Annotated

import typer

from facecam import __version__
from facecam.commands.analyze import analyze
from facecam.commands.bench import bench
from facecam.commands.bench_data import bench_data
from facecam.commands.cam import cam
from facecam.commands.cam_option import CamOptionCommand
from facecam.commands.doctor import doctor
from facecam.commands.manifest import manifest
from facecam.commands.models import models
from facecam.commands.predict import predict
from facecam.commands.replay import replay
from facecam.commands.split import split
from facecam.commands.torture import torture
from facecam.commands.workshop import evaluate, export, train

app = typer.Typer(
    name="facecam",
    help="Face stats from cameras, videos and pictures, on this machine. The window: python app.py",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

USE, CHECK, MAKE = "Use", "Check this machine", "Make models"
app.command(rich_help_panel=USE)(analyze)
app.command(rich_help_panel=USE)(predict)
app.command(rich_help_panel=USE)(cam)
app.command(rich_help_panel=USE)(replay)
app.command(rich_help_panel=USE)(models)
app.command(rich_help_panel=CHECK)(doctor)
app.command(rich_help_panel=CHECK)(bench)
app.command("bench-data", rich_help_panel=CHECK)(bench_data)
app.command(rich_help_panel=CHECK)(torture)
app.add_typer(manifest, name="manifest", rich_help_panel=MAKE)
app.command(rich_help_panel=MAKE)(train)
app.command(rich_help_panel=MAKE, cls=CamOptionCommand)(evaluate)
app.command(rich_help_panel=MAKE)(export)
app.command(rich_help_panel=MAKE)(split)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"facecam {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Read options that stand before the command."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line (without the program's name); return the exit code."""
    try:
        app(list(arguments), prog_name="python -m facecam")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
