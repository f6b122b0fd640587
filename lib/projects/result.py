"""What is said of a live model, as HTML: how good it is, what it got wrong, and what each class needs."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from lib.evaluation.shares import Share, share
from lib.face.words import shown
from lib.i18n import Translator
from lib.projects.project import Kept, Klass

MOST_WRONG = 4
FEW = 5  # photos of a class; below, no figure means much
UNEVEN = 3  # times as many photos as the smallest class has
_WIDE = 0.1  # an interval from which the figure is said with so much less certainty


class By(StrEnum):
    """How a model was tested on photos that it had not learned from."""

    EACH = "leave-one-out"
    FOLDS = "five folds"
    HELD = "held out"


@dataclass(frozen=True, slots=True)
class Said:
    """What the model said of a photo while it had not learned from it.

    Attributes:
        photo: The photo.
        klass: Id of the class that was answered.
        probability: Of that class, in [0, 1].
    """

    photo: Kept
    klass: int
    probability: float

    @property
    def is_right(self) -> bool:
        """Whether that is the photo's class."""
        return self.klass == self.photo.klass


@dataclass(frozen=True, slots=True)
class Result:
    """How good a model is.

    Attributes:
        by: How that was found out.
        said: Of at least one photo.
    """

    by: By
    said: tuple[Said, ...]

    @property
    def share(self) -> Share:
        """Return how many were right, with the interval."""
        return share(sum(one.is_right for one in self.said), len(self.said))

    @property
    def wrong(self) -> list[Said]:
        """Return the photos that were named wrongly, the surest mistakes first."""
        return sorted((one for one in self.said if not one.is_right), key=lambda one: -one.probability)

    def to_dict(self) -> dict[str, object]:
        """Return the figures as JSON values."""
        found = self.share
        figures = {"value": found.value, "low": found.low, "high": found.high}
        return {**figures, "right": found.count, "total": found.total, "by": self.by.value}


def draw(
    t: Translator,
    classes: Sequence[Klass],
    counts: Counter[int],
    result: Result | None,
    address: Callable[[int], str],
    *,
    keeps_photos: bool = True,
) -> str:
    """Return what is said of a model.

    Args:
        t: The reader's language.
        classes: Of the project.
        counts: How many usable photos each class has, by its id.
        result: How good the model is; None as long as that cannot be told.
        address: Returns where a photo's picture is, or that of the numbers in its place.
        keeps_photos: Whether it is a photo's.
    """
    if result is None:
        return f'<p class="soft">{escape(_first(t, classes, counts))}</p>'
    names = {klass.id: klass.name for klass in classes}
    tip = _tip(t, classes, counts, result)
    help_most = f'<p class="tip small">{escape(tip)}</p>'
    return (
        _figure(t, result)
        + _wrong(t, result, names, address, keeps_photos=keeps_photos)
        + help_most
        + _mixes(t, classes, result)
    )


def tip_of(t: Translator, klass: Klass, counts: Counter[int], aside: int, alike: int) -> str:
    """Return what is to be said below a class, as HTML; "" for nothing.

    Args:
        t: The reader's language.
        klass: The class.
        counts: How many usable photos each class has.
        aside: How many of its photos are set aside.
        alike: How many of its photos are nearly the same as another one.
    """
    said = []
    count, largest = counts[klass.id], max(counts.values(), default=0)
    if 0 < count < FEW:
        said.append(t("Few photos: ten or more make a good start."))
    elif count and largest >= UNEVEN * count:
        said.append(t("Another class has {n} photos. Add more here, so that both count alike.", n=largest))
    if alike:
        said.append(t("{n} photos are nearly the same. They stay together when we test.", n=alike))
    if aside:
        said.append(
            t.plural("{n} file was set aside; see why below.", "{n} files were set aside; see why below.", aside)
        )
    return "<br>".join(map(escape, said))


def _first(t: Translator, classes: Sequence[Klass], counts: Counter[int]) -> str:
    """Return what has to be done before anything can be said."""
    with_photos = [klass for klass in classes if counts[klass.id]]
    if not with_photos:
        return t(
            "Give each class a name and some photos: ten are a good start. Then you see here how often it is right."
        )
    if len(classes) < 2:
        return t("Add a second class to begin.")
    if len(with_photos) < 2:
        empty = next(klass for klass in classes if not counts[klass.id])
        return t("Now add photos of “{label}”.", label=empty.name)
    least = min(with_photos, key=lambda klass: counts[klass.id])
    return t("Too few photos to say how good it is. Add more of “{label}”.", label=least.name)


@dataclass(frozen=True, slots=True)
class Figure:
    """How good a model is, in words.

    Attributes:
        number: The share of right answers: "92%".
        how: Of what, and how that was found out.
        sure: Between which figures the true one is.
    """

    number: str
    how: str
    sure: str


def figure(t: Translator, result: Result) -> Figure:
    """Return how good a model is, in words."""
    found = result.share
    number = shown(found.value) if found.value < 1 else "100%"
    match result.by:
        case By.EACH:
            how = t("right on {n} photos. Each was left out in turn, so the model had not seen it.", n=found.total)
        case By.FOLDS:
            how = t("right on {n} photos, tested in five rounds: each time on a fifth it had not seen.", n=found.total)
        case By.HELD:
            how = t("right on {n} photos it never trained on.", n=found.total)
    low, high = (shown(end) for end in (found.low, min(found.high, 0.999)))
    sure = t("The true figure is probably between {low} and {high}.", low=low, high=high)
    if found.high - found.low >= _WIDE:
        sure = t("With so few photos, the true figure is probably between {low} and {high}.", low=low, high=high)
    return Figure(number, how, sure)


def _figure(t: Translator, result: Result) -> str:
    told = figure(t, result)
    return (
        f'<p class="fig" data-accuracy="{result.share.value:.4f}">{escape(told.number[:-1])}<small>%</small></p>'
        f'<p class="small">{escape(told.how)} <span class="soft">{escape(told.sure)}</span></p>'
    )


def _wrong(
    t: Translator, result: Result, names: dict[int, str], address: Callable[[int], str], *, keeps_photos: bool
) -> str:
    wrong = result.wrong
    if not wrong:
        return ""

    def shows(one: Said) -> str:
        name = names.get(one.photo.klass or 0, "")
        return name if keeps_photos else t("{name}: the numbers made of it", name=name)

    figures = "".join(
        f'<figure><img src="{escape(address(one.photo.id))}" alt="{escape(shows(one))}">'
        f"<figcaption>{_said(t, names.get(one.klass, ''))}</figcaption></figure>"
        for one in wrong[:MOST_WRONG]
    )
    rest = len(wrong) - MOST_WRONG
    title, others = t("Got these wrong"), t("and {n} more", n=rest)
    more = f'<p class="small soft">{escape(others)}</p>' if rest > 0 else ""
    return f'<h3>{escape(title)}</h3><div class="wr">{figures}</div>{more}'


def _mixes(t: Translator, classes: Sequence[Klass], result: Result) -> str:
    """Return which classes are taken for which, as a table, and whether the model is as sure as it is right."""
    counted = Counter((one.photo.klass, one.klass) for one in result.said)
    tested = [klass for klass in classes if any(true == klass.id for true, _ in counted)]
    heads = "".join(f'<th scope="col">{escape(klass.name)}</th>' for klass in tested)
    rows = "".join(
        f'<tr><th scope="row">{escape(true.name)}</th>'
        + "".join(_cell(counted[true.id, said.id], is_right=true is said) for said in tested)
        + "</tr>"
        for true in tested
    )
    caption = t("Each line: photos of one class. Each column: what the model said.")
    sure = t(
        "On average it was {sure} sure of its answers; {right} of them were right.",
        sure=shown(sum(one.probability for one in result.said) / len(result.said)),
        right=shown(result.share.value),
    )
    title = t("What it mixes up")
    return (
        f'<details class="mixed"><summary>{escape(title)}</summary>'
        f'<p class="small soft">{escape(caption)}</p><div class="mixes" tabindex="0">'
        f'<table aria-label="{escape(title)}">'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        f'<p class="small soft">{escape(sure)}</p></details>'
    )


def _cell(count: int, *, is_right: bool) -> str:
    kind = ' class="right"' if is_right else ' class="miss"' if count else ""
    return f"<td{kind}>{count}</td>"


def _said(t: Translator, name: str) -> str:
    return escape(t("said {label}", label="{label}")).replace("{label}", f"<b>{escape(name)}</b>")


def _tip(t: Translator, classes: Sequence[Klass], counts: Counter[int], result: Result) -> str:
    """Return the one thing that would help most."""
    present = [klass for klass in classes if counts[klass.id]]
    least, most = (choose(present, key=lambda klass: counts[klass.id]) for choose in (min, max))
    if counts[least.id] < FEW or counts[most.id] >= UNEVEN * counts[least.id]:
        return t("“{label}” has only {n} photos. More of it would help most.", label=least.name, n=counts[least.id])
    missed = Counter((one.photo.klass, one.klass) for one in result.wrong)
    names = {klass.id: klass.name for klass in classes}
    if not missed:
        return t("None wrong so far. Now try another place, another light, and things it has not seen.")
    ((true, said), _), *_ = missed.most_common(1)
    return t(
        "It takes “{label}” for “{other}” most often. More photos of “{label}”, in other places and light, would help.",
        label=names.get(true or 0, ""),
        other=names.get(said, ""),
    )
