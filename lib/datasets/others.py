"""Photos beside the classes of a labelled set, by the names of their folders, which are classes of no model.

    _other/…              show none of the things that a model knows
    _elsewhere/CLASS/…    show known things, but come from another source: another camera, place or collection

A folder within `_other` is a source of its own: `_other/phone`, `_other/web`. In labels.csv the same names are labels.
"""

OTHER, ELSEWHERE = "_other", "_elsewhere"


def is_other(name: str) -> bool:
    """Whether the photos of a class show none of the things that a model knows."""
    return name.casefold().partition("/")[0] == OTHER


def is_elsewhere(name: str) -> bool:
    """Whether the photos of a class show known things, but come from elsewhere."""
    return name.casefold().partition("/")[0] == ELSEWHERE


def is_beside(name: str) -> bool:
    """Whether it is either."""
    return is_other(name) or is_elsewhere(name)


def within(name: str) -> str:
    """Return the source of such photos, or the class that they show; "" where that is not told."""
    return name.partition("/")[2]
