"""Splits and balanced sub-samples."""

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from facecam.errors import ManifestError
from facecam.training.manifest_draft import Draft, LabelledPicture
from facecam.training.splits import Balance, SplitWish, balance_draft, split_draft


def people(count: int = 120, seed: int = 0) -> Draft:
    """Return pictures of people: few or many each, a common and a rare label."""
    rng = np.random.default_rng(seed)
    pictures = []
    for person in range(count):
        who = {"gender": "fm"[person % 3 == 0], "stats": "professor" if person % 20 == 7 else "-"}
        for k in range(int(rng.integers(1, 9))):
            age = str(int(rng.integers(1, 99)))
            path = Path(f"p{person}_{k}.jpg")
            pictures.append(LabelledPicture(path, {**who, "age": age}, "", f"p{person}"))
    return Draft(pictures, ["gender", "stats", "age"])


def shares(draft: Draft) -> dict[str, float]:
    counts = Counter(p.split for p in draft.pictures)
    return {name: n / len(draft.pictures) for name, n in counts.items()}


def straddling(draft: Draft) -> list[str]:
    where = defaultdict(set)
    for picture in draft.pictures:
        where[picture.subject].add(picture.split)
    return [who for who, splits in where.items() if len(splits) > 1]


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_met_and_subjects_stay_whole(seed: int) -> None:
    draft = split_draft(people(seed=seed), SplitWish(0.2, 0.1, seed))
    assert not straddling(draft)
    assert shares(draft) == pytest.approx({"train": 0.7, "val": 0.2, "test": 0.1}, abs=0.03)
    for split in ("train", "val", "test"):
        rare = {p.subject for p in draft.pictures if p.labels["stats"] == "professor"}
        assert rare & {p.subject for p in draft.pictures if p.split == split}


def test_the_same_seed_gives_the_same_splits_in_any_order_of_rows() -> None:
    first = split_draft(people(), SplitWish(seed=3))
    again = split_draft(people(), SplitWish(seed=3))
    other = split_draft(people(), SplitWish(seed=4))
    assert [p.split for p in first.pictures] == [p.split for p in again.pictures]
    assert [p.split for p in first.pictures] != [p.split for p in other.pictures]


def test_pictures_that_are_the_same_are_not_parted() -> None:
    pictures = [LabelledPicture(Path(f"{i}.jpg"), {"x": str(i % 2)}) for i in range(100)]
    same = [[i, i + 1, i + 2] for i in range(0, 99, 3)]
    split = [p.split for p in split_draft(Draft(pictures, ["x"]), SplitWish(0.3), same).pictures]
    assert all(len({split[i] for i in group}) == 1 for group in same)
    assert 20 <= split.count("val") <= 40


def test_stated_splits_stay_and_only_missing_ones_are_drawn() -> None:
    pictures = [
        LabelledPicture(Path(f"{i}.jpg"), {}, "test" if i < 10 else "train") for i in range(60)
    ]
    split = [p.split for p in split_draft(Draft(pictures, []), SplitWish(0.2, 0.5)).pictures]
    assert split[:10] == ["test"] * 10
    assert split.count("test") == 10
    assert split.count("val") == 10
    anew = split_draft(Draft(pictures, []), SplitWish(0.2, anew=True))
    assert Counter(p.split for p in anew.pictures) == {"train": 48, "val": 12}


def test_a_picture_without_a_split_follows_its_subject() -> None:
    pictures = [
        LabelledPicture(Path("a.jpg"), {}, "val", "Ann"),
        LabelledPicture(Path("b.jpg"), {}, "", "Ann"),
        LabelledPicture(Path("c.jpg"), {}, "train", "Bob"),
    ]
    draft = split_draft(Draft(pictures, []), SplitWish(0.5))
    assert [p.split for p in draft.pictures] == ["val", "val", "train"]


def test_a_source_that_tears_subjects_apart_is_refused() -> None:
    pictures = [
        LabelledPicture(Path("a.jpg"), {}, "train", "Ann"),
        LabelledPicture(Path("b.jpg"), {}, "val", "Ann"),
    ]
    with pytest.raises(ManifestError, match=r"1 subject into more than one split \(Ann\)"):
        split_draft(Draft(pictures, []), SplitWish())
    draft = split_draft(Draft(pictures, []), SplitWish(anew=True))
    assert len({p.split for p in draft.pictures}) == 1


def test_shares_that_leave_no_training_are_refused() -> None:
    with pytest.raises(ManifestError, match="leave nothing to train on"):
        split_draft(people(), SplitWish(0.6, 0.4))


def faces(counts: dict[tuple[str, str], int]) -> Draft:
    pictures = []
    for (gender, smile), count in counts.items():
        for i in range(count):
            labels = {"gender": gender, "smile": smile}
            subject = "Bush" if i < count // 2 else f"{gender}{smile}{i}"
            path = Path(f"{gender}{smile}{i}.jpg")
            pictures.append(LabelledPicture(path, labels, "train", subject))
    return Draft(pictures, ["gender", "smile"])


def test_balance_evens_the_joint_and_says_which_cells_are_short() -> None:
    draft = faces({("f", "0"): 12, ("f", "1"): 40, ("m", "0"): 60, ("m", "1"): 30, ("m", ""): 9})
    extra = LabelledPicture(Path("v.jpg"), {"gender": "f", "smile": "0"}, "val", "Vi")
    draft = draft.with_pictures([*draft.pictures, extra])
    even, short = balance_draft(draft, Balance(("gender", "smile"), 20))
    train = [p for p in even.pictures if p.split == "train"]
    assert Counter((p.labels["gender"], p.labels["smile"]) for p in train) == {
        ("f", "0"): 12,
        ("f", "1"): 20,
        ("m", "0"): 20,
        ("m", "1"): 20,
    }
    assert extra in even.pictures
    assert short == {"gender=f, smile=0": 12}
    assert "gender=f, smile=0 has 12 of 20 training pictures." in even.notes
    assert any("9 pictures without a label" in note for note in even.notes)


def test_balance_takes_the_rarest_count_and_many_people_first() -> None:
    draft = faces({("f", "0"): 15, ("m", "1"): 60})
    even, short = balance_draft(draft, Balance(("gender", "smile")))
    assert Counter(p.labels["gender"] for p in even.pictures) == {"f": 15, "m": 15}
    assert not short
    men = [p.subject for p in even.pictures if p.labels["gender"] == "m"]
    assert men.count("Bush") <= 1


def test_what_cannot_be_balanced_is_refused() -> None:
    draft = faces({("f", ""): 3})
    with pytest.raises(ManifestError, match="no column 'hat' to balance; there are gender, smile"):
        balance_draft(draft, Balance(("hat",)))
    with pytest.raises(ManifestError, match="No training picture has labels for all of"):
        balance_draft(draft, Balance(("gender", "smile")))
