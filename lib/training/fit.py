"""The training loop: schedules, distillation, weight average, checkpoints. Imports TensorFlow: worker process only."""

import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lib.messages import N_
from lib.training.architectures import build
from lib.training.augment import to_input, to_unit, vary
from lib.training.head import SoftmaxHead
from lib.training.options import DEFAULT_EPOCHS, TrainOptions
from lib.training.prepare import Views
from lib.training.schedule import average_decay, learning_rate, photo_size
from lib.work.files import whole

# Loss = TEACHER_SHARE x T^2 x KL(teacher || student) + the rest x cross-entropy + EMBEDDING_SHARE x (1 - cosine).
TEACHER_SHARE = 0.7
TEMPERATURE = 2.0  # Hinton et al. 2015 (Distilling the knowledge in a neural network), section 2
EMBEDDING_SHARE = 2.0

EVALUATION_BATCH = 64
SECONDS_BETWEEN_REPORTS = 2.0
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
        classes: C.
        examples: Training photos.
        held_out: Others, one crop of each, for choosing; never trained on.
        head: What makes the teacher's logits of its features, which the examples have then; None without a teacher.
        work: Folder of the checkpoint.
        photos: What tells this split of these photos from others; a checkpoint of another is not gone on with.
        report: Called with step figures every two seconds and with epoch figures after each evaluation.
    """

    def __init__(
        self, options: TrainOptions, classes: int, examples: Views, held_out: Views, head: SoftmaxHead | None,
        work: Path, photos: str, report: Report,
    ) -> None:  # fmt: skip
        keras.utils.set_random_seed(options.seed)
        self._options = options
        self._examples = examples
        self._held_out = np.asarray(held_out.pixels[:, 0]), held_out.labels
        self._head = head
        self._checkpoint = work / "checkpoint.npz"
        self._photos = photos
        self._report = report
        self._model = build(options.architecture, classes)
        self._averaged = build(options.architecture, classes)
        self._averaged.set_weights(self._model.get_weights())
        embedding = self._model.get_layer("embedding").output
        self._student = keras.Model(self._model.input, [self._model.output, embedding])
        self._projection: keras.layers.Dense | None = None
        if examples.embeddings is not None:
            self._projection = keras.layers.Dense(examples.embeddings.shape[2], use_bias=False)
            self._projection.build((None, embedding.shape[-1]))
        self._variables = list(self._model.trainable_variables)
        self._variables += self._projection.trainable_variables if self._projection else []
        self._optimizer = keras.optimizers.AdamW(options.learning_rate, weight_decay=options.weight_decay)
        self._optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self._optimizer.build(self._variables)
        # Label smoothing: Szegedy et al. 2016 (Rethinking the Inception architecture), section 7.
        self._hard_loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=options.smoothing)
        self._train_step = tf.function(self._step)
        self._logits = tf.function(self._forward)
        self._steps = 0
        self._seconds = 0.0
        self.history: list[dict[str, float]] = []

    @property
    def steps_an_epoch(self) -> int:
        """Whole batches in the training photos; at least one, so that a tiny set still trains."""
        return max(1, len(self._examples.labels) // self._batch)

    @property
    def _batch(self) -> int:
        return min(self._options.batch, len(self._examples.labels))

    def run(self) -> keras.Model:
        """Train to the end and return the averaged model (logits, photos of any size)."""
        self._restore()
        last_report = 0.0
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
                if time.monotonic() - last_report > SECONDS_BETWEEN_REPORTS:
                    last_report = time.monotonic()
                    self._report(self._figures(epoch, figures))
            self._finish_epoch(epoch, figures)
        return self._averaged

    def _progress(self) -> float:
        if self._options.minutes is not None:
            return self._seconds / (60.0 * self._options.minutes)
        return self._steps / (self.steps_an_epoch * (self._options.epochs or DEFAULT_EPOCHS))

    def _order(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the photos in this epoch's order and the crop shown of each."""
        rng = np.random.default_rng([self._options.seed, epoch])
        count, views = self._examples.pixels.shape[:2]
        return rng.permutation(count), rng.integers(0, views, size=(count,))

    def _one_batch(self, rows: NDArray[np.int64], views: NDArray[np.int64], progress: float) -> tuple[float, float]:
        options, examples = self._options, self._examples
        self._optimizer.learning_rate.assign(learning_rate(progress, options.learning_rate))
        soft = embeddings = None
        if self._head is not None and examples.embeddings is not None:
            features = examples.embeddings[rows, views].astype(np.float32)
            soft, embeddings = tf.constant(self._head.logits(features)), tf.constant(features)
        loss, right = self._train_step(
            tf.constant(examples.pixels[rows, views]), tf.constant(examples.labels[rows]), soft, embeddings,
            tf.constant(average_decay(self._steps, options.ema), tf.float32),
            size=photo_size(progress, options.input_size, progressive=options.progressive),
        )  # fmt: skip
        return float(loss), float(right)

    def _step(
        self, pixels: tf.Tensor, labels: tf.Tensor, soft: tf.Tensor | None, embeddings: tf.Tensor | None,
        decay: tf.Tensor, size: int,
    ) -> tuple[tf.Tensor, tf.Tensor]:  # fmt: skip
        photos = to_unit(pixels, size)
        photos = to_input(vary(photos) if self._options.augment else photos)
        with tf.GradientTape() as tape:
            logits, pooled = self._student(photos, training=True)
            loss = self._hard_loss(tf.one_hot(labels, logits.shape[1]), logits)
            if soft is not None and self._projection is not None:
                loss = (1.0 - TEACHER_SHARE) * loss + TEACHER_SHARE * _soft_loss(soft, logits)
                loss += EMBEDDING_SHARE * _embedding_loss(embeddings, self._projection(pooled))
        self._optimizer.apply(tape.gradient(loss, self._variables), self._variables)
        for average, weight in zip(self._averaged.weights, self._model.weights, strict=True):
            if weight.dtype == "float32":  # a seed generator's state is no weight
                average.assign(average * decay + weight * (1.0 - decay))
        return loss, tf.reduce_mean(tf.cast(tf.argmax(logits, axis=1) == labels, tf.float32))

    def _forward(self, averaged: bool, pixels: tf.Tensor, size: int) -> tf.Tensor:
        model = self._averaged if averaged else self._model
        return model(to_input(to_unit(pixels, size)), training=False)

    def accuracy(self, *, averaged: bool, size: int) -> float:
        """Return top-1 on the held-out photos, shown at `size` pixels."""
        pixels, labels = self._held_out
        right = 0
        for start in range(0, len(labels), EVALUATION_BATCH):
            part = pixels[start : start + EVALUATION_BATCH]
            missing = EVALUATION_BATCH - len(part)
            padded = np.concatenate([part, np.repeat(part[-1:], missing, axis=0)])  # one shape, one graph
            logits = self._logits(averaged, tf.constant(padded), size).numpy()[: len(part)]
            right += int((logits.argmax(axis=1) == labels[start : start + EVALUATION_BATCH]).sum())
        return right / len(labels)

    def _figures(self, epoch: int, figures: list[tuple[float, float]]) -> dict[str, float]:
        progress = self._progress()
        recent = np.mean(figures[-50:], axis=0) if figures else (float("nan"), float("nan"))
        return {
            "epoch": epoch + 1,
            "epochs": self._options.epochs or round((epoch + 1) / max(progress, 1e-6)),
            "step": self._steps,
            "size": photo_size(progress, self._options.input_size, progressive=self._options.progressive),
            "loss": float(recent[0]),
            "accuracy": float(recent[1]),
            "seconds": self._seconds,
            "eta": self._seconds * (1.0 / progress - 1.0) if progress > 0 else float("nan"),
        }

    def _finish_epoch(self, epoch: int, figures: list[tuple[float, float]]) -> None:
        row = self._figures(epoch, figures)
        began = time.monotonic()
        row["val_accuracy"] = self.accuracy(averaged=True, size=int(row["size"]))
        if epoch % RAW_EVERY == 0:
            row["val_accuracy_raw"] = self.accuracy(averaged=False, size=int(row["size"]))
        self._seconds += time.monotonic() - began
        self.history.append(row)
        self._save()
        self._report(row)

    def _state(self) -> list[keras.Variable]:
        projected = self._projection.weights if self._projection else []
        return [*self._model.weights, *self._averaged.weights, *projected, *self._optimizer.variables]

    def _save(self) -> None:
        about = json.dumps(
            {"photos": self._photos, "steps": self._steps, "seconds": self._seconds, "history": self.history}
        )
        values = {f"v{i}": np.asarray(variable) for i, variable in enumerate(self._state())}
        values["about"] = np.array(about)
        with whole(self._checkpoint) as temporary, temporary.open("wb") as file:
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
            self._report({"note": UNFIT})
            return
        for variable, value in zip(state, values, strict=True):
            variable.assign(value)
        self._steps, self._seconds, self.history = about["steps"], about["seconds"], about["history"]


def _soft_loss(teacher_logits: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """T^2 x KL(teacher || student) at temperature T (Hinton et al. 2015, section 2.1)."""
    target = tf.nn.softmax(teacher_logits / TEMPERATURE)
    log_ratio = tf.nn.log_softmax(teacher_logits / TEMPERATURE) - tf.nn.log_softmax(logits / TEMPERATURE)
    return TEMPERATURE**2 * tf.reduce_mean(tf.reduce_sum(target * log_ratio, axis=1))


def _embedding_loss(teacher: tf.Tensor, projected: tf.Tensor) -> tf.Tensor:
    """1 - cosine between the teacher's features and the student's, projected to the same number."""
    return 1.0 + tf.reduce_mean(keras.losses.cosine_similarity(teacher, projected))  # Keras's has the other sign
