"""What a room is called, so that it can be read aloud and typed on a phone: "fox 47"."""

import re
import secrets
import unicodedata
from collections.abc import Container

# Short, known to beginners of English, hard to mishear for each other, and nothing that one would rather not be in.
_WORDS = (
    "ant", "bear", "bee", "bird", "boat", "book", "bus", "cake", "cat", "cloud", "corn", "cow", "cup", "desk", "dog",
    "door", "drum", "duck", "egg", "fish", "fox", "frog", "goat", "hat", "horse", "jam", "kite", "lamp", "leaf", "lion",
    "milk", "moon", "mouse", "nest", "owl", "pen", "pig", "rain", "ring", "rose", "sheep", "shoe", "snow", "star",
    "sun", "tent", "tiger", "train", "tree", "wolf", "zebra",
)  # fmt: skip
_FIRST, _LAST = 20, 99
_CODE = re.compile(r"([a-z]{2,6})(\d{2})")
_MOST_TYPED = 40


def new_code(taken: Container[str]) -> str:
    """Return a code that is not `taken`, such as "fox47"."""
    while True:
        code = f"{secrets.choice(_WORDS)}{_FIRST + secrets.randbelow(_LAST - _FIRST + 1)}"
        if code not in taken:
            return code


def read(typed: str) -> str:
    """Return the code that somebody typed, as `new_code` writes it: "Fox 47", "fox-47", "ｆｏｘ４７"; else ""."""
    plain = unicodedata.normalize("NFKC", typed[:_MOST_TYPED]).casefold()
    found = _CODE.fullmatch(re.sub(r"[\s_.\-–—·]", "", plain))
    return "".join(found.groups()) if found and found[2].isascii() else ""


def shown(code: str) -> str:
    """Return a code as people read it: "fox 47"."""
    return f"{code[:-2]} {code[-2:]}"
