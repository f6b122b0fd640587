"""Lesson 2: votes become probabilities, which sum to 1; and what temperature does to them."""

from html import escape

import numpy as np
from numpy.typing import NDArray

from lib.classify.outputs import softmax
from lib.face.names import short
from lib.formats.inner import Inner
from lib.i18n import Translator
from lib.lessons.bench import Bench, Opened, Picture, told
from lib.lessons.choosing import along, picked, which_picture
from lib.lessons.lesson import Lesson, Option, Question, Scene, Step, Values, shuffled
from lib.lessons.shown import paragraph, rows, table
from lib.messages import N_
from lib.verdict import percent

TEMPERATURES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
_AS_IT_IS = TEMPERATURES.index(1.0)
_SHOWN = 5
_REST = N_("all others")


def votes(bench: Bench, shown: Picture, model: Opened) -> NDArray[np.float64]:
    """Return the votes of a model for its classes, shape (K,): what its softmax gets."""
    return told(bench.look(shown, model), Inner.LOGITS, model)[model.spec.output.shown]


def shares(given: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return the probabilities that votes become at a temperature: softmax(votes ÷ temperature)."""
    return np.asarray(softmax(given[None] / temperature)[0])


def _names(model: Opened, order: NDArray[np.intp]) -> list[str]:
    return [short(model.labels[k], int(k)) for k in order]


def _order(given: NDArray[np.float64]) -> NDArray[np.intp]:
    return np.argsort(-given, kind="stable")[:_SHOWN]


def _votes(bench: Bench, values: Values) -> Scene:
    t, model = bench.t, bench.model()
    which = which_picture(bench, values)
    given = votes(bench, picked(bench, which), model)
    order = _order(given)
    powers = np.exp(given - given.max())
    total, found = powers.sum(), shares(given, 1.0)
    lines = [
        (name, f"{given[k]:.1f}", f"{powers[k]:.3f}", percent(found[k]))
        for name, k in zip(_names(model, order), order, strict=True)
    ]
    others = total - powers[order].sum()
    lines.append((t("{n} others", n=len(given) - len(order)), "", f"{others:.3f}", percent(others / total)))
    lines.append((t("Together"), "", f"{total:.3f}", percent(1.0)))
    heads = (t("Class"), t("Vote"), t("Made positive"), t("Share"))
    said = t(
        "“Made positive” is e to the power of (vote − highest vote), with e = 2.718…: the highest vote becomes 1. "
        "The share is that number divided by {total}.",
        total=f"{total:.3f}",
    )
    return Scene(table(t("From votes to shares"), heads, lines) + paragraph(escape(said), "small soft"), (which,))


def _bars(t: Translator, model: Opened, given: NDArray[np.float64], temperature: float) -> str:
    order, found = _order(given), shares(given, temperature)
    lines = [(n, float(found[k]), percent(found[k])) for n, k in zip(_names(model, order), order, strict=True)]
    rest = float(1 - found[order].sum())
    lines.append((t(_REST), rest, percent(max(rest, 0.0))))
    return rows(t("Probabilities"), lines)


def _temperature(bench: Bench, values: Values) -> Scene:
    t, model = bench.t, bench.model()
    which = which_picture(bench, values)
    how = along(values, "heat", t("Temperature"), [f"{one:g}" for one in TEMPERATURES], _AS_IT_IS)
    given = votes(bench, picked(bench, which), model)
    temperature = TEMPERATURES[how.at]
    total = float(shares(given, temperature).sum())
    said = t("All {n} shares together: {total}", n=len(given), total=f"{total:.4f}")
    return Scene(_bars(t, model, given, temperature) + paragraph(f"<b>{escape(said)}</b>"), (which, how))


def _ask(bench: Bench) -> Question:
    t, model = bench.t, bench.model()
    shown = bench.pictures[-1]
    given = votes(bench, shown, model)
    winner = int(given.argmax())
    at = {heat: float(shares(given, heat)[winner]) for heat in (0.25, 1.0, 4.0)}
    name = short(model.labels[winner], winner)
    fell = t(
        "Its votes are divided by 4, so they lie closer together: the share falls from {before} to {after}.",
        before=percent(at[1.0]),
        after=percent(at[4.0]),
    )
    options = [
        Option(t("It falls to {percent}", percent=percent(at[4.0])), fell, is_right=True),
        Option(t("It stays at {percent}", percent=percent(at[1.0])), fell),
        Option(
            t("It rises to {percent}", percent=percent(at[0.25])),
            fell + " " + t("At a temperature of 0.25 it would be {percent}.", percent=percent(at[0.25])),
        ),
    ]
    return Question(
        t(_PROMPT, name=shown.name, label=name, percent=percent(at[1.0])),
        shuffled(options, "votes", shown.key),
        t("Go back a step, and move the temperature from 1 to 4. Watch the first bar."),
        f'<img class="asked" src="{escape(shown.src)}" alt="{escape(shown.name)}">',
    )


_PROMPT = N_(
    "“{name}”: the winner is “{label}” with {percent}. The temperature goes up from 1 to 4. What happens to its share?"
)

LESSON = Lesson(
    "votes",
    N_("Probabilities"),
    N_("You can say how votes become percentages, and why these always sum to 100."),
    7,
    (
        Step(
            N_("First come votes"),
            (
                N_(
                    "A *model* is a program that learned to name what is on a photo. It gives a *vote* to every name "
                    "in its list: any number, above or below zero. Every name is a *class*."
                ),
                N_(
                    "People want shares of 100%. So each vote is made positive, and divided by the sum of all. This is "
                    "called *softmax*. Each share is a *probability*: how likely the model finds that class."
                ),
            ),
            _votes,
            N_("Two votes that differ by 1 differ by 2.7 times in their shares, wherever they lie."),
        ),
        Step(
            N_("Turn up the temperature"),
            (
                N_(
                    "Divide all votes by one number before softmax: that number is the *temperature*. The order of the "
                    "classes stays. Their shares do not."
                ),
            ),
            _temperature,
            N_("Cold: the winner takes all. Hot: all become alike. The sum is 1 each time, as they are shares of one."),
        ),
        Step(
            N_("What will happen?"),
            (
                N_(
                    "The photo stays the same, and so does the model. Only the temperature changes. So a percentage "
                    "is not a fact about the photo: it is how the model puts its votes into words."
                ),
            ),
            ask=_ask,
            prompt=_PROMPT,
        ),
    ),
    (
        N_("Goal: pupils can tell votes from probabilities, and do not take 97% for a promise."),
        N_(
            "Without the app: five pupils share 100 beans by the votes of the class. Whatever the votes are, there "
            "are 100 beans: the shares sum to 1 because each is a part of the same whole."
        ),
        N_(
            "Often heard: “90% means that it is right nine times out of ten.” Only if it was tested and adjusted on "
            "many photos. The temperature is what such an adjustment turns."
        ),
        N_("In mathematics: powers, ratios, and why adding 5 to every vote changes nothing."),
    ),
    N_("Three classes have the votes 2, 1 and 0. Work out their shares. What if the votes are 12, 11 and 10?"),
)
