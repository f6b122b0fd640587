"""The page that says where photos go; `lib.server.promises` has what it says."""

from html import escape

import streamlit as st

from lib.i18n import Translator
from lib.server.promises import IN_SHORT, PARTS, Promise


def draw(t: Translator) -> None:
    """Draw the page."""
    st.html(html(t))


def html(t: Translator) -> str:
    """Return the page: in short, then a list for each thing that somebody can do."""
    short = "".join(f"<li>{escape(t.message(one))}</li>" for one in IN_SHORT)
    parts = "".join(
        f"<h2>{escape(t.message(part.title))}</h2>{''.join(_lines(t, one) for one in part.promises)}" for part in PARTS
    )
    title = escape(t("Where do my photos go?"))
    return f'<div class="promises"><h1>{title}</h1><ul class="short">{short}</ul>{parts}</div>'


def _lines(t: Translator, promise: Promise) -> str:
    told = {
        t("Leaves your device"): promise.leaves,
        t("Is kept"): promise.kept,
        t("How long"): promise.until,
        t("Who sees it"): promise.seen,
        t("How to end it"): promise.end,
    }
    lines = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(t.message(said))}</dd></div>"
        for name, said in told.items()
        if said is not None
    )
    action = escape(t.message(promise.action))
    return f'<section id="{promise.id}"><h3>{action}</h3><dl>{lines}</dl></section>'
