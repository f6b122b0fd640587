"""Models on photos whose class is known: accuracy, confusion, calibration, and what the verdicts are worth."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePosixPath

import streamlit as st
from PIL import Image
from streamlit.runtime.uploaded_file_manager import UploadedFile

from lib import comparison_charts as charts
from lib.catalogue.contract import ModelFolder
from lib.classify import Settings, Source
from lib.datasets.labelled import KnownPhotos, Skipped
from lib.datasets.matching import Choice, Matching, distinct_names, explain_basis, match
from lib.datasets.reading import read_zip
from lib.errors import AppError
from lib.evaluate import Entrant, Evaluation, ModelFigures, evaluate, notes_on
from lib.evaluation import conformal
from lib.evaluation.accuracy import Confusion, fold
from lib.evaluation.calibration import points
from lib.evaluation.shares import INTERVALS, explain_difference, with_interval
from lib.evaluation.variants import explain_change
from lib.evaluation.verdicts import KIND_NAMES, VERDICTS_NOTE, accuracy_words
from lib.i18n import Translator
from lib.messages import N_
from lib.photos import thumbnail
from lib.report import report
from lib.reporting import evaluation_csv, evaluation_json
from lib.ui import models, waiting
from lib.ui.intake import release
from lib.ui.results import SIGNS, ink
from lib.ui.style import plain
from lib.ui.tables import table
from lib.ui.visit import current, room
from lib.verdict import percent
from lib.work.jobs import Job, JobState, Kind
from lib.work.progress import Progress

_JOB = "evaluate"
_AS_READ = "evaluation_as_read"
_ROUND = "known_round"
_THUMBNAIL_SIDE = 160
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


def draw(t: Translator, folders: Sequence[ModelFolder], settings: Settings) -> None:
    """Draw the way in for labelled photos, what has to be decided, and the figures."""
    known = _intake(t)
    if known is None:
        return
    _describe(t, known)
    matchings = _matchings(t, known, folders)
    if matchings is None:
        return
    subject = (known, tuple(f.spec.id for f in folders), tuple(m.targets for m in matchings))
    job = waiting.find(_JOB)
    is_open = job is None or job.subject != subject or job.state in (JobState.CANCELLED, JobState.FAILED)
    if is_open and st.button(
        t.plural("Evaluate with {n} photo", "Evaluate with {n} photos", len(known.photos)),
        type="primary",
        icon=":material/play_arrow:",
    ):
        work = _Work(t, known, folders, matchings, settings)
        job = waiting.begin(t, Kind.EVALUATION, _JOB, work, total=len(known.photos), subject=subject)
    ended = waiting.watch(t, job, t("Looking at the photos…"))
    if ended is None or ended.subject != subject or not isinstance(ended.result, Done):
        _skipped(t, known.skipped)
    else:
        _figures(t, Done(_as_read(t, ended.result.evaluation, folders, settings), ended.result.thumbnails))


def _as_read(t: Translator, evaluation: Evaluation, folders: Sequence[ModelFolder], settings: Settings) -> Evaluation:
    """Return the evaluation with the visitor's thresholds and language; worked out anew only when these change."""
    key = (evaluation, settings.thresholds, t.language)  # it is held, so that no other can have its address
    kept = st.session_state.get(_AS_READ)
    if kept is None or kept[0] != key:
        labels = [folder.read_labels(t.language) for folder in folders]
        kept = st.session_state[_AS_READ] = (key, evaluation.as_read(labels, settings.thresholds))
    found: Evaluation = kept[1]
    return found


def last_evaluation() -> Evaluation | None:
    """Return what this visit evaluated last."""
    job = waiting.find(_JOB)
    return job.result.evaluation if job is not None and isinstance(job.result, Done) else None


class _Work:
    """Evaluates in the background, keeping a thumbnail of each photo."""

    def __init__(
        self,
        t: Translator,
        known: KnownPhotos,
        folders: Sequence[ModelFolder],
        matchings: Sequence[Matching],
        settings: Settings,
    ) -> None:
        self._known, self._settings = known, settings
        self._entrants = [
            Entrant(models.classifier(folder), folder.read_labels(t.language), matching)
            for folder, matching in zip(folders, matchings, strict=True)
        ]
        self._thumbnails: dict[Source, bytes] = {}

    def __call__(self, job: Job) -> Done | None:
        def note(done: int, total: int) -> None:
            job.tell(Progress(done=done, total=total))

        evaluation = evaluate(
            self._known, self._entrants, self._settings, look=self._look, on_progress=note, cancelled=job.cancelled
        )
        if evaluation is None:
            return None
        kept = enumerate(evaluation.photos.photos)
        return Done(evaluation, {i: small for i, p in kept if (small := self._thumbnails.get(p.source))})

    def _look(self, source: Source, image: Image.Image, size_wh: tuple[int, int]) -> None:
        self._thumbnails[source] = thumbnail(image, side=_THUMBNAIL_SIDE)


def _intake(t: Translator) -> KnownPhotos | None:
    """Draw the uploaders and return the photos read last; the visit keeps them when the page is left."""
    visit = current()
    st.write(
        t("A zip file, or a folder, with one folder for each class: cat/…, dog/…; or with a labels.csv (file,label).")
    )
    turn = st.session_state.setdefault(_ROUND, 0)
    as_zip, as_folder = st.columns(2, wrap=True)
    with as_zip:
        packed = st.file_uploader(t("Zip file"), type=["zip"], key=f"zip-{turn}", max_upload_size=512)
    with as_folder:
        files = st.file_uploader(t("Folder"), accept_multiple_files="directory", key=f"folder-{turn}")
    if packed is not None or files:
        with st.spinner(t("Reading…")):
            _read(packed, files)
        # Once is enough: an uploader hands its files over at every click, and keeps them in memory.
        release([*([packed] if packed is not None else []), *files])
        st.session_state[_ROUND] += 1
        st.rerun()
    if visit.problem is not None:
        st.error(plain(t.message(visit.problem.message)), icon=":material/error:")
    return visit.known


def _read(packed: UploadedFile | None, files: Sequence[UploadedFile]) -> None:
    """Let the visit keep the photos of a zip file or a folder, or why they cannot be used."""
    visit = current()
    visit.problem = None
    try:
        data, name = (
            (packed.getvalue(), packed.name)
            if packed is not None
            else (_pack(files), PurePosixPath(files[0].name).parts[0])
        )
        room().take(len(data) - visit.known_bytes)  # what was read before goes
        visit.known, visit.known_bytes = read_zip(data, name), len(data)
        waiting.drop(_JOB)  # it holds the photos before
    except AppError as error:
        visit.problem = error


def _pack(files: Sequence[UploadedFile]) -> bytes:
    """Return the files of a folder as the zip file it would be, so that both ways in are one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for file in files:
            packed.writestr(str(file.name), file.getvalue())
    return buffer.getvalue()


def _describe(t: Translator, known: KnownPhotos) -> None:
    found = t("**{photos}** photos of **{classes}** classes.", photos=len(known.photos), classes=len(known.classes))
    st.markdown(f"{plain(known.name)}: {found}")
    for note in known.notes:
        st.info(plain(t.message(note)), icon=":material/info:")


def _skipped(t: Translator, skipped: Sequence[Skipped]) -> None:
    if not skipped:
        return
    with st.expander(
        t.plural("{n} file was left out", "{n} files were left out", len(skipped)), icon=":material/rule:"
    ):
        st.html(table([t("File"), t("Reason")], [[one.file, t.message(one.reason)] for one in skipped[:500]]))


def _matchings(t: Translator, known: KnownPhotos, folders: Sequence[ModelFolder]) -> list[Matching] | None:
    """Return how the photos' classes relate to each model's; None, with the questions drawn, while one is open."""
    choices = current().choices
    found = []
    questions: dict[str, list[str]] = {}
    labels: dict[str, None] = {}
    for folder in folders:
        own = folder.read_labels()
        matching = match(known.classes, own, also=[folder.read_labels(t.language)], chosen=choices)
        found.append(matching)
        labels.update(dict.fromkeys(distinct_names(own)))
        for name in matching.undecided:
            questions.setdefault(name, []).extend(matching.suggestions.get(name, ()))
    if not questions:
        return found
    st.warning(
        t("No model has a class of these names. What do they mean?"),
        icon=":material/help:",
    )
    with st.form("class-choices"):
        answers: dict[str, Choice] = {}
        for name, near in questions.items():
            options = [None, *dict.fromkeys([*near, *labels])]
            answers[name] = st.selectbox(
                plain(name),
                options,
                index=1 if near else 0,
                format_func=lambda label: t("leave these photos out") if label is None else label,
            )
        if st.form_submit_button(t("That is what they mean"), type="primary"):
            choices.update(answers)
            st.rerun()
    return None


def _figures(t: Translator, done: Done) -> None:
    evaluation = done.evaluation
    for note in notes_on(evaluation):
        st.info(plain(t.message(note)), icon=":material/info:")
    st.subheader(t("How often each model is right"))
    st.html(_accuracy_table(t, evaluation))
    st.caption(t(INTERVALS))
    for pair in evaluation.pairs:
        first, second = pair.agreement.first, pair.agreement.second
        names = {m.answers.model: m.answers.name for m in evaluation.models}
        sentences = []
        if pair.difference is not None:
            sentences.append(t.message(explain_difference(pair.difference, names[first], names[second])))
        if pair.change is not None:
            sentences.append(t.message(explain_change(pair.change, names[first], names[second])))
        else:
            sentences.append(t.message(explain_basis(pair.agreement.common.basis)))
        st.markdown("\n".join(f"- {plain(sentence)}" for sentence in sentences))
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
    _skipped(t, evaluation.photos.skipped)
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
            answers = model.answers
            said = f"{answers.labels[answers.best[position]]} {percent(float(answers.p1[position]))}"
            short = f"{PurePosixPath(name).name} · {said}"
            st.html(f'<p class="file" title="{escape(name)}">{escape(short)}</p>')


def _calibration(t: Translator, model: ModelFigures) -> None:
    with st.expander(t("Can you trust its confidence? (calibration)"), icon=":material/straighten:"):
        st.caption(
            t(
                "A model that says 80 % should be right in 80 % of such cases. Bars below the line: it is too sure of "
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
    evaluation = done.evaluation
    with st.container(horizontal=True):
        st.download_button(
            t("Report to hand out (HTML)"),
            data=lambda: report(evaluation, t, thumbnails=done.thumbnails).encode("utf-8"),
            file_name="discern-comparison.html",
            mime="text/html",
            icon=":material/description:",
            on_click="ignore",
        )
        st.download_button(
            t("Table (CSV)"),
            data=lambda: evaluation_csv(evaluation, t),
            file_name="discern-comparison.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "JSON",
            data=lambda: evaluation_json(evaluation, t),
            file_name="discern-comparison.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
        )
