"""How a visitor wants a photo answered: by which model, seen how, judged and worded how. It travels in addresses."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from lib.classify.infer import TOP, Settings
from lib.errors import UsageError
from lib.i18n import DEFAULT, choose
from lib.messages import N_
from lib.server import limits
from lib.verdict import RATIO, Thresholds

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Asked:
    """What every request about answers says: `model=ID&whole=0|1&top=5&ratio=0.5&floor=0.5&familiar=5.2&lang=en`.

    Attributes:
        model: Id of the model.
        is_whole: Whether it looks at whole photos, instead of the part that it was made for.
        settings: How many classes are listed, and the numbers of the verdict; no `floor` and no `familiar` are the
            model's own.
        language: The reader's.
    """

    model: str
    is_whole: bool = False
    settings: Settings = Settings()
    language: str = DEFAULT

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Asked":
        """Return what the query of an address asks.

        Raises:
            UsageError: No model is named, or a number is none or out of its range.
        """
        if not (model := query.get("model", "")):
            raise UsageError(N_("The address does not name a model."))
        top = _number(query, "top", int, TOP)
        if top > limits.MOST_LISTED:
            raise UsageError(
                N_("At most {most} classes can be shown, not {value}."), most=limits.MOST_LISTED, value=top
            )
        floor = _number(query, "floor", float, math.nan)
        thresholds = Thresholds(_number(query, "ratio", float, RATIO), None if "floor" not in query else floor)
        familiar = _number(query, "familiar", float, math.nan) if "familiar" in query else None
        settings = Settings(top, thresholds, familiar)
        if (whole := query.get("whole", "0")) not in ("0", "1"):
            raise UsageError(N_("{name} must be 0 or 1, not “{value}”."), name="whole", value=whole)
        return cls(model, whole == "1", settings, choose([query.get("lang")]))

    def query(self) -> str:
        """Return the query that says so."""
        judged = self.settings.thresholds
        values = {"model": self.model, "whole": int(self.is_whole), "top": self.settings.top, "ratio": judged.ratio}
        own = {"floor": judged.floor, "familiar": self.settings.familiar}
        chosen = {name: value for name, value in own.items() if value is not None}
        return urlencode({**values, **chosen, "lang": self.language})


def _number(query: Mapping[str, str], name: str, kind: Callable[[str], N], default: N) -> N:
    given = query.get(name)
    if given is None:
        return default
    try:
        return kind(given)
    except ValueError:
        raise UsageError(N_("{name} must be a number, not “{value}”."), name=name, value=given) from None
