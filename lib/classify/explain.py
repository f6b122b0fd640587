"""Where a model looked: the vote of each place of a photo for a class.

Two ways. Of a model whose last layer is linear behind a mean of its last map (`lib.formats.votes`) the answer's own
inference tells: the places' votes, whose mean plus the bias is the vote for the class ("cam"). Of any other, what
becomes of its answer when parts of the photo are covered: RISE (Petsiuk, Das and Saenko, arXiv 1806.07421) with masks
of `GRID` × `GRID` cells, half of them covered, drawn by a fixed seed: the same photo gives the same map ("rise").

A map shows where, not why.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.classify.classifier import Classifier, Inference
from lib.classify.infer import answer_of
from lib.classify.litert import LiteRTClassifier
from lib.classify.preprocess import seen
from lib.errors import Cancelled, ModelFileError, UsageError
from lib.formats.inner import Inner
from lib.formats.votes import Votes, read_votes
from lib.messages import N_
from lib.model.spec import ModelFolder, ModelSpec, OutputSpec
from lib.results import Answer
from lib.work.progress import OnProgress, Progress

Floats = NDArray[np.float64]
Method = Literal["cam", "rise"]
MASKS, GRID, SHOWN = 100, 7, 0.5  # as many as the note of where-it-looked measured CAM against; the paper's share
CELLS = 14  # along each side of a map that RISE makes
# What the steps of an 8-bit file may move a vote by: 0.03 on most photos; files that cap their votes move some by 1.
ROUNDING = 0.1
# A ninth of the photo is where it looked if it has this share of all votes for the class, twice an even one.
_MUCH = 2 / 9


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """The votes of a photo's places for a class, or for one class and against another.

    Attributes:
        method: How it was found, see above.
        cells: Shape (H, W), from the top left of what the model saw. "cam": votes, whose mean is what the photo gives
            to the class. "rise": by how much the class is likelier, in [-1, 1], with this cell in sight than on
            average.
        index: The class, among those that are shown.
        against: The other class; None for none.
        probability: Of the class, in [0, 1].
        bias: Of the vote; 0 for "rise".
        vote: The file's own, which in 8 bits is rounded; None where the file does not give it.
        box: What the model saw of the photo: left, top, right, bottom in pixels.
        size_wh: Of the upright photo.
    """

    method: Method
    cells: Floats
    index: int
    against: int | None
    probability: float
    bias: float
    vote: float | None
    box: tuple[int, int, int, int]
    size_wh: tuple[int, int]

    @property
    def total(self) -> float:
        """Return what the cells add up to: their mean and the bias, which is the vote."""
        return float(self.cells.mean()) + self.bias

    @property
    def is_rounded(self) -> bool:
        """Whether the file's own vote is another by more than its steps should move it."""
        return self.vote is not None and abs(self.vote - self.total) > ROUNDING

    @property
    def place(self) -> tuple[int, int] | None:
        """Return in which row and column of nine parts most votes for the class are, (1, 1) the middle; None: none."""
        height, width = self.cells.shape
        rows, columns = (np.minimum(3 * np.arange(side) // side, 2) for side in (height, width))
        parts = np.zeros((3, 3))
        np.add.at(parts, (rows[:, None], columns[None, :]), np.clip(self.cells, 0, None))
        if not parts.any():
            return None
        sizes = np.outer(np.bincount(rows, minlength=3), np.bincount(columns, minlength=3))
        dense = np.divide(parts, sizes, out=np.zeros((3, 3)), where=sizes > 0)
        row, column = np.unravel_index(int(dense.argmax()), (3, 3))
        return (int(row), int(column)) if dense[row, column] >= _MUCH * dense.sum() else None


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """One inference: the answer, and what tells where it looked.

    Attributes:
        found: The answer.
        box: See `Explanation`.
        size_wh: See `Explanation`.
    """

    found: Inference
    box: tuple[int, int, int, int]
    size_wh: tuple[int, int]
    _output: OutputSpec
    _votes: Votes

    def explain(self, index: int, against: int | None = None) -> Explanation:
        """Return where a class got its vote from.

        Args:
            index: The class, among those that are shown.
            against: Another one: why the class and not this one.
        """
        weight, bias, vote = self._row(index)
        if against is not None:
            other_weight, other_bias, other_vote = self._row(against)
            weight, bias = weight - other_weight, bias - other_bias
            vote = None if vote is None or other_vote is None else vote - other_vote
        cells = self._votes.of(self.found.inner[Inner.MAP], weight)
        probability = float(self.found.probabilities[index])
        return Explanation("cam", cells, index, against, probability, bias, vote, self.box, self.size_wh)

    def _row(self, index: int) -> tuple[Floats, float, float | None]:
        (weight, bias), logits = class_rows(self._votes, self._output), self.found.inner.get(Inner.LOGITS)
        is_told = logits is not None and len(self._votes.bias) > 1
        place = range(len(self._votes.bias))[self._output.shown][index] if is_told else 0
        return weight[index], float(bias[index]), float(logits[place]) if logits is not None and is_told else None


def class_rows(votes: Votes, output: OutputSpec) -> tuple[Floats, Floats]:
    """Return the last layer by classes that are shown: weight of shape (K, D), and bias (K,).

    A model of one unit votes for the second of its two classes, and so against the first.
    """
    if len(votes.bias) == 1:
        sign = np.array([-1.0, 1.0])
        return sign[:, None] * votes.weight, sign * votes.bias
    return votes.weight[output.shown], votes.bias[output.shown]


def read_fitting(folder: ModelFolder) -> Votes | None:
    """Return a model's last layer; None for a model that comes to its votes otherwise.

    Raises:
        ModelFileError: The file is damaged.
    """
    votes = read_votes(folder.read_weights(), folder.spec.weights)
    return votes if votes is not None and _fits(votes, folder.spec) else None


class Explainer:
    """A model with its last layer at hand; safe to use from several threads at once.

    Args:
        folder: The model, with weights that were tried.
        votes: Its last layer.
        workers: How many photos it looks at at once; None for one per core.

    Raises:
        ModelFileError: The file is damaged.
    """

    def __init__(self, folder: ModelFolder, votes: Votes, *, workers: int | None = None) -> None:
        self._votes = votes
        try:
            self.classifier = LiteRTClassifier(folder, workers=workers, inner=(Inner.MAP, Inner.LOGITS))
        except ModelFileError:  # it ends without softmax
            self.classifier = LiteRTClassifier(folder, workers=workers, inner=(Inner.MAP,))

    def look(self, image: Image.Image, size_wh: tuple[int, int]) -> Looked:
        """Let the model look at a photo.

        Args:
            image: RGB, upright, at the scale that `lib.classify.infer.pixels_needed` asks for.
            size_wh: Of the photo as stored in its file.

        Raises:
            ModelOutputError: The answer is not a set of probabilities.
        """
        found, spec = self.classifier.run(self.classifier.prepare(image)), self.classifier.spec
        return Looked(found, seen(size_wh, spec.input), size_wh, spec.output, self._votes)


def open_explainer(folder: ModelFolder, *, workers: int | None = None) -> Explainer | None:
    """Return what tells where a model looked by its own inference; None for a model of which only `rise` can tell.

    Raises:
        ModelFileError: The file is damaged.
    """
    votes = read_fitting(folder)
    return None if votes is None else Explainer(folder, votes, workers=workers)


def _fits(votes: Votes, spec: ModelSpec) -> bool:
    return len(votes.bias) == spec.outputs or (len(votes.bias) == 1 and spec.output.classes == 2)


def explain(
    name: str,
    how: Explainer | Classifier,
    image: Image.Image,
    size_wh: tuple[int, int],
    index: int | None = None,
    against: int | None = None,
    *,
    on_progress: OnProgress = lambda progress: None,
    cancelled: threading.Event | None = None,
) -> tuple[Explanation, Answer]:
    """Return where a model looked, and what it says of the photo: a map alone would hide that it is not sure.

    Args:
        name: The photo's.
        how: The explainer of the model; the model itself where `open_explainer` has none.
        image: See `Explainer.look`.
        size_wh: See there.
        index: The class, among those that are shown; None for the likeliest.
        against: Another one, or None.
        on_progress: As for `rise`.
        cancelled: As for `rise`.

    Raises:
        UsageError: Only covering parts can tell, and that cannot set one class against another.
        Cancelled: As `rise`.
        ModelOutputError: The answer is not a set of probabilities.
    """
    if isinstance(how, Explainer):
        looked = how.look(image, size_wh)
        answer = answer_of(name, how.classifier.spec, looked.found, size_wh)
        return looked.explain(_wanted(index, answer), against), answer
    if against is not None:
        text = N_("{model} cannot set one class against another: its last layer is no single linear one.")
        raise UsageError(text, model=how.spec.id)
    answer = answer_of(name, how.spec, how.run(how.prepare(image)), size_wh)
    wanted = _wanted(index, answer)
    return rise(how, image, size_wh, wanted, on_progress=on_progress, cancelled=cancelled), answer


def _wanted(index: int | None, answer: Answer) -> int:
    return int(answer.probabilities.argmax()) if index is None else index


def rise(
    classifier: Classifier,
    image: Image.Image,
    size_wh: tuple[int, int],
    index: int,
    *,
    seed: int = 0,
    on_progress: OnProgress = lambda progress: None,
    cancelled: threading.Event | None = None,
) -> Explanation:
    """Return where a class got its probability from, by covering parts of the photo: `MASKS` inferences and one.

    What is covered gets the photo's mean colour. Arguments as in `Explainer.look`, and:

    Args:
        classifier: The model.
        image: See there.
        size_wh: See there.
        index: The class, among those that are shown.
        seed: Of the masks.
        on_progress: Told the masks that are done.
        cancelled: When set, no further mask is tried.

    Raises:
        Cancelled: `cancelled` was set.
        ModelOutputError: The answer is not a set of probabilities.
    """
    tensor = classifier.prepare(image)
    whole = float(classifier.run(tensor).probabilities[index])
    mean = tensor.mean(axis=(1, 2), keepdims=True, dtype=np.float64)
    detail = tensor - mean
    weights, shares = np.zeros((CELLS, CELLS)), np.zeros((CELLS, CELLS))
    total = 0.0
    for done, mask in enumerate(_masks(tensor.shape[1:3], seed), start=1):
        if cancelled is not None and cancelled.is_set():
            raise Cancelled
        covered = mean + mask[None, :, :, None] * detail
        if np.issubdtype(tensor.dtype, np.integer):
            covered = np.rint(covered)
        probability = float(classifier.run(covered.astype(tensor.dtype)).probabilities[index])
        small = _shrunk(mask)
        weights += small
        shares += probability * small
        total += probability
        on_progress(Progress(done=done, total=MASKS))
    cells = shares / np.maximum(weights, np.finfo(float).tiny) - total / MASKS
    box = seen(size_wh, classifier.spec.input)
    return Explanation("rise", cells, index, None, whole, 0.0, None, box, size_wh)


def _masks(size_hw: tuple[int, ...], seed: int) -> Iterator[Floats]:
    """Yield masks in [0, 1]: a random grid, enlarged without steps, and moved by less than a cell."""
    random, (height, width) = np.random.default_rng(seed), size_hw
    cell = [-(-side // GRID) for side in (height, width)]
    for _ in range(MASKS):
        grid = (random.random((GRID + 1, GRID + 1)) < SHOWN).astype(np.float32)
        large = Image.fromarray(grid).resize((cell[1] * (GRID + 1), cell[0] * (GRID + 1)), Image.Resampling.BILINEAR)
        top, left = (int(random.integers(side)) for side in cell)
        yield np.asarray(large, np.float64)[top : top + height, left : left + width]


def _shrunk(mask: Floats) -> Floats:
    small = Image.fromarray(mask.astype(np.float32)).resize((CELLS, CELLS), Image.Resampling.BOX)
    return np.asarray(small, np.float64)
