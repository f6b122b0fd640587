"""`/v2`, asked by Triton's own client and by hand."""

import asyncio
import base64
import contextlib
import json
import struct
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from openapi_schema_validator import OAS31Validator
from tritonclient.utils import InferenceServerException

from lib.api import docs
from lib.api.desk import Desk
from lib.api.guard import Guard
from lib.classify.infer import Settings, conclude, infer
from lib.i18n import Translator
from lib.photos.source import Source
from lib.reports.classifications import to_json_line
from lib.results import Answer
from lib.server import limits
from lib.server.door import Door, Names
from lib.server.models import Models, labels
from lib.server.pool import Pool
from tests.api.conftest import Api, problem, served
from tests.support import asgi
from tests.support.pictures import BLUE, GREEN, RED, encode, noise, plain

PNGS = [encode(plain(colour), "PNG") for colour in (RED, GREEN, BLUE)] + [encode(noise(40, 30), "PNG")]
CODED = [base64.b64encode(png).decode() for png in PNGS]
INFER = "/v2/models/tiny-float32/infer"


@pytest.fixture(scope="module")
def client(host: str) -> Iterator[Any]:
    with triton.InferenceServerClient(host) as asking:
        yield asking


def said(models: Models, model: str, photos: list[bytes] = PNGS) -> list[Answer]:
    """What the command line computes."""
    found = models.find(model)
    answers = [infer(Source.of_bytes(png, f"photos[{n}]"), models.classifier(found)) for n, png in enumerate(photos)]
    return [answer for answer in answers if isinstance(answer, Answer)]


def photos_input(shape: list[int] | None = None) -> Any:
    tensor = triton.InferInput("photos", shape or [len(PNGS)], "BYTES")
    return tensor.set_data_from_numpy(np.array(PNGS, object).reshape(shape or [len(PNGS)]))


def prepared(models: Models, model: str) -> np.ndarray:
    """The very numbers that the model's file is shown of the photos."""
    classifier = models.classifier(models.find(model))
    return np.concatenate([classifier.prepare(plain(colour)) for colour in (RED, GREEN, BLUE)])


def test_its_client_learns_who_answers_and_what_a_model_takes(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_model_ready("tiny-float32")
    assert client.is_model_ready("tiny-float32", "1")
    assert not client.is_model_ready("nix")
    assert not client.is_model_ready("tiny-float32", "2")
    assert {*client.get_server_metadata()["extensions"]} == {"binary_tensor_data", "classification"}
    for version in ("", "1"):
        told = client.get_model_metadata("tiny-int8", version)
        assert (told["name"], told["versions"]) == ("tiny-int8", ["1"])
        assert told["inputs"][1] == {"name": "tensor", "datatype": "INT8", "shape": [-1, 4, 6, 3]}
        assert [each["shape"] for each in told["outputs"]] == [[-1, 3], [3], [-1]]


def test_the_server_is_ready_when_its_model_is(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.store, "default_id", lambda: "tiny-float32")
    assert json.loads(Api(models).ask("GET", "/v2/health/ready").body) == {"ready": True}
    monkeypatch.setattr(models.store, "default_id", lambda: "nix")
    assert problem(Api(models).ask("GET", "/v2/health/ready")) == (503, "not-ready")


@pytest.mark.parametrize("is_binary", [True, False])
@pytest.mark.parametrize("shape", [[4], [4, 1]])
def test_its_client_reads_the_numbers_of_the_command_line(
    client: Any, models: Models, is_binary: bool, shape: list[int]
) -> None:
    outputs = [triton.InferRequestedOutput(name, binary_data=is_binary) for name in ("labels", "probabilities")]
    found = client.infer("tiny-float32", [photos_input(shape)], outputs=outputs, request_id="7", model_version="1")
    expected = np.array([answer.probabilities for answer in said(models, "tiny-float32")], np.float32)
    assert np.array_equal(found.as_numpy("probabilities"), expected)
    names = [name if isinstance(name, str) else name.decode() for name in found.as_numpy("labels")]
    assert names == ["red", "green", "blue"]
    told = found.get_response()
    assert [each["name"] for each in told["outputs"]] == ["labels", "probabilities"]
    assert (told["id"], told["model_name"], told["model_version"]) == ("7", "tiny-float32", "1")


def test_every_photo_comes_with_the_object_of_the_command_line(client: Any, models: Models) -> None:
    found = client.infer("tiny-float32", [photos_input()], query_params={"top": 2, "lang": "ko"})
    model = models.find("tiny-float32")
    judged = [conclude(answer, labels(model, "ko"), Settings(top=2)) for answer in said(models, "tiny-float32")]
    assert [each.decode() for each in found.as_numpy("answers")] == [to_json_line(j, Translator("ko")) for j in judged]
    assert found.get_response()["parameters"]["verdicts"] == ",".join(j.verdict.kind.value for j in judged)


@pytest.mark.parametrize("is_binary", [True, False])
@pytest.mark.parametrize(
    ("model", "datatype"), [("tiny-float32", "FP32"), ("tiny-uint8", "UINT8"), ("tiny-int8", "INT8")]
)
def test_its_client_sends_the_numbers_that_the_model_takes(
    client: Any, models: Models, model: str, datatype: str, is_binary: bool
) -> None:
    numbers = prepared(models, model)
    tensor = triton.InferInput("tensor", [*numbers.shape], datatype)
    found = client.infer(model, [tensor.set_data_from_numpy(numbers, binary_data=is_binary)])
    expected = np.array([answer.probabilities for answer in said(models, model, PNGS[:3])], np.float32)
    assert np.array_equal(found.as_numpy("probabilities"), expected)


def test_its_client_has_classes_named(client: Any) -> None:
    wanted = triton.InferRequestedOutput("probabilities", class_count=2)
    found = client.infer("tiny-float32", [photos_input()], outputs=[wanted]).as_numpy("probabilities")
    assert found.shape == (4, 2)
    probability, index, name = found[0][0].decode().split(":")
    assert (index, name) == ("0", "red")
    assert 0.5 < float(probability) <= 1


def test_its_client_says_what_went_wrong_in_our_words(client: Any) -> None:
    spoilt = triton.InferInput("photos", [2], "BYTES").set_data_from_numpy(np.array([PNGS[0], b"hello"], object))
    with pytest.raises(InferenceServerException, match=r"photos\[1\] is not a photo") as caught:
        client.infer("tiny-float32", [spoilt])
    assert caught.value.status() == "422"
    with pytest.raises(InferenceServerException, match="There is no model “nix”"):
        client.infer("nix", [photos_input()])
    with pytest.raises(InferenceServerException, match="nothing at /v2/repository/index"):
        client.get_model_repository_index()
    with pytest.raises(InferenceServerException, match="compressed with gzip"):
        client.infer("tiny-float32", [photos_input()], request_compression_algorithm="gzip")


def test_tokens_and_pages_of_other_sites(models: Models) -> None:
    api = Api(models, Guard(token="secret", origins=("https://example.org",)))
    with served(api.app) as host, triton.InferenceServerClient(host) as client:
        assert client.is_server_live()
        with pytest.raises(InferenceServerException, match="token"):
            client.infer("tiny-float32", [photos_input()])
        found = client.infer("tiny-float32", [photos_input()], headers={"Authorization": "Bearer secret"})
        assert found.as_numpy("probabilities").shape == (4, 3)
    api.app = Door(api.app, Names(), api.guard.admits)  # type: ignore[assignment]
    for address in ("/v2", INFER):
        assert problem(api.ask("GET", address, origin="https://example.com"))[0] == 403
        assert json.loads(api.ask("GET", address, origin="https://example.com").body)["error"]
        preflight = {"access_control_request_method": "POST", "origin": "https://example.org"}
        asked = {"access_control_request_headers": "inference-header-content-length"}
        assert api.ask("OPTIONS", address, **preflight, **asked).status in (200, 400)


def infer_by_hand(api: Api, body: object, behind: bytes = b"", **headers: str) -> asgi.Asked:
    head = body if isinstance(body, bytes) else json.dumps(body).encode()
    length = {"inference_header_content_length": str(len(head))} if behind else {}
    return api.ask("POST", INFER, head + behind, **{**length, **headers})


def photos(**changes: object) -> dict[str, Any]:
    return {"inputs": [{"name": "photos", "datatype": "BYTES", "shape": [4], "data": CODED, **changes}]}


def tensor(data: object, **changes: object) -> dict[str, Any]:
    return {"inputs": [{"name": "tensor", "datatype": "FP32", "shape": [1, 4, 6, 3], "data": data, **changes}]}


@pytest.mark.parametrize("data", [CODED, [[coded] for coded in CODED], [f"data:image/png;base64,{c}" for c in CODED]])
def test_photos_in_json(api: Api, models: Models, data: object) -> None:
    told = json.loads(infer_by_hand(api, photos(data=data)).body)
    assert "id" not in told
    outputs = {each["name"]: each for each in told["outputs"]}
    expected = np.array([answer.probabilities for answer in said(models, "tiny-float32")], np.float32)
    assert outputs["probabilities"]["shape"] == [4, 3]
    assert np.array_equal(np.array(outputs["probabilities"]["data"], np.float32), expected.reshape(-1))
    assert [json.loads(line)["file"] for line in outputs["answers"]["data"]] == [f"photos[{n}]" for n in range(4)]


def test_requests_and_answers_are_as_the_description_says(api: Api) -> None:
    def check(schema: str, value: object) -> None:
        assert [*OAS31Validator(docs.read()["components"]["schemas"][schema]).iter_errors(value)] == []

    asked = {**photos(), "id": "7", "outputs": [{"name": "probabilities", "parameters": {"classification": 2}}]}
    for body in (photos(), asked, tensor([0.5] * 72)):
        check("V2Request", body)
        check("V2Response", json.loads(infer_by_hand(api, body).body))


def test_numbers_in_nested_rows(api: Api, models: Models) -> None:
    numbers = prepared(models, "tiny-float32")[:1]
    flat, nested = (infer_by_hand(api, tensor(each.tolist())).body for each in (numbers.reshape(-1), numbers))
    assert flat == nested


ZEROS = [0.0] * (4 * 6 * 3)
SIZED = {"parameters": {"binary_data_size": 4}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not valid JSON"),
        (b"[]", "must be an object"),
        (b"\xff", "not text in Unicode"),
        (b'{"id": "\\ud800"}', "not text in Unicode"),
        (b"9" * 5000, "too many digits"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested too deeply"),
        (b'{"id": NaN}', "NaN is no number"),
        ({}, "Send one input"),
        ({"inputs": 1}, "inputs must be a list of objects"),
        ({"inputs": [1]}, "inputs must be a list of objects"),
        ({"inputs": photos()["inputs"] * 2}, "Send one input"),
        ({**photos(), "id": 7}, "id must be a text"),
        ({**photos(), "parameters": [1]}, "parameters must be an object"),
        ({**photos(), "parameters": {"binary_data_output": 1}}, "binary_data_output must be true or false"),
        ({**photos(), "outputs": [{"name": "nix"}]}, "There is no output “nix”"),
        ({**photos(), "outputs": [{"name": ["labels"]}]}, "There is no output"),
        ({**photos(), "outputs": [{"name": "labels"}] * 2}, "each output once"),
        ({**photos(), "outputs": [{"name": "labels", "parameters": {"classification": 1}}]}, "Only probabilities"),
        ({**photos(), "outputs": [{"name": "probabilities", "parameters": {"classification": -1}}]}, "whole number"),
        ({**photos(), "outputs": [{"name": "labels", "parameters": {"shared_memory_region": "x"}}]}, "shared memory"),
        (photos(name="nix"), "There is no input “nix”"),
        (photos(name={}), "There is no input"),
        (photos(datatype="FP32"), "photos must be BYTES of the shape [N]"),
        (photos(datatype=None), "datatype must be a text"),
        (photos(shape="4"), "shape must be a list of whole numbers"),
        (photos(shape=[-1]), "shape must be a list of whole numbers"),
        (photos(shape=[True]), "shape must be a list of whole numbers"),
        (photos(shape=[]), "photos must be BYTES of the shape [N]"),
        (photos(shape=[0], data=[]), "photos must be BYTES of the shape [N]"),
        (photos(shape=[2, 2]), "photos must be BYTES of the shape [N]"),
        (photos(shape=[3]), "photos holds 4 values, but its shape says 3"),
        (photos(data="x"), "data must be a list"),
        (photos(data=[1, 2, 3, 4]), "must be a text in base64"),
        (photos(data=["no"] * 4), "not valid base64"),
        (photos(parameters={"shared_memory_region": "x"}), "no shared memory"),
        (photos(parameters=3), "parameters must be an object"),
        (tensor(ZEROS[1:]), "tensor holds 71 values, but its shape says 72"),
        (tensor([]), "tensor holds 0 values"),
        (tensor(ZEROS, shape=[1, 6, 4, 3]), "tensor must be FP32 of the shape [N, 4, 6, 3]"),
        (tensor(ZEROS, shape=[72]), "tensor must be FP32 of the shape"),
        (tensor(ZEROS, datatype="UINT8"), "Found: UINT8 [1, 4, 6, 3]"),
        (tensor([["x"], [1, 2]]), "must hold numbers, in rows of one length"),
        (tensor(["1"] * 72), "must hold numbers"),
        (tensor([None] * 72), "must hold numbers"),
        (tensor([10**400] * 72), "must hold numbers"),
        (tensor([255.0] * 72), "from 0 to 1, as the model expects them. Found: 255"),
        (tensor([*ZEROS[1:], 1e300]), "Found: inf"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_says_why(api: Api, body: object, said: str) -> None:
    answer = infer_by_hand(api, body)
    assert problem(answer) == (422, "usage")
    told = json.loads(answer.body)
    assert said in told["error"]
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("numbers", [[0.5] * 72, [300] * 72, [-1] * 72, [True] * 72])
def test_whole_numbers_are_whole_and_in_their_range(api: Api, numbers: list[float]) -> None:
    body = json.dumps(tensor(numbers, datatype="UINT8")).encode()
    assert problem(api.ask("POST", "/v2/models/tiny-uint8/infer", body)) == (422, "usage")


def counted(*texts: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


@pytest.mark.parametrize(
    ("behind", "size", "said"),
    [
        (counted(*PNGS), 9, "says that photos has 9 bytes"),
        (counted(*PNGS), "x", "says that photos has x bytes"),
        (counted(*PNGS), None, "belong to no input"),
        (counted(*PNGS)[:-1], ..., "end in the middle of a photo"),
        (counted(*PNGS) + b"\0\0", ..., "end in the middle of a photo"),
        (b"\xff" * 50, ..., "end in the middle of a photo"),
        (counted(*PNGS[1:]), ..., "photos holds 3 values, but its shape says 4"),
        (counted(*PNGS, b""), ..., "photos holds 5 values"),
        (counted(*PNGS[:3], b""), ..., "photos[3]"),
    ],
)
def test_bytes_that_are_not_what_the_request_says(api: Api, behind: bytes, size: object, said: str) -> None:
    told = {} if size is None else {"binary_data_size": len(behind) if size is ... else size}
    answer = infer_by_hand(api, photos(data=None, parameters=told), behind)
    assert answer.status == 422
    assert said in json.loads(answer.body)["error"]


@pytest.mark.parametrize("value", [np.nan, np.inf, 3.5, -3.5])
def test_numbers_that_mean_nothing_to_the_model_are_refused(api: Api, value: float) -> None:
    numbers = np.zeros((1, 4, 6, 3), "<f4")
    numbers[0, 3, 3, 1] = value
    sized = {"binary_data_size": numbers.nbytes}
    answer = infer_by_hand(api, tensor(None, parameters=sized), numbers.tobytes())
    assert problem(answer) == (422, "usage")
    assert f"Found: {value:g}." in json.loads(answer.body)["error"]


@pytest.mark.parametrize("length", ["-1", "x", "99999999999", "1e3", "²"])
def test_the_length_of_the_json_is_a_length(api: Api, length: str) -> None:
    scope = asgi.scope(INFER, method="POST", content_length="2")
    scope["headers"].append((b"inference-header-content-length", length.encode()))
    answer = asyncio.run(asgi.answered(api.app, scope, [{"type": "http.request", "body": b"{}"}]))
    assert problem(answer) == (422, "usage")


def test_bodies_are_limited(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem(infer_by_hand(api, b"", content_length=str(10 * 2**30))) == (413, "too-large")
    assert problem(infer_by_hand(api, photos(), content_type="text/plain")) == (415, "media-type")
    monkeypatch.setattr(limits, "MOST_OF_REQUEST", 3)
    assert problem(infer_by_hand(api, photos())) == (413, "too-large")
    assert problem(api.ask("POST", "/v2/nothing")) == (404, "address-unknown")
    assert problem(api.ask("GET", INFER)) == (405, "method")


@pytest.mark.parametrize("cores", [1, 8, 64, 128])
def test_however_many_cores_there_are_a_request_leaves_room_in_its_line(models: Models, cores: int) -> None:
    assert cores <= Desk(models, Pool(cores)).ahead < limits.WAITING_OF_LINE


def test_as_many_photos_as_a_request_may_hold_wait_a_few_at_a_time(api: Api) -> None:
    many = infer_by_hand(api, photos(data=CODED * 75, shape=[300]))
    assert len(json.loads(many.body)["parameters"]["verdicts"].split(",")) == 300


def test_a_photo_that_finds_no_room_takes_those_before_it_out_of_the_line(models: Models) -> None:
    api = Api(models, pool=Pool(2, most_of_line=3))
    with held(api.pool):
        assert problem(infer_by_hand(api, photos())) == (429, "full")
        assert api.pool.waiting("api:127.0.0.1") == 0


@contextlib.contextmanager
def held(pool: Pool) -> Iterator[None]:
    """Keep all threads of a pool busy."""
    go, busy = threading.Event(), threading.Barrier(pool.workers + 1)
    others = [pool.line("other").submit(lambda: (busy.wait(5), go.wait(5))) for _ in range(pool.workers)]
    busy.wait(5)
    try:
        yield
    finally:
        go.set()
    for other in others:
        other.result(5)


def test_who_goes_away_leaves_the_line(api: Api) -> None:
    async def ask() -> None:
        body = json.dumps(photos()).encode()
        events = iter([{"type": "http.request", "body": body}, {"type": "http.disconnect"}])

        async def receive() -> Any:
            await asyncio.sleep(0.05)
            return next(events)

        async def send(_message: Any) -> None:
            pass

        await asyncio.wait_for(api.app(asgi.scope(INFER, method="POST", content_length="9"), receive, send), 5)

    with held(api.pool):
        asyncio.run(ask())
        assert api.pool.waiting("api:127.0.0.1") == 0
