"""Many things, a page at a time."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st

T = TypeVar("T")


def pages(items: list[T], size: int, *, key: str) -> list[T]:
    """Return those of `items` that are on the page chosen; the choice is drawn if there is more than one page."""
    count = math.ceil(len(items) / size)
    if count <= 1:
        return items
    page = st.pagination(count, key=f"{key}-{count}")
    return items[(page - 1) * size : page * size]


@contextmanager
def on_pages(items: Sequence[T], size: int, *, key: str) -> Iterator[Sequence[T]]:
    """Yield those of `items` that are on the page chosen; the choice stands above and below what is drawn meanwhile."""
    count = math.ceil(len(items) / size)
    if count <= 1:
        yield items
        return
    above, below = (f"{key}-{count}-{place}" for place in ("above", "below"))
    page = st.pagination(count, key=above, on_change=_follow, args=(above, below))
    yield items[(page - 1) * size : page * size]
    st.pagination(count, key=below, on_change=_follow, args=(below, above))


def _follow(moved: str, other: str) -> None:
    st.session_state[other] = st.session_state[moved]
