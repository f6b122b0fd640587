"""The work of a training run, done in a child process (`lib.work.process`).

Everything that imports TensorFlow or Keras runs there, so that its 600 MB, its crashes and its chatter stay out of
the caller.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lib.datasets.labelled import LabelledPhotos, told_of
from lib.datasets.reading import read_parts
from lib.datasets.split import read_for_training, require_trainable, with_extra
from lib.errors import AppError, TrainingError
from lib.messages import N_
from lib.model.spec import InputSpec, ModelSpec, OutputSpec
from lib.training.card import CARD, update_folder
from lib.training.events import TrainEvent
from lib.training.example import REPORTED
from lib.training.head import SoftmaxHead, fit_head
from lib.training.options import TUNED, TrainOptions
from lib.training.package import describe, folder_for, id_in, labels_of, model_name
from lib.training.prepare import Crops, Views, prepare_views, views_that_fit
from lib.training.timing import Measured
from lib.work.files import disk_error, is_full
from lib.work.process import pack

if TYPE_CHECKING:
    import keras

# Crops that the teacher's head is fitted on: more change nothing that could be measured and cost memory.
HEAD_ROWS = 20_000
# So much a run steps back behind pages and answers on the same machine; alone on it, it loses nothing.
NICE = 10
# Photos that are opened to find out how long one takes.
MEASURED_PHOTOS = 16
# Fewer photos than this seldom repay fine-tuning.
FEW_TO_TUNE = 1000
FEW_NOTE = N_(
    "Fine-tuning seldom helps with fewer than 1000 photos: with 90 and with 400 it was measured to be no better than "
    "plain transfer, which is more than 80 times faster."
)
_DESCRIPTIONS = {
    "scratch": "Trained from random weights ({net}).",
    "fine-tune": "Trained on from published weights ({net}), its last blocks on your own photos.",
}

Emit = Callable[[dict[str, Any]], None]


def train_in_worker(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Train as `payload["options"]` (JSON of TrainOptions) says, and return what is to be said of its photos.

    Events are the dictionaries of TrainEvent. In the answer, "skipped" holds pairs of a file and why it is not used,
    "notes" what a reader should know; both packed by `lib.work.process`.
    """
    with _run_of(payload, emit) as run:
        return run()


def keep_in_worker(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Make a model folder of the best that a run left which was ended; payload and answer: see `train_in_worker`."""
    with _run_of(payload, emit) as run:
        return run.keep()


def measure_in_worker(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Return a `timing.Measured` as a dictionary; see `train_in_worker`."""
    with _run_of(payload, emit) as run:
        return asdict(run.measure())


@contextmanager
def _run_of(payload: dict[str, Any], emit: Emit) -> Iterator["Run"]:
    """Yield the run; what the disk refuses it is put into a sentence.

    Raises:
        DownloadError: The disk is full, or something cannot be written or read.
    """
    if hasattr(os, "nice"):
        os.nice(NICE)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Off by default on processors without AVX-512; on AVX2 it made a step about a fifth faster.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    options = TrainOptions.from_json(payload["options"])
    try:
        yield Run(options, Path(payload["destination"]), Path(payload["work"]), emit)
    except Exception as error:  # of a full disk TensorFlow and h5py have errors of their own
        if isinstance(error, OSError) or is_full(error):
            raise disk_error(error, model_name(options.name, options.folder.resolve().name)) from error
        raise


class Run:
    """One run, from a folder of photos to a model folder.

    Args:
        options: What to train.
        destination: Model folder to write.
        work: For the checkpoint; the crops go beside it.
        emit: Takes the events.
    """

    def __init__(self, options: TrainOptions, destination: Path, work: Path, emit: Emit) -> None:
        self._options, self._destination, self._work, self._emit = options, destination, work, emit
        self._teacher_accuracy: float | None = None

    def say(self, event: TrainEvent) -> None:
        """Send one event."""
        self._emit(event.to_dict())

    def __call__(self) -> dict[str, Any]:
        """Train, write the folder, and return what `train_in_worker` does."""
        began = time.monotonic()
        options = self._options
        train, val = self._scan()
        if options.architecture == TUNED and len(train.photos) < FEW_TO_TUNE:
            self.say(TrainEvent("scan", note=FEW_NOTE))
        teacher = self._teacher()
        wanted = options.manner.views if options.augment else 1
        count = views_that_fit(len(train.photos), options.input_size, wanted)
        augment = options.augment and options.manner.views > 1
        # At the net's own size: crops made larger and scaled down in training are softer than the photos the app
        # shows it, which cost an early mini-Xception 1.8 points of top-1.
        crops = Crops(train, options.input_size, count, options.seed, augment=augment, teacher=teacher)
        views = self._prepare(crops)
        held_out = self._prepare(replace(crops, dataset=val, count=1, augment=False))
        train, val = train.without(views.broken), val.without(held_out.broken)
        require_trainable(train, least=1)
        if not val.photos:
            raise TrainingError(N_("None of the validation photos could be opened."))
        head = self._head(views, len(train.classes))
        if head is not None and held_out.embeddings is not None:
            answers = head.logits(held_out.embeddings[:, 0].astype(np.float32)).argmax(axis=1)
            self._teacher_accuracy = float((answers == held_out.labels).mean())
            self.say(TrainEvent("prepare", teacher_accuracy=self._teacher_accuracy))
        model, history = self._fit(views, held_out, head, train.classes, _digest(train, val))
        self.say(TrainEvent("write"))
        self._write(model, history, train, val, time.monotonic() - began)
        self.say(TrainEvent("done"))
        return _said(train, val)

    def keep(self) -> dict[str, Any]:
        """Make a model folder of what a run left that was ended before its time; return what `train_in_worker` does.

        Raises:
            TrainingError: It left nothing, or the classes are others now.
        """
        from lib.training.architectures import build
        from lib.training.fit import set_weights

        train, val = self._scan()
        model = build(self._options.architecture, self._options.units(len(train.classes)))
        about = set_weights(model, self._work)
        if tuple(about["classes"]) != train.classes:
            raise TrainingError(N_("The classes of the photos have changed since this run began."))
        self.say(TrainEvent("write"))
        begun = {"epoch": 0, "epochs": self._options.manner.epochs, "step": about["steps"], "seconds": about["seconds"]}
        self._write(model, about["history"] or [begun], train, val, about["seconds"])
        self.say(TrainEvent("done"))
        return _said(train, val)

    def measure(self) -> Measured:
        """Take a few real steps of the run, and return how fast they were."""
        from lib.training.fit import Fit

        options = self._options
        train, val = self._scan()
        rng = np.random.default_rng(options.seed)
        few = rng.permutation(len(train.photos))[: min(len(train.photos), options.manner.batch, MEASURED_PHOTOS)]
        sample = replace(train, photos=tuple(train.photos[index] for index in sorted(few)))
        self.say(TrainEvent("measure"))
        with tempfile.TemporaryDirectory() as temporary:
            began = time.monotonic()
            crops = Crops(sample, options.input_size, 1, options.seed, augment=False, teacher=None)
            views = prepare_views(crops, Path(temporary), lambda done, total: None)
            photo_s = (time.monotonic() - began) / len(sample.photos)
            if not len(views.labels):
                raise TrainingError(N_("None of the photos that were tried could be opened."))
            rows = np.resize(np.arange(len(views.labels)), min(options.manner.batch, len(train.photos)))
            whole = replace(views, pixels=views.pixels[rows], labels=views.labels[rows])
            fit = Fit(options, train.classes, whole, whole, None, Path(temporary), "", lambda figures: None)
            return Measured(fit.pace(photo_s), len(train.photos), len(val.photos))

    def _scan(self) -> tuple[LabelledPhotos, LabelledPhotos]:
        options = self._options
        train, val = read_for_training(options.folder, validation=options.validation, seed=options.seed)
        for folder in options.extra:
            train = with_extra(train, read_parts(folder)[0])
        self.say(TrainEvent("scan", total=len(train.photos) + len(val.photos)))
        return train, val

    def _teacher(self) -> bytes | None:
        if self._options.teacher is None:
            return None
        from lib.training.teacher import load_teacher

        self.say(TrainEvent("teach"))
        return load_teacher(self._options.teacher)

    def _prepare(self, crops: Crops) -> Views:
        return prepare_views(
            crops, self._work.parent, lambda done, total: self.say(TrainEvent("prepare", done=done, total=total))
        )

    def _head(self, views: Views, classes: int) -> SoftmaxHead | None:
        """Fit the teacher's head on crops of the training photos."""
        if views.embeddings is None:
            return None
        rng = np.random.default_rng(self._options.seed)
        rows = np.arange(min(HEAD_ROWS, views.embeddings.shape[0] * views.embeddings.shape[1]))
        photos = rows % len(views.labels)
        crops = rng.integers(0, views.embeddings.shape[1], len(rows))
        return fit_head(views.embeddings[photos, crops].astype(np.float32), views.labels[photos], classes)

    def _fit(
        self, views: Views, held_out: Views, head: SoftmaxHead | None, classes: Sequence[str], photos: str
    ) -> tuple["keras.Model", list[dict[str, float]]]:
        self.say(TrainEvent("build"))
        from lib.training.fit import Fit  # TensorFlow, which takes seconds to import

        fit = Fit(
            self._options, classes, views, held_out, head, self._work, photos,
            lambda figures: self.say(TrainEvent("fit", **figures)),
        )  # fmt: skip
        return fit.run(), fit.history

    def _write(
        self,
        model: "keras.Model",
        history: list[dict[str, float]],
        train: LabelledPhotos,
        val: LabelledPhotos,
        seconds: float,
    ) -> None:
        options = self._options
        labels = labels_of(train)
        about = {
            "parameters": model.count_params(),
            "training_photos": len(train.photos),
            "minutes": round(seconds / 60, 1),
            "teacher_top1": self._teacher_accuracy,
            "recipe": options.recipe_settings(),
            "history": [TrainEvent("fit", **row).to_dict() for row in history],  # type: ignore[arg-type]
            "quoted": REPORTED if options.architecture == "keras-example" else None,
            "skipped": [{"file": one.file, "reason": str(one.reason)} for one in told_of(train, val)[0]],
        }
        with tempfile.TemporaryDirectory() as temporary:  # whoever kills this process cleans up after it there
            place = Path(temporary)
            _convert(model, options, len(labels), place)
            (place / "labels.txt").write_text("\n".join(labels) + "\n", encoding="utf-8")
            describe(place, self._spec(len(labels)), val, about)
            if (self._destination / CARD).is_file():  # its prose stays, its figures are brought up to date
                (place / CARD).write_bytes((self._destination / CARD).read_bytes())
            update_folder(place, title=options.name or self._destination.name)
            with folder_for(self._destination) as files:
                shutil.copytree(place, files, copy_function=shutil.copyfile, dirs_exist_ok=True)
                files.chmod(0o755)

    def _spec(self, classes: int) -> ModelSpec:
        options = self._options
        name = model_name(options.name, options.folder.resolve().name)
        return ModelSpec(
            id=id_in(self._destination, name),
            name=name,
            family=options.family,
            runtime="litert",
            weights="model.tflite",
            labels="labels.txt",
            licence=options.licence,
            # Training photos come in all aspects and their subjects reach the edges; nothing is cut off.
            input=InputSpec((options.input_size, options.input_size), options.input_range, "squash"),
            output=OutputSpec(classes, activation="sigmoid" if options.units(classes) == 1 else "softmax"),
            description=options.description or _DESCRIPTIONS[options.recipe].format(net=options.architecture),
        )


def _said(train: LabelledPhotos, val: LabelledPhotos) -> dict[str, Any]:
    """Return what is to be said of photos, for another process."""
    skipped, notes = told_of(train, val)
    return {
        "skipped": [(one.file, pack(AppError(one.reason.text, **one.reason.values))) for one in skipped],
        "notes": [pack(AppError(note.text, **note.values)) for note in notes],
    }


def _digest(train: LabelledPhotos, val: LabelledPhotos) -> str:
    """Return what tells one split of photos from another."""
    parts = [
        (part.classes, [(photo.source.name, photo.stamp, photo.label) for photo in part.photos])
        for part in (train, val)
    ]
    return sha256(repr(parts).encode()).hexdigest()


def _convert(model: "keras.Model", options: TrainOptions, classes: int, place: Path) -> None:
    """Write model.keras (any batch) and model.tflite (batch pinned to 1, as the browser needs), with probabilities."""
    from lib.formats.from_keras import to_litert
    from lib.training.architectures import build

    net, units, size = options.architecture, options.units(classes), options.input_size
    whole = build(net, units, size=size, finished=True)
    single = build(net, units, size=size, batch=1, finished=True)
    for shipped in (whole, single):
        shipped.set_weights(model.get_weights())
    whole.save(place / "model.keras")
    (place / "model.tflite").write_bytes(to_litert(single))
