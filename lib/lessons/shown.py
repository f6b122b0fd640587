"""The pieces of HTML that lessons put together. What comes from outside is escaped here, and nowhere else."""

import io
import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

from PIL import Image

from lib.face.answer import caption, look, marks
from lib.i18n import Translator
from lib.lessons.bench import Picture
from lib.results import Classification

_TERM = re.compile(r"\*([^*]+)\*")
TILE_SIDE = 160


def rich(text: str) -> str:
    """Return a sentence of ours as HTML; what stands between asterisks is a term that is explained there."""
    return _TERM.sub(r"<dfn>\1</dfn>", escape(text))


def plain(text: str) -> str:
    """Return a sentence of ours without the asterisks."""
    return _TERM.sub(r"\1", text)


def data_url(image: Image.Image, kind: str = "PNG") -> str:
    """Return the address of a picture that holds the picture itself; a PNG keeps every pixel."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"quality": 80} if kind == "JPEG" else {}))
    return f"data:image/{kind.lower()};base64,{b64encode(buffer.getvalue()).decode()}"


def tile_url(image: Image.Image, side: int = TILE_SIDE) -> str:
    """Return the address of a small picture."""
    small = image.copy()
    small.thumbnail((side, side))
    return data_url(small.convert("RGB"), "JPEG")


def picture(src: str, alt: str, css: str = "") -> str:
    """Return a picture."""
    return f'<img src="{escape(src)}" alt="{escape(alt)}"{f" class={css!r}" if css else ""}>'


def paragraph(html: str, css: str = "") -> str:
    """Return a paragraph of HTML."""
    return f'<p class="{css}">{html}</p>' if css else f"<p>{html}</p>"


def figures(facts: Iterable[tuple[str, str]]) -> str:
    """Return numbers and what they are: large, beside each other."""
    cells = "".join(f"<div><dd>{escape(number)}</dd><dt>{escape(words)}</dt></div>" for number, words in facts)
    return f'<dl class="figures">{cells}</dl>'


def rows(title: str, lines: Sequence[tuple[str, float, str]], *, first: int = 1, css: str = "clear") -> str:
    """Return bars: a name, a share in [0, 1] and how it is written, a line each.

    Args:
        title: What they are, for who does not see them.
        lines: The lines.
        first: How many of them stand out.
        css: The kind that colours them.
    """
    body = "".join(
        f'<tr{" class=in" if place < first else ""}><th scope="row" title="{escape(name)}">{escape(name)}</th>'
        f'<td class="t"><i style="--p:{100 * min(max(share, 0.0), 1.0):.1f}"></i></td><td>{escape(said)}</td></tr>'
        for place, (name, share, said) in enumerate(lines)
    )
    return f'<table class="bars {css}"><caption class="unseen">{escape(title)}</caption><tbody>{body}</tbody></table>'


def table(
    title: str, heads: Sequence[str], lines: Sequence[Sequence[str]], css: str = "", *, shown: bool = False
) -> str:
    """Return a table of texts whose first column names the lines; `shown`: its title is to be seen, too."""
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(line[0])}</th>{"".join(f"<td>{escape(one)}</td>" for one in line[1:])}</tr>'
        for line in lines
    )
    unseen = "" if shown else ' class="unseen"'
    return (
        f'<div class="table {css}"><table><caption{unseen}>{escape(title)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def tiles(t: Translator, found: Sequence[tuple[Picture, Classification]]) -> str:
    """Return small pictures with their verdicts: sign, name and share."""
    cells = "".join(
        f'<li class="{look(one)}" {marks(one)}><img src="{escape(shown.src)}" alt="{escape(shown.name)}">'
        f'<p><span class="sign" aria-hidden="true"></span>{caption(t, one)}</p></li>'
        for shown, one in found
    )
    return f'<ul class="six">{cells}</ul>'
