"""Lessons by their routes: steps, what is moved, answers that are marked and kept, and one's own photos."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette

from lib.catalogue.store import Store
from lib.i18n import Translator
from lib.lessons.course import LESSONS
from lib.photos.samples import find_samples
from lib.results import Outcome
from lib.server import lessons, photos
from lib.server.album import Photo
from lib.server.asked import Asked
from lib.server.models import Models
from lib.server.pool import Pool
from lib.server.visits import Visit, Visits
from tests.support import asgi


def draw(_t: Translator, _visit: Visit, photo: Photo, _outcome: Outcome | None, _asked: Asked) -> dict[str, object]:
    return {"id": photo.id}


@dataclass
class Server:
    """The routes, one visit, and whoever asks."""

    models: Models
    pool: Pool = field(default_factory=lambda: Pool(2))
    visits: Visits = field(default_factory=Visits)

    def __post_init__(self) -> None:
        places: dict[str, Any] = {"visits": self.visits, "pool": self.pool, "models": lambda: self.models}
        self.app = Starlette(routes=[*photos.routes(draw, **places), *lessons.routes(**places)])
        self.visit = self.visits.begin()

    def ask(self, method: str, path: str, body: bytes = b"") -> asgi.Asked:
        address = f"/visits/{self.visit.id}/{path}"
        request = asgi.scope(address, method=method, content_length=str(len(body)))
        return asyncio.run(asgi.answered(self.app, request, [{"type": "http.request", "body": body}]))

    def answer(self, step: str, choice: int, shown: str, more: str = "lang=en") -> asgi.Asked:
        """Answer the question that stands in the HTML of a step."""
        (question,) = re.findall(r'data-question="(\w+)"', shown)
        return self.ask("POST", f"lessons/{step}?choice={choice}&question={question}&{more}")

    def told(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        answer = self.ask(method, path, body)
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    store = Store(tmp_path_factory.mktemp("home"))
    store.ready()
    return Models(store)


@pytest.fixture
def server(models: Models) -> Server:
    return Server(models)


def test_all_lessons_come_in_the_readers_language(server: Server) -> None:
    assert server.told("GET", "lessons?lang=en")["html"].count("data-to=") == len(LESSONS)
    assert "사진에서 수로" in server.told("GET", "lessons?lang=ko")["html"]
    assert "写真から数へ" in server.told("GET", "lessons?lang=ja")["html"]


def test_a_step_comes_whole_and_what_is_moved_comes_alone(server: Server) -> None:
    whole = server.told("GET", "lessons/pixels/0?lang=en")
    assert "A photo is a grid" in whole["html"]
    assert "A photo is a grid" in whole["sheet"]
    moved = server.told("GET", "lessons/pixels/0?part=play&side=0&lang=en")
    assert list(moved) == ["play"]
    frame = server.told("GET", "lessons/pixels/0?part=frame&lang=en")
    assert list(frame) == ["html"]
    assert "Looking …" in frame["html"]
    assert ">48<" in moved["play"]  # 4 × 4 pixels of 3 numbers


def test_answers_are_marked_and_kept_with_the_visit(server: Server) -> None:
    question = server.told("GET", "lessons/small/3?lang=en")["html"]
    places = re.findall(r'data-answer="(\d)".*?<span>([^<]*)</span>', question)
    right = next(place for place, text in places if text == "50 ms")
    first, second = (place for place, text in places if text in ("20 ms", "200 ms"))
    said = json.loads(server.answer("small/3", first, question).body)["check"]
    assert "Not quite." in said
    assert "Share it out" in said
    assert "Try another one." in said
    assert "1000 ÷ 20" not in said
    said = json.loads(server.answer("small/3", second, question).body)["check"]
    assert "1000 ÷ 20" in said  # the solution, after the second try
    assert "Try another one." not in said
    assert "Questions answered rightly: 0 of 9" in server.told("GET", "lessons?lang=en")["html"]
    marked = json.loads(server.answer("small/3", right, question).body)
    assert "Yes." in marked["check"]
    assert "done" in marked["dots"]
    assert "Yes." in server.told("GET", "lessons/small/3?lang=en")["html"]
    told = server.told("GET", "lessons?lang=en")
    assert "Questions answered rightly: 1 of 9" in told["html"]
    assert "<td>1 / 1</td><td>3</td>" in told["sheet"]
    assert server.ask("DELETE", "lessons").status == 204
    assert "Questions answered rightly: 0 of 9" in server.told("GET", "lessons?lang=en")["html"]


def test_what_one_visitor_answered_is_not_anothers(server: Server) -> None:
    shown = server.told("GET", "lessons/limits/4?lang=en")["html"]
    assert server.answer("limits/4", 0, shown).status == 200
    assert server.visit.lessons.marked
    server.visit = server.visits.begin()
    assert not server.visit.lessons.marked


def test_an_answer_stays_given_in_another_language(server: Server) -> None:
    english = server.told("GET", "lessons/scoring/3?lang=en")["html"]
    server.answer("scoring/3", 1, english)
    pressed = re.compile(r'data-answer="(\d)" aria-pressed="true"')
    for language in ("en", "ko", "ja"):
        assert pressed.findall(server.told("GET", f"lessons/scoring/3?lang={language}")["html"]) == ["1"]


def test_a_question_that_another_tab_made_another_is_not_marked(server: Server) -> None:
    shown = server.told("GET", "lessons/votes/2?set=samples&lang=en")["html"]
    server.told("GET", "lessons/votes/2?set=drawn&lang=en")  # in another tab
    refused = server.answer("votes/2", 0, shown)
    assert (refused.status, json.loads(refused.body)["detail"]) == (409, "The pictures have changed. Look again.")
    assert not server.visit.lessons.marked
    assert 'data-pictures="samples"' in shown
    assert server.answer("votes/2", 0, shown, "set=samples&lang=en").status == 200
    assert server.visit.lessons.pictures == "drawn"


def test_a_step_that_cannot_be_worked_out_still_has_the_choice_of_pictures(server: Server) -> None:
    assert 'data-set="drawn"' in server.told("GET", "lessons/votes/2?part=frame&lang=en")["html"]


def test_own_photos_take_the_place_of_the_samples_and_stay_chosen(server: Server) -> None:
    rocket = next(sample for sample in find_samples() if sample.name == "rocket.jpg")
    server.told("POST", "photos?name=%3Cb%3Emine.jpg&model=starter", rocket.path.read_bytes())
    server.told("POST", "photos?name=letter.jpg&model=starter", b"no photo")
    step = server.told("GET", "lessons/sure/0?set=mine&lang=en")["html"]
    assert step.count('class="six"') == 1
    assert re.findall(r'data-verdict="\w+"', step) == ['data-verdict="none"']  # what is no photo is not among them
    assert "&lt;b&gt;mine.jpg" in step
    assert "<b>mine.jpg" not in step
    assert "My photos (1)" in step
    again = server.told("GET", "lessons/votes/1?lang=en")["html"]
    assert "mine.jpg" in again
    assert server.visit.lesson_memo.held_bytes > 0
    assert server.visit.held_bytes >= server.visit.lesson_memo.held_bytes
    server.visit.end()
    assert server.visit.lesson_memo.held_bytes == 0


def test_without_photos_of_ones_own_there_are_the_samples(server: Server) -> None:
    assert "/samples/chelsea.png" in server.told("GET", "lessons/sure/0?set=mine&lang=en")["html"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        pytest.param("GET", "lessons/none/0", 404, "address-unknown", id="no such lesson"),
        pytest.param("GET", "lessons/votes/99", 404, "address-unknown", id="no such step"),
        pytest.param("GET", "lessons/votes/" + "9" * 5000, 404, "address-unknown", id="a step of many digits"),
        pytest.param("GET", "lessons/votes/x", 404, "address-unknown", id="a step that is no number"),
        pytest.param("POST", "lessons/votes/2?choice=" + "9" * 5000, 422, "usage", id="an answer of many digits"),
        pytest.param("POST", "lessons/votes/2?choice=9", 422, "usage", id="no such answer"),
        pytest.param("POST", "lessons/votes/2?choice=x", 422, "usage", id="no number"),
        pytest.param("POST", "lessons/votes/0?choice=0", 422, "usage", id="a step that asks nothing"),
    ],
)
def test_what_there_is_not_is_said(server: Server, method: str, path: str, status: int, code: str) -> None:
    answer = server.ask(method, path)
    told = json.loads(answer.body)
    assert (answer.status, told["code"]) == (status, code)
    assert told["detail"].endswith(".")


def test_who_is_not_known_gets_nothing(server: Server) -> None:
    server.visits.drop(server.visit)
    assert json.loads(server.ask("GET", "lessons").body)["code"] == "visit-unknown"
