"""A lesson on the page: one screen a step, with what to move, what to notice and the question, as HTML.

The script of the page (`lib/ui/web/learn.js`) puts it there, sends what is moved, and gets it anew; it knows nothing of
any lesson. What can be pressed says so: `data-to="LESSON/STEP"`, `data-answer="N"`, `data-set`, `data-do`.
"""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from html import escape

from lib.i18n import Translator
from lib.lessons.bench import Bench
from lib.lessons.course import LESSONS
from lib.lessons.lesson import Control, Lesson, Option, Question, Step, Values
from lib.lessons.progress import Marked, Progress
from lib.lessons.shown import paragraph, rich
from lib.messages import N_

_START_OVER = N_("Start over")
_TITLE = N_("Learn how it works")
_PRINT_PROGRESS = N_("Print my progress")
_MINUTES = N_("{n} minutes")
_LOOKING = N_("Looking …")
_TRY = N_("Try it")
_NOTICE = N_("Notice:")
_STEPS = N_("Steps")
_BACK_WORD = N_("Back")
_PRINT = N_("Print this sheet")
_PRINT_NOTES = N_("Print the sheet with these notes")
_NOTES = N_("Notes for teachers")
_PICTURES_WORD = N_("Pictures")
_YOUR_TURN = N_("Your turn")
_ANOTHER = N_("Try another one.")

SAMPLES, MINE, DRAWN = "samples", "mine", "drawn"
_SETS = {SAMPLES: N_("Samples"), MINE: N_("My photos"), DRAWN: N_("Drawn pictures")}
_LETTERS = "ABCDEF"


def overview(t: Translator, progress: Progress) -> str:
    """Return the page that lists all lessons."""
    cards = "".join(_card(t, number, lesson, progress) for number, lesson in enumerate(LESSONS, 1))
    done = _right(progress)
    again = f'<button type="button" class="btn bare" data-do="again">{escape(t(_START_OVER))}</button>' if done else ""
    marked = t("Questions answered rightly: {n} of {total}", n=done, total=_questions())
    return (
        f'<div class="ls all"><h1>{escape(t(_TITLE))}</h1>'
        f'<p class="lead">{escape(t(_LEAD))}</p>'
        f'<ol class="lessons">{cards}</ol>'
        f'<div class="nav"><p class="small soft">{escape(marked)} {again}</p>'
        f'<button type="button" class="btn" data-do="print">{escape(t(_PRINT_PROGRESS))}</button></div></div>'
    )


_LEAD = N_("Eight short lessons. Every number comes from the pictures you choose, and the questions mark themselves.")


def _card(t: Translator, number: int, lesson: Lesson, progress: Progress) -> str:
    state = _state(t, lesson, progress)
    said = f'<span class="state">{escape(state)}</span>' if state else ""
    return (
        f'<li class="card"><button type="button" data-to="{lesson.id}/0">'
        f'<b class="no" aria-hidden="true">{number}</b><span><strong>{escape(t(lesson.title))}</strong> '
        f'<span class="goal">{escape(t(lesson.goal))}</span> '
        f'<span class="small soft">{escape(t(_MINUTES, n=lesson.minutes))}</span> {said}</span></button></li>'
    )


def _state(t: Translator, lesson: Lesson, progress: Progress) -> str:
    asked = [number for number, step in enumerate(lesson.steps) if step.ask]
    right = sum(_is_right(progress, lesson, number) for number in asked)
    if right == len(asked):
        return t("done")
    return t("begun") if any((lesson.id, number) in progress.seen for number in range(len(lesson.steps))) else ""


def _is_right(progress: Progress, lesson: Lesson, number: int) -> bool:
    marked = progress.marked.get((lesson.id, number))
    return marked is not None and marked.is_right


def _questions() -> int:
    return sum(step.ask is not None for lesson in LESSONS for step in lesson.steps)


def _right(progress: Progress) -> int:
    return sum(_is_right(progress, lesson, number) for lesson in LESSONS for number in range(len(lesson.steps)))


def frame(
    t: Translator,
    lesson: Lesson,
    number: int,
    progress: Progress,
    *,
    play: str = "",
    check: str = "",
    sets: str = "",
    chosen: str = "",
) -> str:
    """Return a step.

    Args:
        t: The reader's language.
        lesson: Of which.
        number: The step's, from 0.
        progress: What was done so far.
        play: HTML of what there is to move; "" while it is being worked out.
        check: HTML of the question.
        sets: HTML of the choice of pictures.
        chosen: Which pictures are shown.
    """
    step, place = lesson.steps[number], LESSONS.index(lesson) + 1
    about = t(
        "Lesson {n} of {total}: {title}. {minutes} minutes",
        n=place,
        total=len(LESSONS),
        title=t(lesson.title),
        minutes=lesson.minutes,
    )
    text = "".join(paragraph(rich(t(part)), "lead") for part in step.text)
    all_lessons = escape(t("All lessons"))
    busy = f'<p class="busy" role="status"><span class="sign"></span> {escape(t(_LOOKING))}</p>'
    scene = f'<form class="card play" aria-label="{escape(t(_TRY))}">{play or busy}</form>' if step.scene else ""
    noticed = f'<p class="notice"><b>{escape(t(_NOTICE))}</b> {rich(t(step.notice))}</p>' if step.notice else ""
    asked = f'<section class="card check" aria-labelledby="ls-check">{check or busy}</section>' if step.ask else ""
    return (
        f'<article class="ls" data-lesson="{lesson.id}" data-step="{number}" data-pictures="{escape(chosen)}">'
        f'<div class="top"><button type="button" class="btn bare" data-to="">{all_lessons}</button>'
        f'<p class="small soft">{escape(about)}</p>{dots(t, lesson, number, progress)}</div>'
        f'<h1 tabindex="-1">{escape(t(step.title))}</h1>{text}{sets}{scene}{noticed}{asked}'
        f"{_nav(t, lesson, number)}{_notes(t, lesson)}</article>"
    )


def dots(t: Translator, lesson: Lesson, number: int, progress: Progress) -> str:
    """Return the steps of a lesson, to go to any of them."""
    items = ""
    for place, step in enumerate(lesson.steps):
        is_done = (lesson.id, place) in progress.seen and (step.ask is None or _is_right(progress, lesson, place))
        name = t("Step {n}: {title}", n=place + 1, title=t(step.title))
        here = ' aria-current="step"' if place == number else ""
        label = t.listed((name, t("done"))) if is_done else name
        items += (
            f'<li><button type="button" data-to="{lesson.id}/{place}"{here}{" class=done" if is_done else ""} '
            f'aria-label="{escape(label)}" title="{escape(name)}"></button></li>'
        )
    return f'<ol class="dots" aria-label="{escape(t(_STEPS))}">{items}</ol>'


_BACK = '<svg class="ico" viewBox="0 0 24 24" aria-hidden="true"><path d="M15 5l-7 7 7 7"/></svg>'
_NEXT = '<svg class="ico" viewBox="0 0 24 24" aria-hidden="true"><path d="M9 5l7 7-7 7"/></svg>'


def _nav(t: Translator, lesson: Lesson, number: int) -> str:
    place = LESSONS.index(lesson)
    before = f"{lesson.id}/{number - 1}" if number else ""
    if number + 1 < len(lesson.steps):
        after, said = f"{lesson.id}/{number + 1}", t("Next")
    elif place + 1 < len(LESSONS):
        after, said = f"{LESSONS[place + 1].id}/0", t("Next lesson")
    else:
        after, said = "", t("All lessons")
    return (
        f'<div class="nav"><button type="button" class="btn" data-to="{before}">{_BACK}{escape(t(_BACK_WORD))}</button>'
        f'<button type="button" class="btn bare" data-do="print">{escape(t(_PRINT))}</button>'
        f'<button type="button" class="btn main" data-to="{after}">{escape(said)} {_NEXT}</button></div>'
    )


def _notes(t: Translator, lesson: Lesson) -> str:
    notes = "".join(paragraph(rich(t(note))) for note in lesson.notes)
    return (
        f'<details class="notes"><summary>{escape(t(_NOTES))}</summary>{notes}'
        f'<p><button type="button" class="btn" data-do="print-notes">'
        f"{escape(t(_PRINT_NOTES))}</button></p></details>"
    )


def sets(t: Translator, chosen: str, mine: int) -> str:
    """Return the choice of pictures.

    Args:
        t: The reader's language.
        chosen: One of `SAMPLES`, `MINE` and `DRAWN`.
        mine: How many photos the reader has brought.
    """
    buttons = ""
    for name, words in _SETS.items():
        said = f"{t(words)} ({mine})" if name == MINE and mine else t(words)
        does = 'data-do="add"' if name == MINE and not mine else f'data-set="{name}"'
        pressed = str(name == chosen).lower()
        buttons += f'<button type="button" class="chip" {does} aria-pressed="{pressed}">{escape(said)}</button>'
    more = escape(t("Add photos"))
    add = f'<button type="button" class="chip" data-do="add">{more}</button>' if mine else ""
    return f'<div class="chips sets" role="group" aria-label="{escape(t(_PICTURES_WORD))}">{buttons}{add}</div>'


def play(bench: Bench, step: Step, values: Values) -> str:
    """Return what there is to move, and what it shows."""
    if step.scene is None:
        return ""
    scene = step.scene(bench, values)
    return f'{"".join(map(_control, scene.controls))}<div class="scene">{scene.html}</div>'


def _control(control: Control) -> str:
    name, at = escape(control.name), control.at
    if control.look == "range":
        places = escape("|".join(control.shown))
        return (
            f'<div class="ctl"><label for="ls-{name}">{escape(control.label)}: '
            f'<output for="ls-{name}">{escape(control.shown[at])}</output></label>'
            f'<input id="ls-{name}" name="{name}" type="range" min="0" max="{len(control.shown) - 1}" step="1" '
            f'value="{at}" aria-valuetext="{escape(control.shown[at])}" data-shown="{places}"></div>'
        )
    choices = ""
    for place, shown in enumerate(control.shown):
        checked = " checked" if place == at else ""
        is_photo = control.look == "photo"
        inside = f'<img src="{escape(control.pictures[place])}" alt="{escape(shown)}">' if is_photo else escape(shown)
        choices += f'<label><input type="radio" name="{name}" value="{place}"{checked}><span>{inside}</span></label>'
    return f'<fieldset class="ctl {control.look}"><legend>{escape(control.label)}</legend>{choices}</fieldset>'


def check(t: Translator, question: Question, marked: Marked | None) -> str:
    """Return a question, and what is to be said of the answer that was given last."""
    chosen = _chosen(question, marked)
    is_told = marked is not None and (marked.tries_here > 1 or (chosen is not None and chosen.is_right))
    buttons = ""
    for place, option in enumerate(question.options):
        name = f'<img src="{escape(option.picture)}" alt="">' if option.picture else ""
        pressed = "true" if option is chosen else "false"
        buttons += (
            f'<button type="button" class="btn" data-answer="{place}" aria-pressed="{pressed}">'
            f"<kbd>{_LETTERS[place]}</kbd>{name}<span>{escape(option.text)}</span></button>"
        )
    return (
        f'<h2 id="ls-check">{escape(t(_YOUR_TURN))}</h2><p>{rich(question.prompt)}</p>{question.html}'
        f'<div class="ops" data-question="{question.fingerprint}">{buttons}</div>'
        f'<div class="fb" role="status">{_said(t, question, chosen, is_told=is_told)}</div>'
    )


def _chosen(question: Question, marked: Marked | None) -> Option | None:
    """Return the answer that was given last, if it was given to this very question."""
    if marked is None or marked.question != question.fingerprint:
        return None
    return next((option for option in question.options if option.number == marked.choice), None)


def _said(t: Translator, question: Question, chosen: Option | None, *, is_told: bool) -> str:
    """Return what is said of an answer: why, or, as long as the solution `is_told` to nobody, where to look."""
    if chosen is None:
        return ""
    look, said = ("clear", t("Yes.")) if chosen.is_right else ("weak", t("Not quite."))
    more = chosen.why if is_told else f"{question.hint} {t(_ANOTHER)}"
    return (
        f'<p class="{look}"><span class="sign" aria-hidden="true"></span>'
        f"<span><b>{escape(said)}</b> {escape(more)}</span></p>"
    )


def asked(bench: Bench, step: Step) -> Question | None:
    """Return the question of a step; None for one that asks nothing."""
    if step.ask is None:
        return None
    question = step.ask(bench)
    pictures = tuple(one.key for one in bench.pictures) if step.uses_pictures else ()
    answers = tuple((option.number, option.is_right) for option in question.options)
    about = repr((step.title, pictures, bench.default, answers))
    return replace(question, fingerprint=sha256(about.encode("utf-8", "surrogatepass")).hexdigest()[:16])


def find(lesson_id: str) -> Lesson | None:
    """Return the lesson of this name; None if there is none."""
    return next((lesson for lesson in LESSONS if lesson.id == lesson_id), None)


def values_of(query: Mapping[str, str]) -> Values:
    """Return what the reader has set, of all that an address says."""
    return {name: value[:200] for name, value in query.items()}
