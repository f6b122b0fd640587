"""A project.json that says anything at all is read as it is meant, or refused in a sentence."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lib.datasets.manifest import Kept, Klass, Manifest, Settings, clean_name, read, write
from lib.errors import DatasetError
from lib.messages import Message

NAMES = st.text(max_size=60).map(lambda text: clean_name(text, 100)).filter(bool)
MANIFEST = Manifest(
    "id", "mine", Settings("m"), 7, 9, "m", ("m",), (Klass(1, "cat"), Klass(2, "dog", is_removed=True)),
    (
        Kept(3, 1, "a.png", "0" * 64, 5, "b", 1, None),
        Kept(4, 2, "b.png", "1" * 64, 5, None, None, Message("{file} is empty.", {"file": "b.png"}), is_broken=True),
    ),
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def places(table: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to each value of a table."""
    inner = table.items() if isinstance(table, dict) else enumerate(table) if isinstance(table, list) else ()
    return [at, *(place for key, value in inner for place in places(value, (*at, key)))]


def test_what_is_written_is_read() -> None:
    assert read(write(MANIFEST), "x") == MANIFEST


@given(NAMES, NAMES, st.integers(1, 2**64 - 1), st.text(max_size=9))
def test_any_names_and_hashes_are_read_as_they_were_written(one: str, other: str, seen: int, burst: str) -> None:
    first, second = MANIFEST.photos
    classes = (Klass(1, one), replace(MANIFEST.classes[1], name=other))
    photos = (replace(first, name=other, phash=seen, burst=burst or None), second)
    manifest = replace(MANIFEST, name=one, classes=classes, photos=photos)
    assert read(write(manifest), "x") == manifest


@given(st.data(), VALUES, st.booleans())
def test_any_value_in_any_place_is_read_or_refused_in_a_sentence(
    data: st.DataObject, value: Any, foreign: bool
) -> None:
    table = json.loads(write(MANIFEST))
    *way, last = data.draw(st.sampled_from(places(table)[1:]))
    inner = table
    for key in way:
        inner = inner[key]
    inner[last] = value
    try:
        manifest = read(json.dumps(table).encode(), "x", is_foreign=foreign)
    except DatasetError as error:
        text = str(error)
        assert text.startswith("x ")
        return
    assert str([str(photo.aside) for photo in manifest.shown])
    assert read(write(manifest), "x") == replace(manifest)
