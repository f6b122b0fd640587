"""A float model folder → the same model in 8 bits, as a folder of its own.

    python -m lib.training.int8 models/starter PHOTOS --out models/starter-int8

PHOTOS is what the model was trained on: some of its training photos find the ranges, its validation photos measure
what the rounding cost. TensorFlow is not needed.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from lib.classify.litert import LiteRTClassifier
from lib.datasets.labelled import LabelledPhoto, LabelledPhotos
from lib.datasets.split import read_for_training
from lib.errors import AppError, PhotoError
from lib.formats.quantise import quantise_int8
from lib.model.spec import ModelFolder, load
from lib.training.card import CARD, update_folder
from lib.training.measure import Measured
from lib.training.options import slug
from lib.training.package import describe, metrics_json, write_folder
from lib.training.prepare import read_rgb

CALIBRATION_PHOTOS = 200


def write_int8_folder(
    source: ModelFolder, train: LabelledPhotos, val: LabelledPhotos, destination: Path, *, seed: int = 0
) -> Measured:
    """Write `source` in 8 bits to `destination`, labels in all languages included, and return its figures.

    Args:
        source: A float model.
        train: `CALIBRATION_PHOTOS` of these, drawn by `seed`, find the ranges of the activations.
        val: What to measure on; never used for the ranges.
        destination: Model folder; its name becomes the id.
        seed: Of the draw.

    Raises:
        ModelFileError: `source` cannot be quantised.
        TrainingError: Not one validation photo could be decoded.
    """
    classifier = LiteRTClassifier(source, workers=1)
    tensors = [classifier.prepare(image) for image in map(_decoded, _sample(train, seed)) if image is not None]
    spec = replace(
        source.spec,
        id=slug(destination.name),
        name=f"{source.spec.name}, 8-bit",
        description=f"{source.spec.id} in 8-bit integers throughout, a quarter of the size.",
        published=None,
        source={"made_from": source.spec.id},
    )
    parameters = source.spec.published.parameters if source.spec.published else None
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        (place / spec.weights).write_bytes(quantise_int8(source.weights_path, tensors))
        for labels in source.path.glob("labels*.txt"):
            (place / labels.name).write_bytes(labels.read_bytes())
        measured = describe(place, spec, val, parameters=parameters)
        about = {"made_from": source.spec.id, "calibration_photos": len(tensors), "parameters": parameters}
        names = source.read_labels()
        (place / "metrics.json").write_text(metrics_json(measured, names, about), encoding="utf-8")
        if (destination / CARD).is_file():
            (place / CARD).write_bytes((destination / CARD).read_bytes())
        update_folder(place, title=spec.name)
        write_folder(destination, {path.name: path.read_bytes() for path in place.iterdir()})
    return measured


def _sample(dataset: LabelledPhotos, seed: int) -> list[LabelledPhoto]:
    count = min(CALIBRATION_PHOTOS, len(dataset.photos))
    chosen = np.random.default_rng(seed).choice(len(dataset.photos), count, replace=False)
    return [dataset.photos[i] for i in chosen]


def _decoded(photo: LabelledPhoto) -> Image.Image | None:
    try:
        return read_rgb(photo)
    except PhotoError:
        return None


def main(argv: Sequence[str] | None = None) -> int:
    """Make the folder, print its top-1 as JSON and return the exit code: 0, or 1 after a complaint."""
    parser = argparse.ArgumentParser("python -m lib.training.int8", description="A model folder in 8-bit integers.")
    parser.add_argument("source", type=Path, help="model folder with a float model")
    parser.add_argument("photos", type=Path, help="what it was trained on")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--seed", type=int, default=0, help="of the split and of the calibration photos")
    arguments = parser.parse_args(argv)
    try:
        train, val = read_for_training(arguments.photos, validation=0.15, seed=arguments.seed)
        measured = write_int8_folder(load(arguments.source), train, val, arguments.out, seed=arguments.seed)
    except AppError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({"folder": str(arguments.out), "top1": measured.top1, "ece": measured.ece}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
