"""Text from systems that do not say how they wrote it: which encoding a set of names is in.

Zips made without the flag for UTF-8 hold plain bytes. The zip specification (APPNOTE 4.4.4, appendix D) calls them code
page 437; in truth they are in the code page of the maker's system. One encoding holds for all names of a zip, so it is
found from all of them together: of the encodings in which every name can be read, the one that makes the most ordinary
text. How ordinary a letter is, is counted in bits (about -log2 of its share in such text).
"""

import unicodedata
from collections.abc import Callable, Iterable
from itertools import pairwise

# Further text would not change what is found, and cost time.
_MOST_BYTES = 16 * 1024
# What speaks against an encoding beforehand: the app's languages are English, Korean and Japanese; Windows writes UTF-8
# with the flag or not at all.
_BEFOREHAND = {"gbk": 3, "cp950": 3, "cp866": 6, "cp1251": 6}
_UTF8_FROM_WINDOWS = 12
_ODD = 16
_ASCII = 5

# The everyday characters of each national standard (its level 1), by the first and the last one's bytes. The Korean
# one lacks 8,822 syllables that hardly any word has.
_EVERYDAY = {
    "euc_kr": (b"\xb0\xa1", b"\xc8\xfe"),
    "cp932": (b"\x88\x9f", b"\x98\x72"),
    "gb2312": (b"\xb0\xa1", b"\xd7\xf9"),
    "cp950": (b"\xa4\x40", b"\xc6\x7e"),
}
_WESTERN = frozenset("äöüßÄÖÜéèêëàâçñîïôûùáíóúåæøœÉ")
# Bits of the three parts of a Korean syllable, in the order of Unicode: counted in this program's own Korean sentences,
# and smoothed.
_INITIALS = tuple(map(int, "3744744473734755554"))
_VOWELS = tuple(map(int, "246934473586636866362"))
_FINALS = tuple(map(int, "1499398738999999459563779778"))


def encoding_of(names: Iterable[bytes], *, from_windows: bool = False) -> str:
    """Return the Python name of the one encoding that `names` are in; "cp437", which reads anything, at worst.

    Args:
        names: Paths with "/" or "\\\\" between folders, each in the same encoding.
        from_windows: Whether they were written on DOS or Windows, as far as is known.
    """
    parts = list(_telling(names))
    surprise = {encoding: _BEFOREHAND.get(encoding, 0) + _surprise(parts, encoding) for encoding in _LETTERS}
    surprise["utf-8"] += _UTF8_FROM_WINDOWS * from_windows
    return min(surprise, key=surprise.__getitem__)  # of two that fit alike, the first


def _telling(names: Iterable[bytes]) -> Iterable[bytes]:
    """Yield the different parts of the paths that are more than ASCII."""
    left = _MOST_BYTES
    for part in dict.fromkeys(part for name in names if not name.isascii() for part in name.split(b"/")):
        if left > 0 and not part.isascii():
            left -= len(part)
            yield part


def _surprise(parts: Iterable[bytes], encoding: str) -> float:
    """Return how unusual the parts would be in this encoding, in bits; infinite if they cannot be in it."""
    try:
        texts = [part.decode(encoding) for part in parts]
    except UnicodeDecodeError:
        return float("inf")
    if encoding == "utf-8":  # macOS takes accents and the parts of Korean syllables apart
        texts = [unicodedata.normalize("NFC", text) for text in texts]
    bits = _LETTERS[encoding]
    return sum(_ASCII if letter.isascii() else bits(letter) for text in texts for letter in text) + sum(
        map(_mixture, texts)
    )


def _mixture(text: str) -> int:
    """Return the bits for neighbours that no word has: a Latin letter beside another script's, "aB"."""
    odd = 0
    for one, other in pairwise(text):
        if one.isalpha() and other.isalpha() and not (one.isascii() and other.isascii()):
            odd += _is_latin(one) != _is_latin(other) or (one.islower() and other.isupper())
    return 6 * odd


def _is_latin(letter: str) -> bool:
    return letter < "ɐ"


def _is_everyday(letter: str, standard: str) -> bool:
    first, last = _EVERYDAY[standard]
    try:
        return first <= letter.encode(standard) <= last
    except UnicodeEncodeError:
        return False


def _western(letter: str) -> int:
    if letter in _WESTERN:
        return 7
    return 10 if letter.isalpha() and _is_latin(letter) else _ODD


def _cyrillic(letter: str) -> int:
    return 5 if "Ѐ" <= letter <= "ӿ" else _ODD


def _korean(letter: str) -> int:
    if not "가" <= letter <= "힣":
        return _ODD
    if not _is_everyday(letter, "euc_kr"):
        return 20
    rest, final = divmod(ord(letter) - ord("가"), len(_FINALS))
    initial, vowel = divmod(rest, len(_VOWELS))
    return _INITIALS[initial] + _VOWELS[vowel] + _FINALS[final]


def _japanese(letter: str) -> int:
    if "ぁ" <= letter <= "ヿ":
        return 7
    return 10 if _is_everyday(letter, "cp932") else _ODD


def _unicode(letter: str) -> int:
    if "가" <= letter <= "힣":
        return _korean(letter)
    if "ぁ" <= letter <= "ヿ" or "Ͱ" <= letter <= "\u07ff":
        return 8
    if _is_latin(letter):
        return _western(letter) + 1
    return 12 if letter.isalpha() else _ODD


# 437 and 850 are what DOS and Windows use for zips in the United States and in Western Europe; 1252 and 1251 are
# Windows's other page of the same countries.
_LETTERS: dict[str, Callable[[str], int]] = {
    "cp437": _western,
    "cp850": _western,
    "cp1252": _western,
    "utf-8": _unicode,
    "cp949": _korean,
    "cp932": _japanese,
    "gbk": lambda letter: 12 if _is_everyday(letter, "gb2312") else _ODD,
    "cp950": lambda letter: 12 if _is_everyday(letter, "cp950") else _ODD,
    "cp866": _cyrillic,
    "cp1251": _cyrillic,
}
