"""What the library answers with: frozen values that every door (page, CSV, command line) shows."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lib.errors import AppError
from lib.messages import Word

if TYPE_CHECKING:  # a model's description is read without numpy, and has verdicts in it
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Prediction:
    """One class and how likely the model finds it.

    Attributes:
        index: Position among the classes shown, from 0; a background class is not counted.
        label: Name shown to people, from the model's label file.
        probability: In [0, 1]; not a percentage.
    """

    index: int
    label: str
    probability: float


class VerdictKind(StrEnum):
    """How sure the model is. All but CLEAR are ambiguous."""

    CLEAR = "clear"
    CLOSE = "close"
    WEAK = "weak"
    NONE = "none"

    @property
    def is_ambiguous(self) -> bool:
        """Whether no single class can be named as the answer."""
        return self is not VerdictKind.CLEAR


class AnswerKind(StrEnum):
    """What an answer comes to for its reader: the verdict, or what goes before it (`lib.verdict.answer_kind`)."""

    CLEAR = "clear"
    CLOSE = "close"
    WEAK = "weak"
    NONE = "none"
    GROUP = "group"
    UNFAMILIAR = "unfamiliar"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one set of probabilities, with everything needed to explain it.

    Attributes:
        kind: See `lib.verdict.judge`.
        rivals: For CLOSE and NONE the classes in the running, winner first, at most five; else empty.
        more_rivals: How many further classes are in the running beyond `rivals`.
        winner: The likeliest class.
        p2: Second largest probability, in [0, 1]; 0 for a model of one class.
        classes: K, the number of classes that compete.
        ratio: The rival threshold used: a class is a rival from `ratio * winner.probability` on.
        floor: The weakness threshold used: below it the winner is too weak.
        spread: exp(entropy): over how many classes the probability is spread, 1 … K. Information, not a trigger.
    """

    kind: VerdictKind
    rivals: tuple[Prediction, ...]
    more_rivals: int
    winner: Prediction
    p2: float
    classes: int
    ratio: float
    floor: float
    spread: float


@dataclass(frozen=True, slots=True)
class Group:
    """The everyday group that leads, such as all breeds of dog: often sure where its classes compete.

    Attributes:
        name: "dog".
        phrase: The same as a sentence says it: "a dog".
        probability: Sum over its classes, in [0, 1].
        verdict: Whether it stands out among the groups.
        rivals: Its own classes in the running for which kind it is, likeliest first, at least one and at most five.
        more_rivals: How many more of its classes are in the running.
    """

    name: Word
    phrase: Word
    probability: float
    verdict: VerdictKind
    rivals: tuple[Prediction, ...]
    more_rivals: int


@dataclass(frozen=True, slots=True)
class Familiarity:
    """How like the photos that a model learned from a photo looks to it; the threshold makes that a yes or no.

    Attributes:
        method: What the score is: "max-logit": the strongest vote, before softmax makes all votes sum to 1; any
            number. "class-mean": the cosine to the nearest class, -1 … 1.
        score: The higher, the more familiar.
        threshold: Below it the photo is unfamiliar: the model's own, or the reader's (`lib.verdict.by_threshold`).
        is_hint: Whether it tells so little apart that it is only hinted at.
    """

    method: str
    score: float
    threshold: float
    is_hint: bool = False

    @property
    def is_unfamiliar(self) -> bool:
        """Whether the photo looks unlike those that the model learned from."""
        return self.score < self.threshold


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a model said of a photo, before it is judged: other thresholds need no second look at the photo.

    Attributes:
        file: Name of the photo as its owner gave it; untrusted text.
        model: Id of the model.
        probabilities: Shape (K,), float64, sum 1.
        size_wh: Width and height of the upright photo in pixels, as stored in the file.
        milliseconds: Time from tensor to probabilities (inference alone).
        familiarity: How familiar the photo looks, by the model's own threshold; None for a model that cannot say.
        view: Which part of the photo the model looked at, by the name that the rule has in `InputSpec.resize`.
    """

    file: str
    model: str
    probabilities: "NDArray[np.float64]"
    size_wh: tuple[int, int]
    milliseconds: float
    familiarity: Familiarity | None = None
    view: str = ""

    @property
    def unfamiliar(self) -> bool | None:
        """Whether the photo is unfamiliar by the model's own threshold; None for a model that cannot say."""
        return _is_unfamiliar(self.familiarity)


@dataclass(frozen=True, slots=True)
class Classification:
    """What one model makes of one photo.

    Attributes:
        file: Name of the photo as its owner gave it; untrusted text.
        model: Id of the model.
        predictions: The likeliest classes, most likely first.
        verdict: Whether one of them stands out.
        size_wh: Width and height of the upright photo in pixels, as stored in the file.
        milliseconds: Time from tensor to probabilities (inference alone).
        group: The everyday group that leads; None for a model without groups, and where none can be named.
        familiarity: How familiar the photo looks, and the threshold that holds; None for a model that cannot say.
        view: As the answer's.
    """

    file: str
    model: str
    predictions: tuple[Prediction, ...]
    verdict: Verdict
    size_wh: tuple[int, int]
    milliseconds: float
    group: Group | None = None
    familiarity: Familiarity | None = None
    view: str = ""

    @property
    def unfamiliar(self) -> bool | None:
        """Whether the photo is unlike those the model learned from; None for a model that cannot say."""
        return _is_unfamiliar(self.familiarity)


def _is_unfamiliar(familiarity: Familiarity | None) -> bool | None:
    return None if familiarity is None else familiarity.is_unfamiliar


@dataclass(frozen=True, slots=True)
class Failure:
    """A photo that could not be classified, and why.

    Attributes:
        file: Name of the photo as its owner gave it; untrusted text.
        model: Id of the model.
        error: The reason, a sentence that names the file.
    """

    file: str
    model: str
    error: AppError


Outcome = Classification | Failure
