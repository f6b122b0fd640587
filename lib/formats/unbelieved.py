"""The tables of a LiteRT file, read without believing them: what a damaged file raises is one error of ours."""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from lib.errors import ModelFileError
from lib.messages import N_
from lib.model.spec import ModelFolder

# What reading a file raises whose offsets, counts or texts are not what they should be, here and inside LiteRT.
DAMAGE = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError, struct.error,
)  # fmt: skip
T = TypeVar("T")
MOST_TENSORS = 50_000  # the largest model of the catalogue has some 5,000
_MOST_AXES = 8  # LiteRT's own limit is 6
_BYTES_PER_ENTRY = 4


def first_line(error: Exception, of: str | None = None) -> str:
    """Return the first line of what an error says, or of a part of that, without its full stop; or its class's name."""
    told = str(error) if of is None else of
    return next(iter(told.strip().splitlines()), type(error).__name__).rstrip(".")


@contextmanager
def tables(content: bytes | bytearray, file: str) -> Iterator[Any]:
    """Yield the root table of a LiteRT file; whatever reading it raises inside the block becomes one error.

    Raises:
        ModelFileError: It is no LiteRT model, or counts more than it can hold; the message calls it `file`.
    """
    from ai_edge_litert import schema_py_generated as schema

    try:
        if not schema.Model.ModelBufferHasIdentifier(content, 0):
            raise ValueError("no identifier")
        model = schema.Model.GetRootAs(content, 0)
        _check_counts(model, len(content) // _BYTES_PER_ENTRY)
        yield model
    except DAMAGE as error:
        raise ModelFileError(N_("{file} is not a LiteRT model."), file=file) from error


def _check_counts(model: Any, room: int) -> None:
    """Raise ValueError if a list would not fit into the file; a count is believed by every loop over it."""
    most = min(MOST_TENSORS, room)
    if not 1 <= model.SubgraphsLength() <= most or model.BuffersLength() > most or model.OperatorCodesLength() > most:
        raise ValueError("more tables than the file has room for")
    tensors = 0
    for graph in map(model.Subgraphs, range(model.SubgraphsLength())):
        tensors += graph.TensorsLength()
        if max(tensors, graph.InputsLength(), graph.OutputsLength()) > most:
            raise ValueError("more tensors than the file has room for")
    for tensor in every_tensor(model):
        if max(tensor.ShapeLength(), tensor.ShapeSignatureLength()) > _MOST_AXES:
            raise ValueError("a tensor with more axes than LiteRT has")


def every_tensor(model: Any) -> Iterator[Any]:
    """Yield the tensors of all graphs of a file."""
    for graph in map(model.Subgraphs, range(model.SubgraphsLength())):
        yield from map(graph.Tensors, range(graph.TensorsLength()))


def once_per_content(read: Callable[[bytes, str], T]) -> Callable[[ModelFolder], T]:
    """Return a function that reads a fact out of a model's weights, once for each content that was tried.

    Args:
        read: Takes the content and what to call it in an error.
    """
    known: dict[str, T] = {}

    def read_folder(folder: ModelFolder) -> T:
        if folder.sha256 in known:
            return known[folder.sha256]
        found = read(folder.read_weights(), folder.spec.weights)
        if folder.sha256 is not None:
            known[folder.sha256] = found
        return found

    return read_folder
