"""How a project's description changes: a new one for each change, or a sentence that says why not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lib.datasets.fingerprint import Fingerprint
from lib.datasets.manifest import NAME_BYTES, Kept, Klass, Manifest, clean_name, clean_reason, folded
from lib.datasets.reading import MOST_CLASSES
from lib.errors import FullError, UsageError
from lib.messages import N_, Message
from lib.photos.source import Skipped
from lib.projects import limits
from lib.work.files import size_words

# Why the network that sees cannot be another one.
BOUND = N_("Another network would have to look at the photos, and they were deleted: only numbers are left of them.")


def no_class() -> UsageError:
    """Return what to say where a class is asked for that is not there."""
    return UsageError(N_("There is no such class."))


def require(now: Manifest, klass: int) -> None:
    """Raise UsageError if there is no class of this id."""
    if klass not in now.names:
        raise no_class()


def new_name(now: Manifest, name: str, but: int | None = None) -> str:
    """Return the name that a class gets. Raises UsageError: empty, or the name of another class than `but`."""
    clean = clean_name(name, NAME_BYTES)
    if not clean:
        raise UsageError(N_("A class needs a name."))
    if any(folded(klass.name) == folded(clean) for klass in now.live_classes if klass.id != but):
        raise UsageError(N_("There is already a class called {name}."), name=clean)
    return clean


def with_class(now: Manifest, name: str) -> Manifest:
    """Return it with one more class. Raises UsageError: there are too many."""
    if len(now.live_classes) >= MOST_CLASSES:
        raise UsageError(N_("A project can have up to {most} classes."), most=MOST_CLASSES)
    return replace(now, classes=(*now.classes, Klass(now.next_id, name)), next_id=now.next_id + 1)


def with_classes(now: Manifest, klass: int, **changes: Any) -> Manifest:
    """Return it with a class changed."""
    return replace(now, classes=tuple(replace(one, **changes) if one.id == klass else one for one in now.classes))


def with_photos(now: Manifest, ids: set[int], **changes: Any) -> Manifest:
    """Return it with some photos changed."""
    return replace(now, photos=tuple(replace(one, **changes) if one.id in ids else one for one in now.photos))


def with_settings(now: Manifest, settings: Mapping[str, Any]) -> Manifest:
    """Return it with some settings changed.

    Raises:
        UsageError: An unknown setting, a value that one cannot have, or one that needs photos that were deleted.
    """
    chosen = now.settings.chosen(settings)
    if now.dropped and chosen.backbone != now.settings.backbone:
        raise UsageError(BOUND)
    if now.dropped and chosen.keep != now.settings.keep:
        text = N_("Photos of this project were deleted: only numbers are left. Begin a new project to keep photos.")
        raise UsageError(text)
    return replace(now, settings=chosen)


def with_dropped(now: Manifest, sizes: Mapping[str, int], backbone: str) -> Manifest:
    """Return it without the files of some photos, if it still keeps what this backbone made of them and nothing else.

    Args:
        now: The project.
        sizes: How many bytes are kept of each, by digest; 0 where there is nothing to learn of it.
        backbone: Id of the model that read them.
    """
    if now.settings.keeps_photos or now.settings.backbone != backbone:
        return now
    photos = tuple(
        replace(one, is_dropped=True, size=sizes[one.digest], is_broken=one.is_broken or not sizes[one.digest])
        if one.digest in sizes and not one.is_dropped
        else one
        for one in now.photos
    )
    return replace(now, photos=photos)


def with_model(now: Manifest, model_id: str | None) -> Manifest:
    """Return a project of which this model was made, too."""
    if model_id is None or model_id in now.models:
        return now
    return replace(now, models=(*now.models, model_id))


def with_left_out(now: Manifest, skipped: Sequence[Skipped]) -> Manifest:
    """Return it with files that are no photos, each once, as far as there is room on the list."""
    listed = {str(photo.aside) for photo in now.photos if not photo.digest}
    every = {str(reason := clean_reason(one.reason)): replace(one, reason=reason) for one in skipped}
    new = {text: one for text, one in every.items() if text not in listed}
    names = {text: clean_name(one.file, NAME_BYTES) or "file" for text, one in new.items()}
    photos = [
        Kept(now.next_id + number, None, names[text], "", 0, aside=one.reason, is_broken=True, is_jfif=False)
        for number, (text, one) in enumerate(new.items())
    ][: max(0, limits.MOST_LISTED - len(listed))]
    return replace(now, photos=(*now.photos, *photos), next_id=now.next_id + len(photos))


class Adding:
    """Photos that are being added to a project.

    Args:
        now: The project.
        left: How many bytes there is room for in all projects together.

    Attributes:
        added: The number of each photo in the project, and what else to say of it.
    """

    def __init__(self, now: Manifest, left: int) -> None:
        self.added: list[tuple[int, Message | None]] = []
        self._now, self._left = now, left
        self._photos = {photo.id: photo for photo in now.photos}
        self._known = {_key(photo.klass, photo.digest, photo.aside): photo.id for photo in reversed(now.photos)}
        self._sizes = {photo.digest: photo.size for photo in now.photos}
        self._held, self._count = now.held_bytes, sum(bool(photo.digest) for photo in now.photos)
        self._next = now.next_id

    def done(self) -> Manifest:
        """Return the project with the photos."""
        if self._next == self._now.next_id and tuple(self._photos.values()) == self._now.photos:
            return self._now
        return replace(self._now, photos=tuple(self._photos.values()), next_id=self._next)

    def add(self, klass: int, name: str, burst: str | None, seen: Fingerprint) -> None:
        """Add a photo; one that is in its class already is not added again, and comes back if it was taken out.

        Raises:
            UsageError: There is no such class.
            FullError: There is no room for it.
        """
        require(self._now, klass)
        problem = None if seen.problem is None else clean_reason(seen.problem)
        key = _key(klass, seen.digest, problem)
        same = self._photos.get(self._known.get(key, 0))
        if same is None:
            self.require_room(seen)
            photo = Kept(
                id=self._next,
                klass=klass,
                name=name,
                digest=seen.digest,
                size=self._sizes.get(seen.digest, seen.size),
                burst=burst,
                phash=seen.phash,
                aside=problem,
                is_broken=problem is not None,
                is_jfif=seen.is_jfif,
                is_dropped=seen.digest in self._now.dropped,
            )
            self._photos[photo.id], self._known[key] = photo, photo.id
            self._next += 1
            self._count += bool(seen.digest)
            self._held += 0 if seen.digest in self._sizes else seen.size
            self._sizes[seen.digest] = photo.size
            self.added.append((photo.id, None))
        elif same.aside is not None:
            self._photos[same.id] = replace(same, aside=problem)
            self.added.append((same.id, None))
        else:
            self.added.append((same.id, Message(N_("{file} is already in this class."), {"file": name})))

    def require_room(self, seen: Fingerprint) -> None:
        """Raise FullError if the project, or the data folder, has no room for a photo."""
        size = 0 if seen.digest in self._sizes else seen.size
        if seen.digest and self._count >= limits.PROJECT_PHOTOS:
            text = N_("This project has {most} photos. It cannot have more.")
            raise FullError(text, most=limits.PROJECT_PHOTOS)
        if self._held + size > limits.PROJECT_BYTES:
            text = N_("The photos of this project take {size}, the most that a project can have. Add smaller photos.")
            raise FullError(text, size=size_words(limits.PROJECT_BYTES))
        if self._held - self._now.held_bytes + size > self._left:
            text = N_("The projects on this computer take {size}. Delete one that is not needed any more.")
            raise FullError(text, size=size_words(limits.ALL_BYTES))


def _key(klass: int | None, digest: str, problem: Message | None) -> tuple[int | None, str]:
    """Return what is the same for the same photo in the same class; a file that is no photo is told by its problem."""
    return klass, digest or str(problem)
