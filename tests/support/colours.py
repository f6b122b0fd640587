"""What live models learn with in tests: the mean colour of a photo. No model's file, no decoding of much."""

import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lib.errors import UsageError
from lib.messages import Message
from lib.photos.opening import open_with_size
from lib.projects.live import Eyes, Fit, Lesson, Seen
from lib.projects.result import By, Result, Said
from lib.results import Familiarity

Row = NDArray[np.float16]


@dataclass
class Means:
    """A head: how near a colour is to the mean of each class."""

    means: NDArray[np.float64]

    def probabilities(self, rows: Row) -> NDArray[np.float64]:
        near = np.exp(-10 * np.linalg.norm(self.means - rows, axis=1))
        return np.asarray(near / near.sum())

    def familiarity(self, rows: Row) -> Familiarity:
        return Familiarity("class-mean", -float(np.linalg.norm(self.means - rows, axis=1).min()), -0.5)


@dataclass
class Colours:
    """Learns what the mean colour of a photo says; notes what it was asked."""

    key: str = "colours"
    needs: str = "mean"
    read_names: list[str] = field(default_factory=list)
    fits: list[int] = field(default_factory=list)
    groups: list[list[int]] = field(default_factory=list)
    is_quick: bool = False
    like: Means | None = None
    may_read: threading.Event = field(default_factory=threading.Event)
    fit_s: float = 0.0

    def __post_init__(self) -> None:
        self.may_read.set()

    def pinned(self, head: Means | None) -> "Colours":
        quick = replace(self, is_quick=True, like=head)
        quick.read_names, quick.fits, quick.groups = self.read_names, self.fits, self.groups
        return quick

    def lacks(self, rows: Row) -> bool:
        return False

    def read(self, data: bytes, name: str, before: Row | None = None) -> Row:
        self.may_read.wait(10)
        self.read_names.append(name)
        return self.see(data, name).rows

    def see(self, data: bytes, name: str, head: Means | None = None) -> Seen[Row]:
        image, size_wh = open_with_size(data, name)
        return Seen((np.asarray(image).mean((0, 1)) / 255).astype(np.float16), size_wh)

    def eyes(self, head: Means) -> Eyes:
        return Eyes("colours", "whole", 3, 1)

    def given(self, numbers: np.ndarray, head: Means) -> Seen[Row]:
        if len(numbers) != 3:
            raise UsageError("Three colours are needed.")
        return Seen(numbers.astype(np.float16), (0, 0))

    def fit(self, lesson: Lesson[Row]) -> Fit[Means]:
        time.sleep(self.fit_s)
        self.fits.append(len(lesson.rows))
        self.groups.append(list(lesson.groups))
        rows, labels = np.array(lesson.rows, np.float64), np.array(lesson.labels)
        means = Means(np.array([rows[labels == k].mean(0) for k in range(len(lesson.classes))]))
        said = [lesson.classes[int(means.probabilities(row).argmax())].id for row in lesson.rows]
        result = Result(
            By.EACH, tuple(Said(photo, klass, 0.9) for photo, klass in zip(lesson.photos, said, strict=True))
        )
        return Fit(means, result, () if self.is_quick else (Message("Studied."),))

    def direction(self, rows: Row, head: object = None) -> Row:
        return np.asarray(rows / np.linalg.norm(rows))

    def load(self, folder: Path, digest: str) -> Row | None:
        file = folder / "colours" / digest
        return np.frombuffer(file.read_bytes(), np.float16) if file.is_file() else None

    def settled(self, folder: Path, digest: str) -> int:
        return 0 if (rows := self.load(folder, digest)) is None else rows.nbytes

    def save(self, folder: Path, digest: str, rows: Row) -> None:
        (folder / "colours").mkdir(exist_ok=True)
        (folder / "colours" / digest).write_bytes(rows.tobytes())
