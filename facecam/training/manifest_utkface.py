"""Manifests from the file names of UTKFace: `age_gender_race_date.jpg`.

The layout is described at https://susanqq.github.io/UTKFace/: age in years, gender 0 male and 1
female, race 0 White, 1 Black, 2 Asian, 3 Indian, 4 others, date and time of collection. A few names
of the release lack a part; they are left out.
"""

import re
from pathlib import Path

from facecam.errors import ManifestError
from facecam.training.manifest_draft import Draft, LabelledPicture, counted, listing, picture_files

NAME = re.compile(r"(?P<age>\d{1,3})_(?P<gender>[01])_(?P<race>[0-4])_\d+")
GENDERS = ("male", "female")
GROUPS = ("white", "black", "asian", "indian", "other")
OLDEST = 120


def from_utkface(source: Path) -> Draft:
    """Return the pictures of UTKFace with age, gender and group (for measuring fairness only).

    Raises:
        ManifestError: No picture is named like one of UTKFace.
    """
    pictures, _ = picture_files(source)
    found, odd = [], []
    for path in pictures:
        match = NAME.match(path.name)
        if match is None or int(match["age"]) > OLDEST:
            odd.append(path)
            continue
        labels = {
            "age": str(int(match["age"])),
            "gender": GENDERS[int(match["gender"])],
            "group": GROUPS[int(match["race"])],
        }
        found.append(LabelledPicture(path, labels))
    if not found:
        raise ManifestError(
            f"No picture in {source} is named like one of UTKFace, "
            "as in 25_1_2_20170116174525125.jpg."
        )
    note = f"{counted(len(odd), 'picture')} with an incomplete name left out: "
    notes = (note + listing(path.name for path in odd) + ".",) if odd else ()
    return Draft(found, ["age", "gender", "group"], notes)
