"""Lesson 7: learning from 10, 30, 100 pictures, by heart or not, and a bias that is built on purpose and found."""

from dataclasses import replace
from functools import partial
from html import escape
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.charts import heat
from lib.classify.explain import Explanation
from lib.classify.preprocess import seen
from lib.datasets.shapes import SHAPES
from lib.face.looked import described
from lib.lessons.bench import Bench, map_of
from lib.lessons.choosing import along, among
from lib.lessons.drawing import Ground
from lib.lessons.heads import Draw, Layer, Rows, features, learn, pixels
from lib.lessons.lesson import Lesson, Option, Question, Scene, Step, Values, shuffled
from lib.lessons.shapes import Set, drawn, picture, taught
from lib.lessons.shown import data_url, figures, paragraph, rows, table, tile_url
from lib.messages import N_
from lib.verdict import percent

_ON_SAND = N_("A circle on sand")

COUNTS = (10, 30, 100)
EACH, OTHERS = 20, 10  # pictures of a shape to learn from, and of each shape on each ground to test with
SHARES = (10, 12, 14, 16, 18, 19, 20)  # circles on grass, of `EACH`
_LEARNED, _NEW = 5, 6  # seeds
_CIRCLE, _SQUARE = 0, 1
_GROUNDS: tuple[Ground, Ground] = ("grass", "sand")
_PIECES, _PIECE = 4, 0.4  # photos that are cut into pieces, and the part of a side that a piece is
_TESTED = 60


def pieces(bench: Bench, *, is_borrowed: bool) -> Set | None:
    """Return pieces of the photos at hand: which photo is a piece from? None for fewer than two photos."""
    shown = bench.pictures[:_PIECES]
    if len(shown) < 2:
        return None
    images = [one.open(224) for one in shown]
    learned, new = (
        [partial(_piece, images[k % len(images)], k, seed) for k in range(count)]
        for seed, count in ((_LEARNED, COUNTS[-1]), (_NEW, _TESTED))
    )
    key, kinds = tuple(one.key for one in shown), len(images)
    if is_borrowed:
        made = [
            features(bench, bench.memo, (key, name), bench.model(), draws)
            for name, draws in (("learned", learned), ("new", new))
        ]
    else:
        made = [pixels(bench.memo, (key, name), draws) for name, draws in (("learned", learned), ("new", new))]
    return Set(made[0], made[1], kinds)


def _piece(image: Image.Image, number: int, seed: int) -> Image.Image:
    rng = np.random.default_rng([seed, number])
    width, height = (min(side, max(8, round(_PIECE * side))) for side in image.size)
    left, top = int(rng.integers(image.width - width + 1)), int(rng.integers(image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _set(bench: Bench, *, is_borrowed: bool) -> tuple[Set, bool]:
    """Return what is learned from, and whether it is pieces of photos."""
    own = pieces(bench, is_borrowed=is_borrowed) if bench.chosen != "drawn" else None
    return (drawn(bench, is_borrowed=is_borrowed), False) if own is None else (own, True)


def scores(found: Set, count: int) -> tuple[float, float]:
    """Return the share of right names among the first `count` pictures, which it learned from, and among new ones."""
    learned, new = found.labels
    layer = taught(found, count)
    return layer.right(found.learned[:count], learned[:count]), layer.right(found.new, new)


def _learn(bench: Bench, values: Values) -> Scene:
    t = bench.t
    ways = (t("on borrowed eyes"), t("from nothing"))
    way = among(values, "way", t("How it learns"), ways)
    how = along(values, "count", t("Pictures it learns from"), [str(one) for one in COUNTS])
    found, is_own = _set(bench, is_borrowed=way.at == 0)
    start = perf_counter()
    known, new = scores(found, COUNTS[how.at])
    took = 1e3 * (perf_counter() - start)
    what = t("Which photo is this a piece of?") if is_own else t("Circle, square or triangle?")
    bars = rows(
        t("Right names"),
        (
            (t("pictures it learned from"), known, percent(known)),
            (t("new pictures"), new, percent(new)),
        ),
        first=2,
    )
    counted = figures(
        [
            (t("{n} points", n=round(100 * (known - new))), t("learned by heart: the gap between the two")),
            (t("{n} ms", n=f"{took:.0f}"), t("to learn and to test")),
        ]
    )
    return Scene(paragraph(f"<b>{escape(what)}</b>") + bars + counted, (way, how))


def _ground(bench: Bench, shape: int, ground: Ground, count: int, seed: int) -> Rows:
    draws: list[Draw] = [partial(picture, shape, ground, number, seed) for number in range(count)]
    return features(bench, bench.drawn, (shape, ground, seed), bench.model(), draws)


def biased(bench: Bench, on_grass: int) -> Layer:
    """Return a layer that learned circles and squares.

    Args:
        bench: Whose lesson it is.
        on_grass: How many of the circles lie on grass; as many squares lie on sand.
    """
    parts, labels = [], []
    for shape in (_CIRCLE, _SQUARE):
        usual, other = _GROUNDS if shape == _CIRCLE else _GROUNDS[::-1]
        parts.append(_ground(bench, shape, usual, EACH, _LEARNED)[:on_grass])
        parts.append(_ground(bench, shape, other, EACH, _LEARNED)[: EACH - on_grass])
        labels += [shape] * EACH
    return learn(np.concatenate(parts), np.array(labels, np.int64))


def found_on(bench: Bench, layer: Layer, shape: int, ground: Ground) -> float:
    """Return the share of new pictures of a shape on a ground that are named rightly."""
    new = _ground(bench, shape, ground, OTHERS, _NEW)
    return layer.right(new, np.full(len(new), shape))


def strange_one(bench: Bench, layer: Layer) -> tuple[Image.Image, NDArray[np.float64]]:
    """Return a circle on sand, and the probabilities of circle and square."""
    return picture(_CIRCLE, "sand", 0, _NEW), layer.probabilities(_ground(bench, _CIRCLE, "sand", OTHERS, _NEW)[:1])[0]


def where_it_looked(bench: Bench, layer: Layer) -> Explanation:
    """Return where a small model looked at the circle on sand: the votes of its places for what it says."""
    model = bench.model()
    image, found = strange_one(bench, layer)
    said = int(found.argmax())
    weight = layer.weight[said] - layer.weight[1 - said]
    places = map_of(image, model)
    length = float(np.linalg.norm(places.mean(axis=(0, 1)))) or 1.0
    bias = float(layer.bias[said] - layer.bias[1 - said])
    box = seen(image.size, model.spec.input)
    return Explanation("cam", places @ weight / length, said, 1 - said, float(found[said]), bias, None, box, image.size)


def _bias(bench: Bench, values: Values) -> Scene:
    t = bench.t
    circle, square = (t(name) for name in SHAPES[:2])
    how = along(
        values,
        "grass",
        t("Circles on grass, and squares on sand, of {n} each", n=EACH),
        [str(one) for one in SHARES],
        len(SHARES) - 1,
    )
    layer = biased(bench, SHARES[how.at])
    lines = [
        (
            t("{shape} on {ground}", shape=name, ground=t(words)),
            t("as learned") if (shape == _CIRCLE) == (ground == "grass") else t("the other way round"),
            percent(found_on(bench, layer, shape, ground)),
        )
        for shape, name in ((_CIRCLE, circle), (_SQUARE, square))
        for ground, words in zip(_GROUNDS, (N_("grass"), N_("sand")), strict=True)
    ]
    told = where_it_looked(bench, layer)
    names = (circle, square)
    image, found = strange_one(bench, layer)
    drawn_map = heat.draw(image.resize((288, 288)), replace(told, size_wh=image.size))
    where, *_, warning = described(told, names[told.index], names[1 - told.index])
    says = [t.message(where), t.message(warning)]
    heads = (t("New pictures"), "", t("named rightly"))
    said = t(
        "A circle on sand. It says “{name}”, {percent}.", name=names[told.index], percent=percent(float(found.max()))
    )
    return Scene(
        f'<div class="two"><div>{table(heads[0], heads, lines)}</div>'
        f'<div><p><b>{escape(said)}</b></p><img class="looked" src="{data_url(drawn_map)}" alt="{escape(says[0])}">'
        f'<p class="small soft">{escape(" ".join(says))}</p></div></div>',
        (how,),
    )


def _ask(bench: Bench) -> Question:
    t = bench.t
    circle, square = (t(name) for name in SHAPES[:2])
    layer = biased(bench, EACH)
    image, found = strange_one(bench, layer)
    said = int(found.argmax())
    why = t(
        "It says “{name}”, {percent}. All circles lay on grass, all squares on sand: it learned the ground, and cannot "
        "know that the shape was meant.",
        name=(circle, square)[said],
        percent=percent(float(found.max())),
    )
    options = [
        Option(t("“{name}”", name=circle), why, is_right=said == _CIRCLE),
        Option(t("“{name}”", name=square), why, is_right=said == _SQUARE),
        Option(t("It says that it has never seen such a picture"), why),
    ]
    shown = f'<img class="asked" src="{escape(tile_url(image))}" alt="{escape(t(_ON_SAND))}">'
    hint = t("Think of the ground: what lay on sand in the pictures it learned from?")
    return Question(t(_PROMPT, n=EACH), shuffled(options, "learning"), hint, shown)


_PROMPT = N_(
    "A model learned from {n} circles, all on grass, and {n} squares, all on sand. Now: a circle on sand. It says …"
)

LESSON = Lesson(
    "learning",
    N_("Learning"),
    N_("You can train a small model, catch it learning by heart, and find a bias."),
    10,
    (
        Step(
            N_("Ten, thirty, a hundred"),
            (
                N_(
                    "A *model* is a program that learns from pictures with names. *From nothing* it gets bare "
                    "*pixels*, the coloured dots of the picture. On *borrowed eyes* it gets *features* instead: what a "
                    "large model, which has seen a million photos, finds in the picture."
                ),
                N_(
                    "Test it on new pictures. A model that is right only on those it learned from has learned by "
                    "heart: this is *over-fitting*."
                ),
            ),
            _learn,
            N_("Which needs fewer pictures? Which one learns by heart?"),
            starts_with="drawn",
            is_long=True,
        ),
        Step(
            N_("A bias, on purpose"),
            (
                N_(
                    "Now all circles lie on grass, all squares on sand. Nobody said which of the two matters. If a "
                    "model learns something that was true of its pictures only by chance, that is a *bias*."
                ),
                N_(
                    "Orange shows where it looked for what it says, blue what speaks against. Put some circles on sand."
                ),
            ),
            _bias,
            N_("How few pictures of the other kind are enough to mend it?"),
            is_long=True,
            uses_pictures=False,
        ),
        Step(
            N_("What will it say?"),
            (N_("Remember what it could learn, and what it could not."),),
            ask=_ask,
            prompt=_PROMPT,
            is_long=True,
            uses_pictures=False,
        ),
    ),
    (
        N_("Goal: pupils know that a model is what its pictures were, and how to find out what it learned."),
        N_(
            "Build the same with real things: photograph all pens on paper and all keys on wood (page Train), then "
            "swap. “Where it looked” on the page Classify shows it."
        ),
        N_(
            "With photos in place of drawn pictures, the first step asks from which photo a small piece was cut. "
            "Photos that look alike make it hard."
        ),
        N_(
            "Often heard: “More pictures help.” More of the same do not. In real life: skin photos from one hospital, "
            "voices of men only, faces of one country."
        ),
    ),
    N_("You want to teach a model cats and dogs. List five things that should differ from photo to photo."),
)
