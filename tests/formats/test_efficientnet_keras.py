"""EfficientNet-Lite in Keras answers as the LiteRT file of the same weights."""

import json

import pytest

from tests.support.nursery import nursery

COMPARED = """
import json
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from lib.formats.efficientnet_keras import MAP, POOLED, build, classes_of
from lib.formats.efficientnet_lite import to_litert
from tests.support.tiny_lite import SIDE, WEIGHTS

photo = np.random.default_rng(1).uniform(-1, 1, (1, SIDE, SIDE, 3)).astype(np.float32)
interpreter = Interpreter(model_content=to_litert(WEIGHTS, SIDE))
interpreter.allocate_tensors()
interpreter.set_tensor(interpreter.get_input_details()[0]["index"], photo)
interpreter.invoke()
expected = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
model = build(WEIGHTS, SIDE)
found = np.asarray(classes_of(model, WEIGHTS)(photo, training=False))
try:
    build({name: array for name, array in WEIGHTS.items() if name != "_blocks.1._bn1.running_var"}, SIDE)
except Exception as error:
    refusal = f"{type(error).__name__}: {error}"
print(json.dumps({
    "apart": float(np.abs(found - expected).max()), "spread": float(np.ptp(expected)),
    "features": model.output.shape[1],
    "map": list(model.get_layer(MAP).output.shape), "pooled": model.get_layer(POOLED).output is model.output,
    "refusal": refusal,
}))
"""


@pytest.mark.tensorflow
def test_keras_and_litert_answer_alike() -> None:
    found = json.loads(nursery().run(COMPARED).splitlines()[-1])
    assert found["spread"] > 0.05, "a flat answer would prove little"
    assert found["apart"] < 1e-6, "rounding alone"
    assert found["map"] == [None, 8, 8, 1280]
    assert (found["features"], found["pooled"]) == (1280, True)
    assert found["refusal"].startswith("ModelFileError: EfficientNet-Lite could not be made: '_blocks.1._bn1")
