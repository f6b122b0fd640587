"""What is counted is what happened, and no label grows without end."""

import asyncio

import pytest
from starlette.requests import ClientDisconnect

from lib.errors import PhotoError, UnknownModelError
from lib.results import Failure
from lib.server.metrics import MOST_MODELS, Metrics
from lib.server.ways import Way, way_of


def values(found: Metrics) -> dict[str, float]:
    """Return what a reader of the text sees: each series and its value."""
    lines = [line for line in found.text().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def photos(found: Metrics) -> dict[str, float]:
    return {name: value for name, value in values(found).items() if name.startswith("discern_photos_total")}


def test_a_photo_is_counted_by_model_way_and_outcome_and_timed() -> None:
    found = Metrics()
    found.photo(model="starter", door=Way.API, outcome="clear", seconds=0.03)
    found.photo(model="starter", door=Way.API, outcome="clear", seconds=3.0)
    found.photo(model=None, door=Way.PAGE, outcome="model-unknown")
    seen = values(found)
    assert seen['discern_photos_total{door="api",model="starter",outcome="clear"}'] == 2
    assert seen['discern_photos_total{door="page",model="",outcome="model-unknown"}'] == 1
    assert seen['discern_answer_seconds_bucket{door="api",le="0.05"}'] == 1
    assert seen['discern_answer_seconds_count{door="api"}'] == 2
    assert seen['discern_answer_seconds_sum{door="api"}'] == pytest.approx(3.03)
    assert 'discern_answer_seconds_count{door="page"}' not in seen, "no time was told"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (PhotoError("no photo"), "photo"),
        (UnknownModelError("none"), "model-unknown"),
        (ClientDisconnect(), "gone"),
        (KeyError("a bug"), "bug"),
        (asyncio.CancelledError(), "gone"),
    ],
)
def test_what_goes_wrong_is_counted_and_goes_on(error: BaseException, outcome: str) -> None:
    found = Metrics()

    def photo() -> None:
        with found.counted(Way.PAGE) as told:
            told.model = "starter"
            raise error

    with pytest.raises(type(error)):
        photo()
    assert photos(found) == {f'discern_photos_total{{door="page",model="starter",outcome="{outcome}"}}': 1}


def test_a_photo_that_cannot_be_read_is_counted_with_its_code() -> None:
    found = Metrics()
    with found.counted(Way.PAGE) as told:
        told.is_about(Failure("a.jpg", "starter", PhotoError("{file} is cut off.", file="a.jpg")))
    assert photos(found) == {'discern_photos_total{door="page",model="starter",outcome="photo"}': 1}


def test_models_beyond_the_hundredth_share_a_label() -> None:
    found = Metrics()
    for number in range(MOST_MODELS + 50):
        found.photo(model=f"own-{number}", door=Way.PAGE, outcome="clear")
        found.inference(f"own-{number}", 0.004)
    assert len(photos(found)) == MOST_MODELS + 1
    assert photos(found)['discern_photos_total{door="page",model="other",outcome="clear"}'] == 50
    assert values(found)['discern_inference_seconds_count{model="other"}'] == 50


def test_what_is_watched_is_asked_when_somebody_looks() -> None:
    found, here = Metrics(), {"person": 2.0}
    found.watch("discern_waiting", "Work that waits.", lambda: here, "rank")
    found.watch("discern_visits", "Visits.", lambda: {"": 7})
    here["job"] = 5.0
    seen = values(found)
    assert seen['discern_waiting{rank="job"}'] == 5
    assert seen['discern_waiting{rank="person"}'] == 2
    assert seen["discern_visits"] == 7


def test_the_process_says_what_it_takes() -> None:
    seen = values(Metrics())
    assert 1e6 < seen["process_resident_memory_bytes"] < 1e11
    assert seen["process_cpu_seconds_total"] > 0
    assert seen["process_threads"] >= 1


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("/api/v1/hf/starter", Way.HF),
        ("/api/v1/classify", Way.API),
        ("/v2/models/starter/infer", Way.OIP),
        ("/visits/{visit}/photos", Way.PAGE),
        ("/projects/{project}/look", Way.ROOM),
        ("/metrics", None),
    ],
)
def test_an_address_tells_the_way(address: str, way: Way | None) -> None:
    assert way_of(address) is way
