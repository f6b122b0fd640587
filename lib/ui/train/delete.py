"""Delete my data: all projects of this browser, with what was made of them; and what is left then."""

from html import escape

import streamlit as st

from lib.i18n import Translator
from lib.projects.store import Left
from lib.ui.train.current import Browser, browser

_POLL_S = 0.3


def draw(t: Translator) -> None:
    """Draw the section: a button, the question whether that is meant, and then the receipt."""
    mine = browser()
    with st.container(key="delete"):
        if not mine.projects():
            _watch(t, mine)
        elif mine.is_asked:
            _ask(t, mine)
        else:
            mine.left = None
            label = t("Delete my data")
            st.button(label, key="delete-ask", icon=":material/delete:", on_click=_turn, args=(mine, True))


def _watch(t: Translator, mine: Browser) -> None:
    """Draw what is left, once all is deleted that was to be."""
    if mine.left is None:
        return
    if not mine.is_deleting:
        st.html(_receipt(t, mine.left.result()))
        return

    @st.fragment(run_every=_POLL_S)
    def panel() -> None:
        if not mine.is_deleting:
            st.rerun()
        st.info(t("Deleting …"), icon=":material/delete:")

    panel()


def _ask(t: Translator, mine: Browser) -> None:
    st.warning(
        t(
            "This deletes the photos, the models and the files of all your projects in this browser. It cannot be "
            "undone. Save the project first if you want to keep it."
        ),
        icon=":material/warning:",
    )
    with st.container(horizontal=True):
        st.button(t("Delete all"), key="delete-all", type="primary", on_click=mine.delete)
        st.button(t("Cancel"), key="delete-not", on_click=_turn, args=(mine, False))


def _turn(mine: Browser, is_asked: bool) -> None:
    mine.is_asked = is_asked


def _receipt(t: Translator, left: list[Left]) -> str:
    """Return what is left, as a table."""
    found = {
        t("Photos"): sum(one.photos for one in left),
        t("Models"): sum(one.models for one in left),
        t("Jobs"): sum(one.jobs for one in left),
        t("Files"): sum(one.files for one in left),
    }
    rows = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{count}</td></tr>' for name, count in found.items())
    words = t("Not everything could be deleted.") if any(found.values()) else t("All of it was deleted.")
    title = t("What is left")
    return (
        f'<div class="table" role="status"><p>{escape(words)}</p>'
        f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table></div>"
    )
