"""Ninety minutes with a class: six parts, what to do and to say in each, and what to do where something goes wrong."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from lib.i18n import Translator
from lib.messages import N_

_GAP = re.compile(r"\{(\w+)\}")

# What pages and buttons are called. A sentence of the plan has the short name in braces; a test looks for each of these
# in the pages.
WORDS = {
    "again": N_("Renew the model"),
    "answers": N_("The model that answers"),
    "ask": N_("Just ask about a photo"),
    "begin": N_("Collect photos"),
    "cannot": N_("A phone cannot join?"),
    "classify": N_("Classify"),
    "code": N_("Code"),
    "collect": N_("Collect"),
    "compare": N_("Compare"),
    "disagreements": N_("Disagreements"),
    "end": N_("End: forget everything"),
    "forget": N_("End and forget"),
    "hide": N_("Hide this photo"),
    "home": N_("Take everything home (zip)"),
    "live": N_("Live camera"),
    "make": N_("Make the model"),
    "measure": N_("Measure"),
    "mine": N_("My photo"),
    "models": N_("Models"),
    "more": N_("More"),
    "next": N_("Next round"),
    "open": N_("Open a room"),
    "other": N_("Ask another model"),
    "pause": N_("Pause: phones can send nothing"),
    "piles": N_("Piles"),
    "points": N_("Points"),
    "projector": N_("Projector"),
    "remove": N_("Remove from room"),
    "right": N_("It is right"),
    "room": N_("Room"),
    "sets": N_("Practice photos"),
    "shoot": N_("Use the camera here"),
    "show": N_("Show answers"),
    "side": N_("Side by side"),
    "single": N_("One file that opens by double-click"),
    "speed": N_("Speed and size"),
    "strict": N_("How strict?"),
    "take": N_("Take a photo"),
    "train": N_("Train"),
    "unsure": N_("It will not be sure"),
    "wrong": N_("It is wrong"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the ninety minutes. All sentences are English, marked for translation.

    Attributes:
        title: Its name.
        minutes: How long it takes.
        goal: What everybody can do afterwards.
        steps: What the teacher does, in order.
        say: What the teacher says, in plain words.
        troubles: What may go wrong, and what to do then.
        without: How it goes without phones.
    """

    title: str
    minutes: int
    goal: str
    steps: tuple[str, ...]
    say: str
    troubles: tuple[tuple[str, str], ...]
    without: str


_SAY = N_("Say")
_TROUBLES = N_("If something goes wrong")
_WITHOUT = N_("Without phones")
_SPAN = N_("{begin}–{end} min")

TITLE = N_("Ninety minutes with a class")
BEFORE = (
    N_("The evening before, run `make class-check`: it tries all that is needed, and says what is missing."),
    N_("Bring ten things that look different from all sides, and print this plan. Start with `make class`."),
    N_(
        "Without Wi-Fi a phone makes one (hotspot), with its mobile data switched off. No internet is needed at any "
        "time."
    ),
)

PARTS = (
    Part(
        N_("Arrive"),
        15,
        N_("Everybody has sent a photo, and has guessed what a model will say before it answered."),
        (
            N_("On the projector’s computer open the page {room} and press {open}."),
            N_("Phones scan the code, or open the address below it and type the word and the number."),
            N_("Everybody taps a nickname, presses {take} on {mine}, and sends a thing from the table. No faces."),
            N_("Everybody guesses what the model will say of the others’ photos. {unsure} is a guess, too."),
            N_("Press {show}. Look at the wall, then at {disagreements}: where were most of you surprised?"),
        ),
        N_(
            "This program has learned a thousand names from photos. It has never seen your pencil case. What will "
            "it call "
            "it? Guess first: who has guessed looks more closely."
        ),
        (
            (
                N_("A phone does not reach the address"),
                N_(
                    "It must be in this computer’s Wi-Fi, with mobile data off. It warns once: “Advanced”, then "
                    "“Proceed”. "
                    "{cannot} in the menu {more} (⋯) says the rest; if all fails, two share a phone."
                ),
            ),
            (
                N_("A photo or a name should not be there"),
                N_("Click the photo, then {hide}. For a person click the number of people, then {remove}."),
            ),
        ),
        N_("Take photos on the page {classify} and press {projector}. The key H hides the answer while all guess."),
    ),
    Part(
        N_("Classify"),
        20,
        N_("Everybody can say how a clear answer differs from a doubtful one, and what the model cannot know."),
        (
            N_("Press {next}. Everybody looks for what it cannot know: a drawing, a hand, half a thing, two things."),
            N_("Guess, press {show}, then {piles}: what lies where it was not sure? What was unfamiliar?"),
            N_(
                "Phones vote: {right} or {wrong}. Open the photo with the most votes against it, and read its bars "
                "aloud."
            ),
            N_("On the page {classify} open a photo and move the lines under {strict}: what is lost, what is gained?"),
        ),
        N_(
            "It gives each of its names a share, and all shares together are a hundred. If two are close, it says "
            "so. A "
            "large share is no proof: it has to share out the hundred, whatever you show it."
        ),
        (
            (
                N_("All answers are clear"),
                N_("From far away, from behind, in the dark, through a glass: what does it take to make it doubt?"),
            ),
            (
                N_("“It is stupid”"),
                N_("It knows a thousand names and no others. Which of these would you have chosen?"),
            ),
        ),
        N_("Try the sample photos on the page {classify}, then your own: each tile has its verdict."),
    ),
    Part(
        N_("Compare"),
        12,
        N_("Everybody can say what a smaller model saves, and what it costs."),
        (
            N_(
                "In the menu {more} (⋯) choose another model under {answers}: a new round begins. Send the same thing "
                "again."
            ),
            N_("On the page {compare}, {side}, choose three photos: the models’ strongest disagreement comes first."),
            N_("Go to {speed} and press {measure}: how many photos in a second, how many megabytes?"),
            N_("Vote by hand: which one for a phone, which one for a museum’s archive? Why?"),
        ),
        N_(
            "The same photo, two models, two opinions. On your phone a small one may be the better one. Who is "
            "right more "
            "often is known only to those who count, on photos whose names are known."
        ),
        (
            (
                N_("There is no other model"),
                N_("The page {models} says which ones are ready. More can be downloaded there with internet."),
            ),
            (
                N_("Measuring takes long"),
                N_("Phones keep the computer at work: in the menu {more} (⋯) tick {pause}, then measure again."),
            ),
        ),
        N_("Instead of the first step press {other} on the page {classify}."),
    ),
    Part(
        N_("Train"),
        25,
        N_("Everybody can say where a model’s knowledge comes from: from its photos, and from nowhere else."),
        (
            N_("On the page {room} press {collect}, name two things that are on every table, and press {begin}."),
            N_("Phones tap a class, or press {shoot} and hold a class down: twenty photos each, from all sides."),
            N_("Look at the newest photos together: what is missing? Another hand, another table, the dark?"),
            N_("Press {make}. Seconds later it answers on all phones, and a new round begins."),
            N_("On {mine} phones press {live}: does it know the things? Who finds what fools it?"),
            N_("Press {collect} again, send photos of what fooled it, and press {again}. Is it better now?"),
        ),
        N_(
            "Now you are the teachers. It learns what your photos show, and nothing that you meant. If every cup "
            "stands on "
            "the red table, it may learn the table. So try to fool it: that is how you find out."
        ),
        (
            (
                N_("{make} cannot be pressed"),
                N_("At least two classes need photos. The last photos may still be on their way."),
            ),
            (
                N_("A phone shows no camera"),
                N_("Pages get it over https only, as `make class` starts them. {ask} works in any case."),
            ),
            (
                N_("It is always right"),
                N_("Show it an empty table, or your hand: it knows only the classes that you gave it."),
            ),
        ),
        N_("Use this computer’s camera on the page {train}, or its {sets}; take turns at it."),
    ),
    Part(
        N_("Take home"),
        10,
        N_("Everybody knows that a model is a file, which works on a computer of one’s own as well."),
        (
            N_("In the menu {more} (⋯) press {home}: photos, answers, the model, and a page in one file."),
            N_("Unpack it, switch Wi-Fi off for a moment, and open page.html by double-click: it answers."),
            N_("On the page {code} show the lines that do it, at work beside themselves."),
            N_("Talk: where would you use your model, and where not? Whom would you ask before taking the photos?"),
        ),
        N_(
            "A model is a file of a few megabytes. This page carries it along, so that no photo leaves the computer on "
            "which you open it. Take it home and try to fool it there."
        ),
        (
            (
                N_("There is no page.html in it"),
                N_("Its scripts are not on this computer: `make class-check` says how they come. The rest is whole."),
            ),
            (
                N_("The page gets no camera"),
                N_("Some browsers keep it from pages that are files. Choose a photo instead."),
            ),
        ),
        N_("The page {code} makes the same page: {single}."),
    ),
    Part(
        N_("End"),
        8,
        N_("Everybody knows what is left of today, and can ask that of other apps, too."),
        (
            N_("Press {points}: who guessed best? Applause."),
            N_("One sentence from each: what surprised you? When would you not believe a model?"),
            N_("On the page {room} press {end}, and read aloud what will be gone."),
            N_("Press {forget}, and read aloud what is left: nothing. Phones say it, too."),
        ),
        N_(
            "What you sent is gone now, from this computer’s memory and from its disk, and it has looked again to "
            "be sure. "
            "That is not usual. Ask it of every app that wants your photos."
        ),
        (
            (
                N_("There is no time left"),
                N_("Press {end} all the same. A room that nobody looks at ends by itself after four hours."),
            ),
            (
                N_("You want to go on next week"),
                N_("Tick that the class set and its model are kept: they are then on the pages {train} and {models}."),
            ),
        ),
        N_("Nothing was sent, so nothing has to go. The two questions are worth asking all the same."),
    ),
)


def spans() -> Iterator[tuple[int, int, Part]]:
    """Yield each part after the minutes at which it begins and ends."""
    begin = 0
    for part in PARTS:
        yield begin, begin + part.minutes, part
        begin += part.minutes


def html(t: Translator) -> str:
    """Return the plan, for the screen and for paper.

    Every part has `data-begin` and `data-end` in minutes, as has each stretch of the line that shows them all.
    """
    line, parts = [], []
    for number, (begin, end, part) in enumerate(spans(), 1):
        span = f'data-begin="{begin}" data-end="{end}"'
        name, time = escape(t(part.title)), escape(t(_SPAN, begin=begin, end=end))
        line.append(f'<li {span} style="--min:{part.minutes}"><b>{name}</b> <span>{part.minutes}</span></li>')
        steps = "".join(f"<li>{_shown(t, step)}</li>" for step in part.steps)
        troubles = "".join(
            f"<div><dt>{_shown(t, what)}</dt><dd>{_shown(t, then)}</dd></div>" for what, then in part.troubles
        )
        parts.append(
            f'<section class="card part" {span}><h2><i>{number}</i>{name}<span>{time}</span></h2>'
            f'<p class="goal">{_shown(t, part.goal)}</p><div><ol>{steps}</ol>'
            f"<h3>{escape(t(_SAY))}</h3><blockquote>{_shown(t, part.say)}</blockquote></div>"
            f"<div><h3>{escape(t(_TROUBLES))}</h3><dl>{troubles}</dl>"
            f"<h3>{escape(t(_WITHOUT))}</h3><p>{_shown(t, part.without)}</p></div></section>"
        )
    before = "".join(f"<li>{_shown(t, one)}</li>" for one in BEFORE)
    return f'<ul class="before">{before}</ul><ol class="line">{"".join(line)}</ol>{"".join(parts)}'


def _shown(t: Translator, sentence: str) -> str:
    """Return a sentence as HTML: what stands on a page is bold, what is typed is code."""
    names = {name: f"\0{name}\0" for name in _GAP.findall(sentence)}
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(t(sentence, **names)))
    return re.sub("\0(\\w+)\0", lambda found: f"<b>{escape(t(WORDS[found[1]]))}</b>", text)
