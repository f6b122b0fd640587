"""How a file's votes come of its last map: read from the file, they add up to what the file itself says."""

from pathlib import Path

import numpy as np
import pytest

from lib.errors import ModelFileError
from lib.formats.graft import Pooling, graft
from lib.formats.inner import Inner, expose
from lib.formats.quantise import quantise_dynamic, quantise_float16
from lib.formats.votes import Votes, read_votes
from tests.formats.test_inner import MODELS, run

SMALL = next(path for path in MODELS if path.parent.name == "starter-small").read_bytes()
SIDE = 64


def gaps(content: bytes) -> tuple[Votes, np.ndarray]:
    """Return the last layer, and by how much each class's places miss its logit."""
    votes = read_votes(content, "x")
    assert votes is not None
    _, places, logits = run(expose(content, [Inner.MAP, Inner.LOGITS], "x"))
    real = places.astype(np.float64)
    total = [votes.of(real, row).mean() + bias for row, bias in zip(votes.weight, votes.bias, strict=True)]
    return votes, np.abs(np.array(total) - logits)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.parent.name)
def test_the_mean_of_the_places_and_the_bias_are_the_logit(path: Path) -> None:
    votes, gap = gaps(path.read_bytes())
    assert not votes.is_normalised
    assert gap.max() < 1e-3


@pytest.mark.parametrize("pooling", Pooling)
def test_of_normalised_means_and_of_quarters_too(pooling: Pooling) -> None:
    channels = read_votes(SMALL, "x").weight.shape[1]  # type: ignore[union-attr]
    random = np.random.default_rng(0)
    weight = random.normal(size=(3, channels * (4 if pooling is Pooling.QUARTERS else 1)))
    votes, gap = gaps(graft(SMALL, weight, random.normal(size=3), pooling, (SIDE, SIDE), "x"))
    assert (votes.is_normalised, votes.pooling) == (True, pooling)
    assert gap.max() < 1e-3


@pytest.mark.parametrize("quantise", [quantise_float16, quantise_dynamic])
def test_weights_that_are_stored_otherwise_are_made_real(quantise: object) -> None:
    _, gap = gaps(quantise(SMALL, "x"))  # type: ignore[operator]
    assert gap.max() < 0.1


def test_quarters_of_an_odd_side_overlap_and_still_add_up() -> None:
    random = np.random.default_rng(1)
    places, weight = random.random((7, 5, 3)), random.normal(size=12)
    votes = Votes(weight[None], np.zeros(1), Pooling.QUARTERS, is_normalised=True)
    means = np.concatenate([
        places[rows, columns].mean(axis=(0, 1))
        for rows in (slice(0, 4), slice(3, 7)) for columns in (slice(0, 3), slice(2, 5))
    ])  # fmt: skip
    assert votes.of(places, weight).mean() == pytest.approx(weight @ means / np.linalg.norm(means))


def test_a_file_without_a_map_has_no_such_layer() -> None:
    tiny = Path(__file__).parents[1] / "models" / "float32" / "model.tflite"
    assert read_votes(tiny.read_bytes(), "x") is None


def test_what_is_no_model_is_an_error() -> None:
    with pytest.raises(ModelFileError, match="is not a LiteRT model"):
        read_votes(b"TFL3" * 9, "x")
