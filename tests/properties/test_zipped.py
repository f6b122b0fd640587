"""Zips that hold anything are read, or refused in a sentence."""

import contextlib
import io
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from lib.datasets.reading import read_zip
from lib.errors import AppError, PhotoError
from lib.photos.zipped import MAX_LEVELS, Zip

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(["a/1.jpg", "b/2.jpg", "../x"])
CONTENTS = st.binary(max_size=60) | st.binary(max_size=60).map(lambda data: b"\xff\xd8\xff" + data)


def pack(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def look_through(data: bytes) -> None:
    with contextlib.suppress(AppError):
        for photo in read_zip(data, "x.zip").photos:
            with contextlib.suppress(PhotoError):
                photo.source.read()


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    look_through(data)
    look_through(data + b"PK\x05\x06" + data[:18].ljust(18, b"\0"))


@given(st.dictionaries(NAMES, CONTENTS, max_size=6))
def test_any_names_and_contents_and_no_name_leads_out(files: dict[str, bytes]) -> None:
    data = pack(files)
    look_through(data)
    for member in Zip(data, "x.zip").members:
        parts = member.path.split("/")
        assert ".." not in parts
        assert "" not in parts
        assert len(parts) <= MAX_LEVELS


@given(
    st.dictionaries(NAMES, CONTENTS, min_size=1, max_size=4),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=4)), min_size=1, max_size=6),
)
def test_any_bytes_of_a_zip_may_be_others(files: dict[str, bytes], changes: list[tuple[float, bytes]]) -> None:
    data = bytearray(pack(files))
    for place, others in changes:
        at = int(place * len(data))
        data[at : at + len(others)] = others
    look_through(bytes(data))
