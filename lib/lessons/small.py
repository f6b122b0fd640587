"""Lesson 6: smaller and faster: 8 bits in place of 32, what changes, and what 30 pictures a second mean."""

from functools import partial
from html import escape
from statistics import median

import numpy as np
from numpy.typing import NDArray

from lib.classify.outputs import softmax
from lib.face.names import short
from lib.face.words import shown as share
from lib.formats.inner import Inner
from lib.formats.votes import Votes, read_votes
from lib.lessons.bench import Bench, Opened, Picture, side_for, told
from lib.lessons.choosing import along, picked, which_picture
from lib.lessons.lesson import Lesson, Option, Question, Scene, Step, Values, shuffled
from lib.lessons.shown import figures, paragraph, rows, table
from lib.messages import N_

_TIME_TAKEN = N_("Time taken")

FLOAT, SMALL = "efficientnet-lite0", "efficientnet-lite0-int8"
BITS = (8, 6, 5, 4, 3, 2, 1)
RATES = (5, 10, 15, 20, 24, 30, 60, 120)
ASKED = 20  # pictures a second
_MB = 1e6
_SHOWN, _RUNS = 5, 5


def rounded(numbers: NDArray[np.float64], bits: int) -> NDArray[np.float64]:
    """Return numbers with only 2 ** `bits` values for each row, even steps from its least to its largest.

    Args:
        numbers: Shape (K, D).
        bits: From 1 on.
    """
    low, high = numbers.min(axis=1, keepdims=True), numbers.max(axis=1, keepdims=True)
    step = (high - low) / (2**bits - 1)
    step[step == 0] = 1.0
    return np.asarray(low + np.rint((numbers - low) / step) * step)


def bytes_of(model: Opened) -> int:
    """Return the size of a model's file."""
    return model.folder.weights_path.stat().st_size


def milliseconds(bench: Bench, model: Opened) -> float:
    """Return how long a model takes for a picture, measured now: the median of some runs, from tensor to answer."""
    tensor = model.classifier.prepare(bench.pictures[0].open(side_for(model)))
    return median(model.classifier.run(tensor).milliseconds for _ in range(_RUNS))


def _pair(bench: Bench) -> tuple[Opened, Opened]:
    return bench.model(FLOAT), bench.model(SMALL)


def _both(bench: Bench, values: Values) -> Scene:
    t = bench.t
    which = which_picture(bench, values)
    shown, pair = picked(bench, which), _pair(bench)
    found = [bench.look(shown, model).probabilities for model in pair]
    order = np.argsort(-np.maximum(*found), kind="stable")[:_SHOWN]
    labels = pair[0].labels
    lines: list[tuple[str, ...]] = [
        (short(labels[k], int(k)), share(float(found[0][k])), share(float(found[1][k]))) for k in order
    ]
    sizes = [bytes_of(model) / _MB for model in pair]
    times = [milliseconds(bench, model) for model in pair]
    lines.append((t("size of the file"), *(t("{n} MB", n=f"{one:.1f}") for one in sizes)))
    lines.append((t("time for a picture, measured here"), *(t("{n} ms", n=f"{one:.1f}") for one in times)))
    heads = (t("Class"), t("32 bits"), t("8 bits"))
    most = float(np.abs(found[0] - found[1]).max())
    counted = figures(
        [
            (f"{sizes[0] / sizes[1]:.1f} ×", t("smaller")),
            (f"{times[0] / times[1]:.1f} ×", t("as fast, on this computer just now")),
            (t("{n} points", n=f"{100 * most:.1f}"), t("the largest change of a share")),
        ]
    )
    return Scene(counted + table(t("The same network twice"), heads, lines), (which,))


def last_layer(bench: Bench) -> Votes | None:
    """Return the last layer of the network with 32 bits; None where it has none of that kind."""
    model = bench.model(FLOAT)

    def read() -> Votes | None:
        return read_votes(model.folder.read_weights(), model.spec.weights)

    return bench.drawn.get(("layer", model.folder.digest()), read)


def rounded_shares(bench: Bench, shown: Picture, layer: Votes, bits: int) -> NDArray[np.float64]:
    """Return the probabilities of a picture, shape (K,), where the last layer's numbers have so many bits."""
    model = bench.model(FLOAT)
    key = "bits", model.folder.digest(), bits
    weight = bench.drawn.get(key, partial(_as_float32, layer.weight, bits))
    features = told(bench.look(shown, model), Inner.FEATURES, model)
    return np.asarray(softmax((weight @ features + layer.bias)[model.spec.output.shown]))


def _as_float32(weight: NDArray[np.float64], bits: int) -> NDArray[np.float32]:
    return rounded(weight, bits).astype(np.float32)


def _bits(bench: Bench, values: Values) -> Scene:
    t, model = bench.t, bench.model(FLOAT)
    layer = last_layer(bench)
    which = which_picture(bench, values)
    if layer is None:
        return Scene(paragraph(escape(t("{model} has no such layers.", model=model.spec.name))))
    how = along(values, "bits", t("Bits for each number"), [str(one) for one in BITS])
    bits, shown, count = BITS[how.at], picked(bench, which), layer.weight.size
    found = rounded_shares(bench, shown, layer, bits)
    order = np.argsort(-found, kind="stable")[:_SHOWN]
    lines = [(short(model.labels[k], int(k)), float(found[k]), share(float(found[k]))) for k in order]
    same = sum(
        int(rounded_shares(bench, one, layer, bits).argmax() == bench.look(one, model).probabilities.argmax())
        for one in bench.pictures
    )
    counted = figures(
        [
            (str(2**bits), t("values a number can have")),
            (
                t("{n} kB", n=f"{count * bits / 8000:,.0f}"),
                t("for the {n} numbers of its last step", n=f"{count:,}"),
            ),
            (f"{same} / {len(bench.pictures)}", t("pictures keep their first name")),
        ]
    )
    return Scene(
        f'<div class="two"><div>{rows(t("Probabilities"), lines)}</div><div>{counted}</div></div>', (which, how)
    )


def _rate(bench: Bench, values: Values) -> Scene:
    t = bench.t
    how = along(values, "rate", t("Pictures each second"), [str(one) for one in RATES], RATES.index(30))
    rate = RATES[how.at]
    budget = 1000 / rate
    lines, notes = [], []
    for model, bits in zip(_pair(bench), (32, 8), strict=True):
        took = milliseconds(bench, model)
        name = t("{n} bits", n=bits)
        lines.append((name, took / max(budget, took), t("{n} ms", n=f"{took:.1f}")))
        keeps = t("{name}: keeps up, it could do {n} a second.", name=name, n=int(1000 / took))
        late = t("{name}: too slow, it can do {n} a second.", name=name, n=int(1000 / took))
        notes.append(keeps if took <= budget else late)
    counted = figures([(t("{n} ms", n=f"{budget:.1f}"), t("time for each picture: 1000 ms ÷ {n}", n=rate))])
    said = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return Scene(f'{counted}{rows(t(_TIME_TAKEN), lines, first=2)}<ul class="plain">{said}</ul>', (how,))


def _ask(bench: Bench) -> Question:
    t = bench.t
    budget = 1000 / ASKED
    took = milliseconds(bench, bench.model(SMALL))
    why = t(
        "A second is 1000 ms. 1000 ÷ {n} = {budget}. The network with 8 bits took {took} ms here.",
        n=ASKED,
        budget=f"{budget:.0f}",
        took=f"{took:.1f}",
    )
    options = [
        Option(t("{n} ms", n=f"{budget:.0f}"), why, is_right=True),
        Option(t("{n} ms", n=ASKED), why),
        Option(t("{n} ms", n=f"{10 * ASKED:.0f}"), why),
        Option(t("{n} ms", n=f"{budget / 10:.0f}"), why),
    ]
    return Question(
        t(_PROMPT, n=ASKED), shuffled(options, "small"), t("A second is 1000 ms. Share it out among the pictures.")
    )


_PROMPT = N_("A camera gives {n} pictures each second. How long may the network take for one, at most?")

LESSON = Lesson(
    "small",
    N_("Smaller and faster"),
    N_("You can say what 8 bits change, and whether a network is fast enough for a camera."),
    8,
    (
        Step(
            N_("The same network twice"),
            (
                N_(
                    "A *network*, the kind of program that names photos here, is millions of learned numbers. A *bit* "
                    "is a 0 or a 1. Usually each number is kept with 32 bits. Here is the same network again with only "
                    "8 bits for each."
                ),
            ),
            _both,
            N_("The file is much smaller. Look how little the shares change, and what the time does."),
        ),
        Step(
            N_("How few bits?"),
            (
                N_(
                    "With 8 bits a number can have 256 values. Rounding each number to the nearest of these is called "
                    "*quantising*. Turn the bits down for the last step of the network, and watch."
                ),
            ),
            _bits,
            N_("When do the first names begin to change?"),
        ),
        Step(
            N_("Thirty pictures a second"),
            (
                N_(
                    "A video shows about 30 pictures a second. Then there are 1000 ÷ 30 = 33 *milliseconds* for each; "
                    "a millisecond (ms) is a thousandth of a second. If the network takes longer, pictures are dropped."
                ),
            ),
            _rate,
            N_("The times are measured anew each time you move the slider. A busy computer is slower."),
        ),
        Step(
            N_("Fast enough?"),
            (
                N_(
                    "A small camera for a bird box gives fewer pictures. Work it out.",
                ),
            ),
            ask=_ask,
            prompt=_PROMPT,
        ),
    ),
    (
        N_("Goal: pupils know why phones use rounded numbers, and can turn pictures a second into milliseconds."),
        N_(
            "Without the app: measure a table with a ruler of millimetres, then of centimetres, then of steps. When "
            "does the answer get too coarse?"
        ),
        N_(
            "Often heard: “Smaller is worse.” Do not believe it, measure it: the page Compare counts right answers of "
            "both on photos whose names you know."
        ),
        N_("Times vary from run to run. Let pupils move the slider to and fro: what would be a fair measurement?"),
    ),
    N_("A phone has 16 ms for a picture. How many pictures a second is that?"),
)
