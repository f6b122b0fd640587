"""What several models say of photos, a row a photo, as HTML: the verdict of each, and bars of the same classes in the
same places, on one axis from 0 to 100%.

The style is `lib/ui/web/compare.css`; it sets every width and height, so that no name moves a bar.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from lib.evaluation.side_by_side import Bond, Cell, Row
from lib.face.answer import look, marks
from lib.face.names import short
from lib.face.words import shown, words
from lib.i18n import Translator
from lib.results import Failure, Outcome

# Of the names' column, in letters: as wide as the longest name needs, within these.
_LEAST_LETTERS, _MOST_LETTERS = 8, 26


@dataclass(frozen=True, slots=True)
class ComparedPhoto:
    """What the models say of one photo.

    Attributes:
        file: Name of the photo; untrusted.
        picture: Address of its picture; "" if it has none.
        bond: What binds the models; None where one of them has no answer.
        outcomes: What each says.
        rows: The classes, in the reader's language, with a cell for each model.
        running: For each model which of the rows its verdict is about.
    """

    file: str
    picture: str
    bond: Bond | None
    outcomes: tuple[Outcome, ...]
    rows: tuple[Row, ...] = ()
    running: tuple[frozenset[int], ...] = ()


def table(t: Translator, models: Sequence[tuple[str, str]], photos: Sequence[ComparedPhoto]) -> str:
    """Return a row for each photo, and above them the models.

    Args:
        t: The reader's language.
        models: The name of each, and a few words about it.
        photos: Those to show.
    """
    heads = "".join(f"<p><b>{escape(name)}</b> <span>{escape(about)}</span></p>" for name, about in models)
    names = [short(row.name) for photo in photos for row in photo.rows]
    letters = min(max([_LEAST_LETTERS, *map(_letters, names)]), _MOST_LETTERS)
    articles = "".join(_article(t, [name for name, _ in models], photo) for photo in photos)
    return (
        f'<div class="compared m{len(models)}" style="--models:{len(models)};--letters:{letters}">'
        f'<div class="heads" aria-hidden="true"><span></span>{heads}</div>{articles}</div>'
    )


def bond_words(t: Translator, bond: Bond, models: int) -> str:
    """Return in a few words what binds the models.

    Args:
        t: The reader's language.
        bond: What binds them.
        models: How many they are.
    """
    match bond:
        case Bond.STRONG if models == 2:
            return t("Both sure, different answers")
        case Bond.STRONG:
            return t("Sure of different answers")
        case Bond.ONE:
            return t("Only one is sure")
        case Bond.DISAGREE:
            return t("They disagree")
        case Bond.UNSURE:
            return t("No model is sure")
        case Bond.AGREE:
            return t("They agree")
        case Bond.APART:
            return t("Cannot be compared")


def _article(t: Translator, names: Sequence[str], photo: ComparedPhoto) -> str:
    alt = escape(t("Photo {file}", file=photo.file))
    picture = f'<img src="{escape(photo.picture)}" alt="{alt}" loading="lazy">' if photo.picture else ""
    bond = ""
    if photo.bond is not None:
        strong = " strong" if photo.bond is Bond.STRONG else ""
        bond = f'<p class="bond{strong}">{escape(bond_words(t, photo.bond, len(names)))}</p>'
    return (
        f'<article class="card"><h2 class="unseen">{escape(photo.file)}</h2>'
        f'<div class="picture" title="{escape(photo.file)}">{picture}</div>{bond}{_cells(t, names, photo)}</article>'
    )


def _cells(t: Translator, names: Sequence[str], photo: ComparedPhoto) -> str:
    reasons = {t.message(o.error.message) for o in photo.outcomes if isinstance(o, Failure)}
    if len(reasons) == 1 and all(isinstance(outcome, Failure) for outcome in photo.outcomes):
        return f'<section class="cell all fail">{_headline(t, photo.outcomes[0])}</section>'
    cells = []
    for index, (name, outcome) in enumerate(zip(names, photo.outcomes, strict=True)):
        bars = _bars(t, name, photo, index) if photo.rows else ""
        who = f'<p class="who">{escape(name)}</p>'
        cells.append(f'<section class="cell {look(outcome)}">{who}{_headline(t, outcome)}{bars}</section>')
    return "".join(cells)


def _headline(t: Translator, outcome: Outcome) -> str:
    said = words(t, outcome)
    answer = said.answer or (said.short if said.short.casefold() != said.verdict.casefold() else "")
    verdict = escape(t("{verdict}:", verdict=said.verdict) if said.verdict and answer else said.verdict)
    head = (f'<em class="with">{verdict}</em> ' if answer else f"<em>{verdict}</em>") if verdict else ""
    why = f'<p class="why">{escape(said.reason)}</p>' if isinstance(outcome, Failure) else ""
    return (
        f'<h3 class="say" title="{escape(said.why)}" {marks(outcome)}><span class="sign" aria-hidden="true"></span>'
        f"{head}{escape(answer)}</h3>{why}"
    )


def _bars(t: Translator, name: str, photo: ComparedPhoto, model: int) -> str:
    lines = "".join(
        _bar(t, row, row.cells[model], is_in=place in photo.running[model]) for place, row in enumerate(photo.rows)
    )
    title = escape(t("What {model} thinks", model=name))
    kind = look(photo.outcomes[model])
    return (
        f'<table class="bars {kind}" data-bars><caption class="unseen">{title}</caption><tbody>{lines}</tbody></table>'
    )


def _bar(t: Translator, row: Row, cell: Cell | None, *, is_in: bool) -> str:
    own = cell.label if cell is not None and cell.label else row.name
    title = row.name if own == row.name else f"{row.name} ({own})"
    head = f'<th scope="row" title="{escape(title)}">{escape(short(row.name))}</th>'
    if cell is None:
        said = f'<span aria-hidden="true">–</span><span class="unseen">{escape(t("no such class"))}</span>'
        return f'<tr class="no">{head}<td class="t"></td><td title="{escape(t("no such class"))}">{said}</td></tr>'
    share = escape(shown(cell.probability))
    bar = f'<td class="t"><i style="--p:{cell.probability * 100:.1f}"></i></td><td>{share}</td>'
    return f"<tr{' class=in' if is_in else ''}>{head}{bar}</tr>"


def _letters(name: str) -> int:
    """Return how wide a name is, in letters of the Latin alphabet."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in name)
