"""The names of our own models' classes in other languages."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).resolve().parents[2] / "models" / "class-names.toml"


def in_language(names: tuple[str, ...], language: str) -> tuple[str, ...]:
    """Return English names in a language; one that is not in the table, or has no translation, stays as it is."""
    return tuple(_translations().get(name, {}).get(language, name) for name in names)


@cache
def _translations() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))
