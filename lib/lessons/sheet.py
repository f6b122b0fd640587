"""What a lesson is on paper: one A4 page for pupils, with the teacher's notes where they are asked for."""

from collections.abc import Sequence
from html import escape
from string import Formatter

from lib.i18n import Translator
from lib.lessons.bench import Picture
from lib.lessons.course import LESSONS
from lib.lessons.lesson import Lesson
from lib.lessons.progress import Progress
from lib.lessons.shown import paragraph, plain, rich
from lib.messages import N_

_MINUTES = N_("{n} minutes")
_LESSON = N_("Lesson {n} of {total}")
_NOTICE = N_("Notice:")
_NOTES = N_("Notes for teachers")
_YOUR_TURN = N_("Your turn")
_ON_PAPER = N_("On paper:")
_MY_PROGRESS = N_("My progress")

_LINES = 6  # to write on, on the whole sheet: two below a step at most
_PICTURES = 4
_GAP = "_______"
_NAME = N_("Name: ____________________  Date: ______________")


def of_lesson(t: Translator, lesson: Lesson, pictures: Sequence[Picture], prompts: Sequence[str]) -> str:
    """Return the sheet of a lesson.

    Args:
        t: The reader's language.
        lesson: Which.
        pictures: Those at hand.
        prompts: Its questions, with the numbers at hand, in the order of the steps that ask.
    """
    asked = iter(prompts)
    steps = "".join(
        f"<li><h2>{escape(t(step.title))}</h2>{''.join(paragraph(rich(t(part))) for part in step.text)}"
        + (paragraph(f"<b>{escape(t(_NOTICE))}</b> {rich(t(step.notice))}") if step.notice else "")
        + (_question(t, next(asked, _open(t, step.prompt))) if step.ask else "")
        + f"{_ruled(min(2, _LINES // len(lesson.steps)))}</li>"
        for step in lesson.steps
    )
    shown = "".join(f'<img src="{escape(one.src)}" alt="{escape(one.name)}">' for one in pictures[:_PICTURES])
    task = f"<p><b>{escape(t(_ON_PAPER))}</b> {escape(t(lesson.follow_up))}</p>" if lesson.follow_up else ""
    notes = "".join(paragraph(rich(t(note))) for note in lesson.notes)
    number = LESSONS.index(lesson) + 1
    return (
        f"<header><p>Discern · {escape(t(_LESSON, n=number, total=len(LESSONS)))} · "
        f"{escape(t(_MINUTES, n=lesson.minutes))}</p><p>{escape(t(_NAME))}</p></header>"
        f"<h1>{escape(t(lesson.title))}</h1><p class=goal>{escape(t(lesson.goal))}</p>"
        f'<div class="strip">{shown}</div><ol>{steps}</ol>{task}'
        f'<section class="for-teachers"><h2>{escape(t(_NOTES))}</h2>{notes}</section>'
    )


def _open(t: Translator, prompt: str) -> str:
    """Return a question whose gaps are to be filled by hand."""
    gaps = {gap: _GAP for _, gap, _, _ in Formatter().parse(prompt) if gap}
    return t(prompt, **gaps)


def _question(t: Translator, prompt: str) -> str:
    return f'<p class="q"><b>{escape(t(_YOUR_TURN))}:</b> {escape(plain(prompt))}</p>'


def _ruled(count: int) -> str:
    return '<div class="ruled"></div>' * count


def of_progress(t: Translator, progress: Progress) -> str:
    """Return what was done in all lessons."""
    lines = ""
    for number, lesson in enumerate(LESSONS, 1):
        asked = [place for place, step in enumerate(lesson.steps) if step.ask]
        marked = [progress.marked.get((lesson.id, place)) for place in asked]
        right = sum(one is not None and one.is_right for one in marked)
        tries = sum(one.tries for one in marked if one is not None)
        seen = sum((lesson.id, place) in progress.seen for place in range(len(lesson.steps)))
        cells = (
            f"{seen} / {len(lesson.steps)}",
            f"{right} / {len(asked)}",
            str(tries or ""),
        )
        lines += (
            f'<tr><th scope="row">{number}. {escape(t(lesson.title))}</th>'
            f"{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        )
    heads = (t("Lesson"), t("Steps seen"), t("Answered rightly"), t("Tries"))
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    return (
        f"<header><p>Discern</p><p>{escape(t(_NAME))}</p></header><h1>{escape(t(_MY_PROGRESS))}</h1>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"
    )
