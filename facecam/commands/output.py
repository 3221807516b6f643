"""What commands print, and how they end."""

import contextlib
import errno
import functools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec

import typer

from facecam.errors import FacecamError, reason
from facecam.titles import label_of, title_of

if TYPE_CHECKING:
    from rich.progress import Progress

    from facecam.inference.package import HeadSpec

FAILED = 1
_DISK_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # Windows has no quotas
INTERRUPTED = 130  # as a shell reports a process that Ctrl+C ended

P = ParamSpec("P")


def fail(message: str) -> NoReturn:
    """End the command with one sentence on stderr and exit code 1."""
    typer.echo(message, err=True)
    raise typer.Exit(FAILED)


def ends_well(command: Callable[P, None]) -> Callable[P, None]:
    """Make a command end as the contract says: a known error is one sentence, never a traceback.

    Anything else is a mistake in the program and keeps its traceback.
    """

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except FacecamError as error:
            fail(str(error))
        except KeyboardInterrupt:
            typer.echo("Stopped.", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:  # the reader, such as `head`, has seen enough
            with contextlib.suppress(OSError):
                sys.stdout.close()
            raise typer.Exit(0) from None
        except OSError as error:
            if error.errno not in _DISK_FULL:
                raise
            fail(f"What was to be printed or written has no place ({reason(error)}): make room.")

    return wrapper


@contextlib.contextmanager
def only_json_on_stdout(wanted: bool) -> Iterator[None]:
    """Send everything that is printed in the block to stderr when stdout is for one JSON object."""
    if not wanted:
        yield
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield


def print_json(record: Mapping[str, Any]) -> None:
    """Print one JSON object on stdout."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def progress_bar(unit: str = "", *, redirect_stdout: bool = True) -> "Progress":
    """Return the bar of all commands, on stderr; it goes away when it is done.

    Args:
        unit: What is counted, written behind the count.
        redirect_stdout: Whether lines that are printed meanwhile appear above it.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        *([TextColumn(unit)] if unit else []),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        redirect_stdout=redirect_stdout,
    )


@contextlib.contextmanager
def progress(label: str, unit: str = "") -> Iterator[Callable[[int, int | None], None]]:
    """Show a bar on stderr while the block runs, only where a person watches.

    Yields:
        A function that takes (done, total or None when unknown).
    """
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with progress_bar(unit) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@dataclass(frozen=True, slots=True)
class HeadWords:
    """What a head and its classes are called to a reader.

    Attributes:
        title: "Perceived gender" for the head "gender".
        classes: "Mole" for the class "nv"; a class that is missing is called by its name.
    """

    title: str
    classes: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """Return what a class is called."""
        return self.classes.get(name, name)


def english_words(heads: Iterable["HeadSpec"]) -> dict[str, HeadWords]:
    """Return head name to its English words."""
    return {
        head.name: HeadWords(
            title_of(head, "en"),
            {str(name): label_of(head, str(name), "en") for name in head.classes},
        )
        for head in heads
    }


def describe_reading(reading: Mapping[str, Any], words: HeadWords) -> str:
    """Return one reading, as the contract writes it in JSON, in words."""
    if reading.get("unsure"):
        return f"can't tell ({reading['unsure']})"
    if "value" in reading:
        return f"{reading['value']:.0f} ({reading['low']:.0f}-{reading['high']:.0f})"
    if "label" in reading:
        return f"{words.of(reading['label'])} {reading['p']:.0%}"
    if "p" in reading:
        return f"{'yes' if reading['on'] else 'no'} {reading['p']:.0%}"
    return ", ".join(map(words.of, reading["on"])) or "none"
