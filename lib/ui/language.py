"""Which language this visitor reads."""

import streamlit as st

from lib.i18n import Translator, choose

_CHOSEN = "language"
_PARAM = "lang"


def translator() -> Translator:
    """Return the visitor's language, ready to translate."""
    return Translator(current())


def current() -> str:
    """Return the visitor's language: what they switched to, else `?lang=`, else the browser's."""
    return choose([st.session_state.get(_CHOSEN), st.query_params.get(_PARAM), st.context.locale])


def switch(language: str) -> None:
    """Speak another language from now on."""
    st.session_state[_CHOSEN] = language


def remember() -> None:
    """Keep the language for this visit, and in the address unless it is what the browser asks for anyway."""
    st.session_state[_CHOSEN] = current()
    if _PARAM in st.query_params or current() != choose([st.context.locale]):
        st.query_params[_PARAM] = current()


def params() -> dict[str, str]:
    """Return what the address of another page of ours has to hold."""
    return {_PARAM: current()} if _PARAM in st.query_params else {}


def query() -> str:
    """Return the same as the end of an address."""
    return "".join(f"?{name}={value}" for name, value in params().items())
