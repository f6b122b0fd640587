"""A model as a file to take away: made, checked against its float32 form on photos, and only then offered.

Formats of numbers come from `lib.catalogue.variants`, from the model itself or its float32 twin (`lib.catalogue.twin`).
A `.keras` file is the one beside the model, or one that a worker makes (`lib.catalogue.keras_files`): the same network
with the same head, in layers of Keras alone.
"""

import io
import threading
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.catalogue import keras_files
from lib.catalogue.comparing import Check, Photos, Probabilities, compare, photos_given
from lib.catalogue.keras_files import origin_of
from lib.catalogue.store import Store
from lib.catalogue.twin import float_twin, published_of
from lib.catalogue.variants import make_variant
from lib.classify.opening import open_classifier
from lib.classify.outputs import to_probabilities
from lib.classify.preprocess import resize, to_floats
from lib.errors import AppError, Cancelled, ModelFileError, PhotoError
from lib.formats.from_keras import MAX_DIFFERENCE, keras_file
from lib.formats.tables import Format, read_format
from lib.messages import N_
from lib.model.spec import CARD, MEANS, ModelFolder, ModelSpec
from lib.photos.opening import open_photo
from lib.photos.pixels import DECODE_FLOOR
from lib.photos.source import Source
from lib.work import process
from lib.work.files import keeping
from lib.work.locks import locked

MOST_CHECKED = 200  # photos: 30 MB of pixels at 224 x 224


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
class Export:
    """A form of a model that can be taken away.

    Attributes:
        form: Which.
        path: Its file.
        name: What to call it.
        size_bytes: Of the file.
        check: What came of the check; None where nothing was compared: for a file that is there already, unchanged.
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
            DownloadError: The data folder is full or cannot be written.
            Cancelled: It was cancelled.
        """
        spec = self._folder.spec
        if form is Form.KERAS:
            return self._keras()
        if form is Form.AS_IT_IS:
            check = self._check_of(self._folder, form) if self._has_another_twin() else None
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

    def _has_another_twin(self) -> bool:
        """Whether there is a float32 form beside the model: to compare a float32 model with itself says nothing."""
        return read_format(self._folder) is not Format.FLOAT32 and published_of(self._folder, self._store) is not None

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
        """Return the `.keras` file beside the model, or one made now, which a worker loaded and let answer."""
        folder, data = self._folder, self._store.data
        there, name = keras_file(folder), f"{folder.spec.id}.keras"
        if there is not None and not self._is_checked:
            return self._export(Form.KERAS, there, name, None)
        lock = data / "locks" / "convert.lock"
        with keeping(name), process.scratch() as temporary, locked(lock, cancelled=self._cancelled):
            origin = origin_of(folder, self._store) if there is None else None
            path = there or temporary / name
            tensors = to_floats(self._pixels()[0], folder.spec.input)
            found = keras_files.answers(path, origin, tensors, self._cancelled)
            check = self._check(np.stack([to_probabilities(row, folder.spec.output) for row in found]), Form.KERAS)
            if not check.largest <= MAX_DIFFERENCE:  # NaN too
                raise ModelFileError(
                    N_("After conversion, {model} gives different results than in Keras (difference {difference})."),
                    model=folder.spec.id,
                    difference=f"{check.largest:.2g}",
                )
            return self._export(Form.KERAS, there or keras_files.keep(path, folder, data), name, check)


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
