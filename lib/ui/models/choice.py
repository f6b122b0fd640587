"""Which model the visitor classifies with."""

from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager

import streamlit as st

from lib.catalogue.store import DEFAULT_ID, Entry, State
from lib.errors import AppError, ModelNotReadyError, UnknownModelError
from lib.i18n import Translator
from lib.ui.classroom import host
from lib.ui.models.download import only_host, short_state
from lib.ui.models.loaded import store
from lib.ui.style import plain

CHOSEN = "chosen_model"
_PARAM, _TURN = "model", "model_turn"


def pick(t: Translator, notes: AbstractContextManager[object]) -> Entry:
    """Draw the model picker and return the chosen model; the usual one if the one asked for is unknown.

    `?model=` chooses, and follows the choice.

    Args:
        t: The visitor's language.
        notes: Where what has to be said of the choice is drawn.
    """
    entries = {entry.spec.id: entry for entry in store().entries()}
    asked = st.session_state.get(CHOSEN) or st.query_params.get(_PARAM)
    wanted = store().current_id(asked or store().default_id())
    usual = entries[store().default_id()]
    if wanted not in entries:
        with notes:
            explain_unavailable(t, wanted, instead=usual.spec.name)
    names = distinct({model: entry.spec.name for model, entry in entries.items()})
    labels = {
        model: names[model] if entry.state is State.READY else f"{names[model]} · {short_state(t, entry)}"
        for model, entry in entries.items()
    }
    # The browser remembers an option by its words, so other words need another widget; so does a choice made elsewhere.
    key = f"model-{hash((tuple(labels.values()), st.session_state.get(_TURN)))}"
    index = list(entries).index(wanted) if wanted in entries else None
    with st.container(key="picker"):
        chosen = st.selectbox(
            t("Model"),
            list(entries),
            index,
            key=key,
            format_func=labels.__getitem__,
            placeholder=t("Choose a model"),
            label_visibility="collapsed",
        )
    if chosen is None:
        return usual
    st.session_state[CHOSEN] = chosen
    if chosen != st.query_params.get(_PARAM, DEFAULT_ID):
        st.query_params[_PARAM] = chosen
    with notes:
        explain_default(t, chosen)
    return entries[chosen]


def choose(model: str) -> None:
    """Choose a model beside the picker, which follows."""
    st.session_state[CHOSEN] = model
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def last_chosen() -> str:
    """Return the id of the model this visitor classified with last."""
    return str(st.session_state.get(CHOSEN) or store().default_id())


def explain_default(t: Translator, chosen: str) -> None:
    """Where the default model cannot be used and `chosen` takes its place, say why and what to do."""
    problem = store().find(DEFAULT_ID).problem
    if problem is not None and chosen == store().default_id():
        answers = t("For now “{model}” answers.", model=store().find(chosen).spec.name)
        st.info(plain(f"{answers} {t.message(problem.message)}"), icon=":material/info:")


def explain_unavailable(t: Translator, wanted: str, *, instead: str | None = None) -> None:
    """Say why the model `wanted` cannot be used: there is none of that id, or it is not here yet.

    Args:
        t: The visitor's language.
        wanted: Its id.
        instead: Name of the model that answers in its place.
    """
    try:
        store().open_folder(wanted)
    except AppError as error:
        advice: dict[type[AppError], str] = {
            ModelNotReadyError: t("You can download it on the Models page.") if host.is_host() else only_host(t),
            UnknownModelError: t("The Models page shows all models."),
        }
        answers = "" if instead is None else t("For now “{model}” answers.", model=instead)
        said = f"{t.message(error.message)} {advice.get(type(error), '')} {answers}"
        st.error(plain(said), icon=":material/error:")


def distinct(names: Mapping[str, str]) -> dict[str, str]:
    """Return the names of models, by id; those that several have are followed by the id, as choices go by words."""
    often = Counter(names.values())
    return {model: name if often[name] == 1 else f"{name} ({model})" for model, name in names.items()}
