"""The three columns of the page Train, one component: collect photos, watch the model learn, see how good it is.

Photos and answers travel by the routes of `lib.server.projects`, without a run of the page. The component tells the
page which projects this browser has, and when the present one has changed, so that the sections below follow.
"""

from html import escape

import streamlit as st

from lib.face.answer import empty_bars, message_box
from lib.i18n import Translator
from lib.ui import language, web
from lib.ui.models.choice import choose
from lib.ui.train import current
from lib.ui.train.words import said

_KEY = "train"


def draw(t: Translator) -> None:
    """Draw the columns, and do what was pressed in them."""
    nothing = message_box(
        "busy", escape(t("Not learned yet")), escape(t("Give two classes some photos first.")), heading=3
    )
    ready = message_box("busy", escape(t("Ready to look")), escape(t("Start the camera, or try a photo.")), heading=3)
    mine = current.browser()
    told = web.component("train")(
        key=_KEY,
        height="content",
        data={
            "language": t.language,
            "asked": current.asked(),
            "known": " ".join(mine.known),
            "deleted": mine.deleted,
            "version": mine.version,
            "boxes": {"waiting": nothing + empty_bars(t, 2), "ready": ready + empty_bars(t, 2)},
            "photos": f"/photos{language.query()}",
            "say": said(t),
        },
        on_projects_change=lambda: current.keep(st.session_state[_KEY]["projects"]),
        on_version_change=_follow,
        on_use_change=lambda: None,
        on_code_change=lambda: None,
    )
    if not any(mine.known) and not mine.deleted and told.projects:  # a server started anew: the page said so before
        current.keep(told.projects)
        mine.version = told.version or 0
    if told.use:
        choose(told.use)
        st.switch_page("pages/classify.py", query_params={"model": told.use, **language.params()})
    if told.code:
        st.switch_page("pages/embed.py", query_params={"model": told.code, **language.params()})


def _follow() -> None:
    current.browser().version = st.session_state[_KEY]["version"]
