"""What code the visitor asks for."""

from dataclasses import replace

import streamlit as st

from lib.classify.infer import Settings
from lib.embed import MOBILENETS, Input, Options, Target, TfjsMobilenet, Weights, matching
from lib.embed.options import PAGES, WEB
from lib.errors import UsageError
from lib.i18n import LANGUAGES, Translator
from lib.model.spec import ModelFolder
from lib.ui import choosing, views
from lib.ui.models import choice
from lib.ui.models.loaded import store
from lib.ui.style import plain

_MODEL = "embed_model"


def model(t: Translator) -> ModelFolder | TfjsMobilenet | None:
    """Draw the choice of a model; the one last used in Classify stands first."""
    own = {entry.spec.id: entry.folder for entry in store().ready() if entry.folder is not None}
    every: dict[str, ModelFolder | TfjsMobilenet] = {**own, **MOBILENETS}
    names = {key: found.name if isinstance(found, TfjsMobilenet) else found.spec.name for key, found in every.items()}
    wanted = st.session_state.get(_MODEL) or choice.last_chosen()
    if wanted not in every and (same := matching(wanted)) is not None:
        wanted = same.id
    chosen = st.selectbox(
        t("Model"),
        list(every),
        index=list(every).index(wanted) if wanted in every else 0,
        key=f"embed-model-{hash(tuple(names.values()))}",
        format_func=names.__getitem__,
    )
    if chosen is None:
        return None
    st.session_state[_MODEL] = chosen
    found = every[chosen]
    if isinstance(found, TfjsMobilenet):
        return found
    if (asked := views.as_chosen(found)) != found:
        st.caption(t("The model sees the whole photo, squeezed to fit."))
    return asked


def options(t: Translator, chosen: ModelFolder | TfjsMobilenet, settings: Settings) -> Options | None:
    """Draw all other choices; None, with the reason drawn, where they do not go together."""
    target = choosing.segment(t, t("Code for"), _targets(t), key="embed-target", wrap=True)
    try:
        asked = Options(chosen, target, t.language, settings.top, settings.thresholds)
        if asked.target in WEB:
            asked = _for_the_web(t, asked)
        return replace(asked, language=_language(t))
    except UsageError as error:
        st.warning(plain(t.message(error.message)), icon=":material/block:")
        return None


def _targets(t: Translator) -> dict[Target, str]:
    return {
        Target.SCRIPT: t("Script tag"),
        Target.MODULE: t("ES module"),
        Target.NPM: "npm (Vite)",
        Target.VUE: "Vue",
        Target.REACT: "React",
        Target.SVELTE: "Svelte",
        Target.PYTHON_LITERT: "Python (LiteRT)",
        Target.PYTHON_KERAS: "Python (Keras)",
        Target.ANDROID: "Android",
        Target.IOS: "iOS",
    }


def _for_the_web(t: Translator, asked: Options) -> Options:
    inputs = {Input.FILE: t("A file"), Input.CAMERA: t("The camera"), Input.IMG: t("An image on the page")}
    places = {Weights.DEFAULT: t("The usual place"), Weights.ADDRESS: t("My own address")}
    if asked.target in PAGES:
        places[Weights.BUNDLE] = t("The offline bundle")
    left, right = st.columns(2, wrap=True)
    with left:
        photo = choosing.entry(t, t("Photos come from"), inputs, key="embed-input")
    with right:
        place = choosing.entry(t, t("The model comes from"), places, key=f"embed-weights-{len(places)}")
    address = ""
    if place is Weights.ADDRESS:
        address = st.text_input(
            t("Address of the model"), "https://example.org/model/", key="embed-address", persist_state="session"
        )
    return replace(asked, input=photo, weights=place, address=address.strip())


def _language(t: Translator) -> str:
    own = list(LANGUAGES).index(t.language)
    return choosing.entry(t, t("Language of the sentences in the code"), LANGUAGES, key="embed-language", index=own)
