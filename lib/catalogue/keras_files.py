"""The Keras file of a model: the one beside its weights, or one that a worker makes of its network and its head.

What is made is kept in the data folder, under the digest of the weights that it answers like.
"""

import shutil
import threading
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.catalogue.packaged import Packaged
from lib.catalogue.store import Entry, Store
from lib.catalogue.twin import published_of
from lib.catalogue.variants import KERAS, place_of
from lib.errors import ModelError, ModelFileError
from lib.formats import from_keras
from lib.formats.head import LinearHead, read_head
from lib.messages import N_
from lib.model.spec import ModelFolder
from lib.work import process
from lib.work.files import whole

CPU_SECONDS = 600
WALL_SECONDS = 600.0
WORK = "lib.formats.headed_keras:export_in_worker"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a Keras file can be made of.

    Attributes:
        network: Published weights, which a package holds; or another Keras file.
        head: What follows the network's features; None: the classes that were published with it.
    """

    network: Packaged | Path
    head: LinearHead | None


def find(folder: ModelFolder, data: Path) -> Path | None:
    """Return the Keras file of a model: the one beside it, or one that was made of these very weights; else None."""
    made = _place(folder, data)
    return from_keras.keras_file(folder) or (made if made.is_file() else None)


def origin_of(folder: ModelFolder, store: Store) -> Origin:
    """Return what a Keras file of a model can be made of.

    Raises:
        ModelFileError: There is nothing; the sentence says why.
    """
    spec = folder.spec
    head, published = read_head(folder.read_weights(), spec.weights), published_of(folder, store)
    if published is not None and (head is not None or published.spec.id == spec.id):
        return Origin(published, head)
    base = str(spec.source.get("backbone", ""))
    network = _entry(base, store) if base else None
    file = from_keras.keras_file(network.folder) if network is not None and network.folder is not None else None
    if head is not None and file is not None:
        return Origin(file, head)
    application = (network or folder).spec.source.get("application")
    if application:
        text = N_(
            "There is no Keras file of {model}: of {base}, only the LiteRT file is kept. Keras has that network "
            "itself, as keras.applications.{application}."
        )
    elif base:
        text = N_("There is no Keras file of {model}: {base}, on which it was made, comes only as a LiteRT file.")
    else:
        text = N_("There is no Keras file of {model}: it comes only as a LiteRT file.")
    raise ModelFileError(text, model=spec.id, base=base or spec.id, application=application)


def answers(
    file: Path, origin: Origin | None, tensors: NDArray[np.float32], cancelled: threading.Event | None
) -> NDArray[np.float64]:
    """Return what a Keras file answers to N photos, after a worker has made it of `origin` or found it there.

    Args:
        file: Where it is, or is to be.
        origin: What to make it of; None for one that is there.
        tensors: Photos as the model takes them, shape (N, H, W, 3).
        cancelled: When set, the worker is ended.

    Returns:
        Shape (N, outputs).

    Raises:
        ModelError: It cannot be made or read; or the package is missing or altered.
        WorkerError: TensorFlow is missing, or the worker died.
        OSError: The disk refuses.
    """
    with process.scratch() as temporary:
        np.save(temporary / "tensors.npy", tensors)
        payload = {
            "target": str(file),
            "make": None if origin is None else _recipe(origin, tensors.shape[1], temporary),
            "tensors": str(temporary / "tensors.npy"),
            "answers": str(temporary / "answers.npy"),
        }
        process.run(
            WORK,
            payload,
            memory_bytes=from_keras.MEMORY_BYTES,
            cpu_seconds=CPU_SECONDS,
            wall_seconds=WALL_SECONDS,
            cancelled=cancelled,
        )
        return np.asarray(np.load(temporary / "answers.npy"), np.float64)


def keep(made: Path, folder: ModelFolder, data: Path) -> Path:
    """Copy a Keras file that was made of a model to where `find` looks, instead of earlier ones. Raises OSError."""
    target = _place(folder, data)
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole(target) as temporary:
        shutil.copyfile(made, temporary)
    for earlier in target.parent.glob("*.keras"):
        if earlier != target:
            earlier.unlink(missing_ok=True)
    return target


def _place(folder: ModelFolder, data: Path) -> Path:
    digest = folder.sha256 or sha256(folder.read_weights()).hexdigest()
    return place_of(folder.spec.id, KERAS, data) / f"{digest[:32]}.keras"


def _entry(model_id: str, store: Store) -> Entry | None:
    """Return what is known of a model; None for one that is not known any more."""
    try:
        return store.find(model_id)
    except ModelError:
        return None


def _recipe(origin: Origin, side: int, temporary: Path) -> dict[str, Any]:
    """Return what the worker makes a file of, whatever it needs written for it; `side` of the photo, in pixels."""
    made: dict[str, Any] = {"head": None}
    if origin.head is not None:
        made["head"] = str(temporary / "head.npz")
        np.savez(made["head"], weight=origin.head.weight, bias=origin.head.bias, pooling=str(origin.head.pooling))
    if isinstance(origin.network, Path):
        return {**made, "keras": str(origin.network)}
    from lib.catalogue.from_package import published  # it takes 0.2 s to import

    (temporary / "weights.pth").write_bytes(published(origin.network)[1])
    return {**made, "weights": str(temporary / "weights.pth"), "side": side}
