"""The page Join: a QR code and an address that the whole room can read."""

from html import escape
from urllib.parse import urlsplit

import streamlit as st

from lib.i18n import Translator
from lib.server import qr
from lib.ui.classroom import going, host, where
from lib.ui.classroom.welcome import plain_note, room, trouble, warning
from lib.ui.models.markup import tag

_START = "make class"


def draw(t: Translator) -> None:
    """Draw the page: for the host of a class the code, for others who is one."""
    if not host.is_host():
        _say(t, t("This page is the teacher’s. It opens with the link in the terminal that started the class."))
    elif not where.is_class():
        _say(t, t("Only this computer can open the app now. To let a class in, end it and start it with:"), _START)
    elif addresses := where.for_others():
        st.html(_poster(t, addresses))
        going.draw(t)
    else:
        _say(t, t("This computer is on no network yet. Join the room’s Wi-Fi, then load this page again."))


def _say(t: Translator, sentence: str, command: str = "") -> None:
    title, code = t("Join"), tag("pre", "", inside=tag("code", command)) if command else ""
    st.html(f'<div class="join-none">{tag("h1", title)}{tag("p", sentence)}{code}</div>')


def _poster(t: Translator, addresses: tuple[str, ...]) -> str:
    """Return code and address; each part of the address in one piece, wherever the line is broken."""
    first, *others = addresses
    parts = urlsplit(first)
    shown = f"<span>{escape(parts.scheme)}://</span><wbr><b>{escape(parts.netloc)}</b>"
    alt, title = escape(t("QR code of {address}", address=first)), t("Point your phone’s camera here")
    notes = [warning(t) if parts.scheme == "https" else plain_note(t), trouble(t)]
    if others:
        notes.append(t("If that does not open, this computer also has: {addresses}", addresses=", ".join(others)))
    notes.append(room(t, first))
    return (
        f'<div class="join-poster"><img src="{qr.picture(first)}" alt="{alt}">'
        f'<div>{tag("h1", title)}<p class="join-address">{shown}</p>'
        f"{''.join(tag('p', note, 'join-note') for note in notes)}</div></div>"
    )
