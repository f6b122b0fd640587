"""What code the visitor asks for."""

from collections.abc import Collection
from dataclasses import replace

import streamlit as st

from lib.embed import MOBILENETS, Input, Options, Target, TfjsMobilenet, Weights, matching
from lib.embed.options import WEB
from lib.errors import UsageError
from lib.i18n import LANGUAGES, Translator
from lib.model.spec import ModelFolder
from lib.ui import address, choosing, verdict_settings, views
from lib.ui.models import choice
from lib.ui.models.loaded import store
from lib.ui.style import plain

_PARAM, _MODEL = "for", "model"  # of the address
_OF_GROUP = {
    "web": (Target.SCRIPT, Target.MODULE),
    "frameworks": (Target.NPM, Target.VUE, Target.REACT, Target.SVELTE),
    "python": (Target.PYTHON_LITERT, Target.PYTHON_KERAS),
    "android": (Target.ANDROID,),
    "ios": (Target.IOS,),
}


def options(t: Translator) -> Options | None:
    """Draw all choices; None, with the reason drawn, where there is no such code."""
    group = choosing.part(t, t("Code for"), _groups(t), param=_PARAM)
    targets = _targets(t)
    among = {target: targets[target] for target in _OF_GROUP[group]}
    try:
        with st.container(horizontal=True, vertical_alignment="center"):
            target = next(iter(among))
            if len(among) > 1:
                target = choosing.segment(t, t("Which"), among, key=f"embed-{group}", label_visibility="collapsed")
            model = _model(t)
            if model is None:
                return None
            settings = verdict_settings.draw(t, model.spec.output.classes if isinstance(model, ModelFolder) else 1000)
            return _more(t, Options(model, target, t.language, settings.top, settings.thresholds))
    except UsageError as error:
        st.warning(plain(t.message(error.message)), icon=":material/block:")
        return None


def _groups(t: Translator) -> dict[str, str]:
    return {
        "web": t("Web page"),
        "frameworks": t("JavaScript project"),
        "python": "Python",
        "android": "Android",
        "ios": "iOS",
    }


def _targets(t: Translator) -> dict[Target, str]:
    return {
        Target.SCRIPT: t("Script tag"),
        Target.MODULE: t("ES module"),
        Target.NPM: "npm (Vite)",
        Target.VUE: "Vue",
        Target.REACT: "React",
        Target.SVELTE: "Svelte",
        Target.PYTHON_LITERT: "LiteRT",
        Target.PYTHON_KERAS: "Keras",
        Target.ANDROID: "Android",
        Target.IOS: "iOS",
    }


def _model(t: Translator) -> ModelFolder | TfjsMobilenet | None:
    """Draw the choice of a model; `?model=` chooses, and follows. Beforehand it is the one last used in Classify."""
    own = {entry.spec.id: entry.folder for entry in store().ready() if entry.folder is not None}
    every: dict[str, ModelFolder | TfjsMobilenet] = {**own, **MOBILENETS}
    names = {key: found.name if isinstance(found, TfjsMobilenet) else found.spec.name for key, found in every.items()}
    usual = _one_of(every, choice.last_chosen()) or next(iter(every))
    asked, key = address.begin(_MODEL, f"embed-model-{hash(tuple(names.values()))}", usual)
    begun = _one_of(every, asked) or usual
    chosen = st.selectbox(
        t("Model"),
        list(every),
        index=list(every).index(begun),
        key=key,
        format_func=names.__getitem__,
        label_visibility="collapsed",
        width=300,
    )
    address.end(_MODEL, usual, None if chosen == begun else chosen)
    if chosen is None:
        return None
    found = every[chosen]
    if isinstance(found, TfjsMobilenet):
        return found
    if (seen := views.as_chosen(found)) != found:
        st.caption(t("The model sees the whole photo, squeezed to fit."))
    return seen


def _one_of(every: Collection[str], wanted: str) -> str | None:
    """Return which of the models `wanted` is, by its own id, an earlier one or that of the same model elsewhere."""
    same = matching(wanted)
    ids = (wanted, store().current_id(wanted), same.id if same else "")
    return next((id_ for id_ in ids if id_ in every), None)


def _more(t: Translator, asked: Options) -> Options:
    """Draw the choices that few need, folded.

    Raises:
        UsageError: These choices do not go together.
    """
    with st.popover(t("Options"), icon=":material/settings:"):
        if asked.target in WEB:
            asked = _for_the_web(t, asked)
        own = list(LANGUAGES).index(t.language)
        label = t("Language of the sentences in the code")
        language = choosing.entry(t, label, LANGUAGES, key="embed-language", index=own)
    return replace(asked, language=language)


def _for_the_web(t: Translator, asked: Options) -> Options:
    inputs = {Input.FILE: t("A file"), Input.CAMERA: t("The camera"), Input.IMG: t("An image on the page")}
    places = {Weights.DEFAULT: t("The usual place"), Weights.ADDRESS: t("My own address")}
    photo = choosing.entry(t, t("Photos come from"), inputs, key="embed-input")
    place = choosing.entry(t, t("The model comes from"), places, key="embed-weights")
    own_address = ""
    if place is Weights.ADDRESS:
        own_address = st.text_input(
            t("Address of the model"), "https://example.org/model/", key="embed-address", persist_state="session"
        )
    complete = st.toggle(
        t("All in one file"), key="embed-complete", help=t("Without discern.js and model.json beside the page.")
    )
    return replace(asked, input=photo, weights=place, address=own_address.strip(), complete=complete)
