"""Lesson 3: clear, unsure, unfamiliar: the verdict's questions, with the lines in the reader's hands."""

from html import escape

from lib.classify.infer import Settings
from lib.face.names import short
from lib.i18n import Translator
from lib.lessons.bench import Bench, Opened, Picture
from lib.lessons.choosing import along
from lib.lessons.lesson import Lesson, Option, Question, Scene, Step, Values, shuffled
from lib.lessons.shown import paragraph, tiles
from lib.lessons.strange import strange_picture
from lib.messages import N_
from lib.results import Classification, VerdictKind
from lib.verdict import FLOOR_RANGE, RATIO, Thresholds, numbers, percent

_CLEAR = N_("Clear: {n} of {total}")

MODEL = "starter"  # few classes, so that one can be unfamiliar
FLOORS = tuple(round(0.05 * step, 2) for step in range(1, 20))
RATIOS = tuple(round(0.1 * step, 1) for step in range(2, 10))
ASKED = (0.9, 0.8)  # lines to ask about, the second where the first decides nothing
_NEAR = 0.01
_PLACES = 21  # of the line for the unfamiliar


def kinds(bench: Bench, pictures: list[Picture], settings: Settings) -> list[Classification]:
    """Return the pictures' answers, judged by these lines."""
    model = bench.model(MODEL)
    return [bench.judged(picture, model, settings) for picture in pictures]


def _shown(bench: Bench, pictures: list[Picture], settings: Settings) -> str:
    return tiles(bench.t, list(zip(pictures, kinds(bench, pictures, settings), strict=True)))


def _count(t: Translator, found: list[Classification]) -> str:
    clear = sum(one.verdict.kind is VerdictKind.CLEAR for one in found)
    return paragraph(f"<b>{escape(t(_CLEAR, n=clear, total=len(found)))}</b>")


# As if every photo were familiar: this lesson asks one question after the other.
_ANY = -1e9


def _floor(bench: Bench, values: Values) -> Scene:
    t, floors = bench.t, [percent(one) for one in FLOORS]
    start = FLOORS.index(Thresholds().floor_for(bench.model(MODEL).spec.output.classes))
    how = along(values, "floor", t("The winner needs at least"), floors, start)
    settings = Settings(thresholds=Thresholds(RATIO, FLOORS[how.at]), familiar=_ANY)
    found = kinds(bench, list(bench.pictures), settings)
    return Scene(_count(t, found) + tiles(t, list(zip(bench.pictures, found, strict=True))), (how,))


def _ratio(bench: Bench, values: Values) -> Scene:
    t = bench.t
    how = along(
        values,
        "ratio",
        t("A rival is who has at least this part of the winner’s share"),
        [percent(one) for one in RATIOS],
        RATIOS.index(RATIO),
    )
    settings = Settings(thresholds=Thresholds(RATIOS[how.at], FLOOR_RANGE[0]), familiar=_ANY)
    found = kinds(bench, list(bench.pictures), settings)
    return Scene(_count(t, found) + tiles(t, list(zip(bench.pictures, found, strict=True))), (how,))


def _scores(bench: Bench, model: Opened, pictures: list[Picture]) -> tuple[float, float]:
    found = [told.score for one in pictures if (told := bench.look(one, model).familiarity) is not None]
    return (min(found), max(found)) if found else (0.0, 1.0)


def _unfamiliar(bench: Bench, values: Values) -> Scene:
    t, model = bench.t, bench.model(MODEL)
    pictures = [*bench.pictures[:5], strange_picture(t)]
    own = model.spec.novelty
    if own is None:
        return Scene(paragraph(escape(t("{model} cannot say what is unfamiliar.", model=model.spec.name))))
    low, high = _scores(bench, model, pictures)
    step = (high - low + 1) / (_PLACES - 1)
    lines = sorted({*(round(low - 0.5 + step * place, 1) for place in range(_PLACES)), round(own.threshold, 1)})
    start = lines.index(round(own.threshold, 1))
    how = along(values, "familiar", t("The strongest vote must be at least"), [f"{one:.1f}" for one in lines], start)
    found = kinds(bench, pictures, Settings(familiar=lines[how.at]))
    told = [
        t("{name}: strongest vote {score}", name=picture.name, score=numbers(one.familiarity)[0])
        for picture, one in zip(pictures, found, strict=True)
        if one.familiarity is not None
    ]
    listed = "".join(f"<li>{escape(one)}</li>" for one in told)
    return Scene(
        tiles(t, list(zip(pictures, found, strict=True))) + f'<ul class="small soft told">{listed}</ul>', (how,)
    )


def decided(found: list[Classification]) -> tuple[float, list[int]]:
    """Return the line that is asked about, and which answers it decides for who sees whole percents: not near it."""
    for line in ASKED:
        far = [k for k, one in enumerate(found) if abs(one.verdict.winner.probability - line) > _NEAR]
        if far:
            break
    return line, far


def _ask(bench: Bench) -> Question:
    t = bench.t
    line, far = decided(kinds(bench, list(bench.pictures), _now()))
    shown = [bench.pictures[k] for k in far]
    found = kinds(bench, shown, Settings(thresholds=Thresholds(RATIO, line), familiar=_ANY))
    order = sorted(range(len(found)), key=lambda k: -found[k].verdict.winner.probability)
    clear = sum(one.verdict.kind is VerdictKind.CLEAR for one in found)
    shares = t.listed(
        t("{name} {percent}", name=shown[k].name, percent=percent(found[k].verdict.winner.probability))
        for k in order[:4]
    )
    why = t("The shares of the winners: {shares}. The line is at {line}.", shares=shares, line=percent(line))
    counts = {clear, max(clear - 1, 0), min(clear + 1, len(found)), 0, len(found)}
    near = sorted(counts, key=lambda count: (abs(count - clear), count))[:3]
    options = [Option(_these(t, [shown[k] for k in order[:n]], len(shown)), why, n == clear) for n in sorted(near)]
    hint = t("Compare the share below each photo with {line}.", line=percent(line))
    about = "sure", *(picture.key for picture in shown)
    return Question(t(_PROMPT, line=percent(line)), shuffled(options, *about), hint, _winners(shown, found))


def _winners(shown: list[Picture], found: list[Classification]) -> str:
    """Return small pictures with the winner and its share, whatever the verdict."""
    cells = ""
    for picture, one in zip(shown, found, strict=True):
        winner = one.verdict.winner
        cells += (
            f'<li><img src="{escape(picture.src)}" alt="{escape(picture.name)}">'
            f"<p><b>{escape(short(winner.label, winner.index))}</b> {percent(winner.probability)}</p></li>"
        )
    return f'<ul class="six">{cells}</ul>'


def _now() -> Settings:
    return Settings(familiar=_ANY)


def _these(t: Translator, clear: list[Picture], total: int) -> str:
    """Return which photos are meant, in words."""
    if not clear:
        return t("None of them")
    if len(clear) == total:
        return t("All of them")
    return t.listed(picture.name for picture in clear)


_PROMPT = N_("The line for the winner goes up to {line}. Which photos stay clear?")

LESSON = Lesson(
    "sure",
    N_("Sure, unsure, unfamiliar"),
    N_("You can say when an answer counts, and draw the line yourself."),
    8,
    (
        Step(
            N_("How sure is sure?"),
            (
                N_(
                    "The *model*, a program that learned to name photos, gives every name in its list a share of "
                    "100%. The largest share wins. But does the winner have enough? If so, and nobody is close "
                    "behind, the answer is called *clear*."
                ),
                N_("You decide how much the winner needs. Move the line, and watch who is still clear."),
            ),
            _floor,
            N_("No line is right for everything. For a game, 30% may do. For medicine it may not."),
        ),
        Step(
            N_("Who is close behind?"),
            (
                N_(
                    "A *rival* is a name whose share comes close to the winner’s. With a rival, the answer is “too "
                    "close to call”. You decide what close means."
                ),
            ),
            _ratio,
            N_("A high share does not help if the second has nearly as much."),
        ),
        Step(
            N_("Unlike anything it learned"),
            (
                N_(
                    "This model learned 20 things. It must choose one of them, even for a picture of none. Shares "
                    "cannot tell: somebody always leads. But before they become shares, the model’s *votes* are plain "
                    "numbers. If even the strongest is weak, the picture is *unfamiliar*: unlike the photos it "
                    "learned from."
                ),
            ),
            _unfamiliar,
            N_("Find a line that catches the strange picture and leaves the others alone. Is there one?"),
        ),
        Step(
            N_("Draw the line"),
            (N_("You see every winner’s share below its photo. Now think before you move anything."),),
            ask=_ask,
            prompt=_PROMPT,
        ),
    ),
    (
        N_("Goal: pupils know three ways of not being sure, and that a person draws the lines."),
        N_(
            "Let pupils vote: how sure must a machine be that sorts mushrooms? That suggests music? Write the numbers "
            "on the board before anybody moves a slider."
        ),
        N_(
            "Often heard: “Clear means right.” A clear answer about something that the model never learned is wrong, "
            "and sure of it. That is why “unfamiliar” is a question of its own."
        ),
        N_("No line catches all strange pictures without losing some good ones. Let pupils find that out."),
    ),
    N_("Write down three machines that decide something. How sure should each be, and who should say so?"),
)
