"""Photos of a store that answers late, several read at once."""

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from lib.errors import PhotoError
from lib.messages import N_
from lib.photos.ahead import read_ahead
from lib.photos.source import Source


def test_several_are_read_at_once_and_come_in_their_order() -> None:
    together = threading.Barrier(4)

    def read(name: str) -> bytes:
        together.wait(30)  # for three others
        return name.encode()

    names = [f"{number}.jpg" for number in range(8)]
    found = list(read_ahead([Source(name, partial(read, name)) for name in names], readers=4))
    assert [source.name for source in found] == names
    assert [source.read() for source in found] == [name.encode() for name in names]


def test_no_more_are_read_than_are_wanted_soon() -> None:
    asked: list[int] = []

    def endless() -> Iterator[Source]:
        number = 0
        while True:
            asked.append(number)
            yield Source.of_bytes(b"", f"{number}")
            number += 1

    photos = read_ahead(endless(), readers=3)
    assert next(photos).name == "0"
    photos.close()
    assert asked == [0, 1, 2]


def test_a_photo_that_cannot_be_read_says_so_when_it_is_asked_for() -> None:
    def fail() -> bytes:
        raise PhotoError(N_("{file} is empty."), file="a")

    bad, good = read_ahead([Source("a", fail), Source.of_bytes(b"b", "b")])
    assert good.read() == b"b"
    with pytest.raises(PhotoError, match="a is empty"):
        bad.read()
