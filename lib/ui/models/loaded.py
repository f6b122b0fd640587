"""The one store of this server, and the models loaded from it, as pages ask for them."""

from contextlib import suppress

from lib.catalogue.store import Store
from lib.classify.classifier import Classifier
from lib.errors import AppError
from lib.model.spec import ModelFolder
from lib.server.models import server_models, stamp
from lib.ui.visit import current

__all__ = ["classifier", "stamp", "store", "warm"]


def store() -> Store:
    """Return the one store of this server."""
    return server_models().store


def warm() -> None:
    """Load the model that the first visitor will ask, and write those that come with a package: seconds saved later."""
    with suppress(AppError):
        server_models().classifier(store().open_folder(store().default_id()))
        store().ready()


def classifier(folder: ModelFolder) -> Classifier:
    """Return the loaded model, shared by all visitors; the few used last stay loaded.

    What other files said under its key is forgotten.

    Raises:
        ModelFileError: The files are damaged or contradict `model.toml`.
    """
    current().album.renew(folder.spec.key, stamp(folder))
    return server_models().classifier(folder)
