"""This browser tab's visit: its photos, answers and work, also after the page was loaded anew."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from lib.server.visits import VISITS, Space, Visit
from lib.ui import internals

T = TypeVar("T")

_VISIT, _SETTLED = "visit", "visit_settled"


def current() -> Visit:
    """Return this tab's visit."""
    if _VISIT not in st.session_state:
        st.session_state[_VISIT] = VISITS.begin()
    visit: Visit = st.session_state[_VISIT]
    return visit


def space() -> Space:
    """Return what this tab's visit may still take."""
    return VISITS.space(current())


def kept(name: str, key: object, make: Callable[[], T]) -> T:
    """Return what `make` returns, worked out anew only when `key` is another; it goes with the visit."""
    shelf = current().kept
    if name not in shelf or shelf[name][0] != key:
        shelf[name] = (key, make())
    found: T = shelf[name][1]
    return found


def keep() -> None:
    """Note that this visit is being shown. Parts of a page that poll say so themselves: they do not run all of it."""
    VISITS.keep(current(), internals.session())


def question() -> dict[str, object]:
    """Return what the header's script has to know of this visit.

    It keeps the visit's id in the tab's own storage, which survives a reload and nothing else; the address stays free
    of it, since people share addresses.
    """
    return {"visit": current().id, "settled": bool(st.session_state.get(_SETTLED))}


def resume(kept: str | None) -> None:
    """Give the visit back to a tab that had one before it was loaded anew; called once, on every page.

    Args:
        kept: The id that the tab held, or None.
    """
    if kept and not st.session_state.get(_SETTLED):
        st.session_state[_SETTLED] = True
        earlier, visit = VISITS.get(kept), current()
        if earlier is not None:
            st.session_state[_VISIT] = earlier
            VISITS.drop(visit)
        st.rerun()
    keep()
