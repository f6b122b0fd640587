"""The header of every page: where one can go, and in which language.

It is in the first page that a browser gets (`lib.server.first_page`); what is drawn here is a component without a body,
whose script keeps it up to date and says what was pressed.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from lib.messages import N_
from lib.server.first_page import FirstPage, Room
from lib.ui import internals, language, visit, web
from lib.ui.classroom import host
from lib.ui.streamlits_words import STREAMLITS

ROOMS = {
    "pages/classify.py": Room("", N_("Classify"), N_("See what the model sees, and how sure it is.")),
    "pages/compare.py": Room("compare", N_("Compare")),
    "pages/train.py": Room("train", N_("Train")),
    "pages/learn.py": Room("learn", N_("Learn")),
    "pages/room.py": Room("room", N_("Room")),
    "pages/models.py": Room("models", N_("Models")),
    "pages/embed.py": Room("embed", N_("Code")),
    "pages/join.py": Room("join", N_("Join")),  # the host’s
    "pages/photos.py": Room("photos", N_("Where do my photos go?")),  # a sign
}
ICON = "favicon.svg"
# What a room alone keeps of a visitor's choices, and its address says: it has them when the room is entered again.
_OWN = {"compare": ("models", "show", "view"), "learn": ("lesson",), "room": ("room",)}
_KEY = "header"


def first_page() -> FirstPage:
    """Return the page that browsers get before Streamlit's scripts run."""
    *rooms, hosts, quiet = ROOMS.values()
    return FirstPage(
        web.read("first_page.html"),
        tuple(rooms),
        hosts,
        quiet,
        scripts=internals.scripts(),
        style=web.style(),
        icon=web.address(ICON),
        streamlits=STREAMLITS,
    )


def draw(pages: Mapping[str, Any], here: str) -> None:
    """Keep the header up to date, and do what was pressed in it.

    Args:
        pages: Streamlit's pages, by path.
        here: The path of the one that is shown.
    """
    said = web.component("header")(
        key=_KEY,
        data={"room": here, "language": language.current(), "query": language.query(), "host": host.is_host()}
        | visit.question(),
        height="content",
        on_room_change=lambda: None,
        on_language_change=_speak,
        on_kept_change=lambda: None,
    )
    if said.room is not None and (pressed := pages.get(room := said.room.removeprefix("/"))):
        left = st.session_state.setdefault("addresses", {})
        left[here] = {name: st.query_params[name] for name in _OWN.get(here, ()) if name in st.query_params}
        st.switch_page(pressed, query_params={**left.get(room, {}), **language.params()})
    visit.resume(said.kept)


def _speak() -> None:
    language.switch(st.session_state[_KEY]["language"])
