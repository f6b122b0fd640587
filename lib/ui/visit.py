"""This browser tab's visit: its photos, answers and work, also after the page was loaded anew."""

import contextlib
import ctypes
import gc
import threading
import time

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib.server import previews, visits
from lib.server.visits import VISITS, Room, Visit

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
        earlier = VISITS.get(str(kept))
        if earlier is not None:
            st.session_state[_VISIT] = earlier
            VISITS.drop(visit)
        st.rerun()
    keep()


def keep() -> None:
    """Note that this visit is being shown. Parts of a page that poll say so themselves: they do not run all of it."""
    context = get_script_run_ctx()
    VISITS.keep(current(), None if context is None else context.session_id)


def _note() -> None:
    """Streamlit wants a callback for each value that a component sends."""


@st.cache_resource(show_spinner=False)
def _component():  # type: ignore[no-untyped-def]
    return st.components.v2.component("discern_visit", js=_JS)


def _is_open(session: str) -> bool:
    return runtime.exists() and runtime.get_instance().is_active_session(session)


def _close(sessions: list[str]) -> None:
    """Let Streamlit forget sessions, with their uploads and pictures; by itself it does when another visitor comes."""
    if sessions and runtime.exists():
        server = runtime.get_instance()
        for session in sessions:
            server._get_async_objs().eventloop.call_soon_threadsafe(server.close_session, session)


def _sweep() -> None:
    while True:
        _close(VISITS.sweep())
        previews.sweep()
        gc.collect()  # what Streamlit would do after every run of a page, see .streamlit/config.toml
        _give_back()
        time.sleep(visits.SWEEP_S)


def _give_back() -> None:
    """Let the C library give memory that is free back to the system, which glibc keeps for itself otherwise."""
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


VISITS.is_open = _is_open
threading.Thread(target=_sweep, name="forget-visits", daemon=True).start()
