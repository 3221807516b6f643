"""What is in a manifest: counts, missing labels, bad files, duplicates and leaks across splits."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from facecam.training.manifest import SPLITS, Manifest
from facecam.training.manifest_draft import MASK_COLUMN, counted, listing
from facecam.training.picture_checks import PictureChecks
from facecam.training.splits import MANY_VALUES

FIRST = 3


def manifest_report(manifest: Manifest, checks: PictureChecks | None) -> dict[str, Any]:
    """Return the report as one JSON object.

    Args:
        manifest: What is written in the CSV.
        checks: What looking at its files gave; None where nobody looked.
    """
    split = manifest.split.tolist()
    report: dict[str, Any] = {
        "pictures": len(manifest),
        "splits": {name: split.count(name) for name in SPLITS if name in split},
        "subjects": len(set(manifest.subject.tolist())),
        "labels": {
            name: _label_counts(cells.tolist(), split)
            for name, cells in manifest.columns.items()
            if name != MASK_COLUMN
        },
        "leaks": {"subjects": _examples(_torn(manifest))},
    }
    if checks is None:
        return report
    names = [path.name for path in manifest.paths]
    report["missing_files"] = _examples(names[i] for i in checks.missing)
    report["unreadable_files"] = _examples(names[i] for i in checks.unreadable)
    report["duplicates"] = _groups(checks.identical, names)
    report["leaks"]["duplicates"] = _groups(_across(checks.identical, split), names)
    report["conflicts"] = _groups(
        [g for g in checks.identical if _labels_differ(manifest, g)], names
    )
    similar = checks.similar
    report["near_duplicates"] = None if similar is None else _groups(similar, names)
    report["leaks"]["near_duplicates"] = (
        None if similar is None else _groups(_across(similar, split), names)
    )
    return report


def report_lines(report: dict[str, Any]) -> list[str]:
    """Return the report in words, a line each."""
    splits = ", ".join(f"{name} {count:,}" for name, count in report["splits"].items())
    subjects = counted(report["subjects"], "subject")
    lines = [f"{counted(report['pictures'], 'picture')} ({splits}), {subjects}"]
    for column, facts in report["labels"].items():
        missing = f", {facts['missing']:,} missing" if facts["missing"] else ""
        if facts["kind"] == "numbers":
            shown = f"{facts['lowest']:g} to {facts['highest']:g}, median {facts['median']:g}"
            lines.append(f"  {column}: {shown}{missing}")
            continue
        for name, by_split in facts["classes"].items():
            counts = ", ".join(f"{s} {n:,}" for s, n in by_split.items())
            lines.append(f"  {column} {name}: {counts}")
        if missing:
            lines.append(f"  {column}: {facts['missing']:,} missing")
    for key, words in (("missing_files", "missing"), ("unreadable_files", "unreadable")):
        found = report.get(key)
        if found and found["count"]:
            lines.append(f"{counted(found['count'], words + ' file')}: {listing(found['first'])}")
    for key, words in (
        ("duplicates", "files that are there more than once"),
        ("conflicts", "files that are there more than once with different labels"),
        ("near_duplicates", "pictures that look nearly the same as another"),
    ):
        found = report.get(key)
        if found and found["groups"]:
            shown = "; ".join(" = ".join(group) for group in found["first"])
            lines.append(f"{found['pictures']:,} {words}: {shown}")
    return lines + _leak_lines(report["leaks"])


def _leak_lines(leaks: dict[str, Any]) -> list[str]:
    lines = []
    if leaks["subjects"]["count"]:
        found = leaks["subjects"]
        lines.append(f"LEAK: {counted(found['count'], 'subject')} in more than one split.")
    for key, words in (("duplicates", "identical"), ("near_duplicates", "nearly identical")):
        found = leaks.get(key)
        if found and found["groups"]:
            shown = "; ".join(" = ".join(group) for group in found["first"])
            lines.append(f"LEAK: {found['pictures']:,} {words} pictures across splits: {shown}")
    return lines or ["No leak between splits found."]


def _label_counts(cells: list[str], split: list[str]) -> dict[str, Any]:
    """Return counts by class and split, or the range of a column of many numbers."""
    missing = sum(cell == "" for cell in cells)
    values = {cell for cell in cells if cell}
    if len(values) > MANY_VALUES:
        try:
            numbers = sorted(float(cell) for cell in cells if cell)
        except ValueError:
            pass
        else:
            middle = numbers[len(numbers) // 2]
            facts = {"lowest": numbers[0], "highest": numbers[-1], "median": middle}
            return {"kind": "numbers", "missing": missing, **facts}
    counts = Counter(zip(cells, split, strict=True))
    classes = {
        value: {name: counts[value, name] for name in SPLITS if name in split}
        for value in sorted(values)
    }
    if len(values) > 10 * MANY_VALUES:  # names of things, not classes
        return {"kind": "texts", "missing": missing, "values": len(values), "classes": {}}
    return {"kind": "classes", "missing": missing, "classes": classes}


def _torn(manifest: Manifest) -> list[str]:
    where: dict[str, set[str]] = defaultdict(set)
    for who, split in zip(manifest.subject.tolist(), manifest.split.tolist(), strict=True):
        where[who].add(split)
    return [who for who, splits in where.items() if len(splits) > 1]


def _across(groups: Sequence[list[int]], split: list[str]) -> list[list[int]]:
    return [group for group in groups if len({split[i] for i in group}) > 1]


def _labels_differ(manifest: Manifest, group: list[int]) -> bool:
    labels = (cells for name, cells in manifest.columns.items() if name != MASK_COLUMN)
    return any(len(set(cells[group].tolist())) > 1 for cells in labels)


def _examples(names: Iterable[str]) -> dict[str, Any]:
    listed = list(names)
    return {"count": len(listed), "first": listed[:FIRST]}


def _groups(groups: Sequence[list[int]], names: list[str]) -> dict[str, Any]:
    return {
        "groups": len(groups),
        "pictures": sum(len(group) for group in groups),
        "first": [[names[i] for i in group[:FIRST]] for group in groups[:FIRST]],
    }
