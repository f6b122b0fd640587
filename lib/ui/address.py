"""What a visitor chose, in the address: a reload, a link and the browser's Back bring it back.

The address changes when a visitor chooses, never by itself: each entry of the browser's history is a choice, and
whoever has just come to a page leaves it with one press of Back.
"""

from collections.abc import Callable

import streamlit as st


def begin(param: str, key: str, default: str, read: Callable[[str], object]) -> str:
    """Return what is chosen before a widget is drawn, and give it to the widget, which has no default of its own.

    Args:
        param: Of the address.
        key: The widget's.
        default: What the address leaves out, as it would say it.
        read: Turns what is chosen into the widget's value.
    """
    said = st.query_params.get(param)
    is_new = key not in st.session_state  # the page was just opened, or speaks another language
    if said is not None if is_new else said != st.session_state.get(_seen(param)):  # a link, or Back
        st.session_state[_kept(param)] = default if said is None else said
        is_new = True
    chosen = str(st.session_state.get(_kept(param), default))
    if is_new:
        st.session_state[key] = read(chosen)
    return chosen


def end(param: str, default: str, chosen: str | None) -> None:
    """Put what a visitor has just chosen into the address, once the widget is drawn; None for no change.

    A run that another one cuts short in between has not followed the address yet; the next one does.
    """
    if chosen is not None:
        st.session_state[_kept(param)] = chosen
        if chosen == default:
            st.query_params.pop(param, None)
        else:
            st.query_params[param] = chosen
    st.session_state[_seen(param)] = st.query_params.get(param)


def _kept(param: str) -> str:
    return f"address_{param}"


def _seen(param: str) -> str:
    return f"address_seen_{param}"
