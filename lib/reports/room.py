"""What a class and a model said in a room, as a sheet of paper to keep and as a table.

`room.html` beside this file holds the sheet's words and places, and escapes everything that comes from outside. It is
one page that fetches nothing and runs nothing: it opens by double-click, and prints on A4.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from lib import __version__
from lib.classify.infer import TOP
from lib.errors import PhotoError
from lib.face.answer import verdict_box
from lib.face.words import things
from lib.i18n import Translator
from lib.messages import N_, SEPARATOR
from lib.model.spec import ModelFolder
from lib.photos.opening import open_photo, thumbnail
from lib.reports.classifications import csv_header, csv_row
from lib.reports.figures import environment
from lib.results import Outcome
from lib.verdict import RATIO, default_floor

if TYPE_CHECKING:
    from jinja2 import Template

_PICTURE_SIDE = 240  # of the small pictures; on paper 35 mm of a photo
_LOOKS = {
    "square": N_("It looks at the square in the middle of each photo."),
    "middle": N_("It looks at the largest square in the middle of each photo."),
    "crop": N_("It looks at each photo without its edges."),
    "squash": N_("It looks at the whole of each photo."),
}


@dataclass(frozen=True, slots=True)
class Guess:
    """What people guessed that the model would say.

    Attributes:
        name: What, in the reader's language.
        count: How many of them did.
        is_right: Whether it was that.
    """

    name: str
    count: int
    is_right: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RoomPhoto:
    """A photo of a room, and what was said of it.

    Attributes:
        round: In which round it was on the wall, from 1.
        by: The nickname of whose it is; untrusted text.
        picture: The file of a picture that browsers draw.
        outcome: What the model said, in the reader's language.
        guesses: What people guessed.
        votes: How many found the answer right, and how many wrong.
    """

    round: int
    by: str
    picture: bytes = field(repr=False)
    outcome: Outcome
    guesses: tuple[Guess, ...] = ()
    votes: tuple[int, int] = (0, 0)

    @property
    def guessed(self) -> int:
        """Return how many guessed."""
        return sum(guess.count for guess in self.guesses)

    @property
    def right(self) -> int:
        """Return how many guessed right."""
        return sum(guess.count for guess in self.guesses if guess.is_right)

    @property
    def is_disputed(self) -> bool:
        """Whether most votes say that the answer is wrong, or most people guessed one and the same other thing."""
        yes, no = self.votes
        most = max(self.guesses, key=lambda guess: guess.count, default=None)
        return no > yes or (most is not None and not most.is_right and 2 * most.count > self.guessed)


@dataclass(frozen=True, slots=True, eq=False)
class Mistake:
    """A photo of the class set that the model named wrongly while it had not learned from it.

    Attributes:
        picture: The file.
        label: Its class.
        said: The class that was named.
    """

    picture: bytes = field(repr=False)
    label: str
    said: str


@dataclass(frozen=True, slots=True, eq=False)
class ClassSet:
    """What a class collected to train with.

    Attributes:
        classes: Each class with its number of photos.
        figure: How often the model is right: "92%"; "" where that is not known.
        about: Of what, and between which figures the true one is.
        mistakes: The surest ones.
    """

    classes: tuple[tuple[str, int], ...]
    figure: str = ""
    about: str = ""
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True, eq=False)
class RoomReport:
    """What is to be kept of a room.

    Attributes:
        code: What it was called.
        at: When.
        people: How many were in it.
        models: Those that answered, by id.
        photos: Those on the wall, in the order of coming; nobody's whom the teacher removed, and none that was hidden.
        classes: The class set; None without one.
    """

    code: str
    at: datetime
    people: int
    models: Mapping[str, ModelFolder]
    photos: Sequence[RoomPhoto]
    classes: ClassSet | None = None

    @cached_property
    def rounds(self) -> Mapping[int, list[RoomPhoto]]:
        """Return the photos by round."""
        found: dict[int, list[RoomPhoto]] = {}
        for photo in sorted(self.photos, key=lambda photo: photo.round):
            found.setdefault(photo.round, []).append(photo)
        return found

    @property
    def right(self) -> int:
        """Return how many guesses were right."""
        return sum(photo.right for photo in self.photos)

    @property
    def surprises(self) -> int:
        """Return how many were not."""
        return sum(photo.guessed for photo in self.photos) - self.right


def sheet(report: RoomReport, t: Translator) -> Iterator[str]:
    """Yield the sheet as HTML, piece by piece: its pictures need not be in memory together.

    Args:
        report: What is on it.
        t: The reader's language.
    """
    numbers = {photo: number for number, photo in enumerate(report.photos, 1)}
    yield from _template().generate(
        t=t,
        report=report,
        version=__version__,
        date=report.at.strftime("%Y-%m-%d %H:%M"),
        numbers=numbers,
        models=[(model, _rounds(report, model.spec.id)) for model in report.models.values()],
        disputed=[str(number) for photo, number in numbers.items() if photo.is_disputed],
        ratio=RATIO,
    )


def answers(photos: Iterable[tuple[str, RoomPhoto]], t: Translator) -> Iterator[str]:
    """Yield the lines of a CSV file with the columns of every other one.

    Args:
        photos: Each with what its file is called.
        t: The reader's language.
    """
    yield csv_header(TOP)
    for file, photo in photos:
        yield csv_row(replace(photo.outcome, file=file), t, top=TOP)


def _rounds(report: RoomReport, model: str) -> list[str]:
    """Return the rounds in which a model answered."""
    return [
        str(number) for number, photos in report.rounds.items() if any(one.outcome.model == model for one in photos)
    ]


@cache
def _template() -> "Template":
    made = environment()
    made.globals.update(
        picture=_picture, verdict_box=verdict_box, things=things, looks=_LOOKS, floor=default_floor, separator=SEPARATOR
    )
    return made.get_template("room.html")


def _picture(data: bytes) -> str:
    """Return a small picture as an address; "" of what cannot be drawn."""
    try:
        small = thumbnail(open_photo(data, "photo", at_least=_PICTURE_SIDE), side=_PICTURE_SIDE)
    except PhotoError:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(small).decode('ascii')}"
