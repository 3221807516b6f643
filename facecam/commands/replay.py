"""`replay`: a recording with its stats, in a window."""

from pathlib import Path
from typing import Annotated

import typer

from facecam.commands.output import ends_well


@ends_well
def replay(
    session: Annotated[
        Path, typer.Argument(metavar="SESSION", help="A .session folder, or the video beside it.")
    ],
) -> None:
    """Look at a recording: scrub, play, see the stats of each moment, compare models.

    Example:

      python -m facecam replay ~/Videos/facecam-20261122-101500.session
    """
    from facecam.commands.display import why_no_window
    from facecam.errors import FacecamError

    reason = why_no_window()
    if reason:
        raise FacecamError(f"{reason} Without one: python -m facecam analyze SESSION --stats FILE.")
    from facecam.gui.interrupts import end_at_once

    end_at_once()
    from facecam.gui.replay_application import run_replay

    code = run_replay(session)
    if code:
        raise typer.Exit(code)
