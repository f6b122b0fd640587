"""Delete my data: all projects of this browser, with what was made of them; and what is left then."""

from collections import Counter
from dataclasses import asdict
from html import escape

import streamlit as st

from lib.i18n import Translator
from lib.server.workshop import server_workshop
from lib.ui.train import current

_ASKED, _LEFT = "train_delete_asked", "train_delete_left"


def draw(t: Translator) -> None:
    """Draw the section: a button, the question whether that is meant, and then the receipt."""
    state, has_some = st.session_state, bool(current.projects())
    with st.container(key="delete"):
        if has_some and state.get(_ASKED):
            _ask(t)
        elif has_some:
            state.pop(_LEFT, None)
            st.button(t("Delete my data"), icon=":material/delete:", on_click=_turn, args=(True,))
        elif _LEFT in state:
            st.html(_receipt(t, state[_LEFT]))


def _ask(t: Translator) -> None:
    st.warning(
        t(
            "This deletes the photos, the models and the files of all your projects in this browser. It cannot be "
            "undone. Save the project first if you want to keep it."
        ),
        icon=":material/warning:",
    )
    with st.container(horizontal=True):
        st.button(t("Delete all"), type="primary", on_click=_delete)
        st.button(t("Cancel"), on_click=_turn, args=(False,))


def _turn(is_asked: bool) -> None:
    st.session_state[_ASKED] = is_asked


def _delete() -> None:
    left: Counter[str] = Counter()
    for project in current.projects():
        left.update(asdict(server_workshop().delete(project)))
    st.session_state[_LEFT] = left
    _turn(False)
    current.forget()


def _receipt(t: Translator, left: Counter[str]) -> str:
    """Return what is left, as a table."""
    names = {"photos": t("Photos"), "models": t("Models"), "jobs": t("Jobs"), "files": t("Files")}
    rows = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{left[key]}</td></tr>' for key, name in names.items())
    words = t("All of it was deleted.") if not left.total() else t("Not everything could be deleted.")
    title = t("What is left")
    return (
        f'<div class="table" role="status"><p>{escape(words)}</p>'
        f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table></div>"
    )
