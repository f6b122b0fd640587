"""Damaged and crafted zips of labelled photos: read, or refused in a sentence, and their photos with them."""

import io
import random
import struct
import zipfile
from collections.abc import Iterator

from lib.datasets.reading import read_zip
from lib.errors import PhotoError
from tests.fuzz import Report, try_all

JPEG = b"\xff\xd8\xff\xe0"
TABLES = (
    b"file,label\na/1.jpg,x\nb/2.jpg,y\n", b"sep=;\r\nfile;wnid;label\r\na/1.jpg;n02123045;cat\r\n",
    "file\tlabel\na/1.jpg\t고양이\n".encode("utf-16"), b'file,label\n"a/1.jpg,x\n', b"\0,\0\n",
)  # fmt: skip
NAMES = (
    "a/1.jpg",
    "b/2.jpg",
    "train/a/1.jpg",
    "valid/a/2.jpg",
    "é/1.png",
    "고양이/1.jpg",
    "a\\1.jpg",
    "../x.jpg",
    "a/" * 40,
)
# Where a zip says what it holds: local headers, entries of the directory, its ends.
SIGNATURES = (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06")


def run(count: int, seed: int) -> Report:
    """Read `count` zips made from `seed`."""
    return try_all("zips", seed, read, zips(count, seed))


def read(data: bytes) -> bool:
    """Read a zip as the page does, and each of its photos as an evaluation does."""
    for photo in read_zip(data, "x.zip").photos:
        try:
            photo.source.read()
        except PhotoError:
            continue  # its own
    return True


def zips(count: int, seed: int) -> Iterator[bytes]:
    """Yield zips in which some bytes are others, mostly where they count."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(_whole(chance))
        for _ in range(chance.choice((0, 1, 1, 2, 4, 16))):
            _damage(data, chance)
        yield bytes(data)


def _whole(chance: random.Random) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name in chance.sample(NAMES, chance.randint(1, 6)):
            content = JPEG + chance.randbytes(chance.choice((0, 40, 5000)))
            packed.writestr(name, content, chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA)))
        if chance.random() < 0.3:
            packed.writestr("labels.csv", chance.choice(TABLES))
    return buffer.getvalue()


def _damage(data: bytearray, chance: random.Random) -> None:
    if not data:
        return
    places = [at for sign in SIGNATURES if (at := data.find(sign, chance.randrange(len(data)))) >= 0]
    at = min(len(data) - 1, chance.choice(places) + chance.randrange(46) if places else chance.randrange(len(data)))
    match chance.randrange(6):
        case 0 | 1:
            data[at] = chance.randrange(256)
        case 2:
            data[at : at + 4] = struct.pack("<L", chance.choice((0, 1, 2**16 - 1, 2**31, 2**32 - 1)))
        case 3:
            del data[at : at + chance.randrange(1, 60)]
        case 4:
            data[at:at] = data[: chance.randrange(60)]
        case _:
            del data[max(1, at) :]
