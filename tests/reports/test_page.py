"""The report to hand out: complete, self-contained, and safe whatever files and classes are called."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lib import __version__
from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.matching import Choice, match
from lib.evaluation import behind
from lib.evaluation.answers import Answers
from lib.evaluation.evaluate import Evaluation, assess
from lib.evaluation.shares import with_interval
from lib.i18n import Translator
from lib.messages import Message
from lib.photos.source import Skipped, Source
from lib.reports.page import photos_shown, read_thumbnails, report
from lib.results import VerdictKind
from lib.verdict import Thresholds
from tests.support.html import Reader
from tests.support.pictures import RED, encode, plain

NASTY = "<script>alert('x')</script>"
SAY = Translator()


def evaluation(classes: int = 3, *, photos: int = 12, models: int = 2) -> Evaluation:
    """Return an evaluation of random answers, whose first class, photo and skipped file have nasty names."""
    rng = np.random.default_rng(0)
    names = (NASTY, *(f"class {i}" for i in range(1, classes)))
    shown = [
        LabelledPhoto(
            Source.of_bytes(encode(plain(RED, 200, 100), "PNG"), f"{NASTY if i == 0 else i}.png"), i % classes
        )
        for i in range(photos)
    ]
    skipped = (Skipped("s.png", Message("{file} is broken.", {"file": NASTY})),)
    known = LabelledPhotos(f"set {NASTY}", names, names, tuple(shown), skipped)
    answers = [
        Answers(f"m{m}", f"Model {m} {NASTY}", names, names, rng.dirichlet([0.2] * classes, photos))
        for m in range(models)
    ]
    return assess(known, [(a, match(names, names)) for a in answers], Thresholds())


def test_names_from_outside_stay_text() -> None:
    page = report(evaluation(), SAY)
    reader = Reader(page)
    assert "script" not in reader.tags
    assert reader.words.count(NASTY) > 5
    assert NASTY not in page


def test_nothing_is_fetched_from_anywhere() -> None:
    made = evaluation()
    page = report(made, SAY, thumbnails=read_thumbnails(made))
    addresses = Reader(page).addresses
    assert addresses
    assert all(address.startswith("data:image/jpeg;base64,") for address in addresses)
    assert not re.search(r"url\(|@import|https?://", page)
    assert "default-src 'none'" in page


def test_every_part_is_there() -> None:
    words = Reader(report(evaluation(), SAY)).words
    for title in (
        "is right on", "Which model is better than which", "What the verdicts are worth", "A stricter rule",
        "calibration", "More measures", "Class by class", "confusion matrix", "is sure of these, and wrong",
        "Photos on which the models disagree", "Photos on which no model is sure", "How this was measured",
        "Folder → class", "Files that were skipped (1)", "is broken.",
    ):  # fmt: skip
        assert title in words, title


def test_the_figures_are_those_of_the_evaluation() -> None:
    made = evaluation()
    words = Reader(report(made, SAY)).words
    for model in made.models:
        assert str(with_interval(model.top1)) in words
        assert f"{model.verdicts[VerdictKind.CLEAR].share.count} photos" in words
    assert "95 of 100 such intervals hold the true figure" in words


def test_of_many_classes_the_most_frequent_mistakes_are_listed() -> None:
    page = report(evaluation(classes=30, photos=90), SAY)
    assert 'class="figure map' not in page
    assert page.count("was classified as") == 2 * 20
    words = Reader(page).words
    assert "The first 20 are shown." in words
    assert "Of 30 classes, the first 20 are shown." in words


def test_the_report_tells_what_each_folder_is_to_each_model() -> None:
    names = ("tabby", "tench", "Persian", "beagle")
    photos = tuple(LabelledPhoto(Source.of_bytes(b"", f"{i}.png"), i % 2) for i in range(4))
    known = LabelledPhotos("pets", ("Katzen", "Hunde"), ("Katzen", "Hunde"), photos, ())
    chosen: dict[str, Choice] = {"Katzen": ("tabby", "Persian"), "Hunde": None}
    one = Answers("m", "M", names, names, np.full((4, 4), 0.25))
    made = assess(known, [(one, match(known.classes, names, chosen=chosen))], Thresholds())
    page = report(made, SAY)
    assert '<tr><th scope="row">Katzen</th><td>tabby, Persian</td></tr>' in page
    assert '<tr><th scope="row">Hunde</th><td>left out</td></tr>' in page


def test_classes_that_are_called_the_same_are_named_in_one_line() -> None:
    assert "The same name for every model: <script>alert('x')</script>, class 1, class 2." in Reader(
        report(evaluation(), SAY)
    ).words.replace("\n", " ")


def test_the_report_tells_with_which_weights_settings_and_version_it_was_made() -> None:
    made = evaluation()
    digest = "0123456789abcdef" * 4
    models = [(replace(model.answers, sha256=digest), model.matching) for model in made.models]
    words = Reader(report(assess(made.photos, models, Thresholds(0.4, 0.3)), SAY)).words
    assert f"Discern {__version__}" in words
    assert words.count("0123456789ab") == 2
    assert words.count("40%") >= 2
    assert words.count("30%") >= 2


def test_a_class_of_many_breeds_is_told_shortly() -> None:
    made = evaluation(models=1)
    (model,) = made.models
    many = replace(model, matching=replace(model.matching, targets=((0, 1, 2) * 3, (1,), (2,))))
    page = report(replace(made, models=(many,)), SAY)
    assert "class 1, class 2" in page
    assert "and 5 more" in page


def test_one_model_has_no_comparison() -> None:
    made = evaluation(models=1)
    words = Reader(report(made, SAY)).words
    assert "Which model is better than which" not in words
    assert "the models disagree" not in words
    assert photos_shown(made) == behind.wrong_and_sure(made.models[0])[:6]


def test_thumbnails_are_small_jpegs_of_the_photos_that_are_shown() -> None:
    made = evaluation()
    thumbnails = read_thumbnails(made)
    assert set(thumbnails) == set(photos_shown(made))
    assert all(data.startswith(b"\xff\xd8\xff") and len(data) < 5000 for data in thumbnails.values())


def test_a_photo_that_is_gone_costs_only_its_thumbnail(tmp_path: Path) -> None:
    made = evaluation()
    gone = Source.of_path(tmp_path / "gone.png")
    photos = tuple(LabelledPhoto(gone, photo.label) for photo in made.photos.photos)
    answers = [(model.answers, model.matching) for model in made.models]
    without = assess(LabelledPhotos("set", made.photos.classes, made.photos.titles, photos), answers, Thresholds())
    assert read_thumbnails(without) == {}
    assert "gone.png" in report(without, SAY, thumbnails={})


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_the_report_speaks_the_readers_language(language: str) -> None:
    page = report(evaluation(), Translator(language))
    assert f'<html lang="{language}">' in page


@pytest.mark.parametrize(("ratio", "marked"), [(0.5, "50%"), (0.3, "30%"), (0.33, "35%")])
def test_the_ratio_that_was_set_is_marked_on_the_curves(ratio: float, marked: str) -> None:
    made = evaluation()
    page = report(made.as_read([model.own.labels for model in made.models], Thresholds(ratio)), SAY)
    found = re.findall(r'<circle[^>]* r="5" fill="[^"]*"><title>[^<]*: (.*?)</title>', page)
    assert found == [marked] * 2


def stroke_ends(page: str) -> Mapping[str, float]:
    numbers = [float(x) for x in re.findall(r'\b(?:x1|x2|y1|y2|cx|cy)="(-?[\d.]+)"', page)]
    return {"least": min(numbers), "most": max(numbers)}


def test_drawings_stay_on_their_paper() -> None:
    ends = stroke_ends(report(evaluation(), SAY))
    assert ends["least"] >= 0
    assert ends["most"] <= 620
