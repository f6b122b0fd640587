"""A photo and what is said of it, as the page Classify gets it: plain values, and HTML that is ready."""

from html import escape
from typing import Protocol

from lib.classify.preprocess import misses_much, seen
from lib.face.answer import bars, caption, empty_bars, marks, message_box, verdict_box
from lib.face.track_record import line
from lib.face.words import kind_of
from lib.i18n import Translator
from lib.model.spec import InputSpec, ModelSpec
from lib.results import Classification, Outcome

Card = dict[str, object]


class Pictured(Protocol):
    """What is known of a photo beside its answer; see `lib.server.album.Photo`."""

    id: int
    name: str
    order: int
    size_wh: tuple[int, int] | None

    @property
    def picture(self) -> tuple[bytes, str] | None:
        """What people look at, and its media type; None if there is nothing."""


def card(
    t: Translator,
    visit: str,
    photo: Pictured,
    outcome: Outcome | None,
    look: InputSpec | None,
    model: ModelSpec | None = None,
) -> Card:
    """Return a photo's card.

    Args:
        t: The reader's language.
        visit: Id of the visit that the photo belongs to.
        photo: The photo.
        outcome: What a model said of it; None if it has not looked.
        look: How that model looks at photos; None if it is not known.
        model: It, as it looks at photos by itself, to tell how often it was right; None to be silent.

    Returns:
        id, order, name: The photo's.
        kind: How the page sorts it, a `lib.face.words.Kind`.
        src: Address of its picture, or "".
        answer: HTML of verdict and bars.
        caption: HTML of the words below a small picture.
        marks: Attributes for the small picture, by which other programs find the verdict.
        facts: What few ask for, in a sentence.
        frame: The part that the model sees, as shares of width and height: left, top, right and bottom; None if it sees
            nearly all.
    """
    is_answer = isinstance(outcome, Classification)
    return {
        "id": photo.id,
        "order": photo.order,
        "name": photo.name,
        "kind": kind_of(outcome).value,
        "src": "" if photo.picture is None else f"/visits/{visit}/photos/{photo.id}.jpg",
        "answer": "" if outcome is None else answer(t, outcome, model),
        "caption": "" if outcome is None else caption(t, outcome),
        "marks": marks(outcome),
        "facts": facts(t, outcome) if isinstance(outcome, Classification) else "",
        "frame": _frame(photo, look) if is_answer and look is not None else None,
    }


def answer(t: Translator, outcome: Outcome, model: ModelSpec | None = None) -> str:
    """Return verdict and bars, whose reason names what the page can do, and how often the model was right so far."""
    if not isinstance(outcome, Classification):
        return verdict_box(t, outcome, with_actions=True)
    counted = "" if model is None else line(t, outcome, model)
    return verdict_box(t, outcome, with_actions=True, below=counted) + bars(t, outcome)


def waiting(t: Translator, headline: str, reason: str = "", *, heading: int = 2) -> str:
    """Return what stands in the place of an answer that is still to come."""
    return message_box("busy", escape(headline), escape(reason), heading=heading) + empty_bars(t)


def facts(t: Translator, found: Classification) -> str:
    """Return size, time and spread."""
    width, height = found.size_wh
    spread = found.verdict.spread
    about = t("nearly all on one class") if spread < 1.5 else t("spread over about {n} classes", n=round(spread))
    return f"{width} × {height} px · {found.milliseconds:.0f} ms · {about}"


def _frame(photo: Pictured, look: InputSpec) -> list[float] | None:
    if photo.size_wh is None or not misses_much(photo.size_wh, look):
        return None
    sides = zip(seen(photo.size_wh, look), photo.size_wh * 2, strict=True)
    return [round(at / of, 4) for at, of in sides]
