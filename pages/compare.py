"""Compare models: side by side, on labelled photos, and by speed and size."""

from html import escape

import streamlit as st

from lib.errors import AppError
from lib.ui import choosing, verdict_settings
from lib.ui.compare import choose, labelled, side, speed
from lib.ui.language import translator
from lib.ui.style import plain

t = translator()
title = t("Compare models")
st.html(f'<h1 class="unseen">{escape(title)}</h1>')
bar = st.container(horizontal=True, vertical_alignment="center", key="compare-bar")
parts = {"side": t("Side by side"), "labelled": t("On labelled photos"), "speed": t("Speed and size")}
with bar:
    part = choosing.part(t, t("View"), parts, param="show")
try:
    folders = choose.pick(t, bar, least=1 if part == "labelled" else choose.LEAST)
    if not folders:
        st.stop()
    with bar:
        chosen = verdict_settings.draw(t, *(folder.spec.output.classes for folder in folders))
    match part:
        case "labelled":
            labelled.draw(t, folders, chosen)
        case "speed":
            speed.draw(t, folders)
        case _:
            side.draw(t, folders, chosen, bar)
except AppError as error:
    st.error(plain(t.message(error.message)), icon=":material/error:")
