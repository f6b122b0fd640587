"""A photo's card: plain values for the page's script."""

import json
from dataclasses import dataclass

from lib.face.card import card, facts, waiting
from lib.i18n import Translator
from lib.model.spec import InputSpec
from tests.face.answers import failed, found

EN = Translator("en")
SQUARE = InputSpec(size_wh=(224, 224), resize="square")


@dataclass
class Photo:
    """What a card needs to know of a photo."""

    id: int = 7
    name: str = "<b>.jpg"
    order: int = 1_800_000_000_000_000
    size_wh: tuple[int, int] | None = (400, 200)
    picture: tuple[bytes, str] | None = (b"jpeg", "image/jpeg")


def test_a_card_is_json_and_says_what_the_page_shows() -> None:
    made = card(EN, "v", Photo(), found(0.59, 0.35, 0.06), SQUARE)
    assert json.loads(json.dumps(made)) == made
    assert (made["id"], made["kind"], made["name"]) == (7, "close", "<b>.jpg")
    assert made["src"] == "/visits/v/photos/7.jpg"
    assert made["marks"] == 'data-verdict="close"'
    assert "<b>.jpg" not in str(made["answer"])


def test_the_part_that_is_seen_is_told_where_much_is_left_out() -> None:
    answer = found(0.9, 0.1)
    assert card(EN, "v", Photo(), answer, SQUARE)["frame"] == [0.2825, 0.065, 0.72, 0.94]
    assert card(EN, "v", Photo(size_wh=(200, 200)), answer, SQUARE)["frame"] is None
    assert card(EN, "v", Photo(), answer, None)["frame"] is None


def test_a_photo_without_an_answer_has_a_card_too() -> None:
    bad = card(EN, "v", Photo(size_wh=None, picture=None), failed(), SQUARE)
    assert (bad["kind"], bad["src"], bad["marks"], bad["frame"], bad["facts"]) == ("failed", "", "", None, "")
    unseen = card(EN, "v", Photo(), None, SQUARE)
    assert (unseen["kind"], unseen["answer"], unseen["caption"]) == ("waiting", "", "")
    assert waiting(EN, "Classifying …").count('<td class="t">') == 5


def test_facts() -> None:
    assert facts(EN, found(0.99, 0.01)) == "400 × 300 px · 1 ms · nearly all on one class"
    assert facts(EN, found(0.5, 0.5)) == "400 × 300 px · 1 ms · spread over about 2 classes"
