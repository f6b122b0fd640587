"""How strict the verdict is, and how many classes are listed: in the address where it is not the default."""

from collections.abc import Callable, Mapping

import streamlit as st

from lib.classify.infer import TOP, Settings
from lib.i18n import Translator
from lib.verdict import FEW_CLASSES, FLOOR_RANGE, RATIO, RATIO_RANGE, Thresholds, default_floor, percent

MOST_LISTED = 10


def read(classes: int) -> Settings:
    """Return what the visitor chose for a model of so many classes: in the address, else before, else nothing."""
    top = int(_number("k", TOP, int, (1, MOST_LISTED)))
    ratio = _number("ratio", RATIO, float, RATIO_RANGE)
    floor = _number(_floor_key(classes), default_floor(classes), float, FLOOR_RANGE)
    return Settings(top, Thresholds(ratio, None if floor == default_floor(classes) else floor))


def keep(classes: int, chosen: Mapping[str, float]) -> None:
    """Note what the visitor chose: "top", "ratio" and "floor"."""
    defaults = {"k": TOP, "ratio": RATIO, _floor_key(classes): default_floor(classes)}
    values = {"k": int(chosen["top"]), "ratio": chosen["ratio"], _floor_key(classes): chosen["floor"]}
    for key, value in values.items():
        st.session_state[key] = value
        if value == defaults[key]:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = f"{value:g}"


def of_stage(t: Translator, classes: int, settings: Settings) -> dict[str, object]:
    """Return what the stage's ranges show: values, defaults, limits, and the sentence that explains them."""
    sentence = t(
        "With these settings, a result is clear if the top class has at least {floor} and no other class "
        "reaches {ratio} of that. Example: if the top class has {example}, any class with {rival} or more is "
        "a rival.",
        floor="{floor}",
        ratio="{ratio}",
        example="{example}",
        rival="{rival}",
    )
    defaults = {"top": TOP, "ratio": RATIO, "floor": default_floor(classes)}
    values = {
        "top": settings.top,
        "ratio": settings.thresholds.ratio,
        "floor": settings.thresholds.floor_for(classes),
    }
    labels = {
        "floor": t("Minimum probability of the winner (default {value})", value=percent(defaults["floor"])),
        "ratio": t("Rival: at least this fraction of the top probability (default {value})", value=percent(RATIO)),
        "top": t("Classes to list"),
    }
    limits = {"floor": [*FLOOR_RANGE, 0.05], "ratio": [*RATIO_RANGE, 0.05], "top": [1, MOST_LISTED, 1]}
    return {"values": values, "defaults": defaults, "labels": labels, "limits": limits, "sentence": sentence}


def _floor_key(classes: int) -> str:
    return "floor20" if classes <= FEW_CLASSES else "floor"


def _number(key: str, default: float, kind: Callable[[str], float], limits: tuple[float, float]) -> float:
    """Return a number of the address; what is no number, or out of its range, counts as not said."""
    given = st.query_params.get(key)
    if given is not None:
        try:
            value = kind(given)
        except ValueError:
            value = default
        st.session_state[key] = value if limits[0] <= value <= limits[1] else default
    chosen: float = st.session_state.setdefault(key, default)
    st.session_state[key] = chosen  # where another page has a widget of this name, it goes with that page
    if chosen != default and st.query_params.get(key) != f"{chosen:g}":
        st.query_params[key] = f"{chosen:g}"
    return chosen
