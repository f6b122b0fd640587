"""The way to a model that was trained elsewhere."""

import streamlit as st

from lib.i18n import Translator
from lib.ui import language
from lib.ui.classroom import host
from lib.ui.models.adding import ASKED


def draw(t: Translator) -> None:
    """Draw the link, for who may add models."""
    if not host.only(t("In a class only the teacher can add models.")):
        return
    st.page_link(
        "pages/models.py",
        label=t("Bring a model from Teachable Machine"),
        icon=":material/upload_file:",
        query_params={ASKED: "1", **language.params()},
    )
