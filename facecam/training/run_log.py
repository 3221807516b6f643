"""The figures of a run as they come: log.csv, TensorBoard events, curves.png."""

import csv
import io
from pathlib import Path
from typing import Any

import keras
import numpy as np

from facecam.training.checkpoint import write_whole

PLACE = ("phase", "epoch")


class RunLog:
    """Writes the rows of a run. Used by one thread.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None

    @property
    def rows(self) -> list[dict[str, str]]:
        """What log.csv holds."""
        path = self._folder / "log.csv"
        if not path.exists():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def add(self, row: dict[str, Any]) -> None:
        """Add the figures of an epoch; an epoch that is done again counts once.

        Raises:
            TrainingError: The disk is full.
        """
        place = tuple(str(row[name]) for name in PLACE)
        rows = [r for r in self.rows if tuple(r[name] for name in PLACE) != place]
        rows.append({key: str(value) for key, value in row.items()})
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, list(dict.fromkeys(name for r in rows for name in r)))
        table.writeheader()
        table.writerows(rows)
        write_whole(
            self._folder / "log.csv",
            self._folder / "part.csv",
            lambda part: part.write_text(text.getvalue(), "utf-8", newline=""),
            "log",
        )
        self._add_events(row, len(rows))

    def _add_events(self, row: dict[str, Any], step: int) -> None:
        """Write the numbers for TensorBoard, where the backend brings its writer."""
        if keras.backend.backend() != "tensorflow":
            return
        import tensorflow as tf

        # What tf.summary.scalar writes, which needs the package tensorboard installed to write it.
        kind = tf.compat.v1.SummaryMetadata(data_class=1)
        kind.plugin_data.plugin_name = "scalars"
        if self._writer is None:
            self._writer = tf.summary.create_file_writer(str(self._folder / "tensorboard"))
        with self._writer.as_default(step=step):
            for key, value in row.items():
                if key not in PLACE:
                    name = key.replace(".", "/")
                    tf.summary.write(name, np.float32(value), metadata=kind)
        self._writer.flush()

    def close(self) -> None:
        """Draw curves.png and end the event file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        rows = self.rows
        if rows:
            draw_curves(rows, self._folder / "curves.png")


def draw_curves(rows: list[dict[str, str]], path: Path) -> None:
    """Draw every figure of the log over the epochs, one small picture each, as a PNG.

    Args:
        rows: What log.csv holds, in order; phases are set apart by lines.
        path: Where to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    names = list(dict.fromkeys(n for row in rows for n in row if n not in PLACE and row[n]))
    columns = min(len(names), 3)
    lines = -(-len(names) // columns)
    figure = Figure(figsize=(4 * columns, 2.4 * lines), layout="constrained")
    FigureCanvasAgg(figure)
    starts = [i + 0.5 for i in range(1, len(rows)) if rows[i]["phase"] != rows[i - 1]["phase"]]
    for place, name in enumerate(names, start=1):
        axes = figure.add_subplot(lines, columns, place)
        points = [(i, float(row[name])) for i, row in enumerate(rows, 1) if row.get(name)]
        axes.plot(*zip(*points, strict=True), marker="." if len(points) < 40 else "")
        for start in starts:
            axes.axvline(start, color="0.6", linewidth=0.8, linestyle=":")
        axes.set_title(name, fontsize=9)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.25)
    figure.supxlabel("epoch", fontsize=9)
    write_whole(
        path,
        path.with_name("part.png"),
        lambda part: figure.savefig(part, dpi=110, format="png"),
        "figure",
    )
