"""A visitor's photos: every model's answer about each, and little memory for large ones."""

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image

from lib.classify.classifier import Classifier, Inference
from lib.classify.infer import Settings, infer
from lib.classify.opening import open_classifier
from lib.errors import FullError
from lib.model.spec import ModelFolder, ModelSpec
from lib.photos.opening import open_photo
from lib.photos.source import Source
from lib.results import Answer, Classification, Failure
from lib.server.album import THUMBNAIL_SIDE, Album
from lib.server.kept import KEEP_BYTES
from tests.support.pictures import BLUE, RED, encode, noise, plain

NEVER = threading.Event()
pillow_heif.register_heif_opener()


def look(album: Album, classifier: Classifier) -> None:
    """Let the model look at everything it has not seen."""
    for _ in album.look([classifier], album.waiting(classifier.spec.key), NEVER):
        pass


def test_photos_of_one_name_keep_their_own_answers(colours: Classifier) -> None:
    album = Album()
    red, blue = (album.add("photo.png", encode(plain(c), "PNG")) for c in (RED, BLUE))
    look(album, colours)
    answers = [album.answer(colours.spec.key, photo) for photo in (red, blue)]
    assert all(isinstance(answer, Answer) for answer in answers)
    assert [int(np.argmax(answer.probabilities)) for answer in answers if isinstance(answer, Answer)] == [0, 2]


def test_the_same_photo_twice_is_two_photos(colours: Classifier) -> None:
    album = Album()
    data = encode(plain(RED), "PNG")
    photos = [album.add("photo.png", data), album.add("photo.png", data)]
    look(album, colours)
    assert [type(album.answer(colours.spec.key, photo)) for photo in photos] == [Answer, Answer]


def test_two_models_look_at_once_and_each_answers(tiny_model: Callable[[str], ModelFolder]) -> None:
    both = [open_classifier(tiny_model(name)) for name in ("float32", "uint8")]
    keys = [classifier.spec.key for classifier in both]
    album = Album()
    photo = album.add("red.png", encode(plain(RED), "PNG"))
    look(album, both[0])
    assert album.waiting(keys[0]) == []
    assert album.waiting(*keys) == [photo]
    assert list(album.look(both, album.waiting(*keys), NEVER)) == [photo]
    assert [type(album.answer(model, photo)) for model in keys] == [Answer, Answer]


def test_a_model_that_looks_in_two_ways_answers_twice(tiny_model: Callable[[str], ModelFolder]) -> None:
    whole = tiny_model("float32")
    both = [open_classifier(folder) for folder in (whole, whole.looking_as(replace(whole.spec.input, resize="square")))]
    image = plain(RED, 90, 30)
    image.paste(BLUE, (28, 0, 62, 30))  # the part that is seen is blue alone
    album = Album()
    photo = album.add("wide.png", encode(image, "PNG"))
    assert album.waiting(both[1].spec.key) == [photo]
    for classifier in both:
        album.renew(classifier.spec.key, classifier.spec)
        look(album, classifier)
        album.renew(both[0].spec.key, both[0].spec)
    answers = [album.answer(classifier.spec.key, photo) for classifier in both]
    assert [answer.view for answer in answers if isinstance(answer, Answer)] == ["squash", "square"]
    assert [int(np.argmax(answer.probabilities)) for answer in answers if isinstance(answer, Answer)] == [0, 2]


def test_a_broken_photo_fails_alone(colours: Classifier) -> None:
    album = Album()
    good, bad = album.add("good.png", encode(plain(RED), "PNG")), album.add("bad.png", b"not a photo")
    look(album, colours)
    assert isinstance(album.answer(colours.spec.key, good), Answer)
    failure = album.answer(colours.spec.key, bad)
    assert isinstance(failure, Failure)
    assert "bad.png" in str(failure.error)
    assert bad.thumbnail is None


def test_a_thumbnail_is_small_and_keeps_the_aspect(colours: Classifier) -> None:
    album = Album()
    photo = album.add("wide.png", encode(plain(RED, 1200, 600), "PNG"))
    look(album, colours)
    assert photo.thumbnail is not None
    assert open_photo(photo.thumbnail, "thumbnail").size == (THUMBNAIL_SIDE, THUMBNAIL_SIDE // 2)


def test_a_large_file_is_dropped_and_a_second_model_still_sees_the_same(
    tiny_model: Callable[[str], ModelFolder],
) -> None:
    data = encode(noise(2000, 1500), "JPEG", quality=90)
    assert len(data) > KEEP_BYTES
    classifier = open_classifier(tiny_model("float32"))
    album = Album()
    photo = album.add("large.jpg", data)
    look(album, classifier)
    before = album.answer(classifier.spec.key, photo)
    assert len(photo.data) < len(data)
    album.renew(classifier.spec.key, object())
    look(album, classifier)
    after = album.answer(classifier.spec.key, photo)
    assert isinstance(before, Answer)
    assert isinstance(after, Answer)
    assert np.array_equal(before.probabilities, after.probabilities)


def test_a_turned_photo_stays_upright_after_its_file_is_dropped(colours: Classifier) -> None:
    image = noise(1600, 1200)
    exif = Image.Exif()
    exif[0x0112] = 6
    album = Album()
    photo = album.add("turned.jpg", encode(image, "JPEG", quality=95, exif=exif))
    look(album, colours)
    assert open_photo(photo.data, "kept").size[0] < open_photo(photo.data, "kept").size[1]


def test_cancelled_photos_wait_for_the_next_time(colours: Classifier) -> None:
    album = Album()
    for n in range(5):
        album.add(f"{n}.png", encode(plain(RED), "PNG"))
    cancelled = threading.Event()
    cancelled.set()
    assert list(album.look([colours], album.waiting(colours.spec.key), cancelled)) == []
    assert len(album.waiting(colours.spec.key)) == 5


def test_remove_takes_the_answers_along(colours: Classifier) -> None:
    album = Album()
    photo = album.add("a.png", encode(plain(RED), "PNG"))
    look(album, colours)
    album.remove(photo)
    assert album.photos == []
    assert album.answer(colours.spec.key, photo) is None


def test_the_last_one_removed_comes_back_with_its_answers(colours: Classifier) -> None:
    album = Album()
    first, second, _ = (album.add(f"{n}.png", encode(plain(RED), "PNG")) for n in range(3))
    look(album, colours)
    before = album.held_bytes
    album.remove(first)
    album.remove(second)
    assert album.held_bytes < before / 2
    album.put_back(first.id)
    assert [photo.id for photo in album.photos] == [3], "only the last one"
    album.put_back(second.id)
    assert [photo.id for photo in album.photos] == [2, 3], "in the order of adding"
    assert album.waiting(colours.spec.key) == []
    assert album.held_bytes == pytest.approx(before * 2 / 3, abs=1)


@pytest.mark.parametrize("forget", [Album.forget_removed, Album.clear])
def test_what_was_removed_is_forgotten(forget: Callable[[Album], None]) -> None:
    album = Album()
    photo = album.add("a.png", b"a")
    album.remove(photo)
    album.forget_removed(60)
    forget(album)
    album.put_back(photo.id)
    assert album.photos == []


def test_what_comes_back_has_no_answers_of_other_files(colours: Classifier) -> None:
    album = Album()
    photo = album.add("a.png", encode(plain(RED), "PNG"))
    look(album, colours)
    album.remove(photo)
    album.renew(colours.spec.key, "trained anew")
    album.put_back(photo.id)
    assert album.waiting(colours.spec.key) == [photo]


def test_a_full_album_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.server.limits.MOST_PHOTOS", 1)
    album = Album()
    assert album.add("a.png", b"a") is not None
    with pytest.raises(FullError, match="Only 1 photos fit"):
        album.add("b.png", b"b")
    assert [photo.name for photo in album.photos] == ["a.png"]


def test_real_photos_are_replaced_without_changing_an_answer(shared: Path, colours: Classifier) -> None:
    album = Album()
    photo = album.add("kite.jpg", (shared / "photos" / "misc" / "kite_and_cold.jpg").read_bytes())
    look(album, colours)
    first = album.answer(colours.spec.key, photo)
    album.renew(colours.spec.key, object())
    look(album, colours)
    second = album.answer(colours.spec.key, photo)
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert np.array_equal(first.probabilities, second.probabilities)


def test_a_second_model_tells_the_size_the_photo_came_with(tiny_model: Callable[[str], ModelFolder]) -> None:
    first, second = (open_classifier(tiny_model(name)) for name in ("float32", "uint8"))
    album = Album()
    photo = album.add("large.png", encode(noise(1600, 1100), "PNG"))
    size = len(photo.data)
    for classifier in (first, second):
        look(album, classifier)
        answer = album.answer(classifier.spec.key, photo)
        assert isinstance(answer, Answer)
        assert answer.size_wh == (1600, 1100)
    assert len(photo.data) < size, "the second model saw the reduced picture"


def test_photos_removed_meanwhile_are_not_looked_at_and_leave_nothing(colours: Classifier) -> None:
    album = Album()
    for number in range(200):
        album.add(f"{number}.png", encode(plain(RED), "PNG"))
    looking = album.look([colours], album.waiting(colours.spec.key), NEVER)
    assert next(looking)
    kept = album.photos[0]
    for photo in album.photos[1:]:
        album.remove(photo)
    assert len(list(looking)) < 100, "only what was begun already is finished"
    assert album._answers[colours.spec.key].keys() <= {kept.id}


def test_outcomes_are_those_of_this_album_these_names_and_these_settings(colours: Classifier) -> None:
    red, blue = Album(), Album()
    for album, colour in ((red, RED), (blue, BLUE)):
        album.add("photo.png", encode(plain(colour), "PNG"))
        look(album, colours)

    def winner(album: Album, *labels: str, **settings: int) -> str:
        ((_, outcome),) = album.outcomes(colours.spec.key, labels, Settings(**settings))
        assert isinstance(outcome, Classification)
        assert len(outcome.predictions) == settings.get("top", 3)
        return outcome.predictions[0].label

    assert winner(red, "red", "green", "blue") == "red"
    assert winner(blue, "red", "green", "blue") == "blue", "not the first album's photo of the same number"
    assert winner(blue, "red", "grün", "blau") == "blau", "equal first names are not one language"
    assert winner(blue, "red", "grün", "blau", top=1) == "blau"


def test_outcomes_are_worked_out_once(colours: Classifier) -> None:
    album = Album()
    album.add("photo.png", encode(plain(RED), "PNG"))
    assert album.outcomes(colours.spec.key, colours.labels, Settings()) == []
    look(album, colours)
    first, second = (album.outcomes(colours.spec.key, colours.labels, Settings())[0][1] for _ in range(2))
    assert first is second
    album.renew(colours.spec.key, object())
    look(album, colours)
    assert album.outcomes(colours.spec.key, colours.labels, Settings())[0][1] is not first


@pytest.mark.parametrize(
    ("size_wh", "form", "shown_wh"),
    [
        ((3000, 2000), "JPEG", (1280, 853)),  # reduced by two, and drawn smaller
        ((3000, 2000), "HEIF", (1280, 853)),
        ((2400, 3200), "JPEG", (960, 1280)),
        ((1100, 900), "TIFF", (1100, 900)),  # nothing was left out
    ],
)
def test_what_people_look_at_is_sharp(
    colours: Classifier, size_wh: tuple[int, int], form: str, shown_wh: tuple[int, int]
) -> None:
    album = Album()
    photo = album.add("large", encode(noise(*size_wh), form))
    assert photo.picture is None
    look(album, colours)
    assert photo.picture is not None
    data, kind = photo.picture
    assert kind in ("image/jpeg", "image/webp")
    assert open_photo(data, "shown", at_least=10_000).size == shown_wh


@pytest.mark.parametrize("form", ["HEIF", "TIFF", "AVIF"])
def test_what_is_kept_every_browser_draws(colours: Classifier, form: str) -> None:
    album = Album()
    photo = album.add("small", encode(plain(RED, 64, 48), form))
    look(album, colours)
    assert photo.media_type == "image/webp"
    assert open_photo(photo.data, "kept").size == (64, 48)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP"])
def test_a_small_file_that_browsers_draw_is_kept_as_it_is(colours: Classifier, form: str) -> None:
    data = encode(plain(RED, 64, 48), form)
    album = Album()
    photo = album.add("small", data)
    look(album, colours)
    assert photo.data == data
    assert photo.media_type == f"image/{form.lower()}"


# Cancelled in the middle ------------------------------------------------------------------------------------------


def test_cancel_keeps_what_is_finished_and_the_size_of_what_is_not(colours: Classifier) -> None:
    album = Album()
    for n in range(6):
        album.add(f"{n}.jpg", encode(noise(2000, 1500, n), "JPEG", quality=90))
    cancelled = threading.Event()
    looking = album.look([colours], album.waiting(colours.spec.key), cancelled)
    next(looking)
    while len(album.waiting(colours.spec.key)) > 2:  # four are finished, nobody asks for them
        time.sleep(0.01)
    cancelled.set()
    list(looking)
    left = album.waiting(colours.spec.key)
    assert len(left) <= 2
    assert [photo.picture is None for photo in left] == [True] * len(left)
    look(album, colours)
    answers = [album.answer(colours.spec.key, photo) for photo in album.photos]
    assert [answer.size_wh for answer in answers if isinstance(answer, Answer)] == [(2000, 1500)] * 6


# Models that need another scale -----------------------------------------------------------------------------------


def large(folder: ModelFolder, side: int) -> Classifier:
    """Return a model that wants to see `side` pixels of everything."""
    model = open_classifier(folder)
    spec = replace(model.spec, id=f"needs-{side}", input=replace(model.spec.input, size_wh=(side, side)))
    return Wide(model, spec)


class Wide:
    """A model under another description, which takes the mean of a picture of another size."""

    def __init__(self, model: Classifier, spec: ModelSpec) -> None:
        self._model, self.spec, self.labels, self.workers = model, spec, model.labels, 2

    def prepare(self, image: Image.Image) -> NDArray[np.generic]:
        return np.asarray(image)  # what it would see

    def run(self, tensor: NDArray[np.generic]) -> Inference:
        digest = hashlib.sha256(tensor.tobytes()).digest()
        told = np.frombuffer(digest, np.uint8)[:3].astype(np.float64) + 1
        return Inference(told / told.sum(), 0.0)


@pytest.mark.parametrize("first", [200, 600])
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_model_answers_as_for_the_file_whichever_model_looked_first(
    tiny_model: Callable[[str], ModelFolder], form: str, first: int
) -> None:
    """The stand-in's answer is a digest of the pixels it sees."""
    small, wide = (large(tiny_model("float32"), side) for side in (200, 600))
    data = encode(noise(3000, 2300), form, **({"quality": 95} if form == "JPEG" else {}))
    expected = {model.spec.id: infer(Source.of_bytes(data, "x"), model) for model in (small, wide)}
    album = Album()
    photo = album.add("large", data)
    for model in (small, wide) if first == 200 else (wide, small):
        list(album.look([model], album.waiting(model.spec.key), NEVER, sides=lambda: [600]))
    assert len(photo.data) < len(data), "the file was dropped"
    for model in (small, wide):
        answer, right = album.answer(model.spec.key, photo), expected[model.spec.id]
        assert isinstance(answer, Answer)
        assert isinstance(right, Answer)
        assert np.array_equal(answer.probabilities, right.probabilities)


def test_models_of_two_scales_look_together(tiny_model: Callable[[str], ModelFolder]) -> None:
    both = [large(tiny_model("float32"), side) for side in (200, 600)]
    album = Album()
    photos = [album.add(f"{n}", encode(noise(1600, 1300, n), "JPEG")) for n in range(3)]
    assert list(album.look(both, photos, NEVER)) == photos
    assert album.waiting(*(model.spec.key for model in both)) == []


def test_a_model_that_came_later_and_needs_more_asks_for_the_photo_again(
    tiny_model: Callable[[str], ModelFolder],
) -> None:
    small, wide = (large(tiny_model("float32"), side) for side in (200, 600))
    album = Album()
    reduced = album.add("reduced.jpg", encode(noise(2000, 1500), "JPEG", quality=90))
    whole = album.add("whole.jpg", encode(noise(400, 300), "JPEG"))
    look(album, small)
    look(album, wide)
    failure = album.answer(wide.spec.key, reduced)
    assert isinstance(failure, Failure)
    assert "reduced.jpg was saved too small for this model" in str(failure.error)
    assert isinstance(album.answer(wide.spec.key, whole), Answer)


# Other files under a model's id -----------------------------------------------------------------------------------


def test_answers_of_other_files_under_the_same_id_are_dropped(colours: Classifier) -> None:
    album = Album()
    album.renew(colours.spec.key, "as it was")
    photo = album.add("a.png", encode(plain(RED), "PNG"))
    look(album, colours)
    album.renew(colours.spec.key, "as it was")
    assert album.answer(colours.spec.key, photo) is not None
    album.renew(colours.spec.key, "trained anew")
    assert album.waiting(colours.spec.key) == [photo]


def test_an_answer_on_its_way_when_the_files_change_is_not_kept(colours: Classifier) -> None:
    album = Album()
    photos = [album.add(f"{n}.png", encode(plain(RED), "PNG")) for n in range(2)]
    album.renew(colours.spec.key, "as it was")
    looking = album.look([colours], photos, NEVER)
    next(looking)
    album.renew(colours.spec.key, "trained anew")
    list(looking)
    assert album.waiting(colours.spec.key) == photos


# How much it holds ------------------------------------------------------------------------------------------------


def test_an_album_counts_photos_thumbnails_and_answers(colours: Classifier) -> None:
    album = Album()
    photo = album.add("a.png", encode(plain(RED), "PNG"))
    assert album.held_bytes == len(photo.data)
    look(album, colours)
    assert album.held_bytes == len(photo.data) + 3 * 8
    assert photo.thumbnail is not None
    assert album.held_bytes == len(photo.data) + len(photo.thumbnail) + 3 * 8
    album.renew(colours.spec.key, "made anew")
    assert album.held_bytes == photo.held_bytes
    album.remove(photo)
    assert album.held_bytes == 0


def test_looking_ends_where_there_is_no_room_for_more_answers_and_keeps_those_there_are(colours: Classifier) -> None:
    album = Album()
    for n in range(150):
        album.add(f"{n}.png", encode(plain(RED, 8, 8), "PNG"))
    asked: list[int] = []

    def take(count: int) -> None:
        asked.append(count)
        if len(asked) > 1:
            raise FullError("no room")

    with pytest.raises(FullError, match="no room"):
        deque(album.look([colours], album.photos, NEVER, take=take), maxlen=0)
    assert asked == [100 * 3 * 8, 50 * 3 * 8]
    assert 50 <= len(album.waiting(colours.spec.key)) < 100, "those that were begun are kept"


def test_many_threads_add_and_remove(colours: Classifier) -> None:
    album = Album()

    def come_and_go() -> None:
        for n in range(300):
            photo = album.add(f"{n}.png", b"x")
            if n % 3:
                album.remove(photo)

    threads = [threading.Thread(target=come_and_go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(album.photos) == 8 * 100
    assert len({photo.id for photo in album.photos}) == 8 * 100
