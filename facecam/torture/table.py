"""The table that `torture` prints: one line a check, with its limit and whether it holds."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from facecam.torture.damaged_input import DamageReport
from facecam.torture.full_disks import FullDiskReport
from facecam.torture.kills import LOST_AT_MOST_S, KillReport
from facecam.torture.reconnects import DETECTED_WITHIN_S, RESUMED_WITHIN_S, ReconnectReport
from facecam.torture.resources import Holdings
from facecam.torture.soak import DRIFT_MB, FPS, SoakReport


@dataclass(frozen=True, slots=True)
class Line:
    """One check.

    Attributes:
        drill: Which drill it belongs to.
        check: What was looked at.
        found: What came out, in words.
        limit: What is allowed, in words.
        holds: Whether it is within the limit.
    """

    drill: str
    check: str
    found: str
    limit: str
    holds: bool


def kill_lines(report: KillReport) -> list[Line]:
    """Return the lines about killed recordings."""
    drill = f"kill -9 while recording, {report.trials} trials"
    whole = report.trials
    return [
        Line(drill, "playable", f"{report.playable}", f"{whole}", report.playable == whole),
        Line(drill, "session readable", f"{report.readable}", f"{whole}", report.readable == whole),
        Line(
            drill,
            "worst loss",
            f"{report.worst_lost_s:.2f} s",
            f"{LOST_AT_MOST_S:.0f} s",
            report.worst_lost_s <= LOST_AT_MOST_S,
        ),
    ]


def full_disk_lines(report: FullDiskReport) -> list[Line]:
    """Return the lines about full disks."""
    drill = f"full disk ({report.disk}), {report.trials} trials"
    wanted = report.expected_playable
    return [
        Line(drill, "said so", str(report.said), str(report.trials), report.said == report.trials),
        Line(drill, "playable", str(report.playable), str(wanted), report.playable == wanted),
        Line(drill, "failures", str(len(report.failures)), "0", not report.failures),
    ]


def reconnect_lines(report: ReconnectReport) -> list[Line]:
    """Return the lines about lost streams."""
    drill = f"faults of a stream, {report.cycles} cycles"
    detected, resumed = report.worst_s(report.detected_s), report.worst_s(report.resumed_s)
    return [
        Line(drill, "failures", str(len(report.failures)), "0", not report.failures),
        Line(
            drill,
            "noticed after, worst (median)",
            f"{detected:.2f} s ({report.median_s(report.detected_s):.2f} s)",
            f"{DETECTED_WITHIN_S:.0f} s",
            detected <= DETECTED_WITHIN_S,
        ),
        Line(
            drill,
            "plays again after, worst (median)",
            f"{resumed:.2f} s ({report.median_s(report.resumed_s):.2f} s)",
            f"{RESUMED_WITHIN_S:.0f} s",
            resumed <= RESUMED_WITHIN_S,
        ),
        *_leaks(drill, report.before, report.after),
    ]


def damage_lines(reports: Mapping[str, DamageReport]) -> list[Line]:
    """Return the lines about damaged files."""
    lines = []
    for kind, report in reports.items():
        bad = report.crashes + report.hangs + report.escaped
        found = (
            f"{report.crashes} crashes, {report.hangs} hangs, {report.escaped} tracebacks "
            f"({report.read} read, {report.refused} refused)"
        )
        drill = f"damaged {kind}, {report.trials} files"
        lines.append(Line(drill, "crashes, hangs, tracebacks", found, "0, 0, 0", bad == 0))
    return lines


def soak_lines(report: SoakReport) -> list[Line]:
    """Return the lines about the long run."""
    drill = (
        f"soak, {report.seconds / 60:.1f} min, {report.frames} frames, "
        f"{report.video_s / 60:.1f} min of video"
    )
    drift_mb = report.end.resident_mb - report.warm.resident_mb
    an_hour_s = abs(report.drift_s_an_hour)
    return [
        Line(drill, "failures", str(len(report.failures)), "0", not report.failures),
        Line(
            drill,
            "memory when warm, at the end",
            f"{report.warm.resident_mb:.0f} MB, {report.end.resident_mb:.0f} MB",
            f"+{DRIFT_MB:.0f} MB",
            drift_mb <= DRIFT_MB,
        ),
        *_leaks(drill, report.before, report.after),
        Line(
            drill,
            "timing error, worst; an hour",
            f"{report.worst_error_s * 1e3:.2f} ms; {an_hour_s * 1e3:.2f} ms",
            f"{1e3 / FPS:.0f} ms (a frame)",
            report.worst_error_s <= 1 / FPS and an_hour_s <= 1 / FPS,
        ),
    ]


def _leaks(drill: str, before: Holdings, after: Holdings) -> list[Line]:
    lines = []
    for name in ("threads", "handles"):
        first, last = getattr(before, name), getattr(after, name)
        lines.append(Line(drill, f"{name} before, after", f"{first}, {last}", "+0", last <= first))
    return lines


def as_text(lines: Iterable[Line]) -> str:
    """Return the table for a terminal."""
    shown, drill = [], ""
    for line in lines:
        if line.drill != drill:
            drill = line.drill
            shown.append(drill)
        mark = "ok    " if line.holds else "FAILED"
        shown.append(f"  {mark} {line.check}: {line.found} (at most {line.limit})")
    return "\n".join(shown).replace("(at most ", "(limit ")


def as_markdown(
    lines: Iterable[Line], machine: str, command: str, notes: Iterable[str], when: datetime
) -> str:
    """Return the table as a page, with date, machine and command."""
    rows = [
        f"| {line.drill} | {line.check} | {line.found} | {line.limit} | "
        f"{'yes' if line.holds else '**no**'} |"
        for line in lines
    ]
    said = [f"- {note.strip().splitlines()[-1]}" for note in notes]
    return "\n".join(
        [
            "# What breaks, and what survives",
            "",
            f"Measured on {when.astimezone(UTC):%Y-%m-%d %H:%M} UTC with `{command}`",
            f"on {machine}.",
            "",
            "| drill | looked at | found | limit | holds |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "",
            *(["What went wrong, in words:", "", *said, ""] if said else []),
        ]
    )


def as_record(line: Line) -> dict[str, Any]:
    """Return a line for a JSON object."""
    return asdict(line)
