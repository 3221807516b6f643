"""From what a maker found to a manifest on disk and a report of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facecam.training.manifest import read_manifest
from facecam.training.manifest_draft import (
    Draft,
    LabelledPicture,
    counted,
    listing,
    write_manifest,
)
from facecam.training.manifest_report import manifest_report
from facecam.training.picture_checks import PictureChecks, Progress, check_pictures
from facecam.training.splits import Balance, SplitWish, balance_draft, split_draft


@dataclass(frozen=True, slots=True)
class MakerWish:
    """What is wanted beyond the pictures and labels of the source.

    Attributes:
        split: How to split.
        balance: How to sub-sample the training pictures; None keeps all.
        one_vs_all: Give each class of the only label column a 0/1 column of its own.
        drop_duplicates: Keep one of several identical files; with different labels keep none.
        look: Read every file: leave out bad ones, find duplicates, and keep these in one split.
    """

    split: SplitWish = field(default_factory=SplitWish)
    balance: Balance | None = None
    one_vs_all: bool = False
    drop_duplicates: bool = False
    look: bool = True


def make_manifest(
    draft: Draft, out: Path, wish: MakerWish | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Split, balance, write and check a draft; return the report.

    Files that are missing or no pictures are left out and named in the notes.

    Args:
        draft: What a maker found.
        out: The CSV to write.
        wish: What else is wanted.
        progress: Called with (pictures looked at, total).

    Raises:
        ManifestError: Nothing is left to write, or the wish cannot be fulfilled.
    """
    wish = wish or MakerWish()
    checks: PictureChecks | None = None
    if wish.look:
        checks = check_pictures([picture.path for picture in draft.pictures], progress)
    draft, checks, files = _without_bad_files(draft, checks)
    if wish.drop_duplicates and checks:
        draft, checks = _without_duplicates(draft, checks)
    if wish.one_vs_all:
        draft = one_vs_all(draft)
    same = [*checks.identical, *(checks.similar or [])] if checks else []
    before = draft.pictures
    draft = split_draft(draft, wish.split, same)
    short: dict[str, int] = {}
    if wish.balance:
        split = draft.pictures
        draft, short = balance_draft(draft, wish.balance)
        if checks:
            kept = {id(picture) for picture in draft.pictures}
            keep = [i for i in range(len(before)) if id(split[i]) in kept]
            checks = _selected(checks, keep)
    write_manifest(draft, out)
    report = manifest_report(read_manifest(out), checks)
    report.update(files)
    if wish.balance:
        report["short_cells"] = short
    return {"out": str(out), **report, "notes": list(draft.notes)}


def one_vs_all(draft: Draft) -> Draft:
    """Return the draft with a 0/1 column for each class of its only label column.

    A picture without a label keeps empty cells.
    """
    column = draft.columns[0]
    classes = sorted({p.labels.get(column, "") for p in draft.pictures} - {""})

    def expanded(picture: LabelledPicture) -> dict[str, str]:
        label = picture.labels.get(column, "")
        return {name: str(int(name == label)) if label else "" for name in classes}

    pictures = [
        LabelledPicture(p.path, {**_rest(p, column), **expanded(p)}, p.split, p.subject)
        for p in draft.pictures
    ]
    return Draft(pictures, [*classes, *draft.columns[1:]], draft.notes)


def _rest(picture: LabelledPicture, column: str) -> dict[str, str]:
    return {name: value for name, value in picture.labels.items() if name != column}


def _without_bad_files(
    draft: Draft, checks: PictureChecks | None
) -> tuple[Draft, PictureChecks | None, dict[str, Any]]:
    """Leave out what cannot be read; return the draft, its checks and the facts to report."""
    if checks is None:
        missing = [i for i, p in enumerate(draft.pictures) if not p.path.is_file()]
        unreadable: list[int] = []
    else:
        missing, unreadable = checks.missing, checks.unreadable
    names = [str(picture.path) for picture in draft.pictures]
    notes, facts = [], {}
    for key, what, bad in (
        ("missing_files", "missing file", missing),
        ("unreadable_files", "unreadable file", unreadable),
    ):
        facts[key] = {"count": len(bad), "first": [names[i] for i in bad[:3]]}
        if bad:
            shown = listing(names[i] for i in bad)
            notes.append(f"{counted(len(bad), what)} left out: {shown}.")
    out = {*missing, *unreadable}
    keep = [i for i in range(len(names)) if i not in out]
    draft = draft.with_pictures([draft.pictures[i] for i in keep], *notes)
    return draft, _selected(checks, keep) if checks else None, facts


def _without_duplicates(draft: Draft, checks: PictureChecks) -> tuple[Draft, PictureChecks]:
    out: set[int] = set()
    for group in checks.identical:
        labels = [draft.pictures[i].labels for i in group]
        agree = all(other == labels[0] for other in labels)
        out.update(group[1:] if agree else group)
    keep = [i for i in range(len(draft.pictures)) if i not in out]
    note = f"{counted(len(out), 'duplicate')} left out." if out else ""
    return draft.with_pictures([draft.pictures[i] for i in keep], note), _selected(checks, keep)


def _selected(checks: PictureChecks, keep: list[int]) -> PictureChecks:
    """Return the checks of some of the pictures, with their new indices."""
    new = {old: i for i, old in enumerate(keep)}

    def mapped(groups: list[list[int]]) -> list[list[int]]:
        inside = ([new[i] for i in group if i in new] for group in groups)
        return [group for group in inside if len(group) > 1]

    return PictureChecks(
        missing=[new[i] for i in checks.missing if i in new],
        unreadable=[new[i] for i in checks.unreadable if i in new],
        identical=mapped(checks.identical),
        similar=None if checks.similar is None else mapped(checks.similar),
    )
