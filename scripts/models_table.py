"""Write the table of all shipped packages into docs/models.md.

python scripts/models_table.py            # rewrite the page
python scripts/models_table.py --check    # exit 1 when the page is not up to date
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from facecam.errors import FacecamError  # noqa: E402
from facecam.training.models_table import models_table, replace_table  # noqa: E402

PAGE = ROOT / "docs" / "models.md"


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description="Write the table of models into docs/models.md.")
    parser.add_argument("--check", action="store_true", help="only say whether it is up to date")
    check = parser.parse_args().check
    try:
        page = PAGE.read_text("utf-8")
        made = replace_table(page, models_table())
    except (FacecamError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if made == page:
        return 0
    if check:
        print("docs/models.md is not up to date: run scripts/models_table.py.", file=sys.stderr)
        return 1
    PAGE.write_text(made, "utf-8")
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
