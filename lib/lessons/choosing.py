"""Where controls stand: read from what the reader has set, and never out of range."""

from collections.abc import Sequence

from lib.lessons.bench import Bench, Picture
from lib.lessons.lesson import Control, Values
from lib.messages import N_

_PHOTO = N_("Picture")


def place(values: Values, name: str, count: int, start: int = 0) -> int:
    """Return where a control with so many places stands; `start` where nothing is set, or no number."""
    given = values.get(name, "")
    at = int(given) if given.isdecimal() and len(given) < 6 else start
    return min(max(at, 0), count - 1)


def along(values: Values, name: str, label: str, shown: Sequence[str], start: int = 0) -> Control:
    """Return a control that moves along a line."""
    return Control(name, label, tuple(shown), place(values, name, len(shown), start))


def among(values: Values, name: str, label: str, shown: Sequence[str], start: int = 0) -> Control:
    """Return a control that chooses one of a few."""
    return Control(name, label, tuple(shown), place(values, name, len(shown), start), "choice")


def which_picture(bench: Bench, values: Values, start: int = 0) -> Control:
    """Return the control that chooses a picture."""
    pictures = bench.pictures
    at = place(values, "photo", len(pictures), start)
    names, sources = tuple(p.name for p in pictures), tuple(p.src for p in pictures)
    return Control("photo", bench.t(_PHOTO), names, at, "photo", sources)


def picked(bench: Bench, control: Control) -> Picture:
    """Return the picture that was chosen."""
    return bench.pictures[control.at]
