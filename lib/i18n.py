"""Languages: which there are, which one a reader gets, and sentences put into it.

The catalogues are gettext's (`lib/locale/<language>/LC_MESSAGES/discern.mo`), made with Babel; English needs none.
"""

import gettext
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from lib.messages import SEPARATOR, Listed, Message, Word, fill

DOMAIN = "discern"
LOCALE_FOLDER = Path(__file__).parent / "locale"
LANGUAGES = {"en": "English", "ko": "한국어", "ja": "日本語"}
DEFAULT = "en"


class Translator:
    """Puts sentences into one language.

    Args:
        language: One of `LANGUAGES`; anything else reads as English.
    """

    def __init__(self, language: str = DEFAULT) -> None:
        self.language = language if language in LANGUAGES else DEFAULT
        self._catalogue = _catalogue(self.language)

    def __call__(self, text: str, **values: object) -> str:
        """Return the sentence `text`, translated and filled in."""
        return fill(self._catalogue.gettext(text), self._words(values))

    def plural(self, one: str, many: str, n: int, **values: object) -> str:
        """Return the sentence for the number `n`, which fills `{n}`."""
        return fill(self._catalogue.ngettext(one, many, n), self._words({"n": n, **values}))

    def message(self, message: Message) -> str:
        """Return a message in words."""
        return self(message.text, **message.values)

    def word(self, word: Word) -> str:
        """Return a name that brings its translations."""
        return word.translations.get(self.language, word.text)

    def listed(self, items: Iterable[str | Word | Message]) -> str:
        """Return things one after the other: "cat, dog"."""
        return self(SEPARATOR).join(map(self._in_words, items))

    def _words(self, values: dict[str, object]) -> dict[str, str]:
        return {name: self._in_words(value) for name, value in values.items()}

    def _in_words(self, value: object) -> str:
        match value:
            case Message():
                return self.message(value)
            case Word():
                return self.word(value)
            case Listed():
                return self.listed(value.items)
            case _:
                return str(value)


def is_sentence(text: str) -> bool:
    """Whether a text is a sentence of this program, as the catalogues know them all."""
    return bool(text) and any(_catalogue(language).gettext(text) != text for language in LANGUAGES)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE_FOLDER, [language], fallback=True)


def choose(wanted: Iterable[str | None]) -> str:
    """Return the first language of `wanted` that exists; tags like "ko-KR" count by their first part.

    Args:
        wanted: Language tags, best first; None and unknown ones are passed over.
    """
    return next((_language(tag) for tag in wanted if tag and speaks(tag)), DEFAULT)


def speaks(tag: str) -> bool:
    """Return whether the language of a tag exists."""
    return _language(tag) in LANGUAGES


def _language(tag: str) -> str:
    return tag.replace("_", "-").split("-")[0].lower()
