"""What is wrong with a recipe, in one sentence: the key, its value, and what is allowed."""

import difflib
import types
import typing
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

Path = tuple[str | int, ...]
SHOWN_CHARACTERS = 60


def complaint(error: ValidationError, raw: Any, model: type[BaseModel]) -> str:
    """Return what is first wrong, without the final stop.

    Args:
        error: Of validating `raw`.
        raw: What was read.
        model: What it should have been.
    """
    first = error.errors(include_url=False)[0]
    path = _path_in(raw, first["loc"])
    key = ".".join(str(part) for part in path)
    if first["type"] == "extra_forbidden":
        return unknown_key(path, model)
    if first["type"] == "missing":
        return f"the key '{key}' is missing"
    if first["type"] == "value_error":
        what = str(first["msg"]).removeprefix("Value error, ")
        return f"at '{key}': {what}" if key else what
    return f"'{key}' is {_shown(first['input'])} and {_wanted(error, raw, path)}"


def unknown_key(path: Path, model: type[BaseModel]) -> str:
    """Return what to say of a key that the model does not have."""
    key = ".".join(str(part) for part in path)
    known = [name for parent in _models_at(path[:-1], model) for name in parent.model_fields]
    near = difflib.get_close_matches(str(path[-1]), known, n=1)
    where = ".".join(str(part) for part in path[:-1])
    if near:
        meant = ".".join([*(str(part) for part in path[:-1]), near[0]])
        return f"there is no key '{key}', the nearest is '{meant}'"
    return f"there is no key '{key}': allowed {f'in {where} ' if where else ''}{_all(known)}"


def _all(names: Sequence[str]) -> str:
    return f"are {', '.join(names)}" if names else "is a value, not a table"


def _path_in(raw: Any, loc: Sequence[str | int]) -> Path:
    """Leave out the steps that pydantic took through unions, which the recipe does not have."""
    path: list[str | int] = []
    for number, part in enumerate(loc):
        if isinstance(raw, dict) and (part in raw or number == len(loc) - 1):
            path.append(part)
            raw = raw.get(part)
        elif isinstance(raw, list) and isinstance(part, int) and part < len(raw):
            path.append(part)
            raw = raw[part]
    return tuple(path)


def _wanted(error: ValidationError, raw: Any, path: Path) -> str:
    """Return what is allowed at a key; a union allows several things."""
    wishes: list[str] = []
    for entry in error.errors(include_url=False):
        if _path_in(raw, entry["loc"]) == path and entry["type"] != "value_error":
            said = str(entry["msg"])
            if "valid " in said:
                said = said.removeprefix("Input should be a valid ").split(",")[0]
                said = f"{'an' if said[0] in 'aeiou' else 'a'} {said}"
            verb, _, rest = said.partition("should ")[2].partition(" ")  # "List should have ..."
            if verb in ("have", "match"):
                return f"should {verb} {rest.removesuffix(' after validation, not 0')}"
            said = rest if verb == "be" else said
            if said not in wishes:
                wishes.append(said)
    return f"should be {' or '.join(wishes)}"


def _models_at(path: Path, model: type[BaseModel]) -> list[type[BaseModel]]:
    """Return the models that may stand at a path below a model."""
    here: list[type[BaseModel]] = [model]
    for part in path:
        if isinstance(part, int):
            continue  # lists are looked through
        below = [m.model_fields[part].annotation for m in here if part in m.model_fields]
        here = [found for annotation in below for found in _models_in(annotation)]
    return here


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    origin = typing.get_origin(annotation)
    if origin is Literal:
        return
    if origin is not None or isinstance(annotation, types.UnionType):
        for part in typing.get_args(annotation):
            yield from _models_in(part)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 3]}..."
