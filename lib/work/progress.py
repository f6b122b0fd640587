"""How far work has come."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lib.messages import Message


class Stage(StrEnum):
    """What a download is doing."""

    WAITING = "waiting"
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    CONVERTING = "converting"
    CHECKING = "checking"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download has come.

    Attributes:
        stage: What it is doing.
        done_bytes: Of the file being downloaded.
        total_bytes: Its size; None while unknown.
    """

    stage: Stage
    done_bytes: int = 0
    total_bytes: int | None = None

    @property
    def fraction(self) -> float | None:
        """Return the share downloaded, 0 … 1; None if unknown or in another stage."""
        if self.stage is not Stage.DOWNLOADING or not self.total_bytes:
            return None
        return min(1.0, self.done_bytes / self.total_bytes)


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
