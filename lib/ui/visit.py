"""This browser tab's visit: its photos, answers and work, also after the page was loaded anew."""

import threading
import time

import streamlit as st

from lib import previews
from lib.visits import Visit, Visits

_VISIT, _SETTLED = "visit", "visit_settled"
_SWEEP_S = 60.0

# The tab's own storage survives a reload and nothing else; the address stays free of it, since people share addresses.
_JS = """
export default function ({ data, setStateValue }) {
  const kept = sessionStorage.getItem("discern-visit");
  if (data.settled || !kept || kept === data.id) sessionStorage.setItem("discern-visit", data.id);
  else setStateValue("kept", kept);
}
"""


@st.cache_resource(show_spinner=False)
def _visits() -> Visits:
    visits = Visits()
    threading.Thread(target=_sweep, args=(visits,), name="forget-visits", daemon=True).start()
    return visits


def _sweep(visits: Visits) -> None:
    while True:
        visits.forget_old()
        previews.sweep()
        time.sleep(_SWEEP_S)


def current() -> Visit:
    """Return this tab's visit."""
    if _VISIT not in st.session_state:
        st.session_state[_VISIT] = _visits().begin()
    visit: Visit = st.session_state[_VISIT]
    return visit


def resume() -> None:
    """Give the visit back to a tab that had one before it was loaded anew; drawn once, on every page."""
    visit = current()
    settled = bool(st.session_state.get(_SETTLED))
    tab = _component()(
        key="visit-tab", data={"id": visit.id, "settled": settled}, on_kept_change=_note, height="content"
    )
    kept = tab.get("kept")
    if kept and not settled:
        st.session_state[_SETTLED] = True
        earlier = _visits().get(str(kept))
        if earlier is not None:
            st.session_state[_VISIT] = earlier
            _visits().drop(visit)
        st.rerun()
    keep()


def keep() -> None:
    """Note that this visit is being shown. Parts of a page that poll say so themselves: they do not run all of it."""
    _visits().keep(current())


def _note() -> None:
    """Streamlit wants a callback for each value that a component sends."""


@st.cache_resource(show_spinner=False)
def _component():  # type: ignore[no-untyped-def]
    return st.components.v2.component("discern_visit", js=_JS)
