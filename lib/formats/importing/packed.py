"""What a file from outside is, and the parts of it that a model is made of.

`open_up` is the side of the caller, `open_in_worker` that of a limited process. Nothing is unpacked under a name from
inside a zip: what is needed is written under names of our own, up to a limit of real bytes.
"""

import json
import re
import shutil
import threading
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from lib.errors import DatasetError, ModelFileError, PhotoError
from lib.formats.first_look import CPU_SECONDS, MAX_BYTES, MEMORY_BYTES, WALL_SECONDS, in_child, too_large
from lib.formats.importing import hdf5
from lib.formats.unbelieved import first_line
from lib.messages import N_
from lib.model.spec import CARD, MEANS, parse_labels, reading
from lib.photos.zipped import Member, Zip
from lib.work import process
from lib.work.files import keeping

MAX_LABEL_BYTES = 2 * 2**20
MAX_TOPOLOGY_BYTES = 20 * 2**20  # a config.json of 700 MB of spaces took Keras 34 s and 4 GB
MAX_BESIDE_BYTES = 4 * 2**20
# Keras tells of each level of a description, all of it, before it says what is wrong.
_KERAS_REASON = "Exception encountered: "
_LITERT, _HDF5, _ZIP = b"TFL3", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
_HEAD_BYTES = 8
_NUMBERED = re.compile(r"(\d+)\s+(\S.*)")
_TEACHABLE = "@teachablemachine/"
_TEACHABLE_PACKAGE = f"{_TEACHABLE}image"
# What Teachable Machine calls its files; the last is quantised.
_TEACHABLE_FILES = frozenset({"keras_model.h5", "model_unquant.tflite", "model.tflite"})
_TEACHABLE_FOLDER = "model.savedmodel"
# What a model of Discern has beside its weights (`lib.embed.parcel`).
BESIDE = (CARD, MEANS, "metrics.json", "README.md")


class Form(StrEnum):
    """How a model was saved."""

    LITERT = "LiteRT"
    KERAS = "Keras"
    HDF5 = "Keras HDF5"
    SAVED_MODEL = "SavedModel"
    TFJS = "TensorFlow.js"


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds.

    Attributes:
        form: How the model was saved.
        path: The model: a file, for SAVED_MODEL and TFJS a folder.
        labels: Names of the classes that came with it, in the order of its outputs; or none.
        is_teachable: Whether Teachable Machine made it, whose models all look at photos in the same way.
        beside: A folder of those `BESIDE` it, of a model that Discern packed; None for others.
    """

    form: Form
    path: Path
    labels: tuple[str, ...] = ()
    is_teachable: bool = False
    beside: Path | None = None


def open_up(file: Path, name: str, work: Path, *, cancelled: threading.Event | None = None) -> Found:
    """Return what a file holds, after a process with limits has opened it; see `look_into`.

    Raises:
        ModelFileError: As `look_into`, or it took the process down.
        Cancelled: `cancelled` was set.
    """
    found = in_child(
        "lib.formats.importing.packed:open_in_worker",
        {"file": str(file), "name": name, "work": str(work)},
        name,
        memory_bytes=MEMORY_BYTES + 2 * MAX_BYTES,
        cpu_seconds=CPU_SECONDS,
        wall_seconds=WALL_SECONDS,
        file_bytes=MAX_BYTES,
        cancelled=cancelled,
    )
    beside = None if found["beside"] is None else Path(found["beside"])
    return Found(Form(found["form"]), Path(found["path"]), tuple(found["labels"]), found["is_teachable"], beside)


def open_in_worker(payload: dict[str, Any], emit: process.Emit) -> dict[str, Any]:
    """Look into one file; the worker's side of `open_up`."""
    with keeping(payload["name"]):
        found = look_into(Path(payload["file"]), payload["name"], Path(payload["work"]))
    if found.form in (Form.HDF5, Form.KERAS):
        try:
            hdf5.read_through(found.path)
        except hdf5.UNREADABLE as error:
            raise unreadable(payload["name"], found.form, error, Path(payload["work"])) from error
    beside = None if found.beside is None else str(found.beside)
    told = {"form": found.form.value, "path": str(found.path), "labels": found.labels, "beside": beside}
    return {**told, "is_teachable": found.is_teachable}


def look_into(file: Path, name: str, work: Path) -> Found:
    """Return what a file holds; what has to be taken out of it is written into `work`.

    Args:
        file: The file.
        name: What to call it in an error.
        work: An empty folder.

    Raises:
        ModelFileError: It holds no model that can be read, or several, is damaged, or too large.
    """
    with reading(name), file.open("rb") as opened:
        head = opened.read(_HEAD_BYTES)
        size = opened.seek(0, 2)
    if size > MAX_BYTES:
        raise too_large(name)
    if head[4:8] == _LITERT:
        return Found(Form.LITERT, file, beside=_behind(file, name, work))
    if head == _HDF5:
        return Found(Form.HDF5, _copied(file, work / "model.h5"))
    if head.startswith(_ZIP):
        return _Packed(file, name, work).found()
    raise _no_model(name)


def _behind(file: Path, name: str, work: Path) -> Path | None:
    """Take out what Discern wrote behind a LiteRT file (`lib.catalogue.exporting`); None of a file from elsewhere."""
    try:
        return _Packed(file, name, work).beside(PurePosixPath("."))
    except ModelFileError:  # no zip, or another's metadata
        return None


def unreadable(name: str, form: Form, error: Exception, work: Path) -> ModelFileError:
    """Return the error of a file that breaks what reads it; where that was unpacked is nobody's business."""
    told = first_line(error, of=str(error).rpartition(_KERAS_REASON)[2])
    reason = told.replace(f"{work}/", "").partition(". ")[0]
    return ModelFileError(
        N_("{file} could not be read as a {form} model: {reason}"), file=name, form=form.value, reason=reason[:200]
    )


def together(files: Mapping[str, Path | bytes], name: str, target: Path) -> None:
    """Write files into one zip: what a browser has unpacked of it before anybody asked (Safari does).

    Args:
        files: Where they are, or what they hold, by their names.
        name: What to call them in an error.
        target: New file.

    Raises:
        ModelFileError: They are too large.
        OSError: One cannot be read, or the disk is full.
    """
    if sum(file.stat().st_size if isinstance(file, Path) else len(file) for file in files.values()) > MAX_BYTES:
        raise too_large(name)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for inside, file in files.items():
            if isinstance(file, Path):
                packed.write(file, inside)
            else:
                packed.writestr(inside, file)


def _no_model(name: str) -> ModelFileError:
    return ModelFileError(
        N_("{file} is not a model. Expected: a .tflite, .keras or .h5 file, or a zip from {sources}."),
        file=name,
        sources="Teachable Machine, TensorFlow.js, SavedModel",
    )


def _copied(file: Path, target: Path) -> Path:
    shutil.copyfile(file, target)
    return target


class _Packed:
    """A zip with a model in it."""

    def __init__(self, file: Path, name: str, work: Path) -> None:
        self._file, self._name, self._work = file, name, work
        self._left_bytes = MAX_BYTES
        try:
            self._zip = Zip(file, name)
        except DatasetError as error:
            raise ModelFileError(error.message.text, **error.message.values) from error
        if self._zip.refused:
            reason = self._zip.refused[0].reason
            raise ModelFileError(reason.text, **reason.values)
        self._members = [member for member in self._zip.members if not _base(member).startswith(".")]

    def found(self) -> Found:
        named = {member.path for member in self._members}
        if {"config.json", hdf5.KERAS_WEIGHTS} <= named:
            self._check_keras()
            return Found(Form.KERAS, _copied(self._file, self._work / "model.keras"))
        readers: dict[Form, tuple[list[Member], Callable[[Member], Found]]] = {
            Form.LITERT: (self._of(lambda base: base.endswith(".tflite")), self._litert),
            Form.HDF5: (self._of(lambda base: base.endswith((".h5", ".hdf5", ".keras"))), self._keras),
            Form.SAVED_MODEL: (self._of(lambda base: base == "saved_model.pb"), self._saved_model),
            Form.TFJS: (self._of(lambda base: base == "model.json"), self._tfjs),
        }
        members = [(member, read) for found, read in readers.values() for member in found]
        if not members:
            raise _no_model(self._name)
        if len(members) > 1:
            raise ModelFileError(
                N_("{file} must hold exactly one model. It holds {count}."), file=self._name, count=len(members)
            )
        member, read = members[0]
        return read(member)

    def _litert(self, member: Member) -> Found:
        return self._with_labels(Form.LITERT, self._take(member, "model.tflite"), member)

    def _keras(self, member: Member) -> Found:
        head = self._start(member)
        if head.startswith(_ZIP):
            inner = _Packed(self._take(member, "model.keras"), self._name, self._work)
            inner._check_keras()
            return self._with_labels(Form.KERAS, self._work / "model.keras", member)
        return self._with_labels(Form.HDF5, self._take(member, "model.h5"), member)

    def _check_keras(self) -> None:
        if any(m.path == "config.json" and m.size > MAX_TOPOLOGY_BYTES for m in self._zip.members):
            raise self._too_much()
        if sum(member.size for member in self._zip.members) > MAX_BYTES:
            raise self._too_much()

    def _saved_model(self, member: Member) -> Found:
        root = member.path.removesuffix("saved_model.pb")
        folder = self._work / "saved_model"
        self._take(member, "saved_model/saved_model.pb")
        for other in self._members:
            if other.path.startswith(f"{root}variables/variables."):
                ending = _base(other).removeprefix("variables.")
                if re.fullmatch(r"index|data-\d{5}-of-\d{5}", ending):
                    self._take(other, f"saved_model/variables/variables.{ending}")
        return self._with_labels(Form.SAVED_MODEL, folder, member)

    def _tfjs(self, member: Member) -> Found:
        folder = self._work / "tfjs"
        topology = self._json(member, MAX_TOPOLOGY_BYTES)
        self._take(member, "tfjs/model.json")
        root = member.path.removesuffix("model.json")
        there = {other.path: other for other in self._members}
        about = there.get(f"{root}metadata.json")
        metadata = self._json(about, MAX_LABEL_BYTES) if about else {}
        self._refuse_other_kinds(metadata)
        for number, path in enumerate(_weight_paths(topology)):
            if root + path not in there:
                raise ModelFileError(N_("{file} lacks a part of the model: {part}."), file=self._name, part=path)
            self._take(there[root + path], f"tfjs/weights-{number}.bin")
        labels = metadata.get("labels")
        if isinstance(labels, list):
            made_there = metadata.get("packageName") == _TEACHABLE_PACKAGE
            return Found(Form.TFJS, folder, tuple(str(label) for label in labels), made_there)
        return self._with_labels(Form.TFJS, folder, member)

    def _refuse_other_kinds(self, metadata: Mapping[str, object]) -> None:
        """Refuse Teachable Machine's other kinds: poses (models of a body's points) and sounds (of spectrograms)."""
        package = str(metadata.get("packageName", ""))
        if "wordLabels" in metadata or (package.startswith(_TEACHABLE) and package != _TEACHABLE_PACKAGE):
            raise ModelFileError(
                N_("{file} is a model of poses or sounds. Only models of images can be added."), file=self._name
            )

    def _with_labels(self, form: Form, path: Path, model: Member) -> Found:
        """Return a model with the names in the one labels.txt of the zip, if there is one."""
        beside = self.beside(PurePosixPath(model.path).parent) if form is Form.LITERT else None
        files = self._of(lambda base: base == "labels.txt")
        if len(files) != 1:
            return Found(form, path, beside=beside)
        lines = parse_labels(self._read(files[0], MAX_LABEL_BYTES), errors="replace")
        labels = without_numbers(lines) if beside is None else lines
        called_so = _base(model) in _TEACHABLE_FILES or PurePosixPath(model.path).parent.name == _TEACHABLE_FOLDER
        return Found(form, path, labels, is_teachable=labels != lines and called_so, beside=beside)

    def beside(self, place: PurePosixPath) -> Path | None:
        """Take out what a model of Discern has beside its weights, in a folder; None for others."""
        there = {_base(other): other for other in self._members if PurePosixPath(other.path).parent == place}
        if CARD not in there:
            return None
        for name in BESIDE:
            if name in there and there[name].size <= MAX_BESIDE_BYTES:
                self._take(there[name], f"beside/{name}")
        return self._work / "beside"

    def _of(self, is_it: Callable[[str], bool]) -> list[Member]:
        return [member for member in self._members if is_it(_base(member).lower())]

    def _take(self, member: Member, name: str) -> Path:
        """Write a file of the zip under a name of ours; all that are taken together keep to one limit."""
        target = self._work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if member.size > self._left_bytes:
            raise self._too_much()
        try:
            self._zip.copy(member, target, self._left_bytes)
        except PhotoError as error:
            raise self._damaged(member) from error
        self._left_bytes -= target.stat().st_size
        return target

    def _json(self, member: Member, limit: int) -> dict[str, object]:
        try:
            content = json.loads(self._read(member, limit))
        except (ValueError, RecursionError) as error:
            raise self._damaged(member) from error
        if not isinstance(content, dict):
            raise self._damaged(member)
        return content

    def _start(self, member: Member) -> bytes:
        try:
            return self._zip.start(member, _HEAD_BYTES)
        except PhotoError as error:
            raise self._damaged(member) from error

    def _read(self, member: Member, limit: int) -> bytes:
        if member.size > limit:
            raise self._too_much()
        try:
            return self._zip.read(member, limit)
        except PhotoError as error:
            raise self._damaged(member) from error

    def _damaged(self, member: Member) -> ModelFileError:
        return ModelFileError(N_("{file} in the zip is damaged."), file=member.path)

    def _too_much(self) -> ModelFileError:
        text = N_("{file} would unpack to far more than a model needs, so it was refused.")
        return ModelFileError(text, file=self._name)


def _base(member: Member) -> str:
    return PurePosixPath(member.path).name


def _weight_paths(topology: Mapping[str, object]) -> list[str]:
    """Return the files that a TensorFlow.js model's weights are in, in the order in which they follow each other."""
    manifest = topology.get("weightsManifest")
    groups = [group for group in manifest if isinstance(group, dict)] if isinstance(manifest, list) else []
    listed = [group.get("paths") for group in groups]
    return [str(path) for paths in listed if isinstance(paths, list) for path in paths]


def without_numbers(lines: Sequence[str]) -> tuple[str, ...]:
    """Return labels without the numbers that Teachable Machine puts before them: "0 cat", "1 dog".

    Only where every line's number is its own position: "7 Up" is a name.
    """
    found = [_NUMBERED.fullmatch(line) for line in lines]
    if not all(match and int(match[1]) == position for position, match in enumerate(found)):
        return tuple(lines)
    return tuple(match[2] for match in found if match)
