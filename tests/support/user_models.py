"""Model folders as a user might put them into a data folder: sound ones, and spoilt in all the ways we know."""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lib.catalogue.store import Store

MODELS = Path(__file__).resolve().parents[2] / "models"
TINY = MODELS.parent / "tests" / "models"
# One byte of a model, and what happens to the process that uses the file then.
KILLS = (TINY / "uint8", 697, 195)  # LiteRT reads a wrong address while it allocates tensors
TAKES_GIGABYTES = (MODELS / "starter-scratch", 4979413, 216)  # it answers


def put(data: Path, name: str, base: Path = TINY / "float32", *, content: bytes | None = None, **card: object) -> Path:
    """Copy a model folder into the data folder as the user's model `name`, and return where it is.

    Args:
        data: The data folder.
        name: Id and folder name.
        base: The folder to copy.
        content: Of its weights, instead of its own.
        card: Keys of its model.toml, and other values for them.
    """
    folder = data / "models" / name
    shutil.copytree(base, folder, ignore=shutil.ignore_patterns("*.keras"))
    text = (folder / "model.toml").read_text(encoding="utf-8").split("[source]")[0]
    for key, value in {"id": name, **card}.items():
        text, count = re.subn(rf"(?m)^{key} = .*", lambda _: f"{key} = {json.dumps(value)}", text)  # noqa: B023
        assert count == 1, key
    (folder / "model.toml").write_text(text, encoding="utf-8")
    if content is not None:
        (folder / "model.tflite").write_bytes(content)
    return folder


def store_of(data: Path, bases: Mapping[str, Path]) -> Store:
    """Return a store of the user's models `bases` in an empty data folder, by their names, and of no other."""
    for name, base in bases.items():
        put(data, name, base)
    (data / "catalogue.toml").write_text("[origins]\n", encoding="utf-8")
    return Store(data, shipped=data)


def damage(base: Path, at: int, value: int) -> bytes:
    """Return a model's weights with one byte changed."""
    content = bytearray((base / "model.tflite").read_bytes())
    assert content[at] == 0
    content[at] = value
    return bytes(content)


def edit(content: bytes, change: Callable[[Any, Any, Any], None]) -> bytes:
    """Return a LiteRT file whose tables were changed.

    Args:
        content: The file.
        change: Changes the only graph; is given it, its input tensor and its output tensor.
    """
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    change(graph, graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]])
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def chain(*operators: str) -> bytes:
    """Return a LiteRT file that gives 4 × 6 pixels, shape (1, 4, 6, 3), as 72 numbers, shape (1, 72).

    Args:
        operators: What is done to the numbers, one after another; of one input each: "RESHAPE".
    """
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs, model.buffers = 3, [graph], [schema.BufferT()]
    model.operatorCodes, graph.operators, graph.tensors = [], [], []
    for place in range(len(operators) + 1):
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.buffer = [1, 72] if place else [1, 4, 6, 3], schema.TensorType.FLOAT32, 0
        tensor.name = f"tensor-{place}"
        graph.tensors.append(tensor)
    for place, name in enumerate(operators):
        code, operator = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        operator.opcodeIndex, operator.inputs, operator.outputs = place, [place], [place + 1]
        if name == "RESHAPE":
            operator.builtinOptionsType = schema.BuiltinOptions.ReshapeOptions
            operator.builtinOptions = schema.ReshapeOptionsT()
            operator.builtinOptions.newShape = [1, 72]
        if name == "SOFTMAX":
            operator.builtinOptionsType = schema.BuiltinOptions.SoftmaxOptions
            operator.builtinOptions = schema.SoftmaxOptionsT()
            operator.builtinOptions.beta = 1.0
        model.operatorCodes.append(code)
        graph.operators.append(operator)
    graph.inputs, graph.outputs = [0], [len(operators)]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def put_chain(data: Path, name: str, *operators: str) -> Path:
    """Put a model that is such a chain into the data folder, its 72 numbers declared a softmax."""
    folder = put(data, name, content=chain(*operators), classes=72)
    (folder / "labels.txt").write_text("".join(f"{n}\n" for n in range(72)), encoding="utf-8")
    return folder


def put_damaged(data: Path, name: str, base: Path, at: int, value: int) -> Path:
    """Put a copy of a model with one byte changed into the data folder."""
    return put(data, name, base, content=damage(base, at, value))


def spoil(data: Path) -> list[str]:
    """Fill a data folder with models that cannot be used and one, `sound`, that can; return the others' names."""
    before = {path.name for path in (data / "models").glob("*")}
    put(data, "sound")
    put(data, "garbage", content=b"not a model" * 99)
    put(data, "empty", content=b"")
    put(data, "truncated", content=(TINY / "float32" / "model.tflite").read_bytes()[:700])
    put_damaged(data, "killing", *KILLS)
    put_damaged(data, "gigabytes", *TAKES_GIGABYTES)
    (put(data, "few-labels") / "labels.txt").write_text("red\ngreen\n")
    put(data, "many-classes", base=TINY / "background-first", background="none", classes=4, size=[4, 6])
    put(data, "starter-scratch")  # the id of a shipped model
    put(data, "mobilenet-v2-1.0-224-quant")  # the id of a model of the catalogue
    (put(data, "no-toml") / "model.toml").write_bytes(b"\xff\xfe id = ")
    (put(data, "deep-toml") / "model.toml").write_text("a = " + "[" * 100_000)
    (put(data, "no-file") / "model.tflite").unlink()
    (data / "models" / "no-file" / "model.tflite").mkdir()
    (put(data, "link") / "labels.txt").unlink()
    (data / "models" / "link" / "labels.txt").symlink_to("/etc/hostname")
    (data / "models" / "a-file").write_bytes(b"where a folder should be")
    (data / "models" / "bare").mkdir()
    names = {path.name for path in (data / "models").iterdir() if path.is_dir()}
    return sorted(names - before - {"sound"})
