"""A visitor's photos: every model's answer about each, and little memory for large ones."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from lib.album import KEEP_BYTES, THUMBNAIL_SIDE, Album
from lib.catalogue.contract import ModelFolder
from lib.classifiers import open_classifier
from lib.classifiers.base import Classifier
from lib.classify import Settings
from lib.photos import open_photo
from lib.results import Answer, Classification, Failure
from tests.support.pictures import BLUE, RED, encode, noise, plain

NEVER = threading.Event()
pillow_heif.register_heif_opener()


def look(album: Album, classifier: Classifier) -> None:
    """Let the model look at everything it has not seen."""
    for _ in album.look([classifier], album.waiting(classifier.spec.id), NEVER):
        pass


def test_photos_of_one_name_keep_their_own_answers(colours: Classifier) -> None:
    album = Album()
    red, blue = (album.add("photo.png", encode(plain(c), "PNG")) for c in (RED, BLUE))
    assert red is not None
    assert blue is not None
    look(album, colours)
    answers = [album.answer(colours.spec.id, photo) for photo in (red, blue)]
    assert all(isinstance(answer, Answer) for answer in answers)
    assert [int(np.argmax(answer.probabilities)) for answer in answers if isinstance(answer, Answer)] == [0, 2]


def test_the_same_photo_twice_is_two_photos(colours: Classifier) -> None:
    album = Album()
    data = encode(plain(RED), "PNG")
    photos = [album.add("photo.png", data), album.add("photo.png", data)]
    look(album, colours)
    assert [type(album.answer(colours.spec.id, photo)) for photo in photos if photo] == [Answer, Answer]


def test_two_models_look_at_once_and_each_answers(tiny_model: Callable[[str], ModelFolder]) -> None:
    both = [open_classifier(tiny_model(name)) for name in ("float32", "uint8")]
    ids = [classifier.spec.id for classifier in both]
    album = Album()
    photo = album.add("red.png", encode(plain(RED), "PNG"))
    assert photo is not None
    look(album, both[0])
    assert album.waiting(ids[0]) == []
    assert album.waiting(*ids) == [photo]
    assert list(album.look(both, album.waiting(*ids), NEVER)) == [photo]
    assert [type(album.answer(model, photo)) for model in ids] == [Answer, Answer]


def test_a_broken_photo_fails_alone(colours: Classifier) -> None:
    album = Album()
    good, bad = album.add("good.png", encode(plain(RED), "PNG")), album.add("bad.png", b"not a photo")
    assert good is not None
    assert bad is not None
    look(album, colours)
    assert isinstance(album.answer(colours.spec.id, good), Answer)
    failure = album.answer(colours.spec.id, bad)
    assert isinstance(failure, Failure)
    assert "bad.png" in str(failure.error)
    assert bad.thumbnail is None


def test_a_thumbnail_is_small_and_keeps_the_aspect(colours: Classifier) -> None:
    album = Album()
    photo = album.add("wide.png", encode(plain(RED, 1200, 600), "PNG"))
    assert photo is not None
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
    assert photo is not None
    look(album, classifier)
    before = album.answer(classifier.spec.id, photo)
    assert len(photo.data) < len(data)
    album.forget(classifier.spec.id)
    look(album, classifier)
    after = album.answer(classifier.spec.id, photo)
    assert isinstance(before, Answer)
    assert isinstance(after, Answer)
    assert np.array_equal(before.probabilities, after.probabilities)


def test_a_turned_photo_stays_upright_after_its_file_is_dropped(colours: Classifier) -> None:
    image = noise(1600, 1200)
    exif = Image.Exif()
    exif[0x0112] = 6
    album = Album()
    photo = album.add("turned.jpg", encode(image, "JPEG", quality=95, exif=exif))
    assert photo is not None
    look(album, colours)
    assert open_photo(photo.data, "kept").size[0] < open_photo(photo.data, "kept").size[1]


def test_cancelled_photos_wait_for_the_next_time(colours: Classifier) -> None:
    album = Album()
    for n in range(5):
        album.add(f"{n}.png", encode(plain(RED), "PNG"))
    cancelled = threading.Event()
    cancelled.set()
    assert list(album.look([colours], album.waiting(colours.spec.id), cancelled)) == []
    assert len(album.waiting(colours.spec.id)) == 5


def test_remove_takes_the_answers_along(colours: Classifier) -> None:
    album = Album()
    photo = album.add("a.png", encode(plain(RED), "PNG"))
    assert photo is not None
    look(album, colours)
    album.remove(photo)
    assert album.photos == []
    assert album.answer(colours.spec.id, photo) is None


def test_a_full_album_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.album.MAX_PHOTOS", 1)
    album = Album()
    assert album.add("a.png", b"a") is not None
    assert album.add("b.png", b"b") is None
    assert [photo.name for photo in album.photos] == ["a.png"]


def test_real_photos_are_replaced_without_changing_an_answer(shared: Path, colours: Classifier) -> None:
    album = Album()
    photo = album.add("kite.jpg", (shared / "photos" / "misc" / "kite_and_cold.jpg").read_bytes())
    assert photo is not None
    look(album, colours)
    first = album.answer(colours.spec.id, photo)
    album.forget(colours.spec.id)
    look(album, colours)
    second = album.answer(colours.spec.id, photo)
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert np.array_equal(first.probabilities, second.probabilities)


def test_a_second_model_tells_the_size_the_photo_came_with(tiny_model: Callable[[str], ModelFolder]) -> None:
    first, second = (open_classifier(tiny_model(name)) for name in ("float32", "uint8"))
    album = Album()
    photo = album.add("large.png", encode(noise(1600, 1100), "PNG"))
    assert photo is not None
    size = len(photo.data)
    for classifier in (first, second):
        look(album, classifier)
        answer = album.answer(classifier.spec.id, photo)
        assert isinstance(answer, Answer)
        assert answer.size_wh == (1600, 1100)
    assert len(photo.data) < size, "the second model saw the reduced picture"


def test_photos_removed_meanwhile_are_not_looked_at_and_leave_nothing(colours: Classifier) -> None:
    album = Album()
    for number in range(200):
        album.add(f"{number}.png", encode(plain(RED), "PNG"))
    looking = album.look([colours], album.waiting(colours.spec.id), NEVER)
    assert next(looking)
    kept = album.photos[0]
    for photo in album.photos[1:]:
        album.remove(photo)
    assert len(list(looking)) < 100, "only what was begun already is finished"
    assert {photo_id for _, photo_id in album._answers} <= {kept.id}


def test_outcomes_are_those_of_this_album_these_names_and_these_settings(colours: Classifier) -> None:
    red, blue = Album(), Album()
    for album, colour in ((red, RED), (blue, BLUE)):
        album.add("photo.png", encode(plain(colour), "PNG"))
        look(album, colours)

    def winner(album: Album, *labels: str, **settings: int) -> str:
        ((_, outcome),) = album.outcomes(colours.spec.id, labels, Settings(**settings))
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
    assert album.outcomes(colours.spec.id, colours.labels, Settings()) == []
    look(album, colours)
    first, second = (album.outcomes(colours.spec.id, colours.labels, Settings())[0][1] for _ in range(2))
    assert first is second
    album.forget(colours.spec.id)
    look(album, colours)
    assert album.outcomes(colours.spec.id, colours.labels, Settings())[0][1] is not first


@pytest.mark.parametrize("form", ["HEIF", "TIFF", "AVIF"])
def test_what_is_kept_every_browser_draws(colours: Classifier, form: str) -> None:
    album = Album()
    photo = album.add("small", encode(plain(RED, 64, 48), form))
    look(album, colours)
    assert photo is not None
    assert photo.media_type == "image/png"
    assert photo.data.startswith(b"\x89PNG")
    assert open_photo(photo.data, "kept").size == (64, 48)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP"])
def test_a_small_file_that_browsers_draw_is_kept_as_it_is(colours: Classifier, form: str) -> None:
    data = encode(plain(RED, 64, 48), form)
    album = Album()
    photo = album.add("small", data)
    look(album, colours)
    assert photo is not None
    assert photo.data == data
    assert photo.media_type == f"image/{form.lower()}"
