"""Smaller files from a finished float LiteRT file, without TensorFlow (ai-edge-quantizer, seconds).

8-bit weights and activations: about a quarter of the size; the input and output tensors are int8 too. 8-bit weights
alone ("dynamic"): as small, float input and output, no calibration photos needed.
"""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.errors import ModelFileError
from lib.messages import N_

LEAST_CALIBRATION_PHOTOS = 8


def quantise_dynamic(weights: Path) -> bytes:
    """Return the float file `weights` with its kernels in 8 bits.

    Raises:
        ModelFileError: It is not a float LiteRT file with a signature.
    """
    from ai_edge_quantizer import recipe

    quantiser, _, _ = _open(weights, recipe.dynamic_wi8_afp32())
    with redirect_stdout(sys.stderr):  # it prints a report; our standard output may be JSON
        return bytes(quantiser.quantize(None).quantized_model)


def quantise_int8(weights: Path, tensors: Sequence[NDArray[np.float32]]) -> bytes:
    """Return the float file `weights` in 8 bits throughout, input and output included.

    The ranges of the activations are the smallest and largest values seen for any of `tensors`; a hundred or two
    typical photos are enough. They should be photos it was trained on, never those it is judged by. (The quantiser's
    own rule, a moving average of each photo's extremes, cuts off half of them: on an early starter 4 % of the
    answers changed with it, 2 % with this.)

    Args:
        weights: A float LiteRT file with one input.
        tensors: Input tensors, batch included, as the float model takes them.

    Raises:
        ModelFileError: Too few tensors, or not a float LiteRT file with a signature.
    """
    from ai_edge_quantizer import calibrator, recipe
    from ai_edge_quantizer.utils import qsv_utils

    if len(tensors) < LEAST_CALIBRATION_PHOTOS:
        raise ModelFileError(
            N_("{file}: {count} photos are too few to find the ranges of an 8-bit model; at least {least} are needed."),
            file=weights.name,
            count=len(tensors),
            least=LEAST_CALIBRATION_PHOTOS,
        )
    quantiser, signature, name = _open(weights, recipe.static_wi8_ai8())
    with redirect_stdout(sys.stderr):
        ranges = calibrator.Calibrator(str(weights), qsv_update_func=qsv_utils.min_max_update)
        ranges.calibrate({signature: [{name: tensor} for tensor in tensors]}, _manager(recipe.static_wi8_ai8()))
        return bytes(quantiser.quantize(ranges.get_model_qsvs()).quantized_model)


def _manager(recipe: Any) -> Any:
    from ai_edge_quantizer import recipe_manager

    manager = recipe_manager.RecipeManager()
    manager.load_quantization_recipe(recipe)
    return manager


def _open(weights: Path, recipe: Any) -> tuple[Any, str, str]:
    """Return a quantiser with `recipe`, the signature's name and its input's name."""
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import quantizer

    try:
        interpreter = Interpreter(model_path=str(weights))
    except (ValueError, RuntimeError) as error:
        raise ModelFileError(N_("{file} is not a LiteRT model."), file=weights.name) from error
    signatures = interpreter.get_signature_list()
    if len(signatures) != 1:
        raise ModelFileError(
            N_("{file} cannot be made smaller: it has {count} signatures, and exactly one is needed."),
            file=weights.name,
            count=len(signatures),
        )
    ((signature, ends),) = signatures.items()
    if interpreter.get_input_details()[0]["dtype"] != np.float32:
        raise ModelFileError(N_("{file} is not a float model; it may be in 8 bits already."), file=weights.name)
    tool = quantizer.Quantizer(str(weights))
    tool.load_quantization_recipe(recipe)
    return tool, str(signature), str(ends["inputs"][0])
