"""`--cam [METHOD]...`: an option that takes any number of values, also none."""

from typing import Any

from typer.core import TyperCommand

OPTION = "--cam"
DEFAULT = ""
"""Stands for the option without a value."""


class CamOptionCommand(TyperCommand):
    """A command whose `--cam` may be followed by any number of methods.

    Click's options take a fixed number of values, so `--cam a b` is read as `--cam a --cam b`, and
    `--cam` alone as one empty value.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments."""
        return super().parse_args(ctx, spread(args))


def spread(args: list[str]) -> list[str]:
    """Return the arguments with one value for each `--cam`."""
    out: list[str] = []
    rest = list(args)
    while rest:
        token = rest.pop(0)
        if token == "--":
            return [*out, token, *rest]
        if token != OPTION:
            out.append(token)
            continue
        found = 0
        while rest and _is_method(rest[0]):
            out += [OPTION, rest.pop(0)]
            found += 1
        if not found:
            out += [OPTION, DEFAULT]
    return out


def _is_method(text: str) -> bool:
    from facecam.errors import FacecamError
    from facecam.training.explain.methods import parse_method

    try:
        parse_method(text)
    except FacecamError:
        return False
    return True
