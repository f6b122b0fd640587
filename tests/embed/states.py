"""Every state that a visitor of the page Code can choose, and a few of them in which every pair of choices occurs.

All is taken from the options themselves, so that a new choice is tried without anybody's thinking of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import combinations, product
from pathlib import Path

from lib.embed import MOBILENETS, Engine, Input, Options, Target, Weights
from lib.errors import UsageError
from lib.i18n import LANGUAGES
from lib.model.spec import ModelFolder, load

TFJS = MOBILENETS["tfjs-mobilenet-v1-0.25"]
TINY = Path(__file__).parents[1] / "models"


@dataclass(frozen=True, slots=True)
class State:
    """What is chosen, but for the model, of which there are many: see `kinds`.

    Attributes:
        engine: LiteRT runs one of the app's models, TF.js a MobileNet of its own.
        form: "short", or "complete".
    """

    target: Target
    engine: Engine
    input: Input
    weights: Weights
    language: str
    form: str

    def options(self, model: ModelFolder) -> Options:
        """Return the options, LiteRT's with this model.

        Raises:
            UsageError: These choices do not go together; the page says why.
        """
        return Options(
            TFJS if self.engine is Engine.TFJS else model,
            self.target,
            language=self.language,
            input=self.input,
            weights=self.weights,
            address="weights/" if self.weights is Weights.ADDRESS else "",
            complete=self.form == "complete",
        )

    def __str__(self) -> str:
        return "-".join(getattr(self, field.name) for field in fields(self))


def every() -> tuple[State, ...]:
    """Return all states that can be."""
    choices = product(Target, Engine, Input, Weights, LANGUAGES, ("short", "complete"))
    return tuple(filter(_can_be, map(State, *zip(*choices, strict=True))))


def _can_be(state: State) -> bool:
    try:
        return bool(state.options(load(TINY / "float32")))
    except UsageError:
        return False


def covering(states: Iterable[State]) -> tuple[State, ...]:
    """Return states that have each pair of choices that occurs in `states`, and each short code whatever its engine.

    Each time the one with most that is new is taken.
    """
    met = {state: {*_pairs(state), *_shell(state)} for state in states}
    missing, chosen = set[object]().union(*met.values()), list[State]()
    while missing:
        best = max(met, key=lambda state: len(met[state] & missing))
        chosen.append(best)
        missing -= met[best]
    return tuple(chosen)


def _pairs(state: State) -> set[object]:
    choices = [(field.name, getattr(state, field.name)) for field in fields(state)]
    return set(combinations(choices, 2))


def _shell(state: State) -> set[object]:
    return {(state.target, state.input)} if state.form == "short" else set()


def kinds() -> tuple[ModelFolder, ...]:
    """Return the tiny models: one of each kind of file, each output."""
    return tuple(load(card.parent) for card in sorted(TINY.glob("*/model.toml")))
