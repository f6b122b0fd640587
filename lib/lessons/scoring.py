"""Lesson 5: right and wrong: the first name or one of five, which is taken for which, and why 90% can be bad."""

from html import escape

import numpy as np
from numpy.typing import NDArray

from lib.face.names import short
from lib.lessons.bench import Bench
from lib.lessons.choosing import along, place
from lib.lessons.lesson import Lesson, Option, Question, Scene, Step, Values, shuffled
from lib.lessons.shapes import TESTING, drawn, labels, names, taught, tile
from lib.lessons.shown import figures, rows, table
from lib.messages import N_
from lib.verdict import percent, rank

_CONFUSION = N_("What it was, and what it said")

GUESSES = 5
EACH = (1, 2, 4, 8, 16)  # pictures of each shape that it learned from
MIXES = (34, 50, 60, 70, 80, 90, 95, 98)  # circles among 100 pictures
_OPTIONS = 3


def confusion(bench: Bench, each: int) -> NDArray[np.int64]:
    """Return how many new pictures of each shape were given each name, shape (3, 3): true × said.

    Args:
        bench: Whose lesson it is.
        each: Pictures of each shape that were learned from.
    """
    found, true = drawn(bench), labels(TESTING)
    counts = np.zeros((3, 3), np.int64)
    np.add.at(counts, (true, taught(found, 3 * each).answers(found.new)), 1)
    return counts


def judged(bench: Bench, values: Values) -> tuple[list[list[str]], list[int]]:
    """Return each picture's five names, and which of them the reader found right.

    Returns:
        The names, and for each picture 0 … 4, 5 for none of them, or -1 where the reader has not said.
    """
    model = bench.model()
    listed = [rank(bench.look(one, model).probabilities, model.labels, top=GUESSES) for one in bench.pictures]
    said = [place(values, f"is{k}", GUESSES + 2) - 1 for k in range(len(bench.pictures))]
    return [[short(p.label, p.index) for p in five] for five in listed], said


def _five(bench: Bench, values: Values) -> Scene:
    t = bench.t
    how = along(values, "top", t("How many names count"), [str(n) for n in range(1, GUESSES + 1)])
    listed, said = judged(bench, values)
    cells = ""
    for number, (shown, five, right) in enumerate(zip(bench.pictures, listed, said, strict=True)):
        choices = [t("What is it really?"), *(f"{n}. {name}" for n, name in enumerate(five, 1)), t("none of these")]
        options = "".join(
            f'<option value="{k}"{" selected" if k == right + 1 else ""}>{escape(one)}</option>'
            for k, one in enumerate(choices)
        )
        is_right, is_open = 0 <= right <= how.at, right < 0
        mark = t("not judged") if is_open else t("right") if is_right else t("wrong")
        look = "busy" if is_open else "clear" if is_right else "fail"
        cells += (
            f'<li class="{look}"><img src="{escape(shown.src)}" alt="{escape(shown.name)}">'
            f'<select name="is{number}" aria-label="{escape(shown.name)}">{options}</select>'
            f'<p><span class="sign" aria-hidden="true"></span>{escape(mark)}</p></li>'
        )
    done = [one for one in said if one >= 0]
    right = sum(one <= how.at for one in done)
    counted = figures(
        [(f"{right} / {len(done)}", t.plural("right, if {n} name counts", "right, if {n} names count", how.at + 1))]
    )
    return Scene(f'<ul class="six">{cells}</ul>{counted}', (how,))


def _confused(bench: Bench, values: Values) -> Scene:
    t = bench.t
    how = along(values, "each", t("Pictures of each shape that it learned from"), [str(n) for n in EACH])
    counts, shapes = confusion(bench, EACH[how.at]), names(t)
    lines = [(t("is a {name}", name=shapes[k]), *map(str, row)) for k, row in enumerate(counts)]
    heads = ("", *(t("said: {name}", name=name) for name in shapes))
    right = int(counts.trace())
    counted = figures(
        [(f"{right} / {TESTING}", t("right")), (percent(right / TESTING), t("accuracy, on pictures it never saw"))]
    )
    return Scene(f"{table(t(_CONFUSION), heads, lines, 'confusion')}{counted}", (how,))


def _mixed(bench: Bench, values: Values) -> Scene:
    t, shapes = bench.t, names(bench.t)
    how = along(values, "mix", t("Circles among 100 pictures"), [str(n) for n in MIXES])
    circles = MIXES[how.at]
    found = confusion(bench, EACH[-1])
    recalls = found.diagonal() / found.sum(axis=1)
    other = (100 - circles) / 2
    smart = float(np.dot((circles, other, other), recalls))
    lines = (
        (t("always says “{name}”", name=shapes[0]), circles / 100, percent(circles / 100)),
        (t("learned from {n} of each", n=EACH[-1]), smart / 100, percent(smart / 100)),
    )
    by_class = [(name, percent(1.0 if k == 0 else 0.0), percent(float(recalls[k]))) for k, name in enumerate(shapes)]
    by_class.append((t("mean of the three"), percent(1 / 3), percent(float(recalls.mean()))))
    heads = (t("Of these it finds"), t("the lazy one"), t("the learned one"))
    return Scene(rows(t("Accuracy"), lines, first=2) + table(t("Found of each shape"), heads, by_class), (how,))


def _ask(bench: Bench) -> Question:
    t, shapes = bench.t, names(bench.t)
    found, true = drawn(bench), labels(TESTING)
    layer = taught(found, 3 * EACH[0])
    said, shares = layer.answers(found.new), layer.probabilities(found.new).max(axis=1)
    wrong = [k for k in range(TESTING) if said[k] != true[k]]
    chosen = wrong[:1]
    for k in range(TESTING):
        is_other = all(true[k] != true[one] for one in chosen)
        if len(chosen) < _OPTIONS and said[k] == true[k] and is_other:
            chosen.append(k)
    options = []
    for k in chosen:
        about = {"name": shapes[true[k]], "said": shapes[said[k]], "percent": percent(float(shares[k]))}
        why = (
            t("It says “{said}”, {percent}: this one it gets wrong, it is a {name}.", **about)
            if said[k] != true[k]
            else t("It says “{said}”, {percent}: this one it gets right.", **about)
        )
        options.append(Option(t("the {name}", name=shapes[true[k]]), why, bool(said[k] != true[k]), tile(k)))
    none = (
        t("It gets this one wrong: {name}.", name=shapes[true[wrong[0]]]) if wrong else t("It gets all of them right.")
    )
    last = Option(t("none of them"), none, is_right=not wrong, number=len(options))
    hint = t("Look at step 2 again, with 1 picture of each shape: which shape is taken for another?")
    return Question(t(_PROMPT), (*shuffled(options, "scoring"), last), hint)


_PROMPT = N_("This model learned from one picture of each shape. Which of these does it get wrong? Guess first.")

LESSON = Lesson(
    "scoring",
    N_("Right and wrong"),
    N_("You can say how good a model is, and why one number is not enough."),
    9,
    (
        Step(
            N_("You are the judge"),
            (
                N_(
                    "The *model*, a program that learned to name photos, lists names, the likeliest first. Say for "
                    "each picture what it really is. If only its first name counts, that is *top-1*. If one of five "
                    "may be right, it is *top-5*."
                ),
            ),
            _five,
            N_("With more names counted it can only get better. Is it the better model then?"),
        ),
        Step(
            N_("Taken for what?"),
            (
                N_(
                    "A small model learned circles, squares and triangles. Now it gets 60 new ones. The share it names "
                    "rightly is its *accuracy*. The table shows more: what each shape was taken for. It is a "
                    "*confusion table*."
                ),
            ),
            _confused,
            N_("The diagonal is right. Which two shapes are mixed up most?"),
            is_long=True,
            uses_pictures=False,
        ),
        Step(
            N_("When 90% is bad"),
            (
                N_(
                    "Now think of a lazy model that says “circle” whatever it sees. Put more circles among the "
                    "pictures, and watch its accuracy."
                ),
            ),
            _mixed,
            N_("At 90 circles it is right 90 times in 100, yet finds no square and no triangle. Look at each shape."),
            is_long=True,
            uses_pictures=False,
        ),
        Step(
            N_("Which one does it get wrong?"),
            (N_("You know now that it sees shapes, but learned from three pictures only."),),
            ask=_ask,
            prompt=_PROMPT,
            is_long=True,
            uses_pictures=False,
        ),
    ),
    (
        N_("Goal: pupils can read a confusion table, and ask “on which pictures?” when they hear a percentage."),
        N_(
            "Without the app: a test for an illness that one in a hundred has. A test that always says “healthy” is "
            "right 99 times in 100. Who wants it?"
        ),
        N_(
            "Often heard: “Top-5 is cheating.” It fits where a person chooses from a short list, and misleads where "
            "the machine acts alone."
        ),
        N_("Test pictures must be new: on those it learned from, every model looks better than it is (lesson 7)."),
    ),
    N_("A spam filter is right 95 times in 100. What else do you want to know before you use it?"),
)
