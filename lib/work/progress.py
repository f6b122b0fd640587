"""How far work has come."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lib.messages import Message


class Stage(StrEnum):
    """What work is doing."""

    WAITING = "waiting"
    WORKING = "working"
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    CONVERTING = "converting"
    CHECKING = "checking"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far work has come.

    Attributes:
        stage: What it is doing.
        done: In the unit of the stage: bytes of the file being downloaded, else photos or other steps.
        total: The same of all there is to do; None while unknown.
    """

    stage: Stage = Stage.WORKING
    done: int = 0
    total: int | None = None

    @property
    def fraction(self) -> float | None:
        """Return the share done, 0 … 1; None if unknown."""
        return min(1.0, self.done / self.total) if self.total else None


@dataclass(frozen=True, slots=True)
class FetchReport:
    """A model that is ready now.

    Attributes:
        id: Its id.
        bytes: Downloaded for it; 0 if it was there already.
        seconds: How long all of it took.
        sha256: Of the file downloaded; "" if nothing was.
        verified: Whether that file was checked against a published digest.
        message: All this in a sentence.
    """

    id: str
    bytes: int
    seconds: float
    sha256: str
    verified: bool
    message: Message


OnProgress = Callable[[Progress], None]
