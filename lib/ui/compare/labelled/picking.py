"""A figure whose cells, bars and dots open the photos behind them, below the row that was pressed."""

from collections.abc import Callable

import streamlit as st

from lib.reports.figures import NOTHING, Open
from lib.ui import web

_SHOWN = 24

# What was pressed, such as "wrong" in row 3, and what it is called.
Behind = Callable[[int, str], Open]


def figure(key: str, draw: Callable[[Open], str], behind: Behind) -> None:
    """Draw a figure; only this part of the page runs again when something in it is pressed.

    Args:
        key: Of the figure; another one for other figures.
        draw: Returns its HTML, given what is open.
        behind: Returns the photos behind what was pressed: a row, and what of it.
    """

    @st.fragment
    def part() -> None:
        pick = str(st.session_state.get(key, {}).get("pick") or "")
        html = draw(_opened(pick, behind) if pick else NOTHING)
        # Streamlit wants a callback for each value that a component sends.
        web.component("figures")(
            key=key, data={"html": html, "pick": pick}, on_pick_change=lambda: None, height="content"
        )

    part()


def _opened(pick: str, behind: Behind) -> Open:
    """Return what a `data-pick` asks for: "3:wrong", or "3:wrong+48" for more of the same."""
    what, _, more = pick.partition("+")
    row, _, part = what.partition(":")
    found = behind(int(row), part)
    return Open(what, found.title, found.photos, int(more or _SHOWN))
