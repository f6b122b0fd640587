"""A mutant whose piece of the library has changed is lost loudly; whether mutants die takes `make mutants` a minute."""

import pytest

from tests.mutants import ROOT, LostMutantError, Mutant, find


@pytest.mark.parametrize(
    ("source", "complaint"), [("no such" + " piece", "in no file"), ("import ", "must stand once")]
)
def test_a_mutant_without_its_piece_is_an_error(source: str, complaint: str) -> None:
    with pytest.raises(LostMutantError, match=complaint):
        find(Mutant("", source, "", "test_verdict"), ROOT)


def test_a_mutant_without_tests_is_an_error() -> None:
    with pytest.raises(LostMutantError, match="no test_nothing"):
        find(Mutant("", "class Translator", "", "test_nothing"), ROOT)
