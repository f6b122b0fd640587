"""All models: what they are, what their makers say of them, and whether they are on this computer."""

import streamlit as st

from lib.ui.language import translator
from lib.ui.models.cards import draw_catalogue
from lib.ui.models.loaded import store
from lib.ui.style import plain

t = translator()
st.title(t("Models"))
st.caption(
    t(
        "Models that are ready work without internet. Others are downloaded only when you press their button, or come "
        "with a Python package that their card names."
    )
)
for error in store().problems():
    st.warning(plain(t.message(error.message)), icon=":material/warning:")
draw_catalogue(t)
