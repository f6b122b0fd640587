"""The API is what its description says: schemathesis asks whatever that allows, and what it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib.server.models import Models
from tests.api.conftest import Api, served
from tests.support.server import ROOT

# No schema says that a body is a photo, or that the shape of a tensor fits its data: what is refused may be valid.
UNSAID = "positive_data_acceptance"


def test_every_answer_is_as_the_description_says(
    models: Models, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(models.store, "default_id", lambda: "tiny-float32")
    bounds = ["--phases=coverage,fuzzing", "--max-examples=12", "--generation-deterministic"]
    bounds += [f"--exclude-checks={UNSAID}", "--no-color", "--warnings=off"]
    with served(Api(models).app) as host:
        asking = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "run", f"http://{host}/api/v1/openapi.json", *bounds],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.api.schemathesis_hooks"},
            capture_output=True,
            text=True,
            timeout=200,
        )
    assert asking.returncode == 0, asking.stdout
    assert "16 passed" in asking.stdout, asking.stdout
