"""PyTorch's old weights files: read as numbers, whatever else they hold is refused."""

import pickle
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lib.errors import ModelFileError
from lib.formats import pth
from tests.support.pth import (
    NO_TABLE,
    ORDERED_DICT,
    REBUILD,
    legacy,
    name,
    number,
    numbers,
    storage,
    table,
    tensor,
    text,
)

SIX = np.arange(6, dtype="<f4")
GOOD = legacy(
    table(kernel=tensor(storage(), (2, 3), (1, 2)), seen=tensor(storage("8", 1, name("torch", "LongStorage")), (), ())),
    ("8", np.array([40], "<i8")),
    ("7", SIX),
)


def test_numbers_are_read_with_their_strides() -> None:
    read = pth.read(GOOD, "x")
    assert list(read) == ["kernel", "seen"]
    np.testing.assert_array_equal(read["kernel"], [[0, 2, 4], [1, 3, 5]])  # a reshape would give 0 1 2 / 3 4 5
    assert read["kernel"].dtype == np.float32
    assert not read["kernel"].flags.writeable
    assert (read["seen"].shape, read["seen"].dtype, int(read["seen"])) == ((), np.int64, 40)


def test_a_view_may_begin_behind_the_first_number() -> None:
    read = pth.read(legacy(table(part=tensor(storage(), (2, 2), (2, 1), number(2))), ("7", SIX)), "x")
    np.testing.assert_array_equal(read["part"], [[2, 3], [4, 5]])


def refuse(content: bytes) -> str:
    with pytest.raises(ModelFileError, match=r"^evil\.pth is not a PyTorch weights file") as caught:
        pth.read(content, "evil.pth")
    return str(caught.value)


class Call:
    """Pickled as the call of a function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> Any:
        return self._call


MARKER = "test_pth_was_run"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "call",
    [
        pytest.param(Call(eval, f"__import__('sys').modules.update({MARKER}=1)"), id="eval"),
        pytest.param(Call(exec, f"import sys; sys.modules['{MARKER}'] = 1"), id="exec"),
        pytest.param(Call(getattr, "x", "upper"), id="getattr"),
        pytest.param(Call(__import__, "this"), id="import"),
        pytest.param(Call(__import__("os").system, f"touch {MARKER}"), id="system"),
        pytest.param(Path("x"), id="a class of the standard library"),
    ],
)
def test_nothing_is_run(call: Any, protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program = pickle.dumps({"kernel": call}, protocol)
    for place in range(5):  # in each of a file's five pickles
        heads = [pickle.dumps(head, 2) for head in (pth.MAGIC, pth.VERSION, {"little_endian": True}, {}, [])]
        refuse(b"".join([*heads[:place], program, *heads[place + 1 :]]))
    assert MARKER not in sys.modules
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        pytest.param(b"cposix\nsystem\n" + text("true") + b"\x85R", "it asks for posix.system", id="another name"),
        pytest.param(name("torch._utils", "_rebuild_parameter"), "asks for torch._utils._rebuild_parameter", id="near"),
        pytest.param(b"(iposix\nsystem\n", "instruction INST", id="inst"),
        pytest.param(b"(" + ORDERED_DICT + b"o", "instruction OBJ", id="obj"),
        pytest.param(ORDERED_DICT + b")\x81", "instruction NEWOBJ", id="newobj"),
        pytest.param(text("posix") + text("system") + b"\x93", "instruction STACK_GLOBAL", id="stack global"),
        pytest.param(b"\x82\x01", "instruction EXT1", id="extension registry"),
        pytest.param(ORDERED_DICT + numbers([1]) + b"R", "calls something in another way", id="table of something"),
        pytest.param(REBUILD + numbers([1, 2]) + b"R", "calls something in another way", id="tensor of something"),
        pytest.param(REBUILD + b"(" + number(1) * 6 + b"tR", "calls something in another way", id="no storage"),
        pytest.param(text("print") + b")R", "calls something in another way", id="a text called"),
        pytest.param(name("torch", "FloatStorage") + number(9) + b"\x85R", "in another way", id="a storage called"),
        pytest.param(text("x") + b"Q", "", id="storage named by a text"),
        pytest.param(storage(kind=text("FloatStorage")), "a storage of another kind", id="kind is a text"),
        pytest.param(storage(kind=REBUILD), "a storage of another kind", id="kind is another name"),
        pytest.param(tensor(storage()) + b"}b", "it fills what is no dict", id="build on a tensor"),
        pytest.param(b"]" + text("a") + text("b") + b"s", "it fills what is no dict", id="item of a list"),
        pytest.param(b"}(" + number(1) + b"u", "", id="a key without a value"),
        pytest.param(b"}(" + b"]" + number(1) + b"u", "", id="a list as a key"),
        pytest.param(b"}" + b"h\x05", "", id="never remembered"),
        pytest.param(b"u", "", id="no mark"),
        pytest.param(b"\x87", "takes more than it put down", id="empty stack"),
        pytest.param(b"}}", "", id="two results"),
        pytest.param(b"]", "", id="a list"),
        pytest.param(table(kernel=number(1)), "something other than tensors", id="a number for a tensor"),
        pytest.param(b"}" + number(1) + tensor(storage()) + b"s", "something other than tensors", id="no name"),
        pytest.param(b"}q\x00" + text("a") + b"h\x00s", "something other than tensors", id="in itself"),
        pytest.param(table(a=tensor(storage()), b=tensor(storage())), "share their numbers", id="shared"),
        pytest.param(NO_TABLE + b"0", "instruction POP", id="pop"),
        pytest.param(b"\x8c\x01a", "instruction SHORT_BINUNICODE", id="another protocol"),
        pytest.param(b"(" * (pth.MOST_INSTRUCTIONS + 1), "far longer than a model", id="marks without end"),
    ],
)
def test_a_program_of_another_kind_is_refused(program: bytes, reason: str) -> None:
    assert reason in refuse(legacy(program, ("7", SIX)))


@pytest.mark.parametrize(
    ("described", "reason"),
    [
        pytest.param(tensor(storage(), (2, 4), (4, 1)), "reaches outside", id="shape too large"),
        pytest.param(tensor(storage(), (2, 3), (4, 1)), "reaches outside", id="strides too large"),
        pytest.param(tensor(storage(), (2, 3), (3, 1), number(1)), "reaches outside", id="offset too large"),
        pytest.param(tensor(storage(), (2, 3), (-3, 1), number(3)), "no usable shape", id="backwards"),
        pytest.param(tensor(storage(), (2, 3), (3, 1), number(-1)), "no usable shape", id="before the first"),
        pytest.param(tensor(storage(), (2, 3), (3, 1), b"\x88"), "no usable shape", id="offset is true"),
        pytest.param(tensor(storage(), (2, 3), (3, 1), text("0")), "no usable shape", id="offset is a text"),
        pytest.param(tensor(storage(), (2, 3), (3,)), "no usable shape", id="a stride too few"),
        pytest.param(tensor(storage(), (1,) * 9, (1,) * 9), "no usable shape", id="nine axes"),
        pytest.param(tensor(storage(), (0, 3), (3, 1)), "reaches outside", id="none"),
        pytest.param(tensor(storage(), (2**31 - 1,) * 4, (0,) * 4), "reaches outside", id="10^37 times the same"),
        pytest.param(tensor(storage(count=5), (5,), (1,)), "not as long as the table says", id="count too small"),
        pytest.param(tensor(storage(count=2**31 - 1)), "not as long as the table says", id="a giant count"),
        pytest.param(tensor(storage(count=-1)), "storage of another kind", id="a negative count"),
        pytest.param(tensor(storage("9")), "storages are not those", id="another key"),
    ],
)
def test_a_tensor_stays_within_its_numbers(described: bytes, reason: str) -> None:
    assert reason in refuse(legacy(table(kernel=described), ("7", SIX)))


def test_a_giant_count_before_the_numbers_allocates_nothing() -> None:
    content = legacy(table(kernel=tensor(storage(count=2**31 - 1))), ("7", SIX))
    giant = content.replace(struct.pack("<q", 6), struct.pack("<q", 2**31 - 1))
    assert giant != content
    assert "buffer is smaller than requested size" in refuse(giant)


def test_a_giant_memory_address_allocates_nothing() -> None:
    # Python's own unpickler makes room for 2^32 addresses here, 34 GB.
    far = struct.pack("<I", 2**31 - 1)
    described = table(kernel=tensor(b"".join((storage(), b"r", far))))
    assert list(pth.read(legacy(described, ("7", SIX)), "x")) == ["kernel"]


def test_every_file_cut_short_is_refused() -> None:
    for length in range(len(GOOD)):
        refuse(GOOD[:length])
    assert "something follows the numbers" in refuse(GOOD + b"\0")


def test_a_file_of_another_kind_is_refused() -> None:
    for content in (b"", b"PK\x03\x04" + bytes(60), b"\x80\x02K\x01." * 5, GOOD.replace(b"\x88", b"\x89", 1)):
        refuse(content)


def test_a_damaged_file_is_read_or_refused_and_nothing_else() -> None:
    outcomes = set()
    for place in range(len(GOOD)):
        for flip in (0x01, 0x80, 0xFF):
            damaged = bytearray(GOOD)
            damaged[place] ^= flip
            try:
                outcomes.add(len(pth.read(bytes(damaged), "x")))
            except ModelFileError:
                outcomes.add(None)
    assert outcomes == {None, 2}
