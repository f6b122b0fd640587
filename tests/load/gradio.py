"""Gradio with the same model and photos, measured in the same run where it is there."""

from collections.abc import Mapping

from tests.load.options import Options


def gradio_s(options: Options, photos: Mapping[str, bytes]) -> float | None:
    """Return how long Gradio takes until all visitors have all answers; None where it is not there."""
    return None
