"""Smaller files from a finished float LiteRT file, without TensorFlow (ai-edge-quantizer, seconds).

float16 weights: half the size, the same answers; computed in float32. 8-bit weights and activations: about a quarter
of the size; uint8 in, float32 out. 8-bit weights alone ("dynamic"): as small, float input and output, no calibration
photos needed. `lib.catalogue.variants` keeps what is made here.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.errors import ModelFileError
from lib.formats.edit import unsigned
from lib.formats.tables import Format, format_of
from lib.formats.unbelieved import tables
from lib.messages import N_

LEAST_CALIBRATION_PHOTOS = 8
# Operators with weights of their own.
_LAYERS = ("BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")


def quantise_float16(content: bytes, file: str) -> bytes:
    """Return a float file with its kernels in 16 bits, to be widened again when it is loaded.

    The kernels of convolutions and dense layers become float16 constants, each followed by a DEQUANTIZE, which
    XNNPACK folds away when it packs the weights; biases stay as they are. The quantiser lists no recipe for it, but
    its recipe manager names this use of FLOAT_CASTING. On 300 photos the starter's probabilities moved by at most
    0.003.

    Raises:
        ModelFileError: It is not a float LiteRT file.
    """
    from ai_edge_quantizer import qtyping, recipe_manager

    manager = recipe_manager.RecipeManager()
    manager.add_weight_only_config(
        ".*", qtyping.TFLOperationName.ALL_SUPPORTED, num_bits=16, algorithm_key="float_casting"
    )
    return _quantise(_open(content, file), manager.get_quantization_recipe())


def quantise_dynamic(content: bytes, file: str) -> bytes:
    """Return a float file with its kernels in 8 bits.

    Raises:
        ModelFileError: It is not a float LiteRT file.
    """
    from ai_edge_quantizer import recipe

    return _quantise(_open(content, file), recipe.dynamic_wi8_afp32())


def quantise_int8(content: bytes, file: str, tensors: Sequence[NDArray[np.float32]]) -> bytes:
    """Return a float file in 8 bits up to the scores of its last layer: bytes of a photo in, real numbers out.

    What follows the last layer, a softmax as a rule, stays in float32: in 8 bits it keeps steps of 1/256, and of a
    thousand probabilities it loses most (they then summed to 0.91 on average, 0.59 at worst). So does a head on
    features of length 1, as a user's own models have (`lib.formats.graft`): of 5120 such numbers few are far from 0.
    The input is uint8, as the bytes of a photo are and browsers need (`lib.formats.edit.unsigned`). Both suit a
    microcontroller too: LiteRT Micro has the operators, and what takes a photo there gives uint8.

    The ranges of the activations are the smallest and largest values seen for any of `tensors`; a hundred or two
    typical photos are enough. They should be photos it was trained on, never those it is judged by. (The quantiser's
    own rule, a moving average of each photo's extremes, cuts off half of them: on an early starter 4% of the
    answers changed with it, 2% with this.)

    Args:
        content: Of a float LiteRT file with one input.
        file: What to call it in an error.
        tensors: Input tensors, batch included, as the float model takes them.

    Raises:
        ModelFileError: Too few tensors, or not a float LiteRT file with a signature.
    """
    from ai_edge_quantizer import calibrator, recipe, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    check_enough(len(tensors), file)
    content = _open(content, file)
    signature, name = _signature(content, file)
    rules = [
        *recipe.static_wi8_ai8(),
        _left_alone("OUTPUT"),
        *(_left_alone("*", name) for name in _tail(content, file)),
    ]
    manager = recipe_manager.RecipeManager()
    manager.load_quantization_recipe(rules)
    with redirect_stdout(sys.stderr):
        ranges = calibrator.Calibrator(content, qsv_update_func=qsv_utils.min_max_update)
        ranges.calibrate({signature: [{name: tensor} for tensor in tensors]}, manager)
    return unsigned(_quantise(content, rules, ranges.get_model_qsvs()), file)


def _tail(content: bytes, file: str) -> Iterator[str]:
    """Yield the names of what is worked out after the last layer, or from features of length 1: probabilities."""
    from ai_edge_litert import schema_py_generated as schema

    layers = {getattr(schema.BuiltinOperator, name) for name in _LAYERS}
    with tables(content, file) as model:
        graph = model.Subgraphs(0)
        codes = [
            max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
            for code in map(model.OperatorCodes, range(model.OperatorCodesLength()))
        ]
        operators = [*map(graph.Operators, range(graph.OperatorsLength()))]
        kinds = [codes[found.OpcodeIndex()] for found in operators]
        last = max((i for i, kind in enumerate(kinds) if kind in layers), default=len(kinds))
        begin = next((i for i, kind in enumerate(kinds) if kind == schema.BuiltinOperator.L2_NORMALIZATION), last + 1)
        tail = operators[begin:]
        outputs = [found.Outputs(i) for found in tail for i in range(found.OutputsLength())]
        names = [graph.Tensors(output).Name().decode() for output in outputs]
    yield from names


def _left_alone(operation: str, name: str = "") -> dict[str, Any]:
    """Return the quantiser's rule that an operation, of any name or with this output, stays as it is."""
    pattern = f"^{re.escape(name)};?$" if name else ".*"
    return {"regex": pattern, "operation": operation, "algorithm_key": "no_quantize", "op_config": {}}


def check_enough(count: int, file: str) -> None:
    """Raise ModelFileError if `count` photos are too few to find the ranges of an 8-bit model."""
    if count < LEAST_CALIBRATION_PHOTOS:
        raise ModelFileError(
            N_("Too few photos to convert {file} to 8 bits: {count}. At least {least} are needed."),
            file=file,
            count=count,
            least=LEAST_CALIBRATION_PHOTOS,
        )


def _quantise(content: bytes, recipe: Any, ranges: Any = None) -> bytes:
    from ai_edge_quantizer import quantizer

    with redirect_stdout(sys.stderr):  # it prints a report; our standard output may be JSON
        return bytes(quantizer.Quantizer(content, recipe).quantize(ranges).quantized_model)


def _open(content: bytes, file: str) -> bytes:
    """Return a float LiteRT file; one without a signature is given one, which calibration asks for."""
    if format_of(content, file) is not Format.FLOAT32:
        raise ModelFileError(N_("{file} is not a float model. It may already be quantized."), file=file)
    with tables(content, file) as model:
        has_signature = model.SignatureDefsLength() > 0
    return content if has_signature else _signed(content)


def _signature(content: bytes, file: str) -> tuple[str, str]:
    """Return the one signature's name and its input's name."""
    with tables(content, file) as model:
        count = model.SignatureDefsLength()
        signature = model.SignatureDefs(0)
        names = (signature.SignatureKey().decode(), signature.Inputs(0).Name().decode())
    if count != 1:
        raise ModelFileError(
            N_("{file} cannot be made smaller. It must have exactly one signature, but has {count}."),
            file=file,
            count=count,
        )
    return names


def _signed(content: bytes) -> bytes:
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph, signature = model.subgraphs[0], schema.SignatureDefT()
    signature.signatureKey = "serving_default"
    signature.inputs = list(_named(graph.inputs, "photo"))
    signature.outputs = list(_named(graph.outputs, "classes"))
    model.signatureDefs = [signature]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _named(tensors: Sequence[int], name: str) -> Iterator[Any]:
    from ai_edge_litert import schema_py_generated as schema

    for number, index in enumerate(tensors):
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = f"{name}{number or ''}", index
        yield entry
