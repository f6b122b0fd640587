"""What can be guessed, and who is right."""

import pytest

from lib.i18n import Translator
from lib.messages import Word
from lib.results import Classification, Familiarity, Group, Prediction, Verdict, VerdictKind
from lib.server.room.guessing import GROUP, UNSURE, name_of, options, right

T = Translator()
DOG = Word("dog", {"ko": "개"})


def answer(
    kind: VerdictKind = VerdictKind.CLEAR, *, group: VerdictKind | None = None, score: float = 9.0
) -> Classification:
    """Return an answer of six classes, of which the first leads, and whose group stands out or does not."""
    listed = tuple(Prediction(index, name, 0.3 - index / 20) for index, name in enumerate("feacdb"))
    verdict = Verdict(kind, (), 0, listed[0], listed[1].probability, 6, 0.5, 0.2, 4.0)
    found = None if group is None else Group(DOG, DOG, 0.9, group, listed[:2], 0)
    return Classification("a", "m", listed, verdict, (1, 1), 1.0, found, Familiarity("max-logit", score, 5.0))


def test_the_likeliest_classes_can_be_guessed_in_the_order_of_the_alphabet() -> None:
    assert [one.name for one in options(T, answer())] == ["a", "c", "e", "f"]


def test_a_group_is_among_them_whether_it_is_the_answer_or_not() -> None:
    for kind in VerdictKind:
        names = [one.name for one in options(T, answer(group=kind))]
        assert names == ["a", "dog (whichever kind)", "e", "f"]


@pytest.mark.parametrize(
    ("found", "guess"),
    [
        (answer(), "0"), (answer(VerdictKind.CLOSE), UNSURE), (answer(VerdictKind.WEAK), UNSURE),
        (answer(VerdictKind.NONE), UNSURE), (answer(VerdictKind.CLOSE, group=VerdictKind.CLEAR), GROUP),
        (answer(VerdictKind.CLEAR, group=VerdictKind.CLEAR), "0"), (answer(score=1.0), UNSURE),
        (answer(VerdictKind.CLOSE, group=VerdictKind.CLOSE), UNSURE),
    ],
)  # fmt: skip
def test_the_right_guess_is_what_the_page_says(found: Classification, guess: str) -> None:
    assert right(found) == guess
    assert guess == UNSURE or guess in [one.id for one in options(T, found)]


def test_guesses_have_names_in_the_readers_language() -> None:
    found = answer(group=VerdictKind.CLEAR)
    assert name_of(T, found, "2") == "a"
    assert name_of(Translator("ko"), found, GROUP).startswith("개")
    assert name_of(T, found, UNSURE) == "It will not be sure"


def test_of_classes_with_one_name_the_likelier_can_be_guessed() -> None:
    twice = answer()
    same = tuple(
        Prediction(one.index, "same" if one.index < 2 else one.label, one.probability) for one in twice.predictions
    )
    found = Classification("a", "m", same, twice.verdict, (1, 1), 1.0)
    assert [(one.id, one.name) for one in options(T, found)][-1] == ("0", "same")
    assert len({one.name for one in options(T, found)}) == 4
