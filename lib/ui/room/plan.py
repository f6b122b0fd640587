"""The plan for ninety minutes with a class: on the screen with a clock, and on paper."""

from urllib.parse import urlencode

import streamlit as st

from lib.i18n import Translator
from lib.lessons import plan
from lib.ui import language, web

PARAM, NAME = "view", "plan"  # in the address of the page Room


def is_asked() -> bool:
    """Whether the address asks for the plan."""
    return bool(st.query_params.get(PARAM) == NAME)


def address() -> str:
    """Return where the plan is."""
    return f"/room?{urlencode({PARAM: NAME, **language.params()})}"


def draw(t: Translator) -> None:
    """Draw the plan."""
    web.component("plan")(
        key="plan",
        height="content",
        data={
            "html": plan.html(t),
            "say": {
                "title": t(plan.TITLE),
                "toRoom": t("To the room"),
                "print": t("Print"),
                "start": t("Start the clock"),
                "stop": t("Stop the clock"),
                "now": t("Minute {n} of {total}", n="{n}", total="{total}"),
                "over": t("Minute {n}: the time is over", n="{n}"),
            },
            "room": f"/room{language.query()}",
        },
    )
