"""The interface behind which every runtime stands."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lib.model.spec import ModelSpec


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

    def run(self, tensor: NDArray[np.generic]) -> tuple[NDArray[np.float64], float]:
        """Return the probabilities, shape (K,), sum 1, and the milliseconds that inference took.

        Raises:
            ModelOutputError: The answer is not a set of probabilities.
        """
