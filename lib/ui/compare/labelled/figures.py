"""The figures of an evaluation: accuracy, confusion, calibration, and what the verdicts are worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import PurePosixPath

import streamlit as st

from lib.charts import evaluation as charts
from lib.datasets.matching import explain_basis
from lib.errors import AppError
from lib.evaluation import conformal
from lib.evaluation.accuracy import Confusion, fold
from lib.evaluation.calibration import points
from lib.evaluation.evaluate import Evaluation, ModelFigures, notes_on
from lib.evaluation.shares import INTERVALS, with_interval
from lib.evaluation.shift import explain_change
from lib.evaluation.significance import explain_difference
from lib.evaluation.verdicts import KIND_NAMES, VERDICTS_NOTE, accuracy_words
from lib.i18n import Translator
from lib.messages import N_
from lib.reports.evaluation import evaluation_csv, evaluation_json
from lib.reports.page import report
from lib.ui.compare.labelled.intake import draw_skipped
from lib.ui.style import SIGNS, ink, plain
from lib.ui.tables import table
from lib.ui.takeaway import offer
from lib.verdict import percent

_MOST_SHOWN = 24
_MOST_CLASSES = 30


@dataclass(frozen=True, slots=True)
class Done:
    """A finished evaluation.

    Attributes:
        evaluation: The figures.
        thumbnails: By position of the photo.
    """

    evaluation: Evaluation
    thumbnails: Mapping[int, bytes]

    @property
    def held_bytes(self) -> int:
        """Return how much memory it takes."""
        answers = sum(model.answers.probabilities.nbytes for model in self.evaluation.models)
        return answers + sum(map(len, self.thumbnails.values()))


def draw_figures(t: Translator, done: Done) -> None:
    """Draw the figures, the photos behind them, and what can be taken away."""
    evaluation = done.evaluation
    for note in notes_on(evaluation):
        st.info(plain(t.message(note)), icon=":material/info:")
    draw_skipped(t, evaluation.photos.skipped)  # above the figures: what is missing is not found below them
    st.subheader(t("How often each model is right"))
    st.html(_accuracy_table(t, evaluation))
    st.caption(t(INTERVALS))
    for pair in evaluation.pairs:
        names = evaluation.names(pair)
        basis = explain_basis(pair.agreement.common.basis)
        found = [] if pair.difference is None else [explain_difference(pair.difference, *names)]
        found.append(basis if pair.change is None else explain_change(pair.change, *names))
        st.markdown("\n".join(f"- {plain(t.message(sentence))}" for sentence in found))
    st.subheader(t("What the verdicts are worth"))
    st.html(_verdict_table(t, evaluation))
    st.caption(t(VERDICTS_NOTE))
    curves = {model.answers.name: model.curve for model in evaluation.models}
    _show(charts.coverage_curves(curves, t, ratio=evaluation.thresholds.ratio, ink=ink()))
    st.subheader(t("One model, closer"))
    every = [model.answers.name for model in evaluation.models]
    closer = st.segmented_control(
        t("Model"), every, default=every[0], required=True, key=f"closer-{hash(tuple(every))}", format_func=plain
    )
    model = evaluation.models[every.index(closer or every[0])]
    _confusion(t, done, model)
    _calibration(t, model)
    _prediction_sets(t, evaluation, model)
    _downloads(t, done)


def _show(chart: dict[str, object]) -> None:
    st.vega_lite_chart(chart, width="stretch")


def _accuracy_table(t: Translator, evaluation: Evaluation) -> str:
    heads = [t("Model"), t("Photos"), t("Top-1"), t("Top-5"), t("Calibration error (percentage points)")]
    rows = [
        [m.answers.name, str(m.hits.photos), with_interval(m.top1), with_interval(m.top5), points(m.ece)]
        for m in evaluation.models
    ]
    return table(heads, rows)


def _verdict_table(t: Translator, evaluation: Evaluation) -> str:
    kinds = {kind: f"{sign} {t(KIND_NAMES[kind])}" for kind, sign in SIGNS.items()}
    rows = []
    for model in evaluation.models:
        cells = [model.answers.name]
        for kind in kinds:
            figures = model.verdicts[kind]
            right = "" if figures.accuracy is None else t("{percent} right", percent=accuracy_words(figures.accuracy))
            cells.append(f"{percent(figures.share.value)} · {right}" if right else percent(figures.share.value))
        rows.append(cells)
    return table([t("Model"), *kinds.values()], rows)


def _confusion(t: Translator, done: Done, model: ModelFigures) -> None:
    st.markdown("**" + t("Which classes it confuses (confusion matrix)") + "**")
    st.caption(t("Rows: what the photos show. Columns: what the model said. Click a cell to see its photos."))
    confusion, classes = fold(model.confusion, _MOST_CLASSES), len(model.confusion.names)
    if len(confusion.names) < classes:
        told = N_("Of {classes} classes, the {shown} with most mistakes are shown; all others are “something else”.")
        st.caption(t(told, classes=classes, shown=_MOST_CLASSES))
    chart = charts.confusion_map(confusion, t, ink=ink())
    event = st.vega_lite_chart(chart, width="stretch", on_select="rerun", key=f"confusion-{model.answers.model}")
    picked = event.selection.get("cell", []) if event else []
    if picked:
        _cell(t, done, model, confusion, int(picked[0]["true"]), int(picked[0]["answered"]))
    with st.expander(t("Class by class"), icon=":material/table_rows:"):
        _show(charts.class_bars(model.per_class, t, ink=ink()))


def _cell(t: Translator, done: Done, model: ModelFigures, confusion: Confusion, true: int, answered: int) -> None:
    names = [*confusion.names, t("something else")]
    photos = confusion.photos(true, answered)
    values = {"true": names[true], "answered": names[answered], "n": len(photos)}
    if true == answered:
        words = t("{true}, classified correctly: {n}", **values)
    else:
        words = t("{true} classified as {answered}: {n}", **values)
    if len(photos) > _MOST_SHOWN:
        words += " · " + t("the first {shown} are shown", shown=_MOST_SHOWN)
    st.html(f'<p class="cell">{escape(words)}</p>')
    grid = st.grid(min_column_width=120, gap="small")
    for position in photos[:_MOST_SHOWN]:
        name = done.evaluation.photos.photos[position].source.name
        with grid.cell():
            if (small := done.thumbnails.get(position)) is not None:
                st.image(small, width="stretch", output_format="JPEG", alt=name)
            short = f"{PurePosixPath(name).name} · {model.answers.said(position)}"
            st.html(f'<p class="file" title="{escape(name)}">{escape(short)}</p>')


def _calibration(t: Translator, model: ModelFigures) -> None:
    with st.expander(t("Can you trust its confidence? (calibration)"), icon=":material/straighten:"):
        st.caption(
            t(
                "A model that says 80% should be right in 80% of such cases. Bars below the line: it is too sure of "
                "itself. The calibration error is the average distance from the line: {ece} percentage points.",
                ece=points(model.ece),
            )
        )
        _show(charts.reliability_diagram(model.bins, t, ink=ink()))


def _prediction_sets(t: Translator, evaluation: Evaluation, model: ModelFigures) -> None:
    with st.expander(t("Several answers instead of one"), icon=":material/playlist_add_check:"):
        wanted = st.slider(
            t("How many lists should hold the right class"), 0.5, 0.99, conformal.COVERAGE, 0.01, format="percent"
        )
        try:
            sets = conformal.prediction_sets(
                model.own, evaluation.labels, model.matching, evaluation.photos.titles, coverage=wanted
            )
        except AppError as error:
            st.info(plain(t.message(error.message)), icon=":material/info:")
            return
        st.markdown(plain(t.message(conformal.explain_sets(sets))))


def _downloads(t: Translator, done: Done) -> None:
    evaluation, name = done.evaluation, "discern-comparison"
    with st.container(horizontal=True):
        offer(
            t("Report to hand out (HTML)"),
            lambda: report(evaluation, t, thumbnails=done.thumbnails),
            f"{name}.html",
            icon=":material/description:",
        )
        offer(t("Table (CSV)"), lambda: evaluation_csv(evaluation, t), f"{name}.csv")
        offer("JSON", lambda: evaluation_json(evaluation, t), f"{name}.json")
