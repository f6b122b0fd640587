"""A photo and what a model says of it, as every page shows them."""

from html import escape

import streamlit as st

from lib.classify.preprocess import seen
from lib.i18n import Translator
from lib.messages import Message
from lib.model.spec import InputSpec
from lib.photos.framing import framed
from lib.results import Failure, Outcome
from lib.server.album import Photo
from lib.ui.style import SIGNS
from lib.ui.views import has_frame
from lib.verdict import explain, explain_group, explain_kind, sure_group


def draw_picture(t: Translator, photo: Photo, look: InputSpec) -> None:
    """Draw a photo, or the place where it would be, if it could be decoded.

    Args:
        t: The visitor's language.
        photo: The photo.
        look: How the model looks at it: the part that it sees is framed, where it is much less than the whole.
    """
    if photo.thumbnail is None or photo.size_wh is None:
        st.html('<div class="no-picture" aria-hidden="true">✕</div>')
        return
    picture, alt = photo.thumbnail, t("Photo {file}", file=photo.name)
    if has_frame(photo, look):
        picture = framed(picture, photo.size_wh, seen(photo.size_wh, look))
        alt = t("Photo {file}. The model sees the part inside the frame.", file=photo.name)
    st.image(picture, width="stretch", output_format="JPEG", alt=alt)


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
    return escape(t.message(message))
