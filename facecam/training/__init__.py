"""The workshop: data, recipes, training, evaluation, export. Only here TensorFlow is imported."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def _leave_the_home_alone() -> None:
    """Keep Keras and matplotlib from making folders in the home of a person who has none of them.

    Keras writes ~/.keras/keras.json when it is imported, matplotlib ~/.config/matplotlib and a list
    of fonts in ~/.cache/matplotlib. Who uses them otherwise has those folders, and they are used.
    """
    home = Path(os.path.expanduser("~"))
    if "KERAS_HOME" not in os.environ and not (home / ".keras").exists():
        # A folder that cannot be made: Keras carries on, and keeps downloads in the temporary one.
        os.environ["KERAS_HOME"] = str(Path(__file__) / "no-folder")
    if "MPLCONFIGDIR" not in os.environ and not (
        (home / ".config" / "matplotlib").exists() or (home / ".matplotlib").exists()
    ):
        scratch = tempfile.mkdtemp(prefix="facecam-matplotlib-")
        os.environ["MPLCONFIGDIR"] = scratch
        atexit.register(shutil.rmtree, scratch, ignore_errors=True)


_leave_the_home_alone()
