"""The file of a model that can say how familiar a photo is, as it goes elsewhere: it works that out itself."""

from lib.classify.novelty import class_means
from lib.formats.score import with_largest_logit, with_nearness
from lib.model.spec import ModelFolder


def scoring(folder: ModelFolder, content: bytes) -> bytes:
    """Return the model's file with the score as a second output; as it is for a model that cannot say.

    Args:
        folder: The model.
        content: Its file, for one photo, its ends as they are to be.

    Raises:
        ModelFileError: The file, or the class means beside it, cannot be read or do not fit.
    """
    spec = folder.spec
    if spec.novelty is None:
        return content
    if spec.novelty.method == "max-logit":
        return with_largest_logit(content, spec.output.shown, spec.weights)
    return with_nearness(content, class_means(folder), spec.weights)
