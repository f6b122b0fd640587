"""The stage: one component that holds all that a visitor does with photos on the page Classify.

Photos and answers travel by the routes of `lib.server.photos`, without a run of the page. A run tells the component
what changes every answer: model, language, thresholds. The component tells the page what the visitor chose of these.
"""

from functools import partial
from html import escape

import streamlit as st

from lib.catalogue.store import Entry, State
from lib.face import card
from lib.face.answer import message_box
from lib.face.words import things
from lib.i18n import Translator
from lib.model.spec import ModelFolder, ModelSpec
from lib.server import limits
from lib.server.asked import Asked
from lib.ui import language, views, visit, web
from lib.ui.classify import samples, strictness
from lib.ui.classify.words import names, said
from lib.ui.models import choice
from lib.ui.models.loaded import store

_KEY = "stage"


def draw(t: Translator, entry: Entry, folder: ModelFolder | None) -> None:
    """Draw the stage.

    Args:
        t: The visitor's language.
        entry: The chosen model.
        folder: It, as it looks at photos by itself; None if it is not ready: photos wait.
    """
    own = entry.spec.input
    settings = strictness.read(entry.spec)
    is_whole = folder is not None and views.chosen(folder) != folder
    mine = visit.current()
    web.component("stage")(
        key=_KEY,
        height="content",
        data={
            "visit": mine.id,
            "query": Asked(entry.spec.id, is_whole, settings, t.language).query(),
            "isReady": folder is not None,
            "photos": [[photo.id, photo.order, photo.name] for photo in mine.album.photos],
            "model": entry.spec.id,
            "models": _others(),
            "canBeWhole": own != own.looking_at_all(),
            "isWhole": is_whole,
            "strict": strictness.of_stage(t, entry.spec, settings),
            "samples": [
                {"name": sample.name, "title": t(sample.title), "src": samples.address(sample)}
                for sample in samples.shown()
            ],
            "example": samples.example(t, folder) if folder else None,
            "boxes": {
                "looking": card.waiting(t, t("Classifying …")),
                "stopped": card.waiting(t, t("Not classified yet")),
                "held": card.waiting(
                    t, t("Waiting"), t("The model is not on this computer yet. Your photos wait for it.")
                ),
                "failed": message_box("fail", escape(t("No answer")), "{reason}"),
            },
            "facts": _facts(t, entry),
            "where": f"/photos{language.query()}",
            "most": limits.PHOTO_BYTES,
            "say": said(t),
            "names": names(t),
        },
        on_model_change=_choose,
        on_strict_change=partial(_set, entry.spec),
        on_whole_change=partial(views.turn, entry.spec.id),
        on_lost_change=lambda: None,  # a run is all that it asks for: the visit is kept again
    )


def _others() -> list[dict[str, str]]:
    ready = {entry.spec.id: entry.spec.name for entry in store().entries() if entry.state is State.READY}
    return [{"id": model, "name": name} for model, name in choice.distinct(ready).items()]


def _facts(t: Translator, entry: Entry) -> str:
    return t(
        "{model} knows {things}. Photos stay in the memory of the computer that runs this app, and are forgotten "
        "{minutes} minutes after you close the page.",
        minutes=round(limits.PROMISED_S / 60),
        model=entry.spec.name,
        things=things(t, entry.spec.output.classes),
    )


def _choose() -> None:
    choice.choose(st.session_state[_KEY]["model"])


def _set(spec: ModelSpec) -> None:
    strictness.keep(spec, st.session_state[_KEY]["strict"])
