"""Requests and answers of the Open Inference Protocol: tensors, as JSON or as bytes behind it.

The protocol: open-inference/open-inference-protocol, specification/protocol/inference_rest.md. Bytes behind the JSON,
and classes instead of numbers: triton-inference-server/server, docs/protocol/extension_binary_data.md and
extension_classification.md.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.responses import Response

from lib.api import json_body
from lib.errors import UsageError
from lib.messages import N_, Listed, Message
from lib.server import limits
from lib.server.exchange import to_json
from lib.server.refusal import Refusal

HEAD_LENGTH = "Inference-Header-Content-Length"
DATATYPES = {"float32": "FP32", "uint8": "UINT8", "int8": "INT8"}
"""What the protocol calls NumPy's types."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor.

    Attributes:
        name: Its name.
        datatype: As the protocol has them: FP32, UINT8, INT8, BYTES.
        shape: Its axes.
        data: Its values in rows, nested or not; or bytes, each text of a BYTES tensor behind its length.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: Sequence[Any] | memoryview

    def photos(self) -> list[bytes]:
        """Return the photos that it holds; in JSON they are in base64.

        Raises:
            UsageError: It is no tensor of photos, or there are fewer or more of them than its shape says.
            Refusal: There are too many, or one is too large.
        """
        self._expect("BYTES", (-1,), self.shape[:1] if self.shape[1:] == (1,) else self.shape)
        count = self.shape[0]
        if isinstance(self.data, memoryview):
            found = _texts(self.name, self.data)
        else:
            flat = chain.from_iterable(each if isinstance(each, list) else [each] for each in self.data)
            found = [json_body.photo(each) for each in flat]
        if len(found) != count:
            raise _wrong_length(self.name, len(found), count)
        return found

    def numbers(self, dtype: "np.dtype[Any]", shape: tuple[int, ...]) -> NDArray[Any]:
        """Return what it holds, with as many rows as there are.

        Args:
            dtype: What the numbers must be.
            shape: Of a row.

        Raises:
            UsageError: They are of another type or shape, or fewer or more than its shape says.
            Refusal: There are too many rows.
        """
        self._expect(DATATYPES[dtype.name], (-1, *shape), self.shape)
        size = int(np.prod(self.shape))
        if isinstance(self.data, memoryview):
            if len(self.data) != size * dtype.itemsize:
                raise _wrong_length(self.name, len(self.data) / dtype.itemsize, size)
            return np.frombuffer(self.data, dtype.newbyteorder("<")).reshape(self.shape).astype(dtype)
        return self._of_json(dtype, size).reshape(self.shape)

    def _of_json(self, dtype: "np.dtype[Any]", size: int) -> NDArray[Any]:
        try:
            values = np.array(self.data)
        except ValueError:  # rows of different lengths
            values = np.array([""])
        is_whole = dtype.kind in "iu"
        if values.size and values.dtype.kind not in ("iu" if is_whole else "iuf"):
            sentence = (
                N_("{name} must hold whole numbers, in rows of one length.")
                if is_whole
                else N_("{name} must hold numbers, in rows of one length.")
            )
            raise UsageError(sentence, name=self.name)
        if values.size != size:
            raise _wrong_length(self.name, values.size, size)
        least, most = (np.iinfo(dtype).min, np.iinfo(dtype).max) if is_whole else (-np.inf, np.inf)
        if is_whole and not least <= values.min() <= values.max() <= most:
            sentence = N_("{name} must hold numbers of the type {datatype}: from {low} to {high}.")
            raise UsageError(sentence, name=self.name, datatype=self.datatype, low=least, high=most)
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused as out of range
            return values.astype(dtype)

    def _expect(self, datatype: str, shape: tuple[int, ...], found: tuple[int, ...]) -> None:
        fits = len(found) == len(shape) and found[1:] == shape[1:] and found[0] >= 1
        if self.datatype != datatype or not fits:
            text = N_("{name} must be {datatype} of the shape {shape}, with a row for each photo. Found: {found}.")
            expected = [*("N" if axis < 0 else str(axis) for axis in shape)]
            raise UsageError(
                text,
                name=self.name,
                datatype=datatype,
                shape=f"[{', '.join(expected)}]",
                found=f"{self.datatype} {list(self.shape)}",
            )
        if found[0] > limits.MOST_OF_REQUEST:
            sentence = N_("A request can hold at most {n} photos. Send the rest in another one.")
            raise Refusal(413, sentence, n=limits.MOST_OF_REQUEST)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An output that is asked for.

    Attributes:
        name: Its name.
        is_binary: Whether it is to come as bytes.
        top: How many classes are to be named instead of numbers; 0 for the numbers.
    """

    name: str
    is_binary: bool
    top: int = 0


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A request.

    Attributes:
        id: What its sender calls it; None for nothing.
        tensor: What the model is shown.
        outputs: What is asked for.
    """

    id: str | None
    tensor: Tensor
    outputs: tuple[Wanted, ...]


def read(body: bytes, head_length: str | None, inputs: Sequence[str], outputs: Sequence[str]) -> Inquiry:
    """Return what a body asks.

    Args:
        body: The body.
        head_length: The header that says how many bytes of it are JSON; None where all are.
        inputs: The names of the tensors of which one is expected.
        outputs: The names of those that are answered.

    Raises:
        UsageError: It is not built as the protocol says, or names what there is not.
        Refusal: As `json_body.read`.
    """
    head, rest = _split(body, head_length)
    told = json_body.read(head)
    if not isinstance(own_id := told.get("id", ""), str):
        raise _wrong("id", N_("a text"))
    sent = _objects(told, "inputs")
    if len(sent) != 1:
        sentence = N_("Send one input: {inputs}. Found: {count}.")
        raise UsageError(sentence, inputs=Listed(tuple(inputs)), count=len(sent))
    tensor = _tensor(sent[0], rest, inputs)
    parameters = _parameters(told)
    binary = _flag(parameters, "binary_data_output")
    wanted = [_wanted(each, outputs, is_binary=binary) for each in _objects(told, "outputs")]
    if len({each.name for each in wanted}) < len(wanted):
        raise UsageError(N_("Ask for each output once."))
    everything = [Wanted(name, binary) for name in outputs]
    return Inquiry(own_id or None, tensor, tuple(wanted or everything))


def _split(body: bytes, head_length: str | None) -> tuple[memoryview, memoryview]:
    whole = memoryview(body)
    if head_length is None:
        return whole, whole[len(whole) :]
    if not (head_length.isascii() and head_length.isdecimal() and len(head_length) < 10) or int(head_length) > len(
        body
    ):
        sentence = N_("The header {header} must be the length of the JSON, at most {size}, not “{value}”.")
        raise UsageError(sentence, header=HEAD_LENGTH, size=len(body), value=head_length)
    return whole[: int(head_length)], whole[int(head_length) :]


def _tensor(told: Mapping[str, Any], rest: memoryview, inputs: Sequence[str]) -> Tensor:
    name, shape, parameters = told.get("name"), told.get("shape"), _parameters(told)
    if not isinstance(name, str) or name not in inputs:
        raise _unknown(N_("There is no input “{name}”. Known: {known}."), name, inputs)
    if not isinstance(shape, list) or not all(type(axis) is int and 0 <= axis < 2**31 for axis in shape):
        raise _wrong("shape", N_("a list of whole numbers"))
    if not isinstance(datatype := told.get("datatype"), str):
        raise _wrong("datatype", N_("a text"))
    if any(key.startswith("shared_memory") for key in parameters):
        raise UsageError(N_("This server reads no shared memory. Send the data in the request."))
    if (size := parameters.get("binary_data_size")) is not None:
        if type(size) is not int or size != len(rest):
            sentence = N_("The request says that {name} has {told} bytes behind the JSON, but there are {found}.")
            raise UsageError(sentence, name=name, told=size, found=len(rest))
        return Tensor(name, datatype, tuple(shape), rest)
    if len(rest):
        raise UsageError(N_("There are bytes behind the JSON that belong to no input: give it a binary_data_size."))
    if not isinstance(data := told.get("data"), list):
        raise _wrong("data", N_("a list"))
    return Tensor(name, datatype, tuple(shape), data)


def _wanted(told: Mapping[str, Any], outputs: Sequence[str], *, is_binary: bool) -> Wanted:
    name, parameters = told.get("name"), _parameters(told)
    if not isinstance(name, str) or name not in outputs:
        raise _unknown(N_("There is no output “{name}”. Known: {known}."), name, outputs)
    if any(key.startswith("shared_memory") for key in parameters):
        raise UsageError(N_("This server writes no shared memory."))
    top = parameters.get("classification", 0)
    if type(top) is not int or top < 0:
        raise _wrong("classification", N_("a whole number from {least}"), least=0)
    if top and name != outputs[0]:
        raise UsageError(N_("Only {name} can be given as classes."), name=outputs[0])
    return Wanted(name, _flag(parameters, "binary_data", default=is_binary), top)


def _parameters(told: Mapping[str, Any]) -> Mapping[str, Any]:
    found = told.get("parameters") or {}
    if not isinstance(found, dict):
        raise UsageError(N_("{name} must be an object in JSON."), name="parameters")
    return found


def _flag(parameters: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    found = parameters.get(name, default)
    if not isinstance(found, bool):
        raise _wrong(name, N_("true or false"))
    return found


def _objects(told: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = told.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _wrong(name, N_("a list of objects"))
    return found


def _texts(name: str, data: memoryview) -> list[bytes]:
    """Return the texts of a BYTES tensor: each is preceded by its length, four bytes, the lowest first."""
    found, at = [], 0
    while at < len(data):
        end = at + 4 + (struct.unpack_from("<I", data, at)[0] if at + 4 <= len(data) else 0)
        if end > len(data):
            raise UsageError(N_("The bytes of {name} end in the middle of a photo."), name=name)
        found.append(bytes(data[at + 4 : end]))
        at = end
    return found


@dataclass(frozen=True, slots=True)
class Output:
    """A tensor of an answer.

    Attributes:
        name: Its name.
        values: Texts, or float32; of the tensor's shape.
    """

    name: str
    values: NDArray[Any]

    def told(self, *, is_binary: bool) -> tuple[dict[str, object], bytes]:
        """Return the object that describes it in JSON, and the bytes that follow."""
        is_text = self.values.dtype == object
        head = {"name": self.name, "datatype": "BYTES" if is_text else "FP32", "shape": [*self.values.shape]}
        flat = self.values.reshape(-1)
        if not is_binary:
            return {**head, "data": flat.tolist()}, b""
        behind = b"".join(map(_counted, flat)) if is_text else flat.astype("<f4").tobytes()
        return {**head, "parameters": {"binary_data_size": len(behind)}}, behind


def _counted(text: str) -> bytes:
    content = text.encode()
    return struct.pack("<I", len(content)) + content


def answer(head: Mapping[str, object], outputs: Sequence[tuple[Output, bool]]) -> Response:
    """Return the answer.

    Args:
        head: What stands in its JSON beside the outputs.
        outputs: The tensors, and whether each goes out as bytes.
    """
    told = [output.told(is_binary=is_binary) for output, is_binary in outputs]
    start = to_json({**head, "outputs": [described for described, _ in told]})
    headers = {"Cache-Control": "no-store"}
    if not any(is_binary for _, is_binary in outputs):
        return Response(start, media_type="application/json", headers=headers)
    behind = b"".join(content for _, content in told)
    headers[HEAD_LENGTH] = str(len(start))
    return Response(start + behind, media_type="application/octet-stream", headers=headers)


def _wrong(name: str, expected: str, **values: object) -> UsageError:
    return UsageError(N_("{name} must be {expected}."), name=name, expected=Message(expected, values))


def _unknown(text: str, name: object, known: Sequence[str]) -> UsageError:
    return UsageError(text, name=str(name)[:100], known=Listed(tuple(known)))


def _wrong_length(name: str, found: float, expected: int) -> UsageError:
    text = N_("{name} holds {found} values, but its shape says {expected}.")
    return UsageError(text, name=name, found=f"{found:g}", expected=expected)
