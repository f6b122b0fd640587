"""A whole project as one zip that opens on another machine with the same photos, labels, split, settings and answers.

    project.json        see `lib.datasets.manifest`; without the project's id, which is nobody else's business
    photos/CLASS/NAME   the photos to learn from, as they came: any other program can read them
    aside/NAME          those that are set aside
    features/…          what a network made of photos that were deleted, see `lib.training.kept`
    model/…             the files of its finished model, as they lie in the store
    finished.json       of which of the photos and settings it was made (`lib.projects.finish`)

Names in the zip are made fit for every system; what they were is in project.json. A zip from outside is not believed:
see `lib.photos.zipped` for its names and sizes, and `lib.catalogue.trial` for its model.
"""

import re
import secrets
import shutil
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain, count
from pathlib import Path, PurePosixPath

from lib.catalogue.install import lock_of
from lib.catalogue.store import Store
from lib.datasets import manifest as description
from lib.datasets.fingerprint import Fingerprint
from lib.datasets.manifest import NAME_BYTES, Kept, Manifest, clean_name, clean_reason
from lib.datasets.naming import free, suffix_of
from lib.errors import AppError, DatasetError, FullError, ModelFileError, PhotoError
from lib.messages import N_
from lib.model import writing
from lib.model.spec import MAX_ID, load
from lib.photos.refusals import SUFFIXES
from lib.photos.source import Source
from lib.photos.zipped import Member, Zip
from lib.projects import limits
from lib.projects.finish import NOTE
from lib.projects.project import Project
from lib.projects.store import Projects
from lib.training.kept import MOST_FILE_BYTES, KeptFeatures, digest_in
from lib.work.cores import usable_cores
from lib.work.files import disk_error, read_small, replace_folder, sha256_of, size_words, whole, write_whole
from lib.work.locks import claim
from lib.work.ordered import in_order

_PHOTOS, _ASIDE, _MODEL, _FEATURES = "photos", "aside", "model", "features"
_NOTE_BYTES = 4096
_MODEL_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


def pack(project: Project, target: Path, model: Path | None = None) -> None:
    """Write a project to the file `target`, whole or not at all.

    Args:
        project: As it is now.
        target: The zip.
        model: The folder of its finished model; None without one.

    Raises:
        PhotoError: A photo of it is gone.
        DownloadError: The disk refuses.
    """
    now = project.manifest
    files = paths(project, now)
    described = replace(
        now, id="", model=None, models=(), photos=tuple(replace(one, file=files.get(one.id, "")) for one in now.photos)
    )
    try:
        with whole(target) as temporary, zipfile.ZipFile(temporary, "w") as packed:
            packed.writestr(_entry(description.NAME), description.write(described), zipfile.ZIP_DEFLATED)
            for photo in now.photos:
                if photo.id in files:
                    packed.writestr(_entry(files[photo.id]), project.read(photo))
            for name, file in KeptFeatures(project.folder).files(now.dropped):
                packed.writestr(_entry(f"{_FEATURES}/{name}"), file.read_bytes())
            if model is not None and (project.folder / NOTE).is_file():
                packed.writestr(_entry(NOTE), read_small(project.folder / NOTE, _NOTE_BYTES))
            for file in model_files(model) if model is not None else ():
                with file.open("rb") as source, packed.open(_entry(f"{_MODEL}/{file.name}"), "w") as out:
                    shutil.copyfileobj(source, out)
    except OSError as error:
        raise disk_error(error, target.name) from error


def unpack(
    path: Path, projects: Projects, store: Store | None, name: str = "", *, line: Executor | None = None
) -> Project:
    """Return a new project with all that is in a zip, its model among those of `store`; or nothing is left of it.

    Photos that were taken out of the zip, or that are damaged, cost no other.

    Args:
        path: The zip.
        projects: Where the project is to be.
        store: Where its model is to be; None: it stays without.
        name: What its owner calls the zip; "" for the file's name.
        line: Where its photos are looked at, among others'; None for threads of its own.

    Raises:
        DatasetError: No zip, a damaged one, no project's, or made to unpack without end.
        FullError: It has too many photos, or there is no room for them.
        ModelFileError: Its model is damaged.
        DownloadError: The disk refuses.
    """
    name = name or path.name
    packed = Zip(path, name)
    members = _members(packed)
    described = _described(packed, members, name)
    _check_size(described, members)
    project = projects.begin(described.name)
    try:
        _restore(project, described, packed, members, line)
        if store is not None and f"{_MODEL}/model.toml" in members:
            project.set_model(_install(store, packed, members))
            if (note := members.get(NOTE)) is not None:
                with _as_dataset():
                    write_whole(project.folder / NOTE, packed.read(note, _NOTE_BYTES))
    except BaseException:
        projects.delete(project.id)
        raise
    return project


def paths(project: Project, now: Manifest, folder: str = _PHOTOS) -> dict[int, str]:
    """Return the path in a zip of each photo, by its id; all different on every system.

    Args:
        project: Whose photos they are.
        now: What is known of them.
        folder: Where the folders of the classes are.
    """
    taken: set[str] = set()
    folders = {klass.id: free(f"{folder}/", klass.name, "", taken) for klass in now.live_classes}
    used = {photo.id for photo in now.usable}
    files = {}
    for photo in now.photos:
        if photo.digest and not photo.is_dropped:
            is_used = photo.id in used and photo.klass is not None
            inside = folders[photo.klass or 0] if is_used else _ASIDE
            stem, suffix = _parts(photo, partial(_start, project, photo))
            files[photo.id] = free(f"{inside}/", stem, suffix, taken)
    return files


def model_files(model: Path) -> list[Path]:
    """Return those files in the folder of a model that go with it. Raises OSError."""
    return [file for file in sorted(model.iterdir()) if file.is_file() and _MODEL_FILE.fullmatch(file.name)]


def _start(project: Project, photo: Kept) -> bytes:
    with (project.folder / _PHOTOS / photo.digest).open("rb") as file:
        return file.read(4)


def _parts(photo: Kept, start: Callable[[], bytes]) -> tuple[str, str]:
    """Return stem and suffix of a photo's name; where it has none of a photo, the one that its bytes ask for."""
    path = PurePosixPath(photo.name.replace("\\", "/").rpartition("/")[2] or photo.name)
    if path.suffix.lower() in SUFFIXES:
        return path.stem, path.suffix
    return path.name, suffix_of(start())


def _entry(path: str) -> zipfile.ZipInfo:
    """Return what makes the zip the same for the same project, whenever it is packed."""
    return zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))


def _members(packed: Zip) -> dict[str, Member]:
    """Return the files of the zip by their path beside project.json, which may be in a folder around everything."""
    found = {unicodedata.normalize("NFC", member.path): member for member in packed.members}
    at = min((path for path in found if path.rpartition("/")[2] == description.NAME), key=len, default=description.NAME)
    around = at.removesuffix(description.NAME)
    return {path.removeprefix(around): member for path, member in found.items() if path.startswith(around)}


def _described(packed: Zip, members: Mapping[str, Member], name: str) -> Manifest:
    member = members.get(description.NAME)
    if member is None:
        raise DatasetError(
            N_("{file} is not a saved project: it has no {missing}."), file=name, missing=description.NAME
        )
    with _as_dataset():
        data = packed.read(member, limits.MANIFEST_BYTES)
    return description.read(data, f"{name}/{member.path}", is_foreign=True)


def _check_size(described: Manifest, members: Mapping[str, Member]) -> None:
    features = _features(members)
    photos = [photo for photo in described.photos if photo.path in members or photo.digest in features]
    if len(photos) > limits.PROJECT_PHOTOS:
        text = N_("The project has {count} photos. At most {most} are supported.")
        raise FullError(text, count=len(photos), most=limits.PROJECT_PHOTOS)
    size = sum(members[photo.path].size for photo in photos if photo.path in members)
    size += sum(member.size for member in chain.from_iterable(features.values()))
    if size > limits.PROJECT_BYTES:
        text = N_("The project's photos take {size}. At most {most} are supported.")
        raise FullError(text, size=size_words(size), most=size_words(limits.PROJECT_BYTES))


def _restore(
    project: Project, described: Manifest, packed: Zip, members: Mapping[str, Member], line: Executor | None
) -> None:
    """Put the photos on the disk, and write down what is seen of them here, whatever the zip says."""
    features = _features(members)
    dropped = {photo.digest for photo in described.photos if photo.is_dropped} & features.keys()
    photos = [
        photo
        for photo in described.photos
        if not photo.digest or (photo.digest in dropped if photo.is_dropped else photo.path in members)
    ]
    there = [photo for photo in photos if photo.digest and not photo.is_dropped]
    sources = [Source(_name(photo), partial(packed.read, members[photo.path])) for photo in there]
    looked = in_order(project.keep, sources, workers=usable_cores(), line=line)
    seen = dict(zip((photo.id for photo in there), looked, strict=True))
    sizes = {digest: _take(project, packed, features[digest]) for digest in dropped}
    kept = tuple(
        _as_kept(photo, sizes[photo.digest]) if photo.is_dropped else _as_seen(photo, seen.get(photo.id))
        for photo in photos
    )
    project.restore(replace(described, photos=kept))


def _features(members: Mapping[str, Member]) -> dict[str, list[Member]]:
    """Return the files of features by the digest of the photo."""
    found: defaultdict[str, list[Member]] = defaultdict(list)
    for path, member in members.items():
        if path.startswith(f"{_FEATURES}/") and (digest := digest_in(path.removeprefix(f"{_FEATURES}/"))):
            found[digest].append(member)
    return dict(found)


def _take(project: Project, packed: Zip, features: list[Member]) -> int:
    """Put the features of a photo on the disk, and return how many bytes they have."""
    kept = KeptFeatures(project.folder)
    with _as_dataset():
        for member in features:
            kept.take("/".join(member.path.split("/")[-2:]), packed.read(member, MOST_FILE_BYTES))
    return sum(member.size for member in features)


def _as_kept(photo: Kept, size: int) -> Kept:
    return replace(photo, name=_name(photo), file="", size=size)


def _as_seen(photo: Kept, seen: Fingerprint | None) -> Kept:
    if seen is None:
        return replace(photo, name=_name(photo), file="")
    return replace(
        photo,
        name=_name(photo),
        file="",
        digest=seen.digest,
        size=seen.size,
        phash=seen.phash,
        is_broken=seen.problem is not None,
        is_jfif=seen.is_jfif,
        aside=photo.aside if seen.problem is None else clean_reason(seen.problem),
    )


def _name(photo: Kept) -> str:
    return clean_name(photo.name, NAME_BYTES) or "photo"


def _install(store: Store, packed: Zip, members: Mapping[str, Member]) -> str:
    """Put the model into the store, under its own id or the next that is free; return that.

    Raises:
        ModelFileError: It is damaged; nothing is left of it.
        DownloadError: The disk refuses.
    """
    files = {path.removeprefix(f"{_MODEL}/"): one for path, one in members.items() if path.startswith(f"{_MODEL}/")}
    files = {path: one for path, one in files.items() if _MODEL_FILE.fullmatch(path)}
    place = store.data / "incoming" / secrets.token_hex(8)
    try:
        place.mkdir(parents=True)
        _copy(packed, files, place)
        with _reserved(store, load(place).spec.id) as model_id:
            _describe(place, model_id)
            store.models.mkdir(exist_ok=True)
            replace_folder(place, store.models / model_id)
    except OSError as error:
        raise disk_error(error, packed.name) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
    try:
        store.open_folder(model_id)  # for the first time: tried in a process of its own
    except AppError:
        shutil.rmtree(store.models / model_id, ignore_errors=True)
        raise
    return model_id


@contextmanager
def _reserved(store: Store, wanted: str) -> Iterator[str]:
    """Yield an id that no model has, and that nobody else takes while the block runs; `wanted`, or the next."""
    for number in count(1):
        model_id = wanted if number == 1 else f"{wanted[: MAX_ID - 8]}-{number}"
        lock = claim(lock_of(store.data, f"model-{model_id}"))
        if lock is not None:
            try:
                if store.free_id(model_id) == model_id:
                    yield model_id
                    return
            finally:
                lock.release()


def _copy(packed: Zip, files: Mapping[str, Member], place: Path) -> None:
    if len(files) > limits.MODEL_FILES or sum(one.size for one in files.values()) > limits.MODEL_BYTES:
        raise ModelFileError(N_("The model in {file} is far larger than a model needs to be."), file=packed.name)
    try:
        for path, member in files.items():
            packed.copy(member, place / path, limits.MODEL_BYTES)
    except PhotoError as error:
        text = N_("The model in {file} is damaged: {reason}")
        raise ModelFileError(text, file=packed.name, reason=error.message) from error


def _describe(place: Path, model_id: str) -> None:
    """Give a model its id here, and leave out what its description says of where the files came from."""
    folder = load(place)
    source = {name: value for name, value in folder.spec.source.items() if name not in ("kind", "url", "package")}
    source["weights_sha256"] = sha256_of(folder.weights_path)
    writing.write(place, replace(folder.spec, id=model_id, source=source))


@contextmanager
def _as_dataset() -> Iterator[None]:
    try:
        yield
    except PhotoError as error:
        raise DatasetError(error.message.text, **error.message.values) from error
