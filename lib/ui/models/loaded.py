"""The one store of this server, and the models loaded from it."""

from functools import cache
from pathlib import Path

import streamlit as st

from lib.catalogue.store import Store
from lib.classify.classifier import Classifier
from lib.classify.opening import open_classifier
from lib.errors import ModelFileError
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.ui.visit import current
from lib.work.files import data_folder


def store() -> Store:
    """Return the one store of this server. No cache of Streamlit's: any browser may have those cleared."""
    return _store(data_folder())


@cache
def _store(data: Path) -> Store:
    return Store(data)


def classifier(folder: ModelFolder) -> Classifier:
    """Return the loaded model, shared by all visitors; the few used last stay loaded.

    What other files said under its id is forgotten.

    Raises:
        ModelFileError: The files are damaged or contradict `model.toml`.
    """
    files = stamp(folder)
    current().album.renew(folder.spec.id, files)
    return _classifier(files, folder)


def stamp(folder: ModelFolder) -> tuple[str, str, int, int]:
    """Return what tells a model from every other, and from itself as it was before its files were changed.

    Raises:
        ModelFileError: The weights are not there.
    """
    try:
        weights = folder.weights_path.stat()
    except OSError as error:
        raise ModelFileError(N_("{file} could not be read."), file=folder.weights_path.name) from error
    return str(folder.path), repr(folder.spec), weights.st_mtime_ns, weights.st_size


@st.cache_resource(max_entries=4, show_spinner=False)
def _classifier(stamp: tuple[str, str, int, int], _folder: ModelFolder) -> Classifier:
    return open_classifier(_folder)  # it reads the very bytes that were tried, or refuses
