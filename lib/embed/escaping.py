"""Templates → code. Every value names how it is escaped for the place where it lands, or nothing is written.

`[[ name | js ]]` puts a value in, `[% if … %]` decides: brackets, since Vue, Svelte and JSX have the braces. A value
without a filter, and a name that there is not, is an error of the template.
"""

import html
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent / "templates"
_WIDTH = 110
_STEP = 2


class Code(str):
    """Text that is escaped for its place."""

    __slots__ = ()


class TemplateError(Exception):
    """A template puts in a value without saying how to escape it; a mistake in this program."""


def js(value: object) -> Code:
    """Return a value as JSON that is JavaScript too, even inside <script>: no "</script>" or "<!--" can be in it.

    Long lists of texts are broken into lines.
    """
    return Code(_json(value, 0))


def markup(text: object) -> Code:
    """Return text for HTML, attributes included, and for the markup of Vue, Svelte and JSX, whose braces it escapes."""
    escaped = html.escape(str(text), quote=True)
    return Code(escaped.replace("{", "&#123;").replace("}", "&#125;"))


def py(value: object) -> Code:
    """Return a value as a Python literal; long lists of texts are broken into lines."""
    if isinstance(value, list | tuple):
        return Code(_lines([py(item) for item in value], " " * _STEP))
    if isinstance(value, str):
        return Code(_quoted(value, lambda character: repr(character)[1:-1]))
    return Code(repr(value))


def kotlin(text: object) -> Code:
    """Return text as a Kotlin string literal."""
    return Code(_quoted(str(text), _utf16).replace("$", "\\$"))


def swift(text: object) -> Code:
    """Return text as a Swift string literal."""
    return Code(_quoted(str(text), lambda character: f"\\u{{{ord(character):X}}}"))


def number(value: float) -> Code:
    """Return a finite number; the same in every language here."""
    return Code(repr(float(value)))


def whole(value: int) -> Code:
    """Return a whole number."""
    return Code(str(int(value)))


def trusted(code: str) -> Code:
    """Return code that was rendered from a template before, or is one of ours."""
    return Code(code)


def render(template: str, **values: object) -> str:
    """Return the template `template` (a path below `templates/`) filled in.

    Raises:
        TemplateError: A value has no filter.
        jinja2.UndefinedError: A name has no value.
    """
    return environment().get_template(template).render(values)


def read(template: str) -> str:
    """Return a template that has no gaps."""
    return (FOLDER / template).read_text(encoding="utf-8")


@cache
def environment() -> "Environment":
    """Return what fills the templates."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        finalize=_finalize,
    )
    filters: dict[str, Callable[[Any], Code]] = {
        "js": js, "html": markup, "py": py, "kotlin": kotlin, "swift": swift,
        "number": number, "whole": whole, "trusted": trusted,
    }  # fmt: skip
    environment.filters.update({name: _of_defined(escape) for name, escape in filters.items()})
    return environment


def _of_defined(escape: Callable[[Any], Code]) -> Callable[[Any], Code]:
    """Return `escape` for values that there are: what stands for a missing one may have a harmless `repr`."""
    import jinja2

    def filtered(value: Any) -> Code:
        if isinstance(value, jinja2.Undefined):
            str(value)  # raises UndefinedError, which names it
        return escape(value)

    return filtered


def _finalize(value: object) -> object:
    if not isinstance(value, Code):
        raise TemplateError(f"A template writes a value without a filter: {value!r}")
    return value


def _json(value: object, depth: int) -> str:
    if isinstance(value, dict) and value:
        indent = " " * _STEP * (depth + 1)
        items = [f"{indent}{_flat(str(name))}: {_json(item, depth + 1)}" for name, item in value.items()]
        return "{\n" + ",\n".join(items) + "\n" + indent[_STEP:] + "}"
    if isinstance(value, list | tuple):
        return _lines([_flat(item) for item in value], " " * _STEP * (depth + 1))
    return _flat(value)


def _flat(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return "".join(c if c.isprintable() and c not in "<>&" else _utf16(c) for c in text)


def _lines(items: Sequence[str], indent: str) -> str:
    """Return a list literal, in one line if it is short, else each line behind `indent`."""
    if sum(len(item) + 2 for item in items) <= _WIDTH:
        return f"[{', '.join(items)}]"
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) <= _WIDTH:
            lines[-1] += f" {item},"
        else:
            lines.append(f"{indent}{item},")
    lines[-1] = lines[-1].removesuffix(",")
    return "[\n" + "\n".join(lines) + f"\n{indent[_STEP:]}]"


def _quoted(text: str, escape: Callable[[str], str]) -> str:
    """Return a literal in double quotes; everything invisible is escaped."""
    pieces = [
        "\\" + character if character in '\\"' else character if character.isprintable() else escape(character)
        for character in text
    ]
    return f'"{"".join(pieces)}"'


def _utf16(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex().upper()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
