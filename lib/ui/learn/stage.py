"""The page Learn, one component: all lessons, or a step of one.

Steps, pictures and answers travel by the routes of `lib.server.lessons`, without a run of the page. The component tells
the page which lesson is open, so that the address says it: `?lesson=sure` or `?lesson=sure/2`.
"""

import streamlit as st

from lib.i18n import Translator
from lib.lessons import player
from lib.lessons.pictures import SHOWN
from lib.server import limits
from lib.server.asked import Asked
from lib.ui import visit, web
from lib.ui.models.loaded import store

_KEY, _PARAM = "learn", "lesson"


def draw(t: Translator) -> None:
    """Draw the page."""
    mine, at = visit.current(), _at()
    lesson = player.find(at.partition("/")[0])
    progress = mine.lessons
    number = int(at.partition("/")[2] or 0)
    first = player.overview(t, progress) if lesson is None else player.frame(t, lesson, number, progress)
    web.component("learn")(
        key=_KEY,
        height="content",
        data={
            "visit": mine.id,
            "at": at,
            "first": first,
            "missing": t("There is no such lesson.") if _is_missing() else "",
            "language": t.language,
            "query": Asked(store().default_id(), language=t.language).query(),
            "used": SHOWN,
            "most": limits.PHOTO_BYTES,
            "say": {
                "lost": t("The computer that runs Discern does not answer. Trying again …"),
                "broken": t("This step cannot be shown: something went wrong. Try other pictures."),
                "tooLarge": t("{file} is too large: photos can have up to {most} MB.", file="{file}", most="{most}"),
                "unusable": t("{file} could not be used.", file="{file}"),
                "bringing": t("Bringing in photos: {done} of {n} …", done="{done}", n="{n}"),
                "newest": t("{n} photos brought in. Lessons use the newest {most}.", n="{n}", most=SHOWN),
            },
        },
        on_at_change=_follow,
        on_lost_change=lambda: None,  # a run is all that it asks for: the visit is kept again
    )


def _at() -> str:
    """Return which step the address names: "pixels/0", or "" for all lessons."""
    name, _, number = st.query_params.get(_PARAM, "").partition("/")
    lesson = player.find(name)
    if lesson is None:
        return ""
    place = int(number) - 1 if number.isdecimal() and len(number) < 3 else 0
    return f"{lesson.id}/{min(max(place, 0), len(lesson.steps) - 1)}"


def _is_missing() -> bool:
    """Return whether the address names a lesson that is none."""
    name, _, _ = st.query_params.get(_PARAM, "").partition("/")
    return bool(name) and player.find(name) is None


def _follow() -> None:
    name, _, number = str(st.session_state[_KEY]["at"]).partition("/")
    if player.find(name) is None:
        st.query_params.pop(_PARAM, None)
    else:
        st.query_params[_PARAM] = f"{name}/{int(number or 0) + 1}"
