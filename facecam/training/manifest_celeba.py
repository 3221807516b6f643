"""Manifests from the attribute file of CelebA, with its partition and identities if they are there.

`list_attr_celeba.txt` has a count, a line of 40 names, and one line a picture with 1 or -1 each; a
CSV with the same names in its header is read as well (https://mmlab.ie.cuhk.edu.hk/projects/CelebA).
"""

from pathlib import Path

from facecam.errors import ManifestError, reason
from facecam.training.manifest_draft import Draft, LabelledPicture

PARTITION = {"0": "train", "1": "val", "2": "test"}
VALUES = {"1": "1", "-1": "0", "0": "0"}
PICTURES = ("img_align_celeba/img_align_celeba", "img_align_celeba", "img_celeba", "")
HEADS = {
    "smile": "Smiling",
    "glasses": "Eyeglasses",
    "headwear": "Wearing_Hat",
    "moustache": "Mustache",
}
"""Heads of facecam that an attribute answers as it is; gender and beard need a translation."""


def from_celeba(source: Path, folder: Path | None = None) -> Draft:
    """Return CelebA's pictures with its 40 attributes (0/1) and the heads they answer.

    Args:
        source: `list_attr_celeba.txt` (or .csv), or the folder that holds it.
        folder: The pictures; by default `img_align_celeba` beside the file.

    Raises:
        ManifestError: A file is missing or not of this layout.
    """
    path = _file(source, "list_attr_celeba") if source.is_dir() else source
    if path is None:
        raise ManifestError(f"The folder {source} holds no list_attr_celeba.txt.")
    names, rows = _attributes(path)
    root = folder or _pictures_beside(path)
    splits = _pairs(_file(path.parent, "list_eval_partition"))
    people = _pairs(_file(path.parent, "identity_CelebA"))
    pictures = []
    for name, values in rows:
        labels = dict(zip(names, values, strict=True))
        _add_heads(labels)
        split = splits.get(name, "")
        if split not in (*PARTITION, ""):
            raise ManifestError(f"The partition of {name} is '{split}', not 0, 1 or 2.")
        pictures.append(
            LabelledPicture(root / name, labels, PARTITION.get(split, ""), people.get(name, ""))
        )
    if not pictures:
        raise ManifestError(f"{path} lists no picture.")
    return Draft(pictures, list(pictures[0].labels))


def _add_heads(labels: dict[str, str]) -> None:
    if "Male" in labels:
        labels["gender"] = "male" if labels["Male"] == "1" else "female"
    for head, attribute in HEADS.items():
        if attribute in labels:
            labels[head] = labels[attribute]
    if "No_Beard" in labels:
        labels["beard"] = "1" if labels["No_Beard"] == "0" else "0"


def _lines(path: Path) -> list[list[str]]:
    """Return the cells of every line that is not empty, at commas or white space."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(
            f"{path} cannot be read ({reason(error)}): check its name, it is plain text."
        ) from error
    lines = [line for line in text.splitlines() if line.strip()]
    return [line.split(",") if "," in line else line.split() for line in lines]


def _attributes(path: Path) -> tuple[list[str], list[tuple[str, list[str]]]]:
    lines = _lines(path)
    if lines and len(lines[0]) == 1 and lines[0][0].isdigit():
        lines = lines[1:]  # the count
    if len(lines) < 2:
        raise ManifestError(f"{path} is no attribute file of CelebA: it has no picture.")
    names = lines[0] if len(lines[0]) < len(lines[1]) else lines[0][1:]
    rows = []
    for number, cells in enumerate(lines[1:], 1):
        if len(cells) != len(names) + 1 or not set(cells[1:]) <= set(VALUES):
            raise ManifestError(
                f"Picture {number} of {path} ('{cells[0]}') does not have {len(names)} values "
                "of 1 or -1."
            )
        rows.append((cells[0], [VALUES[cell] for cell in cells[1:]]))
    return names, rows


def _file(folder: Path, stem: str) -> Path | None:
    found = (folder / (stem + ending) for ending in (".txt", ".csv"))
    return next((path for path in found if path.is_file()), None)


def _pairs(path: Path | None) -> dict[str, str]:
    """Return the first two cells of every line as a table; nothing without a file."""
    return {cells[0]: cells[1] for cells in _lines(path) if len(cells) > 1} if path else {}


def _pictures_beside(path: Path) -> Path:
    found = (path.parent / name for name in PICTURES)
    return next((folder for folder in found if folder.is_dir()), path.parent)
