"""Two visitors of one server, and work that is cancelled in the middle, under AppTest."""

import threading
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from streamlit.testing.v1 import AppTest

from lib.classify.litert import LiteRTClassifier
from tests.pages.conftest import Upload, app, cat, html, press, run_until, says, upload
from tests.support.pictures import encode, plain


def reds(count: int) -> list[Upload]:
    """Return `count` photos, no two of them equal."""
    return [(f"red-{n}.png", encode(plain((200 + n, 0, 0), 64, 48), "PNG"), "image/png") for n in range(count)]


def judged(test: AppTest) -> int:
    """Return how many photos have a verdict."""
    return html(test).count("data-verdict=")


class Gate:
    """Lets a model look at a few photos, and holds up the next until it is opened."""

    def __init__(self, free: int) -> None:
        self.free, self.waiting = threading.Semaphore(free), threading.Event()

    def open(self) -> None:
        self.free.release(1000)

    def pass_one(self) -> None:
        if not self.free.acquire(blocking=False):
            self.waiting.set()
            self.free.acquire(timeout=60)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Hold up every model after two photos."""
    held, run = Gate(2), LiteRTClassifier.run

    def slowly(self: LiteRTClassifier, tensor: object) -> object:
        held.pass_one()
        return run(self, tensor)  # type: ignore[arg-type]

    with patch.object(LiteRTClassifier, "run", slowly):
        yield held
        held.open()


def test_each_sees_their_own_photos_in_their_own_language() -> None:
    one, two = app(), app(lang="ko")
    upload(one, cat())
    upload(two, *reds(2))
    one.run()
    assert (judged(one), judged(two)) == (1, 2)
    assert "cat.png" in html(one)
    assert "cat.png" not in html(two)
    assert "red-0.png" not in html(one)
    assert one.title[0].value != two.title[0].value


def test_removing_ones_photo_leaves_the_others() -> None:
    one, two = upload(app(), *reds(2)), upload(app(), *reds(2))
    next(button for button in one.button if button.key == "remove-1").click().run()
    two.run()
    assert (judged(one), judged(two)) == (1, 2)


def test_ones_settings_and_model_are_not_the_others() -> None:
    one, two = upload(app(model="starter-small", ratio="0.3"), cat()), upload(app(), cat())
    one.run()
    assert one.slider(key="ratio").value == 0.3
    assert two.slider(key="ratio").value == 0.5
    assert one.selectbox[0].value == "starter-small"
    assert two.selectbox[0].value == "efficientnet-lite0-int8"


def test_what_was_cancelled_in_the_middle_is_kept_and_can_go_on(gate: Gate) -> None:
    test = app()
    test.file_uploader[0].set_value(reds(6)).run()
    assert gate.waiting.wait(60)
    press(test, "Cancel")
    gate.open()
    run_until(test, lambda: "not looked at" in says(test))
    kept = judged(test)
    assert 2 <= kept < 6
    press(test, "Continue")
    run_until(test, lambda: judged(test) == 6)
    assert "not looked at" not in says(test)
    assert not test.error


def test_one_who_cancels_does_not_stop_the_other(gate: Gate) -> None:
    one, two = app(), app()
    one.file_uploader[0].set_value(reds(6)).run()
    two.file_uploader[0].set_value(reds(5)).run()
    assert gate.waiting.wait(60)
    press(one, "Cancel")
    gate.open()
    run_until(two, lambda: judged(two) == 5)
    one.run()
    assert judged(one) < 6


def test_one_who_looks_with_a_broken_photo_leaves_the_others_answer() -> None:
    one, two = app(), upload(app(), cat())
    upload(one, ("broken.jpg", b"\xff\xd8\xff\xe0 no more", "image/jpeg"))
    two.run()
    assert (judged(one), judged(two)) == (0, 1)
    assert "broken.jpg" in html(one)
    assert "broken.jpg" not in html(two)
