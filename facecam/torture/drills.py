"""The drills by name."""

from collections.abc import Callable
from pathlib import Path

from facecam.torture import table
from facecam.torture.damaged_input import run_damaged_input
from facecam.torture.full_disks import run_full_disks
from facecam.torture.kills import run_kills
from facecam.torture.reconnects import run_reconnects
from facecam.torture.soak import run_soak

Tell = Callable[[int, int], None]
"""Takes (done, total)."""
Outcome = tuple[list[table.Line], list[str]]
"""Lines of the table, and in words what went wrong."""


def run_drill(name: str, size: float, seed: int, keep: Path | None, tell: Tell) -> Outcome:
    """Run one drill.

    Args:
        name: "kill", "disk", "reconnect", "damage" or "soak".
        size: Trials, cycles, files or (soak) minutes.
        seed: Same seed, same damage.
        keep: Folder for damaged files that did harm, or None.
        tell: Told how far it is.
    """
    match name:
        case "kill":
            killed = run_kills(int(size), seed, progress=tell)
            return table.kill_lines(killed), killed.failures
        case "disk":
            filled = run_full_disks(int(size), seed, progress=tell)
            return table.full_disk_lines(filled), filled.failures
        case "reconnect":
            cut = run_reconnects(int(size), seed, progress=tell)
            return table.reconnect_lines(cut), cut.failures
        case "damage":
            damaged = run_damaged_input(int(size), seed, keep=keep, progress=tell)
            notes = [f"{kind}: {text}" for kind, item in damaged.items() for text in item.examples]
            return table.damage_lines(damaged), notes
        case "soak":
            soaked = run_soak(size * 60, seed, progress=tell)
            return table.soak_lines(soaked), soaked.failures
    raise ValueError(f"there is no drill {name}")
