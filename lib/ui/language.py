"""Which language this visitor reads, and the switch for it."""

import streamlit as st

from lib.i18n import LANGUAGES, Translator, choose

_KEY = "language"
_PARAM = "lang"


def translator() -> Translator:
    """Return the visitor's language: what they switched to, else `?lang=`, else the browser's."""
    return Translator(st.session_state.get(_KEY) or _first_language())


def switch() -> None:
    """Draw the switch in the sidebar and keep the choice in the URL."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = _first_language()
    with st.sidebar:
        st.segmented_control(
            "Language · 언어 · 言語",
            list(LANGUAGES),
            key=_KEY,
            format_func=LANGUAGES.__getitem__,
            required=True,
            width="stretch",
            persist_state="session",
        )
    _remember(st.session_state[_KEY])


def _first_language() -> str:
    return choose([st.query_params.get(_PARAM), st.context.locale])


def _remember(language: str) -> None:
    asked_for = choose([st.context.locale])
    if language == asked_for and _PARAM not in st.query_params:
        return
    if st.query_params.get(_PARAM) != language:
        st.query_params[_PARAM] = language
