"""The MobileNets that the package @tensorflow-models/mobilenet knows, and which of them is the app's model again."""

import re
from dataclasses import dataclass

from lib.model.spec import InputSpec, Novelty

PREFIX = "tfjs-"
CLASSES = 1000  # the package drops the first of the 1001 logits, the background
# What the graphs at the package's own addresses take (earlier versions of the package gave them [-1, 1]). The package
# would squash a photo; the code cuts its middle out first, as the app does for the models these are like. Those were
# measured (models/catalogue.toml); these were not at hand.
INPUT = InputSpec((224, 224), range=(0.0, 1.0), resize="square", filter="bicubic")


@dataclass(frozen=True, slots=True)
class TfjsMobilenet:
    """One of them.

    Attributes:
        version: 1 or 2.
        alpha: The width: 0.25, 0.5, 0.75 or 1.0; version 2 has no 0.25.
        novelty: How its largest logit tells the unfamiliar; None of those below: their weights were not at hand to be
            measured, and thresholds of other weights do not hold for them.
    """

    version: int
    alpha: float
    novelty: Novelty | None = None

    @property
    def id(self) -> str:
        """Return what the command line calls it: "tfjs-mobilenet-v2-1.0"."""
        return f"{PREFIX}mobilenet-v{self.version}-{self.alpha}"

    @property
    def name(self) -> str:
        """Return its name for people."""
        return f"MobileNet V{self.version} {self.alpha} (TF.js)"

    @property
    def address(self) -> str:
        """Return where the package itself looks for the model."""
        width, revision = f"{round(self.alpha * 100):03}", self.version
        return (
            f"https://tfhub.dev/google/imagenet/mobilenet_v{self.version}_{width}_224/classification/{revision}"
            "/model.json?tfjs-format=file"
        )


MOBILENETS = {
    found.id: found
    for version, alphas in ((1, (0.25, 0.5, 0.75, 1.0)), (2, (0.5, 0.75, 1.0)))
    for found in (TfjsMobilenet(version, alpha) for alpha in alphas)
}
_SAME = re.compile(r"(?:keras-)?mobilenet(?:-v([12]))?(?:-(0\.25|0\.5|0\.75|1\.0))?(?:-\d{3})?(?:-quant|-ptq)?")


def matching(model_id: str) -> TfjsMobilenet | None:
    """Return the TF.js MobileNet of the same version and width as a model of the catalogue, whatever its input size."""
    if model_id in MOBILENETS:
        return MOBILENETS[model_id]
    same = _SAME.fullmatch(model_id)
    return same and MOBILENETS.get(f"{PREFIX}mobilenet-v{same[1] or 1}-{same[2] or '1.0'}")
