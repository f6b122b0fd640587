"""What a visitor chose, in the address: a reload, a link and the browser's Back bring it back.

The address changes when a visitor chooses, never by itself: each entry of the browser's history is a choice, and
whoever has just come to a page leaves it with one press of Back.
"""

import streamlit as st


def begin(param: str, name: str, default: str) -> tuple[str, str]:
    """Return what is chosen before a widget is drawn, and the widget's key.

    Where the address says something new, the key is new: what a browser remembers of the widget before counts no more.

    Args:
        param: Of the address.
        name: Of the widget; another one for other options.
        default: What the address leaves out, as it would say it.
    """
    said, state = st.query_params.get(param), st.session_state
    turn = state.get(f"turn of {param}", 0)
    is_open = f"{name}-{turn}" in state  # else the page was just opened, or speaks another language
    if said != state.get(f"address of {param}") if is_open else said is not None:  # Back, or a link
        state[f"chosen {param}"] = default if said is None else said
        state[f"turn of {param}"] = turn = turn + 1
    return str(state.get(f"chosen {param}", default)), f"{name}-{turn}"


def end(param: str, default: str, chosen: str | None) -> None:
    """Put what a visitor has just chosen into the address, once the widget is drawn; None for no change.

    A run that another one cuts short in between has not followed the address yet; the next one does.
    """
    if chosen is not None:
        st.session_state[f"chosen {param}"] = chosen
        if chosen == default:
            st.query_params.pop(param, None)
        else:
            st.query_params[param] = chosen
    st.session_state[f"address of {param}"] = st.query_params.get(param)
