"""The interface behind which every runtime stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.formats.inner import Inner
from lib.model.spec import ModelSpec
from lib.results import Familiarity


@dataclass(frozen=True, slots=True, eq=False)
class Inference:
    """What one run of a model gives.

    Attributes:
        probabilities: Shape (K,), float64, sum 1.
        milliseconds: That the run took, from tensor to tensor.
        familiarity: How familiar the photo looks, by the model's own threshold; None for a model that cannot say.
        inner: The inner tensors that were asked for, real values: the map of shape (H, W, D), others flat.
    """

    probabilities: NDArray[np.float64]
    milliseconds: float
    familiarity: Familiarity | None = None
    inner: Mapping[Inner, NDArray[np.float64]] = field(default_factory=dict)


class Classifier(Protocol):
    """A loaded model. Safe to use from several threads at once."""

    @property
    def spec(self) -> ModelSpec:
        """The model's description."""

    @property
    def labels(self) -> tuple[str, ...]:
        """K names, in the order of the probabilities."""

    @property
    def workers(self) -> int:
        """How many photos are classified at once; further calls wait."""

    def prepare(self, image: Image.Image) -> NDArray[np.generic]:
        """Turn an RGB image of any size into the input tensor, shape (1, H, W, 3)."""

    def run(self, tensor: NDArray[np.generic]) -> Inference:
        """Let the model look at what `prepare` made.

        Raises:
            ModelOutputError: The answer is not a set of probabilities.
        """
