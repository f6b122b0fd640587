"""Lesson 8: what it is not: one name for a whole picture, from a list that somebody wrote."""

from functools import partial
from html import escape

from PIL import Image, ImageDraw

from lib.classify.infer import answer_of, conclude
from lib.face.answer import bars, verdict_box
from lib.face.names import short
from lib.face.words import words
from lib.lessons.bench import Bench, Opened, look
from lib.lessons.choosing import along, among
from lib.lessons.lesson import Lesson, Option, Question, Scene, Step, Values, shuffled
from lib.lessons.pixels import shrunk
from lib.lessons.shown import data_url, figures, paragraph
from lib.messages import N_
from lib.results import Classification, VerdictKind
from lib.verdict import percent

PART = 224  # pixels a side, of each of the four pictures in one
WINDOWS = (1, 2, 3, 4, 5)  # along each side
PLACES = (0, 25, 50, 75, 100)  # of the window, in percent of the way
SIZES = (100, 75, 50)  # of the window's side, in percent
_MATCHES = 8
_COLOUR = (59, 59, 208)
Box = tuple[int, int, int, int]


def many_things(bench: Bench) -> Image.Image:
    """Return four of the pictures in one, two by two; fewer are repeated."""
    return bench.memo.get(("four", _keys(bench)), partial(_put_together, bench))


def _keys(bench: Bench) -> tuple[str, ...]:
    return tuple(one.key for one in bench.pictures[:4])


def _put_together(bench: Bench) -> Image.Image:
    whole = Image.new("RGB", (2 * PART, 2 * PART))
    for place in range(4):
        shown = bench.pictures[place % len(bench.pictures)]
        whole.paste(shrunk(shown.open(PART), PART), (place % 2 * PART, place // 2 * PART))
    return whole


def answer_in(bench: Bench, box: Box) -> Classification:
    """Return what the default model says of a part of the four pictures: left, top, right, bottom in pixels."""
    model = bench.model()

    def make() -> Classification:
        part = many_things(bench).crop(box)
        return conclude(answer_of("", model.spec, look(part, model), part.size), model.labels)

    return bench.memo.get(("part", _keys(bench), model.folder.digest(), bench.t.language, box), make)


def _name(found: Classification) -> str:
    first = found.predictions[0]
    return short(first.label, first.index)


def _window(bench: Bench, values: Values) -> Scene:
    t = bench.t
    size = among(values, "size", t("Window"), [t("{percent} of a side", percent=f"{one}%") for one in SIZES])
    way = [f"{one}%" for one in PLACES]
    across, down = along(values, "across", t("Across"), way, 0), along(values, "down", t("Down"), way, 0)
    whole = many_things(bench)
    side = whole.width * SIZES[size.at] // 100
    left, top = ((whole.width - side) * PLACES[one.at] // 100 for one in (across, down))
    box = (left, top, left + side, top + side)
    found = answer_in(bench, box)
    shown = _framed(whole, [box])
    alt = t("Four pictures in one; a frame shows the window")
    answer = verdict_box(t, found, heading=2, is_marked=False) + bars(t, found, rows=5, is_marked=False)
    return Scene(
        f'<div class="two"><div><img class="looked" src="{shown}" alt="{escape(alt)}"></div><div>{answer}</div></div>',
        (size, across, down),
    )


def _framed(whole: Image.Image, boxes: list[Box]) -> str:
    drawn = whole.copy()
    pen = ImageDraw.Draw(drawn)
    for number, (left, top, right, bottom) in enumerate(boxes, 1):
        pen.rectangle((left, top, right - 1, bottom - 1), outline=(255, 255, 255), width=7)
        pen.rectangle((left + 2, top + 2, right - 3, bottom - 3), outline=_COLOUR, width=3)
        if len(boxes) > 1:
            pen.rectangle((left + 6, top + 6, left + 30, top + 30), fill=_COLOUR)
            pen.text((left + 18, top + 18), str(number), fill=(255, 255, 255), anchor="mm", font_size=18)
    return data_url(drawn, "JPEG")


def windows(side: int, count: int) -> list[Box]:
    """Return windows that cover a square picture, `count` along each side; they overlap by half where there are more.

    Args:
        side: Of the picture, in pixels.
        count: At least 1.
    """
    size = side if count == 1 else side // 2 if count < 4 else 2 * side // count
    step = (side - size) / max(count - 1, 1)
    at = [round(step * place) for place in range(count)]
    return [(left, top, left + size, top + size) for top in at for left in at]


def _detect(bench: Bench, values: Values) -> Scene:
    t = bench.t
    how = along(values, "windows", t("Windows along each side"), [str(one) for one in WINDOWS], 1)
    whole = many_things(bench)
    every = windows(whole.width, WINDOWS[how.at])
    answers = [(box, answer_in(bench, box)) for box in every]
    sure = [(box, one) for box, one in answers if one.verdict.kind is VerdictKind.CLEAR and not one.unfamiliar]
    best: dict[str, tuple[Box, Classification]] = {}
    for box, one in sure:
        name = _name(one)
        if name not in best or one.verdict.winner.probability > best[name][1].verdict.winner.probability:
            best[name] = box, one
    lines = "".join(
        f"<li>{number}. <b>{escape(name)}</b> {percent(one.verdict.winner.probability)}</li>"
        for number, (name, (_, one)) in enumerate(best.items(), 1)
    )
    took = sum(one.milliseconds for _, one in answers)
    counted = figures(
        [(str(len(every)), t("windows looked through")), (t("{n} ms", n=f"{took:.0f}"), t("for all of them"))]
    )
    shown = _framed(whole, [box for box, _ in best.values()])
    alt = t("Four pictures in one, with a frame around what was found")
    nothing = "" if best else paragraph(escape(t("It is sure of nothing here.")))
    return Scene(
        f'<div class="two"><div><img class="looked" src="{shown}" alt="{escape(alt)}"></div>'
        f'<div>{counted}<ol class="plain">{lines}</ol>{nothing}</div></div>',
        (how,),
    )


def matches(model: Opened, word: str) -> list[str]:
    """Return the names in a model's list that contain a word, whatever its capitals."""
    wanted = word.strip().casefold()
    return [label for label in model.labels if wanted and wanted in label.casefold()]


def _list(bench: Bench, values: Values) -> Scene:
    t, model = bench.t, bench.model()
    word = values.get("word", "")[:40]
    found = matches(model, word)
    label, total = t("Look for a word in its list"), len(model.labels)
    field = (
        f'<div class="ctl"><label for="ls-word">{escape(label)}</label>'
        f'<input id="ls-word" name="word" type="text" autocomplete="off" maxlength="40" value="{escape(word)}"></div>'
    )
    if not word.strip():
        said = t("The list has {n} names. Try: person, grandmother, wheelchair, your school bag.", n=total)
    elif found:
        said = t("{n} of {total} names: {names}", n=len(found), total=total, names=t.listed(found[:_MATCHES]))
    else:
        said = t("None of its {total} names contains “{word}”. It can never say it.", total=total, word=word)
    return Scene(f'{field}<p role="status">{escape(said)}</p>')


def _ask_many(bench: Bench) -> Question:
    t, whole = bench.t, 2 * PART
    found = answer_in(bench, (0, 0, whole, whole))
    name = _name(found)
    said = words(t, found)
    why = t(
        "The first step says: {said}. First in its list is one name for the whole picture: “{name}”, {percent}. It "
        "does not count, and does not say where.",
        said=said.verdict or said.answer,
        name=name,
        percent=percent(found.verdict.winner.probability),
    )
    others = dict.fromkeys(_name(answer_in(bench, box)) for box in windows(whole, 2))
    options = [Option(t("“{name}”", name=name), why, is_right=True)]
    options += [Option(t("“{name}”", name=other), why) for other in others if other != name][:2]
    options.append(Option(t("Four names, one for each picture"), why))
    alt, src = t("Four pictures in one"), data_url(many_things(bench), "JPEG")
    shown = f'<img class="asked" src="{src}" alt="{escape(alt)}">'
    hint = t("Look at step 1 again, with the window as wide as it goes.")
    return Question(t(_PROMPT), shuffled(options, "many"), hint, shown)


_PROMPT = N_("Four pictures in one, all of it in sight. Which name will come first?")


def _ask_build(bench: Bench) -> Question:
    t = bench.t
    options = [
        Option(
            t("A gate that lets pupils in by their faces"),
            t("The faces are of people who did not agree, mistakes hurt, and a key does the same."),
            is_right=True,
        ),
        Option(
            t("A bin that sorts paper and plastic"),
            t("This one is fine: a mistake costs little, and anybody can correct it."),
        ),
        Option(
            t("A photo box that sorts your own bird photos"),
            t("This one is fine: the photos are yours, and you check what it did."),
        ),
    ]
    hint = t("Ask of each: who is hurt if it is wrong, and did they agree?")
    return Question(t(_PROMPT_BUILD), shuffled(options, "build"), hint)


_PROMPT_BUILD = N_("Which of these should nobody build with it?")

LESSON = Lesson(
    "limits",
    N_("What it is not"),
    N_("You can say what such a model cannot do, who is missing in it, and what not to build."),
    8,
    (
        Step(
            N_("One name for everything"),
            (
                N_(
                    "A *model*, a program that learned to name photos, gives one answer for the whole picture. This is "
                    "*classification*. Here are four pictures in one. Move the window: it sees only what is inside."
                ),
            ),
            _window,
            N_("With the whole picture in sight, which thing wins? Is it the largest?"),
        ),
        Step(
            N_("Where is it?"),
            (
                N_(
                    "To find things one by one is another task: *detection*. It draws a box around each. To mark a "
                    "thing’s exact outline is *segmentation*. Real detectors are built for it. Here we cheat: we look "
                    "through many windows, and keep those where the model is sure."
                ),
            ),
            _detect,
            N_("More windows find more, and cost more. Does it also find things that are not there?"),
        ),
        Step(
            N_("Who is in the list?"),
            (
                N_(
                    "It can only say names from its list. People wrote that list, and other people took the photos: "
                    "most in a few rich countries. What they did not think of is missing. And it does not know who "
                    "somebody is: knowing faces is yet another task, with rules of its own."
                ),
            ),
            _list,
            N_("Look for things of your own kitchen, your festivals, your language. Who is missing?"),
            uses_pictures=False,
        ),
        Step(
            N_("Four pictures, one answer"),
            (N_("Guess first. Then test it: open the window of the first step as wide as it goes."),),
            ask=_ask_many,
            prompt=_PROMPT,
        ),
        Step(
            N_("What not to build"),
            (
                N_(
                    "Before you build: who is hurt if it is wrong? Did the people in the photos agree? Can somebody "
                    "say no, and be heard? If you cannot answer, do not build it."
                ),
            ),
            ask=_ask_build,
            prompt=_PROMPT_BUILD,
            uses_pictures=False,
        ),
    ),
    (
        N_("Goal: pupils know the limits of one name for one picture, and ask who decides and who is hurt."),
        N_(
            "Let groups defend one of the three machines of the last question, then the opposite. What would make the "
            "gate acceptable to anybody? (Nothing that a key would not do better.)"
        ),
        N_(
            "The photos of ImageNet, from which these models learned, were collected on the web around 2009. Ask what "
            "did not exist then."
        ),
        N_("Often heard: “It recognises me.” It does not: it has no class for you. It may say what you wear."),
    ),
    N_("Write a rule for your class: what may be photographed for a model, and who is asked first?"),
)
