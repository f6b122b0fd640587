"""The photos of one visitor, and what models said of them. Lives in memory only, as long as the visit.

A photo's file is kept only until it has been looked at: a large one is then replaced by the reduced picture that every
model would see anyway (see `lib.photos.DECODE_FLOOR`), stored without loss, so that a second model gives the same
answer it would give for the file.
"""

import io
import itertools
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from PIL import Image

from lib.classifiers.base import Classifier
from lib.classify import Answer, Source, infer_with_each
from lib.photos import thumbnail
from lib.results import Failure

KEEP_BYTES = 400_000
THUMBNAIL_SIDE = 480
MAX_PHOTOS = 2000


@dataclass(slots=True)
class Photo:
    """One photo.

    Attributes:
        id: Unique in its album, rising in the order of adding.
        name: As its owner calls it; untrusted text.
        data: The file, or after the first look, if that is smaller, the reduced picture.
        thumbnail: A small JPEG, once the photo has been looked at and could be decoded.
    """

    id: int
    name: str
    data: bytes
    thumbnail: bytes | None = None


@dataclass
class Album:
    """Photos in the order of adding, and the answers of any number of models."""

    photos: list[Photo] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        self._answers: dict[tuple[str, int], Answer | Failure] = {}

    def add(self, name: str, data: bytes) -> Photo | None:
        """Add a photo; return it, or None when the album is full (`MAX_PHOTOS`)."""
        if len(self.photos) >= MAX_PHOTOS:
            return None
        photo = Photo(next(self._ids), name, data)
        self.photos.append(photo)
        return photo

    def remove(self, photo: Photo) -> None:
        """Take a photo and all answers about it out of the album."""
        self.photos = [p for p in self.photos if p.id != photo.id]
        self._answers = {key: answer for key, answer in self._answers.items() if key[1] != photo.id}

    def clear(self) -> None:
        """Forget everything."""
        self.photos = []
        self._answers = {}

    def answer(self, model: str, photo: Photo) -> Answer | Failure | None:
        """Return what `model` said of the photo, or None if it has not looked yet."""
        return self._answers.get((model, photo.id))

    def waiting(self, *models: str) -> list[Photo]:
        """Return the photos that not all of `models` have looked at."""
        return [p for p in self.photos if any((model, p.id) not in self._answers for model in models)]

    def forget(self, model: str) -> None:
        """Drop the answers of `model`, as when its files have changed."""
        self._answers = {key: answer for key, answer in self._answers.items() if key[0] != model}

    def look(
        self, classifiers: Sequence[Classifier], photos: Iterable[Photo], cancelled: threading.Event
    ) -> Iterator[Photo]:
        """Let models look at `photos`; yield each one as all answers about it are there.

        Args:
            classifiers: The models, at least one; each photo is decoded once for all of them.
            photos: Some of this album's.
            cancelled: Once set, no further photo is begun.
        """
        photos = list(photos)
        by_source = {Source.of_bytes(photo.data, photo.name): photo for photo in photos}
        answers = infer_with_each(by_source, classifiers, look=_Looker(by_source), cancelled=cancelled)
        for photo, of_each in zip(photos, answers, strict=False):
            for answer in of_each:
                self._answers[answer.model, photo.id] = answer
            yield photo


class _Looker:
    """Makes the thumbnail and drops the large file, in the worker's thread, while the photo is decoded anyway."""

    def __init__(self, by_source: dict[Source, Photo]) -> None:
        self._by_source = by_source

    def __call__(self, source: Source, image: Image.Image) -> None:
        photo = self._by_source[source]
        if photo.thumbnail is None:
            photo.thumbnail = thumbnail(image, side=THUMBNAIL_SIDE)
        if len(photo.data) > KEEP_BYTES:
            reduced = _encode(image)
            if len(reduced) < len(photo.data):
                photo.data = reduced


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)  # level 6 is four times slower and 5 % smaller
    return buffer.getvalue()
