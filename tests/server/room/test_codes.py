"""Codes are read aloud, and typed on phones of any language."""

import pytest

from lib.server.room import codes


@pytest.mark.parametrize("typed", ["fox47", "Fox 47", "FOX-47", " fox · 47 ", "ｆｏｘ　４７", "fox\u00a047", "fox_47."])
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert codes.read(typed) == "fox47"


@pytest.mark.parametrize(
    "typed", ["", "fox", "47", "fox4", "fox477", "47fox", "fox/47", "<fox47>", "fox٤٧", "x" * 10**6]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert codes.read(typed) == ""


def test_a_new_code_is_nobody_elses_and_can_be_typed() -> None:
    taken: set[str] = set()
    for _ in range(500):
        code = codes.new_code(taken)
        assert code not in taken
        assert codes.read(codes.shown(code)) == code
        taken.add(code)
