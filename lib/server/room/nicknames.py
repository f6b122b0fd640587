"""Names that say nothing of who has them: a colour and an animal, in the reader's language."""

import random
import re
import unicodedata
from collections.abc import Collection

from lib.i18n import Translator
from lib.messages import N_
from lib.server import limits
from lib.server.refusal import Refusal

OFFERED = 12
_COLOURS = (
    N_("Blue"), N_("Golden"), N_("Green"), N_("Orange"), N_("Pink"), N_("Purple"), N_("Red"), N_("Silver"),
    N_("White"), N_("Yellow"),
)  # fmt: skip
_ANIMALS = (
    N_("Bear"), N_("Cat"), N_("Dolphin"), N_("Fox"), N_("Frog"), N_("Koala"), N_("Lion"), N_("Otter"), N_("Owl"),
    N_("Panda"), N_("Penguin"), N_("Rabbit"), N_("Tiger"), N_("Turtle"), N_("Whale"),
)  # fmt: skip
_UNSEEN = re.compile(r"[\s\u2800\u3164\uffa0]+")  # blanks of any script, and letters that are drawn as such


class BadNameError(Refusal):
    """Nobody can be called that."""

    code = "name"


def offered(t: Translator, taken: Collection[str]) -> list[str]:
    """Return some names that nobody has, in no order."""
    known = {_alike(name) for name in taken}
    pairs = [(colour, animal) for colour in _COLOURS for animal in _ANIMALS]
    random.shuffle(pairs)
    names = (t("{colour} {animal}", colour=t(colour), animal=t(animal)) for colour, animal in pairs)
    return [name for name in names if _alike(name) not in known][:OFFERED]


def chosen(typed: str, taken: Collection[str]) -> str:
    """Return the name that somebody gets who typed one: in one line, and with a number if another has it.

    Args:
        typed: Untrusted text.
        taken: The names of the others in the room.

    Raises:
        BadNameError: Nothing of it can be seen, or it is longer than `limits.ROOM_NAME`.
    """
    plain = "".join(" " if mark in "\n\t" else mark for mark in unicodedata.normalize("NFC", typed) if _is_drawn(mark))
    name = _UNSEEN.sub(" ", plain).strip()
    if not name.strip("\u200d "):
        raise BadNameError(422, N_("Choose a name, or type one."))
    if len(name) > limits.ROOM_NAME:
        raise BadNameError(422, N_("The name is too long. It can have up to {n} characters."), n=limits.ROOM_NAME)
    known = {_alike(one) for one in taken}
    numbered = (name if number == 1 else f"{name} {number}" for number in range(1, len(known) + 2))
    return next(one for one in numbered if _alike(one) not in known)


def _is_drawn(mark: str) -> bool:
    """Whether a character is no command, as those that turn the direction of writing, and no half of one."""
    return mark in "\n\t" or mark == "\u200d" or unicodedata.category(mark) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def _alike(name: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", name).casefold())
