"""A count of how often a model's answers were right, kept with the model: for its cards, and below every verdict."""

from hashlib import sha256

import streamlit as st

from lib.catalogue.counted import Counted
from lib.errors import AppError
from lib.evaluation.evaluate import Evaluation, ModelFigures
from lib.face import track_record
from lib.i18n import Translator
from lib.ui.classroom import host
from lib.ui.models.loaded import store
from lib.ui.style import plain
from lib.ui.visit import current

_MOST_LETTERS = 80  # of the photos' name


def draw(t: Translator, evaluation: Evaluation) -> None:
    """Draw the offer to keep the count, for each model that has none, or a smaller one of a visitor."""
    owner = sha256(current().id.encode()).hexdigest()[:32]  # the id itself opens the visit
    models = [model for model in evaluation.models if _may_keep(model, owner)]
    if not models or not host.only(t("In a class only the teacher can keep this count with the model.")):
        return
    title = t("Keep this count with the model")
    with st.expander(title, key="keep-count", icon=":material/fact_check:", on_change="rerun"):  # it stays open
        st.caption(
            t(
                "It is then shown with the model and below its answers, for everybody who uses this computer, until "
                "the model is deleted. A count of more photos takes its place."
            )
        )
        is_unseen = st.checkbox(t("No model learned from these photos"), key="unseen")
        for model in models:
            _offer(t, evaluation, model, owner, is_unseen=is_unseen)


def _may_keep(model: ModelFigures, owner: str) -> bool:
    return store().may_keep(model.answers.model, owner, model.by_itself.photos)


def _offer(t: Translator, evaluation: Evaluation, model: ModelFigures, owner: str, *, is_unseen: bool) -> None:
    answers = model.answers
    record = model.by_itself.record(evaluation.photos.name[:_MOST_LETTERS], is_unseen=is_unseen)
    told = track_record.summary(t, record)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(answers.name)}**: {plain(told)}")
        if not st.button(t("Keep"), key=f"keep-{answers.model}", icon=":material/save:"):
            return
    try:
        store().keep_record(answers.model, Counted(record, owner, answers.sha256))
    except AppError as error:
        st.error(plain(t.message(error.message)), icon=":material/error:")
    else:
        st.success(t("Kept."), icon=":material/check:")
