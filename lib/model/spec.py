"""What a model is: the table of its `model.toml`, read and checked.

A shipped model, a downloaded one and one that a user trained are described by the same table; an entry of
`models/catalogue.toml` is that table too, with `[source]` for the files that are not here yet.
"""

import codecs
import hashlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lib.errors import ModelFileError
from lib.messages import N_, Listed, Message
from lib.model import class_names, imagenet
from lib.results import AnswerKind
from lib.work.files import read_small

CARD = "model.toml"
OURS = "Discern starter"  # family of the models that are shipped, and of what is made of them
RUNTIMES = ("litert",)
RESIZE_RULES = ("square", "middle", "crop", "squash")
FILTERS = ("bilinear", "bicubic")
BACKGROUNDS = ("none", "first", "last")
ACTIVATIONS = ("softmax", "logits", "sigmoid")
NOVELTY_METHODS = ("max-logit", "class-mean")
MEANS = "means.npy"  # of the classes, shape (K, D), float16: for "class-mean"
SCHEMA = 1  # of model.toml
MAX_SIDE = 1024
MAX_CLASSES = 100_000
MAX_ID = 80  # characters
_ID = re.compile(rf"[a-z0-9][a-z0-9.-]{{0,{MAX_ID - 1}}}")
_FILE_NAME = re.compile(r"[^/\\\0]{1,120}")


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What the model expects to see.

    Attributes:
        size_wh: Width and height in pixels.
        range: What the bytes 0 and 255 become, before `mean` and `std`.
        resize: Which part of a photo is scaled to size: "square": the middle in the input's own shape, 87.5% of the
            shorter side; "middle": the same with all of the shorter side; "crop": the middle 87.5% of each side;
            "squash": the whole picture.
        mean: Taken off each channel (R, G, B), in units of `range`; None for none.
        std: Each channel is divided by it, after `mean`; None for none.
        filter: How it is scaled: "bilinear" or "bicubic", both averaging over what a new pixel covers.
    """

    size_wh: tuple[int, int]
    range: tuple[float, float] = (-1.0, 1.0)
    resize: str = "crop"
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    filter: str = "bilinear"

    def looking_at_all(self) -> "InputSpec":
        """Return the same input, filled with the whole of each photo, whatever its shape."""
        return replace(self, resize="squash")


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """What the model answers.

    Attributes:
        classes: K, the classes shown; a background class is not among them.
        background: Where the class that is never shown stands: "none", "first" or "last".
        activation: What the output already is: "softmax" probabilities, "logits", or "sigmoid": one unit with the
            probability of the second of two classes.
    """

    classes: int
    background: str = "none"
    activation: str = "softmax"

    @property
    def shown(self) -> slice:
        """Return which of the outputs are shown: all but the background's."""
        return {"none": slice(None), "first": slice(1, None), "last": slice(None, -1)}[self.background]


# With five classes or fewer, the right one is always among the five likeliest.
FEWEST_FOR_TOP5 = 6


@dataclass(frozen=True, slots=True)
class Published:
    """Figures its makers published; shares in [0, 1].

    Attributes:
        source: Where they stand; figures without one are refused.
        top5: Not read of a model for which it says nothing.
    """

    source: str
    top1: float | None = None
    top5: float | None = None
    parameters: int | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """What thresholds for the unfamiliar cost and bring; measured shares in [0, 1], one for each threshold.

    Attributes:
        threshold: At least two, rising.
        known_kept: Of clear answers to photos of known things, how many are not called unfamiliar.
        unknown_clear: Of photos of unknown things, how many are clear and not called unfamiliar; None if not measured.
        elsewhere_kept: As `known_kept`, of photos of known things from another source; None if not measured.
    """

    threshold: tuple[float, ...]
    known_kept: tuple[float, ...]
    unknown_clear: tuple[float, ...] | None = None
    elsewhere_kept: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Novelty:
    """How to tell a photo that is unlike those the model learned from.

    Attributes:
        method: What is below the threshold (`lib.classify.novelty`): "max-logit": the largest logit; "class-mean": the
            cosine of the features to the nearest class mean, which are in the file `MEANS`.
        threshold: In the method's own units; found on photos held out of training, or left out of it in turn.
        known_kept: Measured share of clear answers to photos of known things that are not called unfamiliar.
        measured: On what, in a sentence.
        hint: Whether it tells so little apart that it may only be hinted at.
        prices: Of other thresholds; None if they were not measured.
    """

    method: str
    threshold: float
    known_kept: float
    measured: str
    hint: bool = False
    prices: Prices | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How often answers of one kind were right.

    Attributes:
        count: How many there were, at least 1.
        right: How many of them named a right class, or a right group, first.
    """

    count: int
    right: int


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How often a model's answers were right, by what they come to for their reader; with the default thresholds.

    Attributes:
        photos: How many photos were counted, each of something that the model knows; at least 1.
        measured: On which, in a few words: "everyday-20/val".
        is_unseen: Whether the model certainly did not learn from them.
        kinds: What never came up is missing; the counts add up to `photos`.
    """

    photos: int
    measured: str
    is_unseen: bool
    kinds: Mapping[AnswerKind, Tally]


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model.

    Attributes:
        id: Unique, [a-z0-9.-].
        name: For people.
        family: "MobileNet", …; "Discern starter" for ours, "Yours" for a user's.
        runtime: "litert".
        weights: File name in the model's folder.
        labels: File name in the model's folder: one label a line, in output order, the background's included
            where there is one.
        licence: SPDX identifier, or a sentence.
        source: The `[source]` table as it stands, for the store; empty for a model whose files are here.
        description: One sentence for people, or "".
        novelty: None for a model that cannot say whether a photo is unlike those it learned from.
        track_record: How often its answers were right; None where nobody has counted.
    """

    id: str
    name: str
    family: str
    runtime: str
    weights: str
    labels: str
    licence: str
    input: InputSpec
    output: OutputSpec
    published: Published | None = None
    source: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    novelty: Novelty | None = None
    track_record: TrackRecord | None = None

    @property
    def key(self) -> str:
        """Return what tells answers apart: the model, and which part of a photo it looks at."""
        return f"{self.id} {self.input.resize}"

    @property
    def outputs(self) -> int:
        """Units of the output tensor that are classes, the background's included (a sigmoid's one unit: 2)."""
        return self.output.classes + (self.output.background != "none")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model whose files are on this machine.

    Attributes:
        spec: Its description.
        path: The folder that holds `model.toml`, the weights and the labels.
        sha256: Digest of the weights that were tried (`lib.catalogue.trial`), lower-case hex; None for a folder that
            nobody vouches for, which only a worker process may open.
    """

    spec: ModelSpec
    path: Path
    sha256: str | None = None

    @property
    def weights_path(self) -> Path:
        """Return the path of the weights file."""
        return self.path / self.spec.weights

    def looking_as(self, other: InputSpec) -> "ModelFolder":
        """Return the same model, looking at photos by the resize rule and with the filter of `other`."""
        spec = replace(self.spec.input, resize=other.resize, filter=other.filter)
        return replace(self, spec=replace(self.spec, input=spec))

    def read_weights(self) -> bytes:
        """Return the weights: the very bytes that were tried, where the folder was.

        Raises:
            ModelFileError: They cannot be read, or were changed since.
        """
        try:
            content = self.weights_path.read_bytes()
        except OSError as error:
            raise ModelFileError(
                N_("The weights of {model} could not be read from {file}."), model=self.spec.id, file=self.spec.weights
            ) from error
        if self.sha256 not in (None, hashlib.sha256(content).hexdigest()):
            raise self.changed()
        return content

    def digest(self) -> str:
        """Return the SHA-256 of the weights, lower-case hex. Raises ModelFileError if they cannot be read."""
        return self.sha256 or hashlib.sha256(self.read_weights()).hexdigest()

    def changed(self) -> ModelFileError:
        """Return the error of weights that are not those that were checked."""
        return ModelFileError(
            N_(
                "The weights of {model} changed after they were checked. Put the model into the folder "
                "{folder} again, or download it again."
            ),
            model=self.spec.id,
            folder=self.path,
        )

    def read_labels(self, language: str = "en") -> tuple[str, ...]:
        """Return the K names shown to people, in output order, the background's left out.

        Args:
            language: For our own models and ImageNet's classes; other labels are shown as the model gives them.

        Raises:
            ModelFileError: The file is missing, not text in Unicode, or does not hold one label per output.
        """
        spec, path = self.spec, self.path / self.spec.labels
        try:
            labels = parse_labels(read_small(path))
        except (OSError, UnicodeDecodeError) as error:
            raise ModelFileError(
                N_("The labels of {model} could not be read from {file}."), model=spec.id, file=path.name
            ) from error
        if len(labels) != spec.outputs:
            raise ModelFileError(
                N_("{file} has {found} labels, but {model} has {expected} outputs."),
                model=spec.id,
                file=path.name,
                found=len(labels),
                expected=spec.outputs,
            )
        shown = labels[spec.output.shown]
        translate = class_names.in_language if spec.family == OURS else imagenet.in_language
        return translate(shown, language)


def load(folder: Path) -> ModelFolder:
    """Read the model folder `folder`.

    Raises:
        ModelFileError: `model.toml` is missing, not TOML, or breaks the contract; the weights file is missing; the
            weights or the labels are a link to a place outside the folder.
    """
    name = f"{folder.name}/{CARD}"
    model = ModelFolder(parse(read_toml(folder / CARD, name), name), folder)
    if not model.weights_path.is_file():
        raise ModelFileError(
            N_("{model} has no weights: {file} is missing from its folder."),
            model=model.spec.id,
            file=model.spec.weights,
        )
    for file in (model.spec.weights, model.spec.labels):
        if os.path.dirname(os.path.realpath(folder / file)) != os.path.realpath(folder):  # noqa: PTH120 - `resolve` raises on loops
            raise ModelFileError(
                N_(
                    "In the folder of {model}, {file} is a link that leads out of the folder. Put the file "
                    "itself there."
                ),
                model=model.spec.id,
                file=file,
            )
    return model


@contextmanager
def reading(file: str) -> Iterator[None]:
    """Turn the OSError of a file that cannot be read into a ModelFileError that calls it `file`."""
    try:
        yield
    except OSError as error:
        raise ModelFileError(N_("{file} could not be read."), file=file) from error


def read_toml(path: Path, name: str) -> dict[str, Any]:
    """Return the table in a file.

    Raises:
        ModelFileError: It cannot be read or is not TOML; the message calls it `name`.
    """
    try:
        with reading(name):
            return tomllib.loads(decode(read_small(path)))
    # Python 3.11's reader of TOML recurses into tables within tables without a limit of its own.
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelFileError(N_("{file} is not valid TOML: {reason}."), file=name, reason=error) from error


def parse(table: Mapping[str, Any], where: str) -> ModelSpec:
    """Check the table of a model and return its description.

    Args:
        table: As read from TOML.
        where: What to call the table in an error.

    Raises:
        ModelFileError: A key is missing or has a value outside the contract; it is named.
    """
    read = _Reader(table, where)
    if table.get("schema", SCHEMA) != SCHEMA:
        raise read.wrong("schema", N_("{number}, the only one this version knows"), number=SCHEMA)
    source, output = table.get("source", {}), _parse_output(read.section("output"))
    return ModelSpec(
        id=read.text("id", pattern=_ID),
        name=read.text("name"),
        family=read.text("family"),
        runtime=read.one_of("runtime", RUNTIMES),
        weights=read.text("weights", pattern=_FILE_NAME),
        labels=read.text("labels", pattern=_FILE_NAME),
        licence=read.text("licence"),
        input=_parse_input(read.section("input")),
        output=output,
        published=_parse_published(read.section("published"), output.classes) if "published" in table else None,
        source=source if isinstance(source, dict) else {},
        description=str(table.get("description", "")),
        novelty=_parse_novelty(read.section("novelty")) if "novelty" in table else None,
        track_record=_parse_record(read.section("track_record")) if "track_record" in table else None,
    )


def parse_record(table: Mapping[str, Any], where: str) -> TrackRecord:
    """Check the table of a track record, as it stands in `[track_record]`, and return it.

    Args:
        table: As read from TOML.
        where: What to call the table in an error.

    Raises:
        ModelFileError: See `parse`.
    """
    return _parse_record(_Reader(table, where))


def parse_labels(content: bytes, errors: str = "strict") -> tuple[str, ...]:
    """Return the labels in a file of one a line, however its editor ends lines and marks its encoding.

    Blank lines at the end are no labels; others stand for a class without a name.

    Args:
        content: Of the file.
        errors: What to do with what is not text in Unicode, as `bytes.decode` has it.

    Raises:
        UnicodeDecodeError: It is not text in Unicode.
    """
    lines = decode(content, errors).replace("\r\n", "\n").replace("\r", "\n").rstrip().split("\n")
    return tuple(line.strip() for line in lines) if lines != [""] else ()


def decode(content: bytes, errors: str = "strict") -> str:
    """Return the text of a file in UTF-8, or in the encoding that its byte order mark names.

    Notepad begins "UTF-8 with BOM" with such a mark, and "Unicode", which is UTF-16.

    Raises:
        UnicodeDecodeError: It is neither.
    """
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_utf16 else "utf-8-sig", errors)


def _parse_input(read: "_Reader") -> InputSpec:
    width, height = read.numbers("size", 2)
    if not (
        width == int(width) and height == int(height) and min(width, height) >= 1 and max(width, height) <= MAX_SIDE
    ):
        raise read.wrong("size", N_("two whole numbers from 1 to {limit}"), limit=MAX_SIDE)
    low, high = read.numbers("range", 2, default=(-1.0, 1.0))
    if not low < high:
        raise read.wrong("range", N_("two numbers, the smaller one first"))
    mean, std = read.triple("mean"), read.triple("std")
    if std is not None and min(std) <= 0:
        raise read.wrong("std", N_("three numbers above 0"))
    return InputSpec(
        size_wh=(int(width), int(height)),
        range=(low, high),
        resize=read.one_of("resize", RESIZE_RULES),
        mean=mean,
        std=std,
        filter=read.one_of("filter", FILTERS, default=FILTERS[0]),
    )


def _parse_output(read: "_Reader") -> OutputSpec:
    (classes,) = read.numbers("classes", 1)
    activation = read.one_of("activation", ACTIVATIONS, default="softmax")
    if classes != int(classes) or not 1 <= classes <= MAX_CLASSES:
        raise read.wrong("classes", N_("a whole number from 1 to {limit}"), limit=MAX_CLASSES)
    if activation == "sigmoid" and classes != 2:
        raise read.wrong("classes", N_("2, since a sigmoid unit tells two classes apart"))
    return OutputSpec(int(classes), read.one_of("background", BACKGROUNDS, default="none"), activation)


def _parse_published(read: "_Reader", classes: int) -> Published:
    shares = {key: read.numbers(key, 1)[0] for key in ("top1", "top5") if read.has(key)}
    for key, share in shares.items():
        if not 0 <= share <= 1:
            raise read.wrong(key, N_("a number from 0 to 1"))
    parameters = int(read.numbers("parameters", 1)[0]) if read.has("parameters") else None
    top5 = shares.get("top5") if classes >= FEWEST_FOR_TOP5 else None
    return Published(read.text("source"), shares.get("top1"), top5, parameters)


def _parse_novelty(read: "_Reader") -> Novelty:
    (threshold,), (kept,) = read.numbers("threshold", 1), read.numbers("known_kept", 1)
    if not 0 <= kept <= 1:
        raise read.wrong("known_kept", N_("a number from 0 to 1"))
    return Novelty(
        read.one_of("method", NOVELTY_METHODS),
        threshold,
        kept,
        read.text("measured"),
        hint=read.flag("hint"),
        prices=_parse_prices(read.section("prices")) if read.has("prices") else None,
    )


def _parse_prices(read: "_Reader") -> Prices:
    thresholds = read.row("threshold")
    if len(thresholds) < 2 or list(thresholds) != sorted({*thresholds}):
        raise read.wrong("threshold", N_("two numbers or more, each larger than the one before"))
    keys = ("known_kept", *filter(read.has, ("unknown_clear", "elsewhere_kept")))
    shares = {key: read.row(key) for key in keys}
    for key, row in shares.items():
        if len(row) != len(thresholds) or not all(0 <= share <= 1 for share in row):
            raise read.wrong(key, N_("{count} numbers from 0 to 1, one for each threshold"), count=len(thresholds))
    return Prices(thresholds, **shares)


def _parse_record(read: "_Reader") -> TrackRecord:
    photos = read.whole("photos", least=1)
    kinds = {kind: _parse_tally(read.section(kind)) for kind in AnswerKind if read.has(kind)}
    if sum(tally.count for tally in kinds.values()) != photos:
        raise read.wrong("photos", N_("the sum of the counts"))
    return TrackRecord(photos, read.text("measured"), read.flag("unseen"), kinds)


def _parse_tally(read: "_Reader") -> Tally:
    count, right = read.whole("count", least=1), read.whole("right")
    if right > count:
        raise read.wrong("right", N_("a whole number up to {most}"), most=count)
    return Tally(count, right)


class _Reader:
    """Takes values out of a table and names the key when one is wrong."""

    def __init__(self, table: Mapping[str, Any], where: str, prefix: str = "") -> None:
        self._table, self._where, self._prefix = table, where, prefix

    def has(self, key: str) -> bool:
        return key in self._table

    def section(self, key: str) -> "_Reader":
        value = self._table.get(key)
        if not isinstance(value, dict):
            raise self.wrong(key, N_("a TOML table"))
        return _Reader(value, self._where, f"{self._prefix}{key}.")

    def text(self, key: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self._table.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, N_("a text"))
        if (pattern and not pattern.fullmatch(value)) or value in (".", ".."):
            raise self.wrong(key, N_("a name without folders or special characters"))
        return value

    def one_of(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        value = self._table.get(key, default)
        if value not in choices:
            raise self.wrong(key, N_("one of {choices}"), choices=Listed(choices))
        return str(value)

    def numbers(self, key: str, count: int, default: tuple[float, ...] | None = None) -> tuple[float, ...]:
        value = self._table.get(key, default)
        values = tuple(value) if isinstance(value, list | tuple) else (value,)
        if len(values) != count or not all(_is_number(v) for v in values):
            raise self.wrong(key, N_("{count} numbers") if count > 1 else N_("a number"), count=count)
        return tuple(float(v) for v in values)

    def whole(self, key: str, least: int = 0) -> int:
        value = self._table.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.wrong(key, N_("a whole number from {least}"), least=least)
        return value

    def row(self, key: str) -> tuple[float, ...]:
        value = self._table.get(key)
        if not isinstance(value, list | tuple) or not all(_is_number(v) for v in value):
            raise self.wrong(key, N_("a list of numbers"))
        return tuple(float(v) for v in value)

    def flag(self, key: str) -> bool:
        value = self._table.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, N_("true or false"))
        return value

    def triple(self, key: str) -> tuple[float, float, float] | None:
        if not self.has(key):
            return None
        red, green, blue = self.numbers(key, 3)
        return red, green, blue

    def wrong(self, key: str, expected: str, **values: object) -> ModelFileError:
        return ModelFileError(
            N_("{file}: `{key}` must be {expected}. Found: {found}."),
            file=self._where,
            key=f"{self._prefix}{key}",
            expected=Message(expected, values),
            found=repr(self._table.get(key)) if key in self._table else Message(N_("missing"), {}),
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
