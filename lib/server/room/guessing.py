"""What one can guess that a model will say of a photo, and who was right.

The game is about the model, not about the photo: where it is not sure, or finds the photo unfamiliar, the right guess
is that it will not be sure.
"""

from dataclasses import dataclass

from lib.face.names import short
from lib.i18n import Translator
from lib.results import AnswerKind, Classification
from lib.verdict import answer_kind

UNSURE, GROUP = "unsure", "group"
LISTED = 8  # classes among which four with names of their own are found
_OPTIONS = 4


@dataclass(frozen=True, slots=True)
class Option:
    """Something to guess.

    Attributes:
        id: The class's index, GROUP or UNSURE.
        name: In the reader's language.
    """

    id: str
    name: str


def options(t: Translator, found: Classification) -> list[Option]:
    """Return what can be guessed: the likeliest classes, and the likeliest group where there is one; by name.

    They are the same whatever the answer is, so that they do not tell it.

    Args:
        t: The reader's language.
        found: The answer, with its `LISTED` likeliest classes.
    """
    group = None if found.group is None else _group(t, found)
    named: dict[str, Option] = {}
    for one in found.predictions:
        name = short(one.label, one.index)
        named.setdefault(name, Option(str(one.index), name))  # of two with one name the likelier
    likeliest = [*named.values()][: _OPTIONS - 1 if group else _OPTIONS]
    return sorted([*likeliest, *([group] if group else [])], key=lambda one: one.name.casefold())


def right(found: Classification) -> str:
    """Return the id of the right guess."""
    match answer_kind(found.verdict, found.group, found.familiarity):
        case AnswerKind.CLEAR:
            return str(found.verdict.winner.index)
        case AnswerKind.GROUP:
            return GROUP
        case _:
            return UNSURE


def name_of(t: Translator, found: Classification, guess: str) -> str:
    """Return what a guess is called."""
    if guess == UNSURE:
        return t("It will not be sure")
    if guess == GROUP and found.group is not None:
        return _group(t, found).name
    return next((short(one.label, one.index) for one in found.predictions if str(one.index) == guess), guess)


def _group(t: Translator, found: Classification) -> Option:
    assert found.group is not None
    return Option(GROUP, t("{group} (whichever kind)", group=found.group.name))
