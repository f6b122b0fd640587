"""Many things, a page at a time."""

import math
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
