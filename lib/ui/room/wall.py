"""The page Room, one component: the wall of a class that meets, which its teacher shows on the projector.

Everything of a room travels by the routes of `lib.server.room.teacher`, without a run of the page. The component tells
the page which room is open, so that the address says it: `?room=ID`. The room's key is a cookie, not in the address.
"""

import re
from urllib.parse import urlencode

import streamlit as st

from lib.catalogue.store import State
from lib.i18n import Translator
from lib.ui import language, web
from lib.ui.classroom import host, welcome, where
from lib.ui.models.choice import distinct
from lib.ui.models.loaded import store
from lib.ui.models.markup import tag
from lib.ui.room import plan
from lib.ui.room.words import said

_KEY, _PARAM = "room", "room"
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)


def draw(t: Translator) -> None:
    """Draw the wall for the host; to others say where phones join."""
    if not host.is_host():
        st.html(_for_others(t))
        return
    web.component("room")(
        key=_KEY,
        height="content",
        data={
            "language": t.language,
            "room": _asked(),
            "isClass": where.is_class(),
            "models": _models(),
            "help": [welcome.warning(t) if where.is_secure() else welcome.plain_note(t), welcome.trouble(t)],
            "train": f"/train?{urlencode({**language.params(), 'project': ''})}",
            "links": _links(t),
            "say": said(t),
        },
        on_room_change=_follow,
    )


def _for_others(t: Translator) -> str:
    title, sentence, way = (
        t("Room"),
        t("Only the teacher opens a room. To join one, scan its code, or type it here:"),
        t("Join a room"),
    )
    link = tag("a", way, "btn main", href=f"/r{language.query()}")
    return f'<div class="room-none">{tag("h1", title)}{tag("p", sentence)}<p>{link}</p></div>'


def _links(t: Translator) -> list[dict[str, str]]:
    """Return the pages that go with a room."""
    return [
        {"href": plan.address(), "words": t("Plan for ninety minutes")},
        {"href": f"/photos{language.query()}", "words": t("Where do my photos go?")},
    ]


def _asked() -> str:
    """Return the id of the room that the address names, "" for none."""
    asked = str(st.query_params.get(_PARAM, ""))
    return asked if _ID.fullmatch(asked) else ""


def _models() -> list[dict[str, str]]:
    ready = {entry.spec.id: entry.spec.name for entry in store().entries() if entry.state is State.READY}
    return [{"id": model, "name": name} for model, name in distinct(ready).items()]


def _follow() -> None:
    told = str(st.session_state[_KEY]["room"] or "")
    if _ID.fullmatch(told):
        st.query_params[_PARAM] = told
    else:
        st.query_params.pop(_PARAM, None)
