"""How fast models are here: the figures, the front, whether the machine was quiet, and models that misbehave."""

import itertools
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from lib.errors import ModelFileError, ModelOutputError, UsageError, WorkerError
from lib.evaluation import speed as subject
from lib.evaluation import speed_worker
from lib.evaluation.speed import Measurement, benchmark, find_disturbance, spread, thread_counts
from lib.model.spec import ModelFolder, load
from lib.work import process
from lib.work.progress import Progress

Tiny = Callable[[str], ModelFolder]


# Threads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cores", "expected"),
    [(1, (1,)), (2, (1, 2)), (4, (1, 2, 4)), (6, (1, 2, 4, 6)), (8, (1, 2, 4, 8)), (12, (1, 2, 4, 8, 12))],
)
def test_numbers_of_threads_double_up_to_the_cores(cores: int, expected: tuple[int, ...]) -> None:
    assert thread_counts(cores) == expected


@pytest.mark.parametrize("threads", [[0], [-1], [1, 65]])
def test_senseless_numbers_of_threads_are_refused(tiny_model: Tiny, threads: list[int]) -> None:
    with pytest.raises(UsageError, match=rf"from 1 to 64, not {threads[-1]}"):
        benchmark([tiny_model("float32")], threads)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), 601.0])
def test_times_that_make_no_sense_are_refused(tiny_model: Tiny, seconds: float) -> None:
    with pytest.raises(UsageError, match=f", not {seconds}"):
        benchmark([tiny_model("float32")], [1], seconds_per_model=seconds)


def test_there_must_be_a_model() -> None:
    with pytest.raises(UsageError, match="no model to measure"):
        benchmark([])


# Was the machine quiet? -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("others", "load", "spreads", "expected"),
    [
        pytest.param(0.02, 0.9, {"a": 0.05}, None, id="others' time is known: the load does not count"),
        pytest.param(0.10, None, {"a": 0.15}, None, id="on the line is quiet"),
        pytest.param(0.50, None, {"a": 0.0}, "Other programs used 50% of the CPU", id="others worked"),
        pytest.param(None, 0.6, {"a": 0.0}, "busy before the measurement began", id="others' time unknown, high load"),
        pytest.param(None, 0.4, {"a": 0.0}, None, id="others' time unknown, low load"),
        pytest.param(None, None, {}, None, id="nothing is known"),
        pytest.param(0.0, None, {"a": 0.1, "b": 0.3}, "times of b differed by 30%", id="the worst spread is named"),
    ],
)
def test_what_disturbed(
    others: float | None, load: float | None, spreads: Mapping[str, float], expected: str | None
) -> None:
    found = find_disturbance(others, load, spreads)
    assert (found is None) if expected is None else (expected in str(found))


def test_the_spread_ignores_one_odd_round() -> None:
    # Quartiles of 10 10 10 11 11 11 11 90 are 10 and 11, the median is 11.
    assert spread([10, 11, 10, 90, 11, 11, 10, 11]) == pytest.approx(1 / 11)
    assert spread([5.0]) == 0.0


def test_work_in_another_process_is_noticed() -> None:
    if speed_worker.BusyWatch().others_s() is None:
        pytest.skip("this system does not tell")
    watch = speed_worker.BusyWatch()
    with pytest.raises(WorkerError):
        process.run("tests.support.worker_functions:spin", {}, memory_bytes=None, cpu_seconds=None, wall_seconds=1.0)
    assert (watch.others_s() or 0) > 0.3


def test_work_of_its_own_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([(0.0, 1.0, 100.0), (2.0, 2.5, 102.0)])
    monkeypatch.setattr(speed_worker, "_now", lambda: next(moments))
    # 2 s of all processors' time, of which 1.5 s were its own
    assert speed_worker.BusyWatch().others_s() == pytest.approx(0.5)


# Measuring --------------------------------------------------------------------------------------------------------


def test_every_model_and_number_of_threads_gets_figures(tiny_model: Tiny) -> None:
    steps: list[tuple[int, int]] = []
    folders = [tiny_model("thirds"), tiny_model("float32")]
    found = benchmark(folders, [2, 1], seconds_per_model=0.1, on_progress=lambda p: steps.append((p.done, p.total)))
    assert [(one.model, one.threads) for one in found.measurements] == [
        ("thirds", 1), ("thirds", 2), ("float32", 1), ("float32", 2),
    ]  # fmt: skip
    for one in found.measurements:
        assert 0 < one.median_ms <= one.p90_ms
        assert one.photos_per_s > 0
        assert one.bytes == (folders[0] if one.model == "thirds" else folders[1]).weights_path.stat().st_size
        assert one.memory_bytes is None or 0 < one.memory_bytes < 2**28
        assert len(one.rounds_ms) == subject.ROUNDS
        assert one.runs >= 5 * subject.ROUNDS
    assert found.failures == ()
    assert found.quiet == (found.reason is None)
    total = 2 + 4 * subject.ROUNDS
    assert steps == [(done, total) for done in range(1, total + 1)]


def test_a_model_that_answers_nonsense_costs_itself_alone(tiny_model: Tiny) -> None:
    found = benchmark([tiny_model("nan"), tiny_model("float32")], [1], seconds_per_model=0.05)
    assert [one.model for one in found.measurements] == ["float32"]
    assert [one.model for one in found.failures] == ["nan"]
    assert isinstance(found.failures[0].error, ModelOutputError)


def test_a_model_that_crashes_costs_itself_alone(tiny_model: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "TIME", "tests.support.worker_functions:time_all_but_thirds")
    found = benchmark([tiny_model("float32"), tiny_model("thirds"), tiny_model("logits")], [1], seconds_per_model=0.05)
    assert [one.model for one in found.measurements] == ["float32", "logits"]
    assert all(len(one.rounds_ms) == subject.ROUNDS for one in found.measurements), "no round was lost or done twice"
    assert str(found.failures[0].error).startswith("thirds could not be measured. The process crashed")


def test_damaged_weights_cost_themselves_alone(tiny_model: Tiny, tmp_path: Path) -> None:
    shutil.copytree(tiny_model("float32").path, tmp_path / "damaged")
    (tmp_path / "damaged" / "model.tflite").write_bytes(b"no model")
    found = benchmark([load(tmp_path / "damaged")], [1], seconds_per_model=0.05)
    assert found.measurements == ()
    assert isinstance(found.failures[0].error, ModelFileError)


def test_cancelling_ends_it_soon_and_keeps_what_is_known(tiny_model: Tiny) -> None:
    cancelled = threading.Event()

    def on_progress(progress: Progress) -> None:
        if progress.done == 2:  # weighed, and one of eight slots timed
            cancelled.set()

    found = benchmark([tiny_model("float32")], [1], seconds_per_model=8.0, on_progress=on_progress, cancelled=cancelled)
    assert [one.model for one in found.measurements] == ["float32"]
    assert len(found.measurements[0].rounds_ms) == 1
    assert found.failures == ()


def test_a_worker_that_cannot_begin_is_told(tiny_model: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "TIME", "tests.support.worker_functions:leave")
    with pytest.raises(WorkerError, match="without a result"):
        benchmark([tiny_model("float32")], [1], seconds_per_model=0.05)


class Workers:
    """In the place of `lib.work.process`: answers with times agreed on, and remembers the order of the slots."""

    def __init__(self, others_s: float) -> None:
        self.order: list[tuple[int, int]] = []
        self._others_s = others_s

    def run(
        self, function: str, payload: dict[str, Any], *, on_event: Callable[[dict[str, Any]], None], **_: object
    ) -> dict[str, Any]:
        if function == subject.WEIGH:
            return {"bytes": 1000}
        rounds: dict[tuple[int, int], itertools.count[int]] = {}
        for number, slot in enumerate(payload["slots"]):
            key = (slot["model"], slot["threads"])
            self.order.append(key)
            k = float(next(rounds.setdefault(key, itertools.count(1))))
            busy = {"others_s": self._others_s, "capacity_s": 1.0}
            on_event({"number": number, "is_done": False})
            on_event({"number": number, "is_done": True, "ms": [k], "photos_per_s": 10 * k, **busy})
        return {}


def test_figures_are_taken_over_all_rounds(tiny_model: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Workers(others_s=0.5)
    monkeypatch.setattr(subject, "process", fake)
    found = benchmark([tiny_model("float32"), tiny_model("thirds")], [1, 2])
    one = found.measurements[0]
    # 1 … 8: the median lies between 4 and 5; nine tenths of the way from 1 to 8 is 7.3
    assert (one.median_ms, one.p90_ms, one.photos_per_s) == (4.5, pytest.approx(7.3), 45.0)
    assert (one.memory_bytes, one.runs, one.rounds_ms) == (1000, 8, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0))
    assert not found.quiet
    assert "used 50% of the CPU" in str(found.reason)
    there = [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert fake.order == [*there, *there[::-1]] * (subject.ROUNDS // 2), "all take turns, to and fro"


@pytest.mark.parametrize(
    ("median_ms", "photos_per_s", "keeps_up"),
    [(33.0, 30.0, True), (34.0, 60.0, False), (5.0, 19.0, False)],
    ids=["both", "an answer takes longer than a frame", "reading photos takes longer than frames come"],
)
def test_a_model_keeps_up_with_video_if_both_its_figures_do(
    median_ms: float, photos_per_s: float, keeps_up: bool
) -> None:
    found = Measurement("m", 1, median_ms, median_ms, photos_per_s, 1, None, 1, (median_ms,))
    assert found.keeps_up_with_video is keeps_up


def test_the_photo_is_the_same_each_time() -> None:
    assert speed_worker.make_photo() == speed_worker.make_photo()
