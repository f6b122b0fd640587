"""A head on a finished model's features."""

from pathlib import Path

import numpy as np
import pytest

from lib.catalogue.store import SHIPPED
from lib.classify.litert import LiteRTClassifier
from lib.formats.inner import Inner
from lib.model.spec import load
from lib.photos.source import Source
from lib.training.logistic import Floats, fit, read_features
from tests.support.pictures import BLUE, RED, encode, plain


def clusters(count: int) -> tuple[Floats, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 3
    features = np.eye(3, 8)[labels] + rng.normal(0, 0.3, (count, 8))
    return (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32), labels


def test_the_head_tells_apart_what_can_be_told_apart_whatever_the_order_of_the_photos() -> None:
    features, labels = clusters(300)
    head = fit(features, labels)
    assert head.weight.dtype == head.bias.dtype == np.float16
    assert (head.logits(features).argmax(axis=1) == labels).mean() > 0.95
    again = fit(features[::-1], labels[::-1])
    assert head.logits(features) == pytest.approx(again.logits(features), abs=0.02)  # float16


def test_the_same_head_is_the_same_file(tmp_path: Path) -> None:
    head = fit(*clusters(60))
    for name in ("a.npz", "b.npz"):
        head.save(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz") as arrays:
        assert np.array_equal(arrays["weight"], head.weight)


def test_features_have_length_1_and_are_read_as_the_app_sees_the_photo() -> None:
    backbone = LiteRTClassifier(load(SHIPPED / "starter-small"), inner=(Inner.FEATURES,))
    photos = [Source.of_bytes(encode(plain(colour, 90, 70), "PNG"), "a.png") for colour in (RED, BLUE, RED)]
    features = read_features(backbone, photos)
    assert features.shape == (3, 32)
    assert np.linalg.norm(features, axis=1) == pytest.approx(1, abs=1e-6)
    assert np.array_equal(features[0], features[2])
    assert not np.allclose(features[0], features[1])
