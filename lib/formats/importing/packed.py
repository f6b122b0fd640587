"""What a file from outside is, and the parts of it that a model is made of.

Nothing is unpacked under a name from inside a zip: what is needed is written under names of our own, up to a limit of
real bytes.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from lib.errors import DatasetError, ModelFileError, PhotoError
from lib.formats.first_look import MAX_BYTES
from lib.messages import N_
from lib.model.spec import parse_labels, reading
from lib.photos.zipped import Member, Zip

MAX_LABEL_BYTES = 4 * 2**20
MAX_TOPOLOGY_BYTES = 20 * 2**20  # a config.json of 700 MB of spaces took Keras 34 s and 4 GB
_LITERT, _HDF5, _ZIP = b"TFL3", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
_HEAD_BYTES = 8
_NUMBERED = re.compile(r"(\d+)\s+(\S.*)")
_TEACHABLE_PACKAGE = "@teachablemachine/image"
# What Teachable Machine calls its files; the last is quantised.
_TEACHABLE_FILES = frozenset({"keras_model.h5", "model_unquant.tflite", "model.tflite"})


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
    """

    form: Form
    path: Path
    labels: tuple[str, ...] = ()
    is_teachable: bool = False


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
        raise ModelFileError(N_("{file} is larger than {limit} MB."), file=name, limit=MAX_BYTES // 2**20)
    if head[4:8] == _LITERT:
        return Found(Form.LITERT, file)
    if head == _HDF5:
        return Found(Form.HDF5, _copied(file, work / "model.h5"))
    if head.startswith(_ZIP):
        return _Packed(file, name, work).found()
    raise ModelFileError(
        N_("{file} is not a model. Expected: a .tflite, .keras or .h5 file, or a zip from {sources}."),
        file=name,
        sources="Teachable Machine, TensorFlow.js, SavedModel",
    )


def _copied(file: Path, target: Path) -> Path:
    target.write_bytes(file.read_bytes())
    return target


class _Packed:
    """A zip with a model in it."""

    def __init__(self, file: Path, name: str, work: Path) -> None:
        self._file, self._name, self._work = file, name, work
        try:
            self._zip = Zip(file, name)
        except DatasetError as error:
            raise ModelFileError(N_("{file} is not a zip file, or it is damaged."), file=name) from error
        if self._zip.refused:
            reason = self._zip.refused[0].reason
            raise ModelFileError(reason.text, **reason.values)
        self._members = [member for member in self._zip.members if not _base(member).startswith(".")]

    def found(self) -> Found:
        named = {member.path for member in self._members}
        if {"config.json", "model.weights.h5"} <= named:
            self._check_keras()
            return Found(Form.KERAS, _copied(self._file, self._work / "model.keras"))
        readers: dict[Form, tuple[list[Member], Callable[[Member], Found]]] = {
            Form.LITERT: (self._of(lambda base: base.endswith(".tflite")), self._litert),
            Form.HDF5: (self._of(lambda base: base.endswith((".h5", ".hdf5", ".keras"))), self._keras),
            Form.SAVED_MODEL: (self._of(lambda base: base == "saved_model.pb"), self._saved_model),
            Form.TFJS: (self._of(lambda base: base == "model.json"), self._tfjs),
        }
        members = [(member, read) for found, read in readers.values() for member in found]
        if len(members) != 1:
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
        for number, path in enumerate(_weight_paths(topology)):
            if root + path not in there:
                raise ModelFileError(N_("{file} lacks a part of the model: {part}."), file=self._name, part=path)
            self._take(there[root + path], f"tfjs/weights-{number}.bin")
        about = there.get(f"{root}metadata.json")
        metadata = self._json(about, MAX_LABEL_BYTES) if about else {}
        labels = metadata.get("labels")
        if isinstance(labels, list):
            made_there = metadata.get("packageName") == _TEACHABLE_PACKAGE
            return Found(Form.TFJS, folder, tuple(str(label) for label in labels), made_there)
        return self._with_labels(Form.TFJS, folder, member)

    def _with_labels(self, form: Form, path: Path, model: Member) -> Found:
        """Return a model with the names in the one labels.txt of the zip, if there is one."""
        files = self._of(lambda base: base == "labels.txt")
        if len(files) != 1:
            return Found(form, path)
        lines = parse_labels(self._read(files[0], MAX_LABEL_BYTES), errors="replace")
        labels = without_numbers(lines)
        return Found(form, path, labels, is_teachable=labels != lines and _base(model) in _TEACHABLE_FILES)

    def _of(self, is_it: Callable[[str], bool]) -> list[Member]:
        return [member for member in self._members if is_it(_base(member).lower())]

    def _take(self, member: Member, name: str) -> Path:
        target = self._work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self._read(member, MAX_BYTES))
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


def _weight_paths(topology: dict[str, object]) -> list[str]:
    """Return the files that a TensorFlow.js model's weights are in, in the order in which they follow each other."""
    manifest = topology.get("weightsManifest")
    groups = manifest if isinstance(manifest, list) else []
    paths = [path for group in groups if isinstance(group, dict) for path in group.get("paths", ())]
    return [str(path) for path in paths]


def without_numbers(lines: Sequence[str]) -> tuple[str, ...]:
    """Return labels without the numbers that Teachable Machine puts before them: "0 cat", "1 dog".

    Only where every line's number is its own position: "7 Up" is a name.
    """
    found = [_NUMBERED.fullmatch(line) for line in lines]
    if not all(match and int(match[1]) == position for position, match in enumerate(found)):
        return tuple(lines)
    return tuple(match[2] for match in found if match)
