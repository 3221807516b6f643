"""`torture`: kill it, starve it, cut it off, feed it garbage, and count what survives."""

import contextlib
import shlex
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from facecam.commands.machine import describe_machine
from facecam.commands.output import FAILED, ends_well, only_json_on_stdout, print_json, progress
from facecam.errors import FacecamError, reason

DRILLS = ("kill", "disk", "reconnect", "damage", "soak")
# Drill to its size: trials, trials, cycles, files, minutes.
FULL: dict[str, float] = {"kill": 200, "disk": 30, "reconnect": 1000, "damage": 10_000, "soak": 30}
QUICK: dict[str, float] = {"kill": 3, "disk": 3, "reconnect": 12, "damage": 600, "soak": 0.5}


@ends_well
def torture(
    quick: Annotated[bool, typer.Option("--quick", help="A small part of it: 2 minutes.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="|".join(DRILLS), help="Just this drill.")
    ] = None,
    kills: Annotated[int | None, typer.Option(min=1, help="Recordings to kill.")] = None,
    disks: Annotated[int | None, typer.Option(min=1, help="Recordings onto a full disk.")] = None,
    cycles: Annotated[int | None, typer.Option(min=1, help="Faults of a stream.")] = None,
    files: Annotated[int | None, typer.Option(min=1, help="Damaged files to read.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.1, help="Length of the soak.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same damage.")] = 0,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the files that did harm there.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.md", help="Write the table there, too.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Break things on purpose and print a table of what survives; takes hours without --quick.

    It uses only files and streams that it makes itself. Exit code 1 when a check fails.

    Example:

      python -m facecam torture --only kill --kills 200 --report out/torture.md
    """
    from facecam.torture.drills import run_drill
    from facecam.torture.table import as_markdown, as_record, as_text

    wanted = tuple(only or DRILLS)
    unknown = [name for name in wanted if name not in DRILLS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is none of {', '.join(DRILLS)}")
    if report is not None:
        _make_place(report)
    sizes = dict(QUICK if quick else FULL)
    chosen = {"kill": kills, "disk": disks, "reconnect": cycles, "damage": files, "soak": minutes}
    sizes |= {name: size for name, size in chosen.items() if size is not None}
    machine, began_s, when = describe_machine(), time.perf_counter(), datetime.now(UTC)
    lines, notes = [], []
    with only_json_on_stdout(json):
        for name in wanted:
            with progress(f"torture: {name}") as tell:
                found, said = run_drill(name, sizes[name], seed, keep, tell)
            lines += found
            notes += said
            if not json:
                typer.echo(as_text(found))
                for note in said:
                    typer.echo(f"    {note.strip()}", err=True)
    failed = [line for line in lines if not line.holds]
    if json:
        print_json(
            {
                "ok": not failed,
                "lines": [as_record(line) for line in lines],
                "notes": notes,
                "seconds": time.perf_counter() - began_s,
                "machine": machine,
            }
        )
    if report is not None:
        command = _command(quick, wanted, sizes, seed)
        with _said_of(report):
            report.write_text(as_markdown(lines, machine, command, notes, when), "utf-8")
    if failed:
        typer.echo(f"{len(failed)} of {len(lines)} checks failed.", err=True)
        raise typer.Exit(FAILED)


@contextlib.contextmanager
def _said_of(report: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FacecamError(
            f"The report cannot be written to {report} ({reason(error)}): choose another place."
        ) from error


def _make_place(report: Path) -> None:
    """Find out now, not after hours, whether the report can be written; leave what is there.

    Raises:
        FacecamError: It cannot.
    """
    with _said_of(report):
        report.parent.mkdir(parents=True, exist_ok=True)
        new = not report.exists()
        report.open("a", encoding="utf-8").close()
        if new:
            report.unlink()


def _command(quick: bool, wanted: tuple[str, ...], sizes: dict[str, float], seed: int) -> str:
    """Return the command line that gives this run again."""
    options = {
        "kill": "--kills",
        "disk": "--disks",
        "reconnect": "--cycles",
        "damage": "--files",
        "soak": "--minutes",
    }
    words = ["python", "-m", "facecam", "torture"]
    words += ["--quick"] if quick else []
    for name in wanted:
        words += ["--only", name] if wanted != DRILLS else []
        words += [options[name], f"{sizes[name]:g}"]
    return shlex.join([*words, *(["--seed", str(seed)] if seed else [])])
