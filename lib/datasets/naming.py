"""Names of files and folders that every system takes, and that no reader of this program passes over.

They are in zips that go to other people: Windows forbids some signs and keeps some names for itself, macOS takes two
Unicode forms of a name for one, and both take capitals and small letters for one.
"""

import re
import unicodedata

from lib.datasets.files import is_ignored
from lib.datasets.manifest import folded

_NAME_BYTES = 120  # of a folder or file: with three of them a path fits everywhere
# What Windows forbids in names, and names that it keeps for itself.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_SUFFIXES = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png", b"GIF8": ".gif", b"RIFF": ".webp", b"BM": ".bmp"}


def suffix_of(start: bytes) -> str:
    """Return the suffix that a picture's first bytes ask for, such as ".jpg"; ".bin" where they tell nothing."""
    return next((suffix for sign, suffix in _SUFFIXES.items() if start.startswith(sign)), ".bin")


def free(folder: str, name: str, suffix: str, taken: set[str]) -> str:
    """Return a path that no other has, also where capitals and Unicode forms count for nothing.

    Args:
        folder: Of the path, ending in "/"; or "".
        name: The file's or folder's without its suffix; untrusted text.
        suffix: "" for none.
        taken: The paths there are, folded; this one is added.
    """
    stem = fit(name)
    number = 1
    path = f"{folder}{stem}{suffix}"
    while folded(path) in taken:
        number += 1
        path = f"{folder}{stem} ({number}){suffix}"
    taken.add(folded(path))
    return path


def fit(name: str) -> str:
    """Return a name that every system takes for a file or folder, and that no reader of this program passes over."""
    clean = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip(" .")
    clean = clean.encode()[:_NAME_BYTES].decode("utf-8", "ignore").strip(" .")
    return f"_{clean}" if not clean or _RESERVED.fullmatch(clean) or is_ignored(clean) else clean
