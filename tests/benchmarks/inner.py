"""One inference, three answers: photos a second with logits, features and map beside the probabilities, and without.

Both contenders take the app's own way from file to answer; they differ in the outputs that the file names, and in what
is read from them. So processor time is compared, which tells a hundredth on a busy machine, too.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lib.catalogue.store import Store
from lib.classify.infer import conclude, infer_photos
from lib.classify.litert import LiteRTClassifier
from lib.formats.inner import Inner
from lib.model.spec import ModelFolder
from lib.photos.source import Source
from lib.results import Answer
from tests.benchmarks.measuring import Figure, Work, milliseconds_each, take_turns, work_kept

ROUNDS = 9
MODELS = ("efficientnet-lite0-int8", "starter")
ALL = (Inner.LOGITS, Inner.FEATURES, Inner.MAP)


def measure(shared: Path) -> list[Figure]:
    """Measure, with the photos in `shared`."""
    paths = sorted((shared / "photos" / "imagenet-sample").glob("*.JPEG"))
    with tempfile.TemporaryDirectory() as home:
        return [measure_one(folder, paths) for folder in Store(Path(home)).open_folders(MODELS)]


def measure_one(folder: ModelFolder, paths: Sequence[Path]) -> Figure:
    """Measure how much of its speed a model keeps that gives everything."""
    silent = replace(folder, spec=replace(folder.spec, novelty=None))
    contenders = {
        "probabilities alone": _classify(LiteRTClassifier(silent), paths),
        "everything": _classify(LiteRTClassifier(folder, inner=ALL), paths),
    }
    times = take_turns(contenders, rounds=ROUNDS)
    return Figure(
        f"{folder.spec.id}, {len(paths)} photos: speed kept with logits, features and map",
        work_kept(times["probabilities alone"], times["everything"]),
        "x",
        at_least=0.97,
        detail=milliseconds_each(times, len(paths)),
    )


def _classify(classifier: LiteRTClassifier, paths: Sequence[Path]) -> Work:
    def work() -> None:
        for answer in infer_photos(map(Source.of_path, paths), classifier):
            assert isinstance(answer, Answer)
            conclude(answer, classifier.labels)

    return work
