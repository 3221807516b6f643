"""Damage to files: some of it blind, some of it knowing that a file is JSON or text."""

import copy
import json
import random
import string
from collections.abc import Callable
from typing import Any

Damage = Callable[[bytes, random.Random], bytes]

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1,
    2**31,
    2**63,
    10**40,
    1e308,
    -1e308,
    float("nan"),
    float("inf"),
    "",
    "x",
    "../../etc/passwd",
    "\0",
    "\ud800",
    "나" * 300,
    "9" * 5000,
    [],
    {},
    [None],
    [[[[[]]]]],
    {"": {}},
    list(range(200)),
)
_ODD_TEXTS = (
    *("", "\0", "\ufeff", "\u202e", "null", "~", "NaN", "-1", "1e999", "9" * 400, "[]", "{}"),
    *("&a [*a]", "!!python/object:os.system {}", "<<: *x", '"', "'", "\t", ",,,,", "\r", "- - -"),
)


def damage_bytes(content: bytes, rng: random.Random) -> bytes:
    """Return the content with one to a few places flipped, cut, repeated or overwritten."""
    result = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        if not result:
            break
        # Headers steer a decoder more than the rest: every second hit goes there.
        reach = len(result) if rng.random() < 0.5 else min(len(result), 256)
        at = rng.randrange(reach)
        length = rng.choice((1, 2, 4, 8, 64, 512, max(len(result) // 4, 1)))
        match rng.randrange(8):
            case 0:
                result[at] ^= 1 << rng.randrange(8)
            case 1:
                result[at : at + length] = rng.randbytes(min(length, 512))
            case 2:
                del result[at : at + length]
            case 3:
                result[at:at] = result[at : at + length]
            case 4:
                width = rng.choice((1, 2, 4, 8))
                number = rng.choice(_NUMBERS) % 2 ** (8 * width)
                result[at : at + width] = number.to_bytes(width, rng.choice(("big", "little")))
            case 5:
                result[at : at + length] = bytes(min(length, len(result) - at))
            case 6:
                other = rng.randrange(len(result))
                result[at : at + length] = result[other : other + length]
            case _:
                del result[rng.randrange(len(result)) :]
    return bytes(result)


def damage_json(content: bytes, rng: random.Random) -> bytes:
    """Return a JSON document with values of wrong types and sizes, or names gone or doubled."""
    try:
        root = json.loads(content)
    except ValueError:
        return damage_bytes(content, rng)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        root = _with_odd_value(root, rng)
    return json.dumps(root, ensure_ascii=rng.random() < 0.9).encode("utf-8", "surrogatepass")


def damage_json_lines(content: bytes, rng: random.Random) -> bytes:
    """Return JSON lines of which some are damaged, gone, doubled, swapped or cut."""
    lines = content.splitlines(keepends=True)
    for _ in range(rng.choice((1, 2, 3))):
        if not lines:
            break
        at = rng.randrange(len(lines))
        match rng.randrange(6):
            case 0 | 1:
                lines[at] = damage_json(lines[at], rng) + b"\n"
            case 2:
                del lines[at]
            case 3:
                lines.insert(rng.randrange(len(lines)), lines[at])
            case 4:
                lines[at] = damage_bytes(lines[at], rng)
            case _:
                lines[at:] = [lines[at][: rng.randrange(len(lines[at]) + 1)]]
    return b"".join(lines)


def damage_text(content: bytes, rng: random.Random) -> bytes:
    """Return a text, such as YAML or CSV, with words and lines replaced, doubled, moved or gone."""
    if rng.random() < 0.3:
        return damage_bytes(content, rng)
    lines = content.decode("utf-8", "replace").split("\n")
    for _ in range(rng.choice((1, 1, 2, 4))):
        if not lines:
            break
        at = rng.randrange(len(lines))
        match rng.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(rng.randrange(len(lines)), lines[at])
            case 2:
                lines[at] = " " * rng.randrange(1, 5) + lines[at]
            case 3:
                lines[at] = "".join(rng.choices(string.printable, k=rng.randrange(1, 60)))
            case _:
                words = lines[at].replace(",", " , ").split(" ")
                words[rng.randrange(len(words))] = rng.choice(_ODD_TEXTS)
                lines[at] = " ".join(words).replace(" , ", ",")
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _with_odd_value(root: Any, rng: random.Random) -> Any:
    """Return a copy of a JSON value in which one random node is odd."""
    root = copy.deepcopy(root)
    places = list(_places(root)) if isinstance(root, dict | list) else []
    if not places:
        return rng.choice(_ODD_VALUES)
    holder, key = rng.choice(places)
    match rng.randrange(5):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[rng.choice(("", "new", "__class__", "나"))] = holder[key]
        case 1:
            holder.extend(holder[: max(1, min(len(holder), 5000))])
        case 2:
            other, other_key = rng.choice(places)
            holder[key] = copy.deepcopy(other[other_key])
        case _:
            holder[key] = copy.deepcopy(rng.choice(_ODD_VALUES))
    return root


def _places(node: Any) -> Any:
    """Yield (holder, key) of every node under a node."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(items):
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value)
