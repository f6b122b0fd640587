"""The float32 twin of a model that is in 8 bits: the same head on the same network as its makers published it.

There is one for models that are written from the weights in a package (`lib.catalogue.from_package`), and for a user's
own models made on one of those; other 8-bit files are all there is of them.
"""

import json
import shutil
import threading
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from lib.catalogue.packaged import Packaged
from lib.catalogue.store import Store
from lib.catalogue.trial import trials_of
from lib.catalogue.variants import WEIGHTS, place_of
from lib.errors import ModelFileError
from lib.formats.graft import graft
from lib.formats.head import read_head
from lib.formats.tables import Format, read_format
from lib.messages import N_
from lib.model import writing
from lib.model.spec import ModelFolder, load
from lib.work.files import data_error, replace_folder, sha256_of
from lib.work.locks import locked

EDITION = 1  # of how a twin is made: raised when the same model gets another one


def published_of(folder: ModelFolder, store: Store) -> Packaged | None:
    """Return whose published weights a model's network has, if they are in a package that is here; else None."""
    names = (folder.spec.id, str(folder.spec.source.get("backbone", "")))
    return next((found for found in map(store.packaged, names) if found is not None), None)


def float_twin(folder: ModelFolder, store: Store, *, cancelled: threading.Event | None = None) -> ModelFolder:
    """Return a model in float32: itself, or its twin, made now unless it is there; both have the same id.

    Args:
        folder: The model.
        store: Where it is from.
        cancelled: When set while another process makes it, waiting ends.

    Raises:
        ModelFileError: It exists only in 8 bits, or what was made does not run.
        ModelPackageError: The package of its network is missing or altered.
        DownloadError: The disk is full or cannot be written.
        Cancelled: `cancelled` was set.
    """
    if read_format(folder) is Format.FLOAT32:
        return folder
    published = published_of(folder, store)
    if published is None:
        raise only_as_it_is(folder)
    place = place_of(folder.spec.id, Format.FLOAT32, store.data)
    lock = store.data / "locks" / f"variant-{place.name}.lock"
    recipe = _recipe(folder, published)
    try:
        with locked(lock, cancelled=cancelled):
            return _found(folder, place, recipe) or _make(folder, published, place, recipe)
    except OSError as error:
        raise data_error(error, folder.spec.id) from error


def only_as_it_is(folder: ModelFolder) -> ModelFileError:
    """Return the error of a model of which no float32 file is to be had."""
    base = str(folder.spec.source.get("backbone", folder.spec.id))
    return ModelFileError(
        N_("{base} comes only as a file with 8-bit numbers, so other formats cannot be made of {model}."),
        base=base,
        model=folder.spec.id,
    )


def _recipe(folder: ModelFolder, published: Packaged) -> str:
    """Return a digest of what a twin comes of."""
    own = folder.sha256 or sha256(folder.read_weights()).hexdigest()
    return sha256(json.dumps([EDITION, own, published.sha256]).encode()).hexdigest()


def _found(folder: ModelFolder, place: Path, recipe: str) -> ModelFolder | None:
    with suppress(ModelFileError):
        found = load(place)
        if found.spec.source.get("recipe") == recipe:
            return trials_of(place.parents[1]).admit(found).looking_as(folder.spec.input)
    return None


def _make(folder: ModelFolder, published: Packaged, place: Path, recipe: str) -> ModelFolder:
    """Make a twin in a folder of its own and move it into place; the caller holds the lock."""
    content = _content(folder, published)
    work = place.with_name(f".{place.name}")  # what a killed process left of it is in the way of nobody else
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        (work / WEIGHTS).write_bytes(content)
        shutil.copyfile(folder.path / folder.spec.labels, work / folder.spec.labels)
        source: dict[str, Any] = {
            "made_from": folder.spec.id,
            "recipe": recipe,
            "weights_sha256": sha256_of(work / WEIGHTS),
        }
        bare = replace(folder.spec, published=None, novelty=None, track_record=None)
        writing.write(work, replace(bare, weights=WEIGHTS, source=source))
        replace_folder(work, place)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return trials_of(place.parents[1]).admit(load(place))


def _content(folder: ModelFolder, published: Packaged) -> bytes:
    from lib.catalogue.from_package import litert  # it takes 0.2 s to import

    if published.spec.id == folder.spec.id:
        return litert(replace(published, ranges=None))
    head = read_head(folder.read_weights(), folder.spec.weights)
    if head is None:
        raise only_as_it_is(folder)
    network = litert(replace(published, ranges=None, head=None))
    return graft(network, head.weight, head.bias, head.pooling, folder.spec.input.size_wh, folder.spec.id)
