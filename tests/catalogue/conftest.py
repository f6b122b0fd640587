"""A catalogue of tiny models behind a loopback server; and the real one, served from ../shared."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lib.catalogue.store import Store
from lib.model.writing import to_toml
from tests.support.mirror import Mirror, serve

TINY = Path(__file__).resolve().parents[1] / "models" / "uint8"


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A server that has only what a test puts there, announced as DISCERN_MIRROR."""
    with serve(Mirror()) as running:
        monkeypatch.setenv("DISCERN_MIRROR", running.address)
        yield running


@pytest.fixture
def shared_mirror(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """A server with the real 8-bit models and Keras-layout weights, announced as DISCERN_MIRROR."""
    with serve(Mirror(shared / "models" / "imagenet", shared / "models" / "keras")) as running:
        monkeypatch.setenv("DISCERN_MIRROR", running.address)
        yield running


@pytest.fixture
def tiny_bytes() -> bytes:
    """A LiteRT model: 6 × 4 pixels, uint8, three classes."""
    return (TINY / "model.tflite").read_bytes()


@pytest.fixture
def make_store(tmp_path: Path, mirror: Mirror, tiny_bytes: bytes) -> Callable[..., Store]:
    """Make a store whose catalogue has the tiny model "tiny", which the mirror serves; arguments change `[source]`."""

    def make(**source: Any) -> Store:
        source = {"kind": "file", "origin": "here", "file": "some/where/tiny.tflite", "labels": "rgb", **source}
        if "sha256" not in source:
            source["sha256"] = hashlib.sha256(tiny_bytes).hexdigest()
        source = {key: value for key, value in source.items() if value is not None}
        shipped = tmp_path / "shipped"
        shipped.mkdir(exist_ok=True)
        entry = {
            "id": "tiny",
            "name": "Tiny",
            "family": "Test",
            "licence": "Apache-2.0",
            "input": {"size": [6, 4], "resize": "squash"},
            "output": {"classes": 3, "activation": "logits"},
            "source": source,
        }
        (shipped / "catalogue.toml").write_text(
            to_toml({"model": [entry]}) + '[origins.here]\naddress = "https://127.0.0.1:1/"\n'
            '[labels.rgb]\norigin = "here"\nfile = "rgb.txt"\n'
        )
        mirror.files.setdefault("tiny.tflite", tiny_bytes)
        mirror.files.setdefault("rgb.txt", b"red\ngreen\nblue\n")
        return Store(tmp_path / "data", shipped)

    return make
