"""What the visitor can set: how many classes are listed, and the two numbers of the verdict."""

import streamlit as st

from lib.classify import TOP, Settings
from lib.i18n import Translator
from lib.verdict import FEW_CLASSES, FLOOR_RANGE, RATIO, RATIO_RANGE, Thresholds, default_floor, percent

_MAX_TOP = 10


def draw(t: Translator, classes: int) -> Settings:
    """Draw the settings in the sidebar and return them; each is in the URL when it is not the default.

    Args:
        t: The visitor's language.
        classes: K of the chosen model; the default floor depends on it.
    """
    default = default_floor(classes)
    floor_key = "floor" if classes > FEW_CLASSES else "floor20"
    with st.sidebar:
        st.subheader(t("Settings"))
        top = st.slider(t("Classes to list"), 1, _MAX_TOP, TOP, key="k", bind="query-params")
        ratio = st.slider(
            t("A rival has at least this share of the winner (default {value})", value=percent(RATIO)),
            *RATIO_RANGE,
            RATIO,
            step=0.05,
            format="percent",
            key="ratio",
            bind="query-params",
        )
        floor = st.slider(
            t("A winner below this is too weak (default {value})", value=percent(default)),
            *FLOOR_RANGE,
            default,
            step=0.05,
            format="percent",
            key=floor_key,
            bind="query-params",
        )
        st.caption(explain_thresholds(t, ratio, floor))
        if (top, ratio, floor) != (TOP, RATIO, default):
            keys = {"k": TOP, "ratio": RATIO, floor_key: default}
            st.button(t("Back to the defaults"), on_click=st.session_state.update, args=(keys,), icon=":material/undo:")
    return Settings(top, Thresholds(ratio, floor))


def explain_thresholds(t: Translator, ratio: float, floor: float) -> str:
    """Return in words, with an example, what the two numbers mean."""
    return t(
        "Now a result is clear if the winner has at least {floor}, and no other class has {ratio} of the winner's "
        "share: beside a winner of {example}, a class is a rival from {rival} on.",
        floor=percent(floor),
        ratio=percent(ratio),
        example=percent(0.6),
        rival=percent(0.6 * ratio),
    )
