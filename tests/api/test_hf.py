"""`POST /api/v1/hf/{model}`, asked by Hugging Face's own client and by hand."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError
from PIL import Image

from lib.api.guard import Guard
from lib.errors import ModelFileError, ModelNotReadyError
from lib.messages import N_
from lib.server import limits
from lib.server.models import Models
from tests.api.conftest import Api, problem, served
from tests.support import asgi
from tests.support.pictures import RED, encode, plain

RED_PNG = encode(plain(RED), "PNG")
CODED = base64.b64encode(RED_PNG).decode()


def client(host: str, token: str | None = None) -> InferenceClient:
    return InferenceClient(f"http://{host}/api/v1/hf/tiny-float32", token=token)


def ours(api: Api, top: int = 5) -> list[tuple[str, float]]:
    """What the address of our own answers."""
    told = json.loads(api.ask("POST", f"classify?model=tiny-float32&top={top}", RED_PNG).body)
    return [(each["label"], each["probability"]) for each in told["predictions"]]


def test_its_client_reads_our_numbers_however_it_is_given_the_photo(host: str, api: Api, tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    path.write_bytes(RED_PNG)
    png = io.BytesIO()
    Image.open(path).save(png, "PNG")  # the client itself turns a picture of Pillow's and an open file away
    photos: list[Any] = [path, str(path), RED_PNG, png.getvalue()]
    for photo in photos:
        found = client(host).image_classification(photo)
        assert [(each.label, each.score) for each in found] == ours(api)
        with_parameters = client(host).image_classification(photo, top_k=2, function_to_apply="softmax")
        assert [(each.label, each.score) for each in with_parameters] == ours(api, 2)
    assert ours(api)[0][0] == "red"


def test_its_client_says_what_went_wrong_in_our_words(host: str) -> None:
    with pytest.raises(HfHubHTTPError, match="photo is not a photo") as caught:
        client(host).image_classification(b"hello")
    assert caught.value.server_message == json.loads(caught.value.response.content)["error"]
    with pytest.raises(HfHubHTTPError, match="There is no model “nix”"):
        InferenceClient(f"http://{host}/api/v1/hf/nix").image_classification(RED_PNG)
    with pytest.raises(HfHubHTTPError, match="sigmoid"):
        client(host).image_classification(RED_PNG, function_to_apply="sigmoid")


def test_its_client_shows_the_token_that_it_was_given(models: Models) -> None:
    with served(Api(models, Guard(token="secret")).app) as host:
        assert client(host, "secret").image_classification(RED_PNG)[0].label == "red"
        with pytest.raises(HfHubHTTPError, match="token"):
            client(host, "wrong").image_classification(RED_PNG)


def ask(api: Api, body: object, **headers: str) -> asgi.Asked:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return api.ask("POST", "hf/tiny-float32", content, **{"content_type": "application/json", **headers})


@pytest.mark.parametrize("inputs", [CODED, f"data:image/png;base64,{CODED}", base64.encodebytes(RED_PNG).decode()])
def test_photos_in_json(api: Api, inputs: str) -> None:
    for body in ({"inputs": inputs}, {"inputs": inputs, "parameters": {"top_k": None}, "options": {}}):
        found = json.loads(ask(api, body, content_type="application/json; charset=utf-8").body)
        assert [(each["label"], each["score"]) for each in found] == ours(api)


def test_more_classes_than_there_are_gives_all(api: Api) -> None:
    found = json.loads(ask(api, {"inputs": CODED, "parameters": {"top_k": 5000}}).body)
    assert len(found) == 3
    assert sum(each["score"] for each in found) == pytest.approx(1)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (422, "usage")),
        (b"[]", (422, "usage")),
        (b"{", (422, "usage")),
        (b'{"inputs": "\xff"}', (422, "usage")),
        (b"[" * 100_000, (422, "usage")),
        (b'{"inputs": ' + b"9" * 5000 + b"}", (422, "usage")),
        (b"[" + b"0," * 2**20 + b"0]", (413, "too-large")),
        (b"[" + b"{}," * 20_000 + b"0]", (413, "too-large")),
        ({}, (422, "usage")),
        ({"inputs": 3}, (422, "usage")),
        ({"inputs": ""}, (422, "usage")),
        ({"inputs": "data:image/png;base64,"}, (422, "usage")),
        ({"inputs": "no base64!"}, (422, "usage")),
        ({"inputs": CODED[:-3]}, (422, "usage")),
        ({"inputs": "é" * 8}, (422, "usage")),
        ({"inputs": "https://example.org/photo.jpg"}, (422, "usage")),
        ({"inputs": base64.b64encode(b"hello").decode()}, (422, "photo")),
        ({"inputs": CODED, "parameters": []}, (200, "")),
        ({"inputs": CODED, "parameters": [1]}, (422, "usage")),
        ({"inputs": CODED, "parameters": {"threshold": 1}}, (422, "usage")),
        ({"inputs": CODED, "parameters": {"top_k": 0}}, (422, "usage")),
        ({"inputs": CODED, "parameters": {"top_k": "3"}}, (422, "usage")),
        ({"inputs": CODED, "parameters": {"top_k": True}}, (422, "usage")),
        ({"inputs": CODED, "parameters": {"function_to_apply": "none"}}, (422, "usage")),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_says_why(api: Api, body: object, expected: tuple[int, str]) -> None:
    answer = ask(api, body)
    if expected[0] == 200:
        assert answer.status == 200
        return
    assert problem(answer) == expected
    told = json.loads(answer.body)
    assert told["error"] == told["detail"]


def test_a_photo_in_json_is_as_large_as_others_may_be(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PHOTO_BYTES", len(RED_PNG))
    assert ask(api, {"inputs": CODED}).status == 200
    monkeypatch.setattr(limits, "PHOTO_BYTES", len(RED_PNG) - 10)
    assert problem(ask(api, {"inputs": CODED})) == (413, "too-large")
    assert problem(ask(api, b"", content_length=str(10 * 2**30))) == (413, "too-large")


@pytest.mark.parametrize(
    ("error", "status"),
    [(ModelNotReadyError(N_("Fetch it first.")), 409), (ModelFileError(N_("It is damaged.")), 500)],
)
def test_what_does_not_pass_is_no_503_after_which_clients_ask_again_for_ever(
    models: Models, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def find(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(models, "find", find)
    monkeypatch.setattr(models, "known", lambda *_, **__: None)
    asked = "?model=tiny-float32"
    for path in ("hf/tiny-float32", "/v2/models/tiny-float32/infer", f"classify{asked}", f"explain{asked}"):
        answer = Api(models).ask("POST", path, b"{}", content_type="application/json")
        assert problem(answer) == (status, error.code)  # type: ignore[attr-defined]
