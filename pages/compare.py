"""Compare models: side by side, on labelled photos, and by speed and size."""

import streamlit as st

from lib.errors import AppError
from lib.ui import choosing, intake, verdict_settings, views, visit
from lib.ui.compare import choose, labelled, side, speed
from lib.ui.language import translator
from lib.ui.models.loaded import classifier
from lib.ui.style import plain

t = translator()
st.title(t("Compare models"))
try:
    folders = choose.pick(t)
except AppError as error:
    st.error(plain(t.message(error.message)), icon=":material/error:")
    st.stop()
if not folders:
    st.stop()
chosen = verdict_settings.draw(t, *(folder.spec.output.classes for folder in folders))
parts = {"side": t("Side by side"), "labelled": t("On labelled photos"), "speed": t("Speed and size")}
part = choosing.segment(t, t("View"), parts, key="view")
try:
    match part:
        case "labelled":
            labelled.draw(t, folders, chosen)
        case "speed":
            speed.draw(t, folders)
        case _:
            asked = views.chosen(folders)
            classifiers = [classifier(folder) for folder in asked]
            intake.draw(t)
            if visit.current().album.photos:
                views.draw_for_all(t, folders)
                side.draw(t, asked, classifiers, chosen)
            else:
                st.info(t("Bring a photo to begin, or try a sample."), icon=":material/add_photo_alternate:")
except AppError as error:
    st.error(plain(t.message(error.message)), icon=":material/error:")
