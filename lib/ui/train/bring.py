"""The way to a model that was trained elsewhere."""

import streamlit as st

from lib.i18n import Translator
from lib.ui import language
from lib.ui.models.adding import ASKED


def draw(t: Translator) -> None:
    """Draw the link."""
    st.page_link(
        "pages/models.py",
        label=t("Bring a model from Teachable Machine"),
        icon=":material/upload_file:",
        query_params={ASKED: "1", **language.params()},
    )
