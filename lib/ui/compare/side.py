"""Side by side: what each model says of each photo, where they agree, and where they contradict each other."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import streamlit as st

from lib.classify.infer import Settings, conclude
from lib.datasets.matching import common_names, explain_basis
from lib.evaluation.agreement import Agreement, compare_all, sort_photos
from lib.evaluation.answers import Answers
from lib.evaluation.shift import change_between, explain_change, made_from
from lib.evaluation.side_by_side import Bond, Row, align, bonds
from lib.face.rows import ComparedPhoto, table
from lib.face.words import Kind, kind_of
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.results import Answer, Classification, Outcome, VerdictKind
from lib.server.album import Album, Photo
from lib.ui import intake, looking, views
from lib.ui.compare.choose import LEAST
from lib.ui.models.loaded import classifier
from lib.ui.paging import on_pages
from lib.ui.style import plain
from lib.ui.takeaway import offer_tables
from lib.ui.visit import current, kept
from lib.verdict import spoken_percent
from lib.work.files import size_words

_PER_PAGE = 12
_DISAGREE = (Bond.STRONG, Bond.ONE, Bond.DISAGREE)
_GROUP = "compared_group"

Labels = Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What all models said of the photos that all of them have looked at.

    Attributes:
        photos: Those of which all gave an answer.
        models: Their answers.
        agreements: Of every pair.
        bonds: The photos, by position, what says most about the models first.
        failed: The photos of which a model gave no answer.
    """

    photos: tuple[Photo, ...]
    models: tuple[Answers, ...]
    agreements: tuple[Agreement, ...]
    bonds: dict[int, Bond]
    failed: tuple[Photo, ...]

    @property
    def held_bytes(self) -> int:
        """Return how much memory it takes."""
        return sum(model.probabilities.nbytes for model in self.models)


def draw(
    t: Translator, folders: Sequence[ModelFolder], settings: Settings, bar: AbstractContextManager[object]
) -> None:
    """Draw the way in for photos, let the models look at them, and draw where they agree.

    Args:
        t: The visitor's language.
        folders: Two to four models, as they look at photos by themselves.
        settings: What the visitor chose.
        bar: The page's first line, where the way in stands once there are photos.
    """
    asked = views.chosen_for_all(folders)
    classifiers = [classifier(folder) for folder in asked]
    intake.draw(t, bar)
    if not current().album.photos:
        return
    labels = [folder.read_labels(t.language) for folder in folders]
    looking.draw(t, classifiers, lambda: _panel(t, asked, labels, settings))
    with st.container(horizontal=True, vertical_alignment="center"):
        _downloads(t, current().album, asked, labels, settings)
        views.draw_for_all(t, folders)


def _panel(t: Translator, folders: Sequence[ModelFolder], labels: Labels, settings: Settings) -> None:
    compared = _compare(current().album, folders, labels, settings)
    if compared is None:
        return
    with on_pages(_choose(t, compared), _PER_PAGE, key="side") as shown:
        key = (compared, t.language, [photo.id for photo in shown])
        st.html(kept("compared_page", key, lambda: _table(t, compared, shown, folders, settings)))
    if compared.photos:
        _pair_by_pair(t, compared, settings)


def _compare(album: Album, folders: Sequence[ModelFolder], labels: Labels, settings: Settings) -> Compared | None:
    """Return the comparison of what all models have looked at so far; None without any."""
    everything = [(photo, [album.answer(folder.spec.key, photo) for folder in folders]) for photo in album.photos]
    said = [(photo, answers) for photo, answers in everything if None not in answers]

    def compare() -> Compared:
        seen = [(photo, [a for a in answers if isinstance(a, Answer)]) for photo, answers in said]
        whole = [(photo, answers) for photo, answers in seen if len(answers) == len(folders)]
        failed = tuple(photo for photo, answers in seen if len(answers) < len(folders))
        if not whole:
            return Compared((), (), (), {}, failed)
        models = tuple(
            Answers(
                model=folder.spec.id,
                name=folder.spec.name,
                labels=names,
                own_labels=folder.read_labels(),
                probabilities=np.stack([answers[column].probabilities for _, answers in whole]),
                made_from=made_from(folder.spec),
            )
            for column, (folder, names) in enumerate(zip(folders, labels, strict=True))
        )
        agreements = compare_all(models)
        kinds = [
            [
                VerdictKind.NONE if answers[column].unfamiliar else kind
                for kind, (_, answers) in zip(model.kinds(settings.thresholds), whole, strict=True)
            ]
            for column, model in enumerate(models)
        ]
        together = bonds(sort_photos(models, kinds, agreements), kinds)
        return Compared(tuple(photo for photo, _ in whole), models, agreements, together, failed)

    return kept("compared", (settings.thresholds, labels, said), compare) if said else None


def _choose(t: Translator, compared: Compared) -> list[Photo]:
    """Draw the groups of photos that there are, and return the photos of the chosen one."""
    groups = {
        "all": [*(compared.photos[position] for position in compared.bonds), *compared.failed],
        "disagree": _of(compared, *_DISAGREE),
        "strong": _of(compared, Bond.STRONG),
        "unsure": _of(compared, Bond.UNSURE),
        "agree": _of(compared, Bond.AGREE),
        "apart": _of(compared, Bond.APART),
        "failed": list(compared.failed),
    }
    many = len(groups["all"])
    words = {
        "all": t.plural("{n} photo", "{n} photos", many),
        "disagree": t("{n} disagree", n=len(groups["disagree"])),
        "strong": _strong(t, len(groups["strong"]), len(compared.models)),
        "unsure": t("{n} no model is sure", n=len(groups["unsure"])),
        "agree": t("{n} agree", n=len(groups["agree"])),
        "apart": t("{n} cannot be compared", n=len(groups["apart"])),
        "failed": t("{n} failed", n=len(groups["failed"])),
    }
    counted = {group: _bold(text, len(groups[group])) for group, text in words.items() if groups[group]}
    key = f"group-{hash(tuple(counted.values()))}"  # the browser remembers an option by its words
    kept_group = st.session_state.get(_GROUP, "all")
    group = st.pills(
        t("Show"),
        list(counted),
        default=kept_group if kept_group in counted else "all",
        required=True,
        key=key,
        format_func=counted.__getitem__,
        label_visibility="collapsed",
    )
    st.session_state[_GROUP] = group
    if group == "apart":
        st.caption(t("No model has a class for what another one named, so they neither agree nor disagree."))
    return groups[group or "all"]


def _strong(t: Translator, photos: int, models: int) -> str:
    if models > LEAST:
        return t("{n} sure of different answers", n=photos)
    return t("{n} both sure, different answers", n=photos)


def _of(compared: Compared, *wanted: Bond) -> list[Photo]:
    return [compared.photos[position] for position, bond in compared.bonds.items() if bond in wanted]


def _bold(text: str, count: int) -> str:
    return text.replace(str(count), f"**{count}**", 1)


def _about(t: Translator, folder: ModelFolder) -> str:
    knows = t.plural("{n} thing", "{n} things", folder.spec.output.classes)
    return f"{knows} · {size_words(folder.weights_path.stat().st_size)}"


def _table(
    t: Translator, compared: Compared, shown: Sequence[Photo], folders: Sequence[ModelFolder], settings: Settings
) -> str:
    album = current().album
    places = {photo.id: position for position, photo in enumerate(compared.photos)}
    labels = {model.model: model.labels for model in compared.models}
    common = common_names([model.own_labels for model in compared.models])

    def row(photo: Photo) -> ComparedPhoto:
        answers = [album.answer(folder.spec.key, photo) for folder in folders]
        outcomes = tuple(
            conclude(answer, labels[folder.spec.id], settings) if isinstance(answer, Answer) else answer
            for answer, folder in zip(answers, folders, strict=True)
            if answer is not None  # it was removed in another tab
        )
        position = places.get(photo.id)
        if position is None or not outcomes:
            return ComparedPhoto(photo.name, _picture(photo), None, outcomes)
        rows = align(
            [model.probabilities[position] for model in compared.models],
            common,
            [model.labels for model in compared.models],
        )
        running = tuple(_running(rows, outcome, names) for outcome, names in zip(outcomes, common, strict=True))
        bond = compared.bonds[position]
        return ComparedPhoto(photo.name, _picture(photo), bond, outcomes, _in_words(rows, compared.models), running)

    return table(t, [(folder.spec.name, _about(t, folder)) for folder in folders], [row(photo) for photo in shown])


def _running(rows: Sequence[Row], outcome: Outcome, names: Sequence[str]) -> frozenset[int]:
    """Return which rows the verdict of a model is about, whose classes have these names in common with others."""
    if not isinstance(outcome, Classification) or kind_of(outcome) is Kind.UNFAMILIAR:
        return frozenset()
    verdict = outcome.verdict
    about = {names[prediction.index] for prediction in verdict.rivals or (verdict.winner,)}
    return frozenset(place for place, row in enumerate(rows) if row.name in about)


def _in_words(rows: tuple[Row, ...], models: Sequence[Answers]) -> tuple[Row, ...]:
    """Name each class in the reader's language, as the model with the fewest classes calls it, if that has it."""
    fewest = min(range(len(models)), key=lambda index: len(models[index].labels))
    return tuple(
        Row(next((cell.label for cell in (row.cells[fewest], *row.cells) if cell and cell.label), row.name), row.cells)
        for row in rows
    )


def _picture(photo: Photo) -> str:
    """Return where browsers find a small picture of a photo (`lib.server.photos`); "" if it has none."""
    return "" if photo.thumbnail is None else f"/visits/{current().id}/photos/{photo.id}.jpg?side=320"


def _pair_by_pair(t: Translator, compared: Compared, settings: Settings) -> None:
    by_id = {model.model: model for model in compared.models}
    lines = []
    for pair in compared.agreements:
        first, second = by_id[pair.first], by_id[pair.second]
        lines.append(_pair_words(t, pair, first, second))
        if (change := change_between(first, second, settings.thresholds)) is not None:
            lines.append(t.message(explain_change(change, first.name, second.name)))
    with st.expander(t("Pair by pair"), icon=":material/join_inner:"):
        st.markdown("\n".join(f"- {plain(line)}" for line in lines))


def _pair_words(t: Translator, pair: Agreement, first: Answers, second: Answers) -> str:
    basis = t.message(explain_basis(pair.common.basis))
    if pair.share is None:
        return f"{first.name} · {second.name}: {basis}"
    agree = t(
        "{first} and {second} agree on {count} of {total} photos: {share} (95% interval: {low} to {high}).",
        first=first.name,
        second=second.name,
        count=pair.share.count,
        total=pair.share.total,
        share=spoken_percent(pair.share.value),
        low=spoken_percent(pair.share.low),
        high=spoken_percent(pair.share.high),
    )
    return f"{agree} {basis}"


def _downloads(
    t: Translator,
    album: Album,
    folders: Sequence[ModelFolder],
    labels: Labels,
    settings: Settings,
) -> None:
    def outcomes() -> list[Outcome]:
        return [
            conclude(answer, names, settings) if isinstance(answer, Answer) else answer
            for photo in album.photos
            for folder, names in zip(folders, labels, strict=True)
            if (answer := album.answer(folder.spec.key, photo)) is not None
        ]

    offer_tables(t, outcomes, settings, name="discern-comparison")
