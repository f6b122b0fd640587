"""How strict the verdict is, and how many classes are listed: in the address where it is not the default."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import streamlit as st

from lib.classify.infer import TOP, Settings
from lib.i18n import Translator
from lib.model.spec import ModelSpec, Novelty
from lib.verdict import DIGITS, FEW_CLASSES, FLOOR_RANGE, RATIO, RATIO_RANGE, Thresholds, default_floor, percent

MOST_LISTED = 10
_WIDE = 30  # steps to both sides of a threshold whose price nobody counted
Limits = tuple[float, float, float]  # lowest, highest, step


def read(spec: ModelSpec) -> Settings:
    """Return what the visitor chose for a model: in the address, else before, else nothing."""
    classes = spec.output.classes
    top = int(_number("k", TOP, int, (1, MOST_LISTED)))
    ratio = _number("ratio", RATIO, float, RATIO_RANGE)
    floor = _number(_floor_key(classes), default_floor(classes), float, FLOOR_RANGE)
    return Settings(
        top, Thresholds(ratio, None if floor == default_floor(classes) else floor), familiar=_read_familiar(spec)
    )


def _read_familiar(spec: ModelSpec) -> float | None:
    if spec.novelty is None:
        return None
    low, high, _ = _scale(spec.novelty)
    chosen = _number(_familiar_key(spec), spec.novelty.threshold, float, (low, high))
    return None if chosen == spec.novelty.threshold else chosen


def keep(spec: ModelSpec, chosen: Mapping[str, float]) -> None:
    """Note what the visitor chose: "top", "ratio", "floor" and, for a model that can say, "familiar"."""
    floor = default_floor(spec.output.classes)
    defaults: dict[str, float] = {"k": TOP, "ratio": RATIO, _floor_key(spec.output.classes): floor}
    values = {"k": int(chosen["top"]), "ratio": chosen["ratio"], _floor_key(spec.output.classes): chosen["floor"]}
    if spec.novelty is not None:
        threshold, key, (_, _, step) = spec.novelty.threshold, _familiar_key(spec), _scale(spec.novelty)
        is_own = abs(chosen["familiar"] - threshold) < step / 2  # a browser counts steps from the lowest number
        defaults[key], values[key] = threshold, threshold if is_own else round(chosen["familiar"], 4)
    for key, value in values.items():
        st.session_state[key] = value
        if value == defaults[key]:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = f"{value:g}"


def of_stage(t: Translator, spec: ModelSpec, settings: Settings) -> dict[str, object]:
    """Return what the stage's ranges show: values, defaults, limits, and the sentences that explain them."""
    floor = default_floor(spec.output.classes)
    sentence = t(
        "With these settings, a result is clear if the top class has at least {floor} and no other class "
        "reaches {ratio} of that. Example: if the top class has {example}, any class with {rival} or more is "
        "a rival.",
        floor="{floor}",
        ratio="{ratio}",
        example="{example}",
        rival="{rival}",
    )
    judged = settings.thresholds
    shown: dict[str, dict[str, Any]] = {
        "defaults": {"top": TOP, "ratio": RATIO, "floor": floor},
        "values": {"top": settings.top, "ratio": judged.ratio, "floor": judged.floor_for(spec.output.classes)},
        "labels": {
            "floor": t("Minimum probability of the winner (default {value})", value=percent(floor)),
            "ratio": t("Rival: at least this fraction of the top probability (default {value})", value=percent(RATIO)),
            "top": t("Classes to list"),
        },
        "limits": {"floor": [*FLOOR_RANGE, 0.05], "ratio": [*RATIO_RANGE, 0.05], "top": [1, MOST_LISTED, 1]},
    }
    if spec.novelty is not None:
        shown["defaults"]["familiar"] = spec.novelty.threshold
        shown["values"]["familiar"] = spec.novelty.threshold if settings.familiar is None else settings.familiar
        shown["labels"]["familiar"] = _label(t, spec.novelty)
        shown["limits"]["familiar"] = [*_scale(spec.novelty)]
    return {**shown, "sentence": sentence, "price": spec.novelty and _price(t, spec.novelty)}


def _label(t: Translator, novelty: Novelty) -> str:
    value = f"{novelty.threshold:.{DIGITS[novelty.method]}f}"
    if novelty.method == "max-logit":
        return t("Minimum vote of a familiar photo (default {value})", value=value)
    return t("Minimum likeness of a familiar photo (default {value})", value=value)


def _price(t: Translator, novelty: Novelty) -> dict[str, object]:
    """Return what the threshold costs, with gaps that the stage fills by it, and the shares that it fills them with."""
    prices = novelty.prices
    if prices is None:
        said = [t("The default keeps {known} of 100 clear answers about things it knows.", known="{known}")]
    else:
        said = [t("This keeps {known} of 100 clear answers about things it knows.", known="{known}")]
    if prices is not None and prices.unknown_clear is not None:
        said.append(t("Of 100 photos of other things, {unknown} still come out clear.", unknown="{unknown}"))
    if prices is not None and prices.elsewhere_kept is not None:
        said.append(
            t(
                "The price: of 100 clear answers about known things photographed elsewhere, {elsewhere} become "
                "unfamiliar, too.",
                elsewhere="{elsewhere}",
            )
        )
    else:
        said.append(t("On photos from elsewhere, more of them become unfamiliar; nobody has counted how many."))
    measured = {"known_kept": [novelty.known_kept]} if prices is None else asdict(prices)
    shares = {key: [*row] for key, row in measured.items() if row is not None}
    return {"digits": DIGITS[novelty.method], "sentence": " ".join(said), "shares": shares}


def _scale(novelty: Novelty) -> Limits:
    """Return the limits of the range, so that the model's own threshold is a whole number of steps above the lowest."""
    own, step = novelty.threshold, 10 ** -DIGITS[novelty.method]
    low, high = own - _WIDE * step, own + _WIDE * step
    if novelty.method == "class-mean":
        high = min(high, 1.0)  # no cosine is larger
    if novelty.prices is not None:
        low, high = novelty.prices.threshold[0], novelty.prices.threshold[-1]
    below, above = math.ceil((own - low) / step - 1e-9), math.ceil((high - own) / step - 1e-9)
    return round(own - below * step, 4), round(own + above * step, 4), step


def _familiar_key(spec: ModelSpec) -> str:
    return f"familiar-{spec.id}"  # its units are the model's own


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
