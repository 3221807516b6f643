"""Which picture goes to train, val and test: whole subjects, every label in every split."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from facecam.errors import ManifestError
from facecam.training.manifest_draft import Draft, LabelledPicture, counted, listing

MANY_VALUES = 20
"""A column with more values than this is a number, and no value of it is spread over splits."""


@dataclass(frozen=True, slots=True)
class SplitWish:
    """How pictures are split.

    Attributes:
        val_share, test_share: Shares of the pictures, 0 to 1.
        seed: Chooses which subjects go where.
        anew: Forget the splits that the source states.
    """

    val_share: float = 0.2
    test_share: float = 0.0
    seed: int = 0
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """How many training pictures of each combination of labels are wanted.

    Attributes:
        columns: Label columns.
        per_cell: Pictures of each combination; None takes as many as the smallest has.
        seed: Chooses which.
    """

    columns: tuple[str, ...]
    per_cell: int | None = None
    seed: int = 0


def unit_hash(text: str) -> float:
    """Return a number in [0, 1) that depends on the text alone, the same on every machine."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / 2.0**48


def split_draft(draft: Draft, wish: SplitWish, same: Iterable[Sequence[int]] = ()) -> Draft:
    """Return the draft with a split for every picture.

    Splits that the source states stay; val and test are taken out of its train pictures only where
    it has none of its own. What belongs together (one subject, or pictures in `same`) is never
    parted. Within this, every label value gets its share of each split, rare values first.

    Args:
        draft: Pictures with their labels.
        wish: Shares and seed.
        same: Groups of indices of pictures that show the same.

    Raises:
        ManifestError: The source itself puts a subject into two splits, or shares leave no train.
    """
    if wish.val_share + wish.test_share >= 1.0:
        raise ManifestError("The shares of val and test leave nothing to train on: lower them.")
    pictures = draft.pictures
    stated = ["" if wish.anew else picture.split for picture in pictures]
    _refuse_straddling(pictures, stated)
    groups = _groups(pictures, same)
    fixed = [next((stated[i] for i in g if stated[i] in ("val", "test")), "") for g in groups]
    chosen = list(fixed)
    total = sum(len(g) for g, split in zip(groups, fixed, strict=True) if not split)
    for split, share in (("val", wish.val_share), ("test", wish.test_share)):
        if split in stated or not share:
            continue
        free = [k for k, taken in enumerate(chosen) if not taken]
        left = sum(len(groups[k]) for k in free)
        part = share * total / max(left, 1)
        for k in _take(pictures, {k: groups[k] for k in free}, part, f"{wish.seed}|{split}"):
            chosen[k] = split
    result = list(pictures)
    for k, group in enumerate(groups):
        for i in group:
            own = stated[i] if fixed[k] else ""
            result[i] = replace(pictures[i], split=own or chosen[k] or "train")
    return draft.with_pictures(result)


def balance_draft(draft: Draft, wish: Balance) -> tuple[Draft, dict[str, int]]:
    """Sub-sample the training pictures so that each combination of labels is there as often.

    Pictures without one of the labels are left out of every split; within a combination, pictures
    of many subjects are taken before many pictures of one.

    Returns:
        The draft, and the combinations that have fewer pictures than wanted, with their counts.

    Raises:
        ManifestError: A column does not exist, or no picture has all the labels.
    """
    missing = [name for name in wish.columns if name not in draft.columns]
    if missing:
        raise ManifestError(
            f"There is no column '{missing[0]}' to balance; there are {', '.join(draft.columns)}."
        )
    cells: dict[tuple[str, ...], list[int]] = defaultdict(list)
    kept, unknown = [], 0
    for i, picture in enumerate(draft.pictures):
        cell = tuple(picture.labels.get(column, "") for column in wish.columns)
        if not all(cell):
            unknown += 1
        elif picture.split == "train":
            cells[cell].append(i)
        else:
            kept.append(i)
    if not cells:
        names = ", ".join(wish.columns)
        raise ManifestError(f"No training picture has labels for all of {names}.")
    wanted = wish.per_cell or min(len(members) for members in cells.values())
    for members in cells.values():
        kept += _spread(draft.pictures, members, wish.seed)[:wanted]
    named = {
        ", ".join(f"{c}={v}" for c, v in zip(wish.columns, cell, strict=True)): len(members)
        for cell, members in sorted(cells.items())
    }
    short = {name: count for name, count in named.items() if count < wanted}
    notes = [f"{name} has {count} of {wanted} training pictures." for name, count in short.items()]
    if unknown:
        names = ", ".join(wish.columns)
        notes.insert(0, f"{counted(unknown, 'picture')} without a label of {names} left out.")
    return draft.with_pictures([draft.pictures[i] for i in sorted(kept)], *notes), short


def _refuse_straddling(pictures: Sequence[LabelledPicture], stated: Sequence[str]) -> None:
    splits: dict[str, set[str]] = defaultdict(set)
    for picture, split in zip(pictures, stated, strict=True):
        if picture.subject and split:
            splits[picture.subject].add(split)
    torn = [subject for subject, where in splits.items() if len(where) > 1]
    if torn:
        raise ManifestError(
            f"The source puts {counted(len(torn), 'subject')} into more than one split "
            f"({listing(torn)}): split anew with --resplit."
        )


def _groups(pictures: Sequence[LabelledPicture], same: Iterable[Sequence[int]]) -> list[list[int]]:
    """Return the indices that must stay together, as connected parts of "same subject or same"."""
    parent = list(range(len(pictures)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[str, int] = {}
    for i, picture in enumerate(pictures):
        if picture.subject:
            parent[root(i)] = root(first.setdefault(picture.subject, i))
    for together in same:
        for i in together[1:]:
            parent[root(i)] = root(together[0])
    groups: dict[int, list[int]] = defaultdict(list)
    for i in range(len(pictures)):
        groups[root(i)].append(i)
    return list(groups.values())


def _take(
    pictures: Sequence[LabelledPicture], groups: dict[int, list[int]], share: float, salt: str
) -> list[int]:
    """Return the groups that make up a share of the pictures, spread over the rarest labels."""
    strata: dict[tuple[str, str], list[int]] = defaultdict(list)
    rarity = _rarity(pictures, groups.values())
    for k, members in groups.items():
        values = {item for i in members for item in pictures[i].labels.items() if item in rarity}
        strata[min(values, key=lambda v: (rarity[v], v), default=("", ""))].append(k)
    taken, owed = [], 0.0
    for _, keys in sorted(strata.items()):
        keys.sort(key=lambda k: unit_hash(f"{salt}|{_identity(pictures, groups[k])}"))
        owed += share * sum(len(groups[k]) for k in keys)
        some = len(taken)
        for k in keys:
            if len(groups[k]) / 2 <= owed:
                taken.append(k)
                owed -= len(groups[k])
        if len(taken) == some and len(keys) > 2:  # a rare label is in every split if it can be
            smallest = min(keys, key=lambda k: len(groups[k]))
            taken.append(smallest)
            owed -= len(groups[smallest])
    return taken


def _rarity(
    pictures: Sequence[LabelledPicture], groups: Iterable[list[int]]
) -> dict[tuple[str, str], int]:
    """Return how many groups show each (column, value); columns of numbers are left out."""
    counts: Counter[tuple[str, str]] = Counter()
    for members in groups:
        counts.update({item for i in members for item in pictures[i].labels.items() if item[1]})
    values = Counter(column for column, _ in counts)
    return {item: n for item, n in counts.items() if values[item[0]] <= MANY_VALUES}


def _identity(pictures: Sequence[LabelledPicture], members: Sequence[int]) -> str:
    """Return what names a group on every machine: its subject, or its first file's name."""
    first = pictures[members[0]]
    return first.subject or "/".join(first.path.parts[-2:])


def _spread(pictures: Sequence[LabelledPicture], members: Sequence[int], seed: int) -> list[int]:
    """Return indices in an order by chance in which no subject comes twice before all came once."""
    order = sorted(members, key=lambda i: unit_hash(f"{seed}|{pictures[i].path.name}"))
    turns: Counter[str] = Counter()
    turn = {}
    for i in order:
        subject = pictures[i].subject or str(pictures[i].path)
        turn[i] = turns[subject]
        turns[subject] += 1
    return sorted(order, key=lambda i: turn[i])
