"""What is kept as long as there is room."""

from lib.work.bounded import Bounded


def held(*names: str, most: int = 10) -> Bounded[str, bytes]:
    """Return one with values of four bytes."""
    bounded: Bounded[str, bytes] = Bounded(most, len)
    for name in names:
        bounded.put(name, name.encode() * 4)
    return bounded


def test_what_was_used_longest_ago_goes_first() -> None:
    bounded = held("a", "b")
    assert bounded.get("a") == b"aaaa"
    bounded.put("c", b"cccc")
    assert [bounded.get(name) for name in "abc"] == [b"aaaa", None, b"cccc"]
    assert (len(bounded), bounded.held_bytes) == (2, 8)


def test_a_value_takes_the_place_of_the_one_before() -> None:
    bounded = held("a")
    bounded.put("a", b"a")
    assert (bounded.get("a"), bounded.held_bytes) == (b"a", 1)


def test_one_that_is_too_large_stays_alone() -> None:
    bounded = held("a", "b")
    bounded.put("c", bytes(11))
    assert (len(bounded), bounded.get("c")) == (1, bytes(11))


def test_what_is_due_is_forgotten() -> None:
    bounded = held("a", "b")
    bounded.forget(lambda name: name == "a")
    assert (bounded.get("a"), bounded.get("b"), bounded.held_bytes) == (None, b"bbbb", 4)
