"""The training loop: schedules, distillation, weight average, checkpoints. Imports TensorFlow: worker process only."""

import json
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lib.errors import TrainingError
from lib.messages import N_
from lib.training.architectures import build
from lib.training.augment import to_input, to_unit, variation
from lib.training.curves import Row, rank
from lib.training.head import SoftmaxHead, fit_head
from lib.training.options import TUNED, TrainOptions
from lib.training.prepare import Views
from lib.training.schedule import average_decay, learning_rate, photo_size
from lib.training.timing import Pace, area_share, pace_of, time_for
from lib.work.files import whole

# Loss = TEACHER_SHARE x T^2 x KL(teacher || student) + the rest x cross-entropy + EMBEDDING_SHARE x (1 - cosine).
TEACHER_SHARE = 0.7
TEMPERATURE = 2.0  # Hinton et al. 2015 (Distilling the knowledge in a neural network), section 2
EMBEDDING_SHARE = 2.0

EVALUATION_BATCH = 64
SECONDS_BETWEEN_REPORTS = 2.0
SECONDS_BETWEEN_SAVES = 20.0  # what a run that is ended in the middle of an epoch loses at most
# Steps that are timed before the time for all is told: so many, or as many as go into so many seconds.
TIMED_STEPS, TIMED_SECONDS = 5, 20.0
BEST, CHECKPOINT = "best.npz", "checkpoint.npz"
RAW_EVERY = 5  # epochs; the weights without averaging are of interest, but not worth a tenth of the time

UNFIT = N_(
    "The checkpoint of the earlier run does not fit these photos. It was set aside, and training starts from "
    "the beginning."
)

Report = Callable[[dict[str, Any]], None]


class Fit:
    """One training run, which can be left and taken up again at its last checkpoint.

    Args:
        options: The settings.
        classes: Their names, C of them.
        examples: Training photos.
        held_out: Others, one crop of each, for choosing; never trained on.
        head: What makes the teacher's logits of its features, which the examples have then; None without a teacher.
        work: Folder of the checkpoint, and of `BEST`: the weights that are kept if the run ends now.
        photos: What tells this split of these photos from others; a checkpoint of another is not gone on with.
        report: Called with step figures every two seconds and with epoch figures after each evaluation.
    """

    def __init__(
        self, options: TrainOptions, classes: Sequence[str], examples: Views, held_out: Views, head: SoftmaxHead | None,
        work: Path, photos: str, report: Report,
    ) -> None:  # fmt: skip
        keras.utils.set_random_seed(options.seed)
        self._options, self._manner, self._classes = options, options.manner, tuple(classes)
        self._vary = variation(self._manner.variation)
        self._examples = examples
        self._held_out = np.asarray(held_out.pixels[:, 0]), held_out.labels
        self._head = head
        self._checkpoint, self._best_file = work / CHECKPOINT, work / BEST
        self._photos = photos
        self._report = report
        self._model = build(options.architecture, options.units(len(classes)))
        self._averaged = build(options.architecture, options.units(len(classes)))
        self._averaged.set_weights(self._model.get_weights())
        embedding = self._model.get_layer("embedding").output
        self._student = keras.Model(self._model.input, [self._model.output, embedding])
        self._projection: keras.layers.Dense | None = None
        if examples.embeddings is not None:
            self._projection = keras.layers.Dense(examples.embeddings.shape[2], use_bias=False)
            self._projection.build((None, embedding.shape[-1]))
        self._variables = list(self._model.trainable_variables)
        self._variables += self._projection.trainable_variables if self._projection else []
        manner = self._manner
        self._optimizer = keras.optimizers.AdamW(manner.learning_rate, weight_decay=manner.weight_decay)
        self._optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self._optimizer.build(self._variables)
        # Label smoothing: Szegedy et al. 2016 (Rethinking the Inception architecture), section 7.
        self._hard_loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=manner.smoothing)
        self._plain_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self._train_step = tf.function(self._step)
        self._logits = tf.function(self._forward)
        self._steps = 0
        self._seconds = 0.0
        self._timed: list[float] = []
        self._is_timed = False
        self._best: Row | None = None
        self.history: list[dict[str, float]] = []

    @property
    def steps_an_epoch(self) -> int:
        """Whole batches in the training photos; at least one, so that a tiny set still trains."""
        return max(1, len(self._examples.labels) // self._batch)

    @property
    def _batch(self) -> int:
        return min(self._manner.batch, len(self._examples.labels))

    def run(self) -> keras.Model:
        """Train to the end and return the best model by `curves.rank` (logits, photos of any size)."""
        self._restore()
        if self._options.architecture == TUNED and not self.history:
            self._begin_with_head()
        last_report, last_saved = 0.0, time.monotonic()
        while (progress := self._progress()) < 1.0:
            epoch = self._steps // self.steps_an_epoch
            rows, views = self._order(epoch)
            figures: list[tuple[float, float]] = []
            for start in range(self._steps % self.steps_an_epoch, self.steps_an_epoch):
                progress = self._progress()
                if progress >= 1.0:
                    break
                began = time.monotonic()
                chosen = slice(start * self._batch, (start + 1) * self._batch)
                figures.append(self._one_batch(rows[chosen], views[chosen], progress))
                self._steps += 1
                self._seconds += time.monotonic() - began
                self._time(time.monotonic() - began, progress)
                if time.monotonic() - last_saved > SECONDS_BETWEEN_SAVES:
                    self._save()
                    last_saved = time.monotonic()
                if time.monotonic() - last_report > SECONDS_BETWEEN_REPORTS:
                    last_report = time.monotonic()
                    self._report(self._figures(epoch, figures[-50:]))
            self._finish_epoch(epoch, figures)
        set_weights(self._averaged, self._checkpoint.parent)
        return self._averaged

    def pace(self, photo_s: float) -> Pace:
        """Time the first steps at full size, and return what they say; the weights learn from them."""
        rows, views = self._order(0)
        rows, views = np.resize(rows, self._batch), np.resize(views, self._batch)
        first, *others = (self._one_timed(rows, views) for _ in range(2))
        while len(others) < TIMED_STEPS and sum(others) < TIMED_SECONDS:
            others.append(self._one_timed(rows, views))
        return pace_of(first, others, photo_s=photo_s)

    def _one_timed(self, rows: NDArray[np.int64], views: NDArray[np.int64]) -> float:
        began = time.monotonic()
        self._one_batch(rows, views, 1.0)
        return time.monotonic() - began

    def _time(self, seconds: float, progress: float) -> None:
        """Note how long a step took; after enough of them the time for the whole run is known."""
        if self._is_timed:
            return
        self._timed.append(seconds)
        first, *others = self._timed
        if len(others) >= TIMED_STEPS or (others and sum(others) > TIMED_SECONDS):
            photos, held_out = len(self._examples.labels), len(self._held_out[1])
            pace = pace_of(first, others, share=area_share(self._options, progress))
            low, high = time_for(pace, self._options, photos, held_out)
            self._is_timed = True
            self._report({"low": low * (1.0 - progress), "high": high * (1.0 - progress)})

    def _begin_with_head(self) -> None:
        """Give a net with published weights its first last layer, fitted to its features, and see how good it is."""
        inside = keras.Model(self._model.input, self._model.get_layer("embedding").output)
        look = tf.function(lambda pixels: inside(to_input(to_unit(pixels, self._side), self._options.input_range)))
        pixels = self._examples.pixels[:, 0]
        batches = [pixels[start : start + EVALUATION_BATCH] for start in range(0, len(pixels), EVALUATION_BATCH)]
        features = np.concatenate([look(tf.constant(batch)).numpy() for batch in batches])
        head = fit_head(features, self._examples.labels, len(self._classes))
        for model in (self._model, self._averaged):
            model.get_layer("logits").set_weights([head.weights, head.bias])
        self._finish_epoch(-1, [])

    @property
    def _side(self) -> int:
        return self._options.input_size

    def _progress(self) -> float:
        if self._options.minutes is not None:
            return self._seconds / (60.0 * self._options.minutes)
        return self._steps / (self.steps_an_epoch * self._manner.epochs)

    def _order(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the photos in this epoch's order and the crop shown of each."""
        rng = np.random.default_rng([self._options.seed, epoch])
        count, views = self._examples.pixels.shape[:2]
        return rng.permutation(count), rng.integers(0, views, size=(count,))

    def _one_batch(self, rows: NDArray[np.int64], views: NDArray[np.int64], progress: float) -> tuple[float, float]:
        manner, examples = self._manner, self._examples
        rate = learning_rate(progress, manner.learning_rate) if manner.falls else manner.learning_rate
        self._optimizer.learning_rate.assign(rate)
        soft = embeddings = None
        if self._head is not None and examples.embeddings is not None:
            features = examples.embeddings[rows, views].astype(np.float32)
            soft, embeddings = tf.constant(self._head.logits(features)), tf.constant(features)
        loss, right = self._train_step(
            tf.constant(examples.pixels[rows, views]), tf.constant(examples.labels[rows]), soft, embeddings,
            tf.constant(average_decay(self._steps, manner.ema), tf.float32),
            size=photo_size(progress, self._side, progressive=manner.progressive),
        )  # fmt: skip
        return float(loss), float(right)

    def _step(
        self, pixels: tf.Tensor, labels: tf.Tensor, soft: tf.Tensor | None, embeddings: tf.Tensor | None,
        decay: tf.Tensor, size: int,
    ) -> tuple[tf.Tensor, tf.Tensor]:  # fmt: skip
        photos = to_unit(pixels, size)
        photos = to_input(self._vary(photos) if self._options.augment else photos, self._options.input_range)
        with tf.GradientTape() as tape:
            unit, pooled = self._student(photos, training=True)
            logits = _of_each_class(unit)
            loss = self._hard_loss(tf.one_hot(labels, logits.shape[1]), logits)
            if soft is not None and self._projection is not None:
                loss = (1.0 - TEACHER_SHARE) * loss + TEACHER_SHARE * _soft_loss(soft, logits)
                loss += EMBEDDING_SHARE * _embedding_loss(embeddings, self._projection(pooled))
        self._optimizer.apply(tape.gradient(loss, self._variables), self._variables)
        for average, weight in zip(self._averaged.weights, self._model.weights, strict=True):
            if weight.dtype == "float32":  # a seed generator's state is no weight
                average.assign(average * decay + weight * (1.0 - decay))
        # Told is the plain loss, which can be compared with that on the held-out photos.
        right = tf.reduce_mean(tf.cast(tf.argmax(logits, axis=1) == labels, tf.float32))
        return self._plain_loss(labels, logits), right

    def _forward(self, averaged: bool, pixels: tf.Tensor, size: int) -> tf.Tensor:
        model = self._averaged if averaged else self._model
        photos = to_input(to_unit(pixels, size), self._options.input_range)
        return _of_each_class(model(photos, training=False))

    def held_out_figures(self, *, averaged: bool, size: int) -> tuple[float, float]:
        """Return cross-entropy and top-1 on the held-out photos, shown at `size` pixels."""
        pixels, labels = self._held_out
        loss, right = 0.0, 0
        for start in range(0, len(labels), EVALUATION_BATCH):
            part = pixels[start : start + EVALUATION_BATCH]
            missing = EVALUATION_BATCH - len(part)
            padded = np.concatenate([part, np.repeat(part[-1:], missing, axis=0)])  # one shape, one graph
            logits = self._logits(averaged, tf.constant(padded), size).numpy()[: len(part)]
            true = labels[start : start + EVALUATION_BATCH]
            loss += float(self._plain_loss(true, logits)) * len(part)
            right += int((logits.argmax(axis=1) == true).sum())
        return loss / len(labels), right / len(labels)

    def _figures(self, epoch: int, figures: list[tuple[float, float]]) -> dict[str, float]:
        progress = self._progress()
        recent = np.mean(figures, axis=0) if figures else (float("nan"), float("nan"))
        return {
            "epoch": epoch + 1,
            "epochs": round((epoch + 1) / max(progress, 1e-6)) if self._options.minutes else self._manner.epochs,
            "step": self._steps,
            "steps": self.steps_an_epoch,
            "size": photo_size(progress, self._side, progressive=self._manner.progressive),
            "loss": float(recent[0]),
            "accuracy": float(recent[1]),
            "seconds": self._seconds,
            "eta": self._seconds * (1.0 / progress - 1.0) if progress > 0 else float("nan"),
        }

    def _finish_epoch(self, epoch: int, figures: list[tuple[float, float]]) -> None:
        row = self._figures(epoch, figures)
        began = time.monotonic()
        size = int(row["size"])
        row["val_loss"], row["val_accuracy"] = self.held_out_figures(averaged=True, size=size)
        if self._manner.ema and epoch % RAW_EVERY == 0:
            _, row["val_accuracy_raw"] = self.held_out_figures(averaged=False, size=size)
        self._seconds += time.monotonic() - began
        if self._best is None or rank(row) >= rank(self._best):
            self._best = row
        row["best_epoch"] = self._best["epoch"]
        self.history.append(row)
        self._save()
        if self._best is row:
            self._keep()
        self._report(row)

    def _state(self) -> list[keras.Variable]:
        projected = self._projection.weights if self._projection else []
        return [*self._model.weights, *self._averaged.weights, *projected, *self._optimizer.variables]

    def _save(self) -> None:
        self._write(self._checkpoint, self._state())
        if self._best is None:
            self._keep()

    def _keep(self) -> None:
        """Write down the weights as they are now: nothing better is known."""
        self._write(self._best_file, self._averaged.weights)

    def _write(self, path: Path, variables: Sequence[keras.Variable]) -> None:
        about = {"photos": self._photos, "classes": self._classes, "steps": self._steps, "seconds": self._seconds}
        values = {f"v{i}": np.asarray(variable) for i, variable in enumerate(variables)}
        values["about"] = np.array(json.dumps({**about, "history": self.history}))
        with whole(path) as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **values)

    def _restore(self) -> None:
        """Take up the run at its last checkpoint, if there is one that fits; set another one aside, and say so."""
        if not self._checkpoint.is_file():
            return
        state = self._state()
        try:
            with np.load(self._checkpoint) as saved:
                about = json.loads(str(saved["about"]))
                values = [saved[f"v{index}"] for index in range(len(state))]
            fits = about["photos"] == self._photos and all(
                value.shape == tuple(variable.shape) for value, variable in zip(values, state, strict=True)
            )
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            fits = False
        if not fits:
            self._checkpoint.replace(self._checkpoint.with_suffix(".unfit"))
            self._best_file.unlink(missing_ok=True)
            self._report({"note": UNFIT})
            return
        for variable, value in zip(state, values, strict=True):
            variable.assign(value)
        self._steps, self._seconds, self.history = about["steps"], about["seconds"], about["history"]
        self._best = max(reversed(self.history), key=rank, default=None)  # of equals the latest


def set_weights(model: keras.Model, work: Path) -> dict[str, Any]:
    """Give a model the best weights that a run left in its folder, and return what it last wrote down of itself.

    Raises:
        TrainingError: There are none that can be read, or they are of another net.
    """
    try:
        with np.load(work / BEST) as saved:
            model.set_weights([saved[f"v{index}"] for index in range(len(model.weights))])
        with np.load(work / CHECKPOINT) as saved:
            about: dict[str, Any] = json.loads(str(saved["about"]))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise TrainingError(N_("Nothing that could be kept was left by this run.")) from error
    return about


def _of_each_class(units: tf.Tensor) -> tf.Tensor:
    """Return logits of each class; a single unit's z counts as (0, z).

    The softmax of (0, z) is the sigmoid of z, so that its cross-entropy is BinaryCrossentropy(from_logits=True).
    """
    return tf.concat([tf.zeros_like(units), units], axis=1) if units.shape[1] == 1 else units


def _soft_loss(teacher_logits: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """T^2 x KL(teacher || student) at temperature T (Hinton et al. 2015, section 2.1)."""
    target = tf.nn.softmax(teacher_logits / TEMPERATURE)
    log_ratio = tf.nn.log_softmax(teacher_logits / TEMPERATURE) - tf.nn.log_softmax(logits / TEMPERATURE)
    return TEMPERATURE**2 * tf.reduce_mean(tf.reduce_sum(target * log_ratio, axis=1))


def _embedding_loss(teacher: tf.Tensor, projected: tf.Tensor) -> tf.Tensor:
    """1 - cosine between the teacher's features and the student's, projected to the same number."""
    return 1.0 + tf.reduce_mean(keras.losses.cosine_similarity(teacher, projected))  # Keras's has the other sign
