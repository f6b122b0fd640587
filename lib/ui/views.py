"""Which part of a photo models look at: each its own, or at the visitor's wish the whole of it."""

from collections.abc import Sequence

import streamlit as st

from lib.i18n import Translator
from lib.model.spec import ModelFolder

_WHOLE = "shown_whole_photos"  # ids of models; the session keeps them from page to page
_PARAM, _ALL, _SAID = "view", "whole", "address_of_view"


def chosen(model: ModelFolder) -> ModelFolder:
    """Return a model as the visitor has it look at photos; `?view=whole` chooses, and follows.

    Args:
        model: As it looks by itself.
    """
    own = {model.spec.id}
    whole = st.session_state.setdefault(_WHOLE, own if st.query_params.get(_PARAM) == _ALL else set())
    if not own <= whole:
        st.query_params.pop(_PARAM, None)
    elif st.query_params.get(_PARAM) != _ALL:
        st.query_params[_PARAM] = _ALL
    return as_chosen(model)


def chosen_for_all(models: Sequence[ModelFolder]) -> list[ModelFolder]:
    """Return models as the visitor has them look at photos; `?view=whole` chooses for all of them.

    The address changes when the button is pressed, never by itself (`lib.ui.address` says why).

    Args:
        models: As they look by themselves.
    """
    state, ids = st.session_state, {model.spec.id for model in models}
    whole = state.setdefault(_WHOLE, set())
    is_all = st.query_params.get(_PARAM) == _ALL
    was_all, before = state.get(_SAID, (False, ids))
    if is_all and (not was_all or ids != before):  # a link, Back, or other models
        state[_WHOLE] = whole | ids
    elif was_all and not is_all:
        state[_WHOLE] = whole - ids
    state[_SAID] = is_all, ids
    return [as_chosen(model) for model in models]


def as_chosen(model: ModelFolder) -> ModelFolder:
    """Return a model as the visitor has it look at photos, on a page that does not ask."""
    is_whole = model.spec.id in st.session_state.get(_WHOLE, ())
    return model.looking_as(model.spec.input.looking_at_all()) if is_whole else model


def turn(model: str) -> None:
    """Let a model look at whole photos, or at its own part again, by its id; the address follows."""
    whole = st.session_state[_WHOLE] = st.session_state.get(_WHOLE, set()) ^ {model}
    if model in whole:
        st.query_params[_PARAM] = _ALL
    else:
        st.query_params.pop(_PARAM, None)


def draw_for_all(t: Translator, models: Sequence[ModelFolder]) -> None:
    """Draw the button that shows whole photos to several models, or no longer; nothing if they see all by themselves.

    Args:
        t: The visitor's language.
        models: As they look by themselves.
    """
    cutting = [model for model in models if model.spec.input != model.spec.input.looking_at_all()]
    if not cutting:
        return
    is_whole = {model.spec.id for model in cutting} <= st.session_state[_WHOLE]
    label = t("Back to their own parts") if is_whole else t("Let all see the whole photo")
    _button(label, cutting, is_whole=is_whole)


def _button(label: str, models: Sequence[ModelFolder], *, is_whole: bool) -> None:
    if st.button(label, key="whole-photo", type="tertiary", icon=":material/fit_screen:"):
        ids = {model.spec.id for model in models}
        whole = st.session_state[_WHOLE]
        st.session_state[_WHOLE] = whole - ids if is_whole else whole | ids
        if is_whole:
            st.query_params.pop(_PARAM, None)
        else:
            st.query_params[_PARAM] = _ALL
        st.rerun()
