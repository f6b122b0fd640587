"""Measure the ranges of activations that an 8-bit EfficientNet-Lite is written with.

    python -m tests.models.make_ranges WEIGHTS.pth SIDE PHOTOS RANGES.json

PHOTOS holds a folder of photos for each class; ten of each are taken, evenly spread by name, and squashed. The files
in `models/ranges` were made of the `train` part of everyday-20, 200 photos.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from PIL import Image

from lib.formats.efficientnet_lite import BOUNDS, from_pth

PHOTOS_A_CLASS = 10


def photos(folder: Path) -> Iterator[Path]:
    """Yield the photos that are looked at."""
    for path in sorted(folder.iterdir()):
        files = sorted(path.iterdir())
        yield from files[:: max(1, len(files) // PHOTOS_A_CLASS)][:PHOTOS_A_CLASS]


def tensor(file: Path, side: int) -> NDArray[np.float32]:
    """Return what the float network sees of a photo, shape (1, side, side, 3)."""
    image = Image.open(file).convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
    low, high = BOUNDS
    return (np.asarray(image, np.float32) * np.float32((high - low) / 255) + np.float32(low))[np.newaxis]


def measure(content: bytes, tensors: Iterable[NDArray[np.float32]]) -> dict[str, list[float]]:
    """Return the smallest and largest value of each activation of a float file over all photos; 0 is in every range."""
    interpreter = Interpreter(model_content=content, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    places = {details["name"]: details["index"] for details in interpreter.get_tensor_details()}
    names = [n for n in places if n.endswith(("/out", "add")) or n in ("features", "logits")]
    ranges = {name: [0.0, 0.0] for name in names}
    for photo in tensors:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], photo)
        interpreter.invoke()
        for name in names:
            values = interpreter.get_tensor(places[name])
            ranges[name] = [min(ranges[name][0], float(values.min())), max(ranges[name][1], float(values.max()))]
    return {name: [round(bound, 4) for bound in both] for name, both in ranges.items()}


def main() -> None:
    weights, side, folder, target = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
    content = from_pth(weights.read_bytes(), weights.name, side)
    target.write_text(json.dumps(measure(content, (tensor(file, side) for file in photos(folder)))))


if __name__ == "__main__":
    main()
