"""Which projects this browser works on: it keeps their ids in its own storage, and tells them when the page opens."""

import streamlit as st

from lib.projects.project import Project
from lib.server.workshop import server_workshop

_KNOWN, _VERSION, _DELETED = "train_projects", "train_version", "train_deleted"
_PARAM = "project"


def project() -> Project | None:
    """Return the project that this browser works on; None if it has not begun or is no more."""
    return server_workshop().find(known()[0]) if known()[0] else None


def projects() -> list[Project]:
    """Return all projects of this browser."""
    found = [server_workshop().find(one) for one in known() if one]
    return [one for one in found if one is not None]


def known() -> list[str]:
    """Return the ids of this browser's projects, the present one first: "" where it has not begun."""
    return list(st.session_state.get(_KNOWN, [""]))


def keep(told: str) -> None:
    """Take up what the browser tells: ids, with spaces between."""
    st.session_state[_KNOWN] = told.split(" ")
    st.query_params.pop(_PARAM, None)


def asked() -> str:
    """Return the id that the address names, "" for none: a link from another device."""
    return str(st.query_params.get(_PARAM, ""))


def version() -> int:
    """Return the version of the project that the page was drawn for."""
    return int(st.session_state.get(_VERSION, 0))


def follow(told: int) -> None:
    """Take up that the project has another version."""
    st.session_state[_VERSION] = told


def forget() -> None:
    """Note that this browser's projects were deleted."""
    st.session_state[_DELETED] = [*deleted(), *filter(None, known())]
    st.session_state[_KNOWN] = [""]


def deleted() -> list[str]:
    """Return the ids of the projects that were deleted on this page."""
    return list(st.session_state.get(_DELETED, []))
