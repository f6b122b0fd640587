"""Photos + a model → classifications: one, or many at once, streamed in input order."""

import math
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from PIL import Image

from lib.classify.classifier import Classifier, Inference
from lib.classify.preprocess import CENTRAL_FRACTION
from lib.datasets.groups import groups_of
from lib.errors import ModelOutputError, PhotoError, UsageError
from lib.messages import N_
from lib.model.spec import InputSpec, ModelSpec
from lib.photos.opening import open_at_each
from lib.photos.pixels import DECODE_FLOOR
from lib.photos.source import Source
from lib.results import Answer, Classification, Failure
from lib.verdict import Thresholds, by_threshold, judge, judge_groups, rank
from lib.work.ordered import in_order

TOP = 5


@dataclass(frozen=True, slots=True)
class Settings:
    """What the reader chose.

    Attributes:
        top: How many classes are listed, at least 1.
        thresholds: The two numbers of the verdict rule.
        familiar: The least score with which a photo is familiar, in the model's own units; None for its own threshold.

    Raises:
        UsageError: `top` is below 1, or `familiar` is no number.
    """

    top: int = TOP
    thresholds: Thresholds = Thresholds()
    familiar: float | None = None

    def __post_init__(self) -> None:
        if self.familiar is not None and not math.isfinite(self.familiar):
            text = N_("The score from which on a photo is familiar must be a number, not {value}.")
            raise UsageError(text, value=self.familiar)
        if self.top < 1:
            raise UsageError(N_("The number of classes to show must be at least 1, not {value}."), value=self.top)


# Called in a worker thread with each decoded photo, so that a thumbnail needs no second decoding, and with width and
# height of the upright photo as stored in the file.
Look = Callable[[Source, Image.Image, tuple[int, int]], None]


def infer(source: Source, classifier: Classifier, *, look: Look | None = None) -> Answer | Failure:
    """Let a model look at one photo; a bad photo gives a Failure, never an exception.

    Args:
        source: The photo.
        classifier: The model.
        look: Called with the decoded photo.
    """
    return _infer_with_each(source, (classifier,), look)[0]


def conclude(answer: Answer, labels: tuple[str, ...], settings: Settings | None = None) -> Classification:
    """Judge an answer: the likeliest classes, whether one of them stands out, and the everyday group that leads.

    Args:
        answer: What the model said.
        labels: Its K names, in the reader's language.
        settings: None for the defaults.
    """
    settings = settings or Settings()
    groups = groups_of(labels)
    return Classification(
        file=answer.file,
        model=answer.model,
        predictions=rank(answer.probabilities, labels, top=settings.top),
        verdict=judge(answer.probabilities, labels, settings.thresholds),
        size_wh=answer.size_wh,
        milliseconds=answer.milliseconds,
        group=judge_groups(answer.probabilities, labels, groups, settings.thresholds) if groups else None,
        familiarity=by_threshold(answer.familiarity, settings.familiar),
        view=answer.view,
    )


def infer_photos(
    sources: Iterable[Source],
    classifier: Classifier,
    *,
    look: Look | None = None,
    cancelled: threading.Event | None = None,
) -> Iterator[Answer | Failure]:
    """Let a model look at many photos on all cores; yield each answer in input order as soon as it is known.

    See `infer_with_each`, of which this is the case of one model.
    """
    for (answer,) in infer_with_each(sources, (classifier,), look=look, cancelled=cancelled):
        yield answer


def infer_with_each(
    sources: Iterable[Source],
    classifiers: Sequence[Classifier],
    *,
    look: Look | None = None,
    cancelled: threading.Event | None = None,
    line: Executor | None = None,
) -> Iterator[tuple[Answer | Failure, ...]]:
    """Let several models look at many photos on all cores; each photo is read and decoded once.

    Every worker takes a photo from bytes to probabilities on its own; decoding, scaling and inference all release the
    GIL, so that while one core decodes another infers. Only a few photos are in memory at a time, however many
    `sources` holds.

    Args:
        sources: The photos; may be endless, is read as needed.
        classifiers: The models, at least one.
        look: Called with each decoded photo, once, in a worker's thread.
        cancelled: Once set, no further photo is begun; the iterator ends after those that were.
        line: Where the work is done, among others'; None for threads of its own.

    Yields:
        For each photo, in input order and as soon as they are known, the answers of all models, in their order.
    """
    workers = min(classifier.workers for classifier in classifiers)
    work = partial(_infer_with_each, classifiers=classifiers, look=look)
    return in_order(work, sources, workers=workers, cancelled=cancelled, line=line)


def _infer_with_each(
    source: Source, classifiers: Sequence[Classifier], look: Look | None
) -> tuple[Answer | Failure, ...]:
    # Most models need the same scale, and share one decoding. A model's answer must not depend on the others.
    sides = {*map(pixels_needed, classifiers)}
    try:
        decoded, size_wh = open_at_each(source.read(), source.name, lambda _: sides)
    except PhotoError as error:
        return tuple(Failure(source.name, classifier.spec.id, error) for classifier in classifiers)
    if look is not None:
        look(source, decoded[max(decoded)], size_wh)
    return tuple(infer_decoded(source.name, c, decoded[pixels_needed(c)], size_wh) for c in classifiers)


def infer_decoded(name: str, classifier: Classifier, image: Image.Image, size_wh: tuple[int, int]) -> Answer | Failure:
    """Let a model look at a photo that is decoded already.

    Args:
        name: The photo's.
        classifier: The model.
        image: At the scale that `pixels_needed` says.
        size_wh: Width and height of the upright photo as stored in its file.
    """
    try:
        found = classifier.run(classifier.prepare(image))
    except ModelOutputError as error:
        return Failure(name, classifier.spec.id, error)
    return answer_of(name, classifier.spec, found, size_wh)


def answer_of(name: str, spec: ModelSpec, found: Inference, size_wh: tuple[int, int]) -> Answer:
    """Return what a model said of a photo; arguments as in `infer_decoded`."""
    return Answer(
        name, spec.id, found.probabilities, size_wh, found.milliseconds, found.familiarity, view=spec.input.resize
    )


def pixels_needed(classifier: Classifier) -> int:
    """Return how many pixels each side of a photo needs, so that nothing is enlarged that the file has."""
    return least_side(classifier.spec.input)


def least_side(spec: InputSpec) -> int:
    """Return what `pixels_needed` does, for a model with this input."""
    side = max(spec.size_wh)
    needed = side / CENTRAL_FRACTION if spec.resize in ("square", "crop") else side
    return max(DECODE_FLOOR, int(-(-needed // 1)))
