"""Models that answer with probabilities: one file per runtime behind one small interface."""

from lib.classify.classifier import Classifier
from lib.model.spec import ModelFolder


def open_classifier(folder: ModelFolder, *, workers: int | None = None) -> Classifier:
    """Load a model that is on this machine.

    Args:
        folder: The model's folder; its weights have passed inspection (see `lib.catalogue`).
        workers: How many photos it can classify at once; None for one per core.

    Raises:
        ModelFileError: The files are damaged or contradict `model.toml`.
    """
    from lib.classify.litert import LiteRTClassifier

    return LiteRTClassifier(folder, workers=workers)
