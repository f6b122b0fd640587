"""The photos of one visitor, and what models said of them. Lives in memory only, as long as the visit.

A photo's file is kept only until it has been looked at: a large one is then replaced by the reduced picture that every
model would see anyway (see `lib.photos.DECODE_FLOOR`), stored without loss, so that a second model gives the same
answer it would give for the file.
"""

import io
import itertools
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from PIL import Image

from lib.classifiers.base import Classifier
from lib.classify import Settings, Source, conclude, infer_with_each
from lib.photos import thumbnail
from lib.results import Answer, Classification, Failure, Outcome

KEEP_BYTES = 400_000
THUMBNAIL_SIDE = 480
MAX_PHOTOS = 2000
_DRAWN = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG": "image/png",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"BM": "image/bmp",
}


@dataclass(slots=True)
class Photo:
    """One photo.

    Attributes:
        id: Unique in its album, rising in the order of adding.
        name: As its owner calls it; untrusted text.
        data: The file; after the first look the reduced picture, if that is smaller or browsers do not draw the file.
        thumbnail: A small JPEG, once the photo has been looked at and could be decoded.
        size_wh: Width and height of the upright photo as it came, once it has been looked at.
    """

    id: int
    name: str
    data: bytes
    thumbnail: bytes | None = None
    size_wh: tuple[int, int] | None = None

    @property
    def media_type(self) -> str | None:
        """Return what kind of picture `data` is, such as "image/png"; None if not every browser draws it."""
        return next((kind for start, kind in _DRAWN.items() if self.data.startswith(start)), None)


@dataclass
class Album:
    """Photos in the order of adding, and the answers of any number of models; safe to use while models look."""

    photos: list[Photo] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        self._answers: dict[tuple[str, int], Answer | Failure] = {}
        self._asked: tuple[object, ...] = ()
        self._judged: dict[int, tuple[Answer, Classification]] = {}  # by photo, as asked last
        self._lock = threading.Lock()

    def add(self, name: str, data: bytes) -> Photo | None:
        """Add a photo; return it, or None when the album is full (`MAX_PHOTOS`)."""
        if len(self.photos) >= MAX_PHOTOS:
            return None
        photo = Photo(next(self._ids), name, data)
        self.photos.append(photo)
        return photo

    def remove(self, photo: Photo) -> None:
        """Take a photo and all answers about it out of the album."""
        with self._lock:
            self.photos = [p for p in self.photos if p.id != photo.id]
            self._judged.pop(photo.id, None)
            self._answers = {key: answer for key, answer in self._answers.items() if key[1] != photo.id}

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self.photos = []
            self._answers, self._judged = {}, {}

    def answer(self, model: str, photo: Photo) -> Answer | Failure | None:
        """Return what `model` said of the photo, or None if it has not looked yet."""
        return self._answers.get((model, photo.id))

    def outcomes(self, model: str, labels: tuple[str, ...], settings: Settings) -> list[tuple[Photo, Outcome]]:
        """Return the photos that `model` has looked at, and what its answers come to; in the order of adding.

        Whoever asks the same again gets it at once. A download asks from a thread of its own.

        Args:
            model: Its id.
            labels: Its K names, in the reader's language.
            settings: What the reader chose.
        """
        asked = (model, labels, settings)
        with self._lock:
            if asked != self._asked:
                self._asked, self._judged = asked, {}
            judged = self._judged
        found: list[tuple[Photo, Outcome]] = []
        for photo in self.photos:
            answer = self.answer(model, photo)
            if isinstance(answer, Answer):
                if photo.id not in judged or judged[photo.id][0] is not answer:
                    judged[photo.id] = (answer, conclude(answer, labels, settings))
                found.append((photo, judged[photo.id][1]))
            elif answer is not None:
                found.append((photo, answer))
        return found

    def waiting(self, *models: str) -> list[Photo]:
        """Return the photos that not all of `models` have looked at."""
        return [p for p in self.photos if any((model, p.id) not in self._answers for model in models)]

    def forget(self, model: str) -> None:
        """Drop the answers of `model`, as when its files have changed."""
        with self._lock:
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
        by_source: dict[Source, Photo] = {}
        begun: deque[Photo] = deque()

        def sources() -> Iterator[Source]:
            for photo in photos:
                if self._holds(photo):  # it may have been removed meanwhile
                    source = Source(photo.name, partial(getattr, photo, "data"))  # the file is not held until its turn
                    by_source[source] = photo
                    begun.append(photo)
                    yield source

        for answers in infer_with_each(sources(), classifiers, look=_Looker(by_source), cancelled=cancelled):
            photo = begun.popleft()
            self._keep(photo, answers)
            yield photo

    def _holds(self, photo: Photo) -> bool:
        return any(mine is photo for mine in self.photos)

    def _keep(self, photo: Photo, answers: Iterable[Answer | Failure]) -> None:
        """Note the answers about a photo, unless it was removed meanwhile."""
        with self._lock:
            if not self._holds(photo):
                return
            for answer in answers:
                if isinstance(answer, Answer):
                    # A second model may see the reduced picture, which is never larger than the photo was.
                    photo.size_wh = max(photo.size_wh or answer.size_wh, answer.size_wh)
                    answer = replace(answer, size_wh=photo.size_wh)
                self._answers[answer.model, photo.id] = answer


class _Looker:
    """Makes the thumbnail and drops the large file, in the worker's thread, while the photo is decoded anyway."""

    def __init__(self, by_source: dict[Source, Photo]) -> None:
        self._by_source = by_source

    def __call__(self, source: Source, image: Image.Image) -> None:
        photo = self._by_source[source]
        if len(photo.data) > KEEP_BYTES or photo.media_type is None:
            reduced = _encode(image)
            if len(reduced) < len(photo.data) or photo.media_type is None:
                photo.data = reduced
        if photo.thumbnail is None:
            photo.thumbnail = thumbnail(image, side=THUMBNAIL_SIDE)


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)  # level 6 is four times slower and 5 % smaller
    return buffer.getvalue()
