"""What models say of the photos in a room, and the words for it in each reader's language."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from lib.classify.infer import Settings, conclude, infer
from lib.errors import AppError
from lib.face.answer import ROWS, bars, empty_bars, verdict_box
from lib.face.words import Kind, kind_of
from lib.i18n import LANGUAGES, Translator
from lib.messages import N_
from lib.photos.source import Source
from lib.results import Answer, Classification, Failure, Outcome
from lib.server import limits
from lib.server.models import Models, labels, server_models
from lib.server.refusal import Refusal
from lib.server.room.guessing import LISTED
from lib.server.room.room import Looked, Phase, Room, Shot
from lib.work.bounded import Bounded

SETTINGS = Settings(top=LISTED)
_BYTES_EACH = 8_000  # of an answer in words, about


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said of a photo, in a reader's language.

    Attributes:
        found: The answer.
        html: Verdict and bars.
    """

    found: Classification
    html: str


class Looking:
    """Models that look at photos of rooms; safe to use from several threads.

    Args:
        models: Returns the models.
    """

    def __init__(self, models: Callable[[], Models] = server_models) -> None:
        self._models = models
        self._said: Bounded[tuple[str, int, str], Said] = Bounded(limits.ROOM_WORDS_BYTES, lambda _: _BYTES_EACH)

    def require(self, model: str) -> None:
        """Go on only if a model can be used. Raises ModelError, DownloadError."""
        self._models().classifier(self._models().find(model))

    def name(self, model: str) -> str:
        """Return what a model is called; its id where it is not here any more."""
        try:
            return self._models().find(model).folder.spec.name
        except AppError:
            return model

    def look(self, room: Room, name: str, data: bytes) -> Looked:
        """Take a photo into a room's album and let its model look at it.

        Raises:
            PhotoError: It cannot be decoded.
            ModelError, ModelOutputError: The model cannot be used, or has no answer.
            FullError: The album has too many.
        """
        models = self._models()
        found = models.find(room.model)
        classifier, key = models.classifier(found), found.folder.spec.key
        room.album.renew(key, found.stamp)
        photo = room.album.add(name, data)
        room.album.ask(classifier, photo, found.stamp, models.sides)
        answer = room.album.answer(key, photo)
        if isinstance(answer, Answer):
            return Looked(photo, answer, {language: labels(found, language) for language in LANGUAGES})
        room.album.remove(photo)
        room.album.forget_removed()
        if answer is None:
            raise Refusal(503, N_("The model was changed while it classified the photo. Try again."))
        raise answer.error

    def said(self, room: Room, shot: Shot, t: Translator) -> Said:
        """Return what was said of a photo, in words."""
        key = room.id, shot.photo.id, t.language
        if (said := self._said.get(key)) is None:
            found = conclude(shot.answer, shot.names[t.language], SETTINGS)
            said = Said(found, _html(t, found))
            self._said.put(key, said)
            if room.phase is Phase.ENDED:  # meanwhile
                self.forget(room.id)
        return said

    def glance(self, model: str, name: str, data: bytes, t: Translator) -> tuple[Kind, str]:
        """Let a model look at a picture that nobody keeps; return what it comes to, and that in words.

        Raises:
            ModelError: The model cannot be used.
        """
        models = self._models()
        found = models.find(model)
        answer = infer(Source.of_bytes(data, name), models.classifier(found))
        told: Outcome = answer if isinstance(answer, Failure) else conclude(answer, labels(found, t.language), SETTINGS)
        return kind_of(told), _html(t, told)

    def forget(self, room_id: str) -> None:
        """Forget what was said in a room."""
        self._said.forget(lambda key: key[0] == room_id)


def _html(t: Translator, told: Outcome) -> str:
    box = verdict_box(t, told, heading=3)
    return box + (bars(t, told, rows=ROWS) if isinstance(told, Classification) else empty_bars(t))


def picture(shot: Shot, *, is_small: bool) -> Response:
    """Return a photo's picture, as long as it is on the wall; nobody keeps it longer than the browser's page."""
    shown = shot.photo.picture
    data, kind = shown or (b"", "image/jpeg")
    if is_small and (small := shot.photo.thumbnail) is not None:
        data, kind = small, "image/jpeg"
    return Response(data, media_type=kind, headers={"Cache-Control": "no-store"})
