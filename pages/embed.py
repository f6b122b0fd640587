"""Code: what runs the model in a page or an app of one's own, at work beside it."""

import streamlit as st

from lib.embed import render
from lib.errors import AppError
from lib.ui.embed import ask, code, live
from lib.ui.language import translator
from lib.ui.style import plain

t = translator()
st.title(t("Use the model in your own page or app"))
same, programs, how = (
    t("The same answers in the same words as here, wherever it runs."),
    t("A program of yours can also ask this server:"),
    t("how that goes"),
)
st.caption(f"{same} {programs} [{how}](/api/v1/docs).")
options = ask.options(t)
if options is None:
    st.stop()
left, right = st.columns([6, 5])
try:
    with left:
        code.draw(t, options, render(options))
    with right:
        live.draw(t, options)
except AppError as error:
    st.error(plain(t.message(error.message)), icon=":material/error:")
