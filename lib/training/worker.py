"""The work of a training run, done in a child process (`lib.work.process`).

Everything that imports TensorFlow or Keras runs there, so that its 600 MB, its crashes and its chatter stay out of
the caller.
"""

import os
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lib.datasets.labelled import LabelledPhotos
from lib.datasets.reading import read_parts
from lib.datasets.split import read_for_training, require_trainable, with_extra
from lib.errors import TrainingError
from lib.messages import N_
from lib.model.spec import ModelSpec
from lib.training.card import CARD, update_folder
from lib.training.events import TrainEvent
from lib.training.head import SoftmaxHead, fit_head
from lib.training.options import TrainOptions, slug
from lib.training.package import describe, metrics_json, shown_label, spec_of, write_folder
from lib.training.prepare import Views, prepare_views, views_that_fit

if TYPE_CHECKING:
    import keras

# Crops that the teacher's head is fitted on: more change nothing that could be measured and cost memory.
HEAD_ROWS = 20_000

Emit = Callable[[dict[str, Any]], None]


def train_in_worker(payload: dict[str, Any], emit: Emit) -> dict[str, Any]:
    """Train as `payload["options"]` (JSON of TrainOptions) says; events are the dictionaries of TrainEvent."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Off by default on processors without AVX-512; on AVX2 it made a step about a fifth faster.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    Run(TrainOptions.from_json(payload["options"]), emit)()
    return {}


class Run:
    """One run, from a folder of photos to a model folder.

    Args:
        options: With `destination` and `work` set.
        emit: Takes the events.
    """

    def __init__(self, options: TrainOptions, emit: Emit) -> None:
        if options.destination is None or options.work is None:
            raise ValueError("The caller decides where the results go.")
        self._options = options
        self._destination: Path = options.destination
        self._work: Path = options.work
        self._emit = emit
        self._teacher_accuracy: float | None = None

    def say(self, event: TrainEvent) -> None:
        """Send one event."""
        self._emit(event.to_dict())

    def __call__(self) -> None:
        """Train and write the folder."""
        began = time.monotonic()
        train, val = self._scan()
        teacher = self._teacher()
        count = views_that_fit(len(train.photos), self._options.input_size, self._options.views)
        views = self._prepare(train, teacher, count if self._options.augment else 1, augment=self._options.augment)
        held_out = self._prepare(val, teacher, 1, augment=False)
        train, val = train.without(views.broken), val.without(held_out.broken)
        require_trainable(train, least=1)
        if not val.photos:
            raise TrainingError(N_("None of the validation photos could be decoded."))
        head = self._head(views, len(train.classes))
        if head is not None and held_out.embeddings is not None:
            answers = head.logits(held_out.embeddings[:, 0].astype(np.float32)).argmax(axis=1)
            self._teacher_accuracy = float((answers == held_out.labels).mean())
            self.say(TrainEvent("prepare", teacher_accuracy=self._teacher_accuracy))
        model, history = self._fit(views, held_out, head, len(train.classes), _digest(train, val))
        self.say(TrainEvent("write"))
        self._write(model, history, train, val, time.monotonic() - began)
        self.say(TrainEvent("done"))

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

    def _prepare(self, dataset: LabelledPhotos, teacher: bytes | None, count: int, *, augment: bool) -> Views:
        # At the net's own size: crops made larger and scaled down in training are softer than the photos the app
        # shows it, which cost an early mini-Xception 1.8 points of top-1.
        size = self._options.input_size
        return prepare_views(
            dataset, self._work.parent, size=size, count=count, seed=self._options.seed,
            augment=augment, teacher=teacher,
            progress=lambda done, total: self.say(TrainEvent("prepare", done=done, total=total)),
        )  # fmt: skip

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
        self, views: Views, held_out: Views, head: SoftmaxHead | None, classes: int, photos: str
    ) -> tuple["keras.Model", list[dict[str, float]]]:
        from lib.training.fit import Examples, Fit

        soft = None
        if head is not None and views.embeddings is not None:
            soft = np.stack([head.logits(rows.astype(np.float32)) for rows in views.embeddings])
        examples = Examples(views.pixels, views.labels, soft, views.embeddings)
        fit = Fit(
            self._options, classes, examples, (np.asarray(held_out.pixels[:, 0]), held_out.labels), self._work, photos,
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
        labels = [shown_label(name) for name in train.classes]
        with tempfile.TemporaryDirectory() as temporary:
            place = Path(temporary)
            _convert(model, options.architecture, len(labels), options.input_size, place)
            (place / "labels.txt").write_text("\n".join(labels) + "\n", encoding="utf-8")
            measured = describe(place, self._spec(len(labels)), val, parameters=model.count_params())
            about = {
                "parameters": model.count_params(),
                "training_photos": len(train.photos),
                "minutes": round(seconds / 60, 1),
                "teacher_top1": self._teacher_accuracy,
                "recipe": options.recipe_settings(),
                "history": [TrainEvent("fit", **row).to_dict() for row in history],  # type: ignore[arg-type]
                "skipped": [{"file": s.file, "reason": str(s.reason)} for s in train.skipped + val.skipped],
            }
            (place / "metrics.json").write_text(metrics_json(measured, labels, about), encoding="utf-8")
            if (self._destination / CARD).is_file():  # its prose stays, its figures are brought up to date
                (place / CARD).write_bytes((self._destination / CARD).read_bytes())
            update_folder(place, title=options.name or self._destination.name)
            write_folder(self._destination, {path.name: path.read_bytes() for path in place.iterdir()})

    def _spec(self, classes: int) -> ModelSpec:
        options, folder = self._options, self._destination.name
        name = options.name or options.folder.resolve().name
        return spec_of(
            model_id=folder if slug(folder) == folder else slug(name),
            name=name,
            family=options.family,
            licence=options.licence,
            description=options.description or f"Trained from random weights ({options.architecture}).",
            size=options.input_size,
            classes=classes,
        )


def _digest(train: LabelledPhotos, val: LabelledPhotos) -> str:
    """Return what tells one split of photos from another."""
    parts = [
        (part.classes, [(photo.source.name, photo.stamp, photo.label) for photo in part.photos])
        for part in (train, val)
    ]
    return sha256(repr(parts).encode()).hexdigest()


def _convert(model: "keras.Model", architecture: str, classes: int, size: int, place: Path) -> None:
    """Write model.keras (any batch) and model.tflite (batch pinned to 1, as the browser needs) with softmax."""
    import tensorflow as tf

    from lib.training.architectures import build

    for batch, suffix in ((None, "keras"), (1, "tflite")):
        shipped = build(architecture, classes, size=size, batch=batch, softmax=True)
        shipped.set_weights(model.get_weights())
        if suffix == "keras":
            shipped.save(place / "model.keras")
        else:
            (place / "model.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(shipped).convert())
