"""A photo and what a model says of it, as every page shows them."""

from html import escape

import streamlit as st

from lib.i18n import Translator
from lib.messages import Message
from lib.results import Failure, Outcome
from lib.server.album import Photo
from lib.ui.style import SIGNS
from lib.verdict import explain, explain_group, explain_kind, sure_group


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
    verdict, group = outcome.verdict, outcome.group
    look = "ambiguous" if verdict.kind.is_ambiguous else "clear"
    marks = f'data-verdict="{verdict.kind}"' + (f' data-group="{group.verdict}"' if group else "")
    sign = f"<b>{SIGNS[verdict.kind]}</b>"
    if (sure := sure_group(verdict, group)) is not None:
        # What the model is sure of is the answer; what it is not sure of stands below, with the sign of that.
        kind = _sentence(t, explain_kind(sure, verdict))
        said = f'<strong>{_sentence(t, explain_group(sure))}</strong> <span class="which">{sign} {kind}</span>'
    else:
        said = f"{sign} {_sentence(t, explain(verdict))}"
    return f'<p class="verdict {look}" {marks}>{said}</p>'


def _sentence(t: Translator, message: Message) -> str:
    """Return a sentence as HTML, never broken before a percent sign."""
    return escape(t.message(message).replace(" %", "\u00a0%"))
