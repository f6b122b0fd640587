"""Where a model looked at a photo, as the page draws it: one inference on demand, or many with parts covered.

Nothing of it is kept: to ask for another class costs one more inference, and a map of 7 × 7 × 1280 numbers for every
photo would take half a megabyte each. What is kept are models that were asked lately, at most `limits.EXPLAINERS`.
"""

import io
import threading
from base64 import b64encode
from collections import OrderedDict
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.charts import heat
from lib.classify.classifier import Classifier, Inference
from lib.classify.explain import Explainer, Explanation, explain, open_explainer
from lib.classify.infer import infer_decoded, pixels_needed
from lib.errors import UsageError
from lib.face.looked import described, scale_words
from lib.face.names import short_names
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import ModelSpec
from lib.results import Answer, Failure
from lib.server import limits
from lib.server.album import Photo
from lib.server.kept import see
from lib.server.models import Found, Models, labels
from lib.verdict import rank
from lib.work.progress import OnProgress

Map = dict[str, object]


@dataclass(frozen=True)
class InTurn:
    """A classifier each of whose inferences waits for its turn: a hundred in a row would keep others waiting.

    Attributes:
        behind: The classifier.
        line: Where it waits.
    """

    behind: Classifier
    line: Executor

    @property
    def spec(self) -> ModelSpec:
        return self.behind.spec

    @property
    def labels(self) -> tuple[str, ...]:
        return self.behind.labels

    @property
    def workers(self) -> int:
        return self.behind.workers

    def prepare(self, image: Image.Image) -> NDArray[np.generic]:
        return self.behind.prepare(image)

    def run(self, tensor: NDArray[np.generic]) -> Inference:
        return self.line.submit(self.behind.run, tensor).result()


class Maps:
    """Draws maps; safe to use from several threads.

    Args:
        models: Those of the server.
    """

    def __init__(self, models: Models) -> None:
        self._models = models
        self._open: OrderedDict[object, Explainer | None] = OrderedDict()
        self._lock = threading.Lock()

    def draw(
        self,
        t: Translator,
        model: Found,
        photo: Photo,
        index: int | None,
        against: int | None,
        cancelled: threading.Event | None = None,
        on_progress: OnProgress = lambda progress: None,
        line: Executor | None = None,
    ) -> Map:
        """Return a map: `cells`, a picture to lay over `box` (shares of the photo); what it says; whose it is.

        Args:
            t: The reader's language.
            model: Which one looked.
            photo: That it looked at.
            index: Of the class; None for the likeliest.
            against: Of another class, or None.
            cancelled: When set, parts are no longer covered.
            on_progress: Told how many parts were covered, where that is the way.
            line: Where each inference waits for its turn then; None for at once.

        Raises:
            UsageError: There is no such class.
            PhotoError: The photo has to be added again for this model.
            Cancelled: `cancelled` was set.
        """
        names = short_names(labels(model, t.language))
        found, listed = self._explain(model, photo, index, against, cancelled, on_progress, line)
        return {**_drawn(t, found, names), "classes": [{"index": k, "label": names[k]} for k in listed]}

    def is_quick(self, model: Found, photo: Photo, *classes: int | None) -> bool:
        """Whether one inference tells; else it takes a hundred. Raises as `draw` does, but for what takes long."""
        for index in classes:
            if index is not None and not 0 <= index < model.folder.spec.output.classes:
                raise UsageError(N_("There is no class with the number {value}."), value=index)
        if self._explainer(model) is not None:
            return True
        _seen(photo, pixels_needed(self._models.classifier(model)))
        return False

    def cover(self, model: Found, photo: Photo, box: tuple[float, float, float, float]) -> Answer | Failure:
        """Return what a model says of a photo of which a part is covered with its mean colour.

        Args:
            model: Which one looks.
            photo: That it looks at.
            box: Left, top, right and bottom of the part: shares of the photo, in [0, 1].

        Raises:
            UsageError: It is no part of a photo.
            PhotoError: The photo has to be added again for this model.
        """
        left, top, right, bottom = box
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise UsageError(N_("The part to be covered must lie inside the photo."))
        classifier = self._models.classifier(model)
        image = _seen(photo, pixels_needed(classifier)).copy()
        width, height = image.size
        size = max(1, round((right - left) * width)), max(1, round((bottom - top) * height))
        mean = image.resize((1, 1), Image.Resampling.BOX)
        image.paste(mean.resize(size), (round(left * width), round(top * height)))
        return infer_decoded(photo.name, classifier, image, photo.size_wh or image.size)

    def _explain(
        self,
        model: Found,
        photo: Photo,
        index: int | None,
        against: int | None,
        cancelled: threading.Event | None,
        on_progress: OnProgress,
        line: Executor | None,
    ) -> tuple[Explanation, list[int]]:
        """Return the map, and the likeliest classes."""
        how = self.how(model)
        classifier = how.classifier if isinstance(how, Explainer) else how
        image = _seen(photo, pixels_needed(classifier))
        size_wh = photo.size_wh or image.size
        if line is not None and not isinstance(how, Explainer):
            how = InTurn(how, line)
        found, answer = explain(
            photo.name, how, image, size_wh, index, against, cancelled=cancelled, on_progress=on_progress
        )
        likeliest = rank(answer.probabilities, classifier.labels, top=limits.CLASSES_TO_ASK)
        return found, [one.index for one in likeliest]

    def how(self, model: Found) -> Explainer | Classifier:
        """Return what tells where a model looked: its explainer, or the model itself if only covering parts can."""
        return self._explainer(model) or self._models.classifier(model)

    def _explainer(self, model: Found) -> Explainer | None:
        key = model.stamp, model.folder.spec.key
        with self._lock:
            if key not in self._open:
                self._open[key] = open_explainer(model.folder)
            self._open.move_to_end(key)
            while len(self._open) > limits.EXPLAINERS:
                self._open.popitem(last=False)
            return self._open[key]


def _seen(photo: Photo, side: int) -> Image.Image:
    """Return a photo at the scale that a model needs. Raises PhotoError."""
    seen = see(photo.name, photo.kept, {side}, None)
    if (image := seen.pictures.get(side)) is None:
        raise seen.problem
    return image


def _drawn(t: Translator, found: Explanation, names: tuple[str, ...]) -> Map:
    other = None if found.against is None else names[found.against]
    picture = io.BytesIO()
    heat.cells(found).save(picture, "PNG")
    width, height = found.size_wh
    left, top, right, bottom = found.box
    low, high = scale_words(found, heat.scale_end(found))
    return {
        "cells": f"data:image/png;base64,{b64encode(picture.getvalue()).decode()}",
        "box": [left / width, top / height, right / width, bottom / height],
        "method": found.method,
        "index": found.index,
        "against": found.against,
        "low": t.message(low),
        "high": t.message(high),
        "says": [t.message(one) for one in described(found, names[found.index], other)],
    }
