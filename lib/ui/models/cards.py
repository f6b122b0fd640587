"""A card for each model, and what a model knows."""

import streamlit as st

from lib.catalogue import packaged
from lib.catalogue.store import Entry, State
from lib.i18n import Translator
from lib.messages import N_
from lib.model.spec import OURS, Published
from lib.ui.models.choice import CHOSEN
from lib.ui.models.download import draw_download, short_state
from lib.ui.models.loaded import store
from lib.ui.style import plain, span
from lib.work.files import size_words

# What the models that come with the app are for.
PURPOSES = {
    "efficientnet-lite0-int8": N_("A thousand kinds of things, there from the first minute."),
    "efficientnet-lite0": N_("The same network before its numbers were rounded to 8 bits: to see what that changes."),
    "starter": N_("Twenty everyday things, taught to a network that had already learned to see."),
    "starter-scratch": N_("Twenty everyday things, learned from nothing: how far a small network comes by itself."),
    "starter-small": N_("The same twenty things, weak on purpose: mistakes to find and to explain."),
    "starter-xception": N_("The same twenty things, by a network that is built in another way."),
}
_ICONS = {
    State.READY: ":material/check:",
    State.DOWNLOADABLE: ":material/cloud_download:",
    State.INSTALLABLE: ":material/extension:",
}


def draw_classes(t: Translator, labels: tuple[str, ...]) -> None:
    """Draw, folded, what a model can answer at all; nothing teaches its limits better."""
    with st.expander(t("What this model knows: {n} classes", n=len(labels)), icon=":material/category:"):
        names = " ".join(span(label, "known") for label in labels)
        st.html(f'<p class="knows">{names}</p>')


def draw_catalogue(t: Translator) -> None:
    """Draw a card for each model, by family, those that are ready first."""
    families: dict[str, list[Entry]] = {}
    for entry in store().entries():
        families.setdefault(entry.spec.family, []).append(entry)
    for family, entries in families.items():
        st.subheader(plain(family))
        grid = st.grid(min_column_width=300, gap="small")
        for entry in entries:
            with grid.cell(), st.container(border=True, key=f"model-{entry.spec.id}"):
                _card(t, entry)


def _card(t: Translator, entry: Entry) -> None:
    spec = entry.spec
    ready = entry.state is State.READY
    st.markdown(f"**{plain(spec.name)}**")
    st.badge(
        short_state(t, entry),
        icon=_ICONS[entry.state],
        color="green" if ready else "gray",
    )
    if spec.id in PURPOSES:
        st.markdown(plain(t(PURPOSES[spec.id])))
    st.caption(plain(" · ".join(_facts(t, entry))))
    if ready and spec.source.get("kind") == packaged.KIND:
        package = str(spec.source["package"]).partition("==")[0]
        st.caption(plain(t("Its weights come inside the Python package {package}.", package=package)))
    if spec.published is not None:
        figures, source = _figures(t, spec.published), spec.published.source
        if spec.family == OURS:
            st.caption(plain(t("Measured by us: {figures}, {source}", figures=figures, source=source)))
        else:
            st.caption(t("Published by its makers: {figures}", figures=figures))
            st.caption(plain(t("Source: {source}", source=source)))
    if ready:
        if st.button(t("Classify with it"), key=f"use-{spec.id}", icon=":material/image_search:"):
            st.session_state[CHOSEN] = spec.id
            st.switch_page("pages/classify.py")
    else:
        draw_download(t, entry)


def _facts(t: Translator, entry: Entry) -> list[str]:
    spec = entry.spec
    width, height = spec.input.size_wh
    facts = [
        t("{n} classes", n=spec.output.classes),
        f"{width} × {height} px",
        spec.licence,
    ]
    if entry.size_bytes is not None:
        facts.insert(0, size_words(entry.size_bytes))
    return facts


def _figures(t: Translator, published: Published) -> str:
    figures = []
    if published.top1 is not None:
        figures.append(f"top-1 {published.top1:.1%}")
    if published.top5 is not None:
        figures.append(f"top-5 {published.top5:.1%}")
    if published.parameters is not None:
        millions = published.parameters / 1e6
        figures.append(f"{millions:.1f} M parameters" if millions >= 0.1 else f"{millions:.2f} M parameters")
    return t.listed(figures)
