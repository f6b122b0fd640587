"""The one store of this server, and the models loaded from it."""

from contextlib import suppress
from functools import cache

import streamlit as st

from lib.catalogue.store import Store
from lib.classify.classifier import Classifier
from lib.classify.opening import open_classifier
from lib.errors import AppError
from lib.model.spec import ModelFolder
from lib.ui.visit import current
from lib.work import files


def store() -> Store:
    """Return the one store of this server. No cache of Streamlit's: any browser may have those cleared."""
    return _store(files.data_folder())


_store = cache(Store)


def warm() -> None:
    """Load the model that the first visitor will ask, and write those that come with a package: seconds saved later."""
    with suppress(AppError):
        folder = store().open_folder(store().default_id())
        _classifier(stamp(folder), folder)
        store().ready()


def classifier(folder: ModelFolder) -> Classifier:
    """Return the loaded model, shared by all visitors; the few used last stay loaded.

    What other files said under its key is forgotten.

    Raises:
        ModelFileError: The files are damaged or contradict `model.toml`.
    """
    now = stamp(folder)
    current().album.renew(folder.spec.key, now)
    return _classifier(now, folder)


def stamp(folder: ModelFolder) -> tuple[str, str, files.Stamp]:
    """Return what tells a model from every other, and from itself as it was before its files were changed."""
    return str(folder.path), repr(folder.spec), files.stamp(folder.weights_path)


@st.cache_resource(max_entries=4, show_spinner=False)
def _classifier(stamp: tuple[str, str, files.Stamp], _folder: ModelFolder) -> Classifier:
    return open_classifier(_folder)  # it reads the very bytes that were tried, or refuses
