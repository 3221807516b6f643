"""The folder of a training run."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facecam.errors import TrainingError, reason
from facecam.training.recipe import Recipe


@dataclass
class Run:
    """A training run's folder.

    Holds `recipe.json` (as it ran), `data.json` and `pictures.json` (on what), `log.csv`,
    `curves.png`, `best.weights.h5` (what is exported), and `state/` with what a resumed run needs.
    """

    folder: Path

    @property
    def best(self) -> Path:
        """Weights with the best validation score."""
        return self.folder / "best.weights.h5"

    @property
    def state(self) -> Path:
        """Folder with the newest complete checkpoint."""
        return self.folder / "state"

    @property
    def checkpoint(self) -> Path:
        """What a resumed run goes on from, as one file."""
        return self.state / "checkpoint.npz"

    def best_of_phase(self, number: int) -> Path:
        """Return where the best weights of a phase (0 is the first) are kept for the mean."""
        return self.state / f"phase-{number + 1}.npz"

    def recipe(self) -> Recipe:
        """Return the recipe that made this run."""
        try:
            text = (self.folder / "recipe.json").read_text("utf-8")
        except OSError as error:
            raise TrainingError(
                f"{self.folder} is not a training run (recipe.json: {reason(error)}): choose "
                "another folder."
            ) from error
        try:
            return Recipe.model_validate_json(text)
        except ValueError as error:
            raise TrainingError(
                f"The run {self.folder} has a recipe.json that this version cannot read: train it "
                "again."
            ) from error

    def data(self) -> list[Path]:
        """Return the manifests that made this run."""
        return [Path(p) for p in self._read("data.json")]

    def pictures(self) -> dict[str, int | str]:
        """Return number and hash of the pictures it was begun with; empty where that is unknown."""
        if not (self.folder / "pictures.json").exists():
            return {}
        return dict(self._read("pictures.json"))

    def _read(self, name: str) -> Any:
        try:
            return json.loads((self.folder / name).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise TrainingError(
                f"The run {self.folder} cannot be read ({name}: {reason(error)}): train it again."
            ) from error
