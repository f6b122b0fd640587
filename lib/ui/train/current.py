"""Which projects this browser works on: it keeps their ids in its own storage, and tells them when the page opens."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import streamlit as st

from lib.projects.project import Project
from lib.projects.store import Left
from lib.server.workshop import server_workshop

_STATE, _PARAM = "train_browser", "project"
_DELETING = ThreadPoolExecutor(2, "delete")


@dataclass(slots=True)
class Browser:
    """What the page knows of a browser.

    One object: every access to Streamlit's session state may end the run where another one waits, and what is noted
    here in one go is either all noted or not at all.

    Attributes:
        known: Ids of its projects, the present one first: "" where that has not begun.
        version: Of the present project, as the page was drawn for it last.
        deleted: Ids of projects that were deleted on this page.
        is_asked: Whether it is asked if deleting is meant.
        left: What was left after deleting, of each project, as soon as that is known: the page may be drawn anew by
            another run meanwhile. None if nothing was deleted, or something new began.
    """

    known: list[str] = field(default_factory=lambda: [""])
    version: int = 0
    deleted: list[str] = field(default_factory=list)
    is_asked: bool = False
    left: "Future[list[Left]] | None" = None

    def projects(self) -> list[Project]:
        """Return those of its projects that there are."""
        found = [server_workshop().find(one) for one in self.known if one]
        return [one for one in found if one is not None]

    @property
    def is_deleting(self) -> bool:
        """Whether its projects are being deleted."""
        return self.left is not None and not self.left.done()

    def delete(self) -> None:
        """Begin to delete its projects; ending their work takes seconds."""
        projects, self.is_asked = self.projects(), False
        self.deleted += filter(None, self.known)
        self.known = [""]
        self.left = _DELETING.submit(lambda: [server_workshop().delete(project) for project in projects])


def browser() -> Browser:
    """Return what the page knows of this browser."""
    found: Browser = st.session_state.setdefault(_STATE, Browser())
    return found


def project() -> Project | None:
    """Return the project that this browser works on; None if it has not begun or is no more."""
    present = browser().known[0]
    return server_workshop().find(present) if present else None


def keep(told: str) -> None:
    """Take up which projects the browser has.

    Args:
        told: Their ids, with spaces between.
    """
    mine = browser()
    mine.known = [one for one in told.split(" ") if one not in mine.deleted] or [""]
    st.query_params.pop(_PARAM, None)


def asked() -> str:
    """Return the id that the address names, "" for none: a link from another device."""
    return str(st.query_params.get(_PARAM, ""))
