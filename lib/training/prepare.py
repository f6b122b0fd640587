"""Photos on disk → arrays for training: crops, and what the teacher makes of each.

Done once and kept in the work folder.
"""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.errors import PhotoError
from lib.messages import Message
from lib.photos.opening import open_photo
from lib.training.teacher import EMBEDDING, TEACHER_SIZE, Teacher
from lib.training.views import crop, photo_boxes
from lib.work.cores import usable_cores
from lib.work.files import write_whole
from lib.work.locks import locked

# Crops are kept in memory-mapped files; this many bytes of page cache are fair on a small machine.
VIEWS_LIMIT = 5 * 2**30

WHOLE = np.array([0.0, 0.0, 1.0, 1.0])

Bytes = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Views:
    """Crops of every photo of a data set.

    Attributes:
        pixels: Shape (N, V, S, S, 3), RGB; memory-mapped.
        labels: Shape (N,).
        embeddings: Shape (N, V, 1280) float16, what the teacher's features of each crop are; None without a teacher.
        broken: Why photos could not be decoded, by their position in the data set; they have no row.
    """

    pixels: Bytes
    labels: np.ndarray[tuple[int], np.dtype[np.int64]]
    embeddings: np.ndarray[tuple[int, int, int], np.dtype[np.float16]] | None
    broken: dict[int, Message]


def views_that_fit(photos: int, size: int, wanted: int) -> int:
    """Return how many crops of each photo fit into `VIEWS_LIMIT`: at least 1, at most `wanted`."""
    return max(1, min(wanted, VIEWS_LIMIT // max(1, photos * size * size * 3)))


def prepare_views(
    dataset: LabelledPhotos, folder: Path, *, size: int, count: int, seed: int, augment: bool,
    teacher: bytes | None, progress: Progress,
) -> Views:  # fmt: skip
    """Return `count` crops of each photo; made now, or read from `folder` where an equal call left them.

    Args:
        dataset: What to read.
        folder: For the memory-mapped files, about photos x count x size^2 x 3 bytes.
        size: Side of the crops in pixels.
        count: Crops a photo.
        seed: For the places of the crops.
        augment: False: the whole photo each time.
        teacher: A LiteRT file from `load_teacher`, asked about every crop.
        progress: Called now and then with (photos done, photos in all).
    """
    key = _key(dataset, size, count, seed, augment, teacher)
    place = folder / f"views-{key}"
    done = place / "done.json"
    with locked(place / "lock"):  # runs on the same photos may share the folder
        if not done.is_file():
            broken = _fill(place, dataset, size, count, seed, augment, teacher, progress)
            table = {str(i): [m.text, dict(m.values)] for i, m in broken.items()}
            write_whole(done, json.dumps(table, default=str).encode())
    reasons = {int(i): Message(text, values) for i, (text, values) in json.loads(done.read_text()).items()}
    kept = np.array([i for i in range(len(dataset.photos)) if i not in reasons], dtype=np.int64)
    labels = np.array([photo.label for photo in dataset.photos], dtype=np.int64)
    pixels = np.load(place / "pixels.npy", mmap_mode="r")
    embeddings = np.load(place / "embeddings.npy", mmap_mode="r") if teacher else None
    if embeddings is not None:
        embeddings = embeddings[: len(kept)]
    return Views(pixels[: len(kept)], labels[kept], embeddings, reasons)


def read_rgb(photo: LabelledPhoto) -> Image.Image:
    """Return the photo as the app opens it. Raises PhotoError."""
    return open_photo(photo.source.read(), photo.source.name)


def _key(dataset: LabelledPhotos, size: int, count: int, seed: int, augment: bool, teacher: bytes | None) -> str:
    digest = sha256(repr((size, count, seed, augment, sha256(teacher).hexdigest() if teacher else None)).encode())
    for photo in dataset.photos:
        digest.update(f"{photo.source.name}|{photo.stamp}|{photo.label}\n".encode())
    return digest.hexdigest()[:16]


def _fill(
    place: Path, dataset: LabelledPhotos, size: int, count: int, seed: int, augment: bool, teacher: bytes | None,
    progress: Progress,
) -> dict[int, Message]:  # fmt: skip
    """Write pixels.npy and embeddings.npy; return what could not be decoded. One thread and one teacher a core."""
    photos = len(dataset.photos)
    pixels = np.lib.format.open_memmap(place / "pixels.npy", "w+", np.uint8, (photos, count, size, size, 3))
    embeddings = None
    if teacher:
        shape = (photos, count, EMBEDDING)
        embeddings = np.lib.format.open_memmap(place / "embeddings.npy", "w+", np.float16, shape)
    local = threading.local()

    def one(index: int) -> Message | None:
        try:
            image = read_rgb(dataset.photos[index])
        except PhotoError as error:
            return error.message
        for view, box in enumerate(photo_boxes(seed, index, count, augment=augment)):
            pixels[index, view] = crop(image, box, size)
            if embeddings is not None and teacher is not None:
                if not hasattr(local, "teacher"):
                    local.teacher = Teacher(teacher)
                embeddings[index, view] = local.teacher.embed(crop(image, box, TEACHER_SIZE))
        return None

    broken: dict[int, Message] = {}
    with ThreadPoolExecutor(usable_cores()) as pool:
        for index, reason in enumerate(pool.map(one, range(photos))):
            if reason is not None:
                broken[index] = reason
            if index % 50 == 0:
                progress(index, photos)
    for array in (pixels, embeddings):
        if array is not None:
            _close_gaps(array, [index for index in range(photos) if index not in broken])
    return broken


def _close_gaps(rows: np.memmap[Any, Any], kept: list[int]) -> None:
    """Move the `kept` rows to the front, in place: taking them out later would read the whole file into memory."""
    for place, index in enumerate(kept):
        if place != index:
            rows[place] = rows[index]
    rows.flush()
