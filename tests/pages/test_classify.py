"""The page Classify under AppTest: what it hands to its stage, with which the browser does the rest."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from lib.catalogue.store import SHIPPED
from lib.classify.infer import Settings
from lib.i18n import Translator
from lib.model.spec import CARD, Novelty, parse, read_toml
from lib.ui.classify import strictness
from tests.conftest import TINY_MODELS
from tests.pages.conftest import app, ask, bring, cat, html, says, stage
from tests.support.pictures import BLUE, RED, encode, plain

STARTER = parse(read_toml(SHIPPED / "starter" / CARD, CARD), CARD)
assert STARTER.novelty is not None
SHIPPED_THRESHOLD = STARTER.novelty.threshold


def test_an_empty_page_invites_with_an_example_that_is_not_sure_and_six_samples() -> None:
    test = app()
    told = stage(test)
    assert told["isReady"]
    assert told["photos"] == []
    assert len(told["samples"]) == 6
    assert "Too close to call" in told["example"]["html"]
    assert "data-" not in told["example"]["html"], "other programs look for the visitor's own photos"
    assert not test.query_params, "what nobody chose does not stand in the address"


def test_a_photo_gets_a_verdict_and_bars_from_the_model_of_a_thousand_classes() -> None:
    test = app()
    (card,) = bring(test, cat())
    assert stage(test)["model"] == "efficientnet-lite0-int8"
    assert 'data-verdict="' in card["answer"]
    assert card["answer"].count('<th scope="row" title') == 5
    assert stage(test)["photos"] == [[card["id"], card["order"], "cat.png"]]


def test_a_sample_is_asked_for_by_its_name() -> None:
    test = app()
    card = ask(test, "POST", f"photos?sample={stage(test)['samples'][0]['name']}")
    assert (card["name"], card["kind"] in ("failed", "waiting")) == ("chelsea.png", False)


def test_a_bad_photo_costs_nobody_else_and_names_are_text() -> None:
    name = "\"><script>alert('x')</script>😀.png"
    good, bad = bring(app(), cat(), (name, b"not a photo", "image/jpeg"))
    assert good["kind"] != "failed"
    assert (bad["kind"], bad["src"], bad["marks"], bad["name"]) == ("failed", "", "", name)
    assert "is not a photo." in bad["answer"]
    assert "<script>" not in bad["answer"]


def test_settings_come_from_the_address_and_nonsense_in_it_counts_for_nothing() -> None:
    test = app(model="starter-small", k="3", ratio="0.3", floor20="0.75")
    assert stage(test)["query"] == "model=starter-small&whole=0&top=3&ratio=0.3&floor=0.75&lang=en"
    assert stage(test)["strict"]["values"] == {"top": 3, "ratio": 0.3, "floor": 0.75}
    nonsense = app(k="x", ratio="nan", floor="7")
    assert stage(nonsense)["strict"]["values"] == stage(nonsense)["strict"]["defaults"]


def test_from_which_vote_on_a_photo_is_familiar_is_in_the_address_of_its_model_alone() -> None:
    test = app(**{"model": "starter", "familiar-starter": "6.2"})
    strict = stage(test)["strict"]
    assert strict["values"]["familiar"] == 6.2
    assert strict["defaults"]["familiar"] == SHIPPED_THRESHOLD
    assert stage(test)["query"] == "model=starter&whole=0&top=5&ratio=0.5&familiar=6.2&lang=en"
    low, high, step = strict["limits"]["familiar"]
    assert low < 4 < 8 < high
    assert (SHIPPED_THRESHOLD - low) / step == pytest.approx(round((SHIPPED_THRESHOLD - low) / step), abs=1e-6)
    assert strict["price"]["digits"] == 1
    assert strict["price"]["shares"].keys() == {"threshold", "known_kept", "unknown_clear", "elsewhere_kept"}
    assert strict["price"]["sentence"].count("{") == 3
    mute = stage(app(**{"model": "starter-small", "familiar-starter": "6.2"}))
    assert "familiar" not in mute["query"]
    assert mute["strict"]["price"] is None
    assert "familiar" not in mute["strict"]["limits"]
    for nonsense in ("1000", "nan", "x"):
        other = app(**{"model": "starter", "familiar-starter": nonsense})
        assert stage(other)["strict"]["values"]["familiar"] == SHIPPED_THRESHOLD


def test_another_threshold_makes_the_same_answer_unfamiliar_in_page_table_and_json() -> None:
    said = []
    for score in ("", "8.5"):
        test = app(**{"model": "starter", **({"familiar-starter": score} if score else {})})
        (card,) = bring(test, cat())
        said.append((card["kind"], 'data-verdict="clear"' in card["marks"], 'data-unfamiliar="true"' in card["marks"]))
    assert said[0] == ("clear", True, False)
    assert said[1] == ("unfamiliar", True, True)


def test_settings_are_kept_from_page_to_page() -> None:
    test = app(ratio="0.3", k="7")
    test.switch_page("pages/models.py").run()
    test.query_params.clear()
    test.switch_page("pages/classify.py").run()
    assert (stage(test)["strict"]["values"]["ratio"], stage(test)["strict"]["values"]["top"]) == (0.3, 7)
    assert test.query_params["ratio"] == "0.3"


def test_photos_and_answers_are_there_after_another_page_and_in_another_language() -> None:
    test = app()
    (card,) = bring(test, cat())
    test.switch_page("pages/models.py").run()
    test.switch_page("pages/classify.py").run()
    assert ask(test, "GET", "answers")["cards"] == [card]


@pytest.mark.parametrize(("language", "promise"), [("en", "See what"), ("ko", "모델에는"), ("ja", "モデルに")])
def test_every_language_has_the_whole_page(language: str, promise: str) -> None:
    test = app(lang=language)
    (card,) = bring(test, cat())
    assert stage(test)["say"]["promise"].startswith(promise)
    english = stage(app())["say"]
    assert language == "en" or not [key for key, text in stage(test)["say"].items() if text == english[key]]
    assert "data-verdict=" in card["answer"]


def test_without_its_package_the_model_from_nothing_takes_its_place_and_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "models")
    monkeypatch.setattr("lib.catalogue.packaged.find", lambda model: None)
    test = app()
    (card,) = bring(test, cat())
    assert test.selectbox[0].value == "starter-scratch"
    assert "data-verdict=" in card["answer"]
    for told in (
        "is not installed",
        "pip install efficientnet-lite0",
        "For now “Discern starter (from nothing)” answers.",
    ):
        assert told in says(test)
    for page in ("compare", "embed", "models"):
        test.switch_page(f"pages/{page}.py").run()
        assert not test.exception
        assert not test.error
    assert "For now" not in says(app(model="starter-small"))


def test_an_unknown_model_is_named_with_its_neighbours() -> None:
    test = app(model="startr")
    assert not test.exception
    assert "startr" in test.error[0].value
    assert "starter" in test.error[0].value
    assert "For now" in test.error[0].value
    assert stage(test)["isReady"], "the page works, with the usual model"
    assert test.selectbox[0].value is None


def test_a_model_that_is_not_here_offers_its_download_and_downloads_nothing() -> None:
    test = app(model="mobilenet-v1-0.25-128-quant")
    assert not test.exception
    assert any(button.label.startswith("Download") for button in test.button)
    assert not stage(test)["isReady"], "photos wait"
    assert "Your photos wait for it." in stage(test)["boxes"]["held"]


def test_the_list_of_what_a_model_knows_is_made_when_it_is_opened_and_can_be_searched() -> None:
    test = app()
    assert not test.text_input
    test.session_state["knows"] = True
    test.run()
    test.text_input[0].set_value("espresso").run()
    assert html(test).count('class="known"') == 2, "and the espresso maker"


@pytest.fixture
def looks_at_the_middle(tmp_path: Path) -> None:
    """Put a model called "mine" into the data folder, which sees the middle of a photo, three by two."""
    folder = tmp_path / "models" / "mine"
    shutil.copytree(TINY_MODELS / "float32", folder)
    card = (folder / "model.toml").read_text("utf-8")
    card = card.replace('id = "float32"', 'id = "mine"').replace('resize = "squash"', 'resize = "square"')
    (folder / "model.toml").write_text(card, "utf-8")


def wide() -> tuple[str, bytes, str]:
    """Return a photo of which the middle is blue, and all of it for the most part red."""
    photo = plain(RED, 1500, 300)
    photo.paste(BLUE, (590, 0, 910, 300))
    return "wide.png", encode(photo, "PNG"), "image/png"


@pytest.mark.usefixtures("looks_at_the_middle")
def test_the_part_that_is_seen_is_framed_unless_the_whole_photo_is() -> None:
    test = app(model="mine")
    (card,) = bring(test, wide())
    assert "</em> blue" in card["answer"]
    left, top, right, bottom = card["frame"]
    assert 0.3 < left < 0.45 < 0.55 < right < 0.7
    assert 0 < top < bottom < 1
    whole = app(model="mine", view="whole")
    assert stage(whole)["isWhole"]
    (card,) = bring(whole, wide())
    assert "</em> red" in card["answer"]
    assert card["frame"] is None
    whole.selectbox[0].set_value("starter-scratch").run()
    assert not stage(whole)["canBeWhole"], "it sees all by itself"


@pytest.mark.usefixtures("looks_at_the_middle")
def test_a_photo_of_the_inputs_own_shape_has_no_frame() -> None:
    (card,) = bring(app(model="mine"), ("red.png", encode(plain(RED, 96, 64), "PNG"), "image/png"))
    assert card["frame"] is None


def test_what_the_page_hands_over_does_not_grow_with_answers() -> None:
    test = app()
    empty = len(json.dumps(stage(test)))
    bring(test, cat())
    assert len(json.dumps(stage(test))) < empty + 100


def test_of_a_model_whose_prices_nobody_counted_the_default_is_told_and_that_more_is_not_known() -> None:
    spec = replace(STARTER, novelty=Novelty("class-mean", 0.755, 0.943, "of 80 photos"))
    told = strictness.of_stage(Translator("en"), spec, Settings())
    assert told["price"] == {
        "digits": 2,
        "sentence": "The default keeps {known} of 100 clear answers about things it knows. On photos from elsewhere, "
        "more of them become unfamiliar; nobody has counted how many.",
        "shares": {"known_kept": [0.943]},
    }
    assert told["limits"]["familiar"] == [0.455, 1.005, 0.01]  # type: ignore[index]
    assert told["labels"]["familiar"] == "Minimum likeness of a familiar photo (default 0.76)"  # type: ignore[index]
