"""A model from outside becomes one of the store: looked at in limited child processes, described, and moved in whole.

Two steps, so that a person can be asked between them: `look` finds out what can be known, `add` takes that and what
she says of the rest. What was looked at is in memory and belongs to whoever holds it.
"""

import hashlib
import shutil
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lib.catalogue.store import Store
from lib.catalogue.trial import trials_of
from lib.errors import ModelFileError, UsageError
from lib.formats import first_look
from lib.formats.edit import pin
from lib.formats.importing import keras_side
from lib.formats.importing.metadata import pixel_range
from lib.formats.importing.packed import BESIDE, Form, Found, open_up, together, without_numbers
from lib.formats.tables import last_operator
from lib.messages import N_
from lib.model import writing
from lib.model.imagenet import is_imagenet, normalise
from lib.model.spec import CARD, InputSpec, ModelFolder, ModelSpec, OutputSpec, load, parse, read_toml
from lib.work import process
from lib.work.files import keeping, replace_folder
from lib.work.locks import locked
from lib.work.progress import OnProgress, Progress, Stage

YOURS = "Yours"
WEIGHTS, KERAS, LABELS = "model.tflite", "model.keras", "labels.txt"
# As Teachable Machine shows photos to its models: x / 127.5 - 1 (its Keras and LiteRT snippets; its own page divides by
# 127), and all of the middle square.
TEACHABLE = InputSpec((224, 224), (-1.0, 1.0), "middle")
_BACKGROUND = frozenset({"background", "__background__", "???"})


@dataclass(frozen=True, slots=True)
class Looked:
    """A model from outside, as far as its file tells.

    Attributes:
        file: What its owner calls the file; untrusted text.
        form: How it was saved.
        litert: As a LiteRT file, one photo in.
        keras: As a Keras file; None where there is none.
        size_wh: Of the photo, in pixels.
        units: How many numbers it answers with.
        activation: What they are; see `OutputSpec`.
        labels: Names of the classes, or none.
        range: What the bytes 0 and 255 become; None where the file does not say.
        resize: Which part of a photo it looks at, where that is known.
        card: What Discern itself wrote of it; None for a model from elsewhere.
        beside: What else a model of Discern has in its folder, by name.
    """

    file: str
    form: Form
    litert: bytes
    keras: bytes | None
    size_wh: tuple[int, int]
    units: int
    activation: str
    labels: tuple[str, ...]
    range: tuple[float, float] | None
    resize: str | None
    card: ModelSpec | None = None
    beside: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def held_bytes(self) -> int:
        """Return how much memory it takes."""
        return len(self.litert) + len(self.keras or b"")

    @property
    def names(self) -> int:
        """Return how many names it needs: a single unit tells two classes apart."""
        return max(self.units, 2)

    @property
    def name(self) -> str:
        """Return what to call the model where nobody says it."""
        return (self.card.name if self.card else Path(self.file).stem).strip() or YOURS


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of a model; None or "": as the file says.

    Attributes:
        name: What to call it.
        labels: Names of its classes, in the order of its outputs.
        range: What the bytes 0 and 255 become.
        resize: One of `lib.model.spec.RESIZE_RULES`.
    """

    name: str = ""
    labels: tuple[str, ...] | None = None
    range: tuple[float, float] | None = None
    resize: str | None = None


def look(
    file: Path | Mapping[str, Path | bytes],
    name: str,
    *,
    on_progress: OnProgress = lambda progress: None,
    cancelled: threading.Event | None = None,
) -> Looked:
    """Find out what a model from outside is; whatever opens it does so in a child process with limits.

    Args:
        file: The file; or several by their names, which belong together: where they are, or what they hold.
        name: What its owner calls it, or them.
        on_progress: Told of every step, in this thread.
        cancelled: When set, the child is ended.

    Raises:
        ModelFileError: It holds no image classifier, is damaged, or took a child down; or its labels are of another
            number than its classes.
        DownloadError: The disk of the data folder is full.
        Cancelled: `cancelled` was set.
    """
    with process.scratch() as work, keeping(name):
        found = open_up(_as_one(file, name, work), name, work, cancelled=cancelled)
        litert, keras, own_range = found.path, None, None
        if found.form is not Form.LITERT:
            on_progress(Progress(Stage.CONVERTING))
            converted = keras_side.to_litert(found, name, work, cancelled=cancelled)
            litert, own_range = converted.litert, converted.range
            keras = converted.keras.read_bytes() if converted.keras else None
        on_progress(Progress(Stage.CHECKING))
        seen = first_look.inspect(litert, name=name, cancelled=cancelled)
        content = litert.read_bytes()
        card, beside = _own(found.beside, name)
    labels = found.labels or without_numbers(seen.labels)
    looked = Looked(
        name,
        found.form,
        pin(content, seen.size_wh, name),
        keras,
        seen.size_wh,
        seen.units,
        _activation(content, seen, name),
        labels,
        card.input.range if card else own_range or _range(found, content, seen, name),
        card.input.resize if card else TEACHABLE.resize if found.is_teachable else None,
        card,
        beside,
    )
    if labels:
        check_labels(looked, labels)
    return looked


def add(looked: Looked, said: Said, store: Store) -> ModelFolder:
    """Move a model into the store, whole or not at all, and return it.

    Args:
        looked: What `look` found.
        said: What a person adds; it counts more than the file.
        store: Where to.

    Raises:
        UsageError: Something is missing that the file does not say.
        ModelFileError: The number of labels is another than that of the classes, two of them are the same, or the model
            does not run.
        DownloadError: The disk is full or cannot be written.
    """
    labels = said.labels or looked.labels
    if not labels:
        raise UsageError(
            N_("{file} has {count} classes without names. Give a file of names, one a line, with --labels."),
            file=looked.file,
            count=looked.names,
        )
    check_labels(looked, labels)
    _check_names(looked, labels)
    bounds = said.range or looked.range
    if bounds is None:
        raise UsageError(
            N_(
                "{file} does not say which numbers it expects for black and white. Say it with --range: -1 1, 0 1 or "
                "0 255. How the model was trained decides."
            ),
            file=looked.file,
        )
    spec = _spec(looked, said, labels, bounds)
    with keeping(looked.file), locked(store.data / "locks" / "import.lock"):
        spec = replace(spec, id=store.free_id(spec.id))
        incoming = store.data / "incoming" / spec.id
        try:
            _write(incoming, looked, labels, spec)
            folder = trials_of(store.data).admit(load(incoming))
            store.models.mkdir(parents=True, exist_ok=True)
            replace_folder(incoming, store.models / spec.id)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
    return store.open_folder(folder.spec.id)


def check_labels(looked: Looked, labels: tuple[str, ...]) -> None:
    """Raise ModelFileError if there are more or fewer labels than classes."""
    if len(labels) != looked.names:
        raise ModelFileError(
            N_("{file} has {classes} classes, but there are {labels} labels. Both numbers must be the same."),
            file=looked.file,
            classes=looked.names,
            labels=len(labels),
        )


def _check_names(looked: Looked, labels: tuple[str, ...]) -> None:
    """Raise ModelFileError if classes cannot be told apart by name; ImageNet's are known by their places."""
    if is_imagenet(labels) or is_imagenet(labels[1:]):
        return
    names = Counter(filter(None, map(normalise, labels)))  # several may have none
    name, count = next(iter(names.most_common(1)), ("", 0))
    if count > 1:
        label = next(label for label in labels if normalise(label) == name)
        raise ModelFileError(
            N_("In {file}, {count} classes are called “{label}”. Give each class a name of its own."),
            file=looked.file,
            count=count,
            label=label,
        )


def _activation(content: bytes, seen: first_look.Inspection, name: str) -> str:
    if seen.looks_like_probabilities and seen.units > 1:
        return "softmax"
    is_sigmoid = last_operator(content, name) == "LOGISTIC"
    if seen.units > 1 and not is_sigmoid:
        return "logits"
    if seen.units == 1 and is_sigmoid:
        return "sigmoid"
    if is_sigmoid:
        raise first_look.one_by_one(name)
    raise ModelFileError(
        N_("{file} answers with one number that is no probability, so it cannot tell classes apart."), file=name
    )


def _as_one(file: Path | Mapping[str, Path | bytes], name: str, work: Path) -> Path:
    if isinstance(file, Path):
        return file
    if len(file) > 1:
        packed = work / "together.zip"
        together(file, name, packed)
        return packed
    (alone,) = file.values()
    if isinstance(alone, Path):
        return alone
    brought = work / "brought"
    brought.write_bytes(alone)
    return brought


def _own(folder: Path | None, name: str) -> tuple[ModelSpec | None, dict[str, bytes]]:
    """Return what Discern wrote of a model that it packed, and what else was beside it."""
    if folder is None:
        return None, {}
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name in BESIDE}
    return parse(read_toml(folder / CARD, f"{name}: {CARD}"), f"{name}: {CARD}"), files


def _range(found: Found, content: bytes, seen: first_look.Inspection, name: str) -> tuple[float, float] | None:
    """Return what the bytes 0 and 255 become, where the file or its maker says it."""
    if seen.input.dtype != "float32":  # an 8-bit tensor says it itself, or takes the bytes as they are
        return seen.input.bounds or keras_side.BYTES
    return TEACHABLE.range if found.is_teachable else pixel_range(content, name)


def _spec(looked: Looked, said: Said, labels: tuple[str, ...], bounds: tuple[float, float]) -> ModelSpec:
    """Return the description of a model; of one that Discern packed, what it wrote itself."""
    name = said.name.strip() or looked.name
    if looked.card is not None:
        entry = replace(looked.card.input, range=bounds, resize=said.resize or looked.card.input.resize)
        source = {**looked.card.source, "weights_sha256": hashlib.sha256(looked.litert).hexdigest()}
        kept = replace(looked.card, weights=WEIGHTS, labels=LABELS, input=entry, source=source)
        return replace(kept, id=writing.slug(name), name=name[:120], family=YOURS)
    has_background = labels[0].lower() in _BACKGROUND and looked.units > 2
    return ModelSpec(
        id=writing.slug(name),
        name=name[:120],
        family=YOURS,
        runtime="litert",
        weights=WEIGHTS,
        labels=LABELS,
        licence="Unknown: added from a file",
        input=InputSpec(looked.size_wh, bounds, said.resize or looked.resize or "middle"),
        output=OutputSpec(looked.names - has_background, "first" if has_background else "none", looked.activation),
        source={
            "kind": "file",
            "form": looked.form.value,
            "weights_sha256": hashlib.sha256(looked.litert).hexdigest(),
        },
    )


def _write(folder: Path, looked: Looked, labels: tuple[str, ...], spec: ModelSpec) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # left by a process that was killed
    folder.mkdir(parents=True)
    for name, content in looked.beside.items():
        (folder / name).write_bytes(content)
    (folder / WEIGHTS).write_bytes(looked.litert)
    if looked.keras is not None:
        (folder / KERAS).write_bytes(looked.keras)
    (folder / LABELS).write_text("".join(f"{' '.join(label.split()) or '?'}\n" for label in labels), encoding="utf-8")
    writing.write(folder, spec)
