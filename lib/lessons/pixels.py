"""Lesson 1: a photo is numbers, and the model sees fewer of them than we do."""

from html import escape

import numpy as np
from PIL import Image

from lib.classify.infer import answer_of, conclude
from lib.classify.preprocess import resize, to_floats
from lib.face.answer import bars
from lib.face.names import short
from lib.i18n import Translator
from lib.lessons.bench import Bench, Opened, Picture, look, side_for
from lib.lessons.choosing import along, picked, which_picture
from lib.lessons.lesson import Lesson, Option, Question, Scene, Step, Values
from lib.lessons.shown import data_url, figures, paragraph
from lib.messages import N_
from lib.results import Classification
from lib.verdict import percent

SIDES = (4, 8, 16, 32, 64, 128, 256)
CHANNELS = 3
_START = 3


def shrunk(image: Image.Image, side: int) -> Image.Image:
    """Return the middle square of a picture with `side` pixels along each side, each the mean of what it covers."""
    least = min(image.size)
    left, top = (image.width - least) // 2, (image.height - least) // 2
    square = image.crop((left, top, left + least, top + least))
    return square.resize((side, side), Image.Resampling.BOX)


def answer_at(bench: Bench, shown: Picture, model: Opened, side: int) -> Classification:
    """Return what a model says of a picture that has only `side` pixels along each side."""

    def make() -> Classification:
        found = look(shrunk(shown.open(side_for(model)), side), model)
        return conclude(answer_of(shown.name, model.spec, found, (side, side)), model.labels)

    key = "pixels", shown.key, model.folder.digest(), bench.t.language, side
    return bench.memo.get(key, make)


def numbers_of(side: int) -> int:
    """Return how many numbers a square picture is."""
    return side * side * CHANNELS


def _sides(t: Translator) -> list[str]:
    return [t("{n} × {n}", n=side) for side in SIDES]


def _grid(image: Image.Image, alt: str, says: str, table: list[float] | None = None) -> str:
    """Return a picture whose pixels tell their numbers: under the pointer, and to the arrow keys.

    Args:
        image: RGB; each pixel is shown as it is.
        alt: What it is.
        says: What is said of a pixel: "{x}", "{y}", "{red}", "{green}" and "{blue}" are filled in the browser.
        table: What each of the bytes 0 … 255 stands for; None for itself.
    """
    told = "" if table is None else f' data-table="{" ".join(f"{one:.2f}" for one in table)}"'
    return (
        f'<div class="grid" tabindex="0" role="img" aria-label="{escape(alt)}" data-says="{escape(says)}"{told}>'
        f'<img src="{data_url(image)}" alt="" draggable="false"><i class="cell" hidden></i></div>'
        f'<p class="pixel" role="status"><i class="swatch" aria-hidden="true"></i><span></span></p>'
    )


def _photo(bench: Bench, values: Values) -> Scene:
    t = bench.t
    which, how = which_picture(bench, values), along(values, "side", t("Pixels along each side"), _sides(t), _START)
    shown, side = picked(bench, which), SIDES[how.at]
    image = shrunk(shown.open(max(SIDES)), side)
    says = t(
        "Column {x}, row {y}: red {red}, green {green}, blue {blue}",
        x="{x}",
        y="{y}",
        red="{red}",
        green="{green}",
        blue="{blue}",
    )
    counted = figures(
        [
            (f"{side * side:,}", t("pixels")),
            (f"{numbers_of(side):,}", t("numbers: {n} for each pixel", n=CHANNELS)),
        ]
    )
    alt = t("{name}, {n} pixels along each side. Arrow keys move from pixel to pixel.", name=shown.name, n=side)
    return Scene(f'<div class="two">{_half(_grid(image, alt, says))}{_half(counted)}</div>', (which, how))


def _half(html: str) -> str:
    return f"<div>{html}</div>"


def _seen(bench: Bench, values: Values) -> Scene:
    t, model = bench.t, bench.model()
    which, how = which_picture(bench, values), along(values, "side", t("Pixels along each side"), _sides(t), len(SIDES))
    shown, side = picked(bench, which), SIDES[how.at]
    own = resize(shrunk(shown.open(max(SIDES)), side), model.spec.input)
    scale = to_floats(np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)[None], model.spec.input)[0, :, 0]
    says = t(
        "Column {x}, row {y}: the model reads {red}, {green}, {blue}",
        x="{x}",
        y="{y}",
        red="{red}",
        green="{green}",
        blue="{blue}",
    )
    width, height = own.size
    alt = t("What the model gets: {name}, {width} × {height} pixels", name=shown.name, width=width, height=height)
    found = answer_at(bench, shown, model, side)
    told = t(
        "{width} × {height} × {n} numbers from {low} to {high}: this is all that the model gets.",
        width=width,
        height=height,
        n=CHANNELS,
        low=f"{scale.min():.2f}",
        high=f"{scale.max():.2f}",
    )
    left = _grid(own, alt, says, scale.tolist()) + paragraph(escape(told), "small soft")
    return Scene(f'<div class="two">{_half(left)}{_half(bars(t, found, rows=5))}</div>', (which, how))


def first_same(bench: Bench, shown: Picture, model: Opened) -> int:
    """Return the place in `SIDES` from which on the model names what it names of the most pixels."""
    leading = [answer_at(bench, shown, model, side).predictions[0].index for side in SIDES]
    wrong = [place for place, index in enumerate(leading) if index != leading[-1]]
    return wrong[-1] + 1 if wrong else 0


def _ask(bench: Bench) -> Question:
    t, model = bench.t, bench.model()
    shown = bench.pictures[min(2, len(bench.pictures) - 1)]
    right = first_same(bench, shown, model)
    best = answer_at(bench, shown, model, SIDES[-1]).predictions[0]
    places = sorted({right, *_others(right)})[:4]
    options = []
    for place in places:
        found = answer_at(bench, shown, model, SIDES[place]).predictions[0]
        why = t(
            "With {n} × {n} pixels it says “{label}”, {percent}.",
            n=SIDES[place],
            label=short(found.label, found.index),
            percent=percent(found.probability),
        )
        if place > right:
            why += " " + t("Fewer are enough: {n} × {n}.", n=SIDES[right])
        if place < right:
            why += " " + t("It needs more: {n} × {n}.", n=SIDES[right])
        options.append(Option(t("{n} × {n}", n=SIDES[place]), why, place == right, number=place))
    prompt = t(_PROMPT, name=shown.name, label=short(best.label, best.index), n=SIDES[-1])
    hint = t("Go back a step and choose this photo: from which place of the slider on does the first name stay?")
    square = data_url(shrunk(shown.open(side_for(model)), SIDES[-1]), "JPEG")
    return Question(prompt, tuple(options), hint, f'<img class="asked" src="{square}" alt="{escape(shown.name)}">')


def _others(right: int) -> set[int]:
    """Return places that are worth a guess: the neighbours first."""
    near = [right - 1, right + 1, right - 2, right + 2]
    return set([place for place in near if 0 <= place < len(SIDES)][:2])


_PROMPT = N_(
    "The middle of “{name}”, made {n} × {n} pixels: the model says “{label}”. How many pixels does it need for that?"
)

LESSON = Lesson(
    "pixels",
    N_("From photo to numbers"),
    N_("You can say what a pixel is, and what a model really gets to see of a photo."),
    6,
    (
        Step(
            N_("A photo is a grid"),
            (
                N_(
                    "A photo is made of small squares. One square is a *pixel*, and it has one colour. The computer "
                    "keeps that colour as three numbers from 0 to 255: how much red, how much green, how much blue."
                ),
                N_("Take pixels away with the slider. Point at a square to read its numbers."),
            ),
            _photo,
            N_("With half as many pixels along each side, a quarter of the numbers is left."),
        ),
        Step(
            N_("What the model sees"),
            (
                N_(
                    "A *model* is a program that learned from many photos to name what is on a new one. It knows a "
                    "list of names; each is a *class*."
                ),
                N_(
                    "It never gets your photo as it is. The photo is cut to a square, made small, and every colour "
                    "becomes a number around zero. On the left you see the very picture that it gets, on the right "
                    "what it says."
                ),
            ),
            _seen,
            N_("When does it still know what it is, and when do you? Who of you gives up first?"),
        ),
        Step(
            N_("How few are enough?"),
            (N_("Make a guess first. Then go back a step and test it with the slider."),),
            ask=_ask,
            prompt=_PROMPT,
        ),
    ),
    (
        N_(
            "Goal: pupils see that for a computer a picture is a table of numbers, and that a model gets much less "
            "than a camera takes."
        ),
        N_(
            "Begin without the app: let one pupil read out the numbers of a 4 × 4 picture, another one colours it on "
            "squared paper. Nobody knows what it shows until the end."
        ),
        N_(
            "Often heard: “The model sees the photo.” It sees 224 × 224 numbers three times over. What is cut off at "
            "the edge, or too small, is not there for it."
        ),
        N_("In mathematics: areas and squares. Half the side, a quarter of the numbers."),
    ),
    N_("Draw an 8 × 8 picture on squared paper, write its numbers in a list, and let a friend draw it from the list."),
)
