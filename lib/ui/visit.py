"""This browser tab's visit: its photos, answers and work, also after the page was loaded anew."""

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from lib.server.visits import VISITS, Room, Visit
from lib.ui import internals

T = TypeVar("T")

_VISIT, _SETTLED = "visit", "visit_settled"

# The tab's own storage survives a reload and nothing else; the address stays free of it, since people share addresses.
_JS = """
export default function ({ data, setStateValue }) {
  const kept = sessionStorage.getItem("discern-visit");
  if (data.settled || !kept || kept === data.id) sessionStorage.setItem("discern-visit", data.id);
  else setStateValue("kept", kept);
}
"""


def current() -> Visit:
    """Return this tab's visit."""
    if _VISIT not in st.session_state:
        st.session_state[_VISIT] = VISITS.begin()
    visit: Visit = st.session_state[_VISIT]
    return visit


def room() -> Room:
    """Return what this tab's visit may still take."""
    return VISITS.room(current())


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


def resume() -> None:
    """Give the visit back to a tab that had one before it was loaded anew; drawn once, on every page."""
    visit = current()
    settled = bool(st.session_state.get(_SETTLED))
    # Streamlit wants a callback for each value that a component sends.
    tab = _component()(
        key="visit-tab", data={"id": visit.id, "settled": settled}, on_kept_change=lambda: None, height="content"
    )
    kept = tab.get("kept")
    if kept and not settled:
        st.session_state[_SETTLED] = True
        earlier = VISITS.get(str(kept))
        if earlier is not None:
            st.session_state[_VISIT] = earlier
            VISITS.drop(visit)
        st.rerun()
    keep()


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return st.components.v2.component("discern_visit", js=_JS)
