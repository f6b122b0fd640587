"""One workshop project on the disk: classes, their photos, how it learns.

A project is the folder `projects/ID` of the data folder, which only its owner may enter: `project.json`, and
`photos/DIGEST`, the bytes as they came, named by their SHA-256 and never by a visitor. What is made of the photos and
kept (features, checkpoints) belongs into the same folder, and so goes with it. Several threads may use a project, and
several servers its folder: each change begins with what others wrote, and is written whole or not at all.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from lib.datasets import manifest as description
from lib.datasets.cleaning import Checked, Cleaning
from lib.datasets.draw import held_out, split
from lib.datasets.fingerprint import Fingerprint
from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.manifest import NAME_BYTES, Kept, Klass, Manifest, Settings, clean_name, clean_reason, folded
from lib.datasets.reading import read_all, read_unlabelled
from lib.datasets.split import require_trainable
from lib.errors import DatasetError, PhotoError
from lib.messages import N_, Message
from lib.photos.headers import may_be_photo
from lib.photos.opening import open_photo, read_photo
from lib.photos.source import Skipped, Source
from lib.projects import limits
from lib.projects.changes import (
    Adding,
    new_name,
    no_class,
    require,
    with_class,
    with_classes,
    with_dropped,
    with_left_out,
    with_model,
    with_photos,
    with_settings,
)
from lib.work.cores import usable_cores
from lib.work.files import Stamp, disk_error, read_small, stamp, write_whole
from lib.work.locks import locked
from lib.work.ordered import in_order

__all__ = ["Added", "Kept", "Klass", "Project", "Settings"]

_START_BYTES = 16
_AT_ONCE = 32  # photos of many that are listed with one writing


@dataclass(frozen=True, slots=True)
class Added:
    """What became of photos that were brought.

    Attributes:
        added: How many can be learnt from.
        aside: The others, each with its reason.
    """

    added: int
    aside: tuple[Skipped, ...]

    @classmethod
    def of(cls, kept: Iterable[Kept]) -> "Added":
        """Return it for what `Project.add` returned."""
        every = tuple(kept)
        aside = tuple(Skipped(photo.name, photo.aside) for photo in every if photo.aside is not None)
        return cls(len(every) - len(aside), aside)


@dataclass(frozen=True, slots=True)
class _Looked:
    """A photo that was looked at, and whose bytes are on the disk."""

    klass: int
    name: str
    burst: str | None
    seen: Fingerprint


class Project:
    """One project; safe to use from several threads.

    Args:
        folder: Where it lies.
        lock: The file of its lock.
        left: Returns how many bytes there is room for in all projects together.

    Raises:
        DatasetError: Its project.json is damaged, or gone.

    Attributes:
        id: 22 characters that nobody guesses: who knows them may use the project.
        folder: Where it lies; for what is made of its photos and goes with them, too.
    """

    def __init__(self, folder: Path, lock: Path, left: Callable[[], int] = lambda: limits.ALL_BYTES) -> None:
        self.id, self.folder = folder.name, folder
        self._file, self._lock_file, self._left = folder / description.NAME, lock, left
        self._lock = threading.RLock()
        self._stamp = Stamp()
        self._is_deleted = False
        self._depth = 0
        self._manifest = self._read()

    @property
    def manifest(self) -> Manifest:
        """Return all that is known of it but the bytes, as of one moment."""
        return self._manifest

    @property
    def name(self) -> str:
        """Return its name."""
        return self._manifest.name

    @property
    def version(self) -> int:
        """Return a number that grows with each change."""
        return self._manifest.version

    @property
    def classes(self) -> tuple[Klass, ...]:
        """Return the classes that were not removed, in the order of adding."""
        return self._manifest.live_classes

    @property
    def photos(self) -> tuple[Kept, ...]:
        """Return all photos, those set aside included, in the order of adding."""
        return self._manifest.shown

    @property
    def settings(self) -> Settings:
        """Return how it learns."""
        return self._manifest.settings

    @property
    def model(self) -> str | None:
        """Return the id of its finished model."""
        return self._manifest.model

    @property
    def held_bytes(self) -> int:
        """Return how many bytes its photos have."""
        return self._manifest.held_bytes

    @property
    def is_deleted(self) -> bool:
        """Whether it was deleted, by this server or another."""
        return self._is_deleted or not self._file.exists()

    def find(self, photo_id: int) -> Kept | None:
        """Return the photo of this number."""
        return next((photo for photo in self.photos if photo.id == photo_id), None)

    def refresh(self) -> None:
        """Take over what other servers wrote.

        Raises:
            DatasetError: It is damaged, or gone.
        """
        with self._lock:
            if self._is_deleted or stamp(self._file) != self._stamp:
                self._manifest = self._read()

    # Classes.

    def add_class(self, name: str) -> Klass:
        """Add a class.

        Raises:
            UsageError: The name is empty, or another class has it, or there are too many.
        """

        def change(now: Manifest) -> Manifest:
            return with_class(now, new_name(now, name))

        return self._change(change).classes[-1]

    def rename(self, klass: int, name: str) -> None:
        """Give a class another name. Raises UsageError: as `add_class`, or there is no such class."""

        def change(now: Manifest) -> Manifest:
            require(now, klass)
            return with_classes(now, klass, name=new_name(now, name, but=klass))

        self._change(change)

    def remove_class(self, klass: int) -> None:
        """Remove a class; its photos stay, in no class. Raises UsageError: there is no such class."""

        def change(now: Manifest) -> Manifest:
            require(now, klass)
            return with_classes(now, klass, is_removed=True)

        self._change(change)

    def put_back_class(self, klass: int) -> None:
        """Bring back a class that was removed, with its photos.

        Raises:
            UsageError: There is no such class, or another has its name now.
        """

        def change(now: Manifest) -> Manifest:
            removed = next((one for one in now.classes if one.id == klass), None)
            if removed is None:
                raise no_class()
            return with_classes(now, klass, name=new_name(now, removed.name, but=klass), is_removed=False)

        self._change(change)

    # The project itself.

    def rename_project(self, name: str) -> None:
        """Give the project another name; it may be ""."""
        self._change(lambda now: replace(now, name=clean_name(name, NAME_BYTES)))

    def choose(self, settings: Mapping[str, Any]) -> None:
        """Change some settings; see `with_settings` for what it raises."""
        self._change(lambda now: with_settings(now, settings))

    def set_model(self, model_id: str | None) -> None:
        """Note which model was made of it; all that ever were are deleted with the project."""

        self._change(lambda now: replace(with_model(now, model_id), model=model_id))

    def add_model(self, model_id: str) -> None:
        """Note that another model was made of it, beside its own; it is deleted with the project."""
        self._change(lambda now: with_model(now, model_id))

    # Photos.

    def add(self, klass: int, name: str, data: bytes, burst: str | None = None) -> Kept:
        """Add a photo.

        One that cannot be decoded is kept and set aside with its reason. The very same photo is kept once in a class
        (one that had been taken out comes back); in two classes, both are set aside until one is taken out. Of a file
        that is no photo at all only the name is kept.

        Args:
            klass: Id of its class.
            name: What its owner calls it.
            data: Its bytes.
            burst: The same for frames that are shot in one go.

        Raises:
            UsageError: There is no such class.
            FullError: There is no room for it.
            DatasetError: The project is gone.
            DownloadError: The disk refuses.
        """
        require(self._manifest, klass)
        return self._list([self._look((klass, Source.of_bytes(data, name)), burst)])[0]

    def add_all(
        self,
        photos: Iterable[tuple[int, Source]],
        *,
        cancelled: threading.Event | None = None,
        line: Executor | None = None,
    ) -> Added:
        """Add photos, each to the class of this id, on several cores; what was added before an error stays.

        Args:
            photos: Ids of classes, and photos.
            cancelled: When set, no further photo is begun.
            line: Where they are looked at, among others'; None for threads of its own.

        Raises:
            UsageError: There is no such class.
            FullError: There is no room for more of them.
            DatasetError: The project is gone.
            DownloadError: The disk refuses.
        """
        looked = in_order(self._look, photos, workers=usable_cores(), cancelled=cancelled, line=line)
        kept: list[Kept] = []
        while some := tuple(islice(looked, _AT_ONCE)):
            kept += self._list(some)
        return Added.of(kept)

    def add_labelled(
        self, photos: LabelledPhotos, *, cancelled: threading.Event | None = None, line: Executor | None = None
    ) -> Added:
        """Add photos to the classes of their names, which are made if they are missing; see `add_all`.

        The files that had been left out of `photos` are listed as set aside.
        """
        ids = self.classes_called((*photos.titles, *photos.empty))
        added = self.add_all(((ids[one.label], one.source) for one in photos.photos), cancelled=cancelled, line=line)
        self._list_left_out(photos.skipped)
        return Added(added.added, (*added.aside, *photos.skipped))

    def add_zip(
        self,
        path: Path,
        name: str,
        klass: int | None = None,
        *,
        cancelled: threading.Event | None = None,
        line: Executor | None = None,
    ) -> Added:
        """Add the photos in a zip: all to one class, or to those that its folders, table or project name.

        Args:
            path: The zip.
            name: What its owner calls it.
            klass: Id of the class; None: as the zip says.
            cancelled: When set, no further photo is begun.
            line: See `add_all`.

        Raises:
            DatasetError: No zip, a damaged one, or one without photos in folders.
            UsageError, FullError, DownloadError: See `add_all`.
        """
        if klass is None:
            return self.add_labelled(read_all(path, name), cancelled=cancelled, line=line)
        require(self._manifest, klass)
        sources, skipped = read_unlabelled(path, name)
        added = self.add_all(((klass, source) for source in sources), cancelled=cancelled, line=line)
        self._list_left_out(skipped)
        return Added(added.added, (*added.aside, *skipped))

    def set_aside(self, photo: Kept, reason: Message) -> None:
        """Take a photo out of what is learnt from; it stays, and can be put back."""
        self._change(lambda now: with_photos(now, {photo.id}, aside=clean_reason(reason)))

    def put_back(self, photo: Kept) -> None:
        """Take a photo in again; the very same photo in other classes is set aside for it.

        Raises:
            PhotoError: It cannot be decoded, or could not before its file was deleted.
        """
        photo = self.find(photo.id) or photo  # as it is now
        if photo.is_broken or not photo.is_dropped:
            open_photo(self.read(photo), photo.name)

        def change(now: Manifest) -> Manifest:
            twins = {one.id for one in now.photos if one.digest == photo.digest and one.aside is None}
            reason = Message(N_("{file} was taken out, because it is in another class."), {"file": photo.name})
            return with_photos(with_photos(now, twins - {photo.id}, aside=reason), {photo.id}, aside=None)

        self._change(change)

    def move(self, photo: Kept, klass: int) -> None:
        """Put a photo into another class. Raises UsageError: there is no such class."""

        def change(now: Manifest) -> Manifest:
            require(now, klass)
            return with_photos(now, {photo.id}, klass=klass)

        self._change(change)

    def drop(self, sizes: Mapping[str, int], backbone: str) -> None:
        """Delete the files of photos of which all is kept that is to be learned; see `with_dropped`.

        What a program that looks at it keeps on the disk is deleted when the project is looked after.
        """
        with self.alone():
            gone = self._change(lambda now: with_dropped(now, sizes, backbone)).dropped
            for digest in sizes.keys() & gone.keys():
                with suppress(OSError):
                    (self.folder / "photos" / digest).unlink(missing_ok=True)

    def read(self, photo: Kept) -> bytes:
        """Return the bytes of a photo as they came. Raises PhotoError: they are gone, or were never kept."""
        return self.source(photo).read()

    def source(self, photo: Kept) -> Source:
        """Return a photo to be read later, in any process."""
        if not photo.digest:
            return Source(photo.name, partial(_not_kept, photo.name))
        if photo.is_dropped:
            return Source(photo.name, partial(_dropped, photo.name))
        return Source(photo.name, partial(read_photo, self.folder / "photos" / photo.digest, photo.name))

    # What to learn from.

    def labelled(self) -> LabelledPhotos:
        """Return all usable photos, by class; classes without any are left out."""
        return self._labelled(self._manifest)

    def _labelled(self, now: Manifest) -> LabelledPhotos:
        present = {photo.klass for photo in now.usable}
        classes = [klass for klass in now.live_classes if klass.id in present]
        place = {klass.id: number for number, klass in enumerate(classes)}
        names = tuple(klass.name for klass in classes)
        group = {at: number for number, group in enumerate(now.alike) for at in group}
        photos = tuple(
            LabelledPhoto(self.source(one), place[one.klass or 0], one.digest, group[at], one.digest)
            for at, one in enumerate(now.usable)
        )
        return LabelledPhotos(now.name or "project", names, names, photos)

    def parts(self) -> tuple[LabelledPhotos, LabelledPhotos]:
        """Return the photos to learn from, and those held out; what is nearly the same is on one side.

        Raises:
            DatasetError: Fewer than two classes, or fewer than two photos in one.
        """
        now = self._manifest
        photos = self._labelled(now)
        require_trainable(photos)
        return split(
            photos,
            validation=now.settings.held_out,
            seed=now.settings.seed,
            groups=now.alike,
            identities=[photo.digest for photo in now.usable],
        )

    def held(self) -> frozenset[int]:
        """Return the ids of the photos that `parts` holds out; none as long as there is too little to split."""
        now = self._manifest
        labels = [photo.klass or 0 for photo in now.usable]
        drawn, _ = held_out(
            labels,
            now.alike,
            [photo.digest for photo in now.usable],
            validation=now.settings.held_out,
            seed=now.settings.seed,
        )
        return frozenset(now.usable[place].id for place in drawn)

    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Return the ids of usable photos that are nearly the same or of one burst, group by group."""
        now = self._manifest
        return tuple(tuple(now.usable[place].id for place in group) for group in now.alike if len(group) > 1)

    def cleaning(self) -> Cleaning:
        """Return what is wrong with the photos, as far as their owner has not taken them out; nothing is read anew."""
        now = self._manifest
        place = {klass.id: number for number, klass in enumerate(now.live_classes)}
        checked = tuple(
            Checked(one.name, place[one.klass], _seen(one))
            for one in now.photos
            if one.digest and one.klass in place and (one.aside is None or one.is_broken)
        )
        left_out = (Skipped(one.name, one.aside) for one in now.photos if not one.digest and one.aside is not None)
        return Cleaning(tuple(now.names.values()), checked, tuple(left_out))

    # How it is kept.

    def keep(self, source: Source) -> Fingerprint:
        """Look at a photo and put its bytes on the disk, where they stay if they are listed soon.

        They do not go there where they were deleted before, or where only features are kept and it has none.

        Raises:
            FullError: There is no room for it.
            DatasetError: The project is gone.
            DownloadError: The disk refuses.
        """
        try:
            data = source.read()
        except PhotoError as error:
            return Fingerprint("", 0, None, error.message, False)
        seen = Fingerprint.of(data, source.name)
        is_of_use = seen.problem is None or self.settings.keeps_photos
        if not is_of_use or (seen.problem is not None and not may_be_photo(data[:_START_BYTES])):
            return replace(seen, digest="", size=0)
        path = self.folder / "photos" / seen.digest
        if seen.digest not in self._manifest.dropped and not path.exists():
            Adding(self._manifest, self._left()).require_room(seen)
            try:
                write_whole(path, data)
            except OSError as error:
                if self.is_deleted:
                    raise DatasetError(N_("This project is not here any more.")) from error
                raise disk_error(error, source.name) from error
        return seen

    def restore(self, other: Manifest) -> None:
        """Take over classes, photos and settings of a project whose photos were given to `keep`."""

        def change(now: Manifest) -> Manifest:
            return replace(other, id=self.id, name=now.name, version=now.version, model=now.model, models=now.models)

        self._change(change)

    def deleted(self) -> None:
        """Note that it is gone; whatever is asked of it from now on is refused."""
        self._is_deleted = True

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep all other threads and servers from changing it while the block runs."""
        with self._lock:
            if self.is_deleted:
                self._read()  # which says so
            if self._depth:  # this thread has the lock's file already
                yield
                return
            with locked(self._lock_file):
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1

    def _change(self, change: Callable[[Manifest], Manifest]) -> Manifest:
        """Write what `change` makes of the project as it is now; return it as it is afterwards."""
        with self.alone():
            self.refresh()
            after = change(self._manifest)
            if after == self._manifest:
                return self._manifest
            after = replace(after, version=self._manifest.version + 1)
            try:
                write_whole(self._file, description.write(after))
            except OSError as error:
                raise disk_error(error, description.NAME) from error
            self._manifest, self._stamp = after, stamp(self._file)
            return after

    def _read(self) -> Manifest:
        self._stamp = stamp(self._file)
        try:
            if self._is_deleted:
                raise FileNotFoundError
            read = description.read(read_small(self._file, limits.MANIFEST_BYTES), description.NAME)
        except FileNotFoundError as error:
            self._is_deleted = True
            raise DatasetError(N_("This project is not here any more.")) from error
        except OSError as error:
            text = N_("{file} could not be read: {reason}.")
            raise DatasetError(text, file=description.NAME, reason=error.strerror or error) from error
        return replace(read, id=self.id)

    def _look(self, photo: tuple[int, Source], burst: str | None = None) -> _Looked:
        klass, source = photo
        name = clean_name(source.name, NAME_BYTES) or "photo"
        burst = clean_name(burst or "", NAME_BYTES) or None
        return _Looked(klass, name, burst, self.keep(Source(name, source.read)))

    def _list(self, looked: Iterable[_Looked]) -> list[Kept]:
        """Write down photos that were looked at; return them as they stand now.

        Raises:
            FullError: There was no room for one of them; those before it are written down.
        """
        with self.alone():
            adding = Adding(self._now(), self._left())
            try:
                for one in looked:
                    adding.add(one.klass, one.name, one.burst, one.seen)
            finally:
                shown = {photo.id: photo for photo in self._change(lambda now: adding.done()).shown}
        return [replace(shown[one], aside=reason or shown[one].aside) for one, reason in adding.added]

    def _list_left_out(self, skipped: Sequence[Skipped]) -> None:
        self._change(lambda now: with_left_out(now, skipped))

    def _now(self) -> Manifest:
        self.refresh()
        return self._manifest

    def classes_called(self, names: Iterable[str]) -> list[int]:
        """Return the ids of the classes of these names, which are made if they are missing."""
        wanted = [clean_name(name, NAME_BYTES) or "?" for name in names]

        def change(now: Manifest) -> Manifest:
            known = {folded(klass.name) for klass in now.live_classes}
            for name in wanted:
                if folded(name) not in known:
                    now = with_class(now, new_name(now, name))
                    known.add(folded(name))
            return now

        ids = {folded(klass.name): klass.id for klass in self._change(change).live_classes}
        return [ids[folded(name)] for name in wanted]


def _seen(photo: Kept) -> Fingerprint:
    problem = photo.aside if photo.is_broken else None
    return Fingerprint(photo.digest, photo.size, photo.phash, problem, photo.is_jfif)


def _dropped(name: str) -> bytes:
    raise PhotoError(N_("{file} was deleted: this project keeps only numbers made of its photos."), file=name)


def _not_kept(name: str) -> bytes:
    raise PhotoError(N_("{file} was no photo, so only its name was kept."), file=name)
