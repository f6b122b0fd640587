"""Damaged photos, each classified between two good ones."""

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pillow_heif

from lib.classify.classifier import Classifier
from lib.classify.infer import infer_photos
from lib.classify.opening import open_classifier
from lib.model.spec import load
from lib.photos.source import Source
from lib.results import Answer
from tests.fuzz import Report, try_all
from tests.support.pictures import BLUE, RED, corners, encode, grey_tiff, noise, plain

TINY_MODELS = Path(__file__).resolve().parents[1] / "models"
BESIDE = {"before": encode(plain(RED), "PNG"), "behind": encode(plain(BLUE), "PNG")}


@cache
def whole() -> dict[str, bytes]:
    """Return small photos of every kind."""
    pillow_heif.register_heif_opener()
    small, other = noise(24, 16), plain(RED, 48, 32)
    return {
        "JPEG": encode(small, "JPEG"),
        "progressive JPEG": encode(small, "JPEG", progressive=True),
        "JPEG without its end": encode(small, "JPEG")[:-2],
        "CMYK JPEG": encode(small.convert("CMYK"), "JPEG"),
        "MPO": encode(corners(), "MPO", save_all=True, append_images=[other]),
        "PNG": encode(small, "PNG"),
        "palette PNG": encode(corners().quantize(4), "PNG", transparency=1),
        "16-bit PNG": encode(small.convert("L").convert("I;16"), "PNG"),
        "APNG": encode(corners(), "PNG", save_all=True, append_images=[other]),
        "WebP": encode(small, "WEBP"),
        "lossless WebP": encode(small.convert("RGBA"), "WEBP", lossless=True, exif=b"Exif\0\0II*\0" + bytes(20)),
        "animated WebP": encode(corners(), "WEBP", save_all=True, append_images=[other]),
        "GIF": encode(corners(), "GIF", save_all=True, append_images=[other], comment=b"comment"),
        "BMP": encode(small, "BMP"),
        "palette BMP": encode(corners().quantize(4), "BMP"),
        "TIFF": encode(small, "TIFF"),
        "LZW TIFF": encode(small, "TIFF", compression="tiff_lzw"),
        "JPEG in a TIFF": encode(small, "TIFF", compression="jpeg"),
        "palette TIFF": encode(corners().quantize(4), "TIFF"),
        "float TIFF": encode(small.convert("F"), "TIFF", compression="tiff_adobe_deflate"),
        "BigTIFF": grey_tiff(behind=bytes(4), big=True),
        "HEIC": encode(noise(64, 64), "HEIF"),
        "AVIF": encode(small, "AVIF"),
    }


def mutate(data: bytes, source: random.Random) -> bytes:
    """Change, cut, repeat or insert a few bytes, most often in the headers."""
    result = bytearray(data)
    for _ in range(source.choice((1, 1, 2, 4, 16))):
        reach = source.choice((64, 256, len(result)))
        at = source.randrange(max(1, min(reach, len(result))))
        match source.randrange(6):
            case 0:
                result[at : at + 1] = bytes([source.randrange(256)])
            case 1:
                result[at : at + 1] = bytes([result[at] ^ 1 << source.randrange(8)]) if result else b""
            case 2:
                result[at : at + 4] = source.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", b"\0\0\0\1"))
            case 3:
                del result[at : at + source.randrange(1, 9)]
            case 4:
                result[at:at] = source.randbytes(source.randrange(1, 9))
            case 5:
                result[at:at] = result[at : at + source.randrange(1, 40)] * source.choice((1, 1, 1, 9, 9_999))
        if not result:
            break
    return bytes(result)


def run(count: int, seed: int) -> Report:
    """Try `count` photos."""
    return try_all("photos", seed, trial, _damaged(count, random.Random(seed)))


def _damaged(count: int, source: random.Random) -> Iterator[bytes]:
    photos = list(whole().values())
    for _ in range(count):
        yield mutate(source.choice(photos), source)


def trial(data: bytes) -> bool:
    """Classify a photo between two others, whose answers must be there and be right."""
    photos = {"before": BESIDE["before"], "damaged": data, "behind": BESIDE["behind"]}
    before, damaged, behind = infer_photos([Source.of_bytes(photo, name) for name, photo in photos.items()], _colours())
    for beside, colour in ((before, 0), (behind, 2)):
        assert isinstance(beside, Answer), beside
        assert beside.probabilities.argmax() == colour, beside
    assert damaged.file == "damaged"
    return isinstance(damaged, Answer)


@cache
def _colours() -> Classifier:
    return open_classifier(load(TINY_MODELS / "float32"), workers=2)
