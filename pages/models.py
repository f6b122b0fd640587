"""All models: the few to begin with, what the others are good for, and which of them are on this computer."""

import streamlit as st

from lib.ui.language import translator
from lib.ui.models import adding, page
from lib.ui.models.loaded import store
from lib.ui.style import plain

t = translator()
st.title(t("Pick a model"))
for error in store().problems():
    st.warning(plain(t.message(error.message)), icon=":material/warning:")
for section in (adding, page) if adding.is_asked() else (page, adding):
    section.draw(t)
