"""Classify photos: bring some, choose a model, see what it thinks and whether it is sure."""

import streamlit as st

from lib.catalogue.store import State
from lib.errors import AppError
from lib.ui import intake, verdict_settings, views, visit
from lib.ui.classify import explanation, results
from lib.ui.language import translator
from lib.ui.models import choice, loaded
from lib.ui.models.cards import draw_classes
from lib.ui.models.download import download_card
from lib.ui.style import plain

t = translator()
st.title(t("What does the model see?"))
st.caption(
    t(
        "Photos stay in the memory of the computer that runs this app, and are forgotten half an hour after the page "
        "is closed, if not earlier."
    )
)

entry = choice.pick(t)
if entry is None:
    st.stop()
chosen = verdict_settings.draw(t, entry.spec.output.classes)
if entry.state is not State.READY:
    download_card(t, entry)

intake.draw(t)
album = visit.current().album
if entry.state is State.READY:
    try:
        folder = loaded.store().open_folder(entry.spec.id)
        (asked,) = views.chosen([folder])
        classifier = loaded.classifier(asked)
        labels = folder.read_labels(t.language)
    except AppError as error:
        st.error(plain(t.message(error.message)), icon=":material/error:")
        st.stop()
    if album.photos:
        results.draw(t, album, folder, classifier, labels, chosen)
    else:
        st.info(t("Bring a photo to begin, or try a sample."), icon=":material/add_photo_alternate:")
    draw_classes(t, labels)

explanation.draw(t, expanded=not album.photos)
