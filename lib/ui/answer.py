"""A photo and what a model says of it, as every page shows them."""

from html import escape

import streamlit as st

from lib.i18n import Translator
from lib.results import Failure, Outcome
from lib.server.album import Photo
from lib.ui.style import SIGNS
from lib.verdict import explain


def draw_picture(t: Translator, photo: Photo) -> None:
    """Draw a photo, or the place where it would be, if it could be decoded."""
    if photo.thumbnail is not None:
        st.image(photo.thumbnail, width="stretch", output_format="JPEG", alt=t("Photo {file}", file=photo.name))
    else:
        st.html('<div class="no-picture" aria-hidden="true">✕</div>')


def file_line(photo: Photo) -> str:
    """Return a photo's name as HTML."""
    return f'<p class="file" title="{escape(photo.name)}">{escape(photo.name)}</p>'


def verdict_line(t: Translator, outcome: Outcome) -> str:
    """Return the verdict as HTML, or why there is none."""
    if isinstance(outcome, Failure):
        return f'<p class="verdict failed"><b>✕</b> {escape(t.message(outcome.error.message))}</p>'
    kind = outcome.verdict.kind
    look = "ambiguous" if kind.is_ambiguous else "clear"
    sentence = escape(t.message(explain(outcome.verdict)).replace(" %", "\u00a0%"))  # never broken before the sign
    return f'<p class="verdict {look}" data-verdict="{kind}"><b>{SIGNS[kind]}</b> {sentence}</p>'
