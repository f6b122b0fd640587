"""One of several, chosen by its words. The browser remembers the words, so every language has a widget of its own."""

from collections.abc import Mapping
from typing import Any, TypeVar

import streamlit as st

from lib.i18n import Translator
from lib.ui import address

K = TypeVar("K")


def segment(t: Translator, label: str, words: Mapping[K, str], *, key: str, **looks: Any) -> K:
    """Draw options side by side and return the chosen one; the first is chosen beforehand.

    Args:
        t: The visitor's language.
        label: What is chosen, in words.
        words: What each option is called; at least one.
        key: Unique on the page.
        looks: As Streamlit's.
    """
    first, *_ = options = list(words)
    chosen = st.segmented_control(
        label,
        options,
        default=first,
        required=True,
        key=f"{key}-{t.language}",
        format_func=words.__getitem__,
        **looks,
    )
    return first if chosen is None else chosen


def entry(t: Translator, label: str, words: Mapping[K, str], *, key: str, index: int = 0, **looks: Any) -> K:
    """Draw a list that opens and return the chosen option; arguments as for `segment`, and which one stands first."""
    options = list(words)
    chosen = st.selectbox(label, options, index, key=f"{key}-{t.language}", format_func=words.__getitem__, **looks)
    return options[index] if chosen is None else chosen


def part(t: Translator, label: str, words: Mapping[str, str], *, param: str) -> str:
    """Draw the parts of a page side by side and return the one that is open; `?param=` opens one, and follows.

    Args:
        t: The visitor's language.
        label: What is chosen, in words; for screen readers.
        words: What each part is called; the first is open beforehand.
        param: Of the address.
    """
    first, *_ = options = list(words)
    asked, key = address.begin(param, f"{param}-{t.language}", first)
    begun = asked if asked in words else first
    chosen = st.segmented_control(
        label,
        options,
        default=begun,
        required=True,
        key=key,
        format_func=words.__getitem__,
        label_visibility="collapsed",
    )
    part = begun if chosen is None else chosen
    address.end(param, first, None if part == begun else part)
    return part
