"""What a training shows: a bar where a person watches, one line an epoch in a pipe."""

import contextlib
import sys
from collections.abc import Callable, Iterator

from facecam.commands.output import progress_bar

Progress = Callable[[str, int, int], None]


@contextlib.contextmanager
def training_progress() -> Iterator[Progress | None]:
    """Show a bar on stderr while the block runs.

    Lines that are printed meanwhile appear above the bar.

    Yields:
        A function that takes (what, done, total), or None where nobody watches.
    """
    if not sys.stderr.isatty():
        yield None
        return
    with progress_bar(redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task("", total=None, visible=False)
        current = ""

        def show(what: str, done: int, total: int) -> None:
            nonlocal current
            name = what.partition(",")[0]
            if name != current:  # a new epoch starts its clock again
                current = name
                bar.reset(task, total=total)
            bar.update(task, description=what, completed=done, total=total, visible=True)

        yield show
