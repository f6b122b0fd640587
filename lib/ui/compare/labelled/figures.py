"""What came of an evaluation: the answer first, then what stands behind it. Everything counted opens its photos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

import streamlit as st

from lib.charts import evaluation as charts
from lib.errors import AppError
from lib.evaluation import behind, conformal, unknown
from lib.evaluation.accuracy import mistakes, most_confused, narrowed
from lib.evaluation.calibration import points
from lib.evaluation.evaluate import Evaluation, ModelFigures, notes_on, notes_on_pairs, notes_on_unknown
from lib.evaluation.headline import headline
from lib.evaluation.shares import INTERVALS
from lib.evaluation.verdicts import KIND_NAMES, VERDICTS_NOTE
from lib.face.names import short
from lib.i18n import Translator
from lib.messages import N_
from lib.reports import figures as drawn
from lib.reports.evaluation import evaluation_csv, evaluation_json
from lib.reports.figures import Figures, Open
from lib.reports.page import report
from lib.results import AnswerKind
from lib.ui.compare.labelled import keeping
from lib.ui.compare.labelled.intake import draw_skipped
from lib.ui.compare.labelled.picking import figure
from lib.ui.paging import pages
from lib.ui.style import plain
from lib.ui.takeaway import offer

_MOST_ON_THE_MAP = 20
_MISTAKES = 12  # a page of the list
_CLASSES = 20
_SURE_ONES = 6


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
    """Draw the answer, the figures behind it, and what can be taken away."""
    evaluation = done.evaluation
    figures = Figures(evaluation, t, done.thumbnails)
    st.html(f"<style>{drawn.STYLE.read_text(encoding='utf-8')}</style>")
    _answer(t, figures)
    _downloads(t, done)
    for note in notes_on(evaluation):
        st.info(plain(t.message(note)), icon=":material/info:")
    draw_skipped(t, evaluation.photos.skipped)
    with st.expander(t("More measures"), icon=":material/straighten:"):
        st.html(f'<div class="figures scroll">{figures.measures()}</div>')
    _verdicts(t, figures)
    keeping.draw(t, evaluation)
    _unknown(t, figures)
    _curve(t, evaluation)
    _heading(t("One model, closer"))
    model = _choose(t, t("Model"), figures.models)
    _sure_and_wrong(t, figures, model)
    _confusion(t, figures, model)
    _classes(t, figures, model)
    _calibration(t, figures, model)
    _prediction_sets(t, evaluation, model)


def _heading(text: str, level: int = 2) -> None:
    st.html(f'<h{level} class="figures heading">{escape(text)}</h{level}>')


def _answer(t: Translator, figures: Figures) -> None:
    """Draw which model is best and by how much, in a sentence and as figures."""
    models = figures.models

    def wrong(row: int, _: str) -> Open:
        found = behind.wrong(models[row])
        return Open(title=t("{model} got these wrong", model=models[row].answers.name), photos=found)

    def only_one(row: int, part: str) -> Open:
        first, second = models[row], models[int(part.rstrip("-"))]
        if part.endswith("-"):
            first, second = second, first
        title = t("{first} is right here, {second} is wrong", first=first.answers.name, second=second.answers.name)
        return Open(title=title, photos=behind.only_right(first, second))

    st.html(f'<h2 class="figures headline">{escape(headline(figures.evaluation, t))}</h2>')
    figure(_key("models", *models), figures.accuracy, wrong)
    st.caption(t(INTERVALS))
    if len(models) > 1:
        _heading(t("Which model is better than which"), 3)
        figure(_key("pairs", *models), figures.pairs, only_one)
        for told in notes_on_pairs(figures.evaluation):
            st.caption(plain(t.message(told)))


def _verdicts(t: Translator, figures: Figures) -> None:
    models = figures.models

    def given(row: int, part: str) -> Open:
        kind, model = AnswerKind(part), models[row]
        title = t("{model}: {verdict}", model=model.answers.name, verdict=t(KIND_NAMES[kind]))
        return Open(title=title, photos=behind.of_kind(model, kind))

    _heading(t("What the verdicts are worth"))
    st.caption(t(VERDICTS_NOTE))
    figure(_key("verdicts", *models), figures.verdicts, given)


def _unknown(t: Translator, figures: Figures) -> None:
    """Draw how well the models know what they do not know, if there are photos to tell by."""
    if not figures.has_unknown:
        return
    rows = figures.unknown_rows()

    def still_clear(row: int, _: str) -> Open:
        model, one = rows[row]
        title = t("{model}: other things, clear first", model=model.answers.name)
        return Open(title=title, photos=behind.surest_of(model, one.photos))

    _heading(t("How well does it know what it does not know?"))
    for note in notes_on_unknown(figures.evaluation):
        st.caption(plain(t.message(note)))
    best = figures.models[0]
    if best.unknown is not None:
        st.write(plain(" ".join(t.message(told) for told in unknown.explain(best.answers.name, best.unknown))))
    figure(_key("unknown", *figures.models), figures.unknown, still_clear)


def _curve(t: Translator, evaluation: Evaluation) -> None:
    _heading(t("A stricter rule answers less often, and is right more often"), 3)
    st.caption(
        t(
            "Each dot is one setting of “How strict?”. To the right: more photos get a clear answer. Up: more of these "
            "answers are right. The large dot is the setting now."
        )
    )
    curves = {model.answers.name: model.curve for model in evaluation.models}
    st.vega_lite_chart(charts.coverage_curves(curves, t, ratio=evaluation.thresholds.ratio), width="stretch")


def _choose(t: Translator, label: str, models: Sequence[ModelFigures]) -> ModelFigures:
    names = [model.answers.name for model in models]
    if len(models) == 1:
        st.caption(plain(names[0]))
        return models[0]
    chosen = st.segmented_control(
        label, names, default=names[0], required=True, key=_key("closer", *models), format_func=plain
    )
    return models[names.index(chosen or names[0])]


def _sure_and_wrong(t: Translator, figures: Figures, model: ModelFigures) -> None:
    """Draw the photos that a model was sure about and wrong, the surest first."""
    found = behind.wrong_and_sure(model)
    title = t.plural("Sure, and wrong: {n} photo", "Sure, and wrong: {n} photos", len(found))
    first = Open("0:", title, found, _SURE_ONES, is_kept=True)

    def draw(opened: Open) -> str:
        return figures.photos(replace(first, shown=opened.shown) if opened.pick else first)

    figure(_key("sure", model), draw, lambda row, part: first)


def _confusion(t: Translator, figures: Figures, model: ModelFigures) -> None:
    """Draw which classes are confused: the mistakes as a list, and a map of all classes, or of those chosen."""
    _heading(t("Which classes it confuses (confusion matrix)"), 3)
    others = [one for one in figures.models if one is not model]
    beside = _beside(t, model, others)
    listed, mapped = st.columns([5, 8], wrap=True) if beside is None else (st.container(), st.container())
    with listed:
        _mistakes(t, figures, model)
    with mapped:
        chosen = _classes_on_the_map(t, model)
        columns = st.columns(2, wrap=True) if beside is not None else [st.container()]
        for place, one in zip(columns, [model, beside] if beside is not None else [model], strict=True):
            with place:
                _map(t, figures, one, chosen, is_named=beside is not None)


def _beside(t: Translator, model: ModelFigures, others: Sequence[ModelFigures]) -> ModelFigures | None:
    """Draw which other model's map stands beside; return it."""
    if not others:
        return None
    names = [one.answers.name for one in others]
    key = _key("beside", model, *others)
    chosen = st.segmented_control(t("Another model's map beside it"), names, key=key, format_func=plain)
    return others[names.index(chosen)] if chosen in names else None


def _mistakes(t: Translator, figures: Figures, model: ModelFigures) -> None:
    every = mistakes(model.confusion, model.answers)
    if not every:
        st.write(t("Every answer was right."))
        return
    rows = pages(list(enumerate(every)), _MISTAKES, key=_key("mistakes", model))

    def confused(row: int, _: str) -> Open:
        one = every[row]
        values = {"true": short(one.true), "answered": short(one.answered), "n": len(one.photos)}
        return Open(title=t("{true} classified as {answered}: {n}", **values), photos=one.photos)

    start = rows[0][0]
    figure(
        _key(f"mistakes-{start}", model),
        lambda opened: figures.mistakes([one for _, one in rows], opened, start=start),
        confused,
    )


def _classes_on_the_map(t: Translator, model: ModelFigures) -> list[str]:
    """Return the names of the classes of the map; of many, the visitor chooses them."""
    names = model.confusion.names
    most = [names[index] for index in most_confused(model.confusion, _MOST_ON_THE_MAP)]
    if len(names) <= _MOST_ON_THE_MAP:
        return most
    told = N_("Of {classes} classes, the {shown} it confuses most are on the map. Choose others here.")
    label = t(told, classes=len(names), shown=len(most))
    return st.multiselect(
        label, names, most, key=_key("on-the-map", model), placeholder=t("Choose classes"), format_func=short
    )


def _map(t: Translator, figures: Figures, model: ModelFigures, chosen: list[str], *, is_named: bool) -> None:
    names = model.confusion.names
    shown = [names.index(name) for name in chosen if name in names]
    if is_named:
        st.markdown(f"**{plain(model.answers.name)}**")
    if not shown:
        return
    confusion = narrowed(model.confusion, shown)
    columns = [*confusion.names, t("something else")]

    def cell(row: int, part: str) -> Open:
        photos = confusion.photos(row, int(part))
        values = {"true": short(columns[row]), "answered": short(columns[int(part)]), "n": len(photos)}
        if row == int(part):
            return Open(title=t("{true}, classified correctly: {n}", **values), photos=photos)
        return Open(title=t("{true} classified as {answered}: {n}", **values), photos=photos)

    key = _key(f"map-{hash(tuple(shown))}", model)
    figure(key, lambda opened: figures.confusion(confusion, model.answers.name, opened), cell)


def _classes(t: Translator, figures: Figures, model: ModelFigures) -> None:
    with st.expander(t("Class by class"), icon=":material/table_rows:"):
        st.caption(t("The class it finds least often comes first. Press a bar to see the photos."))
        ordered = sorted(enumerate(model.per_class), key=lambda one: one[1].recall.value if one[1].recall else 2.0)
        rows = pages(ordered, _CLASSES, key=_key("classes", model))

        def photos(row: int, part: str) -> Open:
            name = short(model.confusion.names[row])
            if part == "said":
                return Open(title=t("Photos that it called {name}", name=name), photos=behind.taken_for(model, row))
            return Open(title=t("Photos that show {name}", name=name), photos=behind.of_class(model, row))

        figure(_key(f"classes-{rows[0][0]}", model), lambda opened: figures.classes(rows, opened), photos)


def _calibration(t: Translator, figures: Figures, model: ModelFigures) -> None:
    with st.expander(t("Can you trust its percentages? (calibration)"), icon=":material/straighten:"):
        st.caption(
            t(
                "A model that says 80% should be right in 80% of such cases. The line in each row is what it said. "
                "A bar that ends before its line: the model is too sure of itself. On average, bar and line are {ece} "
                "points apart.",
                ece=points(model.ece),
            )
        )
        bins = model.bins[::-1]

        def photos(row: int, _: str) -> Open:
            one = bins[row].accuracy
            values = {"low": f"{100 * bins[row].low:.0f}", "high": f"{100 * bins[row].high:.0f}%"}
            title = t("It said {low} to {high}: right on {n} of {total}", **values, n=one.count, total=one.total)
            return Open(title=title, photos=behind.in_bin(model, bins[row]))

        figure(_key("calibration", model), lambda opened: figures.calibration(model, opened), photos)


def _prediction_sets(t: Translator, evaluation: Evaluation, model: ModelFigures) -> None:
    with st.expander(t("Several answers instead of one (prediction sets)"), icon=":material/playlist_add_check:"):
        wanted = st.slider(
            t("How many lists should contain the right class"), 0.5, 0.99, conformal.COVERAGE, 0.01, format="percent"
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


def _key(name: str, *models: ModelFigures) -> str:
    """Return the key of a widget: another evaluation of the same models begins with nothing pressed."""
    return f"figures-{name}-" + "-".join(f"{model.answers.model}.{model.hits.photos}" for model in models)
