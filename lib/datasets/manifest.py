"""project.json: the classes, photos and settings of a workshop project, as they lie on the disk and in its zip.

Nothing in it is believed: whatever is not as it is written here makes the whole file a damaged one.
"""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any, TypeVar

from lib.datasets.duplicates import Trace, groups
from lib.errors import DatasetError, PhotoError, UsageError
from lib.i18n import is_sentence
from lib.messages import N_, Listed, Message
from lib.work.process import pack, revive

T = TypeVar("T")

NAME = "project.json"
FORMAT = "discern-project"
SCHEMA = 2
CHOICES = {
    "look": ("auto", "whole", "square"),
    "pooling": ("auto", "1x1", "2x2"),
    "mirror": ("auto", "on", "off"),
    "keep": ("photos", "features"),
}
_HELD_OUT = (0.05, 0.5)
_SEEDS = (0, 2**31 - 1)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_HASH = re.compile(r"[0-9a-f]{16}")
_MOST_TEXT, _MOST_REASON = 1000, 4000
NAME_BYTES = 255  # of a class, a project or a photo, in UTF-8
_CONTROLS = ("Cc", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Klass:
    """A class of a project.

    Attributes:
        id: Its number in the project, never used for another.
        name: As its owner wrote it.
        is_removed: Whether its owner removed it; it can be put back.
    """

    id: int
    name: str
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A photo of a project.

    Attributes:
        id: Its number in the project, never used for another.
        klass: Id of its class; None for one of a removed class, or of none.
        name: What its owner calls it; untrusted text.
        digest: SHA-256 of the bytes as they came; "" for a file that was no photo, of which only the name is kept.
        size: Its bytes; once its file was deleted, those of what is kept of it.
        burst: The same for frames that were shot in one go; None for a photo of its own.
        phash: See `lib.datasets.duplicates.phash`.
        aside: Why it is set aside, naming it; None for one that is used.
        is_broken: Whether it cannot be decoded.
        is_jfif: Whether the Keras example would keep it, see `lib.datasets.cleaning`.
        is_dropped: Whether its file was deleted, because the project keeps features only.
        file: Its path beside project.json; "" for photos/DIGEST.
    """

    id: int
    klass: int | None
    name: str
    digest: str
    size: int
    burst: str | None = None
    phash: int | None = None
    aside: Message | None = None
    is_broken: bool = False
    is_jfif: bool = True
    is_dropped: bool = False
    file: str = ""

    @property
    def path(self) -> str:
        """Return its path beside project.json."""
        return self.file or f"photos/{self.digest}"


@dataclass(frozen=True, slots=True)
class Settings:
    """How a project learns.

    Attributes:
        backbone: Id of the model whose features are used.
        held_out: Share of the photos that is held out to measure on.
        seed: Of that draw and of the folds.
        look: At the whole photo, its central square, or as folds say.
        pooling: Of the last map of features, or as folds say.
        mirror: Whether mirrored photos are learnt, too, or as folds say.
        keep: "photos"; or "features": each photo's file is deleted as soon as all that can be asked for is read of it.
            No part of the text that tells settings apart, for the same model comes of both.

    Raises:
        UsageError: A value that it cannot have.
    """

    backbone: str
    held_out: float = 0.2
    seed: int = 0
    look: str = "auto"
    pooling: str = "auto"
    mirror: str = "auto"
    keep: str = field(default="photos", repr=False)

    @property
    def keeps_photos(self) -> bool:
        """Whether photos stay."""
        return self.keep == "photos"

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        for name, known in CHOICES.items():
            if (value := getattr(self, name)) not in known:
                text = N_("{setting} must be one of {known}. Received {value}.")
                raise UsageError(text, setting=name, known=Listed(known), value=value)
        if not isinstance(self.backbone, str) or not 0 < len(self.backbone) <= _MOST_TEXT:
            raise UsageError(N_("{setting} must be the name of a model."), setting="backbone")
        for name, (least, most), kinds in (("held_out", _HELD_OUT, (int, float)), ("seed", _SEEDS, (int,))):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
                text = N_("{setting} must be between {least} and {most}. Received {value}.")
                raise UsageError(text, setting=name, least=least, most=most, value=value)

    def chosen(self, table: Mapping[str, Any]) -> "Settings":
        """Return these settings with those of `table` in place of their own.

        Raises:
            UsageError: An unknown setting, or a value that one cannot have.
        """
        known = [setting.name for setting in fields(self)]
        for name in table:
            if name not in known:
                raise UsageError(
                    N_("There is no setting “{name}”. Known settings: {known}."), name=name, known=Listed(tuple(known))
                )
        return replace(self, **table)


@dataclass(frozen=True)
class Manifest:
    """All that is known of a project but the bytes of its photos.

    Attributes:
        id: Of the project.
        name: As its owner wrote it; may be "".
        settings: How it learns.
        version: Grows with each change.
        next_id: The number of the next class or photo.
        model: Id of its finished model.
        models: Ids of all models that were made of it; they go with it.
        classes: Removed ones included.
        photos: As they were added; `aside` only where it was set, see `shown`.
    """

    id: str
    name: str
    settings: Settings
    version: int = 1
    next_id: int = 1
    model: str | None = None
    models: tuple[str, ...] = ()
    classes: tuple[Klass, ...] = ()
    photos: tuple[Kept, ...] = field(default=(), repr=False)

    @cached_property
    def live_classes(self) -> tuple[Klass, ...]:
        """Return the classes that were not removed."""
        return tuple(klass for klass in self.classes if not klass.is_removed)

    @cached_property
    def names(self) -> Mapping[int, str]:
        """Return the names of the classes that were not removed, by id."""
        return {klass.id: klass.name for klass in self.live_classes}

    @cached_property
    def shown(self) -> tuple[Kept, ...]:
        """Return the photos as they stand: without the classes that were removed, and with what is aside for a twin.

        The very same photo counts once in a class; in two classes it counts in neither, until its owner sets one of
        the two aside.
        """
        photos = [photo if photo.klass in self.names else replace(photo, klass=None) for photo in self.photos]
        same: defaultdict[str, list[int]] = defaultdict(list)
        for place, photo in enumerate(photos):
            if photo.digest and photo.klass is not None and photo.aside is None:
                same[photo.digest].append(place)
        for twins in same.values():
            for place in twins if len(twins) > 1 else ():
                photos[place] = replace(
                    photos[place], aside=self._of_twins(photos[place], [photos[at] for at in twins])
                )
        return tuple(photos)

    def _of_twins(self, photo: Kept, twins: list[Kept]) -> Message | None:
        """Return why one of several that are the very same is set aside."""
        other = next((twin for twin in twins if twin.klass != photo.klass), None)
        if other is not None and other.klass is not None:
            text = N_("{file} is the same photo as {other} in the class {class_name}. Take one of the two out.")
            return Message(text, {"file": photo.name, "other": other.name, "class_name": self.names[other.klass]})
        if photo.id == twins[0].id:
            return None
        return Message(
            N_("{file} is the same photo as {other}. It counts once."), {"file": photo.name, "other": twins[0].name}
        )

    @cached_property
    def usable(self) -> tuple[Kept, ...]:
        """Return the photos to learn from: by class in their order, then as they were added."""
        place = {klass.id: number for number, klass in enumerate(self.live_classes)}
        used = [photo for photo in self.shown if photo.aside is None and photo.klass is not None]
        return tuple(sorted(used, key=lambda photo: (place[photo.klass or 0], photo.id)))

    @cached_property
    def alike(self) -> tuple[tuple[int, ...], ...]:
        """Return the places in `usable` of photos that are nearly the same or of one burst; of most, groups of one."""
        return groups([Trace(one.klass or 0, one.digest, one.phash, one.burst) for one in self.usable])

    @cached_property
    def dropped(self) -> Mapping[str, int]:
        """Return how many bytes are kept of photos whose files were deleted, by digest."""
        return {photo.digest: photo.size for photo in self.photos if photo.is_dropped}

    @cached_property
    def to_drop(self) -> tuple[Kept, ...]:
        """Return the photos whose files are to be deleted, whatever class they are in."""
        here = () if self.settings.keeps_photos else self.photos
        return tuple(photo for photo in here if photo.digest and not photo.is_dropped)

    @cached_property
    def held_bytes(self) -> int:
        """Return how many bytes the photos have; the same bytes are kept once."""
        return sum({photo.digest: photo.size for photo in self.photos}.values())


def clean_name(name: str, most: int) -> str:
    """Return a name from outside as one line of Unicode text of at most `most` bytes in UTF-8; it may be ""."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    text = " ".join("".join(" " if unicodedata.category(sign) in _CONTROLS else sign for sign in text).split())
    return text.encode()[:most].decode("utf-8", "ignore").rstrip()


def clean_reason(reason: Message) -> Message:
    """Return a sentence whose names from outside are each one line of at most `NAME_BYTES` bytes, as it can be kept."""
    return Message(reason.text, {name: _clean_value(value) for name, value in reason.values.items()})


def _clean_value(value: object) -> object:
    match value:
        case str():
            return clean_name(value, NAME_BYTES)
        case Message():
            return clean_reason(value)
        case Listed():
            return ", ".join(map(str, value.items))[:NAME_BYTES]
        case _:
            return value


def folded(name: str) -> str:
    """Return what is equal for names that differ in capitals or in their Unicode form alone."""
    return unicodedata.normalize("NFC", name).casefold()


def write(manifest: Manifest) -> bytes:
    """Return a project.json."""
    settings = asdict(manifest.settings)
    if manifest.settings.keeps_photos:  # as versions before wrote it, so that they can read it, too
        del settings["keep"]
    schema = 1 if manifest.settings.keeps_photos else SCHEMA
    table = {
        "format": FORMAT, "schema": schema, "id": manifest.id, "name": manifest.name, "version": manifest.version,
        "next_id": manifest.next_id, "settings": settings, "model": manifest.model,
        "models": manifest.models,
        "classes": [_filled(asdict(klass)) for klass in manifest.classes],
        "photos": [_photo_table(photo) for photo in manifest.photos],
    }  # fmt: skip
    return json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()


def _photo_table(photo: Kept) -> dict[str, Any]:
    table = {
        name: getattr(photo, name) for name in ("id", "klass", "name", "digest", "size", "burst", "file", "is_dropped")
    }
    table["phash"] = None if photo.phash is None else f"{photo.phash:016x}"
    table["aside"] = None if photo.aside is None else pack(PhotoError(photo.aside.text, **photo.aside.values))
    return {**_filled(table), "size": photo.size, "is_broken": photo.is_broken, "is_jfif": photo.is_jfif}


def _filled(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if value or name in ("id", "name")}


def read(data: bytes, file: str, *, is_foreign: bool = False) -> Manifest:
    """Return what a project.json says.

    Args:
        data: Its bytes.
        file: What to call it in an error.
        is_foreign: Whether it came from outside: then no sentences are believed but this program's own, and its models
            are not this machine's.

    Raises:
        DatasetError: It is damaged, no such file, or of a newer version.
    """
    try:
        table = json.loads(data)
        if table["format"] != FORMAT:
            raise ValueError(FORMAT)
        if _is(table["schema"], int) > SCHEMA:
            raise DatasetError(
                N_("{file} was made by a newer version of this app. Update the app to open it."), file=file
            )
        return _manifest(table, is_foreign=is_foreign)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, UsageError) as error:
        text = N_("{file} is damaged: it does not describe a project.")
        raise DatasetError(text, file=file) from error


def is_manifest(data: bytes) -> bool:
    """Whether a file is meant as a project's."""
    return f'"{FORMAT}"'.encode() in data[:_MOST_TEXT]


def _manifest(table: Mapping[str, Any], *, is_foreign: bool) -> Manifest:
    manifest = Manifest(
        id=_text(table["id"]),
        name=_text(table["name"]),
        settings=Settings("?").chosen(table["settings"]),
        version=_number(table["version"]),
        next_id=_number(table["next_id"]),
        model=None if is_foreign or table["model"] is None else _text(table["model"]),
        models=() if is_foreign else tuple(map(_text, _is(table["models"], list))),
        classes=tuple(map(_klass, _is(table["classes"], list))),
        photos=tuple(_photo(photo, is_foreign=is_foreign) for photo in _is(table["photos"], list)),
    )
    classes = {klass.id for klass in manifest.classes}
    ids = [klass.id for klass in manifest.classes] + [photo.id for photo in manifest.photos]
    names = [folded(klass.name) for klass in manifest.live_classes]
    if (
        len(set(ids)) < len(ids)
        or max(ids, default=0) >= manifest.next_id
        or len(set(names)) < len(names)
        or (manifest.dropped and manifest.settings.keeps_photos)
        or any(photo.klass not in classes for photo in manifest.photos if photo.klass is not None)
    ):
        raise ValueError(ids)
    return manifest


def _klass(table: Mapping[str, Any]) -> Klass:
    name = _text(table["name"])
    if not name or name != clean_name(name, _MOST_TEXT):
        raise ValueError(name)
    return Klass(_number(table["id"]), name, _is(table.get("is_removed", False), bool))


def _photo(table: Mapping[str, Any], *, is_foreign: bool) -> Kept:
    name, aside, digest = _text(table["name"]), table.get("aside"), _text(table.get("digest", ""))
    if digest and not _DIGEST.fullmatch(digest):
        raise ValueError(digest)
    if aside is not None:
        aside = _reason(aside, name, is_foreign=is_foreign)
    seen = _text(table.get("phash", ""))
    if seen and not _HASH.fullmatch(seen):
        raise ValueError(seen)
    return Kept(
        id=_number(table["id"]),
        klass=None if table.get("klass") is None else _number(table["klass"]),
        name=name,
        digest=digest,
        size=_number(table["size"], least=0),
        burst=_text(table.get("burst", "")) or None,
        phash=int(seen, 16) or None if seen else None,
        aside=aside,
        is_broken=_is(table.get("is_broken", False), bool),
        is_jfif=_is(table.get("is_jfif", True), bool),
        is_dropped=_is(table.get("is_dropped", False), bool),
        file=_text(table.get("file", "")),
    )


def _reason(table: Mapping[str, Any], name: str, *, is_foreign: bool) -> Message:
    """Return why a photo is set aside; a stranger's own sentence, or one made of sentences, is not shown."""
    reason = revive(table).message
    is_plain = is_sentence(reason.text) and not any(isinstance(one, Message | Listed) for one in reason.values.values())
    if is_foreign and not is_plain:
        return Message(N_("{file} was set aside."), {"file": name})
    _text(str(reason), _MOST_REASON)
    return reason


def _is(value: Any, kind: type[T]) -> T:
    if type(value) is not kind:  # True is no number
        raise TypeError(value)
    return value


def _text(value: Any, most: int = _MOST_TEXT) -> str:
    text = _is(value, str)
    if len(text) > most:
        raise ValueError(text)
    text.encode()  # half a pair of surrogates raises
    return text


def _number(value: Any, least: int = 1) -> int:
    number = _is(value, int)
    if not least <= number < 2**53:
        raise ValueError(number)
    return number
