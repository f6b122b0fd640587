"""A model as a file to take away: made, checked against its float32 form on photos, and only then offered.

Formats of numbers come from `lib.catalogue.variants`, from the model itself or its float32 twin (`lib.catalogue.twin`).
A `.keras` file is the one that training left beside the model, or one that a worker makes: the same network with the
same head, in layers of Keras alone.
"""

import io
import math
import threading
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.catalogue.store import Store
from lib.catalogue.twin import float_twin, published_of
from lib.catalogue.variants import KERAS, make_variant, place_of
from lib.classify.opening import open_classifier
from lib.classify.outputs import to_probabilities
from lib.classify.preprocess import resize, to_floats
from lib.datasets.labelled import LabelledPhotos
from lib.datasets.matching import match
from lib.errors import AppError, Cancelled, ModelError, ModelFileError, PhotoError
from lib.formats.from_keras import MAX_DIFFERENCE, keras_file
from lib.formats.head import read_head
from lib.formats.tables import Format, read_format
from lib.messages import N_
from lib.model.spec import CARD, MEANS, ModelFolder, ModelSpec
from lib.photos.opening import open_photo
from lib.photos.pixels import DECODE_FLOOR
from lib.photos.samples import find_samples
from lib.photos.source import Source
from lib.work import process
from lib.work.files import disk_error, write_whole
from lib.work.locks import locked

MOST_CHECKED = 200  # photos: 30 MB of pixels at 224 x 224
# What another form may cost: a tenth of the answers, since 8 bits change that many of a model of 1000 classes
# (`lib.catalogue.variants`), and as many photos lost as are gained. It is refused where what was seen would come by
# chance in fewer than one of twenty cases if it cost no more than that: of few photos, few say little.
MOST_CHANGED = 0.1
CHANCE = 0.05
MEMORY_BYTES = 24 * 2**30  # as in `lib.formats.from_keras`
CPU_SECONDS = 600
WALL_SECONDS = 600.0
WORK = "lib.formats.headed_keras:export_in_worker"

Probabilities = NDArray[np.float64]  # (N, K): of photos


class Form(StrEnum):
    """What can be taken away of a model."""

    AS_IT_IS = "litert"
    FLOAT32 = "litert-float32"
    FLOAT16 = "litert-float16"
    DYNAMIC = "litert-dynamic"
    INT8 = "litert-int8"
    KERAS = "keras"


_FORMATS = {
    Form.FLOAT32: Format.FLOAT32, Form.FLOAT16: Format.FLOAT16, Form.DYNAMIC: Format.DYNAMIC, Form.INT8: Format.INT8,
}  # fmt: skip


def forms_of(folder: ModelFolder) -> tuple[Form, ...]:
    """Return what can be asked of a model: no float32 form beside one that is in float32 itself."""
    is_float = read_format(folder) is Format.FLOAT32
    return tuple(form for form in Form if not (is_float and form is Form.FLOAT32))


@dataclass(frozen=True, slots=True)
class Photos:
    """What a form is made and checked with.

    Attributes:
        calibration: For 8 bits: typical photos, those of training; none: the samples.
        check: Other photos, to compare answers on.
        labels: What each of them shows, as a position among the model's classes; None where that is not known.
        are_unseen: Whether none of `check` is among the calibration or the training photos.
    """

    calibration: tuple[Source, ...]
    check: tuple[Source, ...]
    labels: tuple[int | None, ...]
    are_unseen: bool = True


def photos_of(
    train: LabelledPhotos, held_out: LabelledPhotos, names: Sequence[str], *, are_unseen: bool = True
) -> Photos:
    """Return a user's own photos: some to calibrate with, others to check on, if there are any.

    Args:
        train: What the model learned from.
        held_out: Others.
        names: The model's classes.
        are_unseen: Whether it did not learn from these others.
    """
    check = held_out if held_out.photos else train
    targets = match(check.classes, names).targets
    labels = tuple(targets[photo.label][0] if targets[photo.label] else None for photo in check.photos)
    sources = tuple(photo.source for photo in check.photos)
    return Photos(
        tuple(photo.source for photo in train.photos), sources, labels, are_unseen=are_unseen and check is held_out
    )


def photos_given(sources: Sequence[Source]) -> Photos:
    """Return photos without classes: every fifth to check on, the others to calibrate with; the samples for none."""
    given = tuple(sources) or tuple(Source.of_path(sample.path) for sample in find_samples())
    if not sources or len(given) < 2 * 5:
        return Photos(tuple(sources), given, (None,) * len(given), are_unseen=False)
    check = given[::5]
    return Photos(tuple(photo for n, photo in enumerate(given) if n % 5), check, (None,) * len(check))


@dataclass(frozen=True, slots=True)
class Check:
    """How the answers of a form compare with those of the float32 form, on the same photos.

    The float32 form of a model that is in 8 bits is itself compared with the model as it is.

    Attributes:
        photos: How many were looked at.
        same: To how many both gave the same class.
        largest: The largest difference of a probability, over all photos and classes.
        labelled: Of how many photos it is known what they show.
        right: How many of those the form got right.
        lost: How many of those only the other form got right.
        gained: How many of those only this form got right.
        are_unseen: Whether the photos were held out of training.
    """

    photos: int
    same: int
    largest: float
    labelled: int
    right: int
    lost: int
    gained: int
    are_unseen: bool

    @property
    def changed(self) -> int:
        """Return how many photos get another answer."""
        return self.photos - self.same

    @property
    def right_before(self) -> int:
        """Return how many photos the other form got right."""
        return self.right + self.lost - self.gained

    @property
    def passes(self) -> bool:
        """Whether the form is good enough to be offered; the second question is the sign test of McNemar, exact."""
        changes = at_least(self.changed, self.photos, MOST_CHANGED)
        return min(changes, at_least(self.lost, self.lost + self.gained, 0.5)) >= CHANCE


def at_least(count: int, total: int, share: float) -> float:
    """Return how likely `count` or more of `total` are, each being so likely as `share` (binomial distribution)."""
    return math.fsum(math.comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(count, total + 1))


@dataclass(frozen=True, slots=True)
class Export:
    """A form of a model that can be taken away.

    Attributes:
        form: Which.
        path: Its file.
        name: What to call it.
        size_bytes: Of the file.
        check: What came of the check; None for a model's own file where there is no float32 form to compare with.
        of: The model that a LiteRT file is of; None for Keras's.
    """

    form: Form
    path: Path
    name: str
    size_bytes: int
    check: Check | None
    of: ModelFolder | None = None

    def read(self) -> bytes:
        """Return the file; one of LiteRT brings the names of its classes and its description.

        They stand in a zip behind it, where the metadata of LiteRT's files have their place, too: whoever runs the
        model does not see them, and what opens it as a zip finds them (`lib.formats.importing`).
        """
        content = self.path.read_bytes()
        return content if self.of is None else with_card(content, self.of)


def with_card(content: bytes, folder: ModelFolder) -> bytes:
    """Return a LiteRT file with the labels, `model.toml` and class means of a model behind it."""
    whole = io.BytesIO(content)
    with zipfile.ZipFile(whole, "a") as packed:
        there = {name.lower() for name in packed.namelist()}
        for name in (CARD, folder.spec.labels, MEANS):
            if name not in there and (folder.path / name).is_file():
                packed.writestr(zipfile.ZipInfo(name), (folder.path / name).read_bytes())
    return whole.getvalue()


class Exporter:
    """Makes the forms of one model. Each file looks at the photos once, when its answers are first needed.

    Args:
        folder: The model.
        photos: What to make and check with; None: only what Keras makes is checked, on the samples.
        store: Where the model is from.
        cancelled: When set, the work ends.
    """

    def __init__(
        self, folder: ModelFolder, photos: Photos | None, store: Store, *, cancelled: threading.Event | None = None
    ) -> None:
        self._folder, self._store, self._cancelled = folder, store, cancelled
        self._photos, self._is_checked = photos or photos_given(()), photos is not None
        self._seen: tuple[NDArray[np.uint8], tuple[int | None, ...]] | None = None
        self._known: dict[Path, Probabilities] = {}

    def make(self, form: Form) -> Export:
        """Return a form, made if need be, and checked.

        Raises:
            ModelFileError: It cannot be made, or answers too differently; the sentence says how.
            WorkerError: Keras is missing, or the worker died.
            DownloadError: The disk is full or cannot be written.
            Cancelled: It was cancelled.
        """
        spec = self._folder.spec
        if form is Form.KERAS:
            return self._keras()
        if form is Form.AS_IT_IS:
            check = self._check_of(self._folder, form) if self._has_twin() else None
            return self._export(form, self._folder.weights_path, f"{spec.id}.tflite", check, self._folder)
        made = self._variant(_FORMATS[form])
        name = f"{spec.id}-{_FORMATS[form]}.tflite"
        return self._export(form, made.weights_path, name, self._check_of(made, form), made)

    def _export(self, form: Form, path: Path, name: str, check: Check | None, of: ModelFolder | None = None) -> Export:
        if check is not None and not check.passes and form is not Form.AS_IT_IS:
            raise ModelFileError(
                N_(
                    "{model} as {form} answers too differently: {changed} of {photos} photos get another answer, and "
                    "{right} of {labelled} are right instead of {before}."
                )
                if check.labelled
                else N_(
                    "{model} as {form} answers too differently: {changed} of {photos} photos get another answer."
                ),
                model=self._folder.spec.id, form=form.value, changed=check.changed, photos=check.photos,
                right=check.right, labelled=check.labelled, before=check.right_before,
            )  # fmt: skip
        return Export(form, path, name, path.stat().st_size, check, of)

    def _has_twin(self) -> bool:
        return read_format(self._folder) is Format.FLOAT32 or published_of(self._folder, self._store) is not None

    def _variant(self, form: Format) -> ModelFolder:
        twin = float_twin(self._folder, self._store, cancelled=self._cancelled)
        calibration = self._photos.calibration if form is Format.INT8 else ()
        return make_variant(twin, form, calibration, data=self._store.data, cancelled=self._cancelled)

    def _pixels(self) -> tuple[NDArray[np.uint8], tuple[int | None, ...]]:
        """Return what the model sees of the photos, shape (N, H, W, 3), and their labels."""
        if self._seen is None:
            step = max(1, -(-len(self._photos.check) // MOST_CHECKED))
            pairs = list(zip(self._photos.check, self._photos.labels, strict=True))[::step]
            looked = [(_look(source, self._folder.spec), label) for source, label in pairs]
            kept = [(pixels, label) for pixels, label in looked if pixels is not None]
            if not kept:
                raise ModelFileError(N_("There is no photo to check {model} on."), model=self._folder.spec.id)
            self._seen = np.stack([pixels for pixels, _ in kept]), tuple(label for _, label in kept)
        return self._seen

    def _answers(self, folder: ModelFolder) -> Probabilities:
        if folder.weights_path not in self._known:
            self._known[folder.weights_path] = self._answered(folder)
        return self._known[folder.weights_path]

    def _answered(self, folder: ModelFolder) -> Probabilities:
        # The pixels have the input's size already: cutting and scaling must leave them as they are.
        spec = replace(folder.spec, input=folder.spec.input.looking_at_all(), novelty=None)
        classifier = open_classifier(replace(folder, spec=spec))
        images = map(Image.fromarray, self._pixels()[0])
        return np.stack([classifier.run(classifier.prepare(image)).probabilities for image in images])

    def _check_of(self, folder: ModelFolder, form: Form) -> Check | None:
        return self._check(self._answers(folder), form) if self._is_checked else None

    def _check(self, found: Probabilities, form: Form) -> Check:
        before = self._folder if form is Form.FLOAT32 else self._variant(Format.FLOAT32)
        return compare(self._answers(before), found, self._pixels()[1], are_unseen=self._photos.are_unseen)

    def _keras(self) -> Export:
        """Return the `.keras` file that training left, or one made now, which a worker loaded and let answer."""
        folder, data = self._folder, self._store.data
        if not self._is_checked and any(folder.path.glob("*.keras")):
            return self._export(Form.KERAS, keras_file(folder), f"{folder.spec.id}.keras", None)
        with process.scratch() as temporary, locked(data / "locks" / "convert.lock", cancelled=self._cancelled):
            make = self._keras_recipe(temporary)
            path = temporary / "model.keras" if make else keras_file(folder)
            check = self._check(self._run_keras(path, make, temporary), Form.KERAS)
            if not check.largest <= MAX_DIFFERENCE:  # NaN too
                raise ModelFileError(
                    N_("After conversion, {model} gives different results than in Keras (difference {difference})."),
                    model=folder.spec.id,
                    difference=f"{check.largest:.2g}",
                )
            if make:
                path = _keep(path, place_of(folder.spec.id, KERAS, data) / path.name)
        return self._export(Form.KERAS, path, f"{folder.spec.id}.keras", check)

    def _keras_recipe(self, temporary: Path) -> dict[str, Any] | None:
        """Return what the `.keras` file is to be made of, files written for it; None where training left one."""
        folder, store = self._folder, self._store
        if any(folder.path.glob("*.keras")):
            return None
        head = read_head(folder.read_weights(), folder.spec.weights)
        made: dict[str, Any] = {"head": None}
        if head is not None:
            made["head"] = str(temporary / "head.npz")
            np.savez(made["head"], weight=head.weight, bias=head.bias, pooling=str(head.pooling))
        published = published_of(folder, store)
        if published is not None and (head is not None or published.spec.id == folder.spec.id):
            from lib.catalogue.from_package import published as weights_of  # it takes 0.2 s to import

            (temporary / "weights.pth").write_bytes(weights_of(published)[1])
            return {**made, "weights": str(temporary / "weights.pth"), "side": folder.spec.input.size_wh[0]}
        base = str(folder.spec.source.get("backbone", ""))
        if head is not None and base:
            with suppress(ModelError):
                return {**made, "keras": str(keras_file(store.open_folder(base)))}
        raise ModelFileError(
            N_("There is no Keras file of {model}: {base} comes only as a LiteRT file."),
            model=folder.spec.id,
            base=base or folder.spec.id,
        )

    def _run_keras(self, path: Path, make: dict[str, Any] | None, temporary: Path) -> Probabilities:
        spec = self._folder.spec
        np.save(temporary / "tensors.npy", to_floats(self._pixels()[0], spec.input))
        answers = temporary / "answers.npy"
        payload = {
            "target": str(path),
            "make": make,
            "tensors": str(temporary / "tensors.npy"),
            "answers": str(answers),
        }
        process.run(
            WORK,
            payload,
            memory_bytes=MEMORY_BYTES,
            cpu_seconds=CPU_SECONDS,
            wall_seconds=WALL_SECONDS,
            cancelled=self._cancelled,
        )
        return np.stack([to_probabilities(row, spec.output) for row in np.load(answers).astype(np.float64)])


def _keep(made: Path, target: Path) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, made.read_bytes())
    except OSError as error:
        raise disk_error(error, target.name) from error
    return target


def compare(
    before: Probabilities, found: Probabilities, labels: Sequence[int | None], *, are_unseen: bool = True
) -> Check:
    """Return how the answers to N photos compare.

    Args:
        before: Of the float32 form, shape (N, K).
        found: Of another form, shape (N, K).
        labels: N classes, None where they are not known.
        are_unseen: See `Check`.
    """
    known = [n for n, label in enumerate(labels) if label is not None]
    first, second = before.argmax(axis=1), found.argmax(axis=1)
    return Check(
        photos=len(before),
        same=int((first == second).sum()),
        largest=float(np.abs(before - found).max()),
        labelled=len(known),
        right=sum(int(second[n] == labels[n]) for n in known),
        lost=sum(int(first[n] == labels[n] != second[n]) for n in known),
        gained=sum(int(first[n] != labels[n] == second[n]) for n in known),
        are_unseen=are_unseen,
    )


def _look(source: Source, spec: ModelSpec) -> NDArray[np.uint8] | None:
    """Return what a model sees of a photo, shape (H, W, 3); None of one that cannot be decoded."""
    try:
        image = open_photo(source.read(), source.name, at_least=2 * DECODE_FLOOR)
    except PhotoError:
        return None
    return np.asarray(resize(image, spec.input))


def make_each(exporter: Exporter, forms: Sequence[Form], step: Callable[[], None]) -> dict[Form, Export | AppError]:
    """Return each form, or why it is not offered.

    Args:
        exporter: Of the model.
        forms: Which.
        step: Called after each.

    Raises:
        Cancelled: It was cancelled.
    """
    found: dict[Form, Export | AppError] = {}
    for form in forms:
        try:
            found[form] = exporter.make(form)
        except Cancelled:
            raise
        except AppError as error:
            found[form] = error
        step()
    return found
