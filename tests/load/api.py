"""Programs: clients that keep their connections and send a photo a request, against `classify` in one batch.

How long a request takes is told of one client alone: of four on two cores two wait while the others are served, and
no server can change that.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lib.catalogue.store import Store
from lib.classify.classifier import Classifier
from lib.classify.infer import conclude, infer, infer_photos
from lib.classify.opening import open_classifier
from lib.i18n import Translator
from lib.photos.source import Source
from lib.reports.classifications import to_json_line
from lib.results import Answer
from tests.benchmarks.measuring import Figure
from tests.load.machine import cpu_s, load, serving
from tests.load.options import DEFAULTS, Options
from tests.load.wire import Answered, Wire
from tests.support.server import Server

CLIENTS, ROUNDS, ALONE = 4, 5, 50


@dataclass(frozen=True, slots=True)
class Round:
    """What one round took: the batch and the clients have taken turns.

    Attributes:
        batch_s: All photos in one batch, in this process.
        served_s: All photos, by the clients together.
        cpu_s: What the server took for them.
        crowded_s: The median request of these.
        alone_s: The median request of one client alone.
        bare_s: The median inference alone, from tensor to probabilities, one after another in this process.
        wrong: Answers without a verdict.
    """

    batch_s: float
    served_s: float
    cpu_s: float
    crowded_s: float
    alone_s: float
    bare_s: float
    wrong: int


def measure(shared: Path, options: Options = DEFAULTS) -> list[Figure]:
    """Measure, with the photos in `shared`."""
    photos = [path.read_bytes() for path in sorted((shared / "photos" / "imagenet-sample").glob("*.JPEG"))]
    classifier = open_classifier(Store().open_folder(options.model))
    with serving() as server:
        _batch_s(classifier, photos[:8])
        asyncio.run(_ask(server, photos[:8], options.model, CLIENTS))
        rounds = [_round(server, classifier, photos, options.model) for _ in range(ROUNDS)]
    share = statistics.median(one.batch_s / one.served_s for one in rounds)
    slower = statistics.median(one.alone_s / one.bare_s for one in rounds)
    speeds = {
        "batch, photos a second": round(statistics.median(len(photos) / one.batch_s for one in rounds), 1),
        "API, photos a second": round(statistics.median(len(photos) / one.served_s for one in rounds), 1),
        "server, processor ms a photo": round(statistics.median(one.cpu_s for one in rounds) / len(photos) * 1e3, 1),
        **load(),
    }
    times = {
        f"{name}, ms": round(statistics.median(getattr(one, f"{name}_s") for one in rounds) * 1e3, 1)
        for name in ("alone", "crowded", "bare")
    }
    return [
        Figure(f"API, {CLIENTS} clients, a photo a request: speed, against one batch", share, "x", 0.8, None, speeds),
        Figure("the same, one client: a request's time, against the inference alone", slower, "x", None, 3.0, times),
        Figure("the same: answers without a verdict", sum(one.wrong for one in rounds), "", at_most=0),
    ]


def _round(server: Server, classifier: Classifier, photos: Sequence[bytes], model: str) -> Round:
    batch_s = _batch_s(classifier, photos)
    before, start = cpu_s(server), time.perf_counter()
    crowded = asyncio.run(_ask(server, photos, model, CLIENTS))
    served_s, took = time.perf_counter() - start, cpu_s(server) - before
    alone = asyncio.run(_ask(server, photos[:ALONE], model, 1))
    bare_s = _bare_s(classifier, photos[:ALONE])
    wrong = sum("verdict" not in json.loads(answer.body) for answer in crowded)
    return Round(batch_s, served_s, took, _median_s(crowded), _median_s(alone), bare_s, wrong)


def _median_s(answers: Sequence[Answered]) -> float:
    return statistics.median(answer.seconds for answer in answers)


def _batch_s(classifier: Classifier, photos: Sequence[bytes]) -> float:
    """Return how long a batch takes from bytes to lines of JSON."""
    start, t = time.perf_counter(), Translator()
    for answer in infer_photos([Source.of_bytes(data, "a.jpg") for data in photos], classifier):
        assert isinstance(answer, Answer)
        to_json_line(conclude(answer, classifier.labels), t)
    return time.perf_counter() - start


def _bare_s(classifier: Classifier, photos: Sequence[bytes]) -> float:
    answers = [infer(Source.of_bytes(data, "a.jpg"), classifier) for data in photos]
    return statistics.median(one.milliseconds for one in answers if isinstance(one, Answer)) / 1e3


async def _ask(server: Server, photos: Sequence[bytes], model: str, clients: int) -> list[Answered]:
    rest = iter(photos)

    async def client() -> list[Answered]:
        async with Wire(server) as wire:
            return [await wire.ask("POST", f"/api/v1/classify?model={model}", data) for data in rest]

    return [answer for answers in await asyncio.gather(*(client() for _ in range(clients))) for answer in answers]
