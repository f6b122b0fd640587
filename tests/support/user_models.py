"""Model folders as a user might put them into a data folder: sound ones, and spoilt in all the ways we know."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODELS = Path(__file__).resolve().parents[2] / "models"
TINY = MODELS.parent / "tests" / "models"
# One byte of a shipped model, and what happens to the process that uses the file then.
ABORTS = ("starter-int8", 17761, 195)  # LiteRT calls abort() while it allocates tensors
TAKES_GIGABYTES = ("starter", 4979413, 216)  # it answers


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


def damage(base: str, at: int, value: int) -> bytes:
    """Return a shipped model's weights with one byte changed."""
    content = bytearray((MODELS / base / "model.tflite").read_bytes())
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


def put_damaged(data: Path, name: str, base: str, at: int, value: int) -> Path:
    """Put a copy of a shipped model with one byte changed into the data folder."""
    return put(data, name, MODELS / base, content=damage(base, at, value))


def spoil(data: Path) -> list[str]:
    """Fill a data folder with models that cannot be used and one, `sound`, that can; return the others' names."""
    put(data, "sound")
    put(data, "garbage", content=b"not a model" * 99)
    put(data, "empty", content=b"")
    put(data, "truncated", content=(TINY / "float32" / "model.tflite").read_bytes()[:700])
    put_damaged(data, "aborting", *ABORTS)
    put_damaged(data, "gigabytes", *TAKES_GIGABYTES)
    (put(data, "few-labels") / "labels.txt").write_text("red\ngreen\n")
    put(data, "many-classes", base=TINY / "background-first", background="none", classes=4, size=[4, 6])
    put(data, "starter")  # the id of a shipped model
    put(data, "mobilenet-v2-1.0-224-quant")  # the id of a model of the catalogue
    (put(data, "no-toml") / "model.toml").write_bytes(b"\xff\xfe id = ")
    (put(data, "deep-toml") / "model.toml").write_text("a = " + "[" * 100_000)
    (put(data, "no-file") / "model.tflite").unlink()
    (data / "models" / "no-file" / "model.tflite").mkdir()
    (put(data, "link") / "labels.txt").unlink()
    (data / "models" / "link" / "labels.txt").symlink_to("/etc/hostname")
    (data / "models" / "a-file").write_bytes(b"where a folder should be")
    (data / "models" / "bare").mkdir()
    return sorted(path.name for path in (data / "models").iterdir() if path.is_dir() and path.name != "sound")
