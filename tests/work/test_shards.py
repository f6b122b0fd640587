"""Parts of a run that have nothing in common and together are everything."""

import pytest

from lib.errors import UsageError
from lib.work.shards import Shard, number_of


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_every_key_is_in_exactly_one_part(count: int) -> None:
    parts = [Shard.parse(f"{number}/{count}") for number in range(1, count + 1)]
    keys = [f"folder/{number}.jpg" for number in range(300)] + ["", "ü.jpg", "\udcff.jpg"]
    assert all(sum(part.takes(key) for part in parts) == 1 for key in keys)


def test_parts_are_of_about_the_same_size() -> None:
    sizes = [sum(Shard(number, 4).takes(f"{key}.jpg") for key in range(4000)) for number in (1, 2, 3, 4)]
    assert all(abs(size - 1000) < 100 for size in sizes)  # 27 is the standard deviation


def test_a_key_has_the_same_number_everywhere() -> None:
    # hashlib.blake2b(b"a.jpg", digest_size=8), by b2sum -l 64
    assert number_of("a.jpg") == 0xFE47F0026E12A789


def test_names_of_parts_are_of_the_same_width() -> None:
    assert [str(Shard(1)), str(Shard(2, 5)), str(Shard(2, 10)), str(Shard(10, 10))] == [
        "", "2-of-5", "02-of-10", "10-of-10",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0/3", "There is no part 0 of 3: the first is 1/3, the last 3/3."),
        ("4/3", "There is no part 4 of 3: the first is 1/3, the last 3/3."),
        *(
            (text, f"--shard is written as 2/5 for the second part of five, not as {text}.")
            for text in ("x", "", "1", "1/0", "-1/3", "1/3/5", "1.5/3", " 1/3", "1/3\n", "１/３", "1/9999999999")
        ),
    ],
)
def test_what_is_no_part_is_told(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as told:
        Shard.parse(text)
    assert str(told.value) == sentence
