"""Sentences for people, kept apart from the language they are read in.

An error or a verdict carries a `Message`: the English sentence, which is also the key of the translation
catalogues, and the values to fill in. The edge that shows it (page, CSV, command line) puts it into words with
`lib.i18n`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


def N_(text: str) -> str:  # noqa: N802 - gettext's customary name: marks a sentence for translation
    """Mark `text` for the translation catalogues and return it unchanged."""
    return text


SEPARATOR = N_(", ")


@dataclass(frozen=True, slots=True)
class Word:
    """A name that comes with its translations: data, where a `Message` is a sentence of the catalogues.

    Attributes:
        text: English.
        translations: The same by language, such as "ko"; a language that is not there reads the English.
    """

    text: str
    translations: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        """Return it in English."""
        return self.text


@dataclass(frozen=True, slots=True)
class Listed:
    """Things named one after the other; each language has its own mark between two.

    Attributes:
        items: What to name: texts, or what is translated first.
    """

    items: tuple["str | Word | Message", ...]

    def __str__(self) -> str:
        """Return them in English."""
        return SEPARATOR.join(map(str, self.items))


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence and what fills its gaps.

    Attributes:
        text: English, with `{name}` placeholders; the key in the catalogues.
        values: One entry a placeholder. A value may itself be a Message, a Word or Listed; it is translated first.
            Other values than numbers and texts become their text at once, so that a message can be sent to another
            process.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the values plain."""
        plain = {
            name: value if isinstance(value, Message | Word | Listed | int | float | str) else str(value)
            for name, value in self.values.items()
        }
        object.__setattr__(self, "values", plain)

    def __str__(self) -> str:
        """Return the English sentence."""
        return fill(self.text, {name: str(value) for name, value in self.values.items()})


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with each `{name}` replaced; braces inside a value stay as they are."""
    return text.format_map(values)
