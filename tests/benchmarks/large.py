"""Photos of 12 megapixels: decoding at reduced scale against decoding all of it first."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from lib.classify.infer import infer_photos
from lib.classify.opening import open_classifier
from lib.model.spec import ModelFolder
from lib.photos.opening import open_photo
from lib.photos.source import Source
from tests.benchmarks.batch import SPEC
from tests.benchmarks.measuring import Figure, Work, milliseconds_each, speed_up, take_turns

ROUNDS = 5
SIZE_WH = (4000, 3000)


def large_jpegs(shared: Path) -> list[bytes]:
    """Return photos as a phone makes them: 4000 × 3000, quality 90, with a sensor's noise, some to be turned."""
    noise = np.random.default_rng(0)
    photos = []
    for i, path in enumerate(sorted((shared / "photos" / "misc").glob("*.[bj][mp][pg]"))[:8]):
        image = ImageOps.fit(Image.open(path).convert("RGB"), SIZE_WH, Image.Resampling.BICUBIC)
        pixels = np.asarray(image, np.int16) + noise.normal(0, 4, (SIZE_WH[1], SIZE_WH[0], 1)).astype(np.int16)
        exif = Image.Exif()
        exif[274] = 6 if i % 2 else 1
        buffer = io.BytesIO()
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90, exif=exif)
        photos.append(buffer.getvalue())
    return photos


def measure(shared: Path) -> list[Figure]:
    """Measure decoding alone, and photo by photo to the verdict."""
    photos = large_jpegs(shared)
    classifier = open_classifier(ModelFolder(SPEC, shared / "models" / "imagenet"), workers=1)

    def decode_fully() -> None:
        for data in photos:
            ImageOps.exif_transpose(Image.open(io.BytesIO(data)).convert("RGB")).resize(
                (360, 360), Image.Resampling.BILINEAR
            )

    def decode_reduced() -> None:
        for data in photos:
            open_photo(data, "photo").resize((360, 360), Image.Resampling.BILINEAR)

    def classify_fully_decoded() -> None:
        for data in photos:
            image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)).convert("RGB"))
            classifier.run(classifier.prepare(image))

    def ours() -> None:
        for _ in infer_photos([Source.of_bytes(data, "photo") for data in photos], classifier):
            pass

    contenders: dict[str, Work] = {
        "decode fully": decode_fully,
        "decode reduced": decode_reduced,
        "classify, decoded fully": classify_fully_decoded,
        "Discern": ours,
    }
    times = take_turns(contenders, rounds=ROUNDS)
    each = milliseconds_each(times, len(photos))
    return [
        Figure(
            "12-megapixel JPEGs: opened faster than by decoding all of it",
            speed_up(times["decode fully"], times["decode reduced"]),
            "x",
            at_least=3.0,
            detail=each,
        ),
        Figure(
            "12-megapixel JPEGs: classified faster than by decoding all of it",
            speed_up(times["classify, decoded fully"], times["Discern"]),
            "x",
            at_least=3.0,
            detail=each,
        ),
    ]
