"""What the visitor can set: how many classes are listed, and the two numbers of the verdict."""

from collections.abc import Sequence

import streamlit as st

from lib.classify.infer import TOP, Settings
from lib.i18n import Translator
from lib.verdict import FEW_CLASSES, FLOOR_RANGE, RATIO, RATIO_RANGE, Thresholds, default_floor, percent

_MAX_TOP = 10


def draw(t: Translator, *classes: int) -> Settings:
    """Draw the settings, folded, and return them; each is in the URL when it is not the default.

    Args:
        t: The visitor's language.
        classes: K of each chosen model; the default floor depends on it.
    """
    with st.popover(t("How strict?"), icon=":material/tune:"):
        top = st.slider(t("Classes to list"), 1, _MAX_TOP, TOP, key="k", bind="query-params")
        ratio = st.slider(
            t("Rival: at least this fraction of the top probability (default {value})", value=percent(RATIO)),
            *RATIO_RANGE,
            RATIO,
            step=0.05,
            format="percent",
            key="ratio",
            bind="query-params",
        )
        floor, key, default = _floor(t, classes)
        st.caption(explain_thresholds(t, ratio, default if floor is None else floor))
        if (top, ratio) != (TOP, RATIO) or floor is not None:
            defaults = {"k": TOP, "ratio": RATIO, key: default}
            st.button(
                t("Back to the defaults"), on_click=st.session_state.update, args=(defaults,), icon=":material/undo:"
            )
    return Settings(top, Thresholds(ratio, floor))


def _floor(t: Translator, classes: Sequence[int]) -> tuple[float | None, str, float]:
    """Draw the floor; return it, None for each model's own default, and the key and default of its slider."""
    defaults = {default_floor(count) for count in classes}
    default = min(defaults)
    key = "floor20" if default == default_floor(FEW_CLASSES) else "floor"
    if len(defaults) > 1 and not st.toggle(t("The same minimum for all models"), key="same_floor"):
        st.caption(
            t(
                "The winner needs at least {few} in models with up to {n} classes, and {many} in larger ones.",
                few=percent(max(defaults)),
                many=percent(default),
                n=FEW_CLASSES,
            )
        )
        return None, key, default
    floor = st.slider(
        t("Minimum probability of the winner (default {value})", value=percent(default)),
        *FLOOR_RANGE,
        default,
        step=0.05,
        format="percent",
        key=key,
        bind="query-params",
    )
    is_own_default = floor == default and len(defaults) == 1
    return (None if is_own_default else floor), key, default


def explain_thresholds(t: Translator, ratio: float, floor: float) -> str:
    """Return in words, with an example, what the two numbers mean."""
    return t(
        "With these settings, a result is clear if the top class has at least {floor} and no other class "
        "reaches {ratio} of that. Example: if the top class has {example}, any class with {rival} or more is "
        "a rival.",
        floor=percent(floor),
        ratio=percent(ratio),
        example=percent(0.6),
        rival=percent(0.6 * ratio),
    )
