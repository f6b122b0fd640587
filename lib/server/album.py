"""The photos of one visitor, and what models said of them. Lives in memory only, as long as the visit.

A photo's file is kept only until it has been looked at: a large one is then replaced by the reduced picture that most
models see anyway (see `DECODE_FLOOR`), and by one more for each other scale that was asked for, all stored
without loss. So every model gives the answer that it would give for the file; one that came later and needs yet another
scale gives none, but asks for the photo again.
"""

import io
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from PIL import Image

from lib.classify.classifier import Classifier
from lib.classify.infer import Settings, conclude, infer, infer_with_each, pixels_needed
from lib.errors import FullError, PhotoError
from lib.messages import N_
from lib.photos.opening import open_photo, thumbnail
from lib.photos.pixels import DECODE_FLOOR
from lib.photos.source import Source
from lib.results import Answer, Classification, Failure, Outcome
from lib.server import limits

KEEP_BYTES = 400_000
THUMBNAIL_SIDE = 480
_TAKEN_TOGETHER = 100  # photos; to ask how much everybody holds costs a look at everything
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
        order: Where its owner's page shows it: the largest first. As of microseconds since 1970.
        data: The file; after the first look the reduced picture, if that is smaller or browsers do not draw the file.
        scales: What models are answered from, by the side they need; None as long as `data` will do for all.
        size_wh: Width and height of the upright photo as it came, once it has been looked at.
        thumbnail: A small JPEG, once the photo has been looked at and could be decoded; the others are final then.
    """

    id: int
    name: str
    order: int
    data: bytes
    scales: dict[int, bytes] | None = None
    size_wh: tuple[int, int] | None = None
    thumbnail: bytes | None = None

    @property
    def media_type(self) -> str | None:
        """Return what kind of picture `data` is, such as "image/png"; None if not every browser draws it."""
        return next((kind for start, kind in _DRAWN.items() if self.data.startswith(start)), None)

    @property
    def held_bytes(self) -> int:
        """Return how much memory the photo takes."""
        return sum(map(len, {self.data, self.thumbnail or b"", *(self.scales or {}).values()}))

    def read(self, side: int) -> bytes:
        """Return what a model that needs `side` pixels is answered from.

        Raises:
            PhotoError: The file is gone, and nothing of this scale was kept.
        """
        if self.scales is None:
            return self.data
        if side not in self.scales:
            raise PhotoError(
                N_("{file} was kept too small for this model: remove it, and bring it again."), file=self.name
            )
        return self.scales[side]

    def reduce(self, pictures: Mapping[int, Image.Image]) -> None:
        """Keep these pictures instead of the file, if they are smaller or browsers do not draw it; by side."""
        encoded = {side: _encode(picture) for side, picture in pictures.items()}
        least = encoded[DECODE_FLOOR]
        if pictures[DECODE_FLOOR].size == self.size_wh:  # nothing was left out
            encoded = {}
        if sum(map(len, {least, *encoded.values()})) < len(self.data) or self.media_type is None:
            self.scales = encoded or None
            self.data = least


class Album:
    """Photos in the order of adding, and the answers of any number of models; safe to use while models look."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._photos: dict[int, Photo] = {}
        # Whatever is kept by model has the key of its description: it may look at photos in several ways.
        self._answers: dict[str, dict[int, Answer | Failure]] = {}  # by model, by photo
        self._files: dict[str, object] = {}  # by model: those that its answers come from
        self._asked: tuple[object, ...] = ()
        self._judged: dict[Answer, Classification] = {}  # as asked last
        self._lock = threading.Lock()

    @property
    def photos(self) -> list[Photo]:
        """Return the photos in the order of adding."""
        with self._lock:
            return list(self._photos.values())

    @property
    def held_bytes(self) -> int:
        """Return how much memory photos and answers take."""
        with self._lock:
            said = [answer for answers in self._answers.values() for answer in answers.values()]
            photos = sum(photo.held_bytes for photo in self._photos.values())
        return photos + sum(answer.probabilities.nbytes for answer in said if isinstance(answer, Answer))

    def get(self, photo_id: int) -> Photo | None:
        """Return the photo with this id, or None if there is none, or no longer."""
        return self._photos.get(photo_id)

    def add(self, name: str, data: bytes, order: int | None = None) -> Photo:
        """Add a photo.

        Args:
            name: As its owner calls it.
            data: The file.
            order: See `Photo.order`; None for now.

        Raises:
            FullError: There are `limits.MOST_PHOTOS` already.
        """
        with self._lock:
            if len(self._photos) >= limits.MOST_PHOTOS:
                raise FullError(N_("Only {n} photos fit at once; the others were left out."), n=limits.MOST_PHOTOS)
            photo = Photo(next(self._ids), name, time.time_ns() // 1000 if order is None else order, data)
            self._photos[photo.id] = photo
        return photo

    def remove(self, photo: Photo) -> None:
        """Take a photo and all answers about it out of the album."""
        with self._lock:
            self._photos.pop(photo.id, None)
            for answers in self._answers.values():
                if isinstance(answer := answers.pop(photo.id, None), Answer):
                    self._judged.pop(answer, None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._photos.clear()
            self._judged.clear()
            self._answers.clear()

    def answer(self, model: str, photo: Photo) -> Answer | Failure | None:
        """Return what the model of this key said of the photo, or None if it has not looked yet."""
        return self._answers.get(model, {}).get(photo.id)

    def outcomes(self, model: str, labels: tuple[str, ...], settings: Settings) -> list[tuple[Photo, Outcome]]:
        """Return the photos that a model has looked at, and what its answers come to; in the order of adding.

        Whoever asks the same again gets it at once. A download asks from a thread of its own.

        Args:
            model: Its key.
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
                if answer not in judged:
                    judged[answer] = conclude(answer, labels, settings)
                found.append((photo, judged[answer]))
            elif answer is not None:
                found.append((photo, answer))
        return found

    def waiting(self, *models: str) -> list[Photo]:
        """Return the photos that not all models of these keys have looked at."""
        said = [self._answers.get(model, {}) for model in models]
        return [photo for photo in self.photos if any(photo.id not in answers for answers in said)]

    def renew(self, model: str, files: object) -> None:
        """Drop the answers of a model if they come from other files than these.

        Args:
            model: Its key, which stays when it is trained or made anew.
            files: Equal only for the same files.
        """
        with self._lock:
            if self._files.get(model) != files:
                self._answers.pop(model, None)
            self._files[model] = files

    def ask(self, classifier: Classifier, photo: Photo, *, sides: Callable[[], Iterable[int]] = tuple) -> None:
        """Let a model look at one photo, in this thread; not at all if it has looked, or the photo was removed.

        Args:
            classifier: The model.
            photo: One of this album's.
            sides: Returns what models need that may look later; asked only if a file is to be replaced.
        """
        key = classifier.spec.key
        if photo.id not in self._photos or self.answer(key, photo) is not None:
            return
        files, side = self._files.get(key), pixels_needed(classifier)

        def note(_source: Source, image: Image.Image, size_wh: tuple[int, int]) -> None:
            self._note(photo, {side: image}, size_wh, lambda: {DECODE_FLOOR, side, *sides()})

        self._keep(photo, key, infer(Source(photo.name, partial(photo.read, side)), classifier, look=note), files)

    def look(
        self,
        classifiers: Sequence[Classifier],
        photos: Sequence[Photo],
        cancelled: threading.Event,
        *,
        sides: Iterable[int] = (),
        take: Callable[[int], object] = int,
        line: Executor | None = None,
    ) -> Iterator[Photo]:
        """Let models look at `photos`; yield each one as all answers about it are there.

        Args:
            classifiers: The models, at least one; each photo is decoded once for all that need the same scale.
            photos: Some of this album's.
            cancelled: Once set, no further photo is begun, and what was begun is finished.
            sides: What models need that may look later; see `lib.classify.infer.least_side`.
            take: Asked again and again for room for so many bytes of answers; raises FullError where there is none.
            line: Where the work is done, among others'; None for threads of its own.
        """
        groups: dict[int, list[Classifier]] = {}
        for classifier in classifiers:
            groups.setdefault(pixels_needed(classifier), []).append(classifier)
        kept = {DECODE_FLOOR, *groups, *sides}
        *first, last = groups
        for side in first:
            deque(self._look(groups[side], side, photos, cancelled, kept, take, line), maxlen=0)
        yield from self._look(groups[last], last, photos, cancelled, kept, take, line)

    def _look(
        self,
        classifiers: Sequence[Classifier],
        side: int,
        photos: Sequence[Photo],
        cancelled: threading.Event,
        kept: Collection[int],
        take: Callable[[int], object],
        line: Executor | None,
    ) -> Iterator[Photo]:
        """Let models look that all need `side`; pictures of the sides `kept` replace a large file."""
        keys = [classifier.spec.key for classifier in classifiers]
        files = [self._files.get(key) for key in keys]
        answer_bytes = sum(len(classifier.labels) * np.dtype(np.float64).itemsize for classifier in classifiers)
        by_source: dict[Source, Photo] = {}
        begun: deque[Photo] = deque()

        def sources() -> Iterator[Source]:
            for number, photo in enumerate(photos):
                if number % _TAKEN_TOGETHER == 0:
                    take(min(_TAKEN_TOGETHER, len(photos) - number) * answer_bytes)
                if photo.id in self._photos:  # it may have been removed meanwhile
                    source = Source(photo.name, partial(photo.read, side))  # the file is not held until its turn
                    by_source[source] = photo
                    begun.append(photo)
                    yield source

        def note(source: Source, image: Image.Image, size_wh: tuple[int, int]) -> None:
            self._note(by_source[source], {side: image}, size_wh, lambda: kept)

        for answers in infer_with_each(sources(), classifiers, look=note, cancelled=cancelled, line=line):
            photo = begun.popleft()
            for key, answer, made_with in zip(keys, answers, files, strict=True):
                self._keep(photo, key, answer, made_with)
            yield photo

    def _note(
        self,
        photo: Photo,
        decoded: Mapping[int, Image.Image],
        size_wh: tuple[int, int],
        kept: Callable[[], Collection[int]],
    ) -> None:
        """Make the thumbnail and drop the large file, in the worker's thread, while the photo is decoded anyway."""
        with self._lock:
            if photo.size_wh is not None:
                return
            photo.size_wh = size_wh
        if len(photo.data) > KEEP_BYTES or photo.media_type is None:
            others = {side: open_photo(photo.data, photo.name, at_least=side) for side in kept() if side not in decoded}
            photo.reduce({**others, **decoded})
        photo.thumbnail = thumbnail(next(iter(decoded.values())), side=THUMBNAIL_SIDE)

    def _keep(self, photo: Photo, model: str, answer: Answer | Failure, files: object) -> None:
        """Note an answer, unless the photo was removed or the model's files were changed meanwhile."""
        if isinstance(answer, Answer) and photo.size_wh is not None:
            answer = replace(answer, size_wh=photo.size_wh)  # it may have seen the reduced picture
        with self._lock:
            if photo.id in self._photos and self._files.get(model) == files:
                self._answers.setdefault(model, {})[photo.id] = answer


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)  # level 6 is four times slower and 5% smaller
    return buffer.getvalue()
