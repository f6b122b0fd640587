"""The figures as tables: complete, safe whatever things are called, and every count opens its photos."""

import re
from html import unescape

import numpy as np
import pytest

from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.matching import match
from lib.evaluation.accuracy import mistakes
from lib.evaluation.answers import Answers, Scores
from lib.evaluation.evaluate import assess
from lib.i18n import Translator
from lib.photos.source import Source
from lib.reports.figures import Figures, Open
from lib.verdict import Thresholds
from tests.reports.test_page import NASTY, Reader, evaluation

SAY = Translator()
MADE = evaluation(models=3, photos=60)
LIVE, PAPER = (Figures(MADE, SAY, {0: b"jpeg"}, is_live=is_live) for is_live in (True, False))
BEST = LIVE.models[0]
_CLASSES = ("_elsewhere/class 1", f"_other/{NASTY}", "_other/web", NASTY, "class 1")
_SHOWN = tuple(LabelledPhoto(Source.of_bytes(b"", f"{i}.png"), i % 5) for i in range(60))
_KNOWN = LabelledPhotos("set", _CLASSES, _CLASSES, _SHOWN, ())
_SAID = np.random.default_rng(0).dirichlet([0.2, 0.2], 60)
_SCORES = Scores("max-logit", _SAID.max(axis=1), 0.6, False)


def beside(*, is_live: bool) -> Figures:
    """Return the figures of two models, of which one has a score, on photos with others beside."""
    names = _CLASSES[3:]
    made = [Answers(f"m{i}", NASTY, names, names, _SAID, scores=score) for i, score in enumerate((_SCORES, None))]
    return Figures(
        assess(_KNOWN, [(one, match(_CLASSES, names)) for one in made], Thresholds()), SAY, {}, is_live=is_live
    )


DRAWN = {
    "accuracy": lambda f, opened: f.accuracy(opened),
    "pairs": lambda f, opened: f.pairs(opened),
    "verdicts": lambda f, opened: f.verdicts(opened),
    "mistakes": lambda f, opened: f.mistakes(mistakes(BEST.confusion, BEST.answers), opened),
    "confusion": lambda f, opened: f.confusion(BEST.confusion, BEST.answers.name, opened),
    "classes": lambda f, opened: f.classes(list(enumerate(BEST.per_class)), opened),
    "calibration": lambda f, opened: f.calibration(BEST, opened),
}


def picks(html: str) -> list[str]:
    return re.findall(r'data-pick="([^"]+)"', html)


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_a_table_of_text_and_what_it_counts_is_a_button(name: str) -> None:
    html = DRAWN[name](LIVE, Open())
    reader = Reader(html)
    assert reader.tags.count("table") == reader.tags.count("caption") == 1
    assert reader.tags.count("button") == len(picks(html)) > 0
    assert "script" not in reader.tags
    assert NASTY not in html


@pytest.mark.parametrize("name", DRAWN)
def test_photos_stand_below_the_row_that_was_pressed(name: str) -> None:
    pick = picks(DRAWN[name](LIVE, Open()))[0]
    html = DRAWN[name](LIVE, Open(pick, "What these are", (0, 1)))
    rows = html.split("<tr")
    pressed = next(i for i, row in enumerate(rows) if f'data-pick="{pick}"' in row)
    assert rows[pressed + 1].startswith(' class="behind"')
    assert "What these are" in rows[pressed + 1]
    assert html.count('aria-expanded="true"') == 1
    Reader(html)


@pytest.mark.parametrize("name", DRAWN)
def test_on_paper_nothing_can_be_pressed(name: str) -> None:
    html = DRAWN[name](PAPER, Open())
    assert "button" not in Reader(html).tags
    assert "data-pick" not in html


def test_a_tile_tells_what_the_photo_shows_and_what_every_model_said() -> None:
    html = LIVE.photos(Open("0:", "", (1,)))
    words = Reader(html).words
    assert "class 1" in words
    for model in LIVE.models:
        assert model.answers.said(1).removeprefix(NASTY) in words
        assert f'<li class="{model.kinds[1].value}">' in html


def test_a_photo_without_a_picture_keeps_its_place() -> None:
    html = LIVE.photos(Open("0:", "", (0, 1)))
    assert html.count("data:image/jpeg;base64,") == 1
    assert html.count('class="no-picture"') == 1


def test_of_many_photos_the_first_are_shown_and_the_next_are_offered() -> None:
    html = LIVE.photos(Open("3:wrong", "", tuple(range(60)), 10))
    assert html.count("<figure") == 10
    assert picks(html)[-1] == "3:wrong+58"
    assert "Show 48 more of 60" in html
    assert "more of" not in LIVE.photos(Open("3:wrong", "", tuple(range(60)), 60))


def test_every_pair_of_models_is_compared_once() -> None:
    words = Reader(LIVE.pairs()).words
    assert len(re.findall(r"points \(", words)) == 3
    assert len(re.findall(r"chance", words)) == 3
    assert Figures(evaluation(models=1), SAY, {}).pairs() == ""


def test_every_photo_is_on_the_map_once() -> None:
    counts = re.findall(r">\s*(\d+)\s*</button>", LIVE.confusion(BEST.confusion, "m"))
    assert sum(map(int, counts)) == BEST.hits.photos


def test_names_that_begin_alike_are_told_apart_in_narrow_places() -> None:
    html = unescape(LIVE.photos(Open("0:", "", (0,))))
    assert re.findall(r'class="who" title="([^"]*)"', html) == [m.answers.name for m in LIVE.models]
    assert all(re.search(rf">… {m.answers.name.split()[1]} ", html) for m in LIVE.models)


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_figures_are_drawn_in_every_language(language: str) -> None:
    figures = Figures(MADE, Translator(language), {})
    assert "~" in figures.accuracy()


def test_each_source_of_other_things_has_a_row_and_its_photos_open() -> None:
    figures = beside(is_live=True)
    html = figures.unknown()
    reader = Reader(html)
    assert NASTY not in html
    assert reader.tags.count("tr") == 1 + 2 * 3  # heads; for each model all photos, and both sources
    assert picks(html) == [f"{row}:still" for row in range(6)]
    assert "it cannot say" in reader.words
    assert "by its largest probability" in reader.words
    assert "something else" in figures.photos(Open("0:still", "Others", figures.unknown_rows()[0][1].photos))
    assert "button" not in Reader(beside(is_live=False).unknown()).tags


def test_without_other_things_there_is_no_such_figure() -> None:
    assert not LIVE.has_unknown


def test_the_unfamiliar_have_a_column_only_where_a_model_can_tell() -> None:
    assert "unfamiliar" in Reader(beside(is_live=True).verdicts()).words
    assert "unfamiliar" not in Reader(LIVE.verdicts()).words
