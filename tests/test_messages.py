"""Sentences and the values in their gaps."""

from lib.errors import PhotoError
from lib.messages import N_, Listed, Message, fill


def test_marking_a_sentence_does_not_change_it() -> None:
    assert N_("{file} is empty.") == "{file} is empty."


def test_a_message_reads_as_english() -> None:
    assert str(Message("{count} of {total} photos", {"count": 2, "total": 3})) == "2 of 3 photos"


def test_a_message_in_a_message_is_put_into_words_too() -> None:
    assert (
        str(Message("{what} failed", {"what": Message("reading {file}", {"file": "a.jpg"})})) == "reading a.jpg failed"
    )


def test_things_are_listed_one_after_the_other() -> None:
    assert str(Message("{names}.", {"names": Listed(("cat", Message("{n} dogs", {"n": 2})))})) == "cat, 2 dogs."


def test_braces_in_values_are_text() -> None:
    assert fill("{file} is empty.", {"file": "{0.__class__}{file}"}) == "{0.__class__}{file} is empty."


def test_an_error_carries_its_message_and_reads_as_english() -> None:
    error = PhotoError(N_("{file} is empty."), file="a.jpg")
    assert error.message == Message("{file} is empty.", {"file": "a.jpg"})
    assert str(error) == "a.jpg is empty."
