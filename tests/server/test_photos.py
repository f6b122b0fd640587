"""Photos come in and answers go out by routes of their own."""

import asyncio
import csv
import gc
import io
import json
import shutil
import threading
import tracemalloc
import weakref
from base64 import b64decode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pillow_heif
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.types import Message

from lib.catalogue.store import Store
from lib.classify.explain import MASKS
from lib.classify.litert import LiteRTClassifier
from lib.errors import Cancelled, ModelFileError
from lib.i18n import Translator
from lib.photos.opening import open_photo
from lib.results import Classification, Outcome
from lib.server import limits, photos
from lib.server.album import Photo
from lib.server.asked import Asked
from lib.server.metrics import METRICS
from lib.server.models import Models
from lib.server.pool import Pool
from lib.server.visits import Visit, Visits
from lib.server.where import Maps
from tests.support import asgi
from tests.support.pictures import BLUE, GREEN, RED, encode, noise, plain
from tests.support.user_models import TINY, store_of

MODEL = "tiny-float32"
ASKED = f"model={MODEL}"
pillow_heif.register_heif_opener()


def draw(_t: Translator, _visit: Visit, photo: Photo, outcome: Outcome | None, asked: Asked) -> dict[str, object]:
    """Return the simplest card that says what there is."""
    said: dict[str, object] = {"id": photo.id, "order": photo.order, "name": photo.name, "lang": asked.language}
    if isinstance(outcome, Classification):
        return said | {"kind": str(outcome.verdict.kind), "label": outcome.predictions[0].label, "view": outcome.view}
    return said | {"kind": "failed" if outcome else "waiting"}


@dataclass
class Server:
    """The routes, one visit, and whoever asks."""

    models: Models
    pool: Pool = field(default_factory=lambda: Pool(2))
    visits: Visits = field(default_factory=Visits)

    def __post_init__(self) -> None:
        routes = photos.routes(draw, visits=self.visits, pool=self.pool, models=lambda: self.models)
        self.app = Starlette(routes=routes)
        self.visit = self.visits.begin()

    async def asked(
        self, method: str, path: str, body: bytes = b"", *, pieces: list[Message] | None = None, **headers: str
    ) -> asgi.Asked:
        """Return what is answered; `path` is below the visit."""
        sends = [{"type": "http.request", "body": body}] if pieces is None else pieces
        headers = {"content_length": str(len(body))} | headers if pieces is None else headers
        address = path if path.startswith("/") else f"/visits/{self.visit.id}/{path}"
        return await asgi.answered(self.app, asgi.scope(address, method=method, **headers), sends)

    def ask(self, method: str, path: str, body: bytes = b"", **more: Any) -> asgi.Asked:
        return asyncio.run(self.asked(method, path, body, **more))

    def post(self, body: bytes, query: str = ASKED, **more: Any) -> dict[str, Any]:
        """Bring a photo and return its card."""
        answer = self.ask("POST", f"photos?{query}", body, **more)
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return Models(store(tmp_path_factory.mktemp("home")))


def store(folder: Path) -> Store:
    """Return a store of three tiny models and no other."""
    return store_of(folder, {f"tiny-{form}": TINY / form for form in ("float32", "uint8", "int8")})


@pytest.fixture
def server(models: Models) -> Server:
    return Server(models)


def red(**more: Any) -> bytes:
    return encode(plain(RED), "PNG", **more)


def problem(answer: asgi.Asked) -> tuple[int, str]:
    told = json.loads(answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status == told["status"]
    assert told["detail"].endswith(".")
    return told["status"], told["code"]


# A photo comes in -------------------------------------------------------------------------------------------------


def test_a_photo_is_answered_at_once(server: Server) -> None:
    card = server.post(red(), f"name=my%20cat.png&order=17&{ASKED}&lang=ko")
    assert card == {
        "id": 1, "order": 17, "name": "my cat.png", "lang": "ko", "kind": "clear", "label": "red", "view": "squash",
    }  # fmt: skip
    (photo,) = server.visit.album.photos
    assert (photo.name, photo.order) == ("my cat.png", 17)


def test_photos_are_counted_by_what_became_of_them(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[tuple[str | None, str]] = []
    note = lambda *, model, door, outcome, seconds: counted.append((model, outcome))  # noqa: E731
    monkeypatch.setattr(METRICS, "photo", note)
    server.post(red())
    server.post(b"no photo")
    server.ask("POST", "photos?model=none", red())
    server.ask("GET", f"photos/1/answer?{ASKED}")  # it is known: no photo was looked at
    server.ask("GET", "photos/1/answer?model=tiny-int8")
    assert counted == [(MODEL, "clear"), (MODEL, "photo"), (None, "model-unknown"), ("tiny-int8", "clear")]


def test_a_number_of_thousands_of_digits_is_no_photo(server: Server) -> None:
    answer = server.ask("GET", f"photos/{'9' * 5000}/answer?{ASKED}")
    assert problem(answer) == (404, "photo-unknown")


def test_answers_are_nobodys_to_store(server: Server) -> None:
    answer = server.ask("POST", f"photos?{ASKED}", red())
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"


def test_a_photo_that_comes_in_pieces_is_whole(server: Server) -> None:
    data = red()
    pieces = [{"type": "http.request", "body": data[i : i + 7], "more_body": True} for i in range(0, len(data), 7)]
    assert server.post(b"", pieces=[*pieces, {"type": "http.request", "body": b""}])["label"] == "red"


@pytest.mark.parametrize("data", [b"", b"no photo", red()[:40]], ids=["empty", "no photo", "cut off"])
def test_what_is_no_photo_is_a_card_too(server: Server, data: bytes) -> None:
    assert server.post(data)["kind"] == "failed"


def test_a_sample_needs_no_body(server: Server) -> None:
    assert server.post(b"", f"sample=chelsea.png&{ASKED}")["name"] == "chelsea.png"
    assert problem(server.ask("POST", f"photos?sample=../secret&{ASKED}")) == (422, "usage")


def test_names_are_whatever_their_owner_calls_them(server: Server) -> None:
    name = '"><script>\n../고양이.jpg'
    assert server.post(red(), f"name={quote(name)}&{ASKED}")["name"] == name


# Who is refused, and how ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/visits/guessed/photos?{ASKED}"),
        ("GET", f"/visits/guessed/answers?{ASKED}"),
        ("GET", "/visits/guessed/photos/1.jpg"),
        ("DELETE", "/visits/guessed/photos"),
    ],
)
def test_an_unknown_visit_is_not_there(server: Server, method: str, path: str) -> None:
    assert problem(server.ask(method, path, red() if method == "POST" else b"")) == (404, "visit-unknown")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"photos/7/answer?{ASKED}"),
        ("GET", "photos/7.jpg"),
        ("GET", f"photos/7/answer.csv?{ASKED}"),
        ("GET", f"photos/7/bars.svg?{ASKED}"),
        ("DELETE", "photos/7"),
    ],
)
def test_an_unknown_photo_is_not_there(server: Server, method: str, path: str) -> None:
    assert problem(server.ask(method, path)) == (404, "photo-unknown")


@pytest.mark.parametrize(
    ("query", "code"),
    [("", "usage"), ("model=no-such", "model-unknown"), (f"{ASKED}&ratio=9", "usage"), (f"{ASKED}&order=x", "usage")],
)
def test_what_cannot_be_asked_is_refused_before_the_photo_is_read(server: Server, query: str, code: str) -> None:
    assert problem(server.ask("POST", f"photos?{query}", red())) == (422, code)
    assert server.visit.album.photos == []


def test_a_refusal_is_in_the_readers_language(server: Server) -> None:
    english, korean = (
        json.loads(server.ask("POST", f"/visits/x/photos?lang={lang}").body)["detail"] for lang in ("en", "ko")
    )
    assert english == "These photos are gone. Reload the page."
    assert korean != english


@pytest.mark.parametrize(
    ("site", "status"), [("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)]
)
def test_pages_of_other_sites_may_not_use_it(server: Server, site: str, status: int) -> None:
    assert server.ask("POST", f"photos?{ASKED}", red(), sec_fetch_site=site).status == status


def test_a_photo_that_says_it_is_too_large_is_not_read(server: Server) -> None:
    answer = server.ask("POST", f"photos?{ASKED}", pieces=[], content_length=str(limits.PHOTO_BYTES + 1))
    assert problem(answer)[0] == 413


def test_reading_stops_at_the_limit(server: Server) -> None:
    sent: list[int] = []

    def pieces() -> Iterator[Message]:
        for number in range(100):
            sent.append(number)
            yield {"type": "http.request", "body": bytes(2**20), "more_body": True}

    answer = server.ask("POST", f"photos?{ASKED}", pieces=pieces(), transfer_encoding="chunked")
    assert problem(answer)[0] == 413
    assert len(sent) == limits.PHOTO_BYTES // 2**20 + 1


def test_a_photo_that_stands_still_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.server.limits.STALLED_S", 0.05)
    begun: list[Message] = [{"type": "http.request", "body": b"half", "more_body": True}]

    async def stall() -> asgi.Asked:
        messages = iter(begun)
        told = asgi.Asked()

        async def receive() -> Message:
            return next(messages, None) or await asyncio.Future()

        async def send(message: Message) -> None:
            told.status = message.get("status", told.status)

        await server.app(asgi.scope(f"/visits/{server.visit.id}/photos?{ASKED}", method="POST"), receive, send)
        return told

    assert asyncio.run(stall()).status == 408


@pytest.mark.parametrize("limit", ["VISIT_BYTES", "SERVER_BYTES", "MOST_PHOTOS"])
def test_where_there_is_no_room_it_says_so(server: Server, limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"lib.server.limits.{limit}", 0)
    answer = server.ask("POST", f"photos?{ASKED}", red())
    assert problem(answer) == (429, "full")
    assert int(answer.headers["retry-after"]) > 0


# Answers ----------------------------------------------------------------------------------------------------------


def test_another_model_looks_when_it_is_asked(server: Server) -> None:
    server.post(red())
    other = server.ask("GET", "photos/1/answer?model=tiny-uint8")
    assert json.loads(other.body)["label"] == "red"
    assert json.loads(server.ask("GET", "answers?model=tiny-uint8").body)["cards"]
    assert json.loads(server.ask("GET", "answers?model=tiny-int8").body) == {"cards": []}


def test_a_photo_is_looked_at_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.post(red())

    def run(*_: object) -> object:
        raise AssertionError("it has looked")

    monkeypatch.setattr(LiteRTClassifier, "run", run)
    assert json.loads(server.ask("GET", f"photos/1/answer?{ASKED}").body)["label"] == "red"
    assert len(json.loads(server.ask("GET", f"answers?{ASKED}&ratio=0.3").body)["cards"]) == 1


def test_answers_follow_the_thresholds(server: Server) -> None:
    image = plain(RED)
    image.paste(BLUE, (0, 0, image.width, image.height * 2 // 5))
    server.post(encode(image, "PNG"))

    def kind(ratio: float) -> str:
        (card,) = json.loads(server.ask("GET", f"answers?{ASKED}&ratio={ratio}&floor=0.05").body)["cards"]
        return str(card["kind"])

    assert (kind(0.5), kind(0.9)) == ("close", "clear")


def test_a_photo_that_a_page_brought_is_answered_too(server: Server) -> None:
    photo = server.visit.album.add("red.png", red())
    assert json.loads(server.ask("GET", f"photos/{photo.id}/answer?{ASKED}").body)["label"] == "red"


def test_removed_photos_are_gone(server: Server) -> None:
    for _ in range(3):
        server.post(red())
    assert server.ask("DELETE", "photos/2").status == 204
    assert [photo.id for photo in server.visit.album.photos] == [1, 3]
    assert server.ask("DELETE", "photos").status == 204
    assert server.visit.album.photos == []
    assert json.loads(server.ask("GET", f"answers?{ASKED}").body) == {"cards": []}
    assert server.post(red())["id"] == 4, "an address is never another photo's"


# Files ------------------------------------------------------------------------------------------------------------


def test_all_answers_as_a_table(server: Server) -> None:
    for order, colour in ((2, RED), (1, GREEN)):
        server.post(encode(plain(colour), "PNG"), f"name={order}.png&order={order}&{ASKED}")
    server.post(b"no photo", f"name=bad&{ASKED}")
    answer = server.ask("GET", f"results.csv?{ASKED}&top=2")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert [(row["file"], row["top1_label"], bool(row["error"])) for row in rows] == [
        ("2.png", "red", False), ("1.png", "green", False), ("bad", "", True),
    ]  # fmt: skip
    assert "discern.csv" in answer.headers["content-disposition"]
    lines = server.ask("GET", f"results.jsonl?{ASKED}").body.decode().splitlines()
    assert [json.loads(line)["file"] for line in lines] == ["2.png", "1.png", "bad"]
    assert problem(server.ask("GET", f"results.exe?{ASKED}"))[0] == 404


def test_one_answer_as_a_table_and_its_bars_as_a_chart(server: Server) -> None:
    server.post(red(), f"name={quote('고양이 1.png')}&{ASKED}")
    (row,) = csv.DictReader(io.StringIO(server.ask("GET", f"photos/1/answer.csv?{ASKED}").body.decode("utf-8-sig")))
    told = server.ask("GET", f"photos/1/answer.json?{ASKED}")
    assert json.loads(told.body)["predictions"][0]["label"] == row["top1_label"] == "red"
    assert told.headers["content-disposition"] == f"attachment; filename*=UTF-8''{quote('고양이 1.png.json')}"
    chart = json.loads(server.ask("GET", f"photos/1/bars.vl.json?{ASKED}").body)
    assert chart["width"] == 640
    svg = server.ask("GET", f"photos/1/bars.svg?{ASKED}")
    assert svg.headers["content-type"] == "image/svg+xml"
    root = ElementTree.fromstring(svg.body)
    assert root.get("width") == "640"
    assert "red" in {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}


def test_a_failed_photo_has_no_bars(server: Server) -> None:
    server.post(b"no photo")
    assert problem(server.ask("GET", f"photos/1/bars.svg?{ASKED}")) == (422, "photo")


@pytest.mark.parametrize("form", ["HEIF", "TIFF"])
def test_what_browsers_do_not_draw_has_a_picture(server: Server, form: str) -> None:
    server.post(encode(noise(640, 480), form))
    answer = server.ask("GET", "photos/1.jpg")
    assert answer.headers["content-type"].startswith("image/")
    assert answer.headers["cache-control"].startswith("private")
    assert open_photo(answer.body, "kept").size == (640, 480)
    assert max(open_photo(server.ask("GET", "photos/1.jpg?side=320").body, "small").size) <= 480


def test_a_photo_that_could_not_be_read_has_no_picture(server: Server) -> None:
    server.post(b"no photo")
    assert problem(server.ask("GET", "photos/1.jpg"))[0] == 404


# Much at once -----------------------------------------------------------------------------------------------------


class Gate:
    """Holds up every model until it is opened."""

    def __init__(self) -> None:
        self._opened, self.waiting = threading.Event(), threading.Event()

    def open(self) -> None:
        self._opened.set()

    def wait(self) -> None:
        self.waiting.set()
        assert self._opened.wait(30)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    held, run = Gate(), LiteRTClassifier.run

    def slowly(self: LiteRTClassifier, tensor: Any) -> Any:
        held.wait()
        return run(self, tensor)

    monkeypatch.setattr(LiteRTClassifier, "run", slowly)
    yield held
    held.open()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():
            await asyncio.sleep(0.005)


def test_who_goes_away_leaves_the_line(server: Server, gate: Gate) -> None:
    async def leave_one() -> None:
        stay = [asyncio.create_task(server.asked("POST", f"photos?{ASKED}", red())) for _ in range(2)]
        goes = [{"type": "http.request", "body": red()}, {"type": "http.disconnect"}]
        await until(lambda: len(server.visit.album.photos) == 2)
        await until(lambda: gate.waiting.is_set() and server.pool.waiting(server.visit.id) == 0)
        gone = await server.asked("POST", f"photos?{ASKED}", pieces=goes)
        assert gone.status == 400
        assert server.pool.waiting(server.visit.id) == 0
        gate.open()
        assert [answer.status for answer in await asyncio.gather(*stay)] == [200, 200]

    asyncio.run(leave_one())
    assert [server.visit.album.answer(f"{MODEL} squash", photo) is None for photo in server.visit.album.photos] == [
        False, False, True,
    ]  # fmt: skip


def during(server: Server, gate: Gate, work: Callable[[], Awaitable[None] | None]) -> asgi.Asked:
    """Return what is answered about a photo while whose model looks something happens."""

    async def ask() -> asgi.Asked:
        answer = asyncio.create_task(server.asked("POST", f"photos?{ASKED}", red()))
        await until(gate.waiting.is_set)
        work()
        gate.open()
        return await answer

    return asyncio.run(ask())


def test_a_photo_that_is_removed_while_a_model_looks_is_gone(server: Server, gate: Gate) -> None:
    assert problem(during(server, gate, server.visit.album.clear)) == (404, "photo-unknown")


def test_a_visit_that_is_forgotten_meanwhile_keeps_nothing(server: Server, gate: Gate) -> None:
    answer = during(server, gate, lambda: server.visits.drop(server.visit))
    assert problem(answer) == (404, "photo-unknown")
    assert server.visit.held_bytes == 0
    assert problem(server.ask("GET", f"answers?{ASKED}")) == (404, "visit-unknown")


def test_a_model_that_is_made_anew_meanwhile_is_asked_again(server: Server, gate: Gate) -> None:
    answer = during(server, gate, lambda: server.visit.album.renew(f"{MODEL} squash", "made anew"))
    assert problem(answer)[0] == 503
    assert json.loads(server.ask("GET", f"photos/1/answer?{ASKED}").body)["label"] == "red"


def test_ten_wait_for_one_loading_of_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    make = LiteRTClassifier.__init__

    def count(self: LiteRTClassifier, *args: Any, **kwargs: Any) -> None:
        loaded.append("once")
        make(self, *args, **kwargs)

    monkeypatch.setattr(LiteRTClassifier, "__init__", count)
    server = Server(Models(store(tmp_path)))

    async def ten() -> list[asgi.Asked]:
        return await asyncio.gather(*(server.asked("POST", f"photos?{ASKED}", red()) for _ in range(10)))

    assert {answer.status for answer in asyncio.run(ten())} == {200}
    assert loaded == ["once"]


def test_a_large_file_is_let_go_with_its_answer_without_the_collectors_help(server: Server) -> None:
    file = memoryview(encode(plain(RED, 1200, 1000), "BMP"))

    def pieces() -> Iterator[Message]:
        for at in range(0, len(file), 2**16):
            yield {"type": "http.request", "body": bytes(file[at : at + 2**16]), "more_body": True}

    server.post(red())
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        assert server.post(b"", pieces=pieces())["label"] == "red"
        left, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert left < len(file) / 10
    assert peak < 2.2 * len(file), "the pieces, and the whole made of them"


def test_what_was_removed_last_comes_back(server: Server) -> None:
    server.post(red())
    server.ask("DELETE", "photos/1")
    assert problem(server.ask("GET", f"photos/1/answer?{ASKED}")) == (404, "photo-unknown")
    assert json.loads(server.ask("POST", f"photos/1?{ASKED}").body)["label"] == "red"
    assert problem(server.ask("POST", f"photos/2?{ASKED}")) == (404, "photo-unknown")


def test_who_is_refused_may_finish_sending(server: Server) -> None:
    came: list[int] = []

    def pieces() -> Iterator[Message]:
        for number in range(10):
            came.append(number)
            yield {"type": "http.request", "body": bytes(10), "more_body": number < 9}

    assert server.ask("POST", "photos?model=no-such", pieces=pieces(), content_length="100").status == 422
    assert len(came) == 10


def test_models_that_were_not_asked_for_long_are_let_go(tmp_path: Path) -> None:
    models = Models(store(tmp_path), most=2)
    loaded = [weakref.ref(models.classifier(models.find(f"tiny-{form}"))) for form in ("float32", "uint8", "int8")]
    assert [ref() is not None for ref in loaded] == [False, True, True]
    assert models.classifier(models.find("tiny-uint8")) is loaded[1]()


def test_a_model_that_could_not_be_loaded_is_tried_again(tmp_path: Path) -> None:
    models = Models(store(tmp_path))
    folder = models.find("tiny-float32").folder
    weights = folder.weights_path.read_bytes()
    folder.weights_path.unlink()
    with pytest.raises(ModelFileError):
        models.classifier(folder)
    folder.weights_path.write_bytes(weights)
    assert models.classifier(folder).spec.id == "tiny-float32"


def test_a_model_that_is_gone_is_unknown_and_one_made_anew_is_asked_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.server.models.LOOK_AGAIN_S", 0)
    server = Server(Models(store(tmp_path)))
    server.post(red())
    card = tmp_path / "models" / "tiny-float32" / "model.toml"
    card.write_text(card.read_text(encoding="utf-8").replace("squash", "square"), encoding="utf-8")
    assert json.loads(server.ask("GET", f"photos/1/answer?{ASKED}").body)["view"] == "square"
    shutil.rmtree(card.parent)
    assert problem(server.ask("GET", f"photos/1/answer?{ASKED}")) == (422, "model-unknown")


# Where a model looked ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """Return the models that come with the app; the smallest has a map."""
    return Models(Store(tmp_path_factory.mktemp("home")))


def where(server: Server, query: str, number: int = 1) -> dict[str, Any]:
    answer = server.ask("GET", f"photos/{number}/where?{query}")
    assert answer.status == 200, answer.body
    return dict(json.loads(answer.body.splitlines()[-1]))


def test_a_map_is_a_pixel_for_each_cell_and_says_whose_it_is(seeing: Models) -> None:
    server, asked = Server(seeing), "model=starter-small"
    server.post(encode(noise(90, 60), "PNG"), asked)
    told = where(server, asked)
    picture = Image.open(io.BytesIO(b64decode(told["cells"].partition(",")[2])))
    assert (picture.size, picture.mode) == ((8, 8), "RGBA")
    assert (told["box"], told["method"], told["against"]) == ([0, 0, 1, 1], "cam", None)
    assert told["classes"][0]["index"] == told["index"]
    assert len(told["classes"]) == limits.CLASSES_TO_ASK
    assert (told["low"][0], told["high"][0]) == ("−", "+")
    first, second, *_ = told["classes"]
    both = where(server, f"class={second['index']}&against={first['index']}&{asked}&lang=ko")
    assert (both["index"], both["against"]) == (second["index"], first["index"])
    assert "말고" in both["says"][0]


def test_a_large_photo_is_mapped_from_what_is_kept_of_it(seeing: Models) -> None:
    server, asked = Server(seeing), "model=starter-small"
    server.post(encode(noise(2000, 1500), "JPEG"), asked)
    (photo,) = server.visit.album.photos
    assert photo.size_wh == (2000, 1500)
    assert where(server, asked)["method"] == "cam"


def test_a_model_without_such_a_layer_is_asked_by_covering_parts(server: Server) -> None:
    server.post(red())
    told = where(server, ASKED)
    first = json.loads(server.ask("GET", f"photos/1/where?{ASKED}").body.splitlines()[0])
    assert first["total"] == 100
    assert (told["method"], told["against"]) == ("rise", None)
    assert told["high"].endswith("%: for")


def test_each_covered_part_waits_for_its_turn_behind_people(models: Models) -> None:
    begun: list[str] = []
    server = Server(models, Pool(2, waited=lambda rank, _: begun.append(rank)))
    server.post(red())
    where(server, ASKED)
    assert begun == ["person", *["job"] * (MASKS + 2)]  # the whole photo twice: for its classes, and for the map


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("class=99", (422, "usage")),
        ("class=-1", (422, "usage")),
        ("class=x", (422, "usage")),
        ("against=7", (422, "usage")),
    ],
)
def test_a_class_that_is_not_there_is_one_sentence(server: Server, query: str, expected: tuple[int, str]) -> None:
    server.post(red())
    assert problem(server.ask("GET", f"photos/1/where?{query}&{ASKED}")) == expected


def test_a_photo_that_cannot_be_read_or_is_gone_has_no_map(server: Server) -> None:
    server.post(b"no photo")
    assert problem(server.ask("GET", f"photos/1/where?{ASKED}")) == (422, "photo")
    assert problem(server.ask("GET", f"photos/9/where?{ASKED}"))[0] == 404


def test_only_the_models_asked_last_stay_open(seeing: Models) -> None:
    maps, photo = Maps(seeing), Server(seeing)
    photo.post(encode(noise(60, 60), "PNG"), "model=starter-small")
    (one,) = photo.visit.album.photos
    for model in ("starter-small", "starter-xception", "starter-scratch"):
        maps.draw(Translator(), seeing.find(model), one, None, None)
    assert len(maps._open) == limits.EXPLAINERS


def test_a_photo_is_answered_as_if_a_part_were_covered_and_stays_as_it_is(server: Server) -> None:
    photo = plain(RED, 100, 100)
    photo.paste(plain(BLUE, 100, 40), (0, 0))
    whole = server.post(encode(photo, "PNG"))
    (kept,) = server.visit.album.photos
    before = kept.data

    def covered(part: str) -> dict[str, Any]:
        return dict(json.loads(server.ask("GET", f"photos/1/covered?part={part}&{ASKED}").body))

    labels = {part: covered(part)["label"] for part in ("0,0.4,1,1", "0,0,1,0.4")}
    assert len({*labels.values()}) == 2, labels
    assert kept.data == before
    assert server.ask("GET", f"photos/1/answer?{ASKED}").body == json.dumps(whole, separators=(",", ":")).encode()


@pytest.mark.parametrize("part", ["", "1,2,3", "a,b,c,d", "0,0,2,1", "0.5,0,0.5,1", "0,0,nan,1"])
def test_what_is_no_part_is_one_sentence(server: Server, part: str) -> None:
    server.post(red())
    assert problem(server.ask("GET", f"photos/1/covered?part={part}&{ASKED}")) == (422, "usage")


def test_who_goes_away_ends_the_covering_of_parts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.post(red())
    begun, ended = threading.Event(), threading.Event()

    def covering(*_: object, cancelled: threading.Event, **__: object) -> None:
        begun.set()
        assert cancelled.wait(10)
        ended.set()
        raise Cancelled

    monkeypatch.setattr("lib.classify.explain.rise", covering)

    async def leave() -> None:
        asking = asyncio.create_task(server.asked("GET", f"photos/1/where?{ASKED}"))
        await asyncio.to_thread(begun.wait, 10)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(leave())
    assert ended.wait(10)
