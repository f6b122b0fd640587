"""200 real photos through MobileNet V2 1.0 224, 8-bit: ours, the raw interpreter's own speed, and MediaPipe's.

All three spend about as much processor time on a photo; what sets ours apart from MediaPipe is that it keeps every core
busy, so on a machine that is busy with something else the lead shrinks to nothing.
"""

import os
import queue
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from lib.classify.infer import conclude, infer_photos
from lib.classify.opening import open_classifier
from lib.model.spec import InputSpec, ModelFolder, ModelSpec, OutputSpec
from lib.photos.pixels import DECODE_FLOOR
from lib.photos.source import Source
from lib.results import Answer
from tests.benchmarks.measuring import Figure, Work, milliseconds_each, speed_up, take_turns

ROUNDS = 7
WEIGHTS = "mobilenet_v2_1.0_224_quant.tflite"
SPEC = ModelSpec(
    id="mobilenet-v2-1.0-224-quant",
    name="MobileNet V2 1.0 224, 8-bit",
    family="MobileNet",
    runtime="litert",
    weights=WEIGHTS,
    labels="imagenet_labels.txt",
    licence="Apache-2.0",
    input=InputSpec((224, 224), resize="crop"),
    output=OutputSpec(1000, "first"),
)


class Yardstick:
    """The raw interpreter: on every core one, with nothing but decoding, cropping, scaling and `invoke()`.

    No checks, no upright turning, no probabilities, no order: as little as can be done and still see the photo.
    """

    def __init__(self, weights: Path, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._interpreters = [Interpreter(str(weights), num_threads=1) for _ in range(os.cpu_count() or 1)]
        for interpreter in self._interpreters:
            interpreter.allocate_tensors()

    def __call__(self) -> None:
        """Look at all photos."""
        waiting: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for path in self._paths:
            waiting.put(path)
        threads = [threading.Thread(target=self._work, args=(one, waiting)) for one in self._interpreters]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, interpreter: Interpreter, waiting: "queue.SimpleQueue[Path]") -> None:
        entry, leave = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
        while True:
            try:
                path = waiting.get_nowait()
            except queue.Empty:
                return
            image = Image.open(path)
            image.draft("RGB", (DECODE_FLOOR, DECODE_FLOOR))  # the same pixels: the app keeps more than 224 need
            width, height = image.size
            box = (width // 16, height // 16, width - width // 16, height - height // 16)
            small = image.convert("RGB").crop(box).resize((224, 224), Image.Resampling.BILINEAR)
            interpreter.set_tensor(entry, np.asarray(small)[np.newaxis])
            interpreter.invoke()
            interpreter.get_tensor(leave).argmax()


def mediapipe_classifier(weights: Path, paths: Sequence[Path]) -> Work:
    """Return what classifies all photos with MediaPipe's ImageClassifier, in its plain use."""
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.ImageClassifierOptions(base_options=BaseOptions(model_asset_path=str(weights)), max_results=5)
    classifier = vision.ImageClassifier.create_from_options(options)
    is_grey = {path: Image.open(path).mode == "L" for path in paths}

    def work() -> None:
        for path in paths:
            if is_grey[path]:  # MediaPipe's own reader keeps it grey, and its classifier then fails
                image = mp.Image(mp.ImageFormat.SRGB, np.asarray(Image.open(path).convert("RGB")))
            else:
                image = mp.Image.create_from_file(str(path))
            classifier.classify(image)

    return work


def measure(shared: Path) -> list[Figure]:
    """Measure, with the photos and weights in `shared`."""
    models = shared / "models" / "imagenet"
    paths = sorted((shared / "photos" / "imagenet-sample").glob("*.JPEG"))
    classifier = open_classifier(ModelFolder(SPEC, models))

    def ours() -> None:
        for answer in infer_photos(map(Source.of_path, paths), classifier):
            assert isinstance(answer, Answer)
            conclude(answer, classifier.labels)

    contenders = {
        "Discern": ours,
        "raw interpreter": Yardstick(models / WEIGHTS, paths),
        "MediaPipe": mediapipe_classifier(models / WEIGHTS, paths),
    }
    times = take_turns(contenders, rounds=ROUNDS)
    each = milliseconds_each(times, len(paths))
    return [
        Figure(
            f"{len(paths)} photos: speed of the raw interpreter kept",
            speed_up(times["raw interpreter"], times["Discern"]),
            "x",
            at_least=0.9,
            detail=each,
        ),
        Figure(
            f"{len(paths)} photos: faster than MediaPipe's ImageClassifier",
            speed_up(times["MediaPipe"], times["Discern"]),
            "x",
            at_least=2.0,
            detail=each,
        ),
    ]
