"""Speed and size: measured here and now, beside what the makers published."""

from collections.abc import Callable, Sequence

import streamlit as st

from lib.charts.speed import Spot, speed_and_accuracy
from lib.evaluation.speed import FRAME_MS, Benchmark, Measurement, benchmark
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.ui import waiting
from lib.ui.classroom import host
from lib.ui.compare.labelled import last_evaluation
from lib.ui.models import words
from lib.ui.style import plain
from lib.ui.tables import table
from lib.work.files import size_words
from lib.work.jobs import Job, Kind

_JOB = "benchmark"


def draw(t: Translator, folders: Sequence[ModelFolder]) -> None:
    """Draw the button that measures, and the figures measured last for these models."""
    st.write(
        t(
            "Each model is timed on this computer in its own process, with 1, 2, 4 … threads, up to the number of CPU "
            "cores."
        )
    )
    subject = tuple(folder.spec.id for folder in folders)
    job = waiting.find(_JOB)
    again = job is not None and job.subject == subject
    label = t("Measure again") if again else t("Measure")
    is_open = job is None or not (again and job.is_live)
    may_measure = is_open and host.only(t("In a class only the teacher can measure: it needs the whole computer."))
    if may_measure and st.button(label, type="primary", icon=":material/speed:"):
        job = waiting.begin(t, Kind.BENCHMARK, _JOB, _work(folders), subject=subject)
    ended = waiting.watch(t, job, t("Measuring. Other work on this computer would disturb it. Step:"))
    if ended is not None and ended.subject == subject and isinstance(ended.result, Benchmark):
        _figures(t, ended.result, folders)


def _work(folders: Sequence[ModelFolder]) -> Callable[[Job], Benchmark]:
    return lambda job: benchmark(folders, on_progress=job.tell, cancelled=job.cancelled)


def _figures(t: Translator, result: Benchmark, folders: Sequence[ModelFolder]) -> None:
    if result.reason is not None:
        st.warning(plain(t.message(result.reason)), icon=":material/volume_up:")
    else:
        st.success(t("Nothing else was running: the times are accurate to about ±15%."), icon=":material/volume_off:")
    for failed in result.failures:
        st.error(plain(t.message(failed.error.message)), icon=":material/error:")
    names = {folder.spec.id: folder.spec.name for folder in folders}
    heads = [
        t("Model"),
        t("Threads"),
        t("Model only: one photo (ms)"),
        t("Nine of ten take at most (ms)"),
        t("From file to answer: photos per second"),
        t("Memory"),
        t("File size"),
        t("Live video"),
    ]
    rows = [
        [
            names[m.model],
            str(m.threads),
            f"{m.median_ms:.1f}",
            f"{m.p90_ms:.1f}",
            f"{m.photos_per_s:.0f}",
            "–" if m.memory_bytes is None else size_words(m.memory_bytes),
            size_words(m.bytes),
            "✓ " + t("keeps up") if m.keeps_up_with_video else "✕ " + t("too slow"),
        ]
        for m in result.measurements
    ]
    st.html(table(heads, rows))
    meanings = [
        t("Model only: the time for one photo that is already resized. Half of the photos take less."),
        t("From file to answer: JPEG files are opened and resized too, and all CPU cores work at once."),
        t(
            "Live video: 30 frames per second. A model keeps up if it needs at most {ms} ms for a photo, and "
            "at least 30 photos per second get from file to answer.",
            ms=f"{FRAME_MS:.0f}",
        ),
    ]
    st.caption("\n".join(f"- {plain(meaning)}" for meaning in meanings))
    _against_accuracy(t, result, names)
    _published(t, result, names)


def _against_accuracy(t: Translator, result: Benchmark, names: dict[str, str]) -> None:
    """Draw speed against accuracy, if these models were evaluated on labelled photos."""
    evaluation = last_evaluation()
    accuracy = {m.answers.model: m.top1.value for m in evaluation.models} if evaluation is not None else {}
    best: dict[str, Measurement] = {}
    for m in result.measurements:
        if m.model not in best or m.median_ms < best[m.model].median_ms:
            best[m.model] = m
    spots = [
        Spot(names[model], m.median_ms, accuracy[model], m.bytes / 1e6)
        for model, m in best.items()
        if model in accuracy
    ]
    st.subheader(t("Speed and accuracy"))
    if evaluation is None or len(spots) < len(best):
        st.info(t("First evaluate these models on labelled photos. Then this chart shows speed and accuracy together."))
        return
    told = t(
        "Accuracy on {photos} photos from {name}, at each model's fastest number of threads. Circle size: file size. "
        "Connected models: no other model is better in both speed and accuracy.",
        photos=len(evaluation.photos.photos),
        name=evaluation.photos.name,
    )
    st.caption(plain(told))
    st.vega_lite_chart(speed_and_accuracy(spots, t), width="stretch")


def _published(t: Translator, result: Benchmark, names: dict[str, str]) -> None:
    published = {m.model: m.published for m in result.measurements if m.published is not None}
    if not published:
        return
    has_top5 = any(figures.top5 is not None for figures in published.values())
    rows = [
        [
            names[model],
            *("–" if share is None else f"{share:.1%}" for share in (figures.top1, figures.top5)[: 1 + has_top5]),
            words.source(t, figures.source),
        ]
        for model, figures in published.items()
    ]
    st.subheader(t("What the makers published"))
    st.html(table([t("Model"), t("Top-1"), *([t("Top-5")] if has_top5 else []), t("Source")], rows))
