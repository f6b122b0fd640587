"""How a file's votes come of its last map, where that is one linear layer behind a mean: read from the file itself.

A vote is a logit, what softmax turns into a probability. Where all places of the last map are averaged and one linear
layer follows, each place has a vote of its own, and the mean of these, plus the bias, is the vote: the class activation
map of Zhou et al., Learning Deep Features for Discriminative Localization (CVPR 2016, arXiv 1512.04150). Grad-CAM and
HiResCAM say the same of such nets (Draelos and Carin, arXiv 2011.08891, section 3).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.formats.graft import Pooling
from lib.formats.unbelieved import tables
from lib.formats.walk import Walk

Floats = NDArray[np.float64]
_AXES = 4  # of a map: batch, height, width, channels
_ENDS = ("SOFTMAX", "LOGISTIC", "RESHAPE", "SQUEEZE", "QUANTIZE", "DEQUANTIZE")  # behind the votes
_BETWEEN = ("RESHAPE", "SQUEEZE", "QUANTIZE", "DEQUANTIZE")  # move numbers, and change none but by rounding


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """The last layer.

    Attributes:
        weight: Shape (C, D), by the file's outputs, a background's included; one row for a file of one unit.
        bias: Shape (C,).
        pooling: What the D numbers are the means of; of quarters, they stand one after the other.
        is_normalised: Whether they are divided by their length before the layer.
    """

    weight: Floats
    bias: Floats
    pooling: Pooling
    is_normalised: bool

    def of(self, places: Floats, weight: Floats) -> Floats:
        """Return the vote of each place of a map, shape (H, W): their mean and a bias are the vote of the whole.

        Args:
            places: The last map, real values, shape (H, W, D), or D / 4 channels where quarters are pooled.
            weight: Shape (D,): a row of `weight`, or the difference of two.
        """
        height, width, channels = places.shape
        parts = [(slice(None), slice(None))] if self.pooling is Pooling.WHOLE else _quarters(height, width)
        means = [places[part].mean(axis=(0, 1)) for part in parts]
        length = float(np.linalg.norm(np.concatenate(means))) if self.is_normalised else 1.0
        votes = np.zeros((height, width))
        for part, own in zip(parts, weight.reshape(len(parts), channels), strict=True):
            votes[part] += places[part] @ own * (height * width / votes[part].size)
        return votes / (length or 1.0)


def _quarters(height: int, width: int) -> list[tuple[slice, slice]]:
    """Return the quarters of a map in their order in a row, as `lib.formats.graft` pools them: they overlap."""
    halves = [(slice(0, -(-side // 2)), slice(side // 2, side)) for side in (height, width)]
    return [(rows, columns) for rows in halves[0] for columns in halves[1]]


def read_votes(content: bytes, file: str) -> Votes | None:
    """Return a file's last layer; None for a file that comes to its votes otherwise.

    Raises:
        ModelFileError: It is no LiteRT model; the message calls it `file`.
    """
    with tables(content, file) as model:
        walk = Walk(model, content)
        end = walk.past(walk.graph.Outputs(0), _ENDS)
        layer = walk.back(end, "FULLY_CONNECTED") or walk.back(end, "CONV_2D")
        before = walk.past(end if layer is None else layer.Inputs(0), _BETWEEN)
        norm = layer and walk.back(before, "L2_NORMALIZATION")
        pool = _pool(walk, walk.past(norm.Inputs(0), _BETWEEN) if norm else before)
        if pool is None:
            return None
        channels = walk.shape(pool.Inputs(0))[-1]
        if layer is None:  # each channel of the map is a class
            return Votes(np.eye(channels), np.zeros(channels), Pooling.WHOLE, is_normalised=False)
        return _read(walk, layer, channels, is_normalised=bool(norm))


def _pool(walk: Walk, tensor: int) -> Any:
    """Return the operator that makes a tensor of means, if it is of a map's; None for another."""
    pool = walk.back(tensor, "MEAN") or walk.back(tensor, "AVERAGE_POOL_2D")
    if not pool or len(walk.shape(pool.Inputs(0))) != _AXES:
        return None
    _, height, width, channels = walk.shape(pool.Inputs(0))
    parts = int(np.prod(walk.shape(tensor))) / channels
    return pool if parts == 1 or (parts == 4 and min(height, width) > 1) else None


def _read(walk: Walk, layer: Any, channels: int, *, is_normalised: bool) -> Votes | None:
    weight = walk.real(layer.Inputs(1))
    bias = walk.real(layer.Inputs(2)) if layer.InputsLength() > 2 and layer.Inputs(2) >= 0 else None
    if weight is None or weight.ndim < 2:
        return None
    rows = weight.reshape(len(weight), -1)
    pooling = {channels: Pooling.WHOLE, 4 * channels: Pooling.QUARTERS}.get(rows.shape[1])
    if pooling is None or (bias is not None and bias.shape != (len(rows),)):
        return None
    return Votes(rows, np.zeros(len(rows)) if bias is None else bias, pooling, is_normalised)
