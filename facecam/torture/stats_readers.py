"""Everything in the app that reads statistics back."""

from pathlib import Path


def read_all(path: Path) -> None:
    """Read statistics in every way that the app has."""
