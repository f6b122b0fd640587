"""A `.keras` file with a head of our own: loaded by Keras alone, it answers as the LiteRT file."""

import json
from pathlib import Path

import numpy as np
import pytest

from lib.formats.efficientnet_lite import FEATURES, to_litert
from lib.formats.graft import Pooling, graft
from tests.support.nursery import nursery
from tests.support.tiny_lite import SIDE, WEIGHTS

MADE = """
import sys
from pathlib import Path
import numpy as np
from lib.formats.efficientnet_keras import build
from lib.formats.graft import Pooling
from lib.formats.head import LinearHead
from lib.formats.headed_keras import with_head
from tests.support.tiny_lite import SIDE, WEIGHTS

for pooling in Pooling:
    with np.load(Path(sys.argv[1], f"{pooling}.npz")) as head:
        ours = LinearHead(head["weight"], head["bias"], pooling)
    with_head(build(WEIGHTS, SIDE), ours).save(f"{sys.argv[1]}/{pooling}.keras")
"""
# In a folder of its own, where nothing of this program can be imported.
ALONE = """
import json, sys
import keras
import numpy as np

try:
    import lib
except ImportError:
    photo = np.load("photo.npy")
    answers = {name: np.asarray(keras.saving.load_model(f"{name}.keras")(photo)).tolist() for name in sys.argv[1:]}
    print(json.dumps(answers))
"""


@pytest.mark.tensorflow
def test_a_file_that_keras_alone_loads_answers_as_the_litert_file(tmp_path: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    rng = np.random.default_rng(5)
    photo = rng.uniform(-1, 1, (1, SIDE, SIDE, 3)).astype(np.float32)
    np.save(tmp_path / "photo.npy", photo)
    expected = {}
    for pooling, length in ((Pooling.WHOLE, FEATURES), (Pooling.QUARTERS, 4 * FEATURES)):
        weight, bias = rng.normal(0, 2, (3, length)).astype(np.float32), rng.normal(0, 1, 3).astype(np.float32)
        np.savez(tmp_path / f"{pooling}.npz", weight=weight, bias=bias)
        interpreter = Interpreter(
            model_content=graft(to_litert(WEIGHTS, SIDE), weight, bias, pooling, (SIDE, SIDE), "x")
        )
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], photo)
        interpreter.invoke()
        expected[pooling.value] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    nursery().run(MADE, tmp_path)
    found = json.loads(nursery().run(ALONE, *expected, cwd=tmp_path, alone=True).splitlines()[-1])
    for name, answer in expected.items():
        assert np.ptp(answer) > 0.05, "a flat answer would prove little"
        assert found[name] == pytest.approx(answer, abs=1e-4)
