"""The page's address: what is looked for, in which order, and whose details are open."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from lib.catalogue.finding import ORDERS, Wish

WORDS, ORDER, SHOW, MODEL = "q", "sort", "show", "model"
_READY, _ALL = "ready", "all"


@dataclass(frozen=True, slots=True)
class Address:
    """What the address of the page Models says.

    Attributes:
        wish: Which models, in which order.
        is_long: Whether all of them are listed, and not only the first.
        model: Whose details are open; "" for nobody's.
        others: What other pages put there: the language.
    """

    wish: Wish = Wish()
    is_long: bool = False
    model: str = ""
    others: tuple[tuple[str, str], ...] = ()

    def but(self, *, model: str = "", is_long: bool | None = None, **wish: Any) -> "Address":
        """Return an address that differs in something; without `model`, no details are open."""
        is_long = self.is_long if is_long is None else is_long
        return replace(self, wish=replace(self.wish, **wish), model=model, is_long=is_long)

    @property
    def params(self) -> dict[str, str]:
        """Return what stands in the address; what is usual is left out."""
        wish = self.wish
        ours = {
            WORDS: wish.words,
            ORDER: "" if wish.order == ORDERS[0] else wish.order,
            SHOW: _READY if wish.only_ready else _ALL if self.is_long else "",
            MODEL: self.model,
        }
        return {**dict(self.others), **{key: value for key, value in ours.items() if value}}

    @property
    def link(self) -> str:
        """Return it as a link of the page."""
        return f"?{urlencode(self.params)}"


def read(params: Mapping[str, str]) -> Address:
    """Return the address that parameters make; nonsense in it is left out."""
    order = next((known for known in ORDERS if known == params.get(ORDER)), ORDERS[0])
    wish = Wish(params.get(WORDS, "")[:100], order, params.get(SHOW) == _READY)
    others = tuple((key, value) for key, value in params.items() if key not in (WORDS, ORDER, SHOW, MODEL))
    return Address(wish, params.get(SHOW) == _ALL, params.get(MODEL, ""), others)
