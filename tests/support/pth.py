"""PyTorch's old weights files by hand, instruction by instruction (Lib/pickletools.py of Python names them)."""

import pickle
import struct
from collections.abc import Iterable

import numpy as np

from lib.formats import pth


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode()


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def numbers(values: Iterable[int]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


ORDERED_DICT, REBUILD = name("collections", "OrderedDict"), name("torch._utils", "_rebuild_tensor_v2")
NO_TABLE = ORDERED_DICT + b")R"


def storage(key: str = "7", count: int = 6, kind: bytes = name("torch", "FloatStorage")) -> bytes:
    return b"(" + text("storage") + kind + text(key) + text("cpu") + number(count) + b"NtQ"


def tensor(
    stored: bytes, shape: Iterable[int] = (2, 3), strides: Iterable[int] = (3, 1), offset: bytes = number(0)
) -> bytes:
    return REBUILD + b"(" + stored + offset + numbers(shape) + numbers(strides) + b"\x89" + NO_TABLE + b"tR"


def table(**tensors: bytes) -> bytes:
    return NO_TABLE + b"(" + b"".join(text(key) + made for key, made in tensors.items()) + b"u"


def legacy(described: bytes, *stored: tuple[str, np.ndarray]) -> bytes:
    heads = [pth.MAGIC, pth.VERSION, {"protocol_version": pth.VERSION, "little_endian": True}]
    parts = [pickle.dumps(head, 2) for head in heads]
    parts += [b"\x80\x02" + described + b".", pickle.dumps([key for key, _ in stored], 2)]
    return b"".join([*parts, *(struct.pack("<q", data.size) + data.tobytes() for _, data in stored)])
