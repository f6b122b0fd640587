"""What this server counts and measures, as Prometheus reads it at `/metrics`.

    discern_photos_total{model,door,outcome}    photos; the outcome is the verdict, or the code of what went wrong
    discern_requests_total{door,address,status} what programs asked, by the pattern of the address
    discern_answer_seconds{door}                from a request to its answer
    discern_inference_seconds{model}            from tensor to probabilities
    discern_waiting{rank}                       pieces of work that wait for a thread (`lib.server.pool`)
    discern_wait_seconds{rank}                  for how long those waited that were begun
    discern_visits, discern_held_bytes          visits, and what they hold in memory
    discern_connections                         open connections
    process_…                                   what the process takes of the machine

Nothing of it names a person, a photo or an address. Labels stay few (https://prometheus.io/docs/practices/naming,
"Labels"): a model is named only once it has been found, by its id, and beyond `MOST_MODELS` of them it is "other".
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from lib.errors import AppError
from lib.results import Failure, Outcome
from lib.server.ways import Way, way_of

MOST_MODELS = 100  # that have a label of their own
_ANSWER_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_INFERENCE_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)

disable_created_metrics()  # type: ignore[no-untyped-call] # a second series beside each, of when it began


@dataclass
class Told:
    """What becomes of a photo while it is counted.

    Attributes:
        model: Id of the model, once it has been found.
        outcome: The verdict's kind, or an error's code; "gone" until one is known, "bug" where nobody foresaw it.
    """

    model: str | None = None
    outcome: str = "gone"

    def is_about(self, outcome: Outcome) -> None:
        """Note what a model says of the photo."""
        self.model = outcome.model
        self.outcome = outcome.error.code if isinstance(outcome, Failure) else outcome.verdict.kind.value


class Metrics:
    """Counters and histograms in a registry of their own; safe to use from several threads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._gauges = _Gauges()
        self._registry.register(self._gauges)
        self._registry.register(_Process())
        registry = self._registry
        self._photos = Counter(
            "discern_photos",
            "Photos that were handed to a model, or that pages sent.",
            ("model", "door", "outcome"),
            registry=registry,
        )
        self._requests = Counter(
            "discern_requests",
            "Requests of programs that were answered or refused; not those that the door turned away.",
            ("door", "address", "status"),
            registry=registry,
        )
        self._answer = Histogram(
            "discern_answer_seconds", "From a photo to its answer.", ("door",), registry=registry, buckets=_ANSWER_S
        )
        self._inference = Histogram(
            "discern_inference_seconds",
            "From tensor to probabilities.",
            ("model",),
            registry=registry,
            buckets=_INFERENCE_S,
        )
        self._wait = Histogram(
            "discern_wait_seconds",
            "How long work waited for a thread.",
            ("rank",),
            registry=registry,
            buckets=_ANSWER_S,
        )
        self._models: set[str] = set()

    def photo(self, *, model: str | None, door: Way, outcome: str, seconds: float | None = None) -> None:
        """Count a photo.

        Args:
            model: Id of the model that was asked; None where it is not known that there is such a model.
            door: By which way the photo came.
            outcome: The verdict's kind, or an error's code.
            seconds: From the request to its answer; None where that says nothing.
        """
        self._photos.labels(self._label(model), door.value, outcome).inc()
        if seconds is not None:
            self._answer.labels(door.value).observe(seconds)

    def request(self, address: str, status: str) -> None:
        """Count a request of a program.

        Args:
            address: The pattern of its address, never the address itself.
            status: The HTTP status of its answer; "gone" where nobody waited for one.
        """
        self._requests.labels(way_of(address) or "", address, status).inc()

    @contextmanager
    def counted(self, door: Way, since: float | None = None) -> Iterator[Told]:
        """Count the photo that is answered within, with what is told of it or with the error that is raised.

        Args:
            door: By which way the photo came.
            since: When that was, on `time.perf_counter`; None for now.
        """
        start, told = time.perf_counter() if since is None else since, Told()
        try:
            yield told
        except ClientDisconnect:
            told.outcome = "gone"
            raise
        except AppError as error:
            told.outcome = error.code
            raise
        except Exception:
            told.outcome = "bug"
            raise
        finally:
            seconds = time.perf_counter() - start
            self.photo(model=told.model, door=door, outcome=told.outcome, seconds=seconds)

    def inference(self, model: str, seconds: float) -> None:
        """Note how long a model of this id took for a photo."""
        self._inference.labels(self._label(model)).observe(seconds)

    def waited(self, rank: str, seconds: float) -> None:
        """Note how long work of this rank waited until it was begun."""
        self._wait.labels(rank).observe(seconds)

    def watch(self, name: str, help_text: str, read: Callable[[], Mapping[str, float]], label: str = "") -> None:
        """Show what `read` returns whenever somebody asks.

        Args:
            name: Of the gauge.
            help_text: What it is, for who reads it.
            read: Returns its values, by the value of `label`.
            label: What tells them apart; "" for one value, whose key is then "".
        """
        self._gauges.read[name] = help_text, label, read

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self._registry)

    def _label(self, model: str | None) -> str:
        if model is None:
            return ""
        if model not in self._models:
            if len(self._models) >= MOST_MODELS:
                return "other"
            self._models.add(model)
        return model


class _Gauges(Collector):
    """What is asked for only when somebody looks."""

    def __init__(self) -> None:
        self.read: dict[str, tuple[str, str, Callable[[], Mapping[str, float]]]] = {}

    def collect(self) -> Iterator[Metric]:
        for name, (help_text, label, read) in list(self.read.items()):
            gauge = GaugeMetricFamily(name, help_text, labels=(label,) if label else ())
            for key, value in read().items():
                gauge.add_metric((key,) if label else (), value)
            yield gauge


class _Process(Collector):
    """What this process takes, under the names that Prometheus' own collector has; that one knows Linux only."""

    def __init__(self) -> None:
        self._process = psutil.Process()

    def collect(self) -> Iterator[Metric]:
        with self._process.oneshot():
            times, memory = self._process.cpu_times(), self._process.memory_info()
            threads, began = self._process.num_threads(), self._process.create_time()
        yield CounterMetricFamily("process_cpu_seconds", "Processor time.", value=times.user + times.system)
        yield GaugeMetricFamily("process_resident_memory_bytes", "Memory in use.", value=memory.rss)
        yield GaugeMetricFamily("process_threads", "Threads.", value=threads)
        yield GaugeMetricFamily("process_start_time_seconds", "When it began, since 1970.", value=began)


METRICS = Metrics()


async def exposed(_request: Request) -> Response:
    """Answer with the figures of this server."""
    return Response(METRICS.text(), headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})
