"""A model's answer to a photo as HTML: the verdict in words, and the likeliest classes as bars with the lines that
decided. Other programs find them by `data-verdict`, `data-group` and `data-bars`.

The style is `lib/ui/web/answer.css`. Everything is text and style alone, so that it may also go through Streamlit's
`st.html`, which takes out whatever could do something.
"""

from dataclasses import dataclass
from html import escape

from lib.face.names import short
from lib.face.words import Kind, Words, kind_of, shown, things, words
from lib.i18n import Translator
from lib.results import Classification, Outcome, Prediction, VerdictKind
from lib.verdict import numbers, percent, strange

ROWS = 5
# Floor's words begin at its line where there is room to the right of it.
_ROOM_TO_THE_RIGHT = 0.6
# The class of each kind, see tokens.css.
_LOOKS = {kind: kind.value for kind in Kind} | {
    Kind.UNFAMILIAR: "strange",
    Kind.FAILED: "fail",
    Kind.WAITING: "busy",
}


def look(outcome: Outcome | None) -> str:
    """Return the class that gives an answer, and what is around it, the sign and colours of its kind."""
    return _LOOKS[kind_of(outcome)]


def marks(outcome: Outcome | None) -> str:
    """Return the attributes by which other programs find what became of a photo; none for one without an answer."""
    if not isinstance(outcome, Classification):
        return ""
    group = f' data-group="{outcome.group.verdict}"' if outcome.group else ""
    unfamiliar = ' data-unfamiliar="true"' if outcome.unfamiliar else ""
    return f'data-verdict="{outcome.verdict.kind}"{group}{unfamiliar}'


def verdict_box(
    t: Translator,
    outcome: Outcome,
    *,
    heading: int = 2,
    with_actions: bool = False,
    is_marked: bool = True,
    below: str = "",
) -> str:
    """Return what is said of a photo, in a box: sign, verdict and answer, and below it the reason.

    Args:
        t: The reader's language.
        outcome: What became of the photo.
        heading: Level of the headline in the page.
        with_actions: Whether the page can do what the reason names: show what the model knows, crop, ask another one.
            These are buttons with `data-do`.
        is_marked: Whether other programs are to find it: it is about a photo of the reader's.
        below: HTML of what stands below the reason, in the box.
    """
    said = words(t, outcome)
    reason = escape(said.reason)
    if said.number:  # it is to be seen below the bars
        reason += f'<span class="unseen"> {escape(said.number)}</span>'
    if with_actions and isinstance(outcome, Classification):
        reason = _with_actions(t, outcome, reason)
    return message_box(
        look(outcome), _headline(t, said), reason, marks(outcome) if is_marked else "", heading=heading, below=below
    )


def message_box(look: str, headline: str, reason: str, marks: str = "", *, heading: int = 2, below: str = "") -> str:
    """Return a box with a sign, all texts being HTML; `look` as that function returns it."""
    return (
        f'<div class="verdict {look}" {marks}><span class="sign" aria-hidden="true"></span>'
        f'<h{heading} class="say">{headline}</h{heading}><p class="why">{reason}</p>{below}</div>'
    )


def bars(t: Translator, found: Classification, *, rows: int | None = None, is_marked: bool = True) -> str:
    """Return the likeliest classes as a table whose middle column is the bars.

    Lines of classes that are not there stay empty, so that answers beside each other are level.

    Args:
        t: The reader's language.
        found: What the model said.
        rows: How many lines; None for all of the answer's classes, and five at least.
        is_marked: Whether other programs are to find them: they are about a photo of the reader's.
    """
    listed = [p for p in found.predictions[:rows] if p.probability > 0]
    lines = _lines(t, found)
    style = ";".join(f"--{line.name}:{line.at * 100:.1f}" for line in lines)
    filled = "".join(_row(p, in_running=_runs(found, place, p)) for place, p in enumerate(listed))
    mark = "data-bars " if is_marked else ""
    return _table(
        t,
        filled + _EMPTY * ((rows or ROWS) - len(listed)),
        _notes(t, lines) or _score(t, found),
        f'class="bars {look(found)}" {mark}style="{style}"',
    )


def empty_bars(t: Translator, rows: int = ROWS) -> str:
    """Return the tracks of bars that are still to come."""
    track = '<tr aria-hidden="true"><th scope="row"></th><td class="t"></td><td></td></tr>'
    return _table(t, track * rows, "", 'class="bars"')


def caption(t: Translator, outcome: Outcome) -> str:
    """Return the few words below a small picture, with the kind in words for those who do not see the sign."""
    said = words(t, outcome)
    kind = f'<span class="unseen">{escape(t("{verdict}:", verdict=said.verdict))} </span>' if said.answer else ""
    share = f" {escape(said.share)}" if said.share else ""
    return f"{kind if said.verdict else ''}<b>{escape(said.short)}</b>{share}"


@dataclass(frozen=True, slots=True)
class _Line:
    """A threshold in the bars: "floor" or "rival", where it is in [0, 1], and in words."""

    name: str
    at: float
    words: str


def _headline(t: Translator, said: Words) -> str:
    if not said.verdict:
        return escape(said.answer)
    if not said.answer:
        return f"<em>{escape(said.verdict)}</em>"
    return f"<em>{escape(t('{verdict}:', verdict=said.verdict))}</em> {escape(said.answer)}"


def _with_actions(t: Translator, found: Classification, reason: str) -> str:
    if kind_of(found) is Kind.CLEAR:
        known = escape(things(t, found.verdict.classes))
        return reason.replace(known, _button("known", known))
    tips = t("You can {crop} or {ask}.", crop="{crop}", ask="{ask}")
    crop, ask = _button("crop", escape(t("crop it"))), _button("ask", escape(t("ask another model")))
    tips = escape(tips).replace("{crop}", crop).replace("{ask}", ask)
    return f'{reason} <span class="tips">{tips}</span>'


def _button(does: str, label: str) -> str:
    return f'<button type="button" class="link" data-do="{does}">{label}</button>'


def _runs(found: Classification, place: int, prediction: Prediction) -> bool:
    """Whether a class is what the verdict is about: the winner, or a rival where there are several."""
    verdict = found.verdict
    if kind_of(found) is Kind.UNFAMILIAR:
        return False
    if verdict.kind in (VerdictKind.CLEAR, VerdictKind.WEAK):
        return place == 0
    return prediction.probability >= verdict.ratio * verdict.winner.probability


def _row(prediction: Prediction, *, in_running: bool) -> str:
    label, name = prediction.label, short(prediction.label, prediction.index)
    return (
        f'<tr{" class=in" if in_running else ""}><th scope="row" title="{escape(label)}">{escape(name)}</th>'
        f'<td class="t"><i style="--p:{prediction.probability * 100:.1f}"></i></td>'
        f"<td>{escape(shown(prediction.probability))}</td></tr>"
    )


_EMPTY = '<tr aria-hidden="true"><th scope="row"></th><td></td><td></td></tr>'


def _lines(t: Translator, found: Classification) -> list[_Line]:
    """Return the lines that matter for a verdict, from left to right."""
    verdict = found.verdict
    if kind_of(found) is Kind.UNFAMILIAR:
        return []
    at = verdict.ratio * verdict.winner.probability
    rival = _Line("rival", at, t("rival from {percent}", percent=percent(at)))
    floor = _Line("floor", verdict.floor, t("{percent} needed", percent=percent(verdict.floor)))
    match verdict.kind:
        case VerdictKind.CLOSE:
            return [rival]
        case VerdictKind.NONE:
            return [rival, floor]
        case _:
            return [floor]


def _notes(t: Translator, lines: list[_Line]) -> str:
    """Return the words of the lines: the floor's begin at its line, where there is room, all others end at theirs."""
    if len(lines) > 1 and lines[-1].at > _ROOM_TO_THE_RIGHT:
        return _note(t.listed(line.words for line in lines), lines[-1].at, to_the_left=True)
    return "".join(
        _note(line.words, line.at, to_the_left=line.name == "rival" or line.at > _ROOM_TO_THE_RIGHT) for line in lines
    )


def _score(t: Translator, found: Classification) -> str:
    """Return in words how familiar a photo is that is not: what the others' lines are to them."""
    told = strange(found.verdict, found.familiarity)
    if told is None:
        return ""
    score, needed = numbers(told)
    if told.method == "max-logit":
        text = t("strongest vote {score}, {needed} needed", score=score, needed=needed)
    else:
        text = t("likeness {score}, {needed} needed", score=score, needed=needed)
    return f'<span class="note start">{escape(text)}</span>'


def _note(text: str, at: float, *, to_the_left: bool) -> str:
    return f'<span class="note{" left" if to_the_left else ""}" style="--at:{at * 100:.1f}">{escape(text)}</span>'


def _table(t: Translator, rows: str, notes: str, attributes: str) -> str:
    title = escape(t("What the model thinks"))
    foot = f"<tr><th></th><td>{notes}</td><td></td></tr>"
    return (
        f"<table {attributes}>"
        f'<caption class="unseen">{title}</caption>'
        f'<tbody>{rows}</tbody><tfoot aria-hidden="true">{foot}</tfoot></table>'
    )
