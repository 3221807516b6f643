"""`split`: one head of a model as a model of its own."""

from pathlib import Path
from typing import Annotated

import typer

from facecam.commands.output import ends_well


@ends_well
def split(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RUN|MODEL", help="Folder of a training run, or name or folder of a package."
        ),
    ],
    head: Annotated[str, typer.Option(metavar="HEAD", help="Name of the head to take out.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the new package.")],
) -> None:
    """Take one head out of a model with several, with identical outputs.

    Example:

      python -m facecam split face-stats --head smile --to models/smile
    """
    from facecam.training.split import split_head

    split_head(source, head, to, report=typer.echo)
