"""All that is to be kept of a room, as one zip to take home.

    README.txt         what is in here, and how to open it
    sheet.html         what class and model said, to read and to print (`lib.reports.room`)
    answers.csv        the same as a table
    photos/round 1/…   the photos of the wall
    class set/CLASS/…  those that the class collected, as any program takes them
    model/…            the model
    page.html          a page that opens by double-click and runs the model; where the scripts for it are here
    licences/…         of what others made

Names are made fit for every system. The zip is written piece by piece, so that no photo is in memory twice.
"""

import shutil
import threading
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lib.catalogue.importing import YOURS
from lib.catalogue.store import Store
from lib.datasets.naming import free, suffix_of
from lib.embed import Options, Target, packages, single
from lib.embed.bundle import licences
from lib.embed.scripts import Scripts
from lib.errors import AppError, Cancelled, ModelFileError, UsageError
from lib.i18n import Translator
from lib.model.spec import ModelFolder
from lib.projects.file import model_files, paths
from lib.projects.finish import model_of
from lib.projects.project import Project
from lib.projects.result import Result, figure
from lib.reports.cells import encode
from lib.reports.room import ClassSet, Guess, Mistake, RoomPhoto, RoomReport, answers, sheet
from lib.results import Classification
from lib.server.room import codes
from lib.server.room.guessing import UNSURE, name_of, options, right
from lib.server.room.looking import Looking
from lib.server.room.room import Room, Shot
from lib.server.workshop import Workshop
from lib.work.files import disk_error, whole

MOST_MODEL_BYTES = 10_000_000  # of a model that anybody can get elsewhere; one's own goes home however large it is
MOST_MISTAKES = 3
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # in a zip: the clock of a computer without a battery begins in 1970
_SET, _PAGE = "class set", "page.html"
_OPEN_LICENCES = ("Apache-2.0",)  # whose text is here, so that what is under it may be passed on


@dataclass(frozen=True, slots=True, eq=False)
class Home:
    """What goes home.

    Attributes:
        report: What was said; without its class set, which is told from `project`.
        model: The model that goes home: that of the class set, or the room's.
        project: The class set; None without one.
        result: How good its live model is; None where that is not known.
    """

    report: RoomReport
    model: ModelFolder
    project: Project | None = None
    result: Result | None = None


def gather(t: Translator, room: Room, looking: Looking, workshop: Workshop, store: Store) -> Home:
    """Return what goes home of a room as it is now; what the teacher hid stays here.

    Args:
        t: The reader's language.
        room: The room.
        looking: What models said.
        workshop: Where its class set is.
        store: The models.

    Raises:
        ModelError, DownloadError: The model that is to go home cannot be used.
    """
    project = workshop.find(room.project) if room.project else None
    with room.still():
        shots = [shot for shot in room.shots.values() if not shot.is_hidden]
        people, model = len(room.present), room.model
    photos = [_photo(t, room, looking, shot) for shot in shots]
    models = {}
    for one in dict.fromkeys(shot.answer.model for shot in shots):
        with suppress(AppError):  # it was removed; what it said is kept with its photos
            models[one] = store.open_folder(one)
    own = None if project is None else model_of(project, store)
    result = None
    if project is not None and (learned := workshop.live(project).learned) is not None and learned.fit is not None:
        result = learned.fit.result
    report = RoomReport(codes.shown(room.code), datetime.now(), people, models, photos)
    return Home(report, store.open_folder(own or model), project, result)


def _photo(t: Translator, room: Room, looking: Looking, shot: Shot) -> RoomPhoto:
    person, photo = room.people.get(shot.person), shot.photo
    by, picture = "" if person is None else person.name, photo.data if photo.picture is None else photo.picture[0]
    said = looking.said(room, shot, t).found
    with room.still():
        counts, votes = Counter(shot.guesses.values()), Counter(shot.votes.values())
        is_shown = shot.is_counted or (room.has_shown and shot.round == room.round)
    guesses = _guesses(t, said, counts) if is_shown else ()
    return RoomPhoto(shot.round, by, picture, said, tuple(guesses), (votes[True], votes[False]))


def _guesses(t: Translator, found: Classification, counts: Counter[str]) -> Iterator[Guess]:
    """Yield what could be guessed, with how many did."""
    answer = right(found)
    for one in (*(option.id for option in options(t, found)), UNSURE):
        yield Guess(name_of(t, found, one), counts[one], is_right=one == answer)


def class_set(t: Translator, project: Project, result: Result | None) -> ClassSet:
    """Return what a sheet says of a class set.

    Args:
        t: The reader's language.
        project: The class set.
        result: How good its live model is; None where that is not known.

    Raises:
        PhotoError: A photo of it is gone.
    """
    now = project.manifest
    counts = {klass.id: 0 for klass in now.live_classes}
    for photo in now.usable:
        counts[photo.klass or 0] += 1
    classes = tuple((klass.name, counts[klass.id]) for klass in now.live_classes)
    if result is None:
        return ClassSet(classes)
    told, keeps = figure(t, result), project.settings.keeps_photos
    mistakes = tuple(
        Mistake(project.read(one.photo), now.names[one.photo.klass or 0], now.names[one.klass])
        for one in result.wrong[: MOST_MISTAKES if keeps else 0]
        if one.photo.klass in now.names and one.klass in now.names
    )
    return ClassSet(classes, told.number, f"{told.how} {told.sure}", mistakes)


def pack(
    target: Path, home: Home, scripts: Scripts, t: Translator, *, cancelled: threading.Event | None = None
) -> None:
    """Write the zip, whole or not at all.

    Args:
        target: The zip.
        home: What goes into it.
        scripts: Where the engine's scripts are kept; nothing is fetched.
        t: The reader's language.
        cancelled: When set, this ends with `Cancelled`, and nothing is left.

    Raises:
        PhotoError: A photo of the class set is gone.
        ModelFileError: The model's files cannot be read.
        DownloadError: The disk refuses.
    """
    try:
        with whole(target) as temporary, zipfile.ZipFile(temporary, "w") as packed:
            _Packing(packed, home, scripts, t, cancelled or threading.Event()).write()
    except OSError as error:
        raise disk_error(error, target.name) from error


class _Packing:
    """A zip that is being written; see `pack`."""

    def __init__(
        self, packed: zipfile.ZipFile, home: Home, scripts: Scripts, t: Translator, cancelled: threading.Event
    ) -> None:
        self._packed, self._home, self._scripts, self._t, self._cancelled = packed, home, scripts, t, cancelled
        self._when = max(_EARLIEST, home.report.at.timetuple()[:6])

    def write(self) -> None:
        """Write everything; README.txt last, as it says what there is."""
        home, t = self._home, self._t
        report, project = home.report, home.project
        named = list(_named(report.photos))
        told = report if project is None else replace(report, classes=class_set(t, project, home.result))
        self._text("sheet.html", sheet(told, t))
        self._text("answers.csv", answers(named, t))
        for path, photo in named:
            self._put(path, photo.picture)
        lines = [
            t("Room {code}", code=report.code) + f" · {report.at:%Y-%m-%d %H:%M}",
            t("sheet.html: what the class and the model said. Double-click it to read it, and print it on A4."),
            t("answers.csv: the same as a table. Spreadsheets open it."),
        ]
        if named:
            lines.append(
                t("photos: the photos of the wall, a folder for each round. Large ones were made smaller on arrival.")
            )
        if project is not None and self._class_set(project):
            lines.append(
                t(
                    "class set: the photos that the class collected, a folder for each class. Drop it into Train of "
                    "Discern, add each folder as a class of Teachable Machine, or see how a model does on it: "
                    "{command}",
                    command=f'python -m lib evaluate "{_SET}" --model {home.model.spec.id}',
                )
            )
        lines += [self._model(), self._page(), t("Photos can show people. Ask them before you pass a photo on.")]
        self._text("README.txt", (f"{line}\r\n\r\n" for line in lines))

    def _class_set(self, project: Project) -> bool:
        """Write the class set; return whether it has photos."""
        now = project.manifest
        names = paths(project, now, _SET)
        used = [photo for photo in now.usable if photo.id in names]
        for photo in used:
            self._put(names[photo.id], project.read(photo))
        return bool(used)

    def _model(self) -> str:
        """Write the model's folder where it may be passed on, and return what is said of it."""
        model, t = self._home.model, self._t
        spec, files = model.spec, model_files(model.path)
        size = sum(file.stat().st_size for file in files)
        is_own = spec.family == YOURS
        if is_own or (spec.licence in _OPEN_LICENCES and size <= MOST_MODEL_BYTES):
            for file in files:
                self._put(f"model/{file.name}", file)
            told = t("model: {model}, its labels and its description. Programs for LiteRT read it.", model=spec.name)
            again = t("Another Discern takes it in with {command}.", command="python -m lib import model")
            return f"{told} {again}" if is_own else told
        return t(
            "The model is not in this file. {model} is on the page Models of Discern, or comes with {command}. Its "
            "licence: {licence}",
            model=spec.name,
            command=f"python -m lib fetch {spec.id}",
            licence=spec.licence,
        )

    def _page(self) -> str:
        """Write the page that runs the model, and the licences; return what is said of it."""
        t, needed = self._t, packages.LITERT_FILES
        options = Options(self._home.model, Target.SCRIPT, language=t.language)
        self._check()
        if self._scripts.missing(needed):
            needed = ()
            told = t(
                "The page that runs the model is not in this file, for its scripts are not on the computer of the "
                "class. With internet, press “{button}” on the page Code of Discern, and make this file again.",
                button=t("Download the scripts"),
            )
        else:
            try:
                page = single.make(options, self._scripts, has_both=True, cancelled=self._cancelled)
            except (UsageError, ModelFileError) as error:
                needed = ()
                told = t("The page that runs the model is not in this file: {reason}", reason=error.message)
            else:
                self._packed.writestr(self._entry(_PAGE, is_packed=True), page)
                told = t(
                    "page.html: double-click it, and it classifies photos and what the camera sees. It needs no "
                    "internet, and no picture leaves the device."
                )
        for name, text in licences(options, needed, "sheet.html, page.html").items():
            self._put(name, text)
        return told

    def _check(self) -> None:
        """Raise Cancelled if nobody waits for the zip any more."""
        if self._cancelled.is_set():
            raise Cancelled

    def _entry(self, path: str, *, is_packed: bool) -> zipfile.ZipInfo:
        self._check()
        entry = zipfile.ZipInfo(path, self._when)
        entry.compress_type = zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED
        entry.external_attr = 0o644 << 16
        return entry

    def _text(self, path: str, parts: Iterable[str]) -> None:
        with self._packed.open(self._entry(path, is_packed=True), "w") as out:
            for part in parts:
                out.write(encode(part))

    def _put(self, path: str, content: bytes | Path) -> None:
        """Write a picture as it is, or a file."""
        if isinstance(content, bytes):
            self._packed.writestr(self._entry(path, is_packed=False), content)
            return
        with content.open("rb") as source, self._packed.open(self._entry(path, is_packed=True), "w") as out:
            shutil.copyfileobj(source, out)


def _named(photos: Iterable[RoomPhoto]) -> Iterator[tuple[str, RoomPhoto]]:
    """Yield each photo with its path in the zip."""
    taken: set[str] = set()
    for number, photo in enumerate(photos, 1):
        name = f"{number:02} {photo.by}".rstrip()
        yield free(f"photos/round {photo.round}/", name, suffix_of(photo.picture[:4]), taken), photo
