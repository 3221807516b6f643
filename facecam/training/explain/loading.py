"""Choose how a model is looked into: by its package alone, or through Keras."""

from collections.abc import Sequence
from pathlib import Path

from facecam.inference.package import load_package
from facecam.inference.runtime import FEATURES
from facecam.training.explain.explained import LAST, ExplainedModel


def open_model(model: str, layers: Sequence[str] = (LAST,)) -> ExplainedModel:
    """Return a package or a training run as an `ExplainedModel`.

    A package is looked into through the graph that runs live, which needs no TensorFlow, as long as
    only its last layer is asked for; else through its model.keras. A run always goes through Keras.

    Args:
        model: Name or folder of a package, or folder of a training run.
        layers: Names of the layers that will be asked for.

    Raises:
        FacecamError: There is no such model, or it cannot be looked into.
    """
    folder = Path(model)
    if (folder / "recipe.json").is_file() and not (folder / "model.json").exists():
        from facecam.training.explain.keras_model import keras_model_of_run

        return keras_model_of_run(folder)
    package = load_package(model)
    own = {LAST, FEATURES, str(package.cam.get("layer", FEATURES))}
    if set(layers) <= own or "model.keras" not in package.spec["files"]:
        from facecam.training.explain.package_model import PackageModel

        return PackageModel(package)
    from facecam.training.explain.keras_model import keras_model_of_package

    return keras_model_of_package(package)
