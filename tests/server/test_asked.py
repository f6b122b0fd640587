"""How a visitor wants a photo answered is read from an address, and written into one."""

from urllib.parse import parse_qsl

import pytest

from lib.classify.infer import Settings
from lib.errors import UsageError
from lib.server.asked import Asked
from lib.verdict import Thresholds


def read(query: str) -> Asked:
    return Asked.read(dict(parse_qsl(query)))


def test_all_of_it_is_read() -> None:
    asked = read("model=starter&whole=1&top=3&ratio=0.4&floor=0.6&familiar=-1.5&lang=ko")
    assert asked == Asked("starter", is_whole=True, settings=Settings(3, Thresholds(0.4, 0.6), -1.5), language="ko")


def test_what_is_not_said_is_as_usual() -> None:
    assert read("model=starter") == Asked("starter")


@pytest.mark.parametrize("query", ["model=a", "model=a&whole=1&top=7&ratio=0.25&floor=0.05&familiar=5.1796&lang=ja"])
def test_what_is_written_reads_the_same(query: str) -> None:
    assert read(read(query).query()) == read(query)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("top=5", "does not name a model"),
        ("model=a&top=five", "top must be a number, not “five”"),
        ("model=a&top=0", "must be at least 1"),
        ("model=a&top=1000000000", "At most 100 classes"),
        ("model=a&ratio=2", "rival ratio must be between"),
        ("model=a&ratio=nan", "rival ratio must be between"),
        ("model=a&floor=nan", "winner must be between"),
        ("model=a&familiar=nan", "must be a number, not nan"),
        ("model=a&familiar=high", "familiar must be a number, not “high”"),
        ("model=a&floor=", "must be between|must be a number"),
    ],
)
def test_what_cannot_be_meant_is_refused(query: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Asked.read(dict(parse_qsl(query, keep_blank_values=True)))


def test_an_unknown_language_reads_english() -> None:
    assert read("model=a&lang=xx").language == "en"
