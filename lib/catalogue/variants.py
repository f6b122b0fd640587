"""A float32 model in smaller formats, made when asked for and kept.

Variants are model folders of their own, `variants/ID-FORMAT` under the data folder: they can be opened and measured as
any model, but are not listed among them. Each remembers the weights it was made from and is made anew when those
change.

An 8-bit model needs photos to find the ranges of its activations: those that are given, at least eight; or else the
samples, each whole, mirrored and in four overlapping quarters. On 300 photos the starter changed 1% of its answers
when calibrated with these 42 pictures, 2% with 200 of its own training photos; MobileNetV2 changed 10% of its answers
to 100 photos, 9% when calibrated with 100 others of the same kind.
"""

import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from lib.catalogue.trial import trials_of
from lib.classify.classifier import Classifier
from lib.classify.opening import open_classifier
from lib.classify.preprocess import resize
from lib.errors import ModelFileError, PhotoError, WorkerError
from lib.formats import quantise
from lib.formats.tables import Format, format_of, read_format
from lib.messages import N_
from lib.model import writing
from lib.model.spec import CARD, MAX_ID, ModelFolder, ModelSpec, load, parse
from lib.photos.opening import open_photo
from lib.photos.pixels import DECODE_FLOOR
from lib.photos.samples import find_samples
from lib.photos.source import Source
from lib.work import process
from lib.work.files import data_error, data_folder, keeping, remove_folder, replace_folder, sha256_of
from lib.work.locks import locked

WORK = "lib.catalogue.variants:convert_in_worker"
WEIGHTS = "model.tflite"
KERAS = "keras"  # a file of Keras (`lib.catalogue.exporting`), kept beside the variants
# More photos widen the ranges no further, and each takes time.
MOST_CALIBRATION_PHOTOS = 200
# What rounding weights to float16 can explain; 0.003 was the most seen on 300 photos.
MOST_FLOAT16_SHIFT = 0.05
MEMORY_BYTES = 4 * 2**30  # 0.3 GB for the quantiser itself; calibration keeps every tensor of the model
CPU_SECONDS = 1800
WALL_SECONDS = 900.0

# Of the way a format is written: raised when the same model is written otherwise, so that no variant of the old way is
# taken for one of the new.
EDITION = 2  # 8-bit variants take uint8 and give float32; before, int8 and int8

_QUARTER = 5 / 8  # of each side: quarters that overlap, so that what is in the middle is in all


@dataclass(frozen=True, slots=True)
class Variant:
    """A model in one format.

    Attributes:
        format: How it keeps its numbers.
        folder: Where it is; None for one that can be made, but is not yet.
        is_original: Whether it is the model itself.
    """

    format: Format
    folder: ModelFolder | None
    is_original: bool = False


def variants(folder: ModelFolder, *, data: Path | None = None) -> tuple[Variant, ...]:
    """Return the formats there are, or can be, of a model: four for a float32 model, else its own alone.

    Args:
        folder: The model.
        data: The data folder; None for the usual one.

    Raises:
        ModelFileError: Its weights cannot be read.
    """
    own = read_format(folder)
    if own is not Format.FLOAT32:
        return (Variant(own, folder, is_original=True),)
    return (
        Variant(own, folder, is_original=True),
        *(Variant(form, _find(folder, form, _place(data))) for form in Format if form is not own),
    )


def make_variant(
    folder: ModelFolder,
    form: Format,
    calibration: Sequence[Source] = (),
    *,
    data: Path | None = None,
    cancelled: threading.Event | None = None,
) -> ModelFolder:
    """Return a model in the format `form`: the model itself, one made before, or one made now in a worker process.

    Args:
        folder: The model.
        form: The format.
        calibration: For INT8: photos such as it will be asked about; those that cannot be decoded are left out. An
            8-bit variant that was made with other photos is made anew. None given: what there is, or the samples.
        data: The data folder; None for the usual one.
        cancelled: When set, the work ends.

    Raises:
        ModelFileError: The model is not float32, too few photos were given, or the result is of no use.
        DownloadError: The disk is full or cannot be written.
        Cancelled: `cancelled` was set.
    """
    own = read_format(folder)
    if form is own:
        return folder
    if own is not Format.FLOAT32:
        raise ModelFileError(
            N_(
                "The format of {model} is {own}. Only float32 models can be converted to {wanted}. You can "
                "export it as it is."
            ),
            model=folder.spec.id,
            own=own.value,
            wanted=form.value,
        )
    given = _pixels(_decoded(calibration), folder.spec) if form is Format.INT8 and calibration else None
    place = _place(data)
    lock = place.parent / "locks" / f"variant-{variant_id(folder.spec, form)}.lock"
    try:
        with locked(lock, cancelled=cancelled):
            found = _find(folder, form, place)
            if found is not None and (given is None or found.spec.source.get("calibration_sha256") == _digest(given)):
                return found
            return _make(folder, form, given, place, cancelled)
    except OSError as error:
        raise data_error(error, variant_id(folder.spec, form)) from error


def forget(model_id: str, *, data: Path | None = None) -> None:
    """Remove what was made of a model; whoever has it loaded keeps it. Raises OSError."""
    for form in (*Format, KERAS):
        remove_folder(place_of(model_id, form, data), _place(data).parent / "incoming")


def variant_id(spec: ModelSpec, form: Format) -> str:
    """Return the id of a model's variant."""
    return place_of(spec.id, form).name


def place_of(model_id: str, form: str, data: Path | None = None) -> Path:
    """Return the folder of what is made of a model, in a data folder: of a `Format`, or `KERAS`."""
    return _place(data) / f"{model_id[: MAX_ID - len(form) - 1]}-{form}"


def _place(data: Path | None) -> Path:
    return (data or data_folder()) / "variants"


def _find(folder: ModelFolder, form: Format, place: Path) -> ModelFolder | None:
    """Return the variant if it was made of these very weights, as it would be made now."""
    with suppress(ModelFileError):
        found = load(place / variant_id(folder.spec, form))
        source = found.spec.source
        if (source.get("of_sha256"), source.get("edition")) == (_digest_of(folder), EDITION):
            return trials_of(place.parent).admit(found).looking_as(folder.spec.input)
    return None


def _digest_of(folder: ModelFolder) -> str:
    return folder.sha256 or sha256(folder.read_weights()).hexdigest()


def _digest(pixels: NDArray[np.uint8]) -> str:
    return sha256(pixels.tobytes()).hexdigest()


def _pixels(images: Iterable[Image.Image], spec: ModelSpec) -> NDArray[np.uint8]:
    """Return what the model sees of each photo, before scaling to its range: shape (N, H, W, 3)."""
    pixels = [np.asarray(resize(image, spec.input)) for image in images]
    quantise.check_enough(len(pixels), spec.id)
    return np.stack(pixels)


def _decoded(photos: Sequence[Source]) -> Iterator[Image.Image]:
    for photo in photos[:: max(1, -(-len(photos) // MOST_CALIBRATION_PHOTOS))]:
        try:
            yield open_photo(photo.read(), photo.name, at_least=2 * DECODE_FLOOR)
        except PhotoError:
            continue


def _sample_views() -> Iterator[Image.Image]:
    for image in _decoded([Source.of_path(sample.path) for sample in find_samples()]):
        yield from (image, ImageOps.mirror(image))
        width, height = (round(side * _QUARTER) for side in image.size)
        for left in (0, image.width - width):
            for top in (0, image.height - height):
                yield image.crop((left, top, left + width, top + height))


def _make(
    folder: ModelFolder,
    form: Format,
    given: NDArray[np.uint8] | None,
    place: Path,
    cancelled: threading.Event | None,
) -> ModelFolder:
    """Make a variant in a folder of its own and move it into place; the caller holds the lock."""
    pixels = _pixels(_sample_views(), folder.spec) if given is None else given
    destination = place / variant_id(folder.spec, form)
    work = place / f".{destination.name}"  # what a killed process left of it is in the way of nobody else
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        shutil.copyfile(folder.path / folder.spec.labels, work / folder.spec.labels)
        report = _convert(folder, form, pixels, work, cancelled)
        writing.write(work, _describe(folder, form, work / WEIGHTS, pixels, report))
        replace_folder(work, destination)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return trials_of(place.parent).admit(load(destination))


def _convert(
    folder: ModelFolder, form: Format, pixels: NDArray[np.uint8], work: Path, cancelled: threading.Event | None
) -> dict[str, Any]:
    with process.scratch() as temporary:
        np.save(temporary / "pixels.npy", pixels)
        payload = {
            "spec": writing.to_table(replace(folder.spec, source={})),
            "path": str(folder.path),
            "format": form.value,
            "pixels": str(temporary / "pixels.npy"),
            "work": str(work),
        }
        try:
            return process.run(
                WORK,
                payload,
                memory_bytes=MEMORY_BYTES + 16 * folder.weights_path.stat().st_size,
                cpu_seconds=CPU_SECONDS,
                wall_seconds=WALL_SECONDS,
                cancelled=cancelled,
            )
        except WorkerError as error:
            raise ModelFileError(
                N_("{model} could not be converted to {wanted}. {reason}"),
                model=folder.spec.id,
                wanted=form.value,
                reason=error.message,
            ) from error


def _describe(
    folder: ModelFolder, form: Format, weights: Path, pixels: NDArray[np.uint8], report: dict[str, Any]
) -> ModelSpec:
    calibration = {"calibration_pictures": len(pixels), "calibration_sha256": _digest(pixels)}
    return replace(
        folder.spec,
        id=variant_id(folder.spec, form),
        name=f"{folder.spec.name} {form}",
        weights=WEIGHTS,
        published=None,  # its figures were not measured with this file
        description="",
        novelty=None,  # nor was its threshold
        track_record=None,
        source={
            "made_from": folder.spec.id,
            "edition": EDITION,
            "of_sha256": _digest_of(folder),
            "weights_sha256": sha256_of(weights),
            "largest_shift": float(report["largest_shift"]),
            **(calibration if form is Format.INT8 else {}),
        },
    )


def convert_in_worker(payload: dict[str, Any], emit: process.Emit) -> dict[str, Any]:
    """Write `work`/model.tflite and compare it with the original; the worker's side of `make_variant`.

    Raises:
        ModelError: It cannot be converted, or what came of it answers with nonsense.
    """
    spec = parse(payload["spec"], CARD)
    # The pixels have the input's size already: cutting and scaling must leave them as they are. Whether a photo is
    # unfamiliar is not asked: the class means lie beside the original alone.
    spec = replace(spec, input=spec.input.looking_at_all(), novelty=None)
    original = ModelFolder(spec, Path(payload["path"]))
    small = ModelFolder(replace(spec, weights=WEIGHTS), Path(payload["work"]))
    images = [Image.fromarray(pixels) for pixels in np.load(payload["pixels"])]
    form = Format(payload["format"])
    classifier = open_classifier(original, workers=1)
    content = _content(form, original, [classifier.prepare(image) for image in images])
    with keeping(spec.id):
        small.weights_path.write_bytes(content)
    if format_of(content, WEIGHTS) is Format.FLOAT32:
        raise ModelFileError(N_("{wanted} would not make {model} smaller."), model=spec.id, wanted=form)
    shift = _largest_shift(classifier, open_classifier(small, workers=1), images[:: -(-len(images) // 16)])
    if form is Format.FLOAT16 and shift > MOST_FLOAT16_SHIFT:
        raise ModelFileError(
            N_("{model} cannot be stored as float16: its probabilities would change by up to {shift}."),
            model=spec.id,
            shift=f"{shift:.2f}",
        )
    return {"largest_shift": shift}


def _content(form: Format, original: ModelFolder, tensors: Sequence[NDArray[Any]]) -> bytes:
    content, file = original.read_weights(), original.spec.weights
    match form:
        case Format.FLOAT16:
            return quantise.quantise_float16(content, file)
        case Format.DYNAMIC:
            return quantise.quantise_dynamic(content, file)
        case _:
            return quantise.quantise_int8(content, file, tensors)


def _largest_shift(before: Classifier, after: Classifier, images: Iterable[Image.Image]) -> float:
    """Return the largest difference between the probabilities of two models, over all photos and classes."""
    pairs = ([model.run(model.prepare(image)).probabilities for model in (before, after)] for image in images)
    return max(float(np.abs(one - other).max()) for one, other in pairs)
