"""The other addresses, and who may ask at them."""

import asyncio
import base64
import io
import json

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from PIL import Image

from lib.api.app import build
from lib.api.guard import TOKEN_SETTING, Guard
from lib.errors import UsageError
from lib.reports.models import entry_object
from lib.server.door import ORIGINS_SETTING, Door, Names
from lib.server.models import Models
from tests.api.conftest import Api, problem
from tests.support import asgi
from tests.support.pictures import RED, encode, plain

RED_PNG = encode(plain(RED), "PNG")
CLASSIFY = "classify?model=tiny-float32"


def test_models_are_listed_as_the_command_line_lists_them(api: Api, models: Models) -> None:
    found = json.loads(api.ask("GET", "models").body)
    assert found == [json.loads(json.dumps(entry_object(entry))) for entry in models.store.entries()]


def test_a_model_is_told_with_its_labels(api: Api) -> None:
    found = json.loads(api.ask("GET", "models/tiny-float32").body)
    assert (found["id"], found["labels"], found["says_unfamiliar"]) == ("tiny-float32", ["red", "green", "blue"], False)
    assert problem(api.ask("GET", "models/nix")) == (404, "model-unknown")


def test_a_map_is_told_in_numbers_or_drawn(api: Api) -> None:
    told = json.loads(api.ask("POST", "explain?model=tiny-float32&class=red&name=r.png", RED_PNG).body)
    assert (told["file"], told["label"], len(told["size"])) == ("r.png", "red", 2)
    drawn = api.ask("POST", "explain?model=tiny-float32", RED_PNG, accept="image/png")
    assert drawn.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(drawn.body)).width == 12


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("image/avif,image/png,*/*", "image/png"),
        ("application/json, image/png", "application/json"),
        ("*/*", "application/json"),
    ],
)
def test_a_map_is_drawn_for_who_takes_pictures_and_no_json(api: Api, accept: str, kind: str) -> None:
    answer = api.ask("POST", "explain?model=tiny-float32", RED_PNG, accept=accept)
    assert answer.headers["content-type"] == kind


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("explain?model=tiny-float32&class=nix", [("file", "r.png", RED_PNG)], (422, "usage")),
        ("explain?model=tiny-float32", [("file", "r.png", RED_PNG)] * 2, (422, "usage")),
        ("explain?model=tiny-float32", [], (422, "usage")),
        ("explain?model=tiny-float32&top=3", [("file", "r.png", RED_PNG)], (422, "usage")),
        ("explain?model=tiny-float32", [("file", "r.png", b"x")], (422, "photo")),
    ],
)
def test_a_map_that_cannot_be_made_says_why(
    api: Api, path: str, fields: list[tuple[str, str, bytes]], code: tuple[int, str]
) -> None:
    assert problem(api.post(path, fields)) == code


def test_the_server_says_that_it_is_alive_and_whether_it_can_answer(
    api: Api, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models.store, "default_id", lambda: "tiny-float32")
    for address in ("/healthz", "/readyz", "healthz", "readyz"):
        assert json.loads(api.ask("GET", address).body) == {"status": "ok"}
    monkeypatch.setattr(models.store, "default_id", lambda: "nix")
    assert api.ask("GET", "/healthz").status == 200
    assert problem(Api(models).ask("GET", "/readyz")) == (503, "not-ready")


def test_what_was_answered_is_counted(api: Api) -> None:
    def count(outcome: str, door: str = "api") -> float:
        line = f'discern_photos_total{{door="{door}",model="tiny-float32",outcome="{outcome}"}} '
        text = api.ask("GET", "/metrics").body.decode()
        return sum(float(each.removeprefix(line)) for each in text.splitlines() if each.startswith(line))

    before = count("clear"), count("photo")
    api.post(CLASSIFY, [("file", "r.png", RED_PNG), ("file", "x", b"x"), ("file", "r.png", RED_PNG)])
    assert (count("clear"), count("photo")) == (before[0] + 2, before[1] + 1)
    before = count("clear", "hf"), count("clear", "oip")
    api.ask("POST", "hf/tiny-float32", RED_PNG)
    coded = [base64.b64encode(RED_PNG).decode()] * 2
    told = {"inputs": [{"name": "photos", "datatype": "BYTES", "shape": [2], "data": coded}]}
    api.ask("POST", "/v2/models/tiny-float32/infer", json.dumps(told).encode())
    assert (count("clear", "hf"), count("clear", "oip")) == (before[0] + 1, before[1] + 2)
    assert api.ask("GET", "/metrics").headers["content-type"].startswith("text/plain; version=")


def test_requests_are_counted_by_address_and_status(models: Models) -> None:
    asked = [
        ("POST", CLASSIFY, RED_PNG, 200),
        ("POST", "explain?model=tiny-float32", RED_PNG, 200),
        ("POST", CLASSIFY, b"", 422),
        ("GET", CLASSIFY, b"", 405),
        ("GET", "models/nix", b"", 404),
        ("POST", "/v2/models/tiny-float32/infer", b"{", 422),
        ("GET", "nothing/of/this/name", b"", 404),
    ]
    api = Api(models)
    before = _requests(api)
    for method, path, body, status in asked:
        assert api.ask(method, path, body).status == status
    locked = Api(models, Guard(token="secret"))
    locked.ask("POST", "explain", RED_PNG)
    came = {key: value - before.get(key, 0) for key, value in _requests(api).items() if value != before.get(key)}
    oip = "/v2/models/{model}/infer"
    expected = [
        ("api", "/api/v1/classify", 200), ("api", "/api/v1/classify", 405), ("api", "/api/v1/classify", 422),
        ("api", "/api/v1/explain", 200), ("api", "/api/v1/explain", 401), ("api", "/api/v1/models/{model}", 404),
        ("api", "/api/{rest:path}", 404), ("oip", oip, 422),
    ]  # fmt: skip
    names = [
        f'discern_requests_total{{address="{at}",door="{door}",status="{status}"}}' for door, at, status in expected
    ]
    came.pop('discern_requests_total{address="/metrics",door="",status="200"}')
    assert came == dict.fromkeys(names, 1)


def _requests(api: Api) -> dict[str, float]:
    """Return how often each address answered with each status."""
    lines = api.ask("GET", "/metrics").body.decode().splitlines()
    series = (line.rpartition(" ") for line in lines if line.startswith("discern_requests_total"))
    return {name: float(value) for name, _, value in series}


def test_methods_and_addresses_that_are_not_there(api: Api) -> None:
    answer = api.ask("GET", CLASSIFY)
    assert problem(answer) == (405, "method")
    assert answer.headers["allow"] == "OPTIONS, POST"
    assert api.ask("HEAD", "models").status == 200
    assert problem(api.ask("GET", "nothing")) == (404, "address-unknown")
    assert problem(api.ask("DELETE", "/api/nothing")) == (404, "address-unknown")
    assert api.ask("GET", "/api").headers["location"] == "/api/v1/docs"
    assert api.ask("GET", "/v2/").body == api.ask("GET", "/v2").body


def test_without_pages_the_root_leads_to_the_description() -> None:
    scope = asgi.scope("/")
    answer = asyncio.run(asgi.answered(build(Names(), Guard(token="secret")), scope, []))
    assert (answer.status, answer.headers["location"]) == (307, "/api/v1/docs")


def test_a_token_is_asked_for_where_one_is_set(models: Models) -> None:
    api = Api(models, Guard(token="secret"))
    for shown in ("", "Bearer wrong", "Basic secret", "secret"):
        answer = api.ask("POST", CLASSIFY, RED_PNG, authorization=shown)
        assert problem(answer) == (401, "token")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert api.ask("POST", CLASSIFY, RED_PNG, authorization="Bearer secret").status == 200
    assert api.ask("GET", "models").status == api.ask("GET", "/metrics").status == 401
    for address in ("/healthz", "openapi.json", "docs"):
        assert api.ask("GET", address).status == 200


def test_pages_of_other_sites_are_kept_out_unless_they_are_listed(models: Models) -> None:
    def asked(guard: Guard, method: str, origin: str, **headers: str) -> asgi.Asked:
        api = Api(models, guard)
        api.app = Door(api.app, Names(), guard.admits)  # type: ignore[assignment]
        return api.ask(method, CLASSIFY, RED_PNG, origin=origin, **headers)

    closed, opened = Guard(), Guard(origins=("https://example.org",))
    refused = asked(closed, "POST", "https://example.org")
    assert problem(refused) == (403, "origin")
    assert ORIGINS_SETTING in json.loads(refused.body)["detail"]
    assert problem(asked(opened, "POST", "https://example.com")) == (403, "origin")
    answer = asked(opened, "POST", "https://example.org")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "https://example.org")
    asks = {"access_control_request_method": "POST", "access_control_request_headers": "authorization"}
    assert asked(opened, "OPTIONS", "https://example.org", **asks).headers["access-control-allow-methods"] == "POST"
    assert asked(Guard(origins=("*",)), "POST", "null").status == 200


def test_origins_are_compared_as_browsers_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        ORIGINS_SETTING, "https://Example.org, HTTP://b.example:80 https://c.example:443,http://[::1]:81"
    )
    origins = ("https://example.org", "http://b.example", "https://c.example", "http://[::1]:81")
    assert Guard.of_environment().origins == origins


@pytest.mark.parametrize(
    ("setting", "value"),
    [(TOKEN_SETTING, " x"), (TOKEN_SETTING, "é"), (ORIGINS_SETTING, "example.org"), (ORIGINS_SETTING, "https://a.b/c")],
)
def test_settings_that_cannot_be_meant_so_are_refused(
    setting: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(setting, value)
    with pytest.raises(UsageError, match=setting):
        Guard.of_environment()


def test_the_description_tells_all_addresses_and_the_page_shows_them(api: Api) -> None:
    told = json.loads(api.ask("GET", "openapi.json").body)
    here = {
        path
        for route in api.app.routes
        if (path := getattr(route, "path", "")).startswith(("/api/v1/", "/v2")) and "{rest" not in path
    }
    assert {*told["paths"]} == here - {f"/api/v1{own}" for own in ("/openapi.json", "/docs", "/")} - {"/v2/"}
    OpenAPIV31SpecValidator(told).validate()
    page = api.ask("GET", "docs").body.decode()
    assert "verify=False" not in page
    safe = asyncio.run(asgi.answered(api.app, {**asgi.scope("/api/v1/docs"), "scheme": "https"}, []))
    assert "<code>verify=False</code>" in safe.body.decode()
    assert [path for path in told["paths"] if path not in page] == [p for p in told["paths"] if "{version}" in p]
    assert "http://127.0.0.1:8501/api/v1/classify" in page
    assert not [
        line
        for line in page.splitlines()
        if "//" in line.replace("http://127.0.0.1:8501", "") and "https://example.org" not in line
    ]
