"""The photos of one visitor, and what models said of them. Lives in memory only, as long as the visit.

A photo's file is kept only until it has been looked at; then a large one is replaced (see `lib.server.kept`). A model
that came later and needs a scale that nobody asked for gives no answer, but asks for the photo again.
"""

import itertools
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from lib.classify.classifier import Classifier
from lib.classify.infer import Settings, conclude, infer_decoded, pixels_needed
from lib.errors import FullError
from lib.messages import N_
from lib.photos.opening import open_photo, thumbnail
from lib.results import Answer, Classification, Failure, Outcome
from lib.server import limits
from lib.server.kept import Kept, see
from lib.server.metrics import METRICS
from lib.work.ordered import in_order

THUMBNAIL_SIDE = 480
_TAKEN_TOGETHER = 100  # photos; to ask how much everybody holds costs a look at everything


@dataclass(slots=True, eq=False)
class Photo:
    """One photo.

    Attributes:
        id: Unique in its album, rising in the order of adding.
        name: As its owner calls it; untrusted text.
        order: Where its owner's page shows it: the largest first. As of microseconds since 1970.
        kept: What is kept of it.
        grew: Told of further bytes that it takes.
        size_wh: Width and height of the upright photo as it came, once it has been looked at and could be decoded.
    """

    id: int
    name: str
    order: int
    kept: Kept = field(repr=False)
    grew: Callable[[int], None] = field(repr=False)
    size_wh: tuple[int, int] | None = None
    _thumbnail: bytes | None = field(default=None, repr=False)

    @property
    def data(self) -> bytes:
        """Return the file, or after the first look a picture in its place; browsers draw that."""
        return self.kept.data

    @property
    def media_type(self) -> str | None:
        """Return what kind of picture `data` is, such as "image/png"; None if not every browser draws it."""
        return self.kept.media_type

    @property
    def held_bytes(self) -> int:
        """Return how much memory the photo takes."""
        return self.kept.held_bytes + len(self._thumbnail or b"")

    @property
    def picture(self) -> tuple[bytes, str] | None:
        """Return what people look at and its media type; None of a photo that was not looked at, or not decoded."""
        kept, kind = self.kept, self.media_type
        if self.size_wh is None or kind is None:
            return None
        return (kept.data, kind) if kept.view is None else (kept.view, "image/jpeg")

    @property
    def thumbnail(self) -> bytes | None:
        """Return a small JPEG, made when it is first asked for; None where there is no `picture`."""
        if self._thumbnail is None and (shown := self.picture) is not None:
            self._thumbnail = thumbnail(open_photo(shown[0], self.name), side=THUMBNAIL_SIDE)
            self.grew(len(self._thumbnail))
        return self._thumbnail


@dataclass(frozen=True, slots=True)
class _Removed:
    """The photo that was removed last, what each model said of it, and when that was."""

    photo: Photo
    said: dict[str, Answer | Failure]
    at_s: float


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
        self._removed: _Removed | None = None
        self._held: dict[int, int] = {}  # bytes, by photo, with what was said of it
        self._lock = threading.Lock()

    @property
    def photos(self) -> list[Photo]:
        """Return the photos in the order of adding."""
        with self._lock:
            return list(self._photos.values())

    @property
    def held_bytes(self) -> int:
        """Return how much memory photos and answers take; counted as they come and go, for it is asked often."""
        with self._lock:
            return sum(self._held.values())

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
        order = time.time_ns() // 1000 if order is None else order
        with self._lock:
            if len(self._photos) >= limits.MOST_PHOTOS:
                raise FullError(N_("Only {n} photos fit at once. The others were not added."), n=limits.MOST_PHOTOS)
            number = next(self._ids)
            photo = self._photos[number] = Photo(number, name, order, Kept(data), partial(self._count, number))
            self._held[number] = len(data)
        return photo

    def remove(self, photo: Photo) -> None:
        """Take a photo and all answers about it out of the album; for `limits.UNDO_S` the last one can be put back."""
        with self._lock:
            if self._photos.pop(photo.id, None) is None:
                return
            said = {model: answers.pop(photo.id) for model, answers in self._answers.items() if photo.id in answers}
            self._removed = _Removed(photo, said, time.monotonic())
            self._held.pop(photo.id)
            for answer in said.values():
                if isinstance(answer, Answer):
                    self._judged.pop(answer, None)

    def put_back(self, photo_id: int) -> None:
        """Undo the last removal, if it was of this photo."""
        with self._lock:
            removed = self._removed
            if removed is None or removed.photo.id != photo_id:
                return
            self._removed = None
            self._photos = dict(sorted({**self._photos, photo_id: removed.photo}.items()))
            self._held[photo_id] = removed.photo.held_bytes + sum(map(_bytes_of, removed.said.values()))
            for model, answer in removed.said.items():
                self._answers.setdefault(model, {})[photo_id] = answer

    def forget_removed(self, after_s: float = 0.0) -> None:
        """Let go of what was removed so many seconds ago, and could be put back until now."""
        with self._lock:
            if self._removed is not None and time.monotonic() - self._removed.at_s >= after_s:
                self._removed = None

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._removed = None
            self._photos.clear()
            self._held.clear()
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
                for photo_id, answer in self._answers.pop(model, {}).items():
                    self._held[photo_id] -= _bytes_of(answer)
                if self._removed is not None:
                    self._removed.said.pop(model, None)
            self._files[model] = files

    def ask(
        self, classifier: Classifier, photo: Photo, files: object, sides: Callable[[], Collection[int]] = tuple
    ) -> None:
        """Let a model look at one photo, in this thread; not at all if it has looked, or the photo was removed.

        Args:
            classifier: The model.
            photo: One of this album's.
            files: Those that it was loaded from, as `renew` was told.
            sides: Returns what models need that may look later, see `lib.classify.infer.least_side`; asked only where
                a file is replaced.
        """
        self._ask(photo, (classifier,), {classifier.spec.key: files}, sides)

    def look(
        self,
        classifiers: Sequence[Classifier],
        photos: Sequence[Photo],
        cancelled: threading.Event,
        *,
        sides: Callable[[], Collection[int]] = tuple,
        take: Callable[[int], object] = int,
        line: Executor | None = None,
    ) -> Iterator[Photo]:
        """Let models look at `photos`; yield each one as all answers about it are there.

        Args:
            classifiers: The models, at least one; each photo is decoded once for all that need the same scale.
            photos: Some of this album's.
            cancelled: Once set, no further photo is begun, and what was begun is finished.
            sides: As for `ask`.
            take: Asked again and again for room for so many bytes of answers; raises FullError where there is none.
            line: Where the work is done, among others'; None for threads of its own.
        """
        files = {classifier.spec.key: self._files.get(classifier.spec.key) for classifier in classifiers}
        answer_bytes = sum(len(classifier.labels) * np.dtype(np.float64).itemsize for classifier in classifiers)

        def present() -> Iterator[Photo]:
            for number, photo in enumerate(photos):
                if number % _TAKEN_TOGETHER == 0:
                    take(min(_TAKEN_TOGETHER, len(photos) - number) * answer_bytes)
                if photo.id in self._photos:  # it may have been removed meanwhile
                    yield photo

        work = partial(self._ask, classifiers=classifiers, files=files, sides=sides)
        workers = min(classifier.workers for classifier in classifiers)
        return in_order(work, present(), workers=workers, cancelled=cancelled, line=line)

    def _ask(
        self,
        photo: Photo,
        classifiers: Sequence[Classifier],
        files: Mapping[str, object],
        sides: Callable[[], Collection[int]],
    ) -> Photo:
        """Let models look that have not; the first look at a large file replaces it."""
        asked = [each for each in classifiers if self.answer(each.spec.key, photo) is None]
        if not asked or photo.id not in self._photos:
            return photo
        kept, is_first = photo.kept, photo.size_wh is None
        seen = see(photo.name, kept, {*map(pixels_needed, asked)}, sides if is_first else None)
        photo.size_wh = photo.size_wh or seen.size_wh
        if is_first:
            self._replace(photo, kept, seen.kept)
        for classifier in asked:
            image, spec = seen.pictures.get(pixels_needed(classifier)), classifier.spec
            answer: Answer | Failure
            if image is None:
                answer = Failure(photo.name, spec.id, seen.problem)
            else:
                answer = infer_decoded(photo.name, classifier, image, photo.size_wh or image.size)
            if isinstance(answer, Answer):
                METRICS.inference(spec.id, answer.milliseconds / 1e3)
            self._keep(photo, spec.key, answer, files[spec.key])
        return photo

    def _keep(self, photo: Photo, model: str, answer: Answer | Failure, files: object) -> None:
        """Note an answer, unless the photo was removed or the model's files were changed meanwhile."""
        with self._lock:
            if photo.id in self._photos and self._files.get(model) == files:
                answers = self._answers.setdefault(model, {})
                self._held[photo.id] += _bytes_of(answer) - _bytes_of(answers.get(photo.id))
                answers[photo.id] = answer

    def _replace(self, photo: Photo, kept: Kept, other: Kept) -> None:
        """Keep something else of a photo, unless another thread has seen to it."""
        with self._lock:
            if photo.kept is kept:
                photo.kept = other
                if photo.id in self._held:
                    self._held[photo.id] += other.held_bytes - kept.held_bytes

    def _count(self, photo_id: int, further: int) -> None:
        """Count further bytes of a photo, or fewer."""
        with self._lock:
            if photo_id in self._held:
                self._held[photo_id] += further


def _bytes_of(answer: Answer | Failure | None) -> int:
    return answer.probabilities.nbytes if isinstance(answer, Answer) else 0
