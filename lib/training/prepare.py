"""Photos on disk → arrays for training: crops, and what the teacher makes of each.

Done once and kept in the work folder.
"""

import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.datasets.labelled import LabelledPhotos
from lib.errors import PhotoError
from lib.messages import Message
from lib.photos.opening import open_photo
from lib.training.teacher import EMBEDDING, TEACHER_SIZE, Teacher
from lib.training.views import crop, photo_boxes
from lib.work.cores import usable_cores
from lib.work.files import write_whole
from lib.work.locks import locked
from lib.work.process import pack, revive

# Crops are kept in memory-mapped files; this many bytes of page cache are fair on a small machine.
VIEWS_LIMIT = 5 * 2**30

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Crops:
    """Which crops of which photos.

    Attributes:
        dataset: What to read.
        size: Side of the crops in pixels.
        count: Crops a photo.
        seed: For the places of the crops.
        augment: False: the whole photo each time.
        teacher: A LiteRT file from `load_teacher`, asked about every crop.
    """

    dataset: LabelledPhotos
    size: int
    count: int
    seed: int
    augment: bool
    teacher: bytes | None

    def key(self) -> str:
        """Return a name that others share only for the same crops of the same files."""
        teacher = sha256(self.teacher).hexdigest() if self.teacher else None
        digest = sha256(repr((self.size, self.count, self.seed, self.augment, teacher)).encode())
        for photo in self.dataset.photos:
            digest.update(f"{photo.source.name}|{photo.stamp}|{photo.label}\n".encode())
        return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Views:
    """Crops of every photo of a data set.

    Attributes:
        pixels: Shape (N, V, S, S, 3), RGB; memory-mapped.
        labels: Shape (N,).
        embeddings: Shape (N, V, 1280), what the teacher's features of each crop are; None without a teacher.
        broken: Why photos could not be decoded, by their position in the data set; they have no row.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    embeddings: NDArray[np.float16] | None
    broken: dict[int, Message]


def views_that_fit(photos: int, size: int, wanted: int) -> int:
    """Return how many crops of each photo fit into `VIEWS_LIMIT`: at least 1, at most `wanted`."""
    return max(1, min(wanted, VIEWS_LIMIT // max(1, photos * size * size * 3)))


def prepare_views(crops: Crops, folder: Path, progress: Progress) -> Views:
    """Return the crops; made now, or read from `folder` where an equal call left them.

    Args:
        crops: Which.
        folder: For the memory-mapped files, about photos x count x size^2 x 3 bytes.
        progress: Called now and then with (photos done, photos in all).

    Raises:
        OSError: There is no room for them.
    """
    place = folder / f"views-{crops.key()}"
    done = place / "done.json"
    with locked(place / "lock"):  # runs on the same photos may share the folder
        if not done.is_file():
            table = {index: pack(error) for index, error in _fill(place, crops, progress).items()}
            write_whole(done, json.dumps(table, default=str).encode())
    broken = {int(index): revive(packed).message for index, packed in json.loads(done.read_text()).items()}
    labels = np.array([p.label for i, p in enumerate(crops.dataset.photos) if i not in broken], dtype=np.int64)
    pixels = np.load(place / "pixels.npy", mmap_mode="r")[: len(labels)]
    embeddings = np.load(place / "embeddings.npy", mmap_mode="r")[: len(labels)] if crops.teacher else None
    return Views(pixels, labels, embeddings, broken)


def _fill(place: Path, crops: Crops, progress: Progress) -> dict[int, PhotoError]:
    """Write pixels.npy and embeddings.npy; return what could not be decoded. One thread and one teacher a core."""
    photos, count, size = crops.dataset.photos, crops.count, crops.size
    pixels = _new(place / "pixels.npy", np.uint8, (len(photos), count, size, size, 3))
    embeddings = _new(place / "embeddings.npy", np.float16, (len(photos), count, EMBEDDING)) if crops.teacher else None
    local = threading.local()

    def one(index: int) -> PhotoError | None:
        source = photos[index].source
        try:
            image = open_photo(source.read(), source.name)
        except PhotoError as error:
            return error
        for view, box in enumerate(photo_boxes(crops.seed, index, count, augment=crops.augment)):
            pixels[index, view] = crop(image, box, size)
            if embeddings is not None and crops.teacher is not None:
                if not hasattr(local, "teacher"):
                    local.teacher = Teacher(crops.teacher)
                embeddings[index, view] = local.teacher.embed(crop(image, box, TEACHER_SIZE))
        return None

    broken: dict[int, PhotoError] = {}
    with ThreadPoolExecutor(usable_cores()) as pool:
        progress(0, len(photos))
        for index, error in enumerate(pool.map(one, range(len(photos)))):
            if error is not None:
                broken[index] = error
            if (index + 1) % 50 == 0 or index + 1 == len(photos):
                progress(index + 1, len(photos))
    for array in (pixels, embeddings):
        if array is not None:
            _close_gaps(array, [index for index in range(len(photos)) if index not in broken])
    return broken


def _new(path: Path, kind: type[np.generic], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """Return a new file of zeros, mapped, with all its room on the disk, where the system can give it beforehand.

    A disk that is full later, when a page is written, ends the process (SIGBUS). Raises OSError.
    """
    rows = np.lib.format.open_memmap(path, "w+", kind, shape)
    if hasattr(os, "posix_fallocate"):
        try:
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError:
            path.unlink()  # it may hold the last room there is
            raise
    return rows


def _close_gaps(rows: np.memmap[Any, Any], kept: list[int]) -> None:
    """Move the `kept` rows to the front, in place: taking them out later would read the whole file into memory."""
    for place, index in enumerate(kept):
        if place != index:
            rows[place] = rows[index]
    rows.flush()
