"""Which folder of labelled photos means which class of each model: always shown, asked where it is open."""

from collections.abc import Mapping, Sequence

import streamlit as st

from lib.datasets.groups import english_words
from lib.datasets.labelled import LabelledPhotos
from lib.datasets.matching import Choice, How, Matching, distinct_names, match, near_certain, suggestions
from lib.datasets.others import ELSEWHERE, OTHER, is_beside, is_other
from lib.i18n import LANGUAGES, Translator
from lib.model.imagenet import is_imagenet, normalise
from lib.model.spec import ModelFolder
from lib.ui.paging import pages
from lib.ui.style import plain
from lib.ui.tables import table
from lib.ui.visit import current

_ROWS = 50
_TOLD = 8
_QUESTIONS = 8  # each holds the names of all classes
_AS_FOUND = ""

Labels = tuple[str, ...]


def draw_questions(t: Translator, known: LabelledPhotos, folders: Sequence[ModelFolder]) -> list[Matching] | None:
    """Draw what each class means to each model, and let it be changed; return that, or None while one is open."""
    choices = current().choices
    labels = [folder.read_labels() for folder in folders]
    matchings = [
        match(known.classes, own, also=[folder.read_labels(language) for language in LANGUAGES], chosen=choices)
        for folder, own in zip(folders, labels, strict=True)
    ]
    undecided = dict.fromkeys(name for matching in matchings for name in matching.undecided)
    if undecided:
        st.warning(t("At least one model has no class with these names. Which class is meant?"), icon=":material/help:")
    means = _Meanings(known, labels, matchings)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_in_a_line(t, known, means), width="stretch")
        is_edited = st.toggle(t("Edit"), key="change-meanings")
    if undecided or is_edited:
        rows = pages(list(known.classes), _ROWS, key="meanings")
        st.html(table([t("Folder"), *(folder.spec.name for folder in folders)], [means.row(t, name) for name in rows]))
        _form(t, known, means, choices, list(undecided))
    return None if undecided else matchings


def _in_a_line(t: Translator, known: LabelledPhotos, means: "_Meanings") -> str:
    """Return which folder means which class, shortly: those of another name, and how many of the same."""
    classes = [name for name in known.classes if not is_beside(name)]
    rows = [means.row(t, name) for name in classes]
    rows += [[folder, told] for folder, told in _beside(t, known.classes).items()]
    others = [
        (folder, list(dict.fromkeys(cells)))
        for folder, *cells in rows
        if {*map(normalise, cells)} != {normalise(folder)}
    ]
    told = [f"{plain(folder)} → {plain(' / '.join(cells))}" for folder, cells in others[:_TOLD]]
    if len(others) > _TOLD:
        told.append(t("and {n} more", n=len(others) - _TOLD))
    if same := len(rows) - len(others):
        told.append(t("{n} of the same name", n=same))
    return "**" + t("Folder → class") + ":** " + " · ".join(told)


def _beside(t: Translator, classes: Sequence[str]) -> dict[str, str]:
    """Return the folders beside the classes, each once, with what they are for."""
    told = {OTHER: t("none of its things"), ELSEWHERE: t("known, from elsewhere")}
    there = {OTHER if is_other(name) else ELSEWHERE for name in classes if is_beside(name)}
    return {folder: words for folder, words in told.items() if folder in there}


class _Meanings:
    """What each class of the photos means to each model."""

    def __init__(self, known: LabelledPhotos, labels: Sequence[Labels], matchings: Sequence[Matching]) -> None:
        self._titles = dict(zip(known.classes, known.titles, strict=True))
        self._place = {name: place for place, name in enumerate(known.classes)}
        self._labels, self._matchings = labels, matchings
        words = english_words() if any(map(is_imagenet, labels)) else ()
        self.options = list(dict.fromkeys([*words, *(name for own in labels for name in distinct_names(own))]))

    def title(self, name: str) -> str:
        """Return a class for people to read."""
        return self._titles[name]

    def row(self, t: Translator, name: str) -> list[str]:
        """Return a class, and what it means to each model."""
        cells = []
        for own, matching in zip(self._labels, self._matchings, strict=True):
            targets = matching.targets[self._place[name]]
            if not targets:
                cells.append(_without_class(t, matching.how[self._place[name]]))
                continue
            first = own[targets[0]].split(",")[0]
            several = t("{n} classes, such as {label}", n=len(targets), label=first)
            cells.append(several if len(targets) > 1 else first)
        return [self.title(name), *cells]

    def near(self, name: str) -> list[str]:
        """Return classes of the models that it may mean, the likeliest first."""
        return list(dict.fromkeys(label for own in self._labels for label in suggestions(name, own)))

    def beforehand(self, name: str) -> Choice:
        """Return the class it means but for a plural or a slip of the pen; `_AS_FOUND` if there is no such."""
        return next((label for own in self._labels if (label := near_certain(name, own))), _AS_FOUND)


def _without_class(t: Translator, how: How) -> str:
    """Return what is said of photos of which no class of a model counts as right."""
    match how:
        case How.UNDECIDED:
            return "?"
        case How.OTHER:
            return t("none of its things")
        case How.ELSEWHERE:
            return t("known, from elsewhere")
        case _:
            return t("no such class")


def _form(
    t: Translator, known: LabelledPhotos, means: _Meanings, choices: dict[str, Choice], undecided: list[str]
) -> None:
    """Draw a question for each class of a page, those that are open before all others."""
    shown = pages([*undecided, *(name for name in known.classes if name not in set(undecided))], _QUESTIONS, key="ask")
    with st.form("class-choices"):
        answers = {name: _ask(t, name, means, choices, is_open=name in undecided) for name in shown}
        use, leave = st.container(horizontal=True), undecided and len(undecided) > len(shown)
        with use:
            used = st.form_submit_button(t("Use these"), type="primary")
            left = bool(leave) and st.form_submit_button(t("Leave the open ones out"))
    if used or left:
        _decide(choices, answers)
        if left:
            choices.update({name: None for name in undecided if name not in choices})
        st.rerun()


def _ask(t: Translator, name: str, means: _Meanings, choices: Mapping[str, Choice], *, is_open: bool) -> Choice:
    options: list[Choice] = list(
        dict.fromkeys([_AS_FOUND, None, *(means.near(name) if is_open else ()), *means.options])
    )
    chosen = choices.get(name, means.beforehand(name) if is_open else _AS_FOUND)

    def words(option: Choice) -> str:
        if option is None:
            return t("leave these photos out")
        return str(option) or (t("– choose –") if is_open else t("as found"))

    return st.selectbox(
        plain(means.title(name)), options, index=options.index(chosen) if chosen in options else 0, format_func=words
    )


def _decide(choices: dict[str, Choice], answers: Mapping[str, Choice]) -> None:
    for name, answer in answers.items():
        if answer == _AS_FOUND:
            choices.pop(name, None)
        else:
            choices[name] = answer
