"""Tables of labels, whatever stands in them and however they are written."""

import contextlib
import csv
import io
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from lib.datasets.reading import read_zip
from lib.errors import DatasetError
from tests.properties.test_zipped import pack

# What a cell may hold and still be the same after reading: no edges of space, no form of Unicode that is another's.
LABELS = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
    .map(lambda text: unicodedata.normalize("NFC", text).strip())
    .filter(lambda text: text and text.casefold() == unicodedata.normalize("NFC", text).casefold())
)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
DELIMITERS = st.sampled_from([",", ";", "\t", "|"])


def to_table(rows: list[tuple[str, str]], delimiter: str, *, says_so: bool) -> str:
    buffer = io.StringIO(newline="")
    if says_so:
        buffer.write(f"sep={delimiter}\r\n")
    csv.writer(buffer, delimiter=delimiter).writerows([("file", "label"), *rows])
    return buffer.getvalue()


@given(st.lists(LABELS, min_size=1, max_size=5, unique_by=str.casefold), ENCODINGS, DELIMITERS, st.booleans())
def test_what_is_written_is_what_is_read(labels: list[str], encoding: str, delimiter: str, says_so: bool) -> None:
    rows = [(f"{number}.jpg", label) for number, label in enumerate(labels)]
    photos = {name: b"\xff\xd8\xff" + name.encode() for name, _ in rows}
    table = to_table(rows, delimiter, says_so=says_so).encode(encoding)
    known = read_zip(pack({**photos, "labels.csv": table}), "x.zip")
    assert {photo.source.name: known.classes[photo.label] for photo in known.photos} == dict(rows)


@given(st.binary(max_size=200), st.booleans())
def test_any_table_is_read_or_refused_in_a_sentence(table: bytes, has_columns: bool) -> None:
    data = pack({"a.jpg": b"\xff\xd8\xff", "labels.csv": b"file,label\n" * has_columns + table})
    with contextlib.suppress(DatasetError):
        assert read_zip(data, "x.zip").photos
