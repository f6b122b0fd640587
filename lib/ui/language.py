"""Which language this visitor reads, and the switch for it."""

import streamlit as st

from lib.i18n import LANGUAGES, Translator, choose

_CHOSEN = "language"
_PARAM = "lang"


def translator() -> Translator:
    """Return the visitor's language: what they switched to, else `?lang=`, else the browser's."""
    return Translator(_current())


def switch() -> None:
    """Draw the switch in the sidebar and keep the choice in the URL."""
    current = _current()
    with st.sidebar:
        chosen = st.segmented_control(
            "Language · 언어 · 言語",
            list(LANGUAGES),
            default=current,
            required=True,
            key="language_switch",
            format_func=LANGUAGES.__getitem__,
            width="stretch",
        )
    st.session_state[_CHOSEN] = chosen or current
    _remember(chosen or current)


def _current() -> str:
    return choose([st.session_state.get(_CHOSEN), st.query_params.get(_PARAM), st.context.locale])


def _remember(language: str) -> None:
    """Put the language into the URL, unless it is what the browser asks for anyway."""
    if _PARAM in st.query_params or language != choose([st.context.locale]):
        st.query_params[_PARAM] = language
