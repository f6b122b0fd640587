"""The page of a phone in a room, and the one that asks for a room's code: plain, small, and no page of Streamlit's.

`lib/ui/web/phone.js` fills it. What the page loads at once, uncompressed, is at most `MOST_BYTES`.
"""

import json
import re
from functools import cache
from string import Formatter

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from lib.i18n import LANGUAGES, Translator
from lib.messages import N_
from lib.server.first_page import SHORT
from lib.server.room import codes
from lib.ui import web
from lib.ui.classify.words import names

SHEETS = ("tokens.css", "answer.css", "phone.css")
MOST_BYTES = 60_000

_ICONS = {
    "eye": "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
    "camera": "M4 8h3l1.6-2.4h6.8L17 8h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1z"
    "M12 16.4a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8z",
    "hand": "M8 12V6.5a1.5 1.5 0 0 1 3 0V11m0-5.5a1.5 1.5 0 0 1 3 0V11m0-4a1.5 1.5 0 0 1 3 0v7"
    "c0 4-2 6.5-5.5 6.5S6.5 18 5 14.5c-.6-1.4 1-2.5 2.2-1.2L8 14",
    "photos": "M4 5h16v14H4zM4 16l5-5 4 4 3-2.5 4 3.5M15.5 9.5v.01",
    "back": "M15 5l-7 7 7 7",
    "forth": "M9 5l7 7-7 7",
    "turn": "M4 9a8 8 0 0 1 14-2l2 2m0-5v5h-5M20 15a8 8 0 0 1-14 2l-2-2m0 5v-5h5",
    "live": "M3 7h12v10H3zM15 11l6-3.5v9L15 13",
}
# What stands in the page.
_STANDS = {
    "room": N_("Room"),
    "pages": N_("Pages"),
    "language": N_("Language"),
    "noscript": N_("Discern needs JavaScript. Turn it on in the settings of your browser."),
    "code": N_("What is the code?"),
    "codeHelp": N_("It stands on the screen: a word and a number."),
    "enter": N_("Go to the room"),
    "otherRoom": N_("Enter a code"),
    "joinAgain": N_("Join again"),
    "who": N_("Who are you?"),
    "whoHelp": N_("Tap a name. Use no real names."),
    "names": N_("Names to choose from"),
    "others": N_("Other names"),
    "orType": N_("Or type one:"),
    "join": N_("Join"),
    "guess": N_("What will it say?"),
    "unsure": N_("It will not be sure"),
    "guessNone": N_("Nothing to guess yet. As soon as somebody sends a photo, it comes here."),
    "toMine": N_("Send a photo of mine"),
    "shown": N_("What it says"),
    "shownNone": N_("There were no photos in this round."),
    "vote": N_("Is the model right?"),
    "right": N_("It is right"),
    "wrong": N_("It is wrong"),
    "ofClass": N_("A photo of the class"),
    "yours": N_("Your photo"),
    "back": N_("Previous photo"),
    "forth": N_("Next photo"),
    "collect": N_("Collect photos"),
    "shooting": N_("Use the camera here"),
    "turn": N_("Turn the camera"),
    "mine": N_("My photo"),
    "take": N_("Take a photo"),
    "choose": N_("Choose photos"),
    "again": N_("Send my photos again"),
    "remove": N_("Remove"),
    "dismiss": N_("OK"),
    "live": N_("Live camera"),
    "ask": N_("Just ask about a photo"),
    "askHelp": N_("The model looks at it, nobody else sees it, and nothing of it is kept."),
    "backToMine": N_("Back to my photos"),
    "leave": N_("Leave"),
    "leaveAsk": N_("Leave the room?"),
    "leaveHelp": N_("Your photos on the wall and your points will be gone."),
    "stay": N_("Stay"),
    "tabGuess": N_("Guess"),
    "waiting": N_("Looking for the room …"),
}
# What its script says; the gaps are filled there.
_SAYS = {
    "tabGuess": N_("Guess"),
    "tabShown": N_("Answers"),
    "tabCollect": N_("Collect"),
    "waiting": N_("Looking for the room …"),
    "away": N_("Trying to reach the teacher’s computer …"),
    "isBack": N_("You are back in the room."),
    "paused": N_("The teacher has paused the room."),
    "goneTitle": N_("This room is not there"),
    "leftTitle": N_("You have left"),
    "leftHelp": N_("Your photos are off the wall."),
    "endedTitle": N_("That was it"),
    "ended": N_("The room has ended. Nothing of it is kept."),
    "outTitle": N_("You are out"),
    "out": N_("The teacher has removed you from this room."),
    "lockedTitle": N_("The door is locked"),
    "locked": N_("Ask the teacher to open it. This page goes on by itself then."),
    "newsPhotos": N_("A new round: send photos, and guess."),
    "newsShown": N_("The answers are here."),
    "newsCollect": N_("The class collects photos now."),
    "place": N_("{n} of {count}"),
    "left": N_("{n} still to guess"),
    "allGuessed": N_("all guessed, well done"),
    "have": N_("{n} of {of} have guessed. The teacher shows the answer."),
    "points": N_("Points: {n}"),
    "by": N_("Photo of {name}"),
    "yours": N_("Your photo"),
    "mineGuessed": N_("{n} of {of} guessed what it says."),
    "mineNone": N_("Nobody has guessed it."),
    "notGuessed": N_("You did not guess this one."),
    "hit": N_("You guessed right: {guess}."),
    "miss": N_("You guessed: {guess}. It says something else."),
    "votes": N_("It is right: {right} · It is wrong: {wrong}"),
    "howTap": N_("Tap a class, and take or choose photos for it."),
    "howHold": N_("Hold a class down: it takes photos as long as you do."),
    "count": N_("Photos: {n}"),
    "countMine": N_("yours: {n}"),
    "sending": N_("Still to send: {n}"),
    "most": N_("Up to {n} photos in a round. All in the room see them."),
    "full": N_("You have sent {n} photos, as many as one round takes. Remove one to send another."),
    "tooMany": N_("In one round everybody can send {n} photos."),
    "later": N_("The next photos come with the next round."),
    "collects": N_("The class collects photos now: see “Collect” below."),
    "onWay": N_("On its way …"),
    "looking": N_("The model looks at it …"),
    "onWall": N_("It is on the wall. What will it say? The answer comes when the teacher shows it."),
    "hidden": N_("The teacher has hidden this photo. Nobody else sees it."),
    "loading": N_("Loading the model …"),
    "loadingShare": N_("Loading the model … {percent}"),
    "device": N_("Answered on this device: the picture does not leave it."),
    "server": N_("Answered by the computer that runs Discern. It keeps no picture."),
    "insecure": N_("The camera can be used only on pages that come over https or from this computer."),
    "noCamera": N_("The camera could not be used: {reason}"),
    "cameraGone": N_("The camera was taken away or switched off. Close this and open it again."),
}


def page(language: str, code: str | None, problem: str = "") -> str:
    """Return the page as HTML.

    Args:
        language: One of `LANGUAGES`.
        code: Of the room, as in addresses; None for the page that asks for one.
        problem: What is said above that; one sentence.
    """
    t = Translator(language)
    html = _template().render(
        language=language,
        languages={each: (SHORT[each], name) for each, name in LANGUAGES.items()},
        code=code,
        shown=codes.shown(code) if code else "",
        problem=problem,
        say={name: t(text) for name, text in _STANDS.items()},
        data="" if code is None else _data(t, code),
    )
    return re.sub(r"\n\s+", "\n", html)  # the template is for readers, the page is for phones


def _data(t: Translator, code: str) -> Markup:
    """Return what the script is handed, as JSON in which no tag can begin."""
    says = {name: _with_gaps(t, text) for name, text in _SAYS.items()}
    told = {"code": code, "language": t.language, "say": says, "names": names(t)}
    return Markup(json.dumps(told, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))


def _with_gaps(t: Translator, text: str) -> str:
    """Return a sentence whose gaps are still to be filled."""
    gaps = [name for _, name, _, _ in Formatter().parse(text) if name]
    return t(text, **{name: f"{{{name}}}" for name in gaps})


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    globals_ = {"address": web.address, "sheets": SHEETS, "icons": _ICONS}
    return environment.from_string(web.read("phone.html"), globals_)
