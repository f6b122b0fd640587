"""PyTorch's weights files of before version 1.6, read without PyTorch: numbers, and nothing else.

Such a file is five pickles in a row (a magic number, the format's version, the machine's byte order, the table of
tensors, the order of their storages), then for each storage its count in 8 bytes and its numbers, little-endian
(`_legacy_save` in torch/serialization.py).

A pickle is a program that may call whatever it names. Here nobody runs it: the few instructions that such a file
needs are carried out below, four names stand for what they mean, and every other instruction or name is refused
before anything is made of it.
"""

import io
import pickletools
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from lib.errors import ModelFileError
from lib.formats.unbelieved import DAMAGE, first_line
from lib.messages import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
MOST_INSTRUCTIONS = 200_000  # 300 tensors take 11,000
MOST_AXES = 8

_REBUILD = "torch._utils _rebuild_tensor_v2"
_ORDERED_DICT = "collections OrderedDict"
_DTYPES = {"torch FloatStorage": "<f4", "torch LongStorage": "<i8"}
_NAMES = frozenset({_REBUILD, _ORDERED_DICT, *_DTYPES})
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@dataclass(frozen=True, slots=True)
class _Name:
    """One of the four names a file may use; nothing to call."""

    name: str


@dataclass(frozen=True, slots=True)
class _Storage:
    dtype: str
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A view of a storage, as `_rebuild_tensor_v2` is told; offset and strides count numbers, not bytes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read(content: bytes, file: str) -> "dict[str, NDArray[Any]]":
    """Return the tensors of a file, by name: read-only views of `content`, float32 or int64.

    The caller has checked that `content` is the file that was meant; what is read here is bounded all the same. All
    tensors together hold no more numbers than the file: those that share a storage, or repeat it, are refused.

    Args:
        content: Of the file.
        file: What to call it in an error.

    Raises:
        ModelFileError: It holds something other than numbers, contradicts itself, or is cut off.
    """
    stream = io.BytesIO(content)
    try:
        heads = [_Pickle().run(stream) for _ in range(3)]
        if heads[:2] != [MAGIC, VERSION] or heads[2]["little_endian"] is not True:
            raise ValueError("it does not begin like one")
        table, order = _Pickle().run(stream), _Pickle().run(stream)
        tensors = dict(_tensors(table))
        data = dict(_numbers(content, stream.tell(), _storages(tensors), order))
        return {name: _view(tensor, data[tensor.storage.key], name) for name, tensor in tensors.items()}
    except DAMAGE as error:
        raise ModelFileError(
            N_("{file} is not a PyTorch weights file that can be read safely: {reason}."),
            file=file,
            reason=first_line(error),
        ) from error


def _tensors(table: Any) -> Iterator[tuple[str, _Tensor]]:
    for name, tensor in table.items():
        if not isinstance(name, str) or not isinstance(tensor, _Tensor):
            raise ValueError("its table holds something other than tensors")
        yield name, tensor


def _storages(tensors: Mapping[str, _Tensor]) -> dict[str, _Storage]:
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    if len(storages) != len(tensors):
        raise ValueError("tensors share their numbers")
    return storages


def _numbers(
    content: bytes, start: int, storages: Mapping[str, _Storage], order: Any
) -> "Iterator[tuple[str, NDArray[Any]]]":
    """Yield each storage's numbers, shape (count,), which follow one another from `start` in the order of the keys."""
    import numpy as np

    if sorted(order) != sorted(storages):
        raise ValueError("its storages are not those of its table")
    for key in order:
        storage = storages[key]
        if struct.unpack_from("<q", content, start) != (storage.count,):
            raise ValueError(f"storage {key} is not as long as the table says")
        numbers = np.frombuffer(content, storage.dtype, storage.count, offset=start + 8)
        yield key, numbers
        start += 8 + numbers.nbytes
    if start != len(content):
        raise ValueError("something follows the numbers")


def _view(tensor: _Tensor, data: "NDArray[Any]", name: str) -> "NDArray[Any]":
    """Return a tensor of its storage's numbers: kernels lie in memory as TensorFlow orders axes, turned by strides."""
    import numpy as np

    sizes = (tensor.offset, *tensor.shape, *tensor.strides)
    if len(tensor.shape) != len(tensor.strides) or len(tensor.shape) > MOST_AXES or not all(map(_is_count, sizes)):
        raise ValueError(f"{name} has no usable shape")
    last = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    if prod(tensor.shape) > data.size or min(tensor.shape, default=1) < 1 or last >= data.size:
        raise ValueError(f"{name} reaches outside its numbers")
    steps = [step * data.itemsize for step in tensor.strides]
    return np.lib.stride_tricks.as_strided(data[tensor.offset :], tensor.shape, steps, writeable=False)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**40


class _Pickle:
    """Carries out the instructions of one pickle, as far as a file of weights needs them; used once."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self, stream: io.BytesIO) -> Any:
        """Return the object that a pickle describes; `stream` stands behind it afterwards.

        Raises:
            ValueError, IndexError, KeyError, TypeError: It is no such pickle.
        """
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if count >= MOST_INSTRUCTIONS:
                raise ValueError("its tables are far longer than a model's")
            self._carry_out(opcode.name, argument)
        (found,) = self._stack
        return found

    def _carry_out(self, instruction: str, argument: Any) -> None:
        stack = self._stack
        match instruction:
            case "PROTO" | "STOP":
                pass
            case "MARK":
                self._marks.append(len(stack))
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE":
                stack.append(argument)
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append(_CONSTANTS[instruction])
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_TUPLE" | "TUPLE1" | "TUPLE2" | "TUPLE3":
                stack.append(tuple(self._take(len(stack) - _TUPLES[instruction])))
            case "TUPLE":
                stack.append(tuple(self._take(self._marks.pop())))
            case "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(self._memo[argument])
            case "APPEND" | "APPENDS":
                items = self._take(len(stack) - 1 if instruction == "APPEND" else self._marks.pop())
                self._top(list).extend(items)
            case "SETITEM" | "SETITEMS":
                items = self._take(len(stack) - 2 if instruction == "SETITEM" else self._marks.pop())
                self._top(dict).update(zip(items[::2], items[1::2], strict=True))
            case "BUILD":  # attributes of the table, such as each layer's version: no numbers
                stack.pop()
                self._top(dict)
            case "GLOBAL":
                if argument not in _NAMES:
                    raise ValueError(f"it asks for {argument.replace(' ', '.')}")
                stack.append(_Name(argument))
            case "BINPERSID":
                stack.append(_storage(*stack.pop()))
            case "REDUCE":
                name, arguments = self._take(len(stack) - 2)
                stack.append(_made(name, arguments))
            case _:
                raise ValueError(f"it has the instruction {instruction}")

    def _take(self, start: int) -> list[Any]:
        """Take what lies on the stack from `start` on."""
        if not 0 <= start <= len(self._stack):
            raise ValueError("it takes more than it put down")
        taken = self._stack[start:]
        del self._stack[start:]
        return taken

    def _top(self, kind: type) -> Any:
        if type(self._stack[-1]) is not kind:
            raise ValueError(f"it fills what is no {kind.__name__}")
        return self._stack[-1]


def _storage(kind: Any, dtype: Any, key: Any, _place: Any, count: Any, view: Any) -> _Storage:
    name = dtype.name if isinstance(dtype, _Name) else ""
    if kind != "storage" or view is not None or name not in _DTYPES or type(key) is not str or not _is_count(count):
        raise ValueError("it has a storage of another kind")
    return _Storage(_DTYPES[name], key, count)


def _made(name: Any, arguments: Any) -> Any:
    """Return what a call stands for: an empty table, or a tensor."""
    match name, arguments:
        case _Name(name=known), () if known == _ORDERED_DICT:
            return {}
        case _Name(name=known), (_Storage() as storage, offset, tuple() as shape, tuple() as strides, *_) if (
            known == _REBUILD
        ):
            return _Tensor(storage, offset, shape, strides)
        case _:
            raise ValueError("it calls something in another way than for a tensor")
