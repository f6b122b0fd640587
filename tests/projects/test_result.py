"""What is said of a live model."""

from collections import Counter
from html.parser import HTMLParser

import pytest

from lib.i18n import Translator
from lib.projects.project import Kept, Klass
from lib.projects.result import By, Result, Said, draw, tip_of

EN = Translator()
BIRD, DOG = Klass(1, "bird"), Klass(2, "dog")


class Text(HTMLParser):
    """The words of HTML, and where its pictures are."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.pictures: list[str] = []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.pictures.append(dict(attrs)["src"] or "")


def say(number: int, klass: int, said: int, probability: float = 0.9) -> Said:
    return Said(Kept(number, klass, f"{number}.jpg", f"digest{number}", 1), said, probability)


def drawn(classes: tuple[Klass, ...], counts: dict[int, int], result: Result | None = None) -> Text:
    return Text(draw(EN, classes, Counter(counts), result, lambda photo: f"/p/{photo}.jpg"))


@pytest.mark.parametrize(
    ("classes", "counts", "said"),
    [
        ((), {}, "Give each class a name"),
        ((BIRD,), {1: 3}, "Add a second class to begin."),
        ((BIRD, DOG), {1: 3}, "Now add photos of “dog”."),
        ((BIRD, DOG), {1: 3, 2: 1}, "Too few photos to say how good it is. Add more of “dog”."),
    ],
)
def test_as_long_as_nothing_is_known_it_says_what_to_do(
    classes: tuple[Klass, ...], counts: dict[int, int], said: str
) -> None:
    assert "".join(drawn(classes, counts).words).startswith(said)


def test_the_figure_comes_with_its_interval_and_how_it_was_found() -> None:
    # Wilson's interval of 23 of 25: 75.0 to 97.8 %.
    result = Result(By.HELD, (*(say(n, 1, 1) for n in range(23)), say(23, 1, 2), say(24, 2, 1, 0.99)))
    text = drawn((BIRD, DOG), {1: 12, 2: 13}, result)
    words = "".join(text.words)
    assert words.startswith("92%right on 25 photos it never trained on. With so few photos, the true figure is")
    assert "between 75% and 98%" in words
    assert text.pictures == ["/p/24.jpg", "/p/23.jpg"]  # the surest mistake first
    assert "said birdsaid dog" in words
    assert result.to_dict() == {
        "value": 0.92, "low": pytest.approx(0.7503, abs=1e-4), "high": pytest.approx(0.9778, abs=1e-4),
        "right": 23, "total": 25, "by": "held out",
    }  # fmt: skip


@pytest.mark.parametrize(("by", "said"), [(By.EACH, "left out in turn"), (By.FOLDS, "five rounds")])
def test_it_says_how_it_was_tested(by: By, said: str) -> None:
    assert said in "".join(drawn((BIRD, DOG), {1: 5, 2: 5}, Result(by, (say(1, 1, 1),))).words)


def test_nothing_wrong_is_no_reason_to_be_sure() -> None:
    words = "".join(drawn((BIRD, DOG), {1: 5, 2: 5}, Result(By.EACH, tuple(say(n, 1, 1) for n in range(10)))).words)
    assert words.startswith("100%")
    assert "Got these wrong" not in words
    assert "between 72% and >99%" in words
    assert "None wrong so far." in words


def test_of_many_mistakes_some_are_shown_and_the_others_counted() -> None:
    text = drawn((BIRD, DOG), {1: 9, 2: 9}, Result(By.EACH, tuple(say(n, 1, 2) for n in range(7))))
    assert len(text.pictures) == 4
    assert "and 3 more" in "".join(text.words)
    assert "It takes “bird” for “dog” most often." in "".join(text.words)


def test_what_is_taken_for_what_is_counted() -> None:
    said = (say(1, 1, 1), say(2, 1, 1, 0.7), say(3, 1, 2, 0.8), say(4, 2, 2, 0.6))
    html = draw(EN, (BIRD, DOG), Counter({1: 9, 2: 9}), Result(By.EACH, said), str)
    bird = '<tr><th scope="row">bird</th><td class="right">2</td><td class="miss">1</td></tr>'
    assert bird + '<tr><th scope="row">dog</th><td>0</td><td class="right">1</td></tr>' in html
    assert "On average it was 75% sure of its answers; 75% of them were right." in html


def test_a_class_with_few_photos_is_what_would_help_most() -> None:
    words = "".join(drawn((BIRD, DOG), {1: 30, 2: 4}, Result(By.EACH, (say(1, 1, 2),))).words)
    assert "“dog” has only 4 photos." in words


def test_names_are_text() -> None:
    evil = Klass(2, "<script>{label}")
    html = draw(EN, (BIRD, evil), Counter({1: 9, 2: 9}), Result(By.EACH, (say(1, 1, 2),)), str)
    assert "<script>" not in html
    assert "&lt;script&gt;{label}" in html


@pytest.mark.parametrize(
    ("counts", "aside", "alike", "said"),
    [
        ({1: 10, 2: 10}, 0, 0, ""),
        ({1: 4, 2: 4}, 0, 0, "Few photos"),
        ({1: 10, 2: 40}, 0, 0, "Another class has 40 photos."),
        ({1: 10, 2: 10}, 1, 0, "1 file was set aside"),
        ({1: 10, 2: 10}, 2, 3, "3 photos are nearly the same. They stay together when we test."),
    ],
)
def test_a_class_says_what_it_needs(counts: dict[int, int], aside: int, alike: int, said: str) -> None:
    tip = tip_of(EN, BIRD, Counter(counts), aside, alike)
    assert tip.startswith(said)
    assert bool(tip) == bool(said)
