"""Zips from strangers: what is bounded before anything is made of it, and what the names in old ones mean."""

import io
import pickle
import struct
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from lib.errors import DatasetError, PhotoError
from lib.photos.zipped import MAX_DIRECTORY_BYTES, Zip


def pack(*names: str, compression: int = zipfile.ZIP_STORED, content: bytes = b"\xff\xd8\xff") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as packed:
        for name in names:
            packed.writestr(name, content)
    return buffer.getvalue()


def named(names: list[str], encoding: str, *, system: int = 0) -> bytes:
    """Return a zip whose names are in `encoding`, without the flag for UTF-8."""
    raw = [name.encode(encoding) for name in names]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for number, name in enumerate(raw):
            info = zipfile.ZipInfo(f"{number:04}".ljust(len(name), "q"))
            info.create_system = system
            packed.writestr(info, bytes([255, 216, 255, number]))
    data = buffer.getvalue()
    for number, name in enumerate(raw):
        data = data.replace(f"{number:04}".ljust(len(name), "q").encode(), name)
    return data


@pytest.mark.parametrize(
    ("names", "encoding", "system"),
    [
        (["책책/1.jpg", "칼/2.jpg", "캔/3.jpg", "책책/사진 3.jpg"], "cp949", 0),
        (["表紙/1.jpg", "ソファ/2.jpg", "犬の絵/写真.jpg"], "cp932", 0),
        (["Käfer/1.jpg", "Bäume/2.jpg", "Vögel/3.jpg"], "cp437", 0),
        (["Käfer/1.jpg", "ねこねこ/2.jpg"], "utf-8", 3),
    ],
)
def test_one_encoding_holds_for_all_names(names: list[str], encoding: str, system: int) -> None:
    assert {member.path for member in Zip(named(names, encoding, system=system), "x.zip").members} == set(names)


def test_info_zips_extra_field_tells_the_name_unless_the_file_was_renamed() -> None:
    def with_field(crc: int) -> bytes:
        info = zipfile.ZipInfo("K_fer/1.jpg")
        info.extra = struct.pack("<HHBL", 0x7075, 5 + len("Käfer/1.jpg".encode()), 1, crc) + "Käfer/1.jpg".encode()
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as packed:
            packed.writestr(info, b"x")
        return buffer.getvalue().replace(b"K_fer", b"K\xfffer")

    raw = b"K\xfffer/1.jpg"
    assert Zip(with_field(zlib.crc32(raw)), "x.zip").members[0].path == "Käfer/1.jpg"
    assert Zip(with_field(zlib.crc32(b"another")), "x.zip").members[0].path != "Käfer/1.jpg"


@pytest.mark.parametrize("compression", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_file_packed_in_a_rare_way_is_refused_alone(compression: int) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("a/1.jpg", b"x", compress_type=compression)
        packed.writestr("a/2.jpg", b"x")
    opened = Zip(buffer.getvalue(), "x.zip")
    assert [member.path for member in opened.members] == ["a/2.jpg"]
    assert "Save the zip with normal compression" in str(opened.refused[0].reason)


def test_a_nameless_entry_is_left_out_with_a_sentence() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("x", b"1")
        packed.filelist[0].filename = ""
    opened = Zip(buffer.getvalue(), "x.zip")
    assert (opened.members, str(opened.refused[0].reason)) == ((), "A file without a name in the zip was not read.")


def end_record(entries: int, length: int) -> bytes:
    return b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, min(entries, 65535), min(entries, 65535), length, 0, 0)


def test_a_directory_of_many_entries_is_refused_before_any_is_read() -> None:
    entry = b"PK\x01\x02" + bytes(42)
    data = entry * 200_000 + end_record(1, 46 * 200_000)  # whatever number it claims
    began = time.process_time()
    with pytest.raises(DatasetError, match=r"contains 200000 files\. At most 50000"):
        Zip(data, "x.zip")
    assert time.process_time() - began < 0.5


def test_a_directory_of_many_bytes_is_refused_before_it_is_read() -> None:
    with pytest.raises(DatasetError, match=r"too large \(4096 MB\)"):
        Zip(end_record(1, 2**32 - 1), "x.zip")


def test_a_zip64_directory_is_bounded_too() -> None:
    end_64 = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, 1, 1, 2 * MAX_DIRECTORY_BYTES, 0)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, 0, 1)
    with pytest.raises(DatasetError, match=r"too large \(32 MB\)"):
        Zip(end_64 + locator + end_record(1, 10), "x.zip")


def test_a_zip_behind_other_bytes_or_with_a_comment_is_read() -> None:
    buffer = io.BytesIO(pack("a/1.jpg"))
    with zipfile.ZipFile(buffer, "a") as packed:
        packed.comment = b"PK\x05 no end yet" * 100
    (member,) = (opened := Zip(b"#!/bin/sh\n" + buffer.getvalue(), "x.zip")).members
    assert opened.start(member, 16) == opened.read(member) == b"\xff\xd8\xff"


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("content", [b"", b"\xff", b"\xff\xd8\xff" * 9, bytes(range(256)) * 900])
def test_the_first_bytes_are_those_of_the_whole(compression: int, content: bytes) -> None:
    opened = Zip(pack("a/" + "long " * 99 + "name.jpg", compression=compression, content=content), "x.zip")
    (member,) = opened.members
    assert opened.start(member, 16) == opened.read(member)[:16] == content[:16]


def test_a_damaged_header_costs_that_file() -> None:
    data = bytearray(pack("a/1.jpg", "a/2.jpg"))
    data[:4] = b"nope"
    opened = Zip(bytes(data), "x.zip")
    with pytest.raises(PhotoError, match=r"a/1\.jpg in the zip is damaged"):
        opened.start(opened.members[0], 16)
    assert opened.read(opened.members[1]) == b"\xff\xd8\xff"


def test_a_zip_can_be_sent_to_another_process(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(pack("a/1.jpg"))
    sent = pickle.loads(pickle.dumps(Zip(tmp_path / "x.zip", "x.zip")))
    assert sent.read(sent.members[0]) == b"\xff\xd8\xff"
