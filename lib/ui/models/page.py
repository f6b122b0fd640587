"""The page Models: what is drawn, and what comes of a click."""

from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import streamlit as st

from lib.catalogue.finding import knows_imagenet
from lib.catalogue.store import Entry
from lib.charts.catalogue import PICKED, Spot, size_and_accuracy
from lib.errors import AppError
from lib.evaluation.speed import Benchmark
from lib.i18n import Translator
from lib.ui import waiting, web
from lib.ui.classroom import host
from lib.ui.models import address, download, words
from lib.ui.models.address import Address
from lib.ui.models.choice import CHOSEN
from lib.ui.models.details import details
from lib.ui.models.loaded import store
from lib.ui.models.markup import tag
from lib.ui.models.shelf import Download, Shelf, begin_with, search, table
from lib.ui.visit import keep
from lib.work.jobs import Job, JobState, Kind
from lib.work.queue import server_queue

_POLL_S = 0.4
_SAID, _USE, _CHARTS = "models_said", "models_use", "models_charts"


def draw(t: Translator) -> None:
    """Draw the page; while something is downloaded, again and again."""
    is_busy = _is_busy()
    st.fragment(_body, run_every=_POLL_S if is_busy else None)(t, is_busy)


def _body(t: Translator, is_polled: bool) -> None:
    keep()
    if model := st.session_state.pop(_USE, None):
        st.session_state[CHOSEN] = model
        st.switch_page("pages/classify.py")
    if _is_busy() is not is_polled:
        st.rerun()
    entries, here, said = store().entries(), address.read(st.query_params), st.session_state.get(_SAID, "")
    chosen = None
    if here.model:
        try:
            chosen = store().find(here.model)
        except AppError as error:
            said = t.message(error.message)
    downloads = {entry.spec.id: stand for entry in entries if (stand := _download(t, entry.spec.id)) is not None}
    shelf = Shelf(t, here, entries, downloads, _speeds(), said, is_host=host.is_host())
    _mount(t, "few", begin_with(shelf))
    with st.container(key="models-all"):
        left, right = st.columns([1.25, 1], gap="medium")
        with left:
            _mount(t, "search", search(shelf))
            _mount(t, "table", table(shelf))
        with right, st.container(key="models-picture"):
            _chart(t, here, entries)
    _mount(t, "details", "" if chosen is None else details(shelf, chosen))


def _mount(t: Translator, name: str, html: str) -> None:
    key = f"models-{name}"
    web.component("models")(key=key, data={"html": html}, on_did_change=partial(_pressed, t, key), height="content")


def _pressed(t: Translator, key: str) -> None:
    """Do what the visitor pressed; what is wrong with it is said on the page."""
    st.session_state.pop(_SAID, None)
    try:
        _do(st.session_state[key]["did"])
    except AppError as error:
        st.session_state[_SAID] = t.message(error.message)


def _do(did: Any) -> None:
    here = address.read(st.query_params)
    match did:
        case {"do": "go", "to": str(link)}:
            _go(address.read(dict(parse_qsl(link.removeprefix("?")))))
        case {"do": "search", "words": str(looked_for)}:
            _go(here.but(words=looked_for))
        case {"do": "use", "model": str(model)}:
            st.session_state[_USE] = store().find(model).spec.id
        case {"do": "get", "model": str(model)}:
            download.start(store().find(model).spec.id)
        case {"do": "stop", "model": str(model)}:
            download.stop(model)
        case {"do": "delete", "model": str(model)}:
            host.require()
            store().remove(model)
            if st.session_state.get(CHOSEN) == model:
                del st.session_state[CHOSEN]
            _go(here.but())


def _go(there: Address) -> None:
    """Put an address into the browser's bar; what other pages put there stays."""
    here = address.read(st.query_params)
    st.query_params.from_dict(Address(there.wish, there.is_long, there.model, here.others).params)


def _is_busy() -> bool:
    return any(job.kind is Kind.DOWNLOAD for job in server_queue().live())


def _download(t: Translator, model: str) -> Download | None:
    """Return how the download of a model stands, or ended; None if there was none."""
    job = download.find(model)
    if job is None:
        told = t("The server was stopped in the middle of this download.")
        return Download(told, has_failed=True) if download.is_interrupted(model) else None
    job.check()
    if job.is_live:
        may_stop = download.may_stop(job) and not job.is_stopping
        return Download(waiting.job_words(t, job), job.progress.fraction or 0.0, may_stop)
    return _ended(t, job)


def _ended(t: Translator, job: Job) -> Download | None:
    if job.error is not None:
        return Download(t.message(job.error.message), has_failed=True)
    return Download(t("Cancelled.")) if job.state is JobState.CANCELLED else None


def _speeds() -> dict[str, float]:
    """Return what this visitor measured last on the page Compare: milliseconds a photo, by model."""
    job = waiting.find("benchmark")
    result = None if job is None else job.result
    measurements = result.measurements if isinstance(result, Benchmark) else ()
    return {m.model: m.median_ms for m in sorted(measurements, key=lambda m: -m.median_ms)}


def _chart(t: Translator, here: Address, entries: tuple[Entry, ...]) -> None:
    """Draw accuracy against size; a click on a point opens the model's details."""
    spots = [
        Spot(entry.spec.id, entry.spec.name, entry.size_bytes, share, entry.folder is not None)
        for entry in entries
        if knows_imagenet(entry) and entry.size_bytes is not None and (share := words.top1(entry)) is not None
    ]
    told = t(
        "How many ImageNet photos each model gets right, and how large it is. Filled: ready. On the line: no smaller "
        "model is better."
    )
    st.html(tag("h2", t("Bigger is not always better")) + tag("p", told, "small soft"))
    # A picked point stays picked, and could not be picked again: each time it is another chart.
    key = f"models-chart-{st.session_state.setdefault(_CHARTS, 0)}"
    alt = t("Accuracy against size of {n} models. The table holds the same figures.", n=len(spots))
    chart = size_and_accuracy(spots, t)
    st.vega_lite_chart(chart, width="stretch", alt=alt, key=key, on_select=partial(_picked, key))


def _picked(key: str) -> None:
    picked = st.session_state[key].selection.get(PICKED, [])
    if picked:
        st.session_state[_CHARTS] += 1
        _go(address.read(st.query_params).but(model=str(picked[0]["id"])))
