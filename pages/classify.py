"""Classify photos: bring some, choose a model, see what it thinks and whether it is sure."""

import streamlit as st

from lib.catalogue.store import State
from lib.errors import AppError
from lib.ui.classify import explanation, knows, stage
from lib.ui.language import translator
from lib.ui.models import choice, loaded
from lib.ui.models.download import download_card
from lib.ui.style import plain

t = translator()
notes, room = st.container(), st.container(key="room")
with room:
    entry = choice.pick(t, notes)

folder, labels = None, ()
with notes:
    if entry.state is not State.READY:
        download_card(t, entry)
    else:
        try:
            folder = loaded.store().open_folder(entry.spec.id)
            loaded.classifier(folder)
            labels = folder.read_labels(t.language)
        except AppError as error:
            folder = None
            st.error(plain(t.message(error.message)), icon=":material/error:")
with room:
    stage.draw(t, entry, folder)
if labels:
    knows.draw(t, labels)
explanation.draw(t)
