"""What a lesson is: steps of text, with something to move, something to find out, and a question that marks itself.

Texts are English, marked for the catalogues. A term stands between asterisks where it is explained: `*pixel*`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from lib.lessons.bench import Bench

Values = Mapping[str, str]
"""What the reader has set: the name of each control, and what it stands at."""


@dataclass(frozen=True, slots=True)
class Control:
    """One thing to move.

    Attributes:
        name: Of the value.
        label: In the reader's language.
        shown: What each of its places is called, in the reader's language; at least one.
        at: Where it stands.
        look: "range": places along a line. "choice": a few to choose from. "photo": the same, as pictures.
        pictures: Addresses of the pictures of a "photo".
    """

    name: str
    label: str
    shown: tuple[str, ...]
    at: int
    look: str = "range"
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """What a step shows for the values at hand.

    Attributes:
        html: Below the controls.
        controls: From the top.
    """

    html: str
    controls: tuple[Control, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One of the answers to a question.

    Attributes:
        text: In the reader's language.
        why: What is said when it was chosen, in the reader's language.
        is_right: Whether it is the right one.
        picture: Address of a picture that stands for it, or "".
        number: What tells it from the others of its question, in every language and wherever it stands.
    """

    text: str
    why: str
    is_right: bool = False
    picture: str = ""
    number: int = 0

    @property
    def name(self) -> str:
        """Return what tells it from the others for who sees them."""
        return self.text or self.picture


@dataclass(frozen=True, slots=True)
class Question:
    """A question whose answer the numbers at hand decide.

    Attributes:
        prompt: In the reader's language.
        options: In the order they are shown, exactly one of them right.
        hint: Where to look, in the reader's language; said after a first wrong answer, and no solution.
        html: What the question is about, below the prompt.
        fingerprint: Tells this question about these pictures from every other, in all languages the same.
    """

    prompt: str
    options: tuple[Option, ...]
    hint: str
    html: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One screen of a lesson.

    Attributes:
        title: Its headline.
        text: One or two short paragraphs.
        scene: Returns what there is to move; None for a step that has nothing.
        notice: What to look for, or "".
        ask: Returns the question; None for a step that asks nothing.
        prompt: What is asked, before the gaps are filled: for the word count and the sheet.
        is_long: Whether it may take seconds, the first time.
        uses_pictures: Whether it looks at pictures that the reader chooses.
        starts_with: Which pictures there are before the reader has chosen.
    """

    title: str
    text: tuple[str, ...]
    scene: Callable[[Bench, Values], Scene] | None = None
    notice: str = ""
    ask: Callable[[Bench], Question] | None = None
    prompt: str = ""
    is_long: bool = False
    uses_pictures: bool = True
    starts_with: str = "samples"


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson.

    Attributes:
        id: Its name in addresses.
        title: Its name.
        goal: What one can do afterwards, in a sentence.
        minutes: How long it takes.
        steps: At least two.
        notes: For the teacher, a paragraph each.
        follow_up: A task for paper or for home, for the sheet.
    """

    id: str
    title: str
    goal: str
    minutes: int
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    follow_up: str = ""


def shuffled(options: "list[Option]", *about: object) -> tuple[Option, ...]:
    """Return answers in an order that says nothing of which is right, and is the same whenever it is asked for.

    Args:
        options: With those that read the same left out but for the right one; they get their numbers here.
        about: What the question is about, in all languages the same.
    """
    known: dict[str, Option] = {}
    for number, option in enumerate(options):
        if option.is_right or option.name not in known:
            known[option.name] = replace(option, number=number)

    def turn(option: Option) -> bytes:
        return sha256(repr((about, option.number)).encode("utf-8", "surrogatepass")).digest()

    return tuple(sorted(known.values(), key=turn))
