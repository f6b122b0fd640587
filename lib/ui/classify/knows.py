"""What a model knows: the list of its classes, folded, and searchable where it is long."""

import streamlit as st

from lib.i18n import Translator
from lib.ui.style import span

_FEW = 40
KEY = "knows"


def draw(t: Translator, labels: tuple[str, ...]) -> None:
    """Draw the list; nothing teaches a model's limits better. It is made only when it is open."""
    title = t("What this model knows: {n} classes", n=len(labels))
    panel = st.expander(title, key=KEY, icon=":material/category:", on_change="rerun")
    if not panel.open:
        return
    with panel:
        wanted = st.text_input(t("Search"), key="knows-search").strip().casefold() if len(labels) > _FEW else ""
        found = [label for label in labels if wanted in label.casefold()]
        names = " ".join(span(label, "known") for label in found) or t("It knows nothing with that name.")
        st.html(f'<p class="knows">{names}</p>')
