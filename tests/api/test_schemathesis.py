"""The API is what its description says: schemathesis asks whatever that allows, and what it does not."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings, strategies
from schemathesis.specs.openapi.checks import positive_data_acceptance

from lib.api import docs
from lib.server.models import Models
from tests.api.conftest import Api, served
from tests.support.pictures import RED, encode, plain

RED_PNG = encode(plain(RED), "PNG")

for kind in ("image/*", "application/octet-stream"):
    schemathesis.openapi.media_type(kind, strategies.sampled_from([RED_PNG, RED_PNG[:40], b""]))
schema = schemathesis.openapi.from_dict(docs.read())
UNSAID = [positive_data_acceptance]  # no schema says that a body is a photo, or that a shape fits its data
bounded = settings(
    max_examples=20, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def url(models: Models) -> Iterator[str]:
    patched = pytest.MonkeyPatch()
    patched.setattr(models.store, "default_id", lambda: "tiny-float32")
    with served(Api(models).app) as host:
        yield f"http://{host}"
    patched.undo()


@schema.parametrize()
@bounded
def test_every_answer_is_as_the_description_says(case: Any, url: str) -> None:
    case.call_and_validate(base_url=url, excluded_checks=UNSAID)


@schema.include(path_regex="{model}").parametrize()
@bounded
def test_so_is_every_answer_about_a_model_that_there_is(case: Any, url: str) -> None:
    case.path_parameters["model"] = "tiny-float32"
    case.call_and_validate(base_url=url, excluded_checks=UNSAID)
