"""What was found lately is not looked for again."""

from itertools import count

from lib.work.lately import Lately


def test_it_is_looked_for_again_after_a_while() -> None:
    now, numbers = [0.0], count()
    lately = Lately(lambda: next(numbers), 5.0, lambda: now[0])
    found = []
    for second in (0.0, 4.0, 6.0, 7.0, 12.0):
        now[0] = second
        found.append(lately())
    assert found == [0, 0, 1, 1, 2]
