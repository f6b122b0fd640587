"""Side by side: what each model says of each photo, where they agree, and where they contradict each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from lib.charts.side_by_side import side_by_side
from lib.classify.classifier import Classifier
from lib.classify.infer import Settings, conclude
from lib.datasets.matching import common_names, explain_basis
from lib.evaluation.agreement import Agreement, Gallery, compare_all, sort_photos
from lib.evaluation.answers import Answers
from lib.evaluation.shift import change_between, explain_change, made_from
from lib.evaluation.side_by_side import Row, align
from lib.i18n import Translator
from lib.model.spec import InputSpec, ModelFolder
from lib.results import Answer, Failure, Outcome
from lib.server.album import Album, Photo
from lib.ui import choosing, looking
from lib.ui.answer import draw_picture, file_line, verdict_line
from lib.ui.paging import pages
from lib.ui.style import ink, plain, span
from lib.ui.takeaway import offer_tables
from lib.ui.views import has_frame, sight
from lib.ui.visit import current, kept
from lib.verdict import percent, spoken_percent

_PER_PAGE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What all models said of the photos that all could look at.

    Attributes:
        models: Their answers about these.
        agreements: Of every pair.
        gallery: The photos by what the models make of them.
    """

    models: tuple[Answers, ...]
    agreements: tuple[Agreement, ...]
    gallery: Gallery

    @property
    def held_bytes(self) -> int:
        """Return how much memory it takes."""
        return sum(model.probabilities.nbytes for model in self.models)


def draw(t: Translator, folders: Sequence[ModelFolder], classifiers: Sequence[Classifier], settings: Settings) -> None:
    """Let the models look at the visitor's photos, and draw where they agree."""
    labels = [folder.read_labels(t.language) for folder in folders]
    looking.draw(t, classifiers, lambda: _panel(t, folders, labels, settings))


def _panel(
    t: Translator, folders: Sequence[ModelFolder], labels: Sequence[tuple[str, ...]], settings: Settings
) -> None:
    album = current().album
    photos, compared = _compare(album, folders, labels, settings)
    if compared is not None:
        _summary(t, compared, settings)
        chosen = _choose(t, compared)
        for position in pages(chosen, _PER_PAGE, key=f"side-{len(chosen)}"):
            _row(t, photos[position], folders, compared, position, settings)
    _failures(t, album, folders)
    _downloads(t, album, folders, labels, settings)


def _compare(
    album: Album, folders: Sequence[ModelFolder], labels: Sequence[tuple[str, ...]], settings: Settings
) -> tuple[list[Photo], Compared | None]:
    """Return the photos that all models could look at so far, and their comparison; None without any."""
    everything = [(photo, [album.answer(folder.spec.key, photo) for folder in folders]) for photo in album.photos]
    seen = [(photo, answers) for photo, answers in everything if all(isinstance(a, Answer) for a in answers)]
    if not seen:
        return [], None
    photos, answers = map(list, zip(*seen, strict=True))

    def compare() -> Compared:
        models = tuple(
            Answers(
                model=folder.spec.id,
                name=folder.spec.name,
                labels=names,
                own_labels=folder.read_labels(),
                probabilities=np.stack([_answer(row[column]).probabilities for row in answers]),
                made_from=made_from(folder.spec),
            )
            for column, (folder, names) in enumerate(zip(folders, labels, strict=True))
        )
        agreements = compare_all(models)
        gallery = sort_photos(models, [model.kinds(settings.thresholds) for model in models], agreements)
        return Compared(models, agreements, gallery)

    return photos, kept("compared", (settings.thresholds, labels, answers), compare)


def _answer(answer: object) -> Answer:
    if not isinstance(answer, Answer):
        raise TypeError(f"Expected an answer. Received {type(answer).__name__}.")
    return answer


def _summary(t: Translator, compared: Compared, settings: Settings) -> None:
    gallery = compared.gallery
    chips = [
        span("≠ " + t("{n} disagree", n=len(gallery.disagreements)), "chip ambiguous"),
        span("∅ " + t("{n} nobody is sure", n=len(gallery.all_ambiguous)), "chip failed"),
        span("= " + t("{n} agree", n=len(gallery.agreements)), "chip clear"),
    ]
    if gallery.not_comparable:
        chips.append(span("· " + t("{n} not comparable", n=len(gallery.not_comparable)), "chip"))
    st.html(f'<p class="summary" role="status">{" ".join(chips)}</p>')
    by_id = {model.model: model for model in compared.models}
    lines = []
    for pair in compared.agreements:
        first, second = by_id[pair.first], by_id[pair.second]
        lines.append(_pair_words(t, pair, first, second))
        if (change := change_between(first, second, settings.thresholds)) is not None:
            lines.append(t.message(explain_change(change, first.name, second.name)))
    with st.expander(t("Pair by pair"), icon=":material/join_inner:", expanded=len(compared.models) == 2):
        st.markdown("\n".join(f"- {plain(line)}" for line in lines))


def _pair_words(t: Translator, pair: Agreement, first: Answers, second: Answers) -> str:
    basis = t.message(explain_basis(pair.common.basis))
    if pair.share is None:
        return f"{first.name} · {second.name}: {basis}"
    agree = t(
        "{first} and {second} say the same of {count} of {total} photos: {share} "
        "({low} to {high} allowing for chance).",
        first=first.name,
        second=second.name,
        count=pair.share.count,
        total=pair.share.total,
        share=spoken_percent(pair.share.value),
        low=spoken_percent(pair.share.low),
        high=spoken_percent(pair.share.high),
    )
    return f"{agree} {basis}"


def _choose(t: Translator, compared: Compared) -> list[int]:
    """Draw the choice of a group and return the positions of its photos."""
    gallery = compared.gallery
    groups = {
        "disagree": [one.photo for one in gallery.disagreements],
        "unsure": list(gallery.all_ambiguous),
        "agree": list(gallery.agreements),
        "apart": list(gallery.not_comparable),
        "all": list(range(len(compared.models[0]))),
    }
    words = {
        "disagree": t("Disagreements, the surest first"),
        "unsure": t("Nobody is sure"),
        "agree": t("Agreements"),
        "apart": t("Not comparable"),
        "all": t("All"),
    }
    filled = {group: words[group] for group in groups if groups[group]}
    return groups[choosing.segment(t, t("Show"), filled, key=f"group-{'-'.join(filled)}")]


def _row(
    t: Translator,
    photo: Photo,
    folders: Sequence[ModelFolder],
    compared: Compared,
    position: int,
    settings: Settings,
) -> None:
    rows = _in_words(
        align(
            [model.probabilities[position] for model in compared.models],
            common_names([model.own_labels for model in compared.models]),
            [model.labels for model in compared.models],
        ),
        compared.models,
    )
    with st.container(border=True, key=f"compared-{photo.id}"):
        columns = st.columns([1.1, *[1] * len(compared.models)], gap="medium", wrap=True)
        with columns[0]:
            draw_picture(t, photo, _look(photo, folders))
            st.html(file_line(photo) + _bond(t, compared, position))
        for index, (column, model) in enumerate(zip(columns[1:], compared.models, strict=True)):
            with column:
                _cell(t, photo, folders[index], model, rows, index, settings)


def _look(photo: Photo, folders: Sequence[ModelFolder]) -> InputSpec:
    """Return how the first model looks whose part has a frame; those of others differ little, if at all."""
    looks = [folder.spec.input for folder in folders]
    return next((look for look in looks if has_frame(photo, look)), looks[0])


def _in_words(rows: tuple[Row, ...], models: Sequence[Answers]) -> tuple[Row, ...]:
    """Name each class in the reader's language, as the model with the fewest classes calls it, if that has it."""
    fewest = min(range(len(models)), key=lambda index: len(models[index].labels))
    return tuple(
        Row(next((cell.label for cell in (row.cells[fewest], *row.cells) if cell and cell.label), row.name), row.cells)
        for row in rows
    )


def _bond(t: Translator, compared: Compared, position: int) -> str:
    gallery = compared.gallery
    if position in gallery.all_ambiguous:
        sign, words = "∅", t("Nobody is sure")
    elif position in gallery.agreements:
        sign, words = "=", t("They agree")
    elif position in gallery.not_comparable:
        sign, words = "·", t("Not comparable")
    else:
        sign, words = "≠", t("They disagree")
    return f'<p class="bond"><b>{sign}</b> {escape(words)}</p>'


def _cell(
    t: Translator,
    photo: Photo,
    folder: ModelFolder,
    model: Answers,
    rows: tuple[Row, ...],
    index: int,
    settings: Settings,
) -> None:
    answer = _answer(current().album.answer(folder.spec.key, photo))
    outcome = conclude(answer, model.labels, settings)
    st.html(f'<p class="model">{escape(model.name)}</p>{verdict_line(t, outcome)}')
    words = t.listed(f"{row.name} {percent(cell.probability)}" for row in rows if (cell := row.cells[index]))
    chart = side_by_side(rows, index, t, ink=ink())
    st.vega_lite_chart(chart, width="stretch", alt=words, key=f"side-{photo.id}-{model.model}")
    st.html(f'<p class="facts">{escape(sight(t, photo, folder.spec.input))} · {answer.milliseconds:.1f} ms</p>')


def _failures(t: Translator, album: Album, folders: Sequence[ModelFolder]) -> None:
    failures = {
        photo.id: answer
        for photo in album.photos
        for folder in folders
        if isinstance(answer := album.answer(folder.spec.key, photo), Failure)
    }
    for failure in failures.values():
        st.html(verdict_line(t, failure))


def _downloads(
    t: Translator,
    album: Album,
    folders: Sequence[ModelFolder],
    labels: Sequence[tuple[str, ...]],
    settings: Settings,
) -> None:
    def outcomes() -> list[Outcome]:
        return [
            conclude(answer, names, settings) if isinstance(answer, Answer) else answer
            for photo in album.photos
            for folder, names in zip(folders, labels, strict=True)
            if (answer := album.answer(folder.spec.key, photo)) is not None
        ]

    with st.container(horizontal=True):
        offer_tables(t, outcomes, settings, name="discern-comparison")
