"""Embed: code that runs the model in a web page of one's own, at work here beside the app's answer."""

import streamlit as st

from lib.embed import render
from lib.errors import AppError
from lib.model.spec import ModelFolder
from lib.ui import verdict_settings
from lib.ui.embed import ask, code, live
from lib.ui.language import translator
from lib.ui.style import plain

t = translator()
st.title(t("Put it on your web page"))
st.caption(t("Code that runs the model where you want it, with the same verdict in the same words."))
model = ask.model(t)
if model is None:
    st.stop()
chosen = verdict_settings.draw(t, model.spec.output.classes if isinstance(model, ModelFolder) else 1000)
options = ask.options(t, model, chosen)
if options is None:
    st.stop()
try:
    code.draw(t, options, render(options))
    live.draw(t, options)
except AppError as error:
    st.error(plain(t.message(error.message)), icon=":material/error:")
